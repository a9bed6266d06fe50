// SPDX-License-Identifier: EUPL-1.2
//
// Requests into pages. What is ordered here is asked of the registry, in the operator's name.
#include "sync/gateway/operator_pages.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "appliance/office/people/second_factor.h"
#include "kiosk/page/qr.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/operator_words.h"

#include <algorithm>
#include <array>
#include <set>

namespace amt::gateway {
namespace {

using page::Data;

constexpr const char* sessionCookie = "__Host-amt-operator";
constexpr const char* firstCookie = "__Host-amt-operator-first";
constexpr std::string_view assetsPath = "/assets/";
constexpr std::size_t fieldBytesMax = 256;
constexpr std::size_t groupDigits = 4;

Data list()
{
    return Data{Data::type::list};
}

std::string grouped(const std::string& digits)
{
    std::string text;
    for (std::size_t at = 0; at < digits.size(); at += groupDigits)
        text += (at == 0 ? "" : " ") + digits.substr(at, groupDigits);
    return text;
}

/// "danger", "warning", "success": KERN's words; a sign and a word go with each colour.
Data badge(Urgency urgency, const std::string& label)
{
    Data item;
    item.set("kind", urgency == Urgency::Now    ? "danger"
                     : urgency == Urgency::Soon ? "warning"
                                                : "success");
    item.set("good", urgency == Urgency::Fine);
    item.set("bad", urgency != Urgency::Fine);
    item.set("label", label);
    return item;
}

Data option(const std::string& value, const std::string& label, bool selected)
{
    Data item;
    item.set("value", value);
    item.set("label", label);
    item.set("selected", selected);
    return item;
}

HttpResponse redirect(const std::string& to)
{
    HttpResponse response{
        .status = 303, .headers = {{"Location", to}}, .body = {}, .eventTopic = {}};
    return response;
}

void setCookie(HttpResponse& response, const char* name, std::string_view value)
{
    response.headers.emplace_back("Set-Cookie", std::string(name) + "=" + std::string(value) +
                                                    "; Path=/; HttpOnly; SameSite=Strict; Secure" +
                                                    (value.empty() ? "; Max-Age=0" : ""));
}

/// As in the node's pages (appliance/node/exchange.cpp).
void addSecurityHeaders(HttpResponse& response)
{
    const std::pair<const char*, const char*> headers[] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy", page::contentSecurityPolicy},
        // not "no-referrer": with it, browsers send "Origin: null" in our own forms
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"},
    };
    for (const auto& [name, value] : headers) {
        if (response.header(name).empty())
            response.headers.emplace_back(name, value);
    }
}

std::string headerOf(const HttpRequest& request, const std::string& name)
{
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
}

/// Goes into each form of a session; nobody else's page knows it.
std::string formKeyOf(const Secret& token)
{
    return toHex(envelope::sha256(
        concat(toBytes("form key "), Bytes(token.reveal().begin(), token.reveal().end()))));
}

std::string valueOf(const std::map<std::string, std::string>& values, const std::string& name)
{
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
}

/// What the registry refused with, for people.
std::string refusalOf(const HttpResponse& response)
{
    if (response.status == 404)
        return "Diesen Eintrag gibt es nicht mehr. Vielleicht war jemand anders schneller.";
    if (response.status == 400)
        return "Die Angaben sind nicht vollständig. Bitte prüfen Sie sie.";
    return "Der Auftrag wurde nicht ausgeführt. Bitte versuchen Sie es noch einmal.";
}

} // namespace

/// One request, and who asks.
struct OperatorPages::Exchange {
    HttpRequest request;
    std::map<std::string, std::string> query, fields;
    std::string id; ///< what stands in the path
    Secret token;   ///< of the session, or of who sets up
    std::optional<Operator> who;
    UtcTime now;

    std::string field(const std::string& name) const { return valueOf(fields, name); }
    Secret takeSecret(const std::string& name)
    {
        const auto found = fields.find(name);
        if (found == fields.end())
            return {};
        Secret secret{std::string_view(found->second)};
        wipe(found->second);
        fields.erase(found);
        return secret;
    }
};

struct OperatorPages::Route {
    enum class For { Anyone, Operators };
    std::string_view method, path; ///< a path that ends in "/:" takes one word more
    For who;
    Reply (OperatorPages::*answer)(Exchange&);
};

