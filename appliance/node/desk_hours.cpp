// SPDX-License-Identifier: EUPL-1.2
//
// Opening hours at the desk (C6): the week as the rules make it, one change at a time, what it
// would do before it is saved, the history and the way back.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/house.h"
#include "appliance/node/routes.h"
#include "appliance/office/calendar/rule_change.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace amt::node {
namespace {

using office::OpenHours;
using office::OpeningException;
using office::RuleChange;
using office::WallTime;
using std::chrono::minutes;

constexpr int versionsShown = 20;
constexpr std::array<std::pair<const char*, std::chrono::weekday>, 7> weekdays = {{
    {"mo", std::chrono::Monday},
    {"tu", std::chrono::Tuesday},
    {"we", std::chrono::Wednesday},
    {"th", std::chrono::Thursday},
    {"fr", std::chrono::Friday},
    {"sa", std::chrono::Saturday},
    {"su", std::chrono::Sunday},
}};

LocalDate mondayOf(LocalDate day)
{
    const std::chrono::sys_days at = day;
    return at - (std::chrono::weekday(at) - std::chrono::Monday);
}

std::string queried(const Exchange& exchange, const std::string& name)
{
    const auto found = exchange.query.find(name);
    return found == exchange.query.end() ? std::string() : found->second;
}

// --- a week as the page draws it ---

/// What the clock on the wall shows when a cell begins; the end of the day is 24:00.
int wallMinutes(const office::DayCells& cells, int cell)
{
    return cell >= cells.count()
               ? static_cast<int>(minutes(std::chrono::hours(24)).count())
               : static_cast<int>(office::wallTimeFromText(localTime(cells.startOf(cell))).count());
}

/// Calls `take(first, end)` for every stretch of cells for which `valueAt` says the same.
template <typename ValueAt, typename Take>
void eachStretch(int count, ValueAt&& valueAt, Take&& take)
{
    for (int begin = 0, cell = 1; cell <= count; ++cell) {
        if (cell < count && valueAt(cell) == valueAt(begin))
            continue;
        take(begin, cell);
        begin = cell;
    }
}

std::string holidayOn(LocalDate day)
{
    for (const auto& holiday : office::holidaysOf(day.year())) {
        if (holiday.day == day)
            return std::string(holiday.name);
    }
    return {};
}

page::HoursDay dayOf(House& house, const office::OpeningRules& rules, LocalDate day)
{
    using Run = page::HoursDay::Run;
    const office::DayPlan plan = office::planFor(rules, day);
    const auto& cells = plan.cells;
    page::HoursDay shown;
    shown.day = day;
    shown.holiday = holidayOn(day);
    for (const auto& exception : rules.exceptions) {
        if (exception.first <= day && day <= exception.last && !exception.reason.empty())
            shown.reasons.push_back(exception.reason);
    }
    for (const auto& closure : rules.closures) {
        if (closure.first <= day && day <= closure.last && !closure.reason.empty())
            shown.reasons.push_back(closure.reason);
    }
    int lanes = 0;
    eachStretch(
        cells.count(), [&](int cell) { return plan.lanes[cell]; },
        [&](int first, int end) {
            const auto& open = plan.lanes[first];
            lanes = std::max<int>(lanes, open.all);
            if (open.all > 0)
                shown.open.push_back(
                    {wallMinutes(cells, first), wallMinutes(cells, end), open.all, open.open});
        });
    for (int lane = 0; lane < lanes; ++lane) {
        const auto kindAt = [&](int cell) {
            const auto& open = plan.lanes[cell];
            return lane < open.open ? 2 : lane < open.all ? 1 : 0;
        };
        eachStretch(cells.count(), kindAt, [&](int first, int end) {
            if (kindAt(first) > 0)
                shown.runs.push_back({kindAt(first) == 2 ? Run::Kind::Public : Run::Kind::Staff,
                                      lane, wallMinutes(cells, first), wallMinutes(cells, end)});
        });
    }
    for (const auto& booked : house.calendar.appointments.ofDay(house.calendar.plan().scope, day)) {
        if (booked.state != office::AppointmentState::Confirmed)
            continue;
        ++shown.booked;
        const auto& place = booked.place;
        shown.runs.push_back({Run::Kind::Booked, place.lane, wallMinutes(cells, place.first),
                              wallMinutes(cells, place.first + place.count)});
    }
    const auto& ledger = house.calendar.ledger;
    if (ledger.selling() == office::Selling::Owned && !shown.open.empty())
        shown.offline = static_cast<int>(ledger.leasedOn(house.calendar.plan().scope, day).count());
    return shown;
}

std::vector<page::HoursDay> weekOf(House& house, const office::OpeningRules& rules,
                                   LocalDate monday)
{
    std::vector<page::HoursDay> days;
    for (int i = 0; i < 7; ++i)
        days.push_back(dayOf(house, rules, plusDays(monday, i)));
    return days;
}

// --- entries of the layers ---

page::OpenSpan spanOf(const OpenHours& hours)
{
    return {static_cast<int>(hours.from.count()), static_cast<int>(hours.until.count()),
            hours.lanes, hours.publicLanes};
}

page::HoursEntry entryOf(const office::OpeningRule& rule)
{
    page::HoursEntry entry;
    entry.id = rule.id;
    entry.kind = "rule";
    for (std::size_t i = 0; i < weekdays.size(); ++i) {
        if (std::ranges::find(rule.weekdays, weekdays[i].second) != rule.weekdays.end())
            entry.weekdays.push_back(static_cast<int>(i) + 1);
    }
    entry.everyWeeks = rule.everyWeeks;
    entry.weekInMonth = rule.weekInMonth;
    entry.first = rule.first;
    entry.last = rule.last;
    entry.hours = {spanOf(rule.hours)};
    entry.openOnHolidays = rule.onHolidays == office::OnHolidays::Open;
    return entry;
}

page::HoursEntry entryOf(const OpeningException& exception)
{
    using enum office::ExceptionKind;
    page::HoursEntry entry;
    entry.id = exception.id;
    entry.kind = exception.kind == Instead   ? "instead"
                 : exception.kind == Besides ? "besides"
                                             : "fewer";
    entry.first = exception.first;
    entry.last = exception.last;
    for (const auto& hours : exception.hours)
        entry.hours.push_back(spanOf(hours));
    entry.openOnHolidays = exception.onHolidays == office::OnHolidays::Open;
    entry.reason = exception.reason;
    return entry;
}

page::HoursEntry entryOf(const office::Closure& closure)
{
    page::HoursEntry entry;
    entry.id = closure.id;
    entry.kind = "close";
    entry.first = closure.first;
    entry.last = closure.last;
    if (closure.from > WallTime(0) || closure.until < std::chrono::hours(24))
        entry.hours = {{static_cast<int>(closure.from.count()),
                        static_cast<int>(closure.until.count()), 0, 0}};
    entry.reason = closure.reason;
    return entry;
}

/// Throws NotFound.
page::HoursEntry entryWith(const office::OpeningRules& rules, const std::string& id)
{
    std::optional<page::HoursEntry> found;
    const auto look = [&](const auto& layer) {
        for (const auto& entry : layer) {
            if (entry.id == id)
                found = entryOf(entry);
        }
    };
    look(rules.rules);
    look(rules.exceptions);
    look(rules.closures);
    if (!found)
        throw Error(ErrorCode::NotFound, "an entry of the opening hours");
    return *std::move(found);
}

// --- what was typed ---

/// Reads fields; the first thing that cannot be meant is kept as the page's problem.
class Typed {
public:
    explicit Typed(const Fields& fields) : _fields(fields) {}

