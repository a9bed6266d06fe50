// SPDX-License-Identifier: EUPL-1.2
//
// What happens in the region: citizens at kiosks and at the portal, rounds that arrive or do not,
// power cuts, restores, clocks; and after each step the invariants.
#include "tests/sim/quota/quota_world.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/office/calendar/appointments.h"
#include "appliance/office/calendar/quota.h"
#include "appliance/store/migrations/migrations.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/quota.h"
#include "sync/outbox/incarnation.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_random.h"

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

namespace amt::sim {
namespace {

using namespace office::quota;
using namespace std::chrono_literals;

const std::string tenant = "059620024024";
const std::string hall = "hall";
constexpr int nodes = 3;
constexpr int lanes = 3;
constexpr int hourCells = 12; ///< open from 08:00 to 09:00 each day
constexpr int leasablePercent = 60;
constexpr int daysAhead = 3;
constexpr std::size_t poolMax = 90;
constexpr auto sellFor = 48h;

constexpr std::array<std::pair<Fault, const char*>, 9> faultNames = {
    {{Fault::None, "none"},
     {Fault::TimeoutReclaim, "timeout-reclaim"},
     {Fault::ConfirmFirst, "confirm-first"},
     {Fault::NoDedup, "no-dedup"},
     {Fault::NoGrantSequence, "no-grant-sequence"},
     {Fault::NoBookingId, "no-booking-id"},
     {Fault::ReuseCancelled, "reuse-cancelled"},
     {Fault::RestoreKeepsLeases, "restore-keeps-leases"},
     {Fault::FreeOnRestore, "free-on-restore"}}};

office::OpeningRules openingRules()
{
    office::OpeningRules rules;
    rules.rules = {{.id = "each-day",
                    .weekdays = {std::chrono::Monday, std::chrono::Tuesday, std::chrono::Wednesday,
                                 std::chrono::Thursday, std::chrono::Friday, std::chrono::Saturday,
                                 std::chrono::Sunday},
                    .first = localDateFromIso("2026-01-01"),
                    .hours = {8h, 9h, lanes, lanes},
                    .onHolidays = office::OnHolidays::Open}};
    rules.forPublic.days = 60;
    return rules;
}

/// A cell as (day, lane, idx).
using CellKey = std::tuple<std::string, int, int>;

/// What a citizen holds in their hands, and nobody has cancelled.
struct Ticket {
    std::string booking;
    int node = -1; ///< -1: the portal
    Run run;
    bool live = true;
    bool forgotten = false;  ///< what kept its place is lost: it may turn up as a conflict (R11)
    std::string stream;      ///< incarnation that told of it last
    std::int64_t record = 0; ///< number of that record
};

/// Something under way; it may arrive, often, late, or never.
struct Letter {
    int node = 0;
    bool toPortal = true;
    std::string path, body;
};

class World {
public:
    explicit World(const QuotaWorldSettings& settings);
    QuotaWorldResult run();

private:
    struct Node {
        std::string id;
        std::unique_ptr<SimDisk> disk;
        std::string file = "node.db";
        std::optional<store::Database> database;
        std::optional<outbox::Journal> journal;
        std::optional<office::RuleBook> rules;
        std::optional<office::Ledger> ledger;
        std::optional<office::Appointments> appointments;
        std::optional<office::Quota> quota;
        std::optional<office::NodeTime> time;
        std::string incarnation;
        UtcTime bootedAt;
        Milliseconds clockWrong{0};
        UtcTime cutUntil;
        std::vector<std::string> copies;
        std::vector<std::pair<std::string, int>> reservations; ///< id, version
        bool revoked = false;
        bool isUnknown = false; ///< revoked before it could show what it owns
    };

    // --- machinery
    unsigned draw(unsigned bound) { return static_cast<unsigned>(randomBelow(_random, bound)); }
    bool chance(unsigned percent) { return _random.chance(percent); }
    void tell(const std::string& line);
    void broken(const std::string& sentence) { _result.broken.push_back(sentence); }
    UtcTime timeOf(Node& node);
    bool maySell(Node& node);
    void start(Node& node);
    void stop(Node& node);
    void startPortal();
    void stopPortal();
    /// False: the power went, and the node was started again.
    template <typename Work>
    bool atNode(int i, Work&& work);
    template <typename Work>
    bool atPortal(Work&& work);
    void afterNodeCrash(int i);

    // --- what happens
    void step();
    void nodeBooks(int i);
    void nodeReserves(int i);
    void nodeConfirms(int i);
    void nodeChanges(int i);
    void portalSells();
    void portalCancels();
    void portalMoves();
    void portalGrants();
    void portalRecalls();
    void writes(int i);
    void arrives();
    void round(int i, bool lossless);
    void copyNode(int i);
    void restoreNode(int i);
    void restorePortal();
    void forgetWhatIsLost();
    void revoke(int i);
    void heal();

    // --- network
    void send(Letter letter);
    std::optional<std::string> portalHears(int i, const std::string& path, const std::string& body);
    void nodeHears(int i, const std::string& path, const std::string& body);

    // --- what must hold
    Run someRun();
    Ticket* ticketOf(const std::string& booking);
    void check(bool atRest);