const std::vector<OperatorPages::Route>& OperatorPages::routes()
{
    using Self = OperatorPages;
    static const std::vector<Route> all = {
        {"GET", "/", Route::For::Operators, &Self::showFleet},
        {"GET", "/nodes/:", Route::For::Operators, &Self::showNode},
        {"GET", "/requests", Route::For::Operators, &Self::showRequests},
        {"GET", "/confirm", Route::For::Operators, &Self::showConfirm},
        {"POST", "/act", Route::For::Operators, &Self::act},
        {"GET", "/account", Route::For::Operators, &Self::showAccount},
        {"POST", "/account/end", Route::For::Operators, &Self::endSession},
        {"POST", "/sign-out", Route::For::Operators, &Self::signOut},
        {"GET", "/sign-in", Route::For::Anyone, &Self::showSignIn},
        {"POST", "/sign-in", Route::For::Anyone, &Self::signIn},
        {"GET", "/first", Route::For::Anyone, &Self::showFirst},
        {"POST", "/first", Route::For::Anyone, &Self::first},
        {"GET", "/first/factor", Route::For::Anyone, &Self::showFactor},
        {"POST", "/first/factor", Route::For::Anyone, &Self::factor},
    };
    return all;
}

OperatorPages::OperatorPages(OperatorPagesSettings settings, Books& books, const Clock& clock,
                             RandomSource& random, AskRegistry ask)
    : _settings(std::move(settings)), _books(books), _clock(clock), _ask(std::move(ask)),
      _accounts(books, random, _settings.accounts),
      _templates(_settings.templates.string(), _settings.kiosk.string()),
      _assets(page::readAssets((_settings.kiosk / "assets").string()))
{}

// --- the door

OperatorPages::Reply OperatorPages::answer(const HttpRequest& request)
{
    return guarded(request, [&] { return routed(request); });
}

template <typename Work>
OperatorPages::Reply OperatorPages::guarded(const HttpRequest& request, Work&& work)
{
    const auto all = _books.wholeRegion();
    Reply reply;
    try {
        reply = work();
    } catch (const Error& failure) { // the HTTP handler's door
        const ErrorCode code = failure.errorCode();
        if (code == ErrorCode::StoreFailed)
            throw;
        log::warning("operator.refused", {{"code", failure.name()}});
        Exchange exchange;
        exchange.request = request;
        if (code == ErrorCode::NotSignedIn)
            reply = redirect("/sign-in");
        else if (code == ErrorCode::DatabaseUnavailable || code == ErrorCode::StoreFull ||
                 code == ErrorCode::Overloaded)
            reply = problemPage(exchange, 503, "Gerade nicht möglich",
                                "Die Datenbank antwortet nicht, oder es ist zu viel los. Bitte "
                                "versuchen Sie es in einer Minute noch einmal.");
        else
            reply = problemPage(exchange, 400, "Das war keine gültige Anfrage",
                                "Bitte gehen Sie zurück und versuchen Sie es noch einmal.");
    }
    if (auto* response = std::get_if<HttpResponse>(&reply))
        addSecurityHeaders(*response);
    return reply;
}

/// `then` gets the exchange and what was worked out, later, on the loop, behind the same door.
template <typename Then>
OperatorPages::LongWork OperatorPages::stretchThen(office::StretchOrder order, Exchange exchange,
                                                   Then then)
{
    return {std::move(order), [this, exchange = std::move(exchange),
                               then = std::move(then)](const office::Stretched& stretched) mutable {
                auto reply = guarded(exchange.request, [&]() -> Reply {
                    exchange.now = _clock.utcNow();
                    return then(exchange, stretched);
                });
                return std::get<HttpResponse>(std::move(reply));
            }};
}

