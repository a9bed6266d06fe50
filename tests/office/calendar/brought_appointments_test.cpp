// SPDX-License-Identifier: EUPL-1.2
//
// Appointments from and to other systems: tables and iCalendar, with python3-icalendar as the other
// end.
#include "appliance/core/error.h"
#include "appliance/core/random.h"
#include "appliance/office/calendar/brought_appointments.h"
#include "tests/support/skip.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;

namespace {

constexpr auto card = "99008001012000";
constexpr auto passport = "99085001012000";
const CalendarReading reading{.services = {{"Personalausweis beantragen", card}}, .otherwise = ""};

const std::string table = "uid,beginn,minuten,dienste,familienname,vornamen,telefon\r\n"
                          "a,2026-11-24T08:30,25,99008001012000*2 99085001012000,\"O'Neill, geb. "
                          "Łuk\",Zoë,+49 2222 1\r\n"
                          "b,2026-11-24T07:30:00Z,15,99008001012000,,,\r\n";

std::string event(const std::string& lines, const std::string& uid = "a")
{
    return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20261101T000000Z\r\n" + lines +
           "END:VEVENT\r\n";
}
std::string calendar(const std::string& inside)
{
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//\r\n" + inside + "END:VCALENDAR\r\n";
}
const std::string plain =
    "DTSTART:20261124T073000Z\r\nDURATION:PT25M\r\nCATEGORIES:99008001012000\r\n";

/// What a command prints.
std::string said(const std::string& command)
{
    std::string text;
    FILE* pipe = ::popen(command.c_str(), "r");
    BOOST_REQUIRE(pipe);
    std::array<char, 4096> part{};
    while (const auto size = std::fread(part.data(), 1, part.size(), pipe))
        text.append(part.data(), size);
    BOOST_TEST(::pclose(pipe) == 0);
    return text;
}

const std::string peer = "/usr/bin/python3 '" AMT_SOURCE_DIR "/tests/office/calendar/peer_calendar.py' ";

bool skipWithoutPeer()
{
    return test::skipUnless(std::system("/usr/bin/python3 -c 'import icalendar' 2>/dev/null") == 0,
                            "python3-icalendar is missing");
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_brought_appointments)

BOOST_AUTO_TEST_CASE(a_table_gives_appointments_in_the_time_of_the_town)
{
    const auto read = appointmentsFromCsv(table);
    BOOST_REQUIRE(read.size() == 2u);
    BOOST_TEST(toIso(read[0].start) == "2026-11-24T07:30:00.000Z");
    BOOST_TEST(read[0].duration.count() == 25);
    BOOST_TEST((read[0].services == std::vector<WantedService>{{card, 2}, {passport, 1}}));
    BOOST_TEST(read[0].familyName == "O'Neill, geb. Łuk");
    BOOST_TEST(read[0].givenNames == "Zoë");
    BOOST_TEST(read[0].phone == "+49 2222 1");
    BOOST_TEST(read[0].line == 2u);
    BOOST_TEST(read[1].start.time_since_epoch().count() ==
               read[0].start.time_since_epoch().count());
    BOOST_TEST(read[1].familyName.empty());
}

BOOST_AUTO_TEST_CASE(what_was_given_out_is_taken_back_as_it_was)
{
    auto given = appointmentsFromCsv(table);
    given[0].familyName = "Łuk; \"von\" ,x\\n";
    for (auto& each : given)
        each.line = 0;
    auto fromTable = appointmentsFromCsv(appointmentsCsv(given));
    auto fromFile = appointmentsFromCalendar(
                        appointmentsCalendar(given, {}, fromIso("2026-11-22T09:00:00Z")), {})
                        .appointments;
    for (auto* read : {&fromTable, &fromFile}) {
        for (auto& each : *read)
            each.line = 0;
        BOOST_TEST((*read == given));
    }
    for (const auto& each : given)
        BOOST_TEST(
            json::write(*toJson(broughtFromJson(*json::parseObject(json::write(*toJson(each)))))) ==
            json::write(*toJson(each)));
}

struct BrokenTable {
    const char* from;
    const char* to;
    const char* place;
};
std::ostream& operator<<(std::ostream& out, const BrokenTable& broken)
{
    return out << broken.to;
}
const BrokenTable brokenTables[] = {
    {"08:30", "08:31", "line 2, column beginn: "},
    {"2026-11-24T08:30", "2027-03-28T02:30", "line 2, column beginn: "}, // skipped by the clocks
    {"08:30", "8:30", "line 2, column beginn: "},
    {"2026-11-24T08:30", "1013-11-24T08:30", "line 2, column beginn: "}, // found by the fuzzer
    {"b,", "a,", "line 3, column uid: "},
    {"b,", ",", "line 3, column uid: "},
    {",25,", ",0,", "line 2, column minuten: "},
    {",25,", ",481,", "line 2, column minuten: "},
    {"*2", "*0", "line 2, column dienste: "},
    {"99085001012000", "9908500101200", "line 2, column dienste: "},
    {"minuten", "dauer", "line 1: "},
};

BOOST_DATA_TEST_CASE(a_broken_table_is_refused_with_its_place, data::make(brokenTables), broken)
{
    std::string text = table;
    const auto at = text.find(broken.from);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, std::string_view(broken.from).size(), broken.to);
    BOOST_CHECK_EXCEPTION(appointmentsFromCsv(text), Error, [&](const Error& error) {
        BOOST_TEST(error.message().starts_with(broken.place), error.message());
        return error.errorCode() == ErrorCode::InputMalformed;
    });
}

