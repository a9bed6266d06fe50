// SPDX-License-Identifier: EUPL-1.2
//
// Opening hours, holidays and durations as towns bring them along; what is broken is refused whole.
#include "appliance/core/error.h"
#include "appliance/office/calendar/csv_table.h"
#include "appliance/office/calendar/export.h"
#include "appliance/office/calendar/import.h"
#include "tests/support/seeded_random.h"
#include "tests/support/skip.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;

namespace {

const LocalDate january = localDateFromIso("2026-01-01");

auto refusal(ErrorCode code)
{
    return [code](const Error& error) { return error.errorCode() == code; };
}

/// A file of the samples beside the project; empty, and the test skipped by name, without them.
std::string sample(const char* name)
{
    const auto file = test::shared() / "samples/ui" / name;
    if (test::skipWithout(file, name))
        return {};
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Open cells of all lanes and of those for the public, in hours.
std::pair<double, double> laneHours(const OpeningRules& rules, const char* day)
{
    std::pair<double, double> sum;
    for (const CellLanes& cell : planFor(rules, localDateFromIso(day)).lanes) {
        sum.first += cell.all / 12.0;
        sum.second += cell.open / 12.0;
    }
    return sum;
}

struct SampleDay {
    const char* pattern;
    const char* day;
    double all, forPublic; ///< lane hours
};
std::ostream& operator<<(std::ostream& out, const SampleDay& sampled)
{
    return out << sampled.pattern << " " << sampled.day;
}
const SampleDay sampleDays[] = {
    {"klein-4000", "2026-11-16", 3.5, 3.5},         // Monday
    {"klein-4000", "2026-11-18", 0, 0},             // Wednesday
    {"klein-4000", "2026-11-12", 3.5 + 8, 3.5 + 4}, // Thursday
    {"klein-4000", "2026-11-19", 3.5 + 4, 3.5 + 4}, // one who is ill
    {"mittel-20000", "2026-11-12", 13.5 + 16, 9 + 12},
    {"mittel-20000", "2026-11-26", 13.5, 9}, // no long Thursday
    {"mittel-20000", "2026-11-11", 0, 0},    // assembly
    {"mittel-20000", "2026-12-24", 0, 0},    // holidays of the town
    {"mittel-20000", "2026-12-31", 0, 0},
    {"mittel-20000", "2027-01-01", 0, 0}, // New Year
    {"mittel-20000", "2027-01-04", 13.5 + 6, 9 + 4},
    {"mittel-20000", "2027-02-08", 0, 0}, // Rosenmontag
    {"samstag-1x-monat", "2026-11-07", 6, 6},
    {"samstag-1x-monat", "2026-11-14", 0, 0},
    {"aussenstelle-14-tage", "2026-01-07", 2.5, 2.5},
    {"aussenstelle-14-tage", "2026-01-14", 0, 0},
    {"aussenstelle-14-tage", "2026-11-25", 2.5, 2.5},
};

const std::string small = R"({"muster": [{"id": "a", "einwohner": 1, "schalter": 1, "regeln": [
 {"art": "termin", "tage": ["mo"], "von": "08:00", "bis": "12:00", "raster_min": 5,
  "kapazitaet": {"intern": 2, "oeffentlich": 1}},
 {"art": "spontan", "tage": ["di"], "von": "08:00", "bis": "11:45", "tageskontingent": 40},
 {"art": "pause", "tage": ["mo"], "von": "12:00", "bis": "14:00"}]}], "ausnahmen": [
 {"muster": "a", "datum": "2026-11-23", "grund": "x", "geschlossen": true}]})";