    const std::string& problem() const { return _problem; }
    void fail(const char* problem)
    {
        if (_problem.empty())
            _problem = problem;
    }

    std::string text(const std::string& name) const
    {
        const auto found = _fields.find(name);
        return found == _fields.end() ? std::string() : found->second;
    }
    bool has(const std::string& name) const { return !text(name).empty(); }

    LocalDate day(const std::string& name)
    {
        try {
            return localDateFromIso(text(name));
        } catch (const Error&) { // asked again, beside the field
            fail("dates");
            return localDateFromIso("2000-01-01");
        }
    }
    WallTime time(const std::string& name, WallTime otherwise)
    {
        if (!has(name))
            return otherwise;
        try {
            return office::wallTimeFromText(text(name));
        } catch (const Error&) { // asked again, beside the field
            fail("times");
            return otherwise;
        }
    }
    int number(const std::string& name, int least, int most, const char* problem)
    {
        const std::string typed = text(name);
        int value = least;
        const auto [end, failed] =
            std::from_chars(typed.data(), typed.data() + typed.size(), value);
        if (failed != std::errc() || end != typed.data() + typed.size() || value < least ||
            value > most) {
            fail(problem);
            return least;
        }
        return value;
    }
    std::string reason()
    {
        constexpr std::size_t bytesMax = 200;
        const std::string typed = text("reason");
        if (typed.empty() || typed.size() > bytesMax)
            fail("reason");
        return typed;
    }