OperatorPages::Reply OperatorPages::routed(const HttpRequest& request)
{
    if (request.method == "GET" && request.path.starts_with(assetsPath))
        return asset(request);
    Exchange exchange;
    exchange.request = request;
    exchange.now = _clock.utcNow();
    const Route* found = nullptr;
    bool isThere = false;
    for (const auto& route : routes()) {
        const bool takes = route.path.ends_with("/:");
        const auto prefix = route.path.substr(0, route.path.size() - (takes ? 1 : 0));
        const bool fits = takes ? request.path.starts_with(prefix) &&
                                      request.path.size() > prefix.size() &&
                                      request.path.find('/', prefix.size()) == std::string::npos
                                : request.path == route.path;
        isThere = isThere || fits;
        if (fits && route.method == request.method) {
            found = &route;
            if (takes)
                exchange.id = request.path.substr(prefix.size());
        }
    }
    if (!found)
        return problemPage(exchange, isThere ? 405 : 404, "Diese Seite gibt es nicht",
                           "Bitte prüfen Sie die Adresse oder beginnen Sie bei der Übersicht.");
    exchange.query = parseForm(request.query);

    const std::string cookies = headerOf(request, "cookie");
    if (const auto token = cookieValue(cookies, sessionCookie)) {
        exchange.token = Secret(std::string_view(*token));
        exchange.who = _accounts.session(exchange.token, exchange.now);
    }
    if (request.method == "POST") {
        // Cookies are strict, and every browser says where a form comes from.
        const std::string host = headerOf(request, "host");
        if (host.empty() || headerOf(request, "origin") != "https://" + host)
            return problemPage(exchange, 403, "Nicht erlaubt",
                               "Diese Anfrage kam nicht von diesen Seiten.");
        if (!headerOf(request, "content-type").starts_with("application/x-www-form-urlencoded"))
            return problemPage(exchange, 415, "Nicht erlaubt", "Diese Anfrage war kein Formular.");
        exchange.fields = parseForm(request.body);
        wipe(exchange.request.body);
        const bool tooLong =
            std::any_of(exchange.fields.begin(), exchange.fields.end(),
                        [](const auto& each) { return each.second.size() > fieldBytesMax; });
        if (tooLong)
            throw Error(ErrorCode::RequestMalformed, "a field is too long");
    }
    if (found->who == Route::For::Operators) {
        if (!exchange.who)
            return redirect("/sign-in");
        if (request.method == "POST" &&
            !equalInConstantTime(view(exchange.field("key")), view(formKeyOf(exchange.token))))
            return problemPage(exchange, 403, "Nicht erlaubt",
                               "Diese Seite war nicht mehr aktuell. Bitte laden Sie sie neu.");
    }
    return (this->*found->answer)(exchange);
}

HttpResponse OperatorPages::asset(const HttpRequest& request) const
{
    const auto found = _assets.find(request.path);
    if (found == _assets.end())
        return {.status = 404, .headers = {}, .body = {}, .eventTopic = {}};
    const auto& file = found->second;
    HttpResponse response{.status = 200,
                          .headers = {{"Content-Type", file.contentType},
                                      {"Cache-Control", "no-cache"},
                                      {"ETag", file.etag}},
                          .body = file.body,
                          .eventTopic = {}};
    if (headerOf(request, "if-none-match") == file.etag) {
        response.status = 304;
        response.body.clear();
    }
    return response;
}

HttpResponse OperatorPages::page(const Exchange& exchange, const std::string& name,
                                 const std::string& title, Data data, int status)
{
    data.set("title", title);
    data.set("service", _settings.service);
    data.set("page", name);
    if (exchange.who) {
        data.set("operator", exchange.who->name);
        data.set("formKey", formKeyOf(exchange.token));
        const std::size_t waiting = waitingKeys(_books).size();
        auto sections = list();
        const auto section = [&](const char* href, const std::string& label, bool current) {
            Data item;
            item.set("href", href);
            item.set("name", label);
            item.set("current", current);
            sections.push_back(item);
        };
        section("/", "Knoten", name == "fleet" || name == "node");
        section("/requests",
                waiting == 0 ? "Anfragen" : "Anfragen (" + std::to_string(waiting) + ")",
                name == "requests");
        section("/account", "Anmeldungen", name == "account");
        data.set("sections", sections);
    } else {
        data.set("operator", false);
    }
    HttpResponse response{.status = status,
                          .headers = {{"Content-Type", "text/html; charset=utf-8"}},
                          .body = _templates.render(name, data),
                          .eventTopic = {}};
    return response;
}

HttpResponse OperatorPages::problemPage(const Exchange& exchange, int status,
                                        const std::string& title, const std::string& text)
{
    Data data;
    data.set("text", text);
    return page(exchange, "error", title, data, status);
}

// --- the fleet

