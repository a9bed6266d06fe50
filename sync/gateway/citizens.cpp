// SPDX-License-Identifier: EUPL-1.2
//
// Each answer is made from rules and rows as they stand; the primary key of quota_cell decides who
// was quicker.
#include "sync/gateway/citizens.h"

#include "appliance/core/file_reference.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"
#include "appliance/office/calendar/rules.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/citizens_statements.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/quota_statements.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace amt::gateway {
namespace {

using office::quota::Run;

constexpr std::string_view reserved = "RESERVED", confirmed = "CONFIRMED", cancelled = "CANCELLED",
                           lapsed = "LAPSED";
constexpr std::string_view codePrefix = "TP"; // Termin am Portal: no node makes such codes
constexpr int daysMax = 31, limitMax = 100, servicesMax = 10, quantityMax = 20;
constexpr double costOfReservation = 12;

HttpResponse noSuchAppointment()
{
    return problem(404, "appointment-not-found", "unknown here, or held by somebody else");
}

HttpResponse otherVersion()
{
    return problem(409, "appointment-changed", "it was changed meanwhile: look at it again");
}

std::optional<int> numberIn(const std::map<std::string, std::string>& query, const char* name,
                            int missing, int least, int most)
{
    const auto given = query.find(name);
    if (given == query.end())
        return missing;
    int value = 0;
    const std::string& text = given->second;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size() || value < least || value > most)
        return std::nullopt;
    return value;
}

/// 256 random bits in base64url, made by whoever asks; only the hash rests here.
bool isCapability(const std::string& text)
{
    return text.size() == 43 && std::ranges::all_of(text, [](char letter) {
               return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
                      (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
           });
}

std::string hashOf(const std::string& text)
{
    return toHex(envelope::sha256(view(text)));
}

std::string sortedServices(const json::Object& body)
{
    std::map<std::string, int> wanted;
    for (const auto& entry : *json::array(body, "services")) {
        if (entry.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "services");
        const auto& each = *entry.extract<json::ObjectPtr>();
        json::onlyKeys(each, {"service", "quantity"});
        const std::string key = json::text(each, "service");
        const auto quantity = json::integer(each, "quantity");
        const bool isKey = key.size() == 14 && key.find_first_not_of("0123456789") == key.npos;
        if (!isKey || quantity < 1 || quantity > quantityMax ||
            !wanted.emplace(key, static_cast<int>(quantity)).second)
            throw Error(ErrorCode::InputMalformed, "services");
    }
    if (wanted.empty() || wanted.size() > servicesMax)
        throw Error(ErrorCode::InputMalformed, "services");
    auto list = json::makeArray();
    for (const auto& [key, quantity] : wanted) {
        auto each = json::makeObject();
        each->set("service", key);
        each->set("quantity", quantity);
        list->add(each);
    }
    auto object = json::makeObject();
    object->set("services", list);
    return json::write(*object);
}

void setTime(json::Object& object, const char* key, UtcTime time)
{
    object.set(key, toIso(time));
    object.set(std::string(key) + "Local", toLocalIso(time));
}

} // namespace

Citizens::Citizens(Books& books, Quota& quota, RandomSource& random, CitizenSettings settings)
    : _books(books), _quota(quota), _random(random), _settings(settings)
{}

std::optional<HttpResponse> Citizens::drawn(const std::string& peer, Act act,
                                            Milliseconds sinceBoot)
{
    const double most = _settings.tokensAtOnce;
    const auto refilled = [&](const Bucket& bucket) {
        const std::chrono::duration<double> gone = sinceBoot - bucket.at;
        return std::min(most, bucket.tokens + gone.count() * _settings.tokensPerSecond);
    };
    if (_buckets.size() >= _settings.addressesMax)
        std::erase_if(_buckets, [&](const auto& each) { return refilled(each.second) >= most; });
    if (_buckets.size() >= _settings.addressesMax)
        _buckets.clear(); // a flood from everywhere: rather that than no memory
    auto& bucket = _buckets.try_emplace(peer, Bucket{most, sinceBoot}).first->second;
    bucket = {refilled(bucket), sinceBoot};
    const double cost = act == Act::Reserve ? costOfReservation : 1;
    if (bucket.tokens >= cost) {
        bucket.tokens -= cost;
        return std::nullopt;
    }
    auto refused = problem(429, "rate-limit-exceeded", "too many calls, please come back later");
    const double seconds = (cost - bucket.tokens) / _settings.tokensPerSecond;
    refused.headers.emplace_back("Retry-After", std::to_string(static_cast<int>(seconds) + 1));
    return refused;
}

