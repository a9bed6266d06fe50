// SPDX-License-Identifier: EUPL-1.2
//
// What a message of a node does to the portal's calendar; each rule of appointments-escrow.md 2
// stands where it is kept.
#include "sync/gateway/quota.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "appliance/office/calendar/rules.h"
#include "sync/envelope/chain.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/quota_statements.h"

#include <algorithm>
#include <set>

namespace amt::gateway {
namespace {

using namespace office::quota;

constexpr std::string_view sold = "SOLD", leased = "LEASED";
constexpr std::string_view booked = "BOOKED", cancelled = "CANCELLED", conflict = "CONFLICT",
                           superseded = "SUPERSEDED";
constexpr std::string_view lifeKey = "life", forgottenKey = "forgotten";
constexpr std::int64_t lostLeasesMax = 1'000'000'000;
constexpr std::size_t challengeBytes = 16;

std::string describe(const Run& run)
{
    return run.scope + " " + toIso(run.day) + " lane " + std::to_string(run.lane) + " cells " +
           std::to_string(run.first) + "+" + std::to_string(run.count);
}

/// Whether the plan of its day opens the run, as one of the lanes that may leave.
bool opensIn(const office::DayPlan& plan, const Run& run, int percent)
{
    if (run.first + run.count > plan.cells.count())
        return false;
    for (int idx = run.first; idx < run.first + run.count; ++idx) {
        // The last lanes of the public are those that may leave.
        const int open = plan.lanes[static_cast<std::size_t>(idx)].open;
        const int leasable = (open * percent + 99) / 100;
        if (run.lane >= open || run.lane < open - leasable)
            return false;
    }
    return true;
}

/// Rows of scope, day, lane, idx in their order, as runs.
void addTo(std::vector<Run>& runs, const std::string& scope, const std::string& day, int lane,
           int idx)
{
    const LocalDate date = localDateFromIso(day);
    if (!runs.empty()) {
        Run& last = runs.back();
        if (last.scope == scope && last.day == date && last.lane == lane &&
            last.first + last.count == idx) {
            ++last.count;
            return;
        }
    }
    runs.push_back({scope, date, lane, idx, 1});
}

} // namespace

struct Quota::Node {
    std::string tenant, state, shownLife, challenge;
};

struct Quota::Stream {
    Mark from;
    std::int64_t next = 0;
    std::string hash;
    std::int64_t grants = 0;
    bool closed = false;
};

struct Quota::Cell {
    std::string state;
    std::optional<std::string> client, incarnation;
    std::int64_t lease = 0;
    std::optional<std::string> booking;

