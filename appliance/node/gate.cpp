// SPDX-License-Identifier: EUPL-1.2
//
// Checks in the order in which they cost: table, size, host, origin, content type, fields, cookie.
#include "appliance/node/gate.h"

#include "appliance/core/log.h"
#include "appliance/node/desk_accounts.h"
#include "appliance/node/house.h"
#include "appliance/node/routes.h"

#include <algorithm>

namespace amt::node {
namespace {

bool isForPeople(Surface surface)
{
    return surface == Surface::Kiosk || surface == Surface::Desk || surface == Surface::Display;
}

std::string headerOf(const HttpRequest& request, const std::string& name)
{
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
}

/// Name without port; IPv6 literals keep their brackets.
std::string hostName(std::string host)
{
    std::transform(host.begin(), host.end(), host.begin(), [](unsigned char letter) {
        return static_cast<char>(letter < 128 ? std::tolower(letter) : letter);
    });
    const auto colon = host.rfind(':');
    const auto bracket = host.rfind(']');
    if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket))
        host.resize(colon);
    return host;
}

void checkHost(const House& house, Surface surface, const HttpRequest& request)
{
    const auto& allowed =
        surface == Surface::Kiosk ? house.settings.kioskHosts : house.settings.deskHosts;
    const std::string host = hostName(headerOf(request, "host"));
    if (host.empty() || std::find(allowed.begin(), allowed.end(), host) == allowed.end())
        throw Error(ErrorCode::HostForeign, "host not in the list");
}

/// A form of ours, sent from a page of ours.
void checkOrigin(const HttpRequest& request)
{
    const std::string origin = headerOf(request, "origin");
    const std::string site = headerOf(request, "sec-fetch-site");
    if (!site.empty() && site != "same-origin")
        throw Error(ErrorCode::OriginForeign, "sec-fetch-site");
    if (origin.empty() && site.empty())
        throw Error(ErrorCode::OriginForeign, "neither origin nor sec-fetch-site");
    const std::string host = headerOf(request, "host");
    if (!origin.empty() && origin != "http://" + host && origin != "https://" + host)
        throw Error(ErrorCode::OriginForeign, "origin");
}

void checkContentType(const HttpRequest& request, const std::string& wanted)
{
    std::string type = headerOf(request, "content-type");
    type = type.substr(0, type.find(';'));
    if (type != wanted)
        throw Error(ErrorCode::RequestMalformed, "content type");
}

void onlyListed(const Fields& fields, std::string_view list)
{
    for (const auto& [name, value] : fields) {
        if (name != "key" && !lists(list, name))
            throw Error(ErrorCode::FormFieldUnexpected, "field not in the form");
    }
}

/// What a page fetches for itself keeps nobody signed in: the screen locks after ten minutes
/// (security.md T6), also at a desk whose list moves.
office::AskedBy askedBy(const HttpRequest& request)
{
    return request.method == "GET" && headerOf(request, "sec-fetch-dest") == "empty"
               ? office::AskedBy::Page
               : office::AskedBy::Person;
}

/// A press of a button counts once: the page's key says which press it was.
const std::string& formKey(const Exchange& exchange)
{
    const std::string& key = exchange.field("key");
    if (key.size() < 16 || key.size() > 64)
        throw Error(ErrorCode::RequestMalformed, "form key");
    return key;
}

HttpResponse refusal(House& house, const Exchange& exchange, ErrorCode code, int status)
{
    switch (exchange.surface) {
    case Surface::Kiosk: {
        HttpResponse response = house.kioskPage(exchange, page::ErrorPage{code, status}, status);
        if (code == ErrorCode::SessionUnknown)
            clearCookie(response, visitCookie, OverTls::No);
        return response;
    }
    case Surface::Desk: {
        if (code != ErrorCode::SessionUnknown && code != ErrorCode::NotSignedIn)
            return house.deskPage(exchange, page::DeskErrorPage{code, status}, status);
        if (exchange.pattern.starts_with("/desk/provider/")) // whoever is in stays in
            return house.deskPage(
                exchange, page::ProviderPage{page::ProviderPage::Kind::Lost, providerName(house)},
                status);
        page::SignInPage signIn; // the way in, at once
        signIn.needsFirst = !house.people.hasClerk();
        signIn.provider = providerName(house);
        HttpResponse response = house.deskPage(exchange, signIn, status);
        clearCookie(response, deskCookie, OverTls::Yes);
        return response;
    }
    case Surface::Display:
    case Surface::Sync:
    case Surface::Admin:
        break;
    }
    return problemAnswer(status, code);
}

