// SPDX-License-Identifier: EUPL-1.2
//
// Opening rules of a scope (Standort) as layers: holiday < rule < exception < closure; what they
// say about a day, and how they look as JSON. Pure functions over core: node and gateway expand the
// same rules alike.
#pragma once

#include "appliance/core/json.h"
#include "appliance/office/calendar/day_cells.h"
#include "appliance/office/calendar/holidays.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::office {

inline constexpr int lanesMax = 64; ///< of a scope at one time

/// Lanes are virtual counters, numbered from 0. The public may book the first `publicLanes` of
/// them, staff all.
struct OpenHours {
    WallTime from{0}, until{0}; ///< until: when the last appointment has ended
    int lanes = 1;
    int publicLanes = 1; ///< at most lanes

    bool operator==(const OpenHours&) const = default;
};

/// What a rule or exception says about public holidays: closed, unless it says otherwise itself.
enum class OnHolidays { Closed, Open };

struct OpeningRule {
    std::string id; ///< unique among all layers
    std::vector<std::chrono::weekday> weekdays;
    int everyWeeks = 1;  ///< 2: every second week, counted from the week (Monday) of `first`
    int weekInMonth = 0; ///< 1 to 4: the n-th such weekday of a month, 5: the last, 0: each
    LocalDate first;
    std::optional<LocalDate> last = {}; ///< included
    OpenHours hours;
    OnHolidays onHolidays = OnHolidays::Closed;

    bool operator==(const OpeningRule&) const = default;
};

/// Instead: these hours replace those of the rules. Besides: they are added to them. Fewer: so many
/// lanes less than there would be, between these hours.
enum class ExceptionKind { Instead, Besides, Fewer };

/// A dated exception (Ausnahme); the rule it changes stays whole.
struct OpeningException {
    std::string id;
    LocalDate first, last; ///< both included
    ExceptionKind kind = ExceptionKind::Instead;
    std::vector<OpenHours> hours; ///< none, and Instead: no appointments
    OnHolidays onHolidays = OnHolidays::Closed;
    std::string reason; ///< for pages; nothing personal

    bool operator==(const OpeningException&) const = default;
};

/// Nothing opens against a closure (Schließung).
struct Closure {
    std::string id;
    LocalDate first, last; ///< both included
    WallTime from{0}, until{std::chrono::hours(24)};
    std::string reason;

    bool operator==(const Closure&) const = default;
};

/// When a time may be booked: at the earliest `lead` from now, at the latest on the day that is
/// `days` after today.
struct BookingWindow {
    std::chrono::minutes lead{0};
    int days = 60;

    bool operator==(const BookingWindow&) const = default;
};

/// Who asks or books.
enum class Booker { Public, Staff };

struct OpeningRules {
    std::vector<OpeningRule> rules;
    std::vector<OpeningException> exceptions;
    std::vector<Closure> closures;
    BookingWindow forPublic;
    BookingWindow forStaff{.lead = std::chrono::minutes(0), .days = 365};
    std::chrono::minutes reservation{15}; ///< an unconfirmed booking keeps its cells so long
    /// Cells that were given back stay blocked so long, so that nobody hands a place to a friend;
    /// 0: not at all.
    std::chrono::minutes blockAfterCancel{0};

    bool operator==(const OpeningRules&) const = default;
};

/// Refuses what cannot be meant: hours that end before they begin or cross the five-minute grid,
/// doubled ids, more than lanesMax lanes. Throws InputMalformed.
void check(const OpeningRules& rules);

/// Lanes of one cell: 0 to `all` - 1 for staff, 0 to `open` - 1 for the public.
struct CellLanes {
    std::uint8_t all = 0;
    std::uint8_t open = 0;

    bool operator==(const CellLanes&) const = default;
};

/// What the rules open on one day, before anything is booked.
struct DayPlan {
    DayCells cells;
    std::vector<CellLanes> lanes; ///< cells.count() of them

    /// Whether `booker` may use `lane` from cell `first` for `count` cells.
    bool opens(int lane, int first, int count, Booker booker) const;
};

/// Hours of the same layer that overlap do not add up: where two rules meet, the larger number of
/// lanes counts.
DayPlan planFor(const OpeningRules& rules, LocalDate day);

/// The booker's window as bounds.
struct BookableSpan {
    UtcTime earliest;  ///< no start before it
    LocalDate lastDay; ///< included
};
BookableSpan bookableSpan(const OpeningRules& rules, Booker booker, UtcTime now);

json::ObjectPtr toJson(const OpeningRules& rules);
/// Strict, and checked. Throws JsonMalformed, InputMalformed.
OpeningRules openingRulesFromJson(const json::Object& object);

} // namespace amt::office