// --- what is there

std::optional<Citizens::Scope> Citizens::find(const std::string& town, const std::string& scope)
{
    const std::string tenant = town == "-" ? "" : town;
    auto rules = _books.prepare(sql::quotaScope).bind(tenant, scope);
    if (!rules.step())
        return std::nullopt;
    Scope found{.tenant = tenant,
                .name = scope,
                .rules = office::openingRulesFromJson(*json::parseObject(rules.text(2))),
                .deskKey = {},
                .deskKid = {}};
    auto key = _books.prepare(sql::deskKeyOfScope).bind(tenant, scope);
    if (key.step()) {
        try { // as the node told it, whatever it is
            const auto jwk =
                envelope::parseJwk(*json::parseObject(key.text(0)), envelope::KeyUse::Encrypt);
            found.deskKey = key.text(0);
            found.deskKid = jwk.kid;
        } catch (const Error&) { // a town without a desk key takes no names
        }
    }
    return found;
}

/// Free runs of `count` cells on this day, each start once, in the lowest lane: the last ones are
/// for leases. `cell`: only this start, and each lane that is free there.
std::vector<Run> Citizens::free(const Scope& scope, office::Booker booker, LocalDate day, int count,
                                std::optional<int> cell, UtcTime now)
{
    const auto span = office::bookableSpan(scope.rules, booker, now);
    if (span.lastDay < day || day < localDate(span.earliest))
        return {};
    const auto plan = office::planFor(scope.rules, day);
    std::set<std::pair<int, int>> taken;
    auto rows = _books.prepare(sql::quotaTaken)
                    .bind(scope.tenant, scope.name, toIso(day), toIso(plusDays(day, 1)));
    while (rows.step())
        taken.emplace(static_cast<int>(rows.integer(1)), static_cast<int>(rows.integer(2)));
    std::vector<Run> found;
    const int first = std::max(plan.cells.firstFrom(span.earliest), cell.value_or(0));
    const int last = cell ? *cell : plan.cells.count() - count;
    for (int idx = first; idx <= last && idx + count <= plan.cells.count(); ++idx) {
        const int lanes = plan.lanes[static_cast<std::size_t>(idx)].all;
        for (int lane = 0; lane < lanes; ++lane) {
            if (!plan.opens(lane, idx, count, booker))
                continue;
            bool isFree = true;
            for (int each = idx; isFree && each < idx + count; ++each)
                isFree = !taken.contains({lane, each});
            if (!isFree)
                continue;
            found.push_back({scope.name, day, lane, idx, count});
            if (!cell)
                break;
        }
    }
    return found;
}

HttpResponse Citizens::scope(const std::string& town, const std::string& scope, UtcTime now)
{
    const auto found = find(town, scope);
    if (!found)
        return problem(404, "scope-not-found", "no appointments are given there");
    const auto span = office::bookableSpan(found->rules, office::Booker::Public, now);
    auto body = json::makeObject();
    body->set("scope", scope);
    setTime(*body, "earliest", span.earliest);
    body->set("lastDay", toIso(span.lastDay));
    body->set("reservationMinutes", static_cast<int>(found->rules.reservation.count()));
    if (!found->deskKey.empty())
        body->set("deskKey", json::parseObject(found->deskKey));
    return jsonResponse(200, json::write(*body));
}

HttpResponse Citizens::times(const std::string& town, const std::string& scope,
                             const std::map<std::string, std::string>& query, UtcTime now)
{
    const auto minutes = numberIn(query, "minutes", 0, 1, _settings.minutesMax);
    const auto days = numberIn(query, "days", 14, 1, daysMax);
    const auto limit = numberIn(query, "limit", 20, 1, limitMax);
    LocalDate from = localDate(now);
    const auto given = query.find("from");
    if (given != query.end())
        from = std::max(from, localDateFromIso(given->second));
    if (!minutes || *minutes == 0 || !days || !limit)
        return problem(400, "query-invalid", "minutes are needed; days is 1 to 31, limit 1 to 100");
    const auto found = find(town, scope);
    if (!found)
        return problem(404, "scope-not-found", "no appointments are given there");
    sweep(now);
    auto list = json::makeArray();
    if (!_quota.isReconciling(found->tenant)) {
        for (int ahead = 0; ahead < *days && std::ssize(*list) < *limit; ++ahead) {
            const LocalDate day = plusDays(from, ahead);
            const office::DayCells cells(day);
            for (const Run& run :
                 free(*found, office::Booker::Public, day,
                      office::cellsOf(std::chrono::minutes(*minutes)), std::nullopt, now)) {
                if (std::ssize(*list) == *limit)
                    break;
                auto each = json::makeObject();
                setTime(*each, "start", cells.startOf(run.first));
                list->add(each);
            }
        }
    }
    auto body = json::makeObject();
    body->set("asOf", toIso(now));
    body->set("times", list);
    return jsonResponse(200, json::write(*body));
}