class Passage {
public:
    Passage(House& house, const Exchange& exchange) : _house(house), _exchange(exchange) {}

    /// The route's answer, or nothing when it comes later.
    Reply pass()
    {
        const auto match =
            findRoute(_exchange.surface, _exchange.request.method, _exchange.request.path);
        if (isForPeople(_exchange.surface))
            checkHost(_house, _exchange.surface, _exchange.request);
        if (!match.route && match.allow.empty())
            throw Error(ErrorCode::NotFound, "no such address");
        if (!match.route) {
            _allow = match.allow;
            throw Error(ErrorCode::MethodNotAllowed, "method");
        }
        const Route& route = *match.route;
        _exchange.pattern = route.pattern;
        _exchange.segments = match.segments;
        if (_house.readOnly()) {
            const bool shows =
                route.method == Method::Get &&
                (route.who.rule == Rule::Public || route.who.rule == Rule::AdminPeer) &&
                _exchange.surface != Surface::Desk;
            if (!shows)
                throw Error(ErrorCode::JournalBroken, "nothing is written any more");
            _exchange.query = parseForm(_exchange.request.query);
            return route.handler(_house, _exchange);
        }
        checkBody(route);
        identify(route);
        if (route.who.rule == Rule::Clerk && _exchange.clerk->proof != office::Proof::Complete) {
            if (route.method == Method::Post)
                throw Error(ErrorCode::NotAllowed, "the second factor is missing");
            return redirect(_house.placeOf(_exchange));
        }
        if (route.method == Method::Get || route.body == BodyComes::InPieces)
            return route.handler(_house, _exchange); // the press stands in the body
        return press(route);
    }

    HttpResponse refused(ErrorCode code) const
    {
        HttpResponse response = refusedAnswer(_house, _exchange, code);
        if (code == ErrorCode::MethodNotAllowed)
            response.headers.emplace_back("Allow", _allow);
        return response;
    }

    const Exchange& exchange() const { return _exchange; }

private:
    void checkBody(const Route& route)
    {
        const auto& request = _exchange.request;
        const bool people = isForPeople(_exchange.surface);
        if (request.body.size() > (people ? formBytesMax : machineBytesMax))
            throw Error(ErrorCode::InputTooLarge, "body over its limit");
        if (request.query.size() > 2048)
            throw Error(ErrorCode::InputTooLarge, "query over its limit");
        _exchange.query = parseForm(request.query);
        for (const auto& [name, value] : _exchange.query) {
            if (route.query != "*" && !lists(route.query, name))
                throw Error(ErrorCode::FormFieldUnexpected, "query parameter");
        }
        if (route.method == Method::Get) {
            if (!request.body.empty())
                throw Error(ErrorCode::RequestMalformed, "GET with a body");
            return;
        }
        if (!people) {
            checkContentType(request, "application/json");
            return;
        }
        checkOrigin(request);
        if (route.body == BodyComes::InPieces) {
            checkContentType(request, "multipart/form-data");
            if (!request.body.empty())
                throw Error(ErrorCode::RequestMalformed, "a body that was read already");
            return;
        }
        checkContentType(request, "application/x-www-form-urlencoded");
        _exchange.fields = parseForm(request.body);
        if (route.fields != "*")
            onlyListed(_exchange.fields, route.fields);
        formKey(_exchange);
    }