namespace {

/// A choice of the address, or the first that is known.
std::string filterOf(const OperatorPages::Exchange& exchange, const char* name,
                     std::initializer_list<std::string_view> known)
{
    const std::string wanted = valueOf(exchange.query, name);
    const auto* found = std::find(known.begin(), known.end(), wanted);
    return std::string(found == known.end() ? *known.begin() : *found);
}

bool isShown(const NodeStanding& node, const std::string& show)
{
    if (show == "revoked" || node.isRevoked)
        return show == "revoked" && node.isRevoked;
    if (show == "wrong")
        return node.urgency() != Urgency::Fine;
    return show != "now" || node.urgency() == Urgency::Now;
}

void sortBy(std::vector<NodeStanding>& nodes, const std::string& key)
{
    // Nothing is older than anything: who was never heard comes first, an empty queue last.
    const auto byTime = [](const std::optional<UtcTime>& one, const std::optional<UtcTime>& other,
                           UtcTime missing) {
        return one.value_or(missing) < other.value_or(missing);
    };
    if (key == "name")
        std::stable_sort(nodes.begin(), nodes.end(), [](const auto& one, const auto& other) {
            return std::tie(one.tenantId, one.name) < std::tie(other.tenantId, other.name);
        });
    if (key == "heard")
        std::stable_sort(nodes.begin(), nodes.end(), [&](const auto& one, const auto& other) {
            return byTime(one.heardAt, other.heardAt, UtcTime::min());
        });
    if (key == "queue")
        std::stable_sort(nodes.begin(), nodes.end(), [&](const auto& one, const auto& other) {
            return byTime(one.oldestWaiting, other.oldestWaiting, UtcTime::max());
        });
}

Data troublesOf(const NodeStanding& node)
{
    auto badges = list();
    if (node.isRevoked) {
        Data item = badge(Urgency::Soon, "gesperrt");
        item.set("kind", "info");
        badges.push_back(item);
    } else if (node.found.empty()) {
        badges.push_back(badge(Urgency::Fine, "in Ordnung"));
    }
    for (const auto& each : node.found)
        badges.push_back(badge(each.urgency, (each.urgency == Urgency::Now ? "dringend: " : "") +
                                                 inGerman(each.trouble)));
    return badges;
}

/// The figures of a node, as the list and its own page show them.
Data figuresOf(const NodeStanding& node, UtcTime now)
{
    Data data;
    data.set("id", node.clientId);
    data.set("name", node.name.empty() ? node.clientId : node.name);
    data.set("tenant", node.tenantId.empty() ? std::string("–") : node.tenantId);
    data.set("badges", troublesOf(node));
    data.set("heard", node.heardAt ? agoInGerman(*node.heardAt, now) : std::string("noch nie"));
    data.set("heardAt", node.heardAt ? momentInGerman(*node.heardAt) : std::string());
    const bool said = node.reportedAt.has_value();
    const auto queue = [&](int count, const std::optional<UtcTime>& oldest) {
        return std::to_string(count) +
               (count > 0 && oldest ? ", seit " + durationInGerman(now - *oldest) : std::string());
    };
    const std::string unknown = "unbekannt";
    data.set("waiting", said ? queue(node.waiting, node.oldestWaiting) : unknown);
    data.set("held", said ? std::to_string(node.held) : unknown);
    data.set("version", said ? node.version : unknown);
    data.set("isOtherVersion", said && node.version != AMT_VERSION);
    data.set("unfetched", queue(node.unfetched, node.oldestUnfetched));
    data.set("unfetchedLong", std::to_string(node.unfetchedLong));
    const auto ends = [&](const std::optional<UtcTime>& end) {
        return end ? daysLeftInGerman(*end, now) : std::string("keines");
    };
    data.set("certificate", ends(node.certificateEnds));
    data.set("certificateEnds",
             node.certificateEnds ? momentInGerman(*node.certificateEnds) : std::string());
    data.set("destinationKey", node.destinationKeyEnds
                                   ? daysLeftInGerman(*node.destinationKeyEnds, now)
                                   : std::string("ohne Zertifikat"));
    data.set("destinationKeyEnds",
             node.destinationKeyEnds ? momentInGerman(*node.destinationKeyEnds) : std::string());
    return data;
}

} // namespace

