// SPDX-License-Identifier: EUPL-1.2
//
// Layers from below: rules, exceptions, closures; holidays decide which of the first two count.
#include "appliance/office/calendar/rules.h"

#include "appliance/core/error.h"

#include <algorithm>
#include <set>
#include <utility>

namespace amt::office {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr int lastInMonth = 5;
constexpr std::size_t idBytesMax = 64;
constexpr std::size_t reasonBytesMax = 200;
constexpr std::size_t entriesMax = 500; ///< of a layer
constexpr int windowDaysMax = 730;
constexpr std::chrono::minutes keepMax{7 * 24 * 60};

constexpr std::pair<std::chrono::weekday, std::string_view> weekdayNames[] = {
    {std::chrono::Monday, "mo"},   {std::chrono::Tuesday, "tu"}, {std::chrono::Wednesday, "we"},
    {std::chrono::Thursday, "th"}, {std::chrono::Friday, "fr"},  {std::chrono::Saturday, "sa"},
    {std::chrono::Sunday, "su"},
};
constexpr std::pair<ExceptionKind, std::string_view> kindNames[] = {
    {ExceptionKind::Instead, "instead"},
    {ExceptionKind::Besides, "besides"},
    {ExceptionKind::Fewer, "fewer"},
};

sys_days mondayOf(LocalDate day)
{
    const sys_days at = day;
    return at - (std::chrono::weekday(at) - std::chrono::Monday);
}

bool appliesOn(const OpeningRule& rule, LocalDate day)
{
    if (day < rule.first || (rule.last && *rule.last < day))
        return false;
    const std::chrono::weekday weekday{sys_days(day)};
    if (std::ranges::find(rule.weekdays, weekday) == rule.weekdays.end())
        return false;
    const auto weeks = (mondayOf(day) - mondayOf(rule.first)) / days(7);
    if (weeks % rule.everyWeeks != 0)
        return false;
    if (rule.weekInMonth == 0)
        return true;
    if (rule.weekInMonth == lastInMonth)
        return plusDays(day, 7).month() != day.month();
    return (static_cast<unsigned>(day.day()) - 1) / 7 + 1 ==
           static_cast<unsigned>(rule.weekInMonth);
}

template <typename Layer>
bool covers(const Layer& layer, LocalDate day)
{
    return layer.first <= day && day <= layer.last;
}

std::span<CellLanes> between(DayPlan& plan, WallTime from, WallTime until)
{
    const int first = plan.cells.cellAt(from);
    const int end = std::max(first, plan.cells.cellAt(until));
    return std::span(plan.lanes).subspan(first, end - first);
}

void open(DayPlan& plan, const OpenHours& hours)
{
    for (CellLanes& cell : between(plan, hours.from, hours.until)) {
        cell.all = std::max(cell.all, static_cast<std::uint8_t>(hours.lanes));
        cell.open = std::max(cell.open, static_cast<std::uint8_t>(hours.publicLanes));
    }
}

void takeAway(DayPlan& plan, const OpenHours& hours)
{
    for (CellLanes& cell : between(plan, hours.from, hours.until)) {
        cell.all = static_cast<std::uint8_t>(std::max(0, cell.all - hours.lanes));
        cell.open = std::min(cell.all,
                             static_cast<std::uint8_t>(std::max(0, cell.open - hours.publicLanes)));
    }
}

void require(bool holds, const char* what)
{
    if (!holds)
        throw Error(ErrorCode::InputMalformed, what);
}

void checkTimes(WallTime from, WallTime until)
{
    require(WallTime(0) <= from && from < until && until <= std::chrono::hours(24),
            "hours that end before they begin");
    require(from % cellLength == WallTime(0) && until % cellLength == WallTime(0),
            "hours off the five-minute grid");
}

void check(const OpenHours& hours, int lanesMin)
{
    checkTimes(hours.from, hours.until);
    require(lanesMin <= hours.lanes && hours.lanes <= lanesMax, "too few or too many lanes");
    require(0 <= hours.publicLanes && hours.publicLanes <= hours.lanes,
            "more lanes for the public than there are");
}

void check(const BookingWindow& window)
{
    require(window.lead >= std::chrono::minutes(0) && window.lead <= days(windowDaysMax),
            "a lead time that cannot be meant");
    require(0 <= window.days && window.days <= windowDaysMax, "a window that cannot be meant");
}

json::ObjectPtr toJson(const OpenHours& hours)
{
    json::ObjectPtr object = json::makeObject();
    object->set("from", toText(hours.from));
    object->set("until", toText(hours.until));
    object->set("lanes", hours.lanes);
    object->set("publicLanes", hours.publicLanes);
    return object;
}

/// A number that fits an int; what it means is checked later.
int number(const json::Object& object, const std::string& key)
{
    const std::int64_t value = json::integer(object, key);
    require(std::in_range<int>(value), "a number that cannot be meant");
    return static_cast<int>(value);
}

std::chrono::minutes minutes(const json::Object& object, const std::string& key)
{
    return std::chrono::minutes(number(object, key));
}

OpenHours hoursFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"from", "until", "lanes", "publicLanes"});
    return {.from = wallTimeFromText(json::text(object, "from")),
            .until = wallTimeFromText(json::text(object, "until")),
            .lanes = number(object, "lanes"),
            .publicLanes = number(object, "publicLanes")};
}