struct Changed {
    const char* name;
    const char* from;
    const char* to;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const Changed& changed)
{
    return out << changed.name;
}
const Changed changedHours[] = {
    {"an unknown key", R"("art")", R"("more": 1, "art")", ErrorCode::JsonMalformed},
    {"an unknown kind", R"("termin")", R"("party")", ErrorCode::InputMalformed},
    {"another grid", R"("raster_min": 5)", R"("raster_min": 20)", ErrorCode::InputMalformed},
    {"an English weekday", R"("mo")", R"("tu")", ErrorCode::InputMalformed},
    {"hours backwards", R"("12:00")", R"("07:00")", ErrorCode::InputMalformed},
    {"off the grid", R"("12:00")", R"("12:01")", ErrorCode::InputMalformed},
    {"more for the public than there is", R"("oeffentlich": 1)", R"("oeffentlich": 3)",
     ErrorCode::InputMalformed},
    {"another pattern", R"("id": "a")", R"("id": "b")", ErrorCode::NotFound},
    {"a closure that does not close", "true", "false", ErrorCode::InputMalformed},
    {"an exception of two kinds", R"("geschlossen")", R"("ersetzt": [], "geschlossen")",
     ErrorCode::InputMalformed},
    {"a day that does not exist", "2026-11-23", "2026-11-31", ErrorCode::InputMalformed},
    {"fewer lanes on no day", R"("datum": "2026-11-23", "grund": "x", "geschlossen": true)",
     R"("von": "2026-11-23", "bis": "2026-11-24", "grund": "x", "kapazitaet_minus": 1)",
     ErrorCode::JsonMalformed},
    {"no JSON", R"({"muster")", R"(["muster")", ErrorCode::JsonMalformed},
};