OperatorPages::Reply OperatorPages::showFleet(Exchange& exchange)
{
    auto nodes = fleet(_books, exchange.now, _settings.fleet);
    const std::string show = filterOf(exchange, "show", {"all", "wrong", "now", "revoked"});
    const std::string sort = filterOf(exchange, "sort", {"urgency", "heard", "queue", "name"});
    const std::string tenant = valueOf(exchange.query, "tenant");

    Data data;
    std::array<std::size_t, 3> byUrgency{};
    std::set<std::string> tenants;
    for (const auto& node : nodes) {
        tenants.insert(node.tenantId);
        if (!node.isRevoked)
            ++byUrgency.at(static_cast<std::size_t>(node.urgency()));
    }
    auto summary = list();
    const auto sum = [&](Urgency urgency, const char* what) {
        summary.push_back(
            badge(urgency, std::to_string(byUrgency.at(static_cast<std::size_t>(urgency))) + what));
    };
    sum(Urgency::Now, " dringend");
    sum(Urgency::Soon, " bald");
    sum(Urgency::Fine, " in Ordnung");
    data.set("summary", summary);

    const auto choices = [&](std::initializer_list<std::pair<const char*, const char*>> all,
                             const std::string& chosen) {
        auto options = list();
        for (const auto& [value, label] : all)
            options.push_back(option(value, label, chosen == value));
        return options;
    };
    data.set("shows", choices({{"all", "alle"},
                               {"wrong", "nur mit Auffälligkeit"},
                               {"now", "nur dringende"},
                               {"revoked", "nur gesperrte"}},
                              show));
    data.set("sorts", choices({{"urgency", "Dringlichkeit"},
                               {"heard", "letztem Lebenszeichen"},
                               {"queue", "ältestem wartenden Fall"},
                               {"name", "Gemeinde und Name"}},
                              sort));
    auto towns = list();
    towns.push_back(option("", "alle", tenant.empty()));
    for (const auto& each : tenants) {
        if (!each.empty())
            towns.push_back(option(each, each, each == tenant));
    }
    data.set("tenants", towns);

    std::erase_if(nodes, [&](const auto& node) {
        return !isShown(node, show) || (!tenant.empty() && node.tenantId != tenant);
    });
    sortBy(nodes, sort);
    auto rows = list();
    for (const auto& node : nodes)
        rows.push_back(figuresOf(node, exchange.now));
    data.set("hasNodes", !nodes.empty());
    data.set("nodes", rows);
    data.set("shown", countInGerman(nodes.size(), "Knoten", "Knoten"));
    data.set("at", momentInGerman(exchange.now));
    return page(exchange, "fleet", "Knoten der Region", data);
}

OperatorPages::Reply OperatorPages::showNode(Exchange& exchange)
{
    const auto nodes = fleet(_books, exchange.now, _settings.fleet);
    const auto found = std::find_if(nodes.begin(), nodes.end(),
                                    [&](const auto& node) { return node.clientId == exchange.id; });
    if (found == nodes.end())
        return problemPage(exchange, 404, "Diesen Knoten gibt es nicht",
                           "Bitte prüfen Sie die Adresse oder beginnen Sie bei der Übersicht.");
    Data data = figuresOf(*found, exchange.now);
    data.set("mayRevoke", !found->isRevoked);
    data.set("incarnation", found->incarnation.empty() ? std::string("–") : found->incarnation);
    const auto history = historyOf(_books, found->clientId);
    auto keys = list();
    for (const auto& each : history.keys) {
        Data key;
        key.set("fingerprint", grouped(each.fingerprint));
        key.set("digits", each.fingerprint);
        key.set("state", keyStateInGerman(each.state));
        key.set("askedAt", momentInGerman(each.askedAt));
        key.set("left", each.ends ? daysLeftInGerman(*each.ends, exchange.now) : std::string("–"));
        key.set("isIssued", each.state == "issued");
        key.set("isAsked", each.state == "asked");
        keys.push_back(key);
    }
    data.set("hasKeys", !history.keys.empty());
    data.set("keys", keys);
    auto events = list();
    for (const auto& each : history.events) {
        Data event;
        event.set("at", momentInGerman(each.at));
        event.set("what", inGerman(each));
        events.push_back(event);
    }
    data.set("hasEvents", !history.events.empty());
    data.set("events", events);
    return page(exchange, "node", found->name.empty() ? found->clientId : found->name, data);
}

// --- what waits for an operator

OperatorPages::Reply OperatorPages::showRequests(Exchange& exchange)
{
    Data data;
    auto rows = list();
    const auto keys = waitingKeys(_books);
    for (const auto& each : keys) {
        Data row;
        row.set("client", each.clientId);
        row.set("name", each.name.empty() ? each.clientId : each.name);
        row.set("tenant", each.tenantId.empty() ? std::string("–") : each.tenantId);
        row.set("fingerprint", grouped(each.fingerprint));
        row.set("digits", each.fingerprint);
        row.set("asked", agoInGerman(each.askedAt, exchange.now));
        rows.push_back(row);
    }
    data.set("hasRequests", !keys.empty());
    data.set("requests", rows);
    const std::string done =
        filterOf(exchange, "done", {"", "approve", "refuse", "revoke-key", "revoke"});
    data.set("message", done == "approve"      ? Data("Der Schlüssel ist freigegeben.")
                        : done == "refuse"     ? Data("Der Schlüssel ist abgelehnt.")
                        : done == "revoke-key" ? Data("Der Schlüssel ist gesperrt.")
                        : done == "revoke"     ? Data("Der Knoten ist gesperrt.")
                                               : Data(false));
    return page(exchange, "requests", "Anfragen um Freigabe", data);
}