json::ObjectPtr toJson(const BookingWindow& window)
{
    json::ObjectPtr object = json::makeObject();
    object->set("leadMinutes", static_cast<std::int64_t>(window.lead.count()));
    object->set("days", window.days);
    return object;
}

BookingWindow windowFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"leadMinutes", "days"});
    return {.lead = minutes(object, "leadMinutes"), .days = number(object, "days")};
}

OnHolidays onHolidaysFromJson(const json::Object& object)
{
    return json::boolean(object, "openOnHolidays") ? OnHolidays::Open : OnHolidays::Closed;
}

template <typename Value>
Value fromName(std::span<const std::pair<Value, std::string_view>> names, const std::string& text)
{
    const auto found =
        std::ranges::find(names, text, [](const auto& entry) { return entry.second; });
    require(found != names.end(), "a word that is not known");
    return found->first;
}

template <typename Value>
std::string nameOf(std::span<const std::pair<Value, std::string_view>> names, Value value)
{
    const auto found =
        std::ranges::find(names, value, [](const auto& entry) { return entry.first; });
    AMT_ASSERT(found != names.end());
    return std::string(found->second);
}

template <typename Entry, typename Read>
std::vector<Entry> entries(const json::Object& parent, const std::string& key, Read&& read)
{
    const json::ArrayPtr array = json::array(parent, key);
    std::vector<Entry> found;
    for (unsigned i = 0; i < array->size(); ++i) {
        const json::ObjectPtr object = array->getObject(i);
        require(!object.isNull(), "an entry that is no object");
        found.push_back(read(*object));
    }
    return found;
}

template <typename Entries, typename Write>
json::ArrayPtr arrayOf(const Entries& entries, Write&& write)
{
    json::ArrayPtr array = json::makeArray();
    for (const auto& entry : entries)
        array->add(write(entry));
    return array;
}

json::ObjectPtr ruleToJson(const OpeningRule& rule)
{
    json::ObjectPtr object = json::makeObject();
    object->set("id", rule.id);
    object->set("weekdays", arrayOf(rule.weekdays, [](std::chrono::weekday weekday) {
                    return nameOf<std::chrono::weekday>(weekdayNames, weekday);
                }));
    object->set("everyWeeks", rule.everyWeeks);
    object->set("weekInMonth", rule.weekInMonth);
    object->set("first", toIso(rule.first));
    if (rule.last)
        object->set("last", toIso(*rule.last));
    object->set("hours", toJson(rule.hours));
    object->set("openOnHolidays", rule.onHolidays == OnHolidays::Open);
    return object;
}

OpeningRule ruleFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"id", "weekdays", "everyWeeks", "weekInMonth", "first", "last", "hours",
                            "openOnHolidays"});
    OpeningRule rule{.id = json::text(object, "id"),
                     .weekdays = {},
                     .everyWeeks = number(object, "everyWeeks"),
                     .weekInMonth = number(object, "weekInMonth"),
                     .first = localDateFromIso(json::text(object, "first")),
                     .hours = hoursFromJson(*json::object(object, "hours")),
                     .onHolidays = onHolidaysFromJson(object)};
    for (const std::string& weekday : json::texts(object, "weekdays"))
        rule.weekdays.push_back(fromName<std::chrono::weekday>(weekdayNames, weekday));
    if (const auto last = json::optionalText(object, "last"))
        rule.last = localDateFromIso(*last);
    return rule;
}