struct BrokenTable {
    const char* name;
    const char* csv;
};
std::ostream& operator<<(std::ostream& out, const BrokenTable& table)
{
    return out << table.name;
}
const BrokenTable brokenHolidays[] = {
    {"nothing", ""},
    {"no column", "tag,wochentag,name\n2026-12-24,Do,x\n"},
    {"another weekday", "datum,wochentag,name\n2026-12-24,Mi,x\n"},
    {"one day twice", "datum,wochentag,name\n2026-12-24,Do,x\n2026-12-24,Do,y\n"},
    {"no day", "datum,wochentag,name\n24.12.2026,Do,x\n"},
    {"a row too short", "datum,wochentag,name\n2026-12-24,Do\n"},
    {"a row too long", "datum,wochentag,name\n2026-12-24,Do,x,y\n"},
    {"an open quotation", "datum,wochentag,name\n2026-12-24,Do,\"x\n"},
};
const BrokenTable brokenServices[] = {
    {"no key", "leika_schluessel,name,dauer_min,max_anzahl,termin\n1,A,15,1,1\n"},
    {"no minutes", "leika_schluessel,name,dauer_min,max_anzahl,termin\n99008001012000,A,,1,1\n"},
    {"minutes in words",
     "leika_schluessel,name,dauer_min,max_anzahl,termin\n99008001012000,A,15m,1,1\n"},
    {"no time", "leika_schluessel,name,dauer_min,max_anzahl,termin\n99008001012000,A,0,1,1\n"},
    {"a day", "leika_schluessel,name,dauer_min,max_anzahl,termin\n99008001012000,A,1440,1,1\n"},
    {"none of it", "leika_schluessel,name,dauer_min,max_anzahl,termin\n99008001012000,A,15,0,1\n"},
    {"neither yes nor no",
     "leika_schluessel,name,dauer_min,max_anzahl,termin\n99008001012000,A,15,1,x\n"},
    {"two durations", "leika_schluessel,name,dauer_min,max_anzahl,termin\n99008001012000,A,15,1,1\n"
                      "99008001012000,A,20,1,1\n"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_import)

BOOST_DATA_TEST_CASE(the_sample_towns_open_as_they_say, data::make(sampleDays), sampled)
{
    const std::string text = sample("oeffnungszeiten-beispiele.json");
    if (text.empty())
        return;
    const OpeningRules rules = importOpeningHours(text, sampled.pattern, january);
    const auto [all, forPublic] = laneHours(rules, sampled.day);
    BOOST_TEST(all == sampled.all, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(forPublic == sampled.forPublic, boost::test_tools::tolerance(1e-9));
    BOOST_TEST((openingRulesFromJson(*toJson(rules)) == rules));
}

BOOST_AUTO_TEST_CASE(hours_of_a_file_take_the_place_of_those_that_were_and_leave_the_rest)
{
    OpeningRules base;
    base.closures = {{.id = "old", .first = january, .last = january, .reason = {}}};
    base.forPublic = {.lead = 90min, .days = 7};
    base.blockAfterCancel = 30min;
    const OpeningRules rules = importOpeningHours(small, "a", january, base);
    BOOST_TEST(rules.rules.size() == 1u);
    BOOST_TEST((rules.rules[0].first == january));
    BOOST_TEST(rules.closures.size() == 1u);
    BOOST_TEST(rules.closures[0].reason == "x");
    BOOST_TEST((rules.forPublic == base.forPublic));
    BOOST_TEST((rules.blockAfterCancel == 30min));
    BOOST_TEST(laneHours(rules, "2026-11-16").first == 8.0, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(laneHours(rules, "2026-11-23").first == 0.0);
}

BOOST_DATA_TEST_CASE(hours_that_cannot_be_meant_are_refused, data::make(changedHours), changed)
{
    std::string text = small;
    const auto at = text.find(changed.from);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, std::string_view(changed.from).size(), changed.to);
    BOOST_CHECK_EXCEPTION(importOpeningHours(text, "a", january), Error, refusal(changed.code));
}

BOOST_AUTO_TEST_CASE(the_holidays_of_the_sample_are_those_of_the_law)
{
    const std::string text = sample("feiertage-nrw-2024-2040.csv");
    if (text.empty())
        return;
    const ImportedHolidays imported = importHolidays(text);
    BOOST_TEST(imported.closures.empty());
    BOOST_TEST(imported.missing.empty());
}

BOOST_AUTO_TEST_CASE(a_day_that_is_no_holiday_becomes_a_closure_and_missing_ones_are_named)
{
    const ImportedHolidays imported =
        importHolidays("\xEF\xBB\xBF"
                       "datum,wochentag,name,regel\r\n"
                       "2026-12-24,Do,\"Heiligabend, \"\"ab mittags\"\"\",fest\r\n"
                       "\r\n"
                       "2026-12-25,Fr,1. Weihnachtstag,fest");
    BOOST_REQUIRE(imported.closures.size() == 1u);
    BOOST_TEST(toIso(imported.closures[0].first) == "2026-12-24");
    BOOST_TEST(imported.closures[0].reason == R"(Heiligabend, "ab mittags")");
    BOOST_TEST(imported.missing.size() == 10u);
    OpeningRules rules = importOpeningHours(small, "a", january);
    rules.closures.insert(rules.closures.end(), imported.closures.begin(), imported.closures.end());
    BOOST_CHECK_NO_THROW(check(rules));
}

BOOST_DATA_TEST_CASE(a_broken_list_of_holidays_is_refused, data::make(brokenHolidays), broken)
{
    BOOST_CHECK_EXCEPTION(importHolidays(broken.csv), Error, refusal(ErrorCode::InputMalformed));
}

BOOST_AUTO_TEST_CASE(the_services_of_the_sample_have_their_durations)
{
    const std::string text = sample("dienste-buergerbuero.csv");
    if (text.empty())
        return;
    BookingPlan plan;
    for (const auto& each : importServices(text))
        plan.services.push_back(each.service);
    BOOST_TEST(plan.services.size() == 20u); // 22, one without appointments, one a variant
    BOOST_TEST(plan.service("99008001012000")->name.at("de") == "Personalausweis beantragen");
    const ServiceTimes times = plan.times();
    BOOST_TEST(durationOf(times, {{"99008001012000", 2}, {"99085001012000", 1}}).count() == 45);
    BOOST_TEST(!times.contains("99089017015000"));
}

/// Half a file, doubled pieces, other characters: an answer or a refusal with a code, nothing else.
BOOST_AUTO_TEST_CASE(whatever_a_file_holds_it_is_taken_or_refused)
{
    const std::string table = "leika_schluessel,datum,wochentag,name,dauer_min,max_anzahl,termin\n"
                              "99008001012000,2026-12-24,Do,\"x\"\"\",15,4,1\n"
                              "99008001012001,2026-12-25,Fr,y,15,4,0\r\n";
    const std::string rules = json::write(*toJson(importOpeningHours(small, "a", january)));
    test::SameRandom random(11);
    const auto below = [&](std::size_t bound) {
        return static_cast<std::size_t>(randomBelow(random, std::max<std::size_t>(bound, 1)));
    };
    const std::string pieces[] = {"\"", ",", "\n", "0",    "-1",   "99999999999", "null", "{}",
                                  "[]", ":", "{",  "true", "\xff", "2026-02-30",  "",     "24:00"};
    int taken = 0;
    int refused = 0;
    const auto attempt = [&](auto&& read) {
        try {
            read();
            ++taken;
        } catch (const Error& error) {
            const bool known = error.errorCode() == ErrorCode::InputMalformed ||
                               error.errorCode() == ErrorCode::JsonMalformed ||
                               error.errorCode() == ErrorCode::NotFound;
            BOOST_REQUIRE_MESSAGE(known, error.displayText());
            ++refused;
        }
    };
    for (int round = 0; round < 4000; ++round) {
        std::string text = round % 3 == 0 ? small : round % 3 == 1 ? rules : table;
        for (std::size_t i = below(3); i < 3; ++i) {
            const std::size_t at = below(text.size());
            switch (below(4)) {
            case 0:
                text.resize(at);
                break;
            case 1:
                text.insert(at, text.substr(below(text.size()), below(40)));
                break;
            case 2:
                text.replace(at, below(12), pieces[below(std::size(pieces))]);
                break;
            default:
                if (!text.empty())
                    text[at] = static_cast<char>(below(256));
            }
        }
        if (round % 3 == 0) {
            attempt([&] { importOpeningHours(text, "a", january); });
        } else if (round % 3 == 1) {
            attempt([&] { planFor(openingRulesFromJson(*json::parseObject(text)), january); });
        } else {
            attempt([&] { importHolidays(text); });
            attempt([&] { importServices(text); });
        }
    }
    BOOST_TEST(taken > 50);
    BOOST_TEST(refused > 1000);
}

BOOST_DATA_TEST_CASE(a_broken_list_of_services_is_refused, data::make(brokenServices), broken)
{
    BOOST_CHECK_EXCEPTION(importServices(broken.csv), Error, refusal(ErrorCode::InputMalformed));
}

struct Misplaced {
    const char* file;
    const char* from;
    const char* to;
    const char* place; ///< as the refusal begins
};
std::ostream& operator<<(std::ostream& out, const Misplaced& misplaced)
{
    return out << misplaced.place;
}
const Misplaced misplaced[] = {
    {"services", "15,4", "15m,4", "line 2, column dauer_min: "},
    {"services", "15,4", "15,10", "line 2, column max_anzahl: "},
    {"services", "\"x\ny\"", "\"x\ny", "line 3: "}, // where the quotation begins
    {"services", "\"x\ny\"", "\"x\ny\"z", "line 4: "},
    {"services", ",0\n", ",2\n", "line 5, column termin: "}, // after a value of two lines
    {"services", "5,5,1", "5,1", "line 3: "},
    {"services", "termin", "name", "line 1: "},
    {"holidays", "Do", "Mi", "line 3, column wochentag: "},
    {"holidays", "2026-12-25", "2026-12-32", "line 2, column datum: "},
    {"hours", "08:00", "8 Uhr", "muster[0]: regeln[0]: von: "},
    {"hours", R"("oeffentlich": 1)", R"("oeffentlich": "1")",
     "muster[0]: regeln[0]: kapazitaet: oeffentlich: "},
    {"hours", "12:00", "07:00", "muster[0]: regeln[0]: "},
    {"hours", "2026-11-23", "2026-13-23", "ausnahmen[0]: datum: "},
};

BOOST_DATA_TEST_CASE(a_refusal_names_the_place, data::make(misplaced), each)
{
    const std::string file = each.file;
    std::string text = file == "services"   ? "leika_schluessel,name,dauer_min,max_anzahl,termin\n"
                                              "99008001012000,A,15,4,1\n"
                                              "99008001012001,\"x\ny\",5,5,1\n"
                                              "99008001012002,C,5,5,0\n"
                       : file == "holidays" ? "datum,wochentag,name\r\n2026-12-25,Fr,x\r\n"
                                              "2026-12-24,Do,y\r\n"
                                            : small;
    const auto at = text.find(each.from);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, std::string_view(each.from).size(), each.to);
    BOOST_CHECK_EXCEPTION(file == "services" ? static_cast<void>(importServices(text))
                          : file == "holidays"
                              ? static_cast<void>(importHolidays(text))
                              : static_cast<void>(importOpeningHours(text, "a", january)),
                          Error, [&](const Error& error) {
                              BOOST_TEST(error.message().starts_with(each.place), error.message());
                              return error.errorCode() == ErrorCode::InputMalformed ||
                                     error.errorCode() == ErrorCode::JsonMalformed;
                          });
}

BOOST_AUTO_TEST_CASE(translations_stay_as_long_as_the_german_text_does)
{
    const std::vector<BookableService> before = {
        {.key = "99008001012000", .name = {{"de", "A"}, {"en", "a"}}, .bring = {}, .time = {}},
        {.key = "99008001012001", .name = {{"de", "B"}, {"en", "b"}}, .bring = {}, .time = {}},
    };
    const auto services = importServices("leika_schluessel;name;dauer_min;max_anzahl;termin\n"
                                         "99008001012000;A;15;4;1\n"
                                         "99008001012001;Z;15;4;1\n",
                                         before);
    BOOST_REQUIRE(services.size() == 2u);
    BOOST_TEST(services[0].service.name.at("en") == "a");
    BOOST_TEST(!services[1].service.name.contains("en"));
    BOOST_TEST(services[1].line == 3u);
}

/// What every layer can say, so that nothing is lost on the way.
OpeningRules everything()
{
    OpeningRules rules = importOpeningHours(small, "a", january);
    OpeningRule second = rules.rules[0];
    second.id = "b";
    second.weekdays = {std::chrono::Sunday, std::chrono::Saturday};
    second.everyWeeks = 2;
    second.last = localDateFromIso("2027-01-31");
    second.onHolidays = OnHolidays::Open;
    rules.rules.push_back(second);
    OpeningRule third = rules.rules[0];
    third.id = "c-d";
    third.weekInMonth = 5;
    rules.rules.push_back(third);
    const LocalDate day = localDateFromIso("2026-12-28");
    const OpenHours hours{.from = 9h, .until = 10h, .lanes = 2, .publicLanes = 1};
    for (const auto kind : {ExceptionKind::Instead, ExceptionKind::Besides, ExceptionKind::Fewer})
        rules.exceptions.push_back({.id = "e" + std::to_string(rules.exceptions.size()),
                                    .first = day,
                                    .last = plusDays(day, 1),
                                    .kind = kind,
                                    .hours = {hours},
                                    .onHolidays = OnHolidays::Open,
                                    .reason = "x"});
    rules.exceptions.push_back({.id = "none",
                                .first = day,
                                .last = day,
                                .kind = ExceptionKind::Instead,
                                .hours = {},
                                .reason = ""});
    rules.closures.push_back(
        {.id = "c", .first = day, .last = day, .from = 14h, .until = 16h, .reason = "y"});
    check(rules);
    return rules;
}

BOOST_AUTO_TEST_CASE(hours_that_were_given_out_are_taken_back_as_they_were)
{
    const OpeningRules rules = everything();
    const std::string text = json::write(*exportOpeningHours(rules, "rathaus"));
    BOOST_TEST(
        (importOpeningHours(text, "rathaus", localDateFromIso("2020-01-01"), rules) == rules));
}

BOOST_AUTO_TEST_CASE(services_that_were_given_out_are_taken_back_as_they_were)
{
    const std::vector<BookableService> services = {
        {.key = "99008001012000",
         .name = {{"de", "Ausweis, \"neu\""}, {"en", "card"}},
         .bring = {{"de", "alter Ausweis;\nBild"}},
         .time = {15min, 4}},
        {.key = "99008001012001", .name = {{"de", "Łódź"}}, .bring = {}, .time = {240min, 9}},
    };
    const auto again = importServices(exportServices(services), services);
    BOOST_REQUIRE(again.size() == services.size());
    for (std::size_t i = 0; i < again.size(); ++i)
        BOOST_TEST((again[i].service == services[i]), i);
}

BOOST_AUTO_TEST_CASE(the_holidays_that_are_given_out_are_those_of_the_sample)
{
    const std::string text = sample("feiertage-nrw-2024-2040.csv");
    if (text.empty())
        return;
    const CsvTable given(exportHolidays(std::chrono::year(2024), std::chrono::year(2040)),
                         {"datum", "wochentag", "name"});
    const CsvTable wanted(text, {"datum", "wochentag", "name"});
    BOOST_REQUIRE(given.size() == wanted.size());
    for (std::size_t row = 0; row < given.size(); ++row) {
        for (const char* column : {"datum", "wochentag", "name"})
            BOOST_TEST(given.at(row, column) == wanted.at(row, column));
    }
}

BOOST_AUTO_TEST_SUITE_END()
