// SPDX-License-Identifier: EUPL-1.2
//
// A round is a conversation of which only the node knows where it stands; whatever is lost of it
// costs a round and nothing else.
#include "appliance/node/quota_rounds.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"
#include "sync/envelope/envelope.h"

namespace amt::node {
namespace {

/// Of one round; what is left is said in the next one. A portal that never gets further ends here.
constexpr int messagesMax = 200;
/// Without news: how often the portal hears what is wanted, and is asked for its rules.
constexpr Milliseconds askAgain = std::chrono::minutes(15);
/// What is free at the portal: so old it may be for whoever is about to choose.
constexpr Milliseconds timesAge = std::chrono::seconds(30);
constexpr int timesDays = 92; ///< that are asked for

std::string publicKeyOf(const outbox::DeskSeal& desk)
{
    return json::write(*envelope::writeJwk(
        {.kid = desk.kid, .use = envelope::KeyUse::Encrypt, .key = desk.key, .chain = {}}));
}

/// Throws SignatureInvalid for whatever no pinned key has signed as a lease.
std::string leaseIn(const std::string& token, const envelope::IssuerKeys& pinned)
{
    const auto header = envelope::readJwsHeader(token);
    if (header.type != office::quota::leaseType)
        throw Error(ErrorCode::SignatureInvalid, "signed, but not as a lease");
    for (const auto& key : pinned.keys) {
        if (key.kid == header.kid)
            return envelope::verify(token, key.key);
    }
    throw Error(ErrorCode::SignatureInvalid, "a lease by a key that is not pinned");
}

UtcTime newestRecord(House& house)
{
    const UtcTime newest = house.journal.newestTime(UtcTime());
    return newest == UtcTime() ? house.now() : newest;
}

} // namespace

QuotaRounds::QuotaRounds(House& house)
    : bookings(house.doors.database), _house(house),
      _time(newestRecord(house), house.doors.loop.sinceBoot())
{}

void QuotaRounds::takeUp()
{
    auto& database = _house.doors.database;
    const auto held = office::cellsHeld(database, localDate(now()));
    if (!held.isLeaseStore && held.bookedUnleased > 0)
        throw Error(ErrorCode::ConfigurationInvalid,
                    "appointments that were made here before are not the portal's: cancel them, or"
                    " keep this node's own calendar until the last one is over");
    auto& calendar = _house.calendar;
    _quota.emplace(database, _house.journal, calendar.rules, calendar.ledger,
                   office::QuotaSettings{.node = _house.settings.portalCalendar,
                                         .publicKey = publicKeyOf(_house.people.deskSeal()),
                                         .verify = [this](const std::string& token) {
                                             return leaseIn(token,
                                                            _house.destinations.serviceKeys());
                                         }});
    _quota->takeUp(now());
}

void QuotaRounds::refuseLeftOvers(store::Database& database, UtcTime now)
{
    if (office::cellsHeld(database, localDate(now)).leased > 0)
        throw Error(ErrorCode::ConfigurationInvalid,
                    "cells of a portal's calendar are leased to this node: name it as before, or"
                    " have the portal revoke this node and restore it from a copy");
}

// --- the round

QuotaRounds::Turn QuotaRounds::begin()
{
    office::QuotaPlan plan{.now = now(), .wants = {}, .calendars = {}};
    const auto& booking = _house.calendar.plan();
    const Milliseconds sinceBoot = _house.doors.loop.sinceBoot();
    _newsAtStart = news();
    _asks = !booking.services.empty() &&
            (_wantedFor != _newsAtStart || !_askedAt || sinceBoot >= *_askedAt + askAgain);
    if (_asks) {
        plan.wants.push_back({.scope = booking.scope, .runCells = longestRun(booking)});
        plan.calendars.push_back(booking.scope);
        plan.calendarDays = timesDays;
    }
    _quota->begin(std::move(plan));
    bookings.begin(booking.services.empty() ? std::string() : booking.scope, now());
    _turn = {.round = ++_round, .step = 0, .message = {}};
    _gaveBack = false;
    return say();
}

int QuotaRounds::longestRun(const office::BookingPlan& plan)
{
    std::chrono::minutes longest{0};
    for (const auto& service : plan.services)
        longest = std::max(longest, service.time.each);
    return std::max(1, static_cast<int>((longest.count() + 4) / 5));
}

QuotaRounds::Turn QuotaRounds::say()
{
    if (++_turn.step > messagesMax) {
        _turn.message.reset(); // not whole
        return _turn;
    }
    _turn.message = _quota->isRegistered() ? bookings.nextWish() : std::nullopt;
    if (!_turn.message)
        _turn.message = _quota->next();
    if (!_turn.message)
        _turn.message = bookings.next();
    if (!_turn.message) {
        _turn.whole = true;
        _turn.news = _newsAtStart;
        _heard = now();
        if (_asks) {
            _wantedFor = _newsAtStart;
            _askedAt = _house.doors.loop.sinceBoot();
        }
    }
    return _turn;
}

QuotaRounds::Turn QuotaRounds::heard(std::int64_t round, std::int64_t step, int status,
                                     const std::string& problemType, const std::string& body)
{
    if (round == _turn.round && step + 1 == _turn.step)
        return _turn; // told before; our answer was lost
    if (round != _turn.round || step != _turn.step || !_turn.message)
        throw Error(ErrorCode::StepOutOfOrder, "another turn of another round");
    const std::string_view path = _turn.message->path;
    const bool isCalendar = path == office::quota::calendarPath;
    if (status != 200 && isCalendar)
        return say(); // it has no rules yet
    constexpr int unauthorised = 401, conflict = 409, many = 429, broken = 500;
    const bool isFinal = status >= 400 && status < broken && status != unauthorised &&
                         status != conflict && status != many;
    if (office::PortalBookings::isOurs(path) && isFinal) {
        log::warning("quota.wish_refused", {{"path", std::string(path)}, {"type", problemType}});
        bookings.refused(*_turn.message, problemType);
        answered(path);
        return say();
    }
    if (status != 200) {
        log::warning("quota.refused", {{"path", std::string(path)},
                                       {"status", std::to_string(status)},
                                       {"type", problemType}});
        _turn.message.reset();
        return _turn;
    }
    try {
        if (isCalendar) {
            _quota->heardCalendar(body, now());
            _times.heard(office::quota::readCalendarQuestion(_turn.message->body),
                         office::quota::readCalendar(body));
        } else if (office::PortalBookings::isOurs(path)) {
            bookings.heard(*_turn.message, body, now());
            answered(path);
        } else {
            hear(body);
        }
    } catch (const Error&) { // nothing of it was taken; the round is over, and says so
        _turn.message.reset();
        throw;
    }
    return say();
}

void QuotaRounds::answered(std::string_view path)
{
    if (path != office::quota::wishPath)
        return;
    for (Visit* visit : _house.visits.asking())
        portalAnswered(_house, *visit);
}

void QuotaRounds::hear(const std::string& body)
{
    const auto answer = _quota->heard(body, now());
    portalSaid(answer.portalTime);
    if (!answer.challenge.empty())
        return;
    _wanted = answer.next;
    // Now it is known that the portal hears what is given back.
    if (!std::exchange(_gaveBack, true))
        _quota->giveBackSoon(now());
}

bool QuotaRounds::isReached() const
{
    return _house.portalReachable() && !_quota->isFenced() && _heard.has_value();
}

void QuotaRounds::lookAgain()
{
    const Milliseconds sinceBoot = _house.doors.loop.sinceBoot();
    const bool isNew = _askedAt && sinceBoot < *_askedAt + timesAge;
    if (isNew || (_lookedAt && sinceBoot < *_lookedAt + timesAge))
        return;
    _lookedAt = sinceBoot;
    ++_looks;
}

// --- time

void QuotaRounds::portalSaid(UtcTime portal)
{
    _time.portalSaid(portal, _house.doors.loop.sinceBoot());
}

void QuotaRounds::clerkConfirmed()
{
    _time.clerkConfirmed(_house.now(), _house.doors.loop.sinceBoot());
}

UtcTime QuotaRounds::now() const
{
    return _time.now(_house.now(), _house.doors.loop.sinceBoot());
}

bool QuotaRounds::needsClerk() const
{
    return _time.needsClerk(_house.now(), _house.doors.loop.sinceBoot());
}

QuotaRounds::Standing QuotaRounds::standing() const
{
    return {.fenced = _quota->isFenced(),
            .owned = _quota->owned(),
            .unreported =
                _wanted ? std::optional(_house.journal.head().number + 1 - *_wanted) : std::nullopt,
            .heard = _heard};
}

} // namespace amt::node