json::ObjectPtr exceptionToJson(const OpeningException& exception)
{
    json::ObjectPtr object = json::makeObject();
    object->set("id", exception.id);
    object->set("first", toIso(exception.first));
    object->set("last", toIso(exception.last));
    object->set("kind", nameOf<ExceptionKind>(kindNames, exception.kind));
    object->set("hours",
                arrayOf(exception.hours, [](const OpenHours& hours) { return toJson(hours); }));
    object->set("openOnHolidays", exception.onHolidays == OnHolidays::Open);
    object->set("reason", exception.reason);
    return object;
}

OpeningException exceptionFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"id", "first", "last", "kind", "hours", "openOnHolidays", "reason"});
    return {.id = json::text(object, "id"),
            .first = localDateFromIso(json::text(object, "first")),
            .last = localDateFromIso(json::text(object, "last")),
            .kind = fromName<ExceptionKind>(kindNames, json::text(object, "kind")),
            .hours = entries<OpenHours>(object, "hours", hoursFromJson),
            .onHolidays = onHolidaysFromJson(object),
            .reason = json::text(object, "reason")};
}

json::ObjectPtr closureToJson(const Closure& closure)
{
    json::ObjectPtr object = json::makeObject();
    object->set("id", closure.id);
    object->set("first", toIso(closure.first));
    object->set("last", toIso(closure.last));
    object->set("from", toText(closure.from));
    object->set("until", toText(closure.until));
    object->set("reason", closure.reason);
    return object;
}

Closure closureFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"id", "first", "last", "from", "until", "reason"});
    return {.id = json::text(object, "id"),
            .first = localDateFromIso(json::text(object, "first")),
            .last = localDateFromIso(json::text(object, "last")),
            .from = wallTimeFromText(json::text(object, "from")),
            .until = wallTimeFromText(json::text(object, "until")),
            .reason = json::text(object, "reason")};
}

} // namespace

void check(const OpeningRules& rules)
{
    std::set<std::string> ids;
    const auto named = [&](const std::string& id) {
        require(!id.empty() && id.size() <= idBytesMax, "an entry without a usable id");
        require(ids.insert(id).second, "one id for two entries");
    };
    require(rules.rules.size() <= entriesMax && rules.exceptions.size() <= entriesMax &&
                rules.closures.size() <= entriesMax,
            "too many entries");
    for (const OpeningRule& rule : rules.rules) {
        named(rule.id);
        require(!rule.weekdays.empty() && rule.weekdays.size() <= 7, "a rule without weekdays");
        require(1 <= rule.everyWeeks && rule.everyWeeks <= 52, "every how many weeks?");
        require(0 <= rule.weekInMonth && rule.weekInMonth <= lastInMonth, "which one of a month?");
        require(rule.everyWeeks == 1 || rule.weekInMonth == 0,
                "every n-th week, or one of a month: not both");
        require(rule.first.ok() && (!rule.last || (rule.last->ok() && rule.first <= *rule.last)),
                "a rule that ends before it begins");
        check(rule.hours, 1);
    }
    for (const OpeningException& exception : rules.exceptions) {
        named(exception.id);
        require(exception.first.ok() && exception.last.ok() && exception.first <= exception.last,
                "an exception that ends before it begins");
        require(exception.kind == ExceptionKind::Instead || !exception.hours.empty(),
                "an exception that changes nothing");
        require(exception.hours.size() <= entriesMax, "too many entries");
        require(exception.reason.size() <= reasonBytesMax, "a reason that is too long");
        for (const OpenHours& hours : exception.hours)
            check(hours, 1);
    }
    for (const Closure& closure : rules.closures) {
        named(closure.id);
        require(closure.first.ok() && closure.last.ok() && closure.first <= closure.last,
                "a closure that ends before it begins");
        require(closure.reason.size() <= reasonBytesMax, "a reason that is too long");
        checkTimes(closure.from, closure.until);
    }
    check(rules.forPublic);
    check(rules.forStaff);
    require(std::chrono::minutes(1) <= rules.reservation && rules.reservation <= keepMax,
            "a reservation that is too short or too long");
    require(std::chrono::minutes(0) <= rules.blockAfterCancel && rules.blockAfterCancel <= keepMax,
            "a block that is too long");
}