    bool isLeasedTo(const std::string& who, const std::string& life, std::int64_t serial) const
    {
        return state == leased && client == who && incarnation == life && lease == serial;
    }
};

Quota::Quota(Books& books, QuotaSettings settings, RandomSource& random)
    : _books(books), _settings(std::move(settings)), _random(random)
{}

// --- small rows

std::int64_t Quota::number(const std::string& key)
{
    auto row = _books.prepare(sql::quotaMeta).bind(key);
    return row.step() ? row.integer(0) : 0;
}

void Quota::setNumber(const std::string& key, std::int64_t value)
{
    _books.prepare(sql::setQuotaMeta).bind(key, std::to_string(value)).run();
}

Life Quota::life()
{
    auto row = _books.prepare(sql::quotaMeta).bind(lifeKey);
    if (row.step())
        return {number("epoch"), row.text(0)};
    const Life first{1, randomUuid(_random)};
    setNumber("epoch", first.epoch);
    _books.prepare(sql::setQuotaMeta).bind(lifeKey, first.id).run();
    return first;
}

std::optional<Quota::Node> Quota::node(const std::string& client)
{
    auto row = _books.prepare(sql::quotaNode).bind(client);
    if (!row.step())
        return std::nullopt;
    return Node{row.text(0), row.text(1), row.text(2), row.text(3)};
}

std::optional<Quota::Stream> Quota::stream(const std::string& client,
                                           const std::string& incarnation)
{
    auto row = _books.prepare(sql::quotaStream).bind(client, incarnation);
    if (!row.step())
        return std::nullopt;
    return Stream{.from = {row.integer(0), row.text(1)},
                  .next = row.integer(2),
                  .hash = row.text(3),
                  .grants = row.integer(4),
                  .closed = !row.isNull(5)};
}

/// Throws StepOutOfOrder: REGISTER comes first.
Quota::Stream Quota::openStream(const std::string& client, const std::string& incarnation)
{
    auto known = stream(client, incarnation);
    if (!known)
        throw Error(ErrorCode::StepOutOfOrder, "this life of the node is not registered");
    return *known;
}

void Quota::audit(const std::string& tenant, const std::string& act, const std::string& by,
                  const std::string& reason, const std::string& details, UtcTime now)
{
    _books.prepare(sql::addQuotaAudit).bind(tenant, now, act, by, reason, details).run();
}

/// What a lease was numbered that somebody holds or held is never given again. Only after a restore
/// is there anything to learn, and not more than a portal can have leased since its copy.
void Quota::seenLeases(const std::vector<std::int64_t>& serials)
{
    if (serials.empty())
        return;
    const std::int64_t newest = *std::ranges::max_element(serials);
    if (newest > number("lease") + lostLeasesMax)
        throw Error(ErrorCode::InputMalformed, "a lease out of thin air");
    if (newest > number("lease"))
        setNumber("lease", newest);
}

std::string Quota::answer(const QuotaClient& client, const std::string& incarnation, UtcTime now,
                          std::vector<std::string> leases)
{
    const Life current = life();
    const auto known = node(client.id);
    const auto told = stream(client.id, incarnation);
    Answer answer{.incarnation = incarnation,
                  .portal = current,
                  .portalTime = now,
                  .challenge = {},
                  .fenced = !told || told->closed || !known || known->state != "open",
                  .showLeases = known && known->shownLife != current.id,
                  .next = told ? told->next : 0,
                  .grants = told ? told->grants : 0,
                  .recall = {},
                  .leases = std::move(leases)};
    if (!answer.fenced) {
        auto rows = _books.prepare(sql::quotaRecalled).bind(client.id, incarnation);
        while (rows.step())
            addTo(answer.recall, rows.text(0), rows.text(1), static_cast<int>(rows.integer(2)),
                  static_cast<int>(rows.integer(3)));
    }
    return write(answer);
}

// --- cells

std::map<int, Quota::Cell> Quota::cellsOf(const std::string& tenant, const Run& run)
{
    std::map<int, Cell> cells;
    auto rows =
        _books.prepare(sql::quotaCells)
            .bind(tenant, run.scope, toIso(run.day), run.lane, run.first, run.first + run.count);
    while (rows.step())
        cells[static_cast<int>(rows.integer(0))] = {.state = rows.text(1),
                                                    .client = rows.optionalText(2),
                                                    .incarnation = rows.optionalText(3),
                                                    .lease = rows.integer(4),
                                                    .booking = rows.optionalText(5)};
    return cells;
}

void Quota::put(const std::string& tenant, const Run& run, int idx, const Cell& cell)
{
    _books.prepare(sql::putQuotaCell)
        .bind(tenant, run.scope, toIso(run.day), run.lane, idx, cell.state, cell.client,
              cell.incarnation, cell.lease, cell.booking)
        .run();
}

void Quota::note(const std::string& id, const std::string& tenant,
                 const std::optional<std::string>& client, const std::string& state, const Run& run,
                 UtcTime now)
{
    _books.prepare(sql::putQuotaBooking)
        .bind(id, tenant, client, state, run.scope, toIso(run.day), run.lane, run.first, run.count,
              now)
        .run();
}

void Quota::supersede(const std::string& booking, UtcTime now)
{
    auto row = _books.prepare(sql::quotaBooking).bind(booking);
    if (!row.step())
        return;
    _books.prepare(sql::setQuotaBooking).bind(superseded, now, booking).run();
    _books.prepare(sql::freeQuotaBooking).bind(row.text(0), booking).run();
    audit(row.text(0), "supersede", "reconcile", "a newer lease of its cells is held", booking,
          now);
}

std::optional<office::DayPlan> Quota::planOf(const std::string& tenant, const Run& run)
{
    auto row = _books.prepare(sql::quotaScope).bind(tenant, run.scope);
    if (!row.step())
        return std::nullopt;
    return office::planFor(office::openingRulesFromJson(*json::parseObject(row.text(2))), run.day);
}

bool Quota::opens(const std::string& tenant, const Run& run, int percent)
{
    const auto plan = planOf(tenant, run);
    return plan && opensIn(*plan, run, percent);
}

bool Quota::opensFor(const std::string& tenant, const Run& run, office::Booker booker)
{
    const auto plan = planOf(tenant, run);
    return plan && plan->opens(run.lane, run.first, run.count, booker);
}

// --- lives of nodes

void Quota::fence(const std::string& client, const std::string& incarnation, const std::string& why,
                  UtcTime now)
{
    const int closed =
        _books.prepare(sql::closeQuotaStream).bind(now, why, client, incarnation).run();
    if (closed == 0)
        return;
    const bool frees = _settings.fault == Fault::FreeOnRestore;
    const int cells =
        _books.prepare(frees ? sql::freeQuotaCellsOfClient : sql::quarantineQuotaCells)
            .bind(client, incarnation)
            .run();
    const auto known = node(client);
    audit(known ? known->tenant : "", "fence", "portal", why,
          client + " " + incarnation + " cells " + std::to_string(cells), now);
    log::error("quota.fenced",
               {{"client", client}, {"why", why}, {"cells", std::to_string(cells)}});
}

std::string Quota::registered(const QuotaClient& client, const std::string& body, UtcTime now)
{
    const Register message = readRegister(body);
    if (message.node != client.id)
        throw Error(ErrorCode::InputMalformed, "another node's name");
    return _books.transact([&] {
        Life current = life();
        if (message.portal.epoch >= current.epoch && message.portal.id != current.id) {
            // It knows a life of these books that they do not: they were put back from a copy, and
            // ours has to come after it.
            current.epoch = message.portal.epoch + 1;
            setNumber("epoch", current.epoch);
        }
        auto known = node(client.id);
        if (!known) {
            const std::string shown = message.portal.epoch == 0 ? current.id : "";
            _books.prepare(sql::addQuotaNode).bind(client.id, client.tenantId, shown).run();
            known = node(client.id);
        }
        if (known->state != "open")
            return answer(client, message.incarnation, now);
        if (const auto told = stream(client.id, message.incarnation)) {
            if (told->closed)
                return answer(client, message.incarnation, now);
            if (message.grants > told->grants && known->shownLife == life().id) {
                // It took what these books never gave: nobody said that they were put back.
                log::error("quota.restored-without-notice", {{"client", client.id}});
                beginReconcile(client.id, now);
            }
            const bool rolledBack = message.head.number + 1 < told->next;
            const bool forked =
                message.from != told->from ||
                (message.head.number + 1 == told->next && message.head.hash != told->hash);
            // A registration that was under way while records went on shows an older head.
            if (forked)
                fence(client.id, message.incarnation, "fork of the journal", now);
            else if (rolledBack)
                log::warning("quota.head-behind", {{"client", client.id}});
            return answer(client, message.incarnation, now);
        }
        if (known->challenge.empty() || message.challenge != known->challenge) {
            const std::string challenge = toHex(randomBytes(_random, challengeBytes));
            _books.prepare(sql::setQuotaChallenge).bind(challenge, client.id).run();
            return write(Answer{.incarnation = message.incarnation,
                                .portal = current,
                                .portalTime = now,
                                .challenge = challenge,
                                .fenced = false,
                                .showLeases = false,
                                .next = 0,
                                .grants = 0,
                                .recall = {},
                                .leases = {}});
        }
        // R8: a new life closes the one before it.
        std::vector<std::string> before;
        {
            auto rows = _books.prepare(sql::openQuotaStreams).bind(client.id);
            while (rows.step())
                before.push_back(rows.text(0));
        }
        for (const auto& incarnation : before)
            fence(client.id, incarnation, "a new life registered", now);
        _books.prepare(sql::setQuotaChallenge).bind(std::string(), client.id).run();
        _books.prepare(sql::addQuotaStream)
            .bind(client.id, message.incarnation, message.publicKey, message.from.number,
                  message.from.hash, message.from.number + 1)
            .run();
        audit(client.tenantId, "register", client.id, "", message.incarnation, now);
        return answer(client, message.incarnation, now);
    });
}

// --- records

std::string Quota::reported(const QuotaClient& client, const std::string& body, UtcTime now)
{
    const Report message = readReport(body);
    for (const Record& record : message.records) {
        const Taken taken =
            _books.transact([&] { return take(client, message.incarnation, record, now); });
        if (taken == Taken::Stop)
            break;
    }
    return _books.transact([&] { return answer(client, message.incarnation, now); });
}

Quota::Taken Quota::take(const QuotaClient& client, const std::string& incarnation,
                         const Record& record, UtcTime now)
{
    const Stream told = openStream(client.id, incarnation);
    if (told.closed) {
        keepAsEvidence(client, incarnation, record, record.number < told.next, now);
        return Taken::More;
    }
    // R5: the next one only. What is smaller was taken before, what is larger comes too early.
    if (record.number < told.next) {
        if (_settings.fault == Fault::NoDedup && !record.kind.empty())
            apply(client, incarnation, record, true, now);
        return Taken::More;
    }
    if (record.number > told.next)
        return Taken::Stop;
    if (!record.kind.empty()) {
        const Bytes hash =
            envelope::chainHash(fromHex(told.hash), {.number = record.number,
                                                     .kind = record.kind,
                                                     .id = record.id,
                                                     .time = record.time,
                                                     .timeQuality = record.timeQuality,
                                                     .details = record.details});
        if (toHex(hash) != record.hash) {
            fence(client.id, incarnation, "fork of the journal", now);
            return Taken::Stop;
        }
        const auto known = node(client.id);
        apply(client, incarnation, record, known && known->shownLife == life().id, now);
    }
    const int moved = _books.prepare(sql::moveQuotaStream)
                          .bind(told.next + 1, record.hash, client.id, incarnation, told.next)
                          .run();
    AMT_ASSERT(moved == 1);
    return Taken::More;
}

void Quota::keepAsEvidence(const QuotaClient& client, const std::string& incarnation,
                           const Record& record, bool isApplied, UtcTime now)
{
    if (record.kind.empty())
        return;
    const int added = _books.prepare(sql::addQuotaEvidence)
                          .bind(client.id, incarnation, record.number, record.hash, record.kind,
                                record.details, now)
                          .run();
    const bool books = record.kind == "BOOK";
    if (added == 0 || isApplied || (!books && record.kind != "MOVE" && record.kind != "CANCEL"))
        return;
    const Body body = readBody(record.kind, record.details);
    const std::string id = books ? bookingId(incarnation, record.number) : body.booking;
    auto known = _books.prepare(sql::quotaBooking).bind(id);
    const bool isKnown = known.step();
    if (record.kind == "CANCEL") { // nobody comes to where nobody kept a place
        if (isKnown && known.text(1) == conflict)
            _books.prepare(sql::setQuotaBooking).bind(cancelled, now, id).run();
        return;
    }
    if (books && isKnown)
        return;
    // R11: its place is kept free, unless somebody released it (R9) or it was never its own.
    const auto cells = cellsOf(client.tenantId, body.run);
    const bool kept =
        std::ssize(cells) == body.run.count && std::ranges::all_of(cells, [&](const auto& each) {
            const Cell& cell = each.second;
            return (cell.state == "QUARANTINE" && cell.incarnation == incarnation) ||
                   (cell.state == sold && cell.booking == id);
        });
    if (kept)
        return;
    note(id, client.tenantId, client.id, std::string(conflict), body.run, now);
    log::error("quota.conflict", {{"booking", id}, {"why", "its stream is closed"}});
}

void Quota::apply(const QuotaClient& client, const std::string& incarnation, const Record& record,
                  bool shown, UtcTime now)
{
    const std::string& tenant = client.tenantId;
    if (record.kind == "RULES")
        return takeRules(client, record, now);
    const Body body = readBody(record.kind, record.details);
    if (!shown)
        seenLeases(body.leases);
    if (record.kind == "BOOK") {
        book(client, incarnation, bookingId(incarnation, record.number), body, shown, now);
    } else if (record.kind == "MOVE") {
        // The new cells first, so that a booking never stands nowhere. A move that follows a
        // cancellation at the portal brings the booking back: what a node confirmed is kept.
        book(client, incarnation, body.booking, body, shown, now);
        for (const auto& [idx, cell] : cellsOf(tenant, *body.from)) {
            const bool stays = body.from->day == body.run.day && body.from->lane == body.run.lane &&
                               idx >= body.run.first && idx < body.run.first + body.run.count;
            if (!stays && cell.state == sold && cell.booking == body.booking)
                _books.prepare(sql::freeQuotaCell)
                    .bind(tenant, body.from->scope, toIso(body.from->day), body.from->lane, idx)
                    .run();
        }
    } else if (record.kind == "CANCEL") {
        // R6: a cancellation names its booking; whoever stands there now is not meant.
        if (_settings.fault == Fault::NoBookingId) {
            for (const auto& [idx, cell] : cellsOf(tenant, body.run)) {
                if (cell.state == sold)
                    _books.prepare(sql::freeQuotaCell)
                        .bind(tenant, body.run.scope, toIso(body.run.day), body.run.lane, idx)
                        .run();
            }
        }
        _books.prepare(sql::freeQuotaBooking).bind(tenant, body.booking).run();
        _books.prepare(sql::setQuotaBooking).bind(cancelled, now, body.booking).run();
    } else if (record.kind == "RETURN") {
        auto serial = body.leases.begin();
        for (const auto& [idx, cell] : cellsOf(tenant, body.run)) {
            if (body.leases.empty())
                break;
            serial = body.leases.begin() + (idx - body.run.first);
            if (cell.isLeasedTo(client.id, incarnation, *serial) ||
                (_settings.fault == Fault::NoDedup && cell.state == leased &&
                 cell.client == client.id))
                _books.prepare(sql::freeQuotaCell)
                    .bind(tenant, body.run.scope, toIso(body.run.day), body.run.lane, idx)
                    .run();
        }
    }
}

/// `id` stands in these cells from now on, if they are leased to the sender; else a conflict (R11).
/// While the node has not shown what it holds to books that were put back (R10), a newer lease than
/// these books know wins over whatever stands there.
void Quota::book(const QuotaClient& client, const std::string& incarnation, const std::string& id,
                 const Body& body, bool shown, UtcTime now)
{
    const std::string& tenant = client.tenantId;
    const Run& run = body.run;
    const bool tombstone = _books.prepare(sql::dropQuotaTombstone).bind(id, tenant).run() > 0;
    if (tombstone && !body.from) {
        // R6: cancelled here before it was told.
        for (const auto& [idx, cell] : cellsOf(tenant, run)) {
            const std::size_t at = static_cast<std::size_t>(idx - run.first);
            if (at < body.leases.size() && cell.isLeasedTo(client.id, incarnation, body.leases[at]))
                _books.prepare(sql::freeQuotaCell)
                    .bind(tenant, run.scope, toIso(run.day), run.lane, idx)
                    .run();
        }
        note(id, tenant, client.id, std::string(cancelled), run, now);
        return;
    }
    const auto cells = cellsOf(tenant, run);
    std::set<std::string> superseding;
    std::set<int> good;
    bool older = false;
    for (int idx = run.first; idx < run.first + run.count; ++idx) {
        const std::size_t at = static_cast<std::size_t>(idx - run.first);
        const std::int64_t serial = at < body.leases.size() ? body.leases[at] : 0;
        const auto found = cells.find(idx);
        if (found == cells.end()) {
            if (!shown && serial > 0)
                good.insert(idx);
            continue;
        }
        const Cell& cell = found->second;
        if (cell.isLeasedTo(client.id, incarnation, serial) ||
            (cell.state == sold && cell.booking == id)) {
            good.insert(idx);
        } else if (!shown && serial > cell.lease) {
            good.insert(idx);
            if (cell.booking)
                superseding.insert(*cell.booking);
        } else if (!shown && serial < cell.lease) {
            older = true;
        }
    }
    for (const auto& other : superseding)
        supersede(other, now);
    const bool whole = std::ssize(good) == run.count;
    // R10: cells of an older lease than the one that is known: it had ended before the restore.
    const std::string_view state = whole ? booked : older ? superseded : conflict;
    if (state != superseded) {
        for (const int idx : good)
            put(tenant, run, idx,
                {.state = std::string(sold),
                 .client = client.id,
                 .incarnation = incarnation,
                 .lease = body.leases.empty()
                              ? number("lease")
                              : body.leases[static_cast<std::size_t>(idx - run.first)],
                 .booking = id});
    }
    note(id, tenant, client.id, std::string(state), run, now);
    if (state == conflict)
        log::error("quota.conflict", {{"booking", id}, {"cells", describe(run)}});
}

void Quota::takeRules(const QuotaClient& client, const Record& record, UtcTime now)
{
    const Body body = readBody(record.kind, record.details);
    if (toHex(envelope::sha256(view(record.rules))) != body.rulesDigest)
        throw Error(ErrorCode::InputMalformed, "rules that the record does not name");
    auto row = _books.prepare(sql::quotaScope).bind(client.tenantId, record.id);
    const bool isKnown = row.step();
    if (isKnown && row.text(0) != client.id) {
        // Edited at one node only: its home.
        audit(client.tenantId, "foreign-rules", client.id, "", record.id, now);
        log::error("quota.foreign-rules", {{"client", client.id}});
        return;
    }
    if (isKnown && body.version < row.integer(1))
        return; // of a home that was put back; it learns the newer ones by CALENDAR
    _books.prepare(sql::putQuotaScope)
        .bind(client.tenantId, record.id, client.id, body.version, record.rules)
        .run();
}

// --- grants

std::string Quota::grantsAsked(const QuotaClient& client, const std::string& body, UtcTime now)
{
    const GrantsQuestion message = readGrantsQuestion(body);
    return _books.transact([&] {
        const Stream told = openStream(client.id, message.incarnation);
        std::vector<std::string> tokens;
        if (!told.closed) {
            auto rows = _books.prepare(sql::quotaGrantsFrom)
                            .bind(client.id, message.incarnation, message.from, grantsMax);
            while (rows.step())
                tokens.push_back(rows.text(0));
        }
        return answer(client, message.incarnation, now, std::move(tokens));
    });
}

bool Quota::grant(const std::string& client, const std::vector<Run>& runs, UtcTime now)
{
    return _books.transact([&] { return grantIn(client, runs, now); });
}

bool Quota::grantIn(const std::string& client, const std::vector<Run>& runs, UtcTime now)
{
    const auto known = node(client);
    if (!known || known->state != "open" || runs.empty() || isReconciling(known->tenant))
        return false;
    std::string incarnation;
    {
        auto open = _books.prepare(sql::openQuotaStreams).bind(client);
        if (!open.step())
            return false;
        incarnation = open.text(0);
    }
    // R1: what is free here, and nothing else.
    UtcTime end = now;
    for (const Run& run : runs) {
        if (!opens(known->tenant, run, _settings.leasablePercent) ||
            !cellsOf(known->tenant, run).empty())
            return false;
        end = std::max(end, office::DayCells(run.day).startOf(run.first + run.count));
    }
    const Stream told = openStream(client, incarnation);
    const Lease lease{.node = client,
                      .incarnation = incarnation,
                      .number = told.grants,
                      .serial = number("lease") + 1,
                      .portalLife = life().id,
                      .sellUntil = std::min(end, now + _settings.sellFor),
                      .runs = runs};
    setNumber("lease", lease.serial);
    for (const Run& run : runs) {
        for (int idx = run.first; idx < run.first + run.count; ++idx)
            put(known->tenant, run, idx,
                {.state = std::string(leased),
                 .client = client,
                 .incarnation = incarnation,
                 .lease = lease.serial,
                 .booking = {}});
    }
    _books.prepare(sql::addQuotaGrant)
        .bind(client, incarnation, lease.number, lease.serial, lease.sellUntil,
              _settings.sign(write(lease)))
        .run();
    _books.prepare(sql::setQuotaGrants).bind(lease.number + 1, client, incarnation).run();
    return true;
}

void Quota::recall(const std::string& client, const Run& run)
{
    _books.transact([&] {
        _books.prepare(sql::recallQuotaRun)
            .bind(client, run.scope, toIso(run.day), run.lane, run.first, run.first + run.count)
            .run();
    });
}

std::string Quota::wanted(const QuotaClient& client, const std::string& body, UtcTime now)
{
    const Want message = readWant(body);
    return _books.transact([&] {
        const Stream told = openStream(client.id, message.incarnation);
        for (const auto& scope : message.scopes) {
            if (told.closed || isReconciling(client.tenantId))
                break;
            auto row = _books.prepare(sql::quotaScope).bind(client.tenantId, scope.scope);
            if (!row.step())
                continue;
            const auto rules = office::openingRulesFromJson(*json::parseObject(row.text(2)));
            for (int ahead = 0; ahead <= _settings.horizonDays; ++ahead) {
                const LocalDate day = plusDays(localDate(now), ahead);
                std::vector<int> used;
                for (const auto& each : scope.used) {
                    if (std::chrono::weekday(each.day) == std::chrono::weekday(day))
                        used.push_back(each.count);
                }
                const int target = office::quota::target(std::move(used));
                std::vector<Run> held;
                auto rows = _books.prepare(sql::quotaLeasedOfDay)
                                .bind(client.id, message.incarnation, scope.scope, toIso(day));
                while (rows.step())
                    addTo(held, scope.scope, toIso(day), static_cast<int>(rows.integer(0)),
                          static_cast<int>(rows.integer(1)));
                int have = 0;
                for (const Run& run : held)
                    have += run.count / scope.runCells;
                if (2 * have > 3 * target) { // R3: asked for, not taken
                    for (const Run& run : held) {
                        const int surplus = std::min(have - target, run.count / scope.runCells);
                        if (surplus > 0)
                            recall(client.id, {run.scope, run.day, run.lane,
                                               run.first + run.count - surplus * scope.runCells,
                                               surplus * scope.runCells});
                        have -= std::max(surplus, 0);
                    }
                    continue;
                }
                if (2 * have >= target)
                    continue;
                const office::DayPlan plan = office::planFor(rules, day);
                std::vector<Run> runs;
                const int earliest = plan.cells.firstFrom(now + std::chrono::hours(4));
                for (int lane = office::lanesMax - 1; lane >= 0 && have < target; --lane) {
                    for (int idx = earliest;
                         idx + scope.runCells <= plan.cells.count() && have < target;) {
                        const Run run{scope.scope, day, lane, idx, scope.runCells};
                        if (!opensIn(plan, run, _settings.leasablePercent) ||
                            !cellsOf(client.tenantId, run).empty()) {
                            ++idx;
                            continue;
                        }
                        runs.push_back(run);
                        ++have;
                        idx += scope.runCells;
                    }
                }
                if (!runs.empty())
                    grantIn(client.id, runs, now);
            }
        }
        return answer(client, message.incarnation, now);
    });
}

std::string Quota::calendar(const QuotaClient& client, const std::string& body, UtcTime now)
{
    const CalendarQuestion question = readCalendarQuestion(body);
    return _books.transact([&] {
        auto row = _books.prepare(sql::quotaScope).bind(client.tenantId, question.scope);
        if (!row.step())
            throw Error(ErrorCode::NotFound, "no such scope");
        Calendar snapshot{.asOf = now,
                          .scope = question.scope,
                          .version = row.integer(1),
                          .rules = row.text(2),
                          .taken = {},
                          .isElsewhere = row.text(0) != client.id};
        auto rows = _books.prepare(sql::quotaTaken)
                        .bind(client.tenantId, question.scope, toIso(question.from),
                              toIso(plusDays(question.from, question.days)));
        while (rows.step())
            addTo(snapshot.taken, question.scope, rows.text(0), static_cast<int>(rows.integer(1)),
                  static_cast<int>(rows.integer(2)));
        return write(snapshot);
    });
}

// --- the portal's own sales

std::optional<std::string> Quota::sell(const std::string& tenant, const Run& run, UtcTime now,
                                       office::Booker booker)
{
    return _books.transact([&]() -> std::optional<std::string> {
        if (isReconciling(tenant) || !opensFor(tenant, run, booker) ||
            !cellsOf(tenant, run).empty())
            return std::nullopt;
        const std::int64_t count = number("booking") + 1;
        setNumber("booking", count);
        const std::string id = bookingId(life().id, count);
        for (int idx = run.first; idx < run.first + run.count; ++idx)
            put(tenant, run, idx,
                {.state = std::string(sold),
                 .client = {},
                 .incarnation = {},
                 .lease = number("lease"),
                 .booking = id});
        note(id, tenant, std::nullopt, std::string(booked), run, now);
        return id;
    });
}

bool Quota::cancel(const std::string& tenant, const std::string& bookingId, UtcTime now)
{
    checkBookingId(bookingId);
    return _books.transact([&] {
        auto row = _books.prepare(sql::quotaBooking).bind(bookingId);
        if (row.step()) {
            if (row.text(0) != tenant)
                return false;
            _books.prepare(sql::freeQuotaBooking).bind(tenant, bookingId).run();
            _books.prepare(sql::setQuotaBooking).bind(cancelled, now, bookingId).run();
        } else {
            _books.prepare(sql::addQuotaTombstone).bind(bookingId, tenant, now).run();
        }
        audit(tenant, "cancel", "citizen", "", bookingId, now);
        return true;
    });
}

bool Quota::move(const std::string& tenant, const std::string& bookingId, const Run& to,
                 UtcTime now, office::Booker booker)
{
    return _books.transact([&] {
        auto row = _books.prepare(sql::quotaBooking).bind(bookingId);
        if (!row.step() || row.text(0) != tenant || row.text(1) != booked ||
            isReconciling(tenant) || !opensFor(tenant, to, booker) || row.integer(6) != to.count ||
            row.text(2) != to.scope)
            return false;
        const auto standing = cellsOf(tenant, to);
        if (!std::ranges::all_of(
                standing, [&](const auto& each) { return each.second.booking == bookingId; }))
            return false;
        _books.prepare(sql::freeQuotaBooking).bind(tenant, bookingId).run();
        for (int idx = to.first; idx < to.first + to.count; ++idx)
            put(tenant, to, idx,
                {.state = std::string(sold),
                 .client = {},
                 .incarnation = {},
                 .lease = number("lease"),
                 .booking = bookingId});
        note(bookingId, tenant, row.optionalText(7), std::string(booked), to, now);
        audit(tenant, "move", "citizen", "", bookingId, now);
        return true;
    });
}

// --- the operator

void Quota::revoke(const std::string& client, const std::string& by, const std::string& reason,
                   UtcTime now)
{
    _books.transact([&] {
        const auto known = node(client);
        if (!known)
            throw Error(ErrorCode::NotFound, "no such node");
        std::vector<std::string> lives;
        {
            auto rows = _books.prepare(sql::openQuotaStreams).bind(client);
            while (rows.step())
                lives.push_back(rows.text(0));
        }
        for (const auto& incarnation : lives)
            fence(client, incarnation, "revoked", now);
        _books.prepare(sql::revokeQuotaNode).bind(client).run();
        _books.prepare(sql::blockClient).bind(client).run();
        _books.prepare(sql::dropTokensOf).bind(client).run();
        audit(known->tenant, "revoke", by, reason, client, now);
    });
}

int Quota::release(const std::string& tenant, const Run& run, const std::string& by,
                   const std::string& reason, UtcTime now)
{
    if (by.empty() || reason.empty())
        throw Error(ErrorCode::InputMalformed, "who releases, and why");
    return _books.transact([&] {
        const int cells =
            _books.prepare(sql::releaseQuotaRun)
                .bind(tenant, run.scope, toIso(run.day), run.lane, run.first, run.first + run.count)
                .run();
        audit(tenant, "release", by, reason, describe(run), now);
        return cells;
    });
}

void Quota::beginReconcile(const std::string& by, UtcTime now, const std::string& reason)
{
    _books.transact([&] {
        const Life before = life();
        setNumber("epoch", before.epoch + 1);
        _books.prepare(sql::setQuotaMeta).bind(lifeKey, randomUuid(_random)).run();
        audit("", "reconcile", by, reason, before.id, now);
    });
    log::warning("quota.reconcile");
}

bool Quota::isReconciling(const std::string& tenant)
{
    return _books.prepare(sql::quotaNodesUnshown).bind(tenant, life().id).step();
}

std::string Quota::leasesShown(const QuotaClient& client, const std::string& body, UtcTime now)
{
    const Leases message = readLeases(body);
    return _books.transact([&] {
        const Stream told = openStream(client.id, message.incarnation);
        const auto known = node(client.id);
        const Life current = life();
        // It speaks of the journal up to its head, so all of that was taken before; and it takes no
        // grant of another life any more.
        if (told.closed || !known || known->state != "open" || known->shownLife == current.id ||
            message.portal != current || told.next != message.head + 1)
            return answer(client, message.incarnation, now);
        const std::string& tenant = known->tenant;
        std::set<std::tuple<std::string, std::string, int, int>> owned;
        std::vector<std::int64_t> serials;
        for (const auto& [run, serial] : message.owned)
            serials.push_back(serial);
        seenLeases(serials);
        for (const auto& [run, serial] : message.owned) {
            auto standing = cellsOf(tenant, run);
            for (int idx = run.first; idx < run.first + run.count; ++idx) {
                owned.emplace(run.scope, toIso(run.day), run.lane, idx);
                if (const auto found = standing.find(idx); found != standing.end()) {
                    const Cell& cell = found->second;
                    if (cell.isLeasedTo(client.id, message.incarnation, serial))
                        continue;
                    if (cell.lease >= serial) {
                        audit(tenant, "unsound-lease", client.id, "", describe(run), now);
                        log::error("quota.unsound-lease", {{"client", client.id}});
                        continue;
                    }
                    if (cell.booking)
                        supersede(*cell.booking, now);
                }
                put(tenant, run, idx,
                    {.state = std::string(leased),
                     .client = client.id,
                     .incarnation = message.incarnation,
                     .lease = serial,
                     .booking = {}});
            }
        }
        std::vector<Run> gone;
        auto rows = _books.prepare(sql::quotaCellsOfClient).bind(client.id, message.incarnation);
        while (rows.step()) {
            const int lane = static_cast<int>(rows.integer(2));
            const int idx = static_cast<int>(rows.integer(3));
            if (!owned.contains({rows.text(0), rows.text(1), lane, idx}))
                gone.push_back({rows.text(0), localDateFromIso(rows.text(1)), lane, idx, 1});
        }
        for (const Run& run : gone) // granted by an earlier life, and never taken
            _books.prepare(sql::freeQuotaCell)
                .bind(tenant, run.scope, toIso(run.day), run.lane, run.first)
                .run();
        _books.prepare(sql::dropQuotaGrantsFrom)
            .bind(client.id, message.incarnation, message.grants)
            .run();
        _books.prepare(sql::setQuotaGrants)
            .bind(message.grants, client.id, message.incarnation)
            .run();
        _books.prepare(sql::setQuotaShown).bind(current.id, client.id).run();
        audit(tenant, "shown", client.id, "", std::to_string(owned.size()) + " cells", now);
        return answer(client, message.incarnation, now);
    });
}

void Quota::forget(LocalDate before)
{
    _books.transact([&] {
        _books.prepare(sql::forgetQuotaCells).bind(toIso(before)).run();
        _books.prepare(sql::forgetQuotaBookings).bind(toIso(before)).run();
        _books.prepare(sql::setQuotaMeta).bind(forgottenKey, toIso(before)).run();
    });
}

void Quota::tick(UtcTime now)
{
    if (_settings.fault == Fault::TimeoutReclaim)
        _books.transact([&] { _books.prepare(sql::reclaimQuotaCells).bind(now).run(); });
}

std::vector<Quota::NodeRow> Quota::nodes()
{
    std::vector<NodeRow> found;
    auto rows = _books.prepare(sql::quotaNodeRows);
    while (rows.step())
        found.push_back({.client = rows.text(0),
                         .tenant = rows.text(1),
                         .state = rows.text(2),
                         .incarnation = rows.text(3),
                         .closedWhy = rows.text(4),
                         .next = rows.isNull(5) ? 0 : rows.integer(5),
                         .grants = rows.isNull(6) ? 0 : rows.integer(6),
                         .leased = static_cast<int>(rows.integer(7)),
                         .quarantined = static_cast<int>(rows.integer(8))});
    return found;
}

std::vector<Quota::QuarantinedRun> Quota::quarantined()
{
    std::vector<QuarantinedRun> found;
    std::vector<Run> runs;
    auto rows = _books.prepare(sql::quotaQuarantined);
    while (rows.step()) {
        if (found.empty() || found.back().tenant != rows.text(0) ||
            found.back().client != rows.text(1))
            runs.clear();
        const std::size_t before = runs.size();
        addTo(runs, rows.text(2), rows.text(3), static_cast<int>(rows.integer(4)),
              static_cast<int>(rows.integer(5)));
        if (runs.size() > before)
            found.push_back({rows.text(0), rows.text(1), runs.back()});
        else
            found.back().run = runs.back();
    }
    return found;
}

std::int64_t Quota::conflicts()
{
    auto row = _books.prepare(sql::quotaConflicts);
    return row.step() ? row.integer(0) : 0;
}

std::vector<std::string> Quota::unsound()
{
    return _books.transact([&] {
        std::vector<std::string> found;
        // Days that were forgotten have no cells but those that are still leased.
        auto forgotten = _books.prepare(sql::quotaMeta).bind(forgottenKey);
        auto rows =
            _books.prepare(sql::quotaUnsound).bind(forgotten.step() ? forgotten.text(0) : "");
        while (rows.step())
            found.push_back(rows.text(0));
        return found;
    });
}

} // namespace amt::gateway