    /// From one day to another that is not before it.
    std::pair<LocalDate, LocalDate> days()
    {
        const auto first = day("first"), last = day("last");
        if (last < first)
            fail("dates");
        return {first, last};
    }
    /// `suffix`: of the second span of a form.
    OpenHours hours(const std::string& suffix = {})
    {
        constexpr WallTime unsaid{-1};
        OpenHours hours;
        hours.from = time("from" + suffix, unsaid);
        hours.until = time("until" + suffix, unsaid);
        checkTimes(hours.from, hours.until);
        hours.lanes = number("lanes" + suffix, 1, office::lanesMax, "lanes");
        hours.publicLanes = number("publicLanes" + suffix, 0, hours.lanes, "lanes");
        return hours;
    }
    void checkTimes(WallTime from, WallTime until)
    {
        if (from < WallTime(0) || until <= from || from % office::cellLength != WallTime(0) ||
            until % office::cellLength != WallTime(0))
            fail("times");
    }
    office::OnHolidays onHolidays() const
    {
        return has("holidays") ? office::OnHolidays::Open : office::OnHolidays::Closed;
    }

private:
    const Fields& _fields;
    std::string _problem;
};

RuleChange closing(Typed& typed)
{
    office::Closure closure;
    std::tie(closure.first, closure.last) = typed.days();
    closure.from = typed.time("from", WallTime(0));
    closure.until = typed.time("until", std::chrono::hours(24));
    typed.checkTimes(closure.from, closure.until);
    closure.reason = typed.reason();
    return closure;
}

RuleChange excepting(Typed& typed, office::ExceptionKind kind)
{
    OpeningException exception;
    exception.kind = kind;
    std::tie(exception.first, exception.last) = typed.days();
    exception.hours = {typed.hours()};
    if (kind == office::ExceptionKind::Instead && (typed.has("from2") || typed.has("until2")))
        exception.hours.push_back(typed.hours("2"));
    exception.onHolidays = typed.onHolidays();
    exception.reason = typed.reason();
    return exception;
}

RuleChange ruling(Typed& typed)
{
    office::OpeningRule rule;
    rule.id = typed.text("id");
    for (const auto& [name, weekday] : weekdays) {
        if (typed.has(name))
            rule.weekdays.push_back(weekday);
    }
    if (rule.weekdays.empty())
        typed.fail("weekdays");
    const std::string rhythm = typed.text("rhythm"); // "2w": every second week, "1m": the first
    if (rhythm.size() != 2 || rhythm[0] < '1' || rhythm[0] > '5' ||
        (rhythm[1] != 'w' && rhythm[1] != 'm'))
        throw Error(ErrorCode::RequestMalformed, "a rhythm that no page offers");
    (rhythm[1] == 'w' ? rule.everyWeeks : rule.weekInMonth) = rhythm[0] - '0';
    rule.first = typed.day("first");
    if (typed.has("last")) {
        rule.last = typed.day("last");
        if (*rule.last < rule.first)
            typed.fail("dates");
    }
    rule.hours = typed.hours();
    rule.onHolidays = typed.onHolidays();
    typed.reason();
    return rule;
}

RuleChange setting(Typed& typed, const office::OpeningRules& before)
{
    constexpr int leadMax = 7 * 24 * 60, daysMax = 730, reservationMax = 120, blockMax = 24 * 60;
    constexpr int reservationLeast = 5; ///< whoever types a name slowly needs them
    office::BookingTerms terms;
    terms.forPublic.lead = minutes(typed.number("leadMinutes", 0, leadMax, "number"));
    terms.forPublic.days = typed.number("days", 0, daysMax, "number");
    terms.forStaff = before.forStaff;
    terms.reservation =
        minutes(typed.number("reservationMinutes", reservationLeast, reservationMax, "number"));
    terms.blockAfterCancel = minutes(typed.number("blockMinutes", 0, blockMax, "number"));
    typed.reason();
    return terms;
}

constexpr std::array<std::string_view, 8> changeKinds = {"close", "fewer", "besides", "instead",
                                                         "rule",  "terms", "remove",  "undo"};

/// Throws RequestMalformed: a kind that no page offers.
RuleChange changeIn(Typed& typed, const office::OpeningRules& before)
{
    const std::string kind = typed.text("kind");
    if (kind == "close")
        return closing(typed);
    if (kind == "fewer")
        return excepting(typed, office::ExceptionKind::Fewer);
    if (kind == "besides")
        return excepting(typed, office::ExceptionKind::Besides);
    if (kind == "instead")
        return excepting(typed, office::ExceptionKind::Instead);
    if (kind == "rule")
        return ruling(typed);
    if (kind == "terms")
        return setting(typed, before);
    if (kind == "remove") {
        typed.reason();
        return office::RemovedEntry{typed.text("id")};
    }
    throw Error(ErrorCode::RequestMalformed, "a change that no page offers");
}

// --- the page of a change ---

/// Names of a form that goes from page to page, apart from the kind.
constexpr std::array<const char*, 25> formFields = {"id",
                                                    "first",
                                                    "last",
                                                    "from",
                                                    "until",
                                                    "lanes",
                                                    "publicLanes",
                                                    "from2",
                                                    "until2",
                                                    "lanes2",
                                                    "publicLanes2",
                                                    "holidays",
                                                    "rhythm",
                                                    "mo",
                                                    "tu",
                                                    "we",
                                                    "th",
                                                    "fr",
                                                    "sa",
                                                    "su",
                                                    "leadMinutes",
                                                    "days",
                                                    "reservationMinutes",
                                                    "blockMinutes",
                                                    "reason"};

page::HoursChangePage formPage(const Fields& fields)
{
    page::HoursChangePage view;
    const Typed typed(fields);
    view.kind = typed.text("kind");
    for (const char* name : formFields) {
        if (typed.has(name))
            view.fields.emplace_back(name, typed.text(name));
    }
    return view;
}

/// What the form shows before anybody typed.
Fields begun(const House& house, const office::OpeningRules& rules, Fields fields)
{
    const std::string kind = fields["kind"];
    const auto say = [&](const char* name, const std::string& value) {
        fields.emplace(name, value); // what is there already stays
    };
    const auto id = fields.find("id");
    if (kind == "rule" && id != fields.end() && !fields.contains("first")) {
        const auto entry = entryWith(rules, id->second);
        if (entry.kind != "rule")
            throw Error(ErrorCode::NotFound, "a rule of the opening hours");
        for (const int weekday : entry.weekdays)
            say(weekdays.at(static_cast<std::size_t>(weekday) - 1).first, "1");
        say("rhythm", entry.weekInMonth > 0 ? std::to_string(entry.weekInMonth) + "m"
                                            : std::to_string(entry.everyWeeks) + "w");
        say("first", toIso(entry.first));
        if (entry.last)
            say("last", toIso(*entry.last));
        say("from", office::toText(WallTime(entry.hours.front().from)));
        say("until", office::toText(WallTime(entry.hours.front().until)));
        say("lanes", std::to_string(entry.hours.front().lanes));
        say("publicLanes", std::to_string(entry.hours.front().publicLanes));
        if (entry.openOnHolidays)
            say("holidays", "1");
    } else if (kind == "terms") {
        say("leadMinutes", std::to_string(rules.forPublic.lead.count()));
        say("days", std::to_string(rules.forPublic.days));
        say("reservationMinutes", std::to_string(rules.reservation.count()));
        say("blockMinutes", std::to_string(rules.blockAfterCancel.count()));
    } else if (kind != "remove") {
        const std::string tomorrow = toIso(plusDays(localDate(house.calendar.now()), 1));
        say("first", tomorrow);
        if (kind != "rule")
            say("last", tomorrow);
        if (kind != "close") {
            say("lanes", "1");
            say("publicLanes", kind == "fewer" ? "0" : "1");
        }
    }
    return fields;
}

/// Stands for the conflicts that a page showed.
std::string fingerprint(const office::RulePreview& preview)
{
    std::string ids;
    for (const auto& conflict : preview.conflicts)
        ids += conflict.id;
    return toHex(outbox::sha256(view(ids)));
}

page::HoursChangePage::Preview shownPreview(House& house, const office::RulePreview& preview,
                                            LocalDate week)
{
    page::HoursChangePage::Preview shown;
    shown.basedOn = preview.basedOn;
    shown.seen = fingerprint(preview);
    shown.shifts = static_cast<int>(preview.shifts.size());
    for (const auto& conflict : preview.conflicts) {
        std::string concerns;
        for (const auto& name : house.calendar.names(conflict.services, "de"))
            concerns += (concerns.empty() ? "" : ", ") + name;
        shown.conflicts.push_back({conflict.id, conflict.code, concerns, conflict.start,
                                   static_cast<int>(conflict.duration.count())});
    }
    shown.days = weekOf(house, preview.rules, mondayOf(week));
    return shown;
}

/// The form again with what is wrong, or what the change would do.
HttpResponse previewPage(House& house, const Exchange& exchange, const Fields& fields,
                         const std::string& problem = {})
{
    const auto& scope = house.calendar.plan().scope;
    const UtcTime now = house.calendar.now();
    const auto current = house.calendar.rules.current(scope);
    page::HoursChangePage shown = formPage(fields);
    shown.problem = problem;
    LocalDate week = localDate(now);
    Typed typed(fields);
    if (shown.kind == "undo") {
        shown.preview = shownPreview(house, house.calendar.rules.previewUndo(scope, now), week);
        return house.deskPage(exchange, shown, problem.empty() ? 200 : 409);
    }
    const RuleChange change = changeIn(typed, current->rules);
    if (shown.kind == "remove")
        shown.removed = entryWith(current->rules, typed.text("id"));
    if (!typed.problem().empty()) {
        shown.problem = typed.problem();
        return house.deskPage(exchange, shown, 400);
    }
    const auto rules = office::changed(current->rules, change);
    if (rules == current->rules) {
        shown.problem = "nothing";
        return house.deskPage(exchange, shown, 400);
    }
    if (shown.removed)
        week = std::max(week, shown.removed->first);
    else if (typed.has("first"))
        week = std::max(week, typed.day("first"));
    shown.preview = shownPreview(house, house.calendar.rules.preview(scope, rules, now), week);
    return house.deskPage(exchange, shown, problem.empty() ? 200 : 409);
}

} // namespace

