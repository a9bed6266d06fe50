// SPDX-License-Identifier: EUPL-1.2
//
// Opening rules: holidays, layers, weeks and months, days on which the clocks change, windows,
// JSON.
#include "appliance/core/error.h"
#include "appliance/office/calendar/rules.h"
#include "tests/support/seeded_random.h"
#include "tests/support/skip.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;

namespace {

using std::chrono::sys_days;

const std::vector<std::chrono::weekday> workdays = {std::chrono::Monday, std::chrono::Tuesday,
                                                    std::chrono::Wednesday, std::chrono::Thursday,
                                                    std::chrono::Friday};
const LocalDate january = localDateFromIso("2026-01-01");

OpenHours hours(const char* from, const char* until, int lanes = 2, int publicLanes = 1)
{
    return {wallTimeFromText(from), wallTimeFromText(until), lanes, publicLanes};
}

OpeningRules weekdaysAt(const OpenHours& at)
{
    OpeningRules rules;
    rules.rules = {{.id = "week", .weekdays = workdays, .first = january, .hours = at}};
    return rules;
}

/// "08:00-12:00 2/1, ...": what a plan opens, as a clerk would say it.
std::string said(const DayPlan& plan)
{
    std::string text;
    const auto clock = [&](int cell) {
        return cell == plan.cells.count() ? "24:00" : localTime(plan.cells.startOf(cell));
    };
    for (int begin = 0, cell = 0; cell <= plan.cells.count(); ++cell) {
        if (cell < plan.cells.count() && plan.lanes[cell] == plan.lanes[begin])
            continue;
        if (plan.lanes[begin].all > 0)
            text += (text.empty() ? "" : ", ") + clock(begin) + "-" + clock(cell) + " " +
                    std::to_string(plan.lanes[begin].all) + "/" +
                    std::to_string(plan.lanes[begin].open);
        begin = cell;
    }
    return text;
}
std::string said(const OpeningRules& rules, const char* day)
{
    return said(planFor(rules, localDateFromIso(day)));
}

bool hasCode(const Error& error, ErrorCode code)
{
    return error.errorCode() == code;
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_rules)

BOOST_AUTO_TEST_CASE(the_rules_stand_on_core_alone_so_that_a_gateway_can_have_them)
{
    const std::string room = "appliance/office/calendar/";
    for (const std::string file : {"rules", "day_cells", "holidays"}) {
        for (const char* ending : {".h", ".cpp"}) {
            std::ifstream in(std::string(AMT_SOURCE_DIR) + "/" + room + file + ending);
            BOOST_REQUIRE(in.good());
            std::string line;
            while (std::getline(in, line)) {
                if (!line.starts_with("#include \""))
                    continue;
                const std::string what = line.substr(10, line.size() - 11);
                BOOST_TEST((what.starts_with("appliance/core/") || what == room + "rules.h" ||
                            what == room + "day_cells.h" || what == room + "holidays.h"),
                           file << ending << " includes " << what);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(holidays_are_those_of_the_list_for_every_year_of_it)
{
    const auto file = test::shared() / "samples/ui/feiertage-nrw-2024-2040.csv";
    if (test::skipWithout(file, "the list of holidays"))
        return;
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    std::map<int, std::vector<std::string>> listed;
    while (std::getline(in, line)) {
        const std::string day = line.substr(0, 10);
        const std::string name = line.substr(14, line.find(',', 14) - 14);
        listed[std::stoi(day)].push_back(day + " " + name);
    }
    BOOST_TEST(listed.size() == 17u);
    for (const auto& [year, expected] : listed) {
        std::vector<std::string> computed;
        for (const Holiday& holiday : holidaysOf(std::chrono::year(year)))
            computed.push_back(toIso(holiday.day) + " " + std::string(holiday.name));
        BOOST_TEST(computed == expected, boost::test_tools::per_element());
    }
}

struct Easter {
    int year;
    const char* day;
};
/// Meeus, Astronomical Algorithms, chapter 8, examples; the two extremes of the table of the
/// Book of Common Prayer.
const Easter easters[] = {{1991, "1991-03-31"}, {1992, "1992-04-19"}, {1993, "1993-04-11"},
                          {1954, "1954-04-18"}, {2000, "2000-04-23"}, {1818, "1818-03-22"},
                          {2038, "2038-04-25"}, {2285, "2285-03-22"}};
std::ostream& operator<<(std::ostream& out, const Easter& easter)
{
    return out << easter.day;
}

BOOST_DATA_TEST_CASE(easter_falls_where_the_books_say, data::make(easters), easter)
{
    BOOST_TEST(toIso(easterSunday(std::chrono::year(easter.year))) == easter.day);
}

struct Layered {
    const char* name;
    const char* day;
    const char* opens;
};
std::ostream& operator<<(std::ostream& out, const Layered& layered)
{
    return out << layered.name;
}

/// One town with every layer; the days of 2026 on which they meet.
OpeningRules town()
{
    OpeningRules rules = weekdaysAt(hours("08:00", "12:00"));
    rules.rules.push_back({.id = "thursday",
                           .weekdays = {std::chrono::Thursday},
                           .first = january,
                           .hours = hours("11:00", "18:00", 3, 1)});
    rules.rules.push_back({.id = "branch",
                           .weekdays = {std::chrono::Saturday},
                           .everyWeeks = 2,
                           .first = localDateFromIso("2026-01-07"), // a Wednesday
                           .hours = hours("15:00", "17:30", 1, 1)});
    rules.rules.push_back({.id = "first-sunday",
                           .weekdays = {std::chrono::Sunday},
                           .weekInMonth = 1,
                           .first = january,
                           .last = localDateFromIso("2026-11-01"),
                           .hours = hours("10:00", "11:00", 1, 0),
                           .onHolidays = OnHolidays::Open});
    rules.rules.push_back({.id = "last-tuesday",
                           .weekdays = {std::chrono::Tuesday},
                           .weekInMonth = 5,
                           .first = january,
                           .hours = hours("19:00", "20:00", 1, 1)});
    const auto on = [](const char* first, const char* last) {
        return std::pair(localDateFromIso(first), localDateFromIso(last));
    };
    const auto except = [&](const char* id, std::pair<LocalDate, LocalDate> when,
                            ExceptionKind kind, std::vector<OpenHours> at,
                            OnHolidays onHolidays = OnHolidays::Closed) {
        rules.exceptions.push_back({.id = id,
                                    .first = when.first,
                                    .last = when.second,
                                    .kind = kind,
                                    .hours = std::move(at),
                                    .onHolidays = onHolidays,
                                    .reason = "test"});
    };
    except("short", on("2026-11-26", "2026-11-26"), ExceptionKind::Instead,
           {hours("08:00", "12:30", 3, 2)});
    except("ill", on("2026-11-19", "2026-11-19"), ExceptionKind::Fewer,
           {hours("14:00", "18:00", 2, 0)});
    except("evening", on("2026-11-24", "2026-11-25"), ExceptionKind::Besides,
           {hours("18:00", "19:00", 1, 1)});
    except("corpus-christi", on("2026-06-04", "2026-06-05"), ExceptionKind::Instead,
           {hours("09:00", "10:00", 1, 1)});
    except("may-day", on("2026-05-01", "2026-05-01"), ExceptionKind::Instead,
           {hours("10:00", "12:00", 1, 1)}, OnHolidays::Open);
    except("nothing", on("2026-12-01", "2026-12-01"), ExceptionKind::Instead, {});
    rules.closures = {{.id = "assembly",
                       .first = localDateFromIso("2026-11-25"),
                       .last = localDateFromIso("2026-11-25"),
                       .from = wallTimeFromText("10:00"),
                       .reason = "Personalversammlung"},
                      {.id = "holidays",
                       .first = localDateFromIso("2026-12-24"),
                       .last = localDateFromIso("2026-12-31"),
                       .reason = "Betriebsferien"}};
    rules.exceptions.back().reason = "Inventur";
    except("in-closure", on("2026-12-28", "2026-12-28"), ExceptionKind::Besides,
           {hours("08:00", "09:00", 1, 1)}, OnHolidays::Open);
    return rules;
}

const Layered days[] = {
    {"a working day", "2026-11-23", "08:00-12:00 2/1"},
    {"two rules that overlap do not add up", "2026-11-12", "08:00-11:00 2/1, 11:00-18:00 3/1"},
    {"before the first day", "2025-12-30", ""},
    {"a holiday closes", "2026-04-03", ""},
    {"every second week, from the week of the first day", "2026-01-10", "15:00-17:30 1/1"},
    {"the week between", "2026-01-17", ""},
    {"every second week over the turn of the year", "2027-01-09", "15:00-17:30 1/1"},
    {"the first Sunday of the month, for staff only", "2026-02-01", "10:00-11:00 1/0"},
    {"open although holiday, on the last day of the rule", "2026-11-01", "10:00-11:00 1/0"},
    {"after the last day of the rule", "2026-12-06", ""},
    {"the second Sunday", "2026-02-08", ""},
    {"the last Tuesday, the fourth", "2026-02-24", "08:00-12:00 2/1, 19:00-20:00 1/1"},
    {"the last Tuesday, the fifth", "2026-06-30", "08:00-12:00 2/1, 19:00-20:00 1/1"},
    {"the fourth of five Tuesdays", "2026-06-23", "08:00-12:00 2/1"},
    {"an exception stands instead of the rules", "2026-11-26", "08:00-12:30 3/2"},
    {"one who is ill", "2026-11-19", "08:00-11:00 2/1, 11:00-14:00 3/1, 14:00-18:00 1/1"},
    {"hours besides", "2026-11-24", "08:00-12:00 2/1, 18:00-20:00 1/1"},
    {"a closure of some hours beats the exception", "2026-11-25", "08:00-10:00 2/1"},
    {"an exception does not open a holiday by itself", "2026-06-04", ""},
    {"the same exception on a working day", "2026-06-05", "09:00-10:00 1/1"},
    {"an exception that says so opens a holiday", "2026-05-01", "10:00-12:00 1/1"},
    {"an exception without hours closes", "2026-12-01", ""},
    {"nothing opens against a closure", "2026-12-28", ""},
    {"the last day of a closure is closed", "2026-12-31", ""},
};

BOOST_DATA_TEST_CASE(the_layers_give_the_day, data::make(days), layered)
{
    const OpeningRules rules = town();
    check(rules);
    BOOST_TEST(said(rules, layered.day) == layered.opens);
}

BOOST_AUTO_TEST_CASE(days_on_which_the_clocks_change_have_their_own_cells)
{
    const DayCells spring(localDateFromIso("2027-03-28"));
    const DayCells autumn(localDateFromIso("2026-10-25"));
    const DayCells between(localDateFromIso("2026-11-23"));
    BOOST_TEST(spring.count() == 276);
    BOOST_TEST(autumn.count() == 300);
    BOOST_TEST(between.count() == 288);
    for (const DayCells& cells : {spring, autumn, between}) {
        BOOST_TEST(localTime(cells.startOf(0)) == "00:00");
        BOOST_TEST((localDate(cells.startOf(cells.count() - 1)) == cells.day()));
        BOOST_TEST((localDate(cells.startOf(cells.count())) == plusDays(cells.day(), 1)));
        BOOST_TEST(localTime(cells.startOf(cells.cellAt(8h))) == "08:00");
        BOOST_TEST(cells.cellAt(24h) == cells.count());
        BOOST_TEST(cells.firstFrom(cells.startOf(40)) == 40);
        BOOST_TEST(cells.firstFrom(cells.startOf(40) + 1ms) == 41);
        BOOST_TEST(cells.firstFrom(cells.startOf(0) - 1h) == 0);
        BOOST_TEST(cells.firstFrom(cells.startOf(cells.count()) + 1h) == cells.count());
    }
    // The hour that is skipped, and the hour that comes twice.
    BOOST_TEST(spring.cellAt(2h + 30min) == spring.cellAt(3h));
    BOOST_TEST(autumn.cellAt(3h) - autumn.cellAt(2h) == 24);
    BOOST_TEST(localTime(autumn.startOf(autumn.cellAt(2h) + 12)) == "02:00");
}

BOOST_AUTO_TEST_CASE(opening_hours_keep_their_wall_clock_when_the_clocks_change)
{
    OpeningRules rules;
    rules.rules = {{.id = "night",
                    .weekdays = {std::chrono::Sunday},
                    .first = january,
                    .hours = hours("01:00", "09:00")}};
    BOOST_TEST(said(rules, "2026-10-25") == "01:00-09:00 2/1");
    BOOST_TEST(said(rules, "2027-03-28") == "01:00-09:00 2/1");
    const auto openCells = [&](const char* day) {
        const DayPlan plan = planFor(rules, localDateFromIso(day));
        return std::ranges::count_if(plan.lanes, [](const auto& cell) { return cell.all > 0; });
    };
    BOOST_TEST(openCells("2026-10-25") == 9 * 12);
    BOOST_TEST(openCells("2027-03-28") == 7 * 12);
    BOOST_TEST(openCells("2026-11-22") == 8 * 12);
}

/// Says for each cell alone what counts, by the clock on the wall.
CellLanes modelled(const OpeningRules& rules, LocalDate day, const std::string& clock)
{
    const auto within = [&](WallTime from, WallTime until) {
        return toText(from) <= clock && clock < toText(until);
    };
    int all = 0;
    int open = 0;
    const auto atLeast = [&](const OpenHours& at) {
        if (!within(at.from, at.until))
            return;
        all = std::max(all, at.lanes);
        open = std::max(open, at.publicLanes);
    };
    const bool holiday = isHoliday(day);
    bool instead = false;
    for (const auto& exception : rules.exceptions)
        instead = instead || (exception.kind == ExceptionKind::Instead && exception.first <= day &&
                              day <= exception.last);
    for (const auto& rule : rules.rules) {
        // Counted day by day from the Monday of the first week.
        LocalDate monday = rule.first;
        while (std::chrono::weekday(sys_days(monday)) != std::chrono::Monday)
            monday = plusDays(monday, -1);
        int passed = 0;
        for (LocalDate at = monday; at < day; at = plusDays(at, 1))
            ++passed;
        const bool onDay =
            std::ranges::count(rule.weekdays, std::chrono::weekday(sys_days(day))) > 0;
        if (!instead && rule.first <= day && (!rule.last || day <= *rule.last) && onDay &&
            passed / 7 % rule.everyWeeks == 0 && (!holiday || rule.onHolidays == OnHolidays::Open))
            atLeast(rule.hours);
    }
    for (const ExceptionKind kind :
         {ExceptionKind::Instead, ExceptionKind::Besides, ExceptionKind::Fewer}) {
        for (const auto& exception : rules.exceptions) {
            if (exception.kind != kind || day < exception.first || exception.last < day)
                continue;
            for (const auto& at : exception.hours) {
                if (kind != ExceptionKind::Fewer) {
                    if (!holiday || exception.onHolidays == OnHolidays::Open)
                        atLeast(at);
                } else if (within(at.from, at.until)) {
                    all -= std::min(all, at.lanes);
                    open -= std::min(open, at.publicLanes);
                    open = std::min(open, all);
                }
            }
        }
    }
    for (const auto& closure : rules.closures) {
        if (closure.first <= day && day <= closure.last && within(closure.from, closure.until))
            all = open = 0;
    }
    return {static_cast<std::uint8_t>(all), static_cast<std::uint8_t>(open)};
}

BOOST_AUTO_TEST_CASE(a_plan_is_what_each_cell_says_for_itself)
{
    test::SameRandom random(5);
    const auto below = [&](int bound) { return static_cast<int>(randomBelow(random, bound)); };
    // Around Christmas and the turn of the year, around Easter, and both changes of the clock.
    const std::vector<std::string> starts = {"2026-10-20", "2026-12-18", "2027-03-22"};
    int opened = 0;
    for (int round = 0; round < 60; ++round) {
        const LocalDate start = localDateFromIso(starts[round % starts.size()]);
        const auto anyDay = [&] { return plusDays(start, below(16) - 2); };
        const auto anyHours = [&] {
            const int from = below(23);
            const int lanes = 1 + below(4);
            return OpenHours{WallTime(from * 60), WallTime((from + 1 + below(24 - from)) * 60),
                             lanes, below(lanes + 1)};
        };
        const auto anyHoliday = [&] {
            return below(3) == 0 ? OnHolidays::Open : OnHolidays::Closed;
        };
        OpeningRules rules;
        int id = 0;
        for (int i = below(4); i >= 0; --i) {
            rules.rules.push_back(
                {.id = "r" + std::to_string(++id),
                 .weekdays = {std::chrono::weekday(below(7)), std::chrono::weekday(below(7))},
                 .everyWeeks = 1 + below(3),
                 .first = plusDays(start, -below(60)),
                 .hours = anyHours(),
                 .onHolidays = anyHoliday()});
            if (below(3) == 0)
                rules.rules.back().last = plusDays(start, below(14));
        }
        for (int i = below(4); i > 0; --i) {
            const LocalDate first = anyDay();
            rules.exceptions.push_back({.id = "e" + std::to_string(++id),
                                        .first = first,
                                        .last = plusDays(first, below(3)),
                                        .kind = static_cast<ExceptionKind>(below(3)),
                                        .hours = {anyHours(), anyHours()},
                                        .onHolidays = anyHoliday(),
                                        .reason = {}});
        }
        for (int i = below(3); i > 0; --i) {
            const LocalDate first = anyDay();
            const OpenHours at = anyHours();
            rules.closures.push_back({.id = "c" + std::to_string(++id),
                                      .first = first,
                                      .last = plusDays(first, below(2)),
                                      .from = at.from,
                                      .until = at.until,
                                      .reason = {}});
        }
        check(rules);
        for (int i = 0; i < 14; ++i) {
            const LocalDate day = plusDays(start, i);
            const DayPlan plan = planFor(rules, day);
            for (int cell = 0; cell < plan.cells.count(); ++cell) {
                const CellLanes expected =
                    modelled(rules, day, localTime(plan.cells.startOf(cell)));
                BOOST_REQUIRE_MESSAGE(plan.lanes[cell] == expected,
                                      "round " << round << ", " << toIso(day) << " cell " << cell);
                opened += expected.all > 0;
            }
        }
        BOOST_TEST((openingRulesFromJson(*toJson(rules)) == rules));
    }
    BOOST_TEST(opened > 10000); // the rounds were about something
}

BOOST_AUTO_TEST_CASE(the_window_begins_after_the_lead_and_ends_with_its_last_day)
{
    OpeningRules rules;
    rules.forPublic = {.lead = 120min, .days = 14};
    rules.forStaff = {.lead = 0min, .days = 0};
    const UtcTime beforeMidnight = fromIso("2026-11-22T22:59:59Z"); // 23:59:59 here
    const UtcTime midnight = fromIso("2026-11-22T23:00:00Z");
    const auto forPublic = bookableSpan(rules, Booker::Public, beforeMidnight);
    BOOST_TEST((forPublic.earliest == fromIso("2026-11-23T00:59:59Z")));
    BOOST_TEST(toIso(forPublic.lastDay) == "2026-12-06");
    BOOST_TEST(toIso(bookableSpan(rules, Booker::Public, midnight).lastDay) == "2026-12-07");
    BOOST_TEST(toIso(bookableSpan(rules, Booker::Staff, beforeMidnight).lastDay) == "2026-11-22");
}

struct Broken {
    const char* name;
    void (*breaks)(OpeningRules&);
};
std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.name;
}
const Broken brokenRules[] = {
    {"hours that end before they begin", [](auto& r) { r.rules[0].hours.until = 7h; }},
    {"hours that end when they begin", [](auto& r) { r.rules[0].hours.until = 8h; }},
    {"hours after midnight", [](auto& r) { r.rules[0].hours.until = 25h; }},
    {"off the grid", [](auto& r) { r.rules[0].hours.from = 8h + 3min; }},
    {"no lane", [](auto& r) { r.rules[0].hours.lanes = r.rules[0].hours.publicLanes = 0; }},
    {"too many lanes", [](auto& r) { r.rules[0].hours.lanes = lanesMax + 1; }},
    {"more lanes for the public than there are",
     [](auto& r) { r.rules[0].hours.publicLanes = r.rules[0].hours.lanes + 1; }},
    {"no weekday", [](auto& r) { r.rules[0].weekdays.clear(); }},
    {"every no week", [](auto& r) { r.rules[0].everyWeeks = 0; }},
    {"the sixth of a month", [](auto& r) { r.rules[0].weekInMonth = 6; }},
    {"every second week and the first of a month", [](auto& r) { r.rules[2].weekInMonth = 1; }},
    {"a rule that ends before it begins",
     [](auto& r) { r.rules[0].last = plusDays(r.rules[0].first, -1); }},
    {"one id twice", [](auto& r) { r.closures[0].id = "week"; }},
    {"no id", [](auto& r) { r.closures[0].id.clear(); }},
    {"a closure that ends before it begins",
     [](auto& r) { r.closures[0].last = plusDays(r.closures[0].first, -1); }},
    {"a closure off the grid", [](auto& r) { r.closures[0].from = 9h + 1min; }},
    {"hours besides without hours", [](auto& r) { r.exceptions[2].hours.clear(); }},
    {"an endless reason", [](auto& r) { r.exceptions[0].reason = std::string(1000, 'x'); }},
    {"a lead time below nothing", [](auto& r) { r.forPublic.lead = -1min; }},
    {"a window of ten years", [](auto& r) { r.forStaff.days = 3650; }},
    {"a reservation without time", [](auto& r) { r.reservation = 0min; }},
    {"a block below nothing", [](auto& r) { r.blockAfterCancel = -1min; }},
};

BOOST_DATA_TEST_CASE(what_cannot_be_meant_is_refused, data::make(brokenRules), broken)
{
    OpeningRules rules = town();
    broken.breaks(rules);
    const auto refused = [](const Error& error) {
        return hasCode(error, ErrorCode::InputMalformed);
    };
    BOOST_CHECK_EXCEPTION(check(rules), Error, refused);
}

BOOST_AUTO_TEST_CASE(rules_survive_their_json_and_strange_json_is_refused)
{
    const OpeningRules rules = town();
    const std::string text = json::write(*toJson(rules));
    BOOST_TEST((openingRulesFromJson(*json::parseObject(text)) == rules));
    const auto refusedAs = [&](ErrorCode code, const std::string& from, const std::string& to) {
        std::string changed = text;
        const auto at = changed.find(from);
        BOOST_REQUIRE(at != std::string::npos);
        changed.replace(at, from.size(), to);
        BOOST_CHECK_EXCEPTION(openingRulesFromJson(*json::parseObject(changed)), Error,
                              [&](const Error& error) { return hasCode(error, code); });
    };
    refusedAs(ErrorCode::JsonMalformed, R"("format":1,)", R"("format":1,"more":2,)");
    refusedAs(ErrorCode::InputMalformed, R"("format":1,)", R"("format":2,)");
    refusedAs(ErrorCode::InputMalformed, R"("mo")", R"("xx")");
    refusedAs(ErrorCode::InputMalformed, R"("08:00")", R"("8:00")");
    refusedAs(ErrorCode::InputMalformed, R"("08:00")", R"("08:60")");
    refusedAs(ErrorCode::InputMalformed, R"("08:00")", R"("24:05")");
    refusedAs(ErrorCode::InputMalformed, R"("2026-01-01")", R"("2026-02-30")");
    refusedAs(ErrorCode::InputMalformed, R"("instead")", R"("never")");
    refusedAs(ErrorCode::InputMalformed, R"("lanes":2)", R"("lanes":4294967297)");
    refusedAs(ErrorCode::JsonMalformed, R"("openOnHolidays":false)", R"("openOnHolidays":"no")");
}

BOOST_AUTO_TEST_SUITE_END()