bool DayPlan::opens(int lane, int first, int count, Booker booker) const
{
    if (lane < 0 || first < 0 || count <= 0 || first + count > cells.count())
        return false;
    return std::all_of(lanes.begin() + first, lanes.begin() + first + count,
                       [&](const CellLanes& cell) {
                           return lane < (booker == Booker::Public ? cell.open : cell.all);
                       });
}

DayPlan planFor(const OpeningRules& rules, LocalDate day)
{
    DayPlan plan{.cells = DayCells(day), .lanes = {}};
    plan.lanes.resize(plan.cells.count());
    const bool holiday = isHoliday(day);
    const auto counts = [&](OnHolidays onHolidays) {
        return !holiday || onHolidays == OnHolidays::Open;
    };
    const auto eachException = [&](ExceptionKind kind, auto&& apply) {
        bool any = false;
        for (const OpeningException& exception : rules.exceptions) {
            if (exception.kind != kind || !covers(exception, day))
                continue;
            any = true;
            // Who is missing is missing on a holiday, too; hours need to say that they open it.
            if (kind != ExceptionKind::Fewer && !counts(exception.onHolidays))
                continue;
            for (const OpenHours& hours : exception.hours)
                apply(plan, hours);
        }
        return any;
    };
    if (!eachException(ExceptionKind::Instead, open)) {
        for (const OpeningRule& rule : rules.rules) {
            if (counts(rule.onHolidays) && appliesOn(rule, day))
                open(plan, rule.hours);
        }
    }
    eachException(ExceptionKind::Besides, open);
    eachException(ExceptionKind::Fewer, takeAway);
    for (const Closure& closure : rules.closures) {
        if (covers(closure, day))
            std::ranges::fill(between(plan, closure.from, closure.until), CellLanes{});
    }
    return plan;
}

BookableSpan bookableSpan(const OpeningRules& rules, Booker booker, UtcTime now)
{
    const BookingWindow& window = booker == Booker::Public ? rules.forPublic : rules.forStaff;
    return {.earliest = now + window.lead, .lastDay = plusDays(localDate(now), window.days)};
}

json::ObjectPtr toJson(const OpeningRules& rules)
{
    json::ObjectPtr object = json::makeObject();
    object->set("format", 1);
    object->set("rules", arrayOf(rules.rules, ruleToJson));
    object->set("exceptions", arrayOf(rules.exceptions, exceptionToJson));
    object->set("closures", arrayOf(rules.closures, closureToJson));
    object->set("forPublic", toJson(rules.forPublic));
    object->set("forStaff", toJson(rules.forStaff));
    object->set("reservationMinutes", static_cast<std::int64_t>(rules.reservation.count()));
    object->set("blockAfterCancelMinutes",
                static_cast<std::int64_t>(rules.blockAfterCancel.count()));
    return object;
}

OpeningRules openingRulesFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"format", "rules", "exceptions", "closures", "forPublic", "forStaff",
                            "reservationMinutes", "blockAfterCancelMinutes"});
    require(json::integer(object, "format") == 1, "a format of another program");
    OpeningRules rules{.rules = entries<OpeningRule>(object, "rules", ruleFromJson),
                       .exceptions =
                           entries<OpeningException>(object, "exceptions", exceptionFromJson),
                       .closures = entries<Closure>(object, "closures", closureFromJson),
                       .forPublic = windowFromJson(*json::object(object, "forPublic")),
                       .forStaff = windowFromJson(*json::object(object, "forStaff")),
                       .reservation = minutes(object, "reservationMinutes"),
                       .blockAfterCancel = minutes(object, "blockAfterCancelMinutes")};
    check(rules);
    return rules;
}

} // namespace amt::office