// --- one appointment

std::optional<Citizens::Row> Citizens::row(const std::string& id)
{
    auto found = _books.prepare(sql::citizenBooking).bind(id);
    if (!found.step())
        return std::nullopt;
    Row row{.id = id,
            .tenant = found.text(0),
            .scope = found.text(1),
            .tokenHash = found.text(2),
            .booking = found.text(3),
            .state = found.text(4),
            .services = found.text(5),
            .minutes = static_cast<int>(found.integer(6)),
            .due = found.isNull(7) ? std::nullopt : std::optional(found.time(7)),
            .kid = found.text(8),
            .sealed = found.text(9),
            .code = found.text(16),
            .version = found.integer(10),
            .stands = found.text(11) == "BOOKED",
            .run = {}};
    if (!found.isNull(12))
        row.run = {row.scope, localDateFromIso(found.text(12)), static_cast<int>(found.integer(13)),
                   static_cast<int>(found.integer(14)), static_cast<int>(found.integer(15))};
    return row;
}

/// Nothing for an id that is not known and for a capability that is another: nobody learns which.
std::optional<Citizens::Row> Citizens::rowOf(const std::string& id, const Asker& asker)
{
    if (!isUuid(id) || (!asker.node && !isCapability(asker.capability)))
        return std::nullopt;
    auto found = row(id);
    if (asker.node)
        return found && found->tenant == *asker.node ? found : std::nullopt;
    const std::string hash = hashOf(asker.capability);
    if (!found || !equalInConstantTime(view(found->tokenHash), view(hash)))
        return std::nullopt;
    return found;
}

bool Citizens::change(const Row& before, const std::string& state, LocalDate day,
                      const std::optional<UtcTime>& due, const std::string& kid,
                      const std::string& sealed, UtcTime now)
{
    return _books.prepare(sql::changeCitizenBooking)
               .bind(state, toIso(day), due, kid, sealed, now, before.id, before.version)
               .run() == 1;
}

HttpResponse Citizens::shown(int status, const std::string& id)
{
    const auto found = row(id);
    AMT_ASSERT(found.has_value());
    auto body = json::makeObject();
    body->set("id", found->id);
    // The books were put back, and a node had given its place to somebody (R10).
    const bool displaced = found->state == confirmed && !found->stands;
    body->set("state", displaced ? std::string("DISPLACED") : found->state);
    body->set("scope", found->scope);
    body->set("minutes", found->minutes);
    body->set("services", json::array(*json::parseObject(found->services), "services"));
    if (found->stands && found->run.count > 0)
        setTime(*body, "start", office::DayCells(found->run.day).startOf(found->run.first));
    if (found->state == reserved)
        body->set("reservedUntil", toIso(*found->due));
    if (!found->code.empty())
        body->set("code", found->code);
    body->set("version", found->version);
    return jsonResponse(status, json::write(*body));
}

HttpResponse Citizens::reserve(const std::string& town, const std::string& scope,
                               const std::string& capability, const std::string& text, UtcTime now)
{
    const auto body = json::parseObject(text);
    json::onlyKeys(*body, {"id", "start", "minutes", "services"});
    const std::string id = json::text(*body, "id");
    const UtcTime start = fromIso(json::text(*body, "start"));
    const auto minutes = json::integer(*body, "minutes");
    const std::string services = sortedServices(*body);
    if (!isUuid(id) || minutes < 1 || minutes > _settings.minutesMax)
        return problem(400, "appointment-invalid",
                       "id is a UUID, minutes 1 to " + std::to_string(_settings.minutesMax));
    if (!isCapability(capability))
        return problem(401, "capability-missing",
                       "Authorization: Bearer, and 32 random bytes in base64url");
    return reserveFor({.capability = capability}, town, scope, id,
                      {.start = start, .minutes = static_cast<int>(minutes), .services = services},
                      now);
}

