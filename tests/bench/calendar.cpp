// SPDX-License-Identifier: EUPL-1.2
//
// The calendar: free times beside the same question to SQL, and a booking beside a bare write.
#include "appliance/core/log.h"
#include "appliance/node/node.h"
#include "appliance/office/calendar/appointments.h"
#include "tests/bench/bench.h"

#include <Poco/TemporaryFile.h>

#include <filesystem>

namespace amt::bench {

namespace {

using namespace amt::office;
using namespace std::chrono_literals;

constexpr int lanes = 12;
constexpr int days = 90;
constexpr int daysFull = 30;
constexpr int firstCell = 8 * 12;
constexpr int lastCell = 16 * 12; ///< not included
constexpr int combination = 5;    ///< cells of 25 minutes
const std::string hall = "buergerbuero";
const UtcTime now = fromIso("2026-11-22T23:00:00Z"); // a Monday begins

/// Open every day from 08:00 to 16:00; without the holidays' gaps, so that all three ways are asked
/// the same.
OpeningRules everyDay()
{
    OpeningRules rules;
    OpeningRule rule{.id = "every-day",
                     .weekdays = {},
                     .first = localDate(now),
                     .hours = {8h, 16h, lanes, lanes},
                     .onHolidays = OnHolidays::Open};
    for (unsigned weekday = 0; weekday < 7; ++weekday)
        rule.weekdays.emplace_back(weekday);
    rules.rules = {rule};
    rules.forPublic.days = 2 * days;
    return rules;
}

struct House {
    store::Database database;
    outbox::Journal journal{database};
    RuleBook rules{database, journal};
    Ledger ledger{database, rules};
    SystemRandom random;
    Appointments appointments{database, journal, rules, ledger, random};