namespace {

bool isChangedHere(const House& house)
{
    return house.calendar.isOffered() &&
           house.calendar.rules.homeOf(house.calendar.plan().scope) == office::RuleBook::Home::Here;
}

} // namespace

Reply showHours(House& house, Exchange& exchange)
{
    page::HoursPage view;
    view.offered = house.calendar.isOffered();
    if (!view.offered)
        return house.deskPage(exchange, view);
    const auto& scope = house.calendar.plan().scope;
    const auto current = house.calendar.rules.current(scope);
    const auto& rules = current->rules;
    const LocalDate today = localDate(house.calendar.now());
    const std::string asked = queried(exchange, "week");
    view.days = weekOf(house, rules, mondayOf(asked.empty() ? today : localDateFromIso(asked)));
    view.isElsewhere = !isChangedHere(house);
    view.mayChange =
        !view.isElsewhere && mayUse(exchange.clerk->roles, Method::Post, "/desk/hours/change");
    for (const auto& rule : rules.rules) {
        if (!rule.last || today <= *rule.last)
            view.rules.push_back(entryOf(rule));
    }
    for (const auto& exception : rules.exceptions) {
        if (today <= exception.last)
            view.exceptions.push_back(entryOf(exception));
    }
    for (const auto& closure : rules.closures) {
        if (today <= closure.last)
            view.closures.push_back(entryOf(closure));
    }
    view.terms = {static_cast<int>(rules.forPublic.lead.count()), rules.forPublic.days,
                  static_cast<int>(rules.reservation.count()),
                  static_cast<int>(rules.blockAfterCancel.count())};
    for (const auto& version : house.calendar.rules.history(scope, versionsShown)) {
        const bool isOurs = version.savedBy != CalendarHall::fromFolder;
        view.history.push_back({version.version, version.restores, version.savedAt,
                                isOurs ? version.savedBy : "", isOurs ? version.reason : ""});
    }
    view.canUndo = view.mayChange && current->restores.value_or(current->version) > 1;
    view.kept =
        static_cast<int>(house.calendar.rules.conflicts(scope, house.calendar.now()).size());
    return house.deskPage(exchange, view);
}