namespace {

/// Each with what is asked before, and where it goes.
struct Act {
    std::string_view name, path;
    bool ofKey;
    const char *title, *what, *consequence, *submit;
};
constexpr Act acts[] = {
    {"approve", "/devices/approve", true, "Schlüssel freigeben?",
     "Sie geben diesen Schlüssel frei.",
     "Der Knoten darf sich damit ein Jahr lang ausweisen und verlängert selbst. Was er vorher "
     "hatte, gilt nicht mehr.",
     "Freigeben"},
    {"refuse", "/devices/revoke", true, "Schlüssel ablehnen?", "Sie lehnen diesen Schlüssel ab.",
     "Der Knoten muss mit einem neuen Schlüssel und einem neuen Einmalcode noch einmal anfragen.",
     "Ablehnen"},
    {"revoke-key", "/devices/revoke", true, "Schlüssel sperren?", "Sie sperren diesen Schlüssel.",
     "Ab dem nächsten Aufruf wird der Knoten damit abgewiesen. Das lässt sich nicht zurücknehmen: "
     "Er braucht danach einen neuen Schlüssel.",
     "Sperren"},
    {"revoke", "/clients/revoke", false, "Knoten sperren?", "Sie sperren diesen Knoten.",
     "Ab dem nächsten Aufruf wird er abgewiesen, und alle seine Schlüssel sind gesperrt. Das lässt "
     "sich nicht zurücknehmen: Er muss danach neu eingetragen werden.",
     "Sperren"},
};

const Act* actNamed(const std::string& name)
{
    const auto* found = std::find_if(std::begin(acts), std::end(acts),
                                     [&](const auto& each) { return each.name == name; });
    return found == std::end(acts) ? nullptr : found;
}

} // namespace

HttpResponse OperatorPages::confirmPage(const Exchange& exchange, int status,
                                        const std::string& problem)
{
    const bool posted = exchange.request.method == "POST";
    const auto& given = posted ? exchange.fields : exchange.query;
    const Act* act = actNamed(valueOf(given, "act"));
    const std::string client = valueOf(given, "client");
    const std::string fingerprint = valueOf(given, "fingerprint");
    const auto nodes = fleet(_books, exchange.now, _settings.fleet);
    const auto node = std::find_if(nodes.begin(), nodes.end(),
                                   [&](const auto& each) { return each.clientId == client; });
    const auto keys = node == nodes.end() ? NodeHistory() : historyOf(_books, client);
    const bool hasKey = std::any_of(keys.keys.begin(), keys.keys.end(), [&](const auto& each) {
        return each.fingerprint == fingerprint &&
               each.state == (act && act->name == "revoke-key" ? "issued" : "asked");
    });
    if (!act || node == nodes.end() || node->isRevoked || (act->ofKey && !hasKey))
        return problemPage(exchange, 404, "Hier ist nichts zu entscheiden",
                           "Diesen Eintrag gibt es nicht mehr. Vielleicht war jemand anders "
                           "schneller.");
    Data data = figuresOf(*node, exchange.now);
    data.set("act", std::string(act->name));
    data.set("what", act->what);
    data.set("consequence", act->consequence);
    data.set("submit", act->submit);
    data.set("hasKey", act->ofKey);
    data.set("digits", fingerprint);
    data.set("fingerprint", grouped(fingerprint));
    data.set("isApproval", act->name == "approve");
    data.set("wantsReason", act->name != "approve");
    data.set("isStrong", act->name != "approve");
    data.set("problem", problem.empty() ? Data(false) : Data(problem));
    data.set("back",
             act->name == "approve" || act->name == "refuse" ? "/requests" : "/nodes/" + client);
    return page(exchange, "confirm", act->title, data, status);
}

OperatorPages::Reply OperatorPages::showConfirm(Exchange& exchange)
{
    return confirmPage(exchange, 200, {});
}

OperatorPages::Reply OperatorPages::act(Exchange& exchange)
{
    const Act* wanted = actNamed(exchange.field("act"));
    if (!wanted)
        return confirmPage(exchange, 400, {});
    if (wanted->name == "approve" && exchange.field("compared") != "yes")
        return confirmPage(exchange, 400,
                           "Bitte vergleichen Sie den Fingerabdruck zuerst mit der IT vor Ort.");
    const std::string reason = exchange.field("reason");
    if (wanted->name != "approve" && reason.empty())
        return confirmPage(exchange, 400, "Bitte nennen Sie einen Grund.");
    auto order = json::makeObject();
    order->set("clientId", exchange.field("client"));
    if (wanted->ofKey)
        order->set("fingerprint", exchange.field("fingerprint"));
    order->set("by", exchange.who->name);
    if (wanted->name != "approve")
        order->set("reason", reason);
    const auto answer = _ask({.method = "POST",
                              .path = std::string(wanted->path),
                              .query = {},
                              .headers = {},
                              .body = json::write(*order),
                              .peer = {}});
    if (answer.status >= 300)
        return confirmPage(exchange, answer.status, refusalOf(answer));
    log::info("operator.acted", {{"act", std::string(wanted->name)}});
    return redirect("/requests?done=" + std::string(wanted->name));
}