    void identify(const Route& route)
    {
        const std::string cookies = headerOf(_exchange.request, "cookie");
        if (_exchange.surface == Surface::Kiosk)
            _exchange.visit = _house.visits.find(cookies);
        if (_exchange.surface == Surface::Desk)
            _exchange.clerk =
                _house.sessions.find(cookies, _house.now(), askedBy(_exchange.request));
        switch (route.who.rule) {
        case Rule::Public:
        case Rule::SyncPeer:  // the socket lets only amt-sync in
        case Rule::AdminPeer: // the same for amtctl
            return;
        case Rule::Visit:
            if (!_exchange.visit &&
                !(route.pattern == "/visit/end" && _house.visits.hasEnded(cookies)))
                throw Error(ErrorCode::SessionUnknown, "visit cookie");
            return;
        case Rule::Clerk:
        case Rule::Arriving:
            if (!_exchange.clerk)
                throw Error(cookieValue(cookies, deskCookie) ? ErrorCode::SessionUnknown
                                                             : ErrorCode::NotSignedIn,
                            "desk cookie");
            // Before the handler, so that nobody learns which cases or accounts there are.
            if (route.who.rule == Rule::Clerk && !route.who.roles.meets(_exchange.clerk->roles))
                throw Error(ErrorCode::NotAllowed, "role");
            return;
        case Rule::ByProvider:
            if (!_house.providerSignIns ||
                !_house.providerSignIns->standing(cookieValue(cookies, arrivalCookie).value_or("")))
                throw Error(ErrorCode::SessionUnknown, "no sign-in under way");
            return;
        case Rule::DisplayToken:
            if (!_house.isDisplay(cookies, _exchange.query))
                throw Error(ErrorCode::NotAllowed, "display token");
            return;
        case Rule::FeedSecret:
            if (!_house.feeds.deskOf(_exchange.segments.back()))
                throw Error(ErrorCode::NotAllowed, "secret of a calendar");
            return;
        }
    }

    Reply press(const Route& route)
    {
        Presses* presses = nullptr;
        if (_exchange.visit)
            presses = &_exchange.visit->presses;
        else if (_exchange.clerk)
            presses = &_exchange.clerk->presses;
        if (!presses)
            return route.handler(_house, _exchange);
        const std::string key = formKey(_exchange);
        if (const auto* location = presses->answer(key))
            return redirect(location->empty() ? _house.placeOf(_exchange) : *location);
        // noted before, so that the handler's commit holds the press, too
        presses->note(key);
        const std::string visitId = _exchange.visit ? _exchange.visit->idHash : std::string();
        const std::string sessionId = _exchange.clerk ? _exchange.clerk->idHash : std::string();
        try {
            Reply answer = route.handler(_house, _exchange);
            presses =
                _house.pressesOf(visitId, sessionId); // the handler may have ended visit or session
            if (answer && presses)
                presses->answered(key, answer->header("Location"));
            return answer;
        } catch (const Error&) { // nothing happened: the same press may come again
            if ((presses = _house.pressesOf(visitId, sessionId)))
                presses->forget(key);
            throw;
        }
    }

    House& _house;
    Exchange _exchange;
    std::string _allow;
};

} // namespace

HttpResponse refusedAnswer(House& house, const Exchange& exchange, ErrorCode code)
{
    const int status = statusOf(code);
    log::warning("request.refused", {{"surface", std::string(name(exchange.surface))},
                                     {"route", std::string(exchange.pattern)},
                                     {"status", std::to_string(status)},
                                     {"code", std::string(amt::name(code))}});
    return refusal(house, exchange, code, status);
}

void passGate(House& house, Surface surface, const HttpRequest& request, Node::Respond respond)
{
    Exchange exchange;
    exchange.surface = surface;
    exchange.request = request;
    if (request.method == "HEAD") // GET without its body, which the front leaves out
        exchange.request.method = "GET";
    exchange.respond = [respond = std::move(respond), surface](HttpResponse response) {
        addSecurityHeaders(response, surface);
        respond(std::move(response));
    };
    Passage passage(house, exchange);
    Reply answer;
    try {
        if (house.failed())
            throw Error(ErrorCode::StoreFailed, "after an error of the disk");
        answer = passage.pass();
    } catch (const Error& failure) {
        log::info("request.failure", {{"detail", failure.message()}});
        if (failure.errorCode() == ErrorCode::StoreFailed)
            house.stopWorking();
        answer = passage.refused(failure.errorCode());
    }
    if (answer && request.method == "HEAD")
        answer->eventTopic.reset();
    if (answer)
        passage.exchange().respond(*std::move(answer));
}

} // namespace amt::node
