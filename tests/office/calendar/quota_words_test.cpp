// SPDX-License-Identifier: EUPL-1.2
//
// Messages of the quota protocol: what was written is read, and what is bent anywhere is refused.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/office/calendar/quota_words.h"
#include "appliance/office/calendar/rules.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office::quota;

namespace {

const std::string life = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01";
const std::string hash(64, 'a');
const Run run{"hall", localDateFromIso("2026-11-24"), 2, 96, 5};
const std::string place = R"("scope":"hall","day":"2026-11-24","lane":"2","cell":"96","cells":"5")";

bool isRefused(const Error& error)
{
    return error.errorCode() == ErrorCode::JsonMalformed ||
           error.errorCode() == ErrorCode::InputMalformed ||
           error.errorCode() == ErrorCode::InputTooLarge;
}

Report aReport()
{
    Report report{.incarnation = life, .records = {}};
    report.records.push_back({.number = 3, .hash = hash});
    report.records.push_back({.number = 4,
                              .hash = hash,
                              .kind = "BOOK",
                              .id = "x",
                              .time = fromMilliseconds(5),
                              .timeQuality = "rtc",
                              .details = "{" + place + R"(,"leases":"7,7,7,8,8"})"});
    report.records.push_back({.number = 5,
                              .hash = hash,
                              .kind = "RULES",
                              .id = "hall",
                              .time = fromMilliseconds(5),
                              .timeQuality = "rtc",
                              .details = R"({"sha256.rules":")" + hash + R"(","version":"1"})",
                              .rules = json::write(*office::toJson(office::OpeningRules{}))});
    return report;
}

Answer anAnswer()
{
    return {.incarnation = life,
            .portal = {3, life},
            .portalTime = fromMilliseconds(9),
            .challenge = "c",
            .fenced = true,
            .showLeases = true,
            .next = 7,
            .grants = 2,
            .recall = {run},
            .leases = {"token"}};
}

struct Message {
    const char* name;
    std::string text;
    std::string (*again)(const std::string&); ///< read, and written once more
};
std::ostream& operator<<(std::ostream& out, const Message& message)
{
    return out << message.name;
}

const Message messages[] = {
    {"register",
     write(Register{"town-a", life, "key", {2, hash}, {9, hash}, 4, {1, life}, "challenge"}),
     [](const std::string& text) { return write(readRegister(text)); }},
    {"report", write(aReport()), [](const std::string& text) { return write(readReport(text)); }},
    {"grants", write(GrantsQuestion{life, 4}),
     [](const std::string& text) { return write(readGrantsQuestion(text)); }},
    {"leases", write(Leases{life, {1, life}, 9, 4, {{run, 7}}}),
     [](const std::string& text) { return write(readLeases(text)); }},
    {"want", write(Want{life, {{"hall", 5, {{run.day, 10}}, {{run.day, 3}}}}}),
     [](const std::string& text) { return write(readWant(text)); }},
    {"answer", write(anAnswer()), [](const std::string& text) { return write(readAnswer(text)); }},
    {"calendar question", write(CalendarQuestion{"hall", run.day, 31}),
     [](const std::string& text) { return write(readCalendarQuestion(text)); }},
    {"calendar",
     write(Calendar{fromMilliseconds(9),
                    "hall",
                    1,
                    json::write(*office::toJson(office::OpeningRules{})),
                    {run}}),
     [](const std::string& text) { return write(readCalendar(text)); }},
    {"lease", write(Lease{"town-a", life, 0, 7, life, fromMilliseconds(9), {run}}),
     [](const std::string& text) { return write(readLease(text)); }},
};

struct Bent {
    const char* name;
    std::size_t message;
    std::string from, to;
};
std::ostream& operator<<(std::ostream& out, const Bent& bent)
{
    return out << bent.name;
}

const Bent bents[] = {
    {"no JSON", 0, "{", "["},
    {"a key too many", 0, "{", R"({"more":1,)"},
    {"another type", 0, R"("grants":4)", R"("grants":"4")"},
    {"a number below zero", 0, R"("grants":4)", R"("grants":-4)"},
    {"an incarnation that is none", 0, life, "x"},
    {"a hash too short", 0, hash, std::string(63, 'a')},
    {"a head before the beginning", 0, R"("number":9)", R"("number":1)"},
    {"a portal's life without an epoch", 0, R"("epoch":1)", R"("epoch":0)"},
    {"nobody", 0, R"("node":"town-a")", R"("node":"")"},
    {"a gap", 1, R"("number":4)", R"("number":6)"},
    {"a kind that stays in the house", 1, "BOOK", "AUDIT"},
    {"details that say nothing", 1, R"(\"scope\":\"hall\",)", ""},
    {"a day that does not exist", 1, "2026-11-24", "2026-11-31"},
    {"cells beyond the day", 1, R"(\"cell\":\"96\")", R"(\"cell\":\"296\")"},
    {"a number with a tail", 1, R"(\"cell\":\"96\")", R"(\"cell\":\"96x\")"},
    {"leases of other cells", 1, "7,7,7,8,8", "7,7,8"},
    {"a booking that names one", 1, R"(\"lane\")", R"(\"booking\":\"x\",\"lane\")"},
    {"rules that are none", 1, R"("rules":"{)", R"("rules":"{\"x\":1,)"},
    {"a lane too many", 3, R"("lane":2)", R"("lane":64)"},
    {"no cells", 3, R"("cells":5)", R"("cells":0)"},
    {"a lease without a serial", 3, R"("serial":7)", R"("serial":0)"},
    {"a run of nothing", 4, R"("runCells":5)", R"("runCells":0)"},
    {"a portal without a life", 5, R"("epoch":3,"id":")" + life, R"("epoch":0,"id":")"},
    {"a month too long", 6, R"("days":31)", R"("days":32)"},
    {"a lease of nothing", 8, R"("serial":7)", R"("serial":0)"},
    {"a scope without a name", 8, R"("scope":"hall")", R"("scope":"")"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_quota_words)

BOOST_DATA_TEST_CASE(what_was_written_is_read, data::make(messages), message)
{
    BOOST_TEST(message.again(message.text) == message.text);
}

BOOST_DATA_TEST_CASE(what_is_cut_off_is_refused, data::make(messages), message)
{
    for (std::size_t length = 0; length < message.text.size(); ++length)
        BOOST_CHECK_EXCEPTION(message.again(message.text.substr(0, length)), Error, isRefused);
}

BOOST_DATA_TEST_CASE(what_is_bent_is_refused_whole, data::make(bents), bent)
{
    const Message& message = messages[bent.message];
    std::string text = message.text;
    const auto found = text.find(bent.from);
    BOOST_REQUIRE(found != std::string::npos);
    text.replace(found, bent.from.size(), bent.to);
    BOOST_CHECK_EXCEPTION(message.again(text), Error, isRefused);
}

BOOST_AUTO_TEST_CASE(too_many_records_are_refused)
{
    Report report{.incarnation = life, .records = {}};
    for (int n = 1; n <= recordsMax + 1; ++n)
        report.records.push_back({.number = n, .hash = hash});
    BOOST_CHECK_EXCEPTION(readReport(write(report)), Error, isRefused);
    report.records.pop_back();
    BOOST_TEST(readReport(write(report)).records.size() == std::size_t{recordsMax});
}

BOOST_AUTO_TEST_CASE(a_move_says_where_it_came_from_and_a_cancellation_what_it_means)
{
    const std::string booking = R"(,"booking":")" + life + R"(:12")";
    const Body moved = readBody("MOVE", "{" + place + booking +
                                            R"(,"fromDay":"2026-11-23","fromLane":"1",)"
                                            R"("fromCell":"90","leases":"7"})");
    BOOST_TEST((moved.run == run));
    BOOST_TEST((*moved.from == Run{"hall", localDateFromIso("2026-11-23"), 1, 90, 5}));
    BOOST_TEST(moved.leases.size() == 5u); // one for each cell
    BOOST_TEST(readBody("CANCEL", "{" + place + booking + "}").booking == bookingId(life, 12));
    for (const std::string& wrong :
         {std::string("12"), life, life + ":", life + ":1x", life + ":-1"})
        BOOST_CHECK_EXCEPTION(readBody("CANCEL", "{" + place + R"(,"booking":")" + wrong + R"("})"),
                              Error, isRefused);
    BOOST_CHECK_EXCEPTION(readBody("MOVE", "{" + place + booking + "}"), Error, isRefused);
}

struct Demand {
    std::vector<int> bookings;
    int target;
};
std::ostream& operator<<(std::ostream& out, const Demand& demand)
{
    return out << demand.bookings.size() << " days, " << demand.target;
}
const Demand demands[] = {
    {{}, 2},       {{0}, 2}, {{1}, 2},        {{2}, 3},
    {{3, 1}, 5},   {{4}, 6}, {{7, 2, 3}, 11}, {std::vector<int>(20, 4), 6},
    {{10, 0}, 15},
};

BOOST_DATA_TEST_CASE(the_target_is_half_more_than_a_busy_day, data::make(demands), demand)
{
    BOOST_TEST(target(demand.bookings) == demand.target);
}

BOOST_AUTO_TEST_SUITE_END()