Reply showHoursChange(House& house, Exchange& exchange)
{
    if (!isChangedHere(house))
        return redirect("/desk/hours");
    if (std::ranges::find(changeKinds, queried(exchange, "kind")) == changeKinds.end())
        throw Error(ErrorCode::RequestMalformed, "a change that no page offers");
    Fields fields = exchange.query;
    if (exchange.query.contains("preview") || queried(exchange, "kind") == "undo")
        return previewPage(house, exchange, fields);
    const auto current = house.calendar.rules.current(house.calendar.plan().scope);
    page::HoursChangePage view = formPage(begun(house, current->rules, std::move(fields)));
    if (view.kind == "remove")
        view.removed = entryWith(current->rules, queried(exchange, "id"));
    return house.deskPage(exchange, view);
}

Reply changeHours(House& house, Exchange& exchange)
{
    if (!isChangedHere(house))
        return redirect("/desk/hours"); // which says where
    auto& book = house.calendar.rules;
    const auto& scope = house.calendar.plan().scope;
    const UtcTime now = house.calendar.now();
    const std::string& clerk = exchange.clerk->clerk.name;
    Typed typed(exchange.fields);
    const bool undoes = exchange.field("kind") == "undo";
    const auto current = book.current(scope);
    office::RulePreview preview;
    if (undoes) {
        preview = book.previewUndo(scope, now);
    } else {
        const RuleChange change = changeIn(typed, current->rules);
        if (!typed.problem().empty())
            return previewPage(house, exchange, exchange.fields);
        preview = book.preview(scope, office::changed(current->rules, change), now);
    }
    const bool isWhatWasSeen = exchange.field("basedOn") == std::to_string(preview.basedOn) &&
                               exchange.field("seen") == fingerprint(preview);
    if (!isWhatWasSeen)
        return previewPage(house, exchange, exchange.fields, "meanwhile");
    if (undoes)
        book.undo(scope, office::seen(preview), clerk, now);
    else
        book.save(scope, preview.rules, office::seen(preview), clerk, typed.text("reason"), now);
    const LocalDate today = localDate(now);
    const LocalDate first = typed.has("first") ? std::max(today, typed.day("first")) : today;
    return redirect("/desk/hours?week=" + toIso(mondayOf(first)));
}

} // namespace amt::node