// --- sessions

OperatorPages::Reply OperatorPages::showAccount(Exchange& exchange)
{
    Data data;
    auto rows = list();
    for (const auto& each : _accounts.sessions(exchange.token, exchange.now)) {
        Data row;
        row.set("id", each.id);
        row.set("name", each.name);
        row.set("place", each.place);
        row.set("since", momentInGerman(each.since));
        row.set("seen", agoInGerman(each.seenAt, exchange.now));
        row.set("own", each.own);
        rows.push_back(row);
    }
    data.set("sessions", rows);
    return page(exchange, "account", "Anmeldungen", data);
}

OperatorPages::Reply OperatorPages::endSession(Exchange& exchange)
{
    _accounts.endSession(exchange.field("session"), *exchange.who, exchange.now);
    return redirect("/account");
}

OperatorPages::Reply OperatorPages::signOut(Exchange& exchange)
{
    _accounts.signOut(exchange.token, exchange.now);
    auto response = redirect("/sign-in");
    setCookie(response, sessionCookie, "");
    return response;
}

// --- coming in

namespace {

Data waitOf(const OperatorAccounts::Delayed* delayed)
{
    if (!delayed)
        return Data(false);
    return Data(
        "Nach mehreren falschen Versuchen geht es weiter in " +
        (delayed->wait < std::chrono::seconds(120)
             ? countInGerman(static_cast<std::size_t>(delayed->wait.count()), "Sekunde", "Sekunden")
             : durationInGerman(delayed->wait)) +
        ".");
}

void addRetryAfter(HttpResponse& response, const OperatorAccounts::Delayed* delayed)
{
    if (delayed)
        response.headers.emplace_back("Retry-After", std::to_string(delayed->wait.count()));
}

constexpr const char* refusedSignIn =
    "Name, Passwort oder Code stimmen nicht. Ein Code gilt nur einmal.";
constexpr const char* refusedFirst =
    "Name oder Einmalcode stimmen nicht, oder der Code ist zu alt.";
constexpr const char* tooOften = "Zu viele falsche Versuche";

std::string faultInGerman(office::PasswordFault fault)
{
    switch (fault) {
    case office::PasswordFault::TooShort:
        return "Das Passwort ist zu kurz: mindestens 12 Zeichen.";
    case office::PasswordFault::TooLong:
        return "Das Passwort ist zu lang.";
    case office::PasswordFault::HoldsName:
        return "Der Name taugt nicht als Passwort.";
    }
    AMT_ASSERT(false && "a password fault without words");
}

} // namespace

HttpResponse OperatorPages::signInPage(const Exchange& exchange, int status,
                                       const std::string& problem,
                                       const OperatorAccounts::Delayed* delayed)
{
    Data data;
    data.set("problem", problem.empty() ? Data(false) : Data(problem));
    data.set("problemText", waitOf(delayed));
    auto response = page(exchange, "sign_in", "Anmelden", data, status);
    addRetryAfter(response, delayed);
    return response;
}

OperatorPages::Reply OperatorPages::showSignIn(Exchange& exchange)
{
    if (exchange.who)
        return redirect("/");
    return signInPage(exchange, 200, {});
}

OperatorPages::Reply OperatorPages::signIn(Exchange& exchange)
{
    exchange.who.reset(); // whoever comes in anew is nobody until then
    const std::string name = exchange.field("name");
    if (const auto delayed = _accounts.delayFor(name, exchange.now))
        return signInPage(exchange, 429, tooOften, &*delayed);
    Secret password = exchange.takeSecret("password");
    Secret code = exchange.takeSecret("code");
    return stretchThen(
        _accounts.orderFor(name, std::move(password)), exchange,
        [this, name, code](const Exchange& later, const office::Stretched& stretched) {
            const auto result =
                _accounts.signIn(name, stretched, code.revealText(), later.now, later.request.peer);
            if (const auto* in = std::get_if<OperatorAccounts::SignedIn>(&result)) {
                auto response = redirect("/");
                setCookie(response, sessionCookie, in->token.revealText());
                return response;
            }
            if (const auto* delayed = std::get_if<OperatorAccounts::Delayed>(&result))
                return signInPage(later, 429, tooOften, delayed);
            return signInPage(later, 403, refusedSignIn);
        });
}