HttpResponse Citizens::reserveFor(const Asker& asker, const std::string& town,
                                  const std::string& scope, const std::string& id,
                                  const Place& place, UtcTime now)
{
    const auto found = find(town, scope);
    if (!found)
        return problem(404, "scope-not-found", "no appointments are given there");
    const LocalDate day = localDate(place.start);
    const office::DayCells cells(day);
    const int cell = cells.firstFrom(place.start);
    if (const auto known = row(id)) {
        const bool isTheirs = asker.node ? known->tenant == *asker.node
                                         : known->tokenHash == hashOf(asker.capability);
        const bool same = isTheirs && known->tenant == found->tenant && known->scope == scope &&
                          known->services == place.services && known->minutes == place.minutes &&
                          known->state == reserved && known->run.day == day &&
                          known->run.first == cell;
        return same ? shown(200, id)
                    : problem(409, "appointment-differs", "this id stands for another wish");
    }
    if (cell == cells.count() || cells.startOf(cell) != place.start)
        return problem(422, "start-invalid", "appointments begin every five minutes");
    if (_quota.isReconciling(found->tenant))
        return problem(503, "calendar-restored", "it is not known yet what is free");
    auto open = _books.prepare(sql::countCitizenReservations).bind(found->tenant, scope);
    if (open.step() && open.integer(0) >= _settings.reservationsMax) {
        auto refused = problem(429, "reservations-exceeded", "too many people are choosing");
        refused.headers.emplace_back("Retry-After", "60");
        return refused;
    }
    // What a node reserves is in nobody's hands but the town's: a capability that nobody knows.
    const std::string held =
        hashOf(asker.node ? toBase64Url(randomBytes(_random, 32)) : asker.capability);
    for (const Run& run : free(*found, asker.booker, day,
                               office::cellsOf(std::chrono::minutes(place.minutes)), cell, now)) {
        const auto booking = _quota.sell(found->tenant, run, now, asker.booker);
        if (!booking)
            continue;
        std::string code;
        {
            const auto all = _books.wholeRegion(); // no two are alike, whichever town gave them
            do
                code = makeFileReference(std::string(codePrefix), day, _random);
            while (_books.prepare(sql::citizenCode).bind(code).step());
        }
        _books.prepare(sql::addCitizenBooking)
            .bind(id, found->tenant, scope, held, *booking, place.services, place.minutes,
                  toIso(day), now + found->rules.reservation, now, code)
            .run();
        return shown(201, id);
    }
    return problem(409, "time-taken", "somebody was quicker, or it is not offered");
}

HttpResponse Citizens::look(const std::string& id, const std::string& capability, UtcTime now)
{
    const auto found = rowOf(id, {.capability = capability});
    if (!found)
        return noSuchAppointment();
    if (found->due && *found->due <= now)
        settle(id, now);
    return shown(200, id);
}

HttpResponse Citizens::confirm(const std::string& id, const std::string& capability,
                               const std::string& text, UtcTime now)
{
    const auto body = json::parseObject(text);
    json::onlyKeys(*body, {"version", "contact"});
    return confirmFor({.capability = capability}, id, {.seen = json::integer(*body, "version")},
                      json::text(*body, "contact"), now);
}

HttpResponse Citizens::confirmFor(const Asker& asker, const std::string& id, Version version,
                                  const std::string& contact, UtcTime now)
{
    const auto found = rowOf(id, asker);
    if (!found)
        return noSuchAppointment();
    if (contact.size() > _settings.sealedMax)
        return problem(413, "body-too-large", "more than a name and a way to reach somebody");
    if (found->state == confirmed && found->sealed == contact)
        return shown(200, id); // the answer was lost
    if (found->state == reserved && *found->due <= now) {
        settle(id, now);
        return problem(410, "reservation-lapsed", "its time was out");
    }
    if (found->state == lapsed)
        return problem(410, "reservation-lapsed", "its time was out");
    if (found->state != reserved)
        return problem(409, "appointment-state-invalid", "it is not a reservation");
    if (!version.any && version.seen != found->version)
        return otherVersion();
    const auto town = find(found->tenant.empty() ? "-" : found->tenant, found->scope);
    if (!town || town->deskKid.empty())
        return problem(503, "desk-key-missing", "the town has told no key for names yet");
    const std::string kid = envelope::sealedFor(contact); // the header only; nobody here opens it
    if (kid != town->deskKid)
        return problem(422, "encryption-key-unknown", "kid is not the key of this town's desk");
    if (!change(*found, std::string(confirmed), found->run.day, std::nullopt, kid, contact, now))
        return otherVersion();
    return shown(200, id);
}