BOOST_AUTO_TEST_CASE(a_file_of_another_program_is_read_in_each_time_zone)
{
    if (skipWithoutPeer())
        return;
    const auto read = appointmentsFromCalendar(said(peer + "write"), reading).appointments;
    BOOST_REQUIRE(read.size() == 5u);
    for (const auto& each : read) {
        const std::string wanted =
            each.uid == "summer" ? "2027-07-01T06:30:00.000Z" : "2026-11-24T07:30:00.000Z";
        BOOST_TEST(toIso(each.start) == wanted, each.uid);
        BOOST_TEST(each.duration.count() == 25);
        BOOST_TEST((each.services == std::vector<WantedService>{{card, 1}}));
        BOOST_TEST(each.familyName == "Łukasiewicz-Sørensen");
        BOOST_TEST(each.givenNames == "Zoë");
        BOOST_TEST(each.phone == "+49 2222 1");
    }
}

BOOST_AUTO_TEST_CASE(another_program_reads_ours)
{
    if (skipWithoutPeer())
        return;
    const auto given = appointmentsFromCsv(table);
    const std::string text =
        appointmentsCalendar(given,
                             {{card, "Ausweis, neu; für Ältere und alle, die lange Namen"
                                     " von Diensten mögen"}},
                             fromIso("2026-11-22T09:00:00Z"));
    const auto file = std::filesystem::temp_directory_path() /
                      ("amt-calendar-" + std::to_string(::getpid()) + ".ics");
    std::ofstream(file, std::ios::binary) << text;
    const std::string lines = said(peer + "read " + file.string());
    std::filesystem::remove(file);
    BOOST_TEST(lines == "a|2026-11-24T07:30:00Z|25|2 × Ausweis, neu; für Ältere und alle, die lange"
                        " Namen von Diensten mögen, 99085001012000\n"
                        "b|2026-11-24T07:30:00Z|15|Ausweis, neu; für Ältere und alle, die lange"
                        " Namen von Diensten mögen\n");
}

BOOST_AUTO_TEST_CASE(a_time_zone_that_the_file_brings_along_counts)
{
    const std::string zone =
        "BEGIN:VTIMEZONE\r\nTZID:Rathaus\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"
        "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
    const auto read = appointmentsFromCalendar(
        calendar(zone + event("DTSTART;TZID=Rathaus:20261124T083000\r\nDTEND;TZID=Rathaus:"
                              "20261124T084000\r\nCATEGORIES:99008001012000\r\n")),
        reading);
    BOOST_REQUIRE(read.appointments.size() == 1u);
    BOOST_TEST(toIso(read.appointments[0].start) == "2026-11-24T05:30:00.000Z");
}