    explicit House(const std::string& path) : database(at(path))
    {
        node::migrate(database);
        rules.save(hall, everyDay(), {}, "bench", "", now);
    }
};

/// Bookings of 15 to 60 minutes with gaps between them, until 70 % of the hours are booked; the
/// same rows in the ledger and in a table of slots that was made ahead.
void fill(House& house)
{
    house.database.execute(
        "CREATE TABLE slot (scope TEXT NOT NULL, day TEXT NOT NULL, lane INTEGER NOT NULL,"
        " idx INTEGER NOT NULL, booking TEXT, PRIMARY KEY (scope, day, lane, idx)) STRICT,"
        " WITHOUT ROWID;"
        "CREATE INDEX slot_free ON slot (scope, day, idx, lane) WHERE booking IS NULL");
    std::uint64_t state = 20261122;
    const auto below = [&](int bound) {
        state = state * 6364136223846793005 + 1442695040888963407;
        return static_cast<int>((state >> 33) % bound);
    };
    house.database.transact([&] {
        auto appointment = house.database.prepare(
            "INSERT INTO appointment (id, code, scope, day, lane, first_cell, cells, minutes,"
            " starts_at, services, booker, state, version, made_at, changed_at) VALUES (?1, ?1, ?2,"
            " ?3, ?4, ?5, ?6, 5 * ?6, ?7, '{\"services\":[]}', 'Public', 'Confirmed', 1, 1, 1)");
        auto cell = house.database.prepare("INSERT INTO cell (scope, day, lane, idx, state,"
                                           " booking) VALUES (?, ?, ?, ?, 'BOOKED', ?)");
        auto slot = house.database.prepare(
            "INSERT INTO slot (scope, day, lane, idx, booking) VALUES (?, ?, ?, ?, ?)");
        int booked = 0;
        for (int i = 0; i < days; ++i) {
            const LocalDate day = plusDays(localDate(now), i);
            for (int lane = 0; lane < lanes; ++lane) {
                for (int at = firstCell; at < lastCell;) {
                    const int count = std::min(lastCell - at, 3 + below(10));
                    const int gap = std::min(lastCell - at - count, below(7));
                    const std::string id = randomUuid(house.random);
                    appointment.bind(id, hall, toIso(day), lane, at, count,
                                     DayCells(day).startOf(at));
                    appointment.run();
                    for (int idx = at; idx < at + count; ++idx) {
                        cell.bind(hall, toIso(day), lane, idx, id).run();
                        slot.bind(hall, toIso(day), lane, idx, id).run();
                    }
                    for (int idx = at + count; idx < at + count + gap; ++idx)
                        slot.bind(hall, toIso(day), lane, idx, nullptr).run();
                    booked += count;
                    at += count + gap;
                }
            }
        }
        const double share = static_cast<double>(booked) / (days * lanes * (lastCell - firstCell));
        if (share < 0.69 || share > 0.73)
            throw Error(ErrorCode::StoreFailed, "not 70 % booked: " + std::to_string(share));
    });
}

/// Nothing is free any more on the next days.
void fillUp(House& house)
{
    const std::string end = toIso(plusDays(localDate(now), daysFull));
    house.database.transact([&] {
        house.database
            .prepare("INSERT INTO cell (scope, day, lane, idx, state, until) SELECT scope, day,"
                     " lane, idx, 'BLOCKED', 9000000000000 FROM slot WHERE booking IS NULL AND"
                     " day < ?")
            .bind(end)
            .run();
        house.database
            .prepare("UPDATE slot SET booking = 'blocked' WHERE booking IS NULL AND day < ?")
            .bind(end)
            .run();
    });
}

using Answer = std::vector<std::pair<std::string, int>>;

Answer asked(store::Statement& statement)
{
    Answer answer;
    while (statement.step())
        answer.emplace_back(statement.text(0), static_cast<int>(statement.integer(1)));
    return answer;
}

void require(bool holds, const char* what)
{
    if (!holds)
        throw Error(ErrorCode::StoreFailed, what);
}

void freeTimes(const std::string& folder)
{
    House house(folder + "/node.db");
    fill(house);
    const FreeQuestion question{
        .scope = hall, .duration = 25min, .booker = Booker::Public, .days = days, .limit = 20};
    const auto ours = [&](const Ledger& ledger) {
        Answer answer;
        for (const FreeTime& free : ledger.freeTimes(question, now))
            answer.emplace_back(toIso(free.day), free.cell);
        return answer;
    };
    // What a careful programmer would write over the ledger and the expanded rules.
    house.database.execute("CREATE TEMP TABLE open_day (day TEXT PRIMARY KEY) WITHOUT ROWID;"
                           "CREATE TEMP TABLE open_start (idx INTEGER PRIMARY KEY);"
                           "CREATE TEMP TABLE open_lane (lane INTEGER PRIMARY KEY);"
                           "INSERT INTO open_day SELECT DISTINCT day FROM slot;"
                           "INSERT INTO open_lane SELECT DISTINCT lane FROM slot;"
                           "INSERT INTO open_start SELECT DISTINCT idx FROM slot WHERE idx <= " +
                           std::to_string(lastCell - combination));
    auto notExists = house.database.prepare(
        "SELECT day, idx FROM open_day CROSS JOIN open_start WHERE EXISTS (SELECT 1 FROM open_lane"
        " WHERE NOT EXISTS (SELECT 1 FROM cell WHERE cell.scope = ?1 AND cell.day = open_day.day"
        " AND cell.lane = open_lane.lane AND cell.idx BETWEEN open_start.idx AND open_start.idx +"
        " 4)) ORDER BY day, idx LIMIT 20");
    auto slots = house.database.prepare(
        "SELECT DISTINCT a.day, a.idx FROM slot a"
        " JOIN slot b ON b.scope = a.scope AND b.day = a.day AND b.lane = a.lane AND b.idx = a.idx"
        " + 1 AND b.booking IS NULL"
        " JOIN slot c ON c.scope = a.scope AND c.day = a.day AND c.lane = a.lane AND c.idx = a.idx"
        " + 2 AND c.booking IS NULL"
        " JOIN slot d ON d.scope = a.scope AND d.day = a.day AND d.lane = a.lane AND d.idx = a.idx"
        " + 3 AND d.booking IS NULL"
        " JOIN slot e ON e.scope = a.scope AND e.day = a.day AND e.lane = a.lane AND e.idx = a.idx"
        " + 4 AND e.booking IS NULL"
        " WHERE a.scope = ?1 AND a.booking IS NULL ORDER BY a.day, a.idx LIMIT 20");
    const auto measured = [&](const Ledger& ledger, const std::string& where, bool goals) {
        const Answer answer = ours(ledger);
        require(answer.size() == 20, "not twenty free times");
        require(asked(notExists.bind(hall)) == answer, "NOT EXISTS answers otherwise");
        require(asked(slots.bind(hall)) == answer, "slot rows answer otherwise");
        const double own = rate([&] { static_cast<void>(ledger.freeTimes(question, now)); });
        const double plain = rate([&] { asked(notExists.bind(hall)); });
        const double indexed = rate([&] { asked(slots.bind(hall)); });
        row("first 20 of 25 min in 90 days, " + where, 1e6 / own, "us of CPU", "", std::nullopt,
            200.0, false);
        const auto goal = [&](double times) { return goals ? std::optional(times) : std::nullopt; };
        row("the same question, " + where, own, "1/s of CPU", "SQL with NOT EXISTS, same answers",
            plain, goal(500), true);
        row("the same question, " + where, own, "1/s of CPU",
            "slot rows, index of the free ones, same answers", indexed, goal(20), true);
    };
    {
        const double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
        FreeQuestion all = question;
        all.limit = 2000;
        all.duration = 8h; // nobody has so much time: every day is looked at
        require(house.ledger.freeTimes(all, now).empty(), "a day without a booking");
        row("90 days read into bits after a start",
            (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e3, "ms of CPU", "", std::nullopt,
            std::nullopt, false);
    }
    measured(house.ledger, "70 % booked", false);
    fillUp(house);
    const Ledger fresh(house.database, house.rules); // the rows came past the room
    measured(fresh, "next 30 full", true);
}

void booking(const std::string& folder)
{
    House house(folder + "/bookings.db");
    const Bytes block = randomBytes(house.random, RawFile::blockBytes);
    const RawFile raw(folder + "/raw", block);
    const RawFile asLong(folder + "/as-long", randomBytes(house.random, std::size_t{64} * 1024));
    const SealedContact contact{"desk-1", std::string(700, 'x')}; // a JWE with name and mail
    std::vector<double> rawTimes, likeTimes, bookBytes, bookTimes, reserveTimes, confirmTimes,
        askTimes, cancelTimes;
    const auto timed = [](std::vector<double>& times, auto&& work) {
        const double begin = seconds(CLOCK_MONOTONIC);
        work();
        times.push_back(seconds(CLOCK_MONOTONIC) - begin);
    };
    const auto wish = [&](int i) {
        return AppointmentWish{.id = randomUuid(house.random),
                               .scope = hall,
                               .day = plusDays(localDate(now), i / 200),
                               .cell = firstCell + i % 200 / 12 * 5,
                               .services = {{"99008001012000", 1}, {"99115005104000", 1}},
                               .duration = 25min};
    };
    // One of each in turn, so that the noise of a shared disk hits all alike.
    for (int i = 0; i < 400; ++i) {
        timed(rawTimes, [&] { raw.write(i, block); });
        const auto first = wish(2 * i);
        const double before = bytesWritten();
        timed(bookTimes, [&] {
            require(std::holds_alternative<Appointment>(
                        house.appointments.book(first, contact, "bench", now)),
                    "not booked");
        });
        bookBytes.push_back(bytesWritten() - before);
        const Bytes like = randomBytes(house.random, static_cast<std::size_t>(bookBytes.back()));
        timed(likeTimes, [&] { asLong.write(i, like); });
        timed(askTimes, [&] {
            static_cast<void>(house.ledger.freeTimes({.scope = hall, .duration = 25min}, now));
        });
        const auto second = wish(2 * i + 1);
        timed(reserveTimes, [&] {
            require(std::holds_alternative<Appointment>(house.appointments.reserve(second, now)),
                    "not reserved");
        });
        timed(confirmTimes,
              [&] { house.appointments.confirm(second.id, 1, contact, "bench", now); });
        timed(cancelTimes, [&] {
            house.appointments.cancel(second.id, 2, GivenBack::AtOnce, "bench", "", now);
        });
    }
    const double limit = median(rawTimes) * 1e6;
    const auto beside = [&](const char* what, const std::vector<double>& times,
                            std::optional<double> goal) {
        row(what, median(times) * 1e6, "us p50", "raw 4 KiB write and fdatasync", limit, goal,
            false);
    };
    beside("durable booking (cells, contact, journal)", bookTimes, 1.5);
    row("durable booking (cells, contact, journal)", median(bookTimes) * 1e6, "us p50",
        "one raw write of as many bytes and fdatasync", median(likeTimes) * 1e6, std::nullopt,
        false);
    row("bytes that a booking writes", median(bookBytes) / 1024, "KiB", "", std::nullopt,
        std::nullopt, false);
    beside("reservation", reserveTimes, std::nullopt);
    beside("confirmation", confirmTimes, std::nullopt);
    beside("cancellation", cancelTimes, std::nullopt);
    row("first 20 free times right after a booking", median(askTimes) * 1e6, "us p50", "",
        std::nullopt, 200.0, false);
}

} // namespace

void calendar()
{
    const std::string folder = Poco::TemporaryFile::tempName();
    std::filesystem::create_directory(folder);
    freeTimes(folder);
    booking(folder);
    std::filesystem::remove_all(folder);
}

} // namespace amt::bench