    const QuotaWorldSettings _settings;
    SimRandom _random;
    UtcTime _now = fromIso("2026-11-22T10:00:00Z");
    std::array<Node, nodes> _nodes;
    std::unique_ptr<SimDisk> _portalDisk;
    std::string _portalFile = "portal.db";
    std::optional<store::Database> _portalDatabase;
    std::unique_ptr<gateway::Books> _books;
    std::optional<gateway::Quota> _portal;
    std::vector<std::string> _portalCopies;
    std::map<std::string, Ticket> _tickets; ///< by booking id
    std::vector<Letter> _pool;
    int _copies = 0;
    bool _calm = true; ///< no power cuts: the beginning, and the end
    bool _released = false;
    QuotaWorldResult _result;
};

std::string signToken(const std::string& payload)
{
    return toHex(envelope::sha256(view("key " + payload))) + payload;
}

std::string verifyToken(const std::string& token)
{
    constexpr std::size_t digits = 64;
    if (token.size() < digits || signToken(token.substr(digits)) != token)
        throw Error(ErrorCode::SignatureInvalid, "not the portal's");
    return token.substr(digits);
}

World::World(const QuotaWorldSettings& settings) : _settings(settings), _random(settings.seed)
{
    seedSqlite(static_cast<unsigned>(settings.seed));
    for (int i = 0; i < nodes; ++i) {
        _nodes[i].id = "node-" + std::to_string(i);
        _nodes[i].disk = std::make_unique<SimDisk>("quota-node-" + std::to_string(i), _random);
        _nodes[i].bootedAt = _now;
        start(_nodes[i]);
    }
    _portalDisk = std::make_unique<SimDisk>("quota-portal", _random);
    startPortal();
    for (int i = 0; i < nodes; ++i)
        _portalDatabase->execute(
            "INSERT INTO client (id, secret_hash, scopes, tenant_id) VALUES ('" + _nodes[i].id +
            "', '', '', '" + tenant + "')");
    Node& home = _nodes[0];
    home.rules->save(hall, openingRules(),
                     office::seen(home.rules->preview(hall, openingRules(), _now)), "Lead",
                     "opening", _now);
    round(0, true);
    for (int i = 1; i < nodes; ++i) {
        round(i, true);
        const auto calendar = _portal->calendar(
            {_nodes[i].id, tenant}, write(CalendarQuestion{hall, localDate(_now), 7}), _now);
        _nodes[i].quota->heardCalendar(calendar, _now);
    }
    _calm = false;
}

void World::tell(const std::string& line)
{
    if (_settings.story)
        std::printf("%s  %s\n", toIso(_now).c_str(), line.c_str());
    _result.story.push_back(toIso(_now) + "  " + line);
    constexpr std::size_t kept = 60;
    if (_result.story.size() > kept)
        _result.story.erase(_result.story.begin());
}

// --- processes

UtcTime World::timeOf(Node& node)
{
    return node.time->now(_now + node.clockWrong, _now - node.bootedAt);
}

bool World::maySell(Node& node)
{
    if (node.isUnknown) // what a thief sells nobody can keep free
        return false;
    if (!node.time->needsClerk(_now + node.clockWrong, _now - node.bootedAt))
        return !node.quota->isFenced();
    if (chance(50)) {
        node.time->clerkConfirmed(_now, _now - node.bootedAt);
        return !node.quota->isFenced();
    }
    return false;
}

void World::start(Node& node)
{
    node.disk->powerOn();
    store::DatabaseSettings settings;
    settings.path = node.file;
    settings.vfs = node.disk->vfs();
    node.database.emplace(settings);
    node.database->migrate(store::nodeMigrations());
    node.journal.emplace(*node.database);
    node.journal->verify(outbox::Extent::Tail);
    node.bootedAt = _now;
    node.time.emplace(node.journal->newestTime(fromMilliseconds(0)), Milliseconds(0));
    node.rules.emplace(*node.database, *node.journal);
    node.ledger.emplace(*node.database, *node.rules, office::Selling::Owned, _settings.fault);
    node.appointments.emplace(*node.database, *node.journal, *node.rules, *node.ledger, _random);
    node.quota.emplace(
        *node.database, *node.journal, *node.rules, *node.ledger,
        office::QuotaSettings{
            .node = node.id, .publicKey = "key", .verify = verifyToken, .fault = _settings.fault});
    const UtcTime now = timeOf(node);
    node.incarnation = outbox::takeIncarnation(*node.database, *node.journal, _random, now).id;
    node.journal->started(now);
    node.quota->takeUp(now);
    node.reservations.clear();
}

void World::stop(Node& node)
{
    node.quota.reset();
    node.appointments.reset();
    node.ledger.reset();
    node.rules.reset();
    node.journal.reset();
    node.database.reset();
}

void World::startPortal()
{
    _portalDisk->powerOn();
    store::DatabaseSettings settings;
    settings.path = _portalFile;
    settings.vfs = _portalDisk->vfs();
    _portalDatabase.emplace(settings);
    _books = gateway::makeSqliteBooks(*_portalDatabase);
    _books->migrate();
    _portal.emplace(*_books,
                    gateway::QuotaSettings{.sign = signToken,
                                           .leasablePercent = leasablePercent,
                                           .sellFor = sellFor,
                                           .horizonDays = daysAhead,
                                           .fault = _settings.fault},
                    _random);
}

void World::stopPortal()
{
    _portal.reset();
    _books.reset();
    _portalDatabase.reset();
}

template <typename Work>
bool World::atNode(int i, Work&& work)
{
    Node& node = _nodes[i];
    const bool aimed = !_calm && chance(6);
    if (aimed)
        node.disk->cutPowerAt(1 + draw(30));
    try {
        work();
    } catch (const Error& failure) {
        if (!node.disk->isOff())
            throw;
    }
    if (!aimed)
        return true;
    if (!node.disk->isOff()) {
        if (chance(50)) {
            node.disk->calm();
            return true;
        }
        node.disk->cutPower(); // all was done, but nobody was told
    }
    ++_result.crashes;
    tell(node.id + " loses power");
    stop(node);
    start(node);
    afterNodeCrash(i);
    return false;
}

/// People ask what became of what they were at.
void World::afterNodeCrash(int i)
{
    for (auto& [id, ticket] : _tickets) {
        if (ticket.node != i || !ticket.live || ticket.stream != _nodes[i].incarnation)
            continue;
        const std::string where = "WHERE booking_id = '" + id + "'";
        const auto found = office::readAppointments(*_nodes[i].database, where);
        if (found.empty()) {
            broken("a confirmed booking is not on the disk: " + id);
            continue;
        }
        const auto& place = found.front().place;
        ticket.run = {hall, place.day, place.lane, place.first, place.count};
        if (found.front().state == office::AppointmentState::Cancelled)
            ticket.live = false;
        for (const auto& record : _nodes[i].journal->about(found.front().id)) {
            if (isOfCalendar(record.kind))
                ticket.record = record.number;
        }
    }
}

template <typename Work>
bool World::atPortal(Work&& work)
{
    const bool aimed = !_calm && chance(4);
    if (aimed)
        _portalDisk->cutPowerAt(1 + draw(40));
    try {
        work();
    } catch (const Error& failure) {
        if (!_portalDisk->isOff())
            throw;
    }
    if (!aimed)
        return true;
    if (!_portalDisk->isOff()) {
        if (chance(50)) {
            _portalDisk->calm();
            return true;
        }
        _portalDisk->cutPower();
    }
    ++_result.crashes;
    tell("the portal loses power");
    stopPortal();
    startPortal();
    return false;
}

// --- network

void World::send(Letter letter)
{
    ++_result.messages;
    _pool.push_back(std::move(letter));
    if (_pool.size() > poolMax) {
        ++_result.lostMessages;
        _pool.erase(_pool.begin() + draw(static_cast<unsigned>(_pool.size())));
    }
}

/// Nothing: the portal could not, or would not.
std::optional<std::string> World::portalHears(int i, const std::string& path,
                                              const std::string& body)
{
    const gateway::QuotaClient client{_nodes[i].id, tenant};
    std::optional<std::string> answer;
    const bool told = atPortal([&] {
        try {
            if (path == registerPath)
                answer = _portal->registered(client, body, _now);
            else if (path == reportPath)
                answer = _portal->reported(client, body, _now);
            else if (path == grantsPath)
                answer = _portal->grantsAsked(client, body, _now);
            else if (path == leasesPath)
                answer = _portal->leasesShown(client, body, _now);
            else
                answer = _portal->wanted(client, body, _now);
        } catch (const Error& failure) {
            if (failure.errorCode() != ErrorCode::StepOutOfOrder)
                throw;
        }
    });
    return told ? answer : std::nullopt;
}

void World::nodeHears(int i, const std::string& path, const std::string& body)
{
    Node& node = _nodes[i];
    if (path == registerPath || path == reportPath)
        node.time->portalSaid(readAnswer(body).portalTime, _now - node.bootedAt);
    atNode(i, [&] { node.quota->heard(body, timeOf(node)); });
}

/// A node writes something to the portal; when it arrives is another matter.
void World::writes(int i)
{
    Node& node = _nodes[i];
    switch (draw(6)) {
    case 0:
    case 1:
        send({i, true, std::string(registerPath), node.quota->registration()});
        break;
    case 2:
        if (const auto report = node.quota->report())
            send({i, true, std::string(reportPath), *report});
        break;
    case 3:
        send({i, true, std::string(grantsPath), node.quota->grantsQuestion()});
        break;
    case 4:
        send({i, true, std::string(leasesPath), node.quota->leases()});
        break;
    default:
        send({i, true, std::string(wantPath), node.quota->want(hall, 2, timeOf(node))});
        break;
    }
}

/// Anything that was ever under way arrives, and may do so again.
void World::arrives()
{
    if (_pool.empty())
        return;
    const auto at = draw(static_cast<unsigned>(_pool.size()));
    const Letter letter = _pool[at];
    if (_nodes[letter.node].cutUntil > _now)
        return;
    if (chance(30))
        _pool.erase(_pool.begin() + at);
    tell((letter.toPortal ? "arrives at the portal from " : "arrives from the portal at ") +
         _nodes[letter.node].id + " " + letter.path);
    if (!letter.toPortal)
        return nodeHears(letter.node, letter.path, letter.body);
    if (const auto answer = portalHears(letter.node, letter.path, letter.body))
        send({letter.node, false, letter.path, *answer});
}

/// REPORT, GRANTS, RETURN, REPORT as amt-sync carries them.
void World::round(int i, bool lossless)
{
    Node& node = _nodes[i];
    if (!lossless && node.cutUntil > _now)
        return;
    tell(node.id + " has a round");
    node.quota->begin();
    constexpr int messagesMax = 40;
    for (int n = 0; n < messagesMax; ++n) {
        const auto message = node.quota->next();
        if (!message)
            break;
        const std::string path(message->path);
        if (!lossless && chance(6))
            return send({i, true, path, message->body}); // it arrives later, or never
        const auto answer = portalHears(i, path, message->body);
        if (!lossless && chance(20))
            send({i, true, path, message->body}); // once more
        if (!answer)
            return;
        if (!lossless && chance(15))
            send({i, false, path, *answer}); // once more
        if (!lossless && chance(6))
            return;
        nodeHears(i, path, *answer);
    }
    if (!lossless && chance(20))
        atNode(i, [&] { _result.returned += node.quota->giveBackSoon(timeOf(node)); });
}

// --- citizens

Run World::someRun()
{
    const LocalDate day = plusDays(localDate(_now), static_cast<int>(draw(daysAhead + 1)));
    const office::DayCells cells(day);
    const int open = cells.cellAt(8h);
    const int count = 1 + static_cast<int>(draw(3));
    return {hall, day, static_cast<int>(draw(lanes)),
            open + static_cast<int>(draw(hourCells - count + 1)), count};
}

Ticket* World::ticketOf(const std::string& booking)
{
    const auto found = _tickets.find(booking);
    return found == _tickets.end() ? nullptr : &found->second;
}

office::AppointmentWish wishFor(const office::FreeTime& free, int cells, RandomSource& random)
{
    return {.id = randomUuid(random),
            .scope = hall,
            .day = free.day,
            .cell = free.cell,
            .services = {{"99008001012000", 1}},
            .duration = cells * office::cellLength};
}

void World::nodeBooks(int i)
{
    Node& node = _nodes[i];
    if (!maySell(node))
        return;
    const int cells = 1 + static_cast<int>(draw(3));
    const UtcTime now = timeOf(node);
    const auto free = node.ledger->freeTimes({.scope = hall,
                                              .duration = cells * office::cellLength,
                                              .from = localDate(now),
                                              .days = daysAhead + 2,
                                              .limit = 30},
                                             now);
    if (free.empty())
        return;
    const auto wish = wishFor(free[draw(static_cast<unsigned>(free.size()))], cells, _random);
    if (_settings.fault == Fault::ConfirmFirst && chance(20)) { // told, then lost
        const std::string id = bookingId(node.incarnation, node.journal->head().number + 1);
        _tickets[id] = {.booking = id,
                        .node = i,
                        .run = {hall, wish.day, 0, wish.cell, cells},
                        .stream = node.incarnation,
                        .record = node.journal->head().number + 1};
        ++_result.crashes;
        node.disk->cutPower();
        stop(node);
        start(node);
        return afterNodeCrash(i);
    }
    std::optional<office::Appointment> made;
    const bool told = atNode(i, [&] {
        const auto outcome = node.appointments->book(wish, {}, "", now);
        if (const auto* booked = std::get_if<office::Appointment>(&outcome))
            made = *booked;
    });
    if (!told || !made || chance(5)) // the power went before the ticket was out
        return;
    ++_result.nodeBookings;
    const auto& place = made->place;
    const std::string& id = made->bookingId;
    _tickets[id] = {.booking = id,
                    .node = i,
                    .run = {hall, place.day, place.lane, place.first, place.count},
                    .stream = node.incarnation,
                    .record = std::stoll(id.substr(id.find(':') + 1))};
    tell(node.id + " books " + id.substr(0, 8) + id.substr(id.find(':')) + " day " +
         toIso(place.day) + " lane " + std::to_string(place.lane) + " cell " +
         std::to_string(place.first) + "+" + std::to_string(place.count));
}

void World::nodeReserves(int i)
{
    Node& node = _nodes[i];
    if (!maySell(node))
        return;
    const UtcTime now = timeOf(node);
    const auto free = node.ledger->freeTimes({.scope = hall,
                                              .duration = 10min,
                                              .from = localDate(now),
                                              .days = daysAhead + 2,
                                              .limit = 30},
                                             now);
    if (free.empty())
        return;
    const auto wish = wishFor(free[draw(static_cast<unsigned>(free.size()))], 2, _random);
    std::optional<office::Appointment> made;
    if (atNode(i,
               [&] {
                   const auto outcome = node.appointments->reserve(wish, now);
                   if (const auto* reserved = std::get_if<office::Appointment>(&outcome))
                       made = *reserved;
               }) &&
        made)
        node.reservations.emplace_back(made->id, made->version);
}

void World::nodeConfirms(int i)
{
    Node& node = _nodes[i];
    if (node.reservations.empty() || !maySell(node))
        return;
    const auto [id, version] = node.reservations.back();
    node.reservations.pop_back();
    std::optional<office::Appointment> made;
    const bool told = atNode(i, [&] {
        try {
            const auto outcome = node.appointments->confirm(id, version, {}, "", timeOf(node));
            if (const auto* booked = std::get_if<office::Appointment>(&outcome))
                made = *booked;
        } catch (const Error& refused) {
            if (refused.errorCode() != ErrorCode::StepOutOfOrder &&
                refused.errorCode() != ErrorCode::VersionConflict)
                throw;
        }
    });
    if (!told || !made)
        return;
    ++_result.nodeBookings;
    const auto& place = made->place;
    _tickets[made->bookingId] = {.booking = made->bookingId,
                                 .node = i,
                                 .run = {hall, place.day, place.lane, place.first, place.count},
                                 .stream = node.incarnation,
                                 .record = node.journal->head().number};
}

/// Somebody with a ticket of this node comes to cancel or to move.
void World::nodeChanges(int i)
{
    Node& node = _nodes[i];
    const auto known = office::readAppointments(
        *node.database, "WHERE state = 'Confirmed' AND starts_at > ? ORDER BY id",
        toMilliseconds(timeOf(node)) + 3'600'000);
    if (known.empty())
        return;
    const auto& chosen = known[draw(static_cast<unsigned>(known.size()))];
    Ticket* ticket = ticketOf(chosen.bookingId);
    if (!ticket)
        return; // nobody was ever told of it
    const UtcTime now = timeOf(node);
    if (chance(40)) {
        const bool wasLive = std::exchange(ticket->live, false); // whatever becomes of it
        atNode(i, [&] {
            node.appointments->cancel(chosen.id, chosen.version, office::GivenBack::AtOnce, "", "",
                                      now);
        });
        ++_result.cancels;
        tell(node.id + " cancels " + chosen.bookingId.substr(36) + (wasLive ? "" : " (again)"));
        return;
    }
    if (!maySell(node))
        return;
    const auto free = node.ledger->freeTimes({.scope = hall,
                                              .duration = chosen.duration,
                                              .from = localDate(now),
                                              .days = daysAhead + 2,
                                              .limit = 30},
                                             now);
    if (free.empty())
        return;
    // Where it is free, or close to where it stands now: over its own cells.
    auto to = free[draw(static_cast<unsigned>(free.size()))];
    if (chance(30))
        to = {chosen.place.day, chosen.place.first + 1, {}};
    std::optional<office::Appointment> moved;
    const bool told = atNode(i, [&] {
        const auto outcome =
            node.appointments->move(chosen.id, chosen.version, to.day, to.cell,
                                    office::Booker::Public, office::GivenBack::AtOnce, "", now);
        if (const auto* done = std::get_if<office::Appointment>(&outcome))
            moved = *done;
    });
    if (!moved)
        return;
    if (!told) { // they go home with the old ticket, and ask later: as afterNodeCrash() found it
        if (ticket->live && ticket->stream != node.incarnation)
            ticket->live = false;
        return;
    }
    ++_result.moves;
    const auto& place = moved->place;
    ticket->run = {hall, place.day, place.lane, place.first, place.count};
    ticket->node = i;
    ticket->live = true; // also one that the portal had cancelled meanwhile: it was confirmed anew
    ticket->stream = node.incarnation;
    ticket->record = node.journal->head().number;
    tell(node.id + " moves " + chosen.bookingId.substr(36) + " to " + toIso(place.day) + " lane " +
         std::to_string(place.lane) + " cell " + std::to_string(place.first));
}

void World::portalSells()
{
    const Run run = someRun();
    if (office::DayCells(run.day).startOf(run.first) <= _now)
        return;
    std::optional<std::string> id;
    if (!atPortal([&] { id = _portal->sell(tenant, run, _now); }) || !id)
        return;
    ++_result.portalBookings;
    _tickets[*id] = {.booking = *id, .node = -1, .run = run, .stream = {}, .record = 0};
    tell("the portal sells " + toIso(run.day) + " lane " + std::to_string(run.lane) + " cell " +
         std::to_string(run.first) + "+" + std::to_string(run.count));
}

void World::portalCancels()
{
    std::vector<Ticket*> living;
    for (auto& [id, ticket] : _tickets) {
        if (ticket.live)
            living.push_back(&ticket);
    }
    if (living.empty())
        return;
    Ticket& ticket = *living[draw(static_cast<unsigned>(living.size()))];
    ticket.live = false; // the citizen does not come, whatever the portal answers
    ++_result.cancels;
    tell("a citizen cancels " + ticket.booking.substr(36) + " at the portal");
    atPortal([&] {
        if (!_portal->cancel(tenant, ticket.booking, _now))
            broken("a booking cannot be cancelled at the portal");
    });
}

void World::portalMoves()
{
    for (auto& [id, ticket] : _tickets) {
        if (!ticket.live || ticket.node != -1 || !chance(20))
            continue;
        Run to = someRun();
        to.count = ticket.run.count;
        if (office::DayCells(to.day).startOf(to.first) <= _now)
            return;
        bool moved = false;
        const bool told = atPortal([&] { moved = _portal->move(tenant, id, to, _now); });
        if (moved && told) {
            ticket.run = to;
            ++_result.moves;
        } else if (moved || !told) {
            ticket.live = false; // not told where they stand: they do not come
        }
        return;
    }
}

void World::portalGrants()
{
    const int i = static_cast<int>(draw(nodes));
    std::vector<Run> runs;
    for (unsigned n = 1 + draw(3); n > 0; --n) {
        Run run = someRun();
        run.count = std::min(hourCells, run.count + 2);
        bool apart = office::DayCells(run.day).startOf(run.first) > _now;
        for (const Run& other : runs)
            apart = apart && (other.day != run.day || other.lane != run.lane ||
                              other.first + other.count <= run.first ||
                              run.first + run.count <= other.first);
        if (apart)
            runs.push_back(run);
    }
    bool granted = false;
    atPortal([&] { granted = _portal->grant(_nodes[i].id, runs, _now); });
    if (granted) {
        ++_result.leases;
        std::string text;
        for (const Run& run : runs)
            text += " " + toIso(run.day) + "/" + std::to_string(run.lane) + "/" +
                    std::to_string(run.first) + "+" + std::to_string(run.count);
        tell("the portal leases to " + _nodes[i].id + text);
    }
}

void World::portalRecalls()
{
    const int i = static_cast<int>(draw(nodes));
    Run run = someRun();
    run.count = hourCells;
    atPortal([&] { _portal->recall(_nodes[i].id, run); });
}

// --- bad luck

void World::copyNode(int i)
{
    Node& node = _nodes[i];
    const std::string name = "copy-" + std::to_string(++_copies) + ".db";
    node.database->execute("VACUUM INTO '" + name + "'");
    store::DatabaseSettings settings;
    settings.path = name;
    settings.vfs = node.disk->vfs();
    store::Database copy(settings);
    copy.transact([&] {
        copy.execute(_settings.fault == Fault::RestoreKeepsLeases
                         ? "DELETE FROM meta WHERE key = 'incarnation'"
                         : store::forgottenInCopies());
    });
    copy.checkpoint();
    node.copies.push_back(name);
    tell("a copy of " + node.id);
}

void World::restoreNode(int i)
{
    Node& node = _nodes[i];
    if (node.copies.empty() || node.revoked)
        return;
    const auto at = draw(static_cast<unsigned>(node.copies.size()));
    stop(node);
    node.file = node.copies[at];
    node.copies.erase(node.copies.begin() + at);
    start(node);
    ++_result.restores;
    tell(node.id + " is restored from a copy");
    if (_portal->isReconciling(tenant)) // two disasters at once
        forgetWhatIsLost();
}

void World::restorePortal()
{
    if (_portalCopies.empty())
        return;
    const std::string name = _portalCopies.back();
    _portalCopies.pop_back();
    const std::string before = _portalFile;
    stopPortal();
    _portalFile = name;
    startPortal();
    _portal->beginReconcile("operator", _now);
    for (const Node& node : _nodes) { // what the copy does not know the operator does
        auto known = _portalDatabase->prepare("SELECT 1 FROM quota_node WHERE client_id = ?");
        if (node.revoked && known.bind(node.id).step())
            _portal->revoke(node.id, "operator", "stolen", _now);
    }
    ++_result.portalRestores;
    tell("the portal is restored from a copy");
    forgetWhatIsLost();
}

/// What only the lost books knew is lost with them: the portal's own sales and moves since the
/// copy, and bookings of a life of a node that ended before it could show them. Everything else has
/// to come back.
void World::forgetWhatIsLost()
{
    for (auto& [id, ticket] : _tickets) {
        const bool alive = ticket.node >= 0 && ticket.stream == _nodes[ticket.node].incarnation &&
                           !_nodes[ticket.node].revoked;
        if (alive)
            continue;
        bool kept = true;
        for (int idx = ticket.run.first; idx < ticket.run.first + ticket.run.count; ++idx) {
            auto row = _portalDatabase->prepare(
                "SELECT state, booking, incarnation FROM quota_cell WHERE day = ? AND lane = ? AND"
                " idx = ?");
            row.bind(toIso(ticket.run.day), ticket.run.lane, idx);
            kept = kept && row.step() &&
                   ((row.text(0) == "SOLD" && row.text(1) == id) ||
                    (row.text(0) != "SOLD" && row.text(2) == ticket.stream));
        }
        if (!kept) {
            ticket.forgotten = true;
            if (std::exchange(ticket.live, false))
                ++_result.forgotten;
        }
    }
}

void World::revoke(int i)
{
    Node& node = _nodes[i];
    if (node.revoked) { // a clerk needs the room: from now on anything may be overbooked (R9)
        auto kept = _portalDatabase->prepare(
            "SELECT day, lane, idx FROM quota_cell WHERE state = 'QUARANTINE' ORDER BY day DESC");
        if (!kept.step())
            return;
        const Run run{hall, localDateFromIso(kept.text(0)), static_cast<int>(kept.integer(1)),
                      static_cast<int>(kept.integer(2)), 3};
        kept.bind();
        int cells = 0;
        atPortal([&] { cells = _portal->release(tenant, run, "Erika", "needed", _now); });
        if (cells > 0) {
            _released = true;
            tell("Erika releases " + std::to_string(cells) + " cells");
        }
        return;
    }
    const bool unshown = _portal->isReconciling(tenant);
    atPortal([&] { _portal->revoke(node.id, "operator", "stolen", _now); });
    auto row = _portalDatabase->prepare("SELECT state FROM quota_node WHERE client_id = ?");
    if (!row.bind(node.id).step() || row.text(0) != "revoked")
        return;
    node.revoked = true;
    ++_result.revocations;
    tell(node.id + " is stolen and revoked");
    if (unshown) { // two disasters at once
        node.isUnknown = true;
        forgetWhatIsLost();
    }
}

// --- what must hold

void World::check(bool atRest)
{
    std::map<CellKey, int> live, sellers;
    for (const auto& [id, ticket] : _tickets) {
        if (!ticket.live)
            continue;
        for (int idx = ticket.run.first; idx < ticket.run.first + ticket.run.count; ++idx)
            ++live[{toIso(ticket.run.day), ticket.run.lane, idx}];
    }
    if (!_released) {
        for (const auto& [cell, count] : live) {
            if (count > 1)
                broken("I1: two confirmed bookings of " + std::get<0>(cell) + " lane " +
                       std::to_string(std::get<1>(cell)) + " cell " +
                       std::to_string(std::get<2>(cell)));
        }
    }
    const bool reconciling = _portal->isReconciling(tenant);
    struct PortalCell {
        std::string state, client, incarnation, booking;
    };
    std::map<CellKey, PortalCell> cells;
    {
        auto rows = _portalDatabase->prepare(
            "SELECT day, lane, idx, state, client_id, incarnation, booking FROM quota_cell");
        while (rows.step())
            cells[{rows.text(0), static_cast<int>(rows.integer(1)),
                   static_cast<int>(rows.integer(2))}] = {rows.text(3), rows.text(4), rows.text(5),
                                                          rows.text(6)};
    }
    for (int i = 0; i < nodes; ++i) {
        if (_nodes[i].isUnknown)
            continue;
        auto rows = _nodes[i].database->prepare(
            "SELECT day, lane, idx FROM cell WHERE state = 'OWN' OR (lease IS NOT NULL AND until IS"
            " NOT NULL)");
        while (rows.step()) {
            const CellKey key{rows.text(0), static_cast<int>(rows.integer(1)),
                              static_cast<int>(rows.integer(2))};
            if (++sellers[key] > 1)
                broken("I2: two nodes may sell " + std::get<0>(key) + " lane " +
                       std::to_string(std::get<1>(key)) + " cell " +
                       std::to_string(std::get<2>(key)));
            if (!reconciling && !cells.contains(key) && !_released)
                broken("I2: " + _nodes[i].id + " and the portal may sell " + std::get<0>(key) +
                       " lane " + std::to_string(std::get<1>(key)) + " cell " +
                       std::to_string(std::get<2>(key)));
        }
    }
    if (!reconciling) {
        std::map<std::pair<std::string, std::string>, std::int64_t> next;
        auto streams =
            _portalDatabase->prepare("SELECT client_id, incarnation, next FROM quota_stream");
        while (streams.step())
            next[{streams.text(0), streams.text(1)}] = streams.integer(2);
        for (const auto& [id, ticket] : _tickets) {
            if (!ticket.live || _released)
                continue;
            const std::string client = ticket.node < 0 ? "" : _nodes[ticket.node].id;
            for (int idx = ticket.run.first; idx < ticket.run.first + ticket.run.count; ++idx) {
                const auto found = cells.find({toIso(ticket.run.day), ticket.run.lane, idx});
                bool held = false;
                if (found != cells.end()) {
                    const PortalCell& cell = found->second;
                    const bool toCome =
                        next[{client, ticket.stream}] <= ticket.record && ticket.node >= 0;
                    held = (cell.state == "SOLD" && cell.booking == id) ||
                           (cell.client == client && cell.incarnation == ticket.stream &&
                            (cell.state == "QUARANTINE" ||
                             (cell.state == "LEASED" && toCome && !atRest)));
                    // A past day's cells may be forgotten; they are not here.
                }
                if (!held) {
                    broken("I3: nobody keeps " + id.substr(36) + " of " +
                           (client.empty() ? "the portal" : client) +
                           " free: " + toIso(ticket.run.day) + " lane " +
                           std::to_string(ticket.run.lane) + " cell " + std::to_string(idx) +
                           " is " + (found == cells.end() ? "FREE" : found->second.state));
                    break;
                }
            }
        }
        for (const auto& what : _portal->unsound())
            broken("I4: unsound at the portal: " + what);
    }
    for (int i = 0; i < nodes; ++i) {
        for (const auto& what : _nodes[i].appointments->unsound())
            broken("I4: unsound at " + _nodes[i].id + ": " + what);
    }
    if (!_released) {
        auto rows =
            _portalDatabase->prepare("SELECT id FROM quota_booking WHERE state = 'CONFLICT'");
        while (rows.step()) {
            const auto ticket = _tickets.find(rows.text(0));
            if (ticket == _tickets.end() || !ticket->second.forgotten)
                broken("R11: a conflict without a release: " + rows.text(0).substr(36));
        }
    }
}

void World::step()
{
    // Minutes, sometimes hours, seldom days.
    const unsigned pace = draw(100);
    _now += pace < 90   ? Milliseconds(1 + draw(20 * 60'000))
            : pace < 99 ? Milliseconds(draw(4 * 3'600'000))
                        : Milliseconds(draw(36 * 3'600'000));
    const int i = static_cast<int>(draw(nodes));
    Node& node = _nodes[i];
    _portal->tick(_now);
    const unsigned what = draw(1000);
    if (what < 230)
        nodeBooks(i);
    else if (what < 260)
        nodeReserves(i);
    else if (what < 290)
        nodeConfirms(i);
    else if (what < 390)
        nodeChanges(i);
    else if (what < 430)
        portalSells();
    else if (what < 480)
        portalCancels();
    else if (what < 495)
        portalMoves();
    else if (what < 615)
        portalGrants();
    else if (what < 635)
        portalRecalls();
    else if (what < 700)
        writes(i);
    else if (what < 810)
        arrives();
    else if (what < 930)
        round(i, false);
    else if (what < 945)
        atNode(i, [&] { _result.returned += node.quota->giveBack(someRun(), timeOf(node)); });
    else if (what < 960)
        copyNode(i);
    else if (what < 970)
        restoreNode(i);
    else if (what < 978) {
        const std::string name = "copy-" + std::to_string(++_copies) + ".db";
        _portalDatabase->execute("VACUUM INTO '" + name + "'");
        {
            store::DatabaseSettings settings;
            settings.path = name;
            settings.vfs = _portalDisk->vfs();
            store::Database copy(settings);
            copy.execute("UPDATE meta SET value = value");
            copy.checkpoint();
        }
        _portalCopies.push_back(name);
        tell("a copy of the portal");
    } else if (what < 980) {
        if (_settings.seed % 3 == 0)
            restorePortal();
    } else if (what < 986) {
        if (_settings.seed % 10 == 1 || (_nodes[1].revoked && chance(50)))
            revoke(1); // the first time; then its cells are released
    } else if (what < 990) {
        ++_result.clockJumps;
        node.clockWrong =
            chance(50) ? Milliseconds(0)
                       : Milliseconds(static_cast<std::int64_t>(draw(731) - 365.0) * 86'400'000);
    } else {
        node.cutUntil = _now + Milliseconds(draw(10 * 24) * 3'600'000LL);
        tell(node.id + " is cut off");
    }
}

/// The lines are mended, and everybody talks until nothing is left to say.
void World::heal()
{
    tell("everything is mended");
    _calm = true;
    for (Node& node : _nodes) {
        node.cutUntil = _now;
        node.clockWrong = Milliseconds(0);
    }
    _pool.clear();
    for (int turn = 0; turn < 4; ++turn) {
        for (int i = 0; i < nodes; ++i)
            round(i, true);
    }
    if (_portal->isReconciling(tenant))
        broken("R10: the portal never learned what its nodes hold");
    check(true);
    // Time passes, what was not sold goes back.
    for (int i = 0; i < nodes; ++i) {
        Node& node = _nodes[i];
        node.appointments->sweep(timeOf(node) + 1h); // reservations have an end
        node.quota->giveBackSoon(timeOf(node) + 24h * (daysAhead + 3));
        round(i, true);
        round(i, true);
    }
    auto rows = _portalDatabase->prepare(
        "SELECT client_id, day, lane, idx FROM quota_cell WHERE state = 'LEASED'");
    while (rows.step())
        broken("L1: still leased to " + rows.text(0) + ": " + rows.text(1) + " lane " +
               rows.text(2) + " cell " + rows.text(3));
    for (int i = 0; i < nodes; ++i) {
        Node& node = _nodes[i];
        node.journal->verify(outbox::Extent::All);
        auto stream = _portalDatabase->prepare(
            "SELECT next, hash FROM quota_stream WHERE client_id = ? AND incarnation = ? AND"
            " closed_at IS NULL");
        if (!stream.bind(node.id, node.incarnation).step()) {
            if (!node.revoked)
                broken("L1: " + node.id + " is not heard any more");
            continue;
        }
        if (toHex(node.journal->hashAt(stream.integer(0) - 1).value_or(Bytes())) != stream.text(1))
            broken("I5: the portal's end of the chain is not " + node.id + "'s");
        if (stream.integer(0) != node.journal->head().number + 1)
            broken("L1: records of " + node.id + " were not told");
    }
    check(true);
}

QuotaWorldResult World::run()
{
    try {
        for (int n = 0; n < _settings.steps && _result.broken.empty(); ++n) {
            step();
            check(false);
        }
        if (_result.broken.empty())
            heal();
    } catch (const Error& failure) {
        broken("a failure that nobody expected: " + std::string(failure.name()) + ", " +
               failure.message());
    }
    _result.conflicts = static_cast<int>(_portal->conflicts());
    return _result;
}

} // namespace

QuotaWorldResult liveQuotaWorld(const QuotaWorldSettings& settings)
{
    World world(settings);
    return world.run();
}

Fault quotaFaultFromName(const std::string& text)
{
    for (const auto& [fault, name] : faultNames) {
        if (name == text)
            return fault;
    }
    throw Error(ErrorCode::NotFound, "no such fault");
}

} // namespace amt::sim