BOOST_AUTO_TEST_CASE(what_was_cancelled_there_stays_there)
{
    const auto read = appointmentsFromCalendar(
        calendar(event(plain + "STATUS:CANCELLED\r\n") + event(plain, "b")), reading);
    BOOST_TEST(read.cancelled == 1);
    BOOST_REQUIRE(read.appointments.size() == 1u);
    BOOST_TEST(read.appointments[0].uid == "b");
    BOOST_TEST(read.appointments[0].line == 12u);
}

BOOST_AUTO_TEST_CASE(events_without_a_service_get_the_one_that_is_named)
{
    const std::string text = calendar(event("DTSTART:20261124T073000Z\r\nDURATION:PT25M\r\n"));
    BOOST_CHECK_EXCEPTION(appointmentsFromCalendar(text, reading), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::InputMalformed;
    });
    auto named = reading;
    named.otherwise = passport;
    BOOST_TEST(appointmentsFromCalendar(text, named).appointments.at(0).services.at(0).serviceKey ==
               passport);
}

struct BrokenFile {
    const char* name;
    std::string text;
};
std::ostream& operator<<(std::ostream& out, const BrokenFile& broken)
{
    return out << broken.name;
}
const BrokenFile brokenFiles[] = {
    {"nothing", ""},
    {"a table", table},
    {"two calendars", calendar(event(plain)) + calendar(event(plain))},
    {"half a calendar", calendar(event(plain)).substr(0, 100)},
    {"repeated", calendar(event(plain + "RRULE:FREQ=WEEKLY\r\n"))},
    {"a day of a series", calendar(event(plain + "RECURRENCE-ID:20261124T073000Z\r\n"))},
    {"a whole day", calendar(event("DTSTART;VALUE=DATE:20261124\r\nDURATION:P1D\r\n"))},
    {"no beginning", calendar(event("DURATION:PT25M\r\nCATEGORIES:99008001012000\r\n"))},
    {"no end", calendar(event("DTSTART:20261124T073000Z\r\nCATEGORIES:99008001012000\r\n"))},
    {"backwards", calendar(event("DTSTART:20261124T073000Z\r\nDTEND:20261124T072500Z\r\n"
                                 "CATEGORIES:99008001012000\r\n"))},
    {"no zone", calendar(event("DTSTART;TZID=Mond/Meer:20261124T073000\r\nDURATION:PT25M\r\n"
                               "CATEGORIES:99008001012000\r\n"))},
    {"no UID", calendar(event(plain, ""))},
    {"one UID twice", calendar(event(plain) + event(plain))},
    {"no such day", calendar(event("DTSTART:20261131T073000Z\r\nDURATION:PT25M\r\n"
                                   "CATEGORIES:99008001012000\r\n"))},
    {"a line that cannot be read", calendar(event(plain + "nonsense\r\n"))},
};

BOOST_DATA_TEST_CASE(what_is_no_list_of_appointments_is_refused_whole, data::make(brokenFiles),
                     broken)
{
    BOOST_CHECK_EXCEPTION(
        appointmentsFromCalendar(broken.text, reading), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::InputMalformed; });
}

BOOST_AUTO_TEST_CASE(the_same_uid_is_the_same_id_and_ours_is_its_own)
{
    BroughtAppointment brought;
    brought.uid = "a";
    const std::string first = idOf(brought);
    BOOST_TEST(isUuid(first));
    BOOST_TEST(idOf(brought) == first);
    brought.uid = "b";
    BOOST_TEST(idOf(brought) != first);
    brought.uid = uidOf(first);
    BOOST_TEST(idOf(brought) == first);
}

BOOST_AUTO_TEST_SUITE_END()