HttpResponse OperatorPages::firstPage(const Exchange& exchange, int status,
                                      const std::string& problem,
                                      const OperatorAccounts::Delayed* delayed)
{
    Data data;
    data.set("problem", problem.empty() ? Data(false) : Data(problem));
    data.set("problemText", waitOf(delayed));
    auto response = page(exchange, "first", "Zugang einrichten", data, status);
    addRetryAfter(response, delayed);
    return response;
}

OperatorPages::Reply OperatorPages::showFirst(Exchange& exchange)
{
    if (exchange.who)
        return redirect("/");
    return firstPage(exchange, 200, {});
}

OperatorPages::Reply OperatorPages::first(Exchange& exchange)
{
    exchange.who.reset();
    const std::string name = exchange.field("name");
    if (const auto delayed = _accounts.delayFor(name, exchange.now))
        return firstPage(exchange, 429, tooOften, &*delayed);
    Secret password = exchange.takeSecret("password");
    Secret code = exchange.takeSecret("code");
    if (!(password == exchange.takeSecret("again")))
        return firstPage(exchange, 400, "Die beiden Passwörter sind nicht gleich.");
    if (const auto fault = office::faultOf(name, password))
        return firstPage(exchange, 400, faultInGerman(*fault));
    return stretchThen(
        _accounts.orderForNew(std::move(password)), exchange,
        [this, name, code](const Exchange& later, const office::Stretched& stretched) {
            const auto result = _accounts.begin(name, code.revealText(), stretched, later.now);
            if (const auto* offer = std::get_if<OperatorAccounts::Offer>(&result)) {
                auto response = redirect("/first/factor");
                setCookie(response, firstCookie, offer->token.revealText());
                return response;
            }
            if (const auto* delayed = std::get_if<OperatorAccounts::Delayed>(&result))
                return firstPage(later, 429, tooOften, delayed);
            return firstPage(later, 403, refusedFirst);
        });
}

HttpResponse OperatorPages::factorPage(const Exchange& exchange,
                                       const OperatorAccounts::Offer& offer, int status,
                                       const std::string& problem)
{
    const auto drawing = page::qrDrawing(
        office::authenticatorAddress("Amtsstube Gateway", offer.name, offer.secret));
    Data data;
    data.set("qrSize", std::to_string(drawing.size));
    data.set("qrPath", drawing.path);
    data.set("written", office::writtenSecret(offer.secret));
    data.set("firstKey", formKeyOf(offer.token));
    data.set("problem", problem.empty() ? Data(false) : Data(problem));
    data.set("problemText", false);
    return page(exchange, "factor", "Zweiten Faktor einrichten", data, status);
}

OperatorPages::Reply OperatorPages::showFactor(Exchange& exchange)
{
    exchange.who.reset();
    const auto token = cookieValue(headerOf(exchange.request, "cookie"), firstCookie);
    const auto* offer =
        token ? _accounts.offered(Secret(std::string_view(*token)), exchange.now) : nullptr;
    if (!offer)
        return redirect("/first");
    return factorPage(exchange, *offer, 200, {});
}

OperatorPages::Reply OperatorPages::factor(Exchange& exchange)
{
    exchange.who.reset();
    const auto token = cookieValue(headerOf(exchange.request, "cookie"), firstCookie);
    const Secret first{std::string_view(token ? *token : std::string())};
    const auto* offer = token ? _accounts.offered(first, exchange.now) : nullptr;
    if (!offer)
        return redirect("/first");
    if (!equalInConstantTime(view(exchange.field("key")), view(formKeyOf(first))))
        return problemPage(exchange, 403, "Nicht erlaubt",
                           "Diese Seite war nicht mehr aktuell. Bitte laden Sie sie neu.");
    const auto result =
        _accounts.finish(first, exchange.field("code"), exchange.now, exchange.request.peer);
    const auto* in = std::get_if<OperatorAccounts::SignedIn>(&result);
    if (!in)
        return factorPage(exchange, *offer, 403,
                          "Der Code stimmt nicht. Bitte nehmen Sie den, den die App gerade zeigt.");
    auto response = redirect("/");
    setCookie(response, sessionCookie, in->token.revealText());
    setCookie(response, firstCookie, "");
    return response;
}

} // namespace amt::gateway