HttpResponse Citizens::move(const std::string& id, const std::string& capability,
                            const std::string& text, UtcTime now)
{
    const auto body = json::parseObject(text);
    json::onlyKeys(*body, {"version", "start"});
    return moveFor({.capability = capability}, id, {.seen = json::integer(*body, "version")},
                   fromIso(json::text(*body, "start")), now);
}

HttpResponse Citizens::moveFor(const Asker& asker, const std::string& id, Version version,
                               UtcTime start, UtcTime now)
{
    const auto found = rowOf(id, asker);
    if (!found)
        return noSuchAppointment();
    if (found->state == reserved && *found->due <= now) {
        settle(id, now);
        return problem(410, "reservation-lapsed", "its time was out");
    }
    if ((found->state != reserved && found->state != confirmed) || !found->stands)
        return problem(409, "appointment-state-invalid", "it does not stand any more");
    const LocalDate day = localDate(start);
    const office::DayCells cells(day);
    const int cell = cells.firstFrom(start);
    if (found->run.day == day && found->run.first == cell)
        return shown(200, id); // there it is
    if (!version.any && version.seen != found->version)
        return otherVersion();
    if (office::DayCells(found->run.day).startOf(found->run.first) <= now)
        return problem(409, "appointment-state-invalid", "it is over");
    if (cell == cells.count() || cells.startOf(cell) != start)
        return problem(422, "start-invalid", "appointments begin every five minutes");
    const auto town = find(found->tenant.empty() ? "-" : found->tenant, found->scope);
    if (!town)
        return noSuchAppointment();
    for (const Run& run : free(*town, asker.booker, day, found->run.count, cell, now)) {
        if (!_quota.move(found->tenant, found->booking, run, now, asker.booker))
            continue;
        if (!change(*found, found->state, day, found->due, found->kid, found->sealed, now))
            return otherVersion();
        return shown(200, id);
    }
    return problem(409, "time-taken", "somebody was quicker, or it is not offered");
}

HttpResponse Citizens::cancel(const std::string& id, const std::string& capability,
                              const std::string& text, UtcTime now)
{
    const auto body = json::parseObject(text);
    json::onlyKeys(*body, {"version"});
    return cancelFor({.capability = capability}, id, {.seen = json::integer(*body, "version")},
                     false, now);
}

HttpResponse Citizens::cancelFor(const Asker& asker, const std::string& id, Version version,
                                 bool atOnceWanted, UtcTime now)
{
    const auto found = rowOf(id, asker);
    if (!found)
        return noSuchAppointment();
    if (found->state == cancelled || found->state == lapsed)
        return shown(200, id);
    if (!version.any && version.seen != found->version)
        return otherVersion();
    const auto town = find(found->tenant.empty() ? "-" : found->tenant, found->scope);
    // Nobody hands a place to a friend; one that was never confirmed is nobody's.
    const auto block =
        town && found->state == confirmed ? town->rules.blockAfterCancel : std::chrono::minutes(0);
    const bool atOnce = atOnceWanted || block == std::chrono::minutes(0) || !found->stands;
    if (!change(*found, std::string(cancelled), found->run.day,
                atOnce ? std::nullopt : std::optional(now + block), "", "", now))
        return otherVersion();
    if (atOnce && found->stands)
        _quota.cancel(found->tenant, found->booking, now);
    return shown(200, id);
}

// --- what had its time

/// In the running commit, or in one of its own.
void Citizens::settle(const std::string& id, UtcTime now)
{
    _books.transact([&] {
        const auto due = row(id);
        if (!due || !due->due || *due->due > now)
            return; // another gateway was quicker
        const std::string state = due->state == reserved ? std::string(lapsed) : due->state;
        if (!change(*due, state, due->run.day, std::nullopt, due->kid, due->sealed, now))
            return;
        if (due->stands)
            _quota.cancel(due->tenant, due->booking, now);
    });
}

void Citizens::sweep(UtcTime now)
{
    std::vector<std::string> due;
    auto rows = _books.prepare(sql::dueCitizenBookings).bind(now);
    while (rows.step())
        due.push_back(rows.text(0));
    for (const auto& id : due)
        settle(id, now);
}

void Citizens::purge(LocalDate contactsBefore, LocalDate allBefore)
{
    _books.transact([&] {
        _books.prepare(sql::dropCitizenContacts).bind(toIso(contactsBefore)).run();
        _books.prepare(sql::dropCitizenBookings).bind(toIso(allBefore)).run();
    });
}

} // namespace amt::gateway
