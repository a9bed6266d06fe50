// SPDX-License-Identifier: EUPL-1.2
//
// A town hall with nothing but a calendar, and what is free in it said the plain way.
#pragma once

#include "appliance/core/log.h"
#include "appliance/office/calendar/appointments.h"
#include "tests/support/scratch_database.h"
#include "tests/support/seeded_random.h"

#include <set>
#include <string>
#include <vector>

namespace amt::test {

inline const std::string hall = "buergerbuero";
inline const std::vector<std::chrono::weekday> workdays = {
    std::chrono::Monday, std::chrono::Tuesday, std::chrono::Wednesday, std::chrono::Thursday,
    std::chrono::Friday};

/// Monday to Friday from 08:00 to 12:00; booked from now on for 60 days.
inline office::OpeningRules mornings(int lanes, int publicLanes)
{
    office::OpeningRules rules;
    rules.rules = {{.id = "mornings",
                    .weekdays = workdays,
                    .first = localDateFromIso("2026-01-01"),
                    .hours = {std::chrono::hours(8), std::chrono::hours(12), lanes, publicLanes}}};
    return rules;
}

struct CalendarTown {
    ScratchDatabase database;
    SameRandom random;
    std::optional<outbox::Journal> journal;
    std::optional<office::RuleBook> rules;
    std::optional<office::Ledger> ledger;
    std::optional<office::Appointments> appointments;
    UtcTime now = fromIso("2026-11-22T09:00:00Z"); // a Sunday
    const LocalDate monday = localDateFromIso("2026-11-23");

    explicit CalendarTown(const office::OpeningRules& opening = mornings(2, 1))
    {
        log::setEnabled(false);
        wire();
        open(opening);
    }
    void wire()
    {
        journal.emplace(*database);
        rules.emplace(*database, *journal);
        ledger.emplace(*database, *rules);
        appointments.emplace(*database, *journal, *rules, *ledger, random);
    }
    /// As after kill -9.
    void restart()
    {
        appointments.reset();
        ledger.reset();
        rules.reset();
        journal.reset();
        database.reopen();
        wire();
    }
    /// Saves what was looked at just now.
    office::RuleVersion open(const office::OpeningRules& opening)
    {
        return rules->save(hall, opening, office::seen(rules->preview(hall, opening, now)), "Lead",
                           "test", now);
    }
    int cellAt(const std::string& clock) const
    {
        return office::DayCells(monday).cellAt(office::wallTimeFromText(clock));
    }
    office::AppointmentWish wish(const std::string& clock, int minutes = 15,
                                 office::Booker booker = office::Booker::Public)
    {
        return {.id = randomUuid(random),
                .scope = hall,
                .day = monday,
                .cell = cellAt(clock),
                .services = {{"99008001012000", 1}},
                .duration = std::chrono::minutes(minutes),
                .booker = booker};
    }
    office::Appointment reserved(const office::AppointmentWish& wished)
    {
        return std::get<office::Appointment>(appointments->reserve(wished, now));
    }
    office::Appointment booked(const office::AppointmentWish& wished)
    {
        return std::get<office::Appointment>(appointments->book(wished, contact(), "Erika", now));
    }
    static office::SealedContact contact() { return {"desk-1", "ey.sealed.for.the.desk"}; }
    /// The clocks at which an appointment of so many minutes may begin on that Monday.
    std::vector<std::string> freeClocks(int minutes,
                                        office::Booker booker = office::Booker::Public) const
    {
        std::vector<std::string> clocks;
        for (const auto& free : ledger->freeTimes({.scope = hall,
                                .duration = std::chrono::minutes(minutes),
                                .booker = booker,
                                .from = monday,
                                .days = 1,
                                .limit = 300},
                                                  now))
            clocks.push_back(localTime(free.start));
        return clocks;
    }
    /// "lane:first+count", in order: what the table holds of that Monday.
    std::string held() const
    {
        auto& open = const_cast<ScratchDatabase&>(database);
        auto rows = open->prepare("SELECT lane, idx, state FROM cell WHERE scope = ? AND day = ?"
                                  " ORDER BY lane, idx");
        rows.bind(hall, toIso(monday));
        std::string text;
        while (rows.step())
            text += (text.empty() ? "" : " ") + rows.text(0) + ":" +
                    localTime(office::DayCells(monday).startOf(static_cast<int>(rows.integer(1)))) +
                    (rows.text(2) == "BOOKED" ? "" : "!");
        return text;
    }
    std::int64_t count(const std::string& sql)
    {
        auto row = database->prepare(sql);
        return row.step() ? row.integer(0) : -1;
    }
    /// Acts of the audit about `id`, in order.
    std::vector<std::string> acts(const std::string& id) const
    {
        std::vector<std::string> found;
        for (const auto& record : journal->about(id))
            if (record.kind == "AUDIT")
                found.push_back(record.details.at("act"));
        return found;
    }
};

/// Rules minus ledger, cell by cell and lane by lane, with nothing clever.
inline std::vector<office::FreeTime> plainlyFree(store::Database& database,
                                                 const office::OpeningRules& rules,
                                                 const office::FreeQuestion& question, UtcTime now)
{
    const office::BookingWindow& window =
        question.booker == office::Booker::Public ? rules.forPublic : rules.forStaff;
    const int count = static_cast<int>((question.duration.count() + 4) / 5);
    const LocalDate from = question.from.value_or(localDate(now));
    std::vector<office::FreeTime> found;
    for (int i = 0; i < question.days; ++i) {
        const LocalDate day = plusDays(from, i);
        if (day < localDate(now) || plusDays(localDate(now), window.days) < day)
            continue;
        std::set<std::pair<int, int>> taken;
        auto rows = database.prepare("SELECT lane, idx FROM cell WHERE scope = ? AND day = ?");
        rows.bind(question.scope, toIso(day));
        while (rows.step())
            taken.emplace(static_cast<int>(rows.integer(0)), static_cast<int>(rows.integer(1)));
        const office::DayPlan plan = office::planFor(rules, day);
        for (int cell = 0; cell + count <= plan.cells.count(); ++cell) {
            if (plan.cells.startOf(cell) < now + window.lead)
                continue;
            bool any = false;
            for (int lane = 0; lane < office::lanesMax && !any; ++lane) {
                bool fits = true;
                for (int at = cell; at < cell + count && fits; ++at) {
                    const office::CellLanes& open = plan.lanes[at];
                    fits =
                        lane < (question.booker == office::Booker::Public ? open.open : open.all) &&
                        !taken.contains({lane, at});
                }
                any = fits;
            }
            if (any && std::ssize(found) < question.limit)
                found.push_back({day, cell, plan.cells.startOf(cell)});
        }
    }
    return found;
}

} // namespace amt::test
