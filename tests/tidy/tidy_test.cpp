// SPDX-License-Identifier: EUPL-1.2
//
// The house as a test: who may include whom, which files own time, chance and threads, and what
// every file begins with.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Room {
    std::string folder;               ///< longest match wins
    std::vector<std::string> rooms;   ///< folders it may include, besides itself
    std::vector<std::string> headers; ///< single headers of other rooms
    std::vector<std::string> libraries;
};

const std::string poco = "Poco/";
const std::string json = "Poco/JSON/";
const std::string net = "Poco/Net/";
const std::string util = "Poco/Util/";
const std::string crypto = "openssl/";

// Poco Foundation (every <Poco/X.h> without a further folder) is allowed everywhere.
const std::vector<Room> house = {
    {"appliance/core", {}, {}, {json}},
    {"appliance/store", {"appliance/core"}, {}, {"sqlite3.h"}},
    {"sync/envelope", {"appliance/core"}, {}, {crypto, "immintrin.h"}},
    {"sync/portal", {"appliance/core"}, {}, {json, net}},
    {"drivers/port", {"appliance/core"}, {}, {json}},
    {"drivers/eid",
     {"drivers/port", "appliance/core"},
     {},
     {crypto, "winscard.h", "wintypes.h", "reader.h", "PCSC/"}},
    {"drivers/zvt", {"drivers/port", "appliance/core"}, {}, {net}},
    {"drivers/escpos",
     {"drivers/port", "appliance/core"},
     {},
     {"libusb.h", "libusb-1.0/", "pango/", "cairo", net}},
    {"drivers/scanner", {"drivers/port", "appliance/core"}, {}, {"libevdev/"}},
    {"drivers/speech", {"drivers/port", "appliance/core"}, {}, {"espeak-ng/", "sndfile.h"}},
    {"drivers/broker",
     {"drivers/eid", "drivers/zvt", "drivers/escpos", "drivers/scanner", "drivers/speech",
      "drivers/port", "appliance/core"},
     {},
     {json, net, util}},
    {"sync/outbox", {"appliance/core", "appliance/store", "sync/envelope"}, {}, {json}},
    {"appliance/office",
     {"appliance/core", "appliance/store", "drivers/port", "sync/outbox", "sync/envelope"},
     {},
     {json, "unicode/", "argon2.h", "liboath/", "libical/"}},
    {"sync/gateway",
     {"sync/portal", "sync/envelope", "appliance/store", "appliance/core"},
     // Of the office what has no store, and of the pages what every surface is drawn with:
     // operators sign in as clerks do, before pages of the same look.
     {"appliance/office/calendar/rules.h", "appliance/office/calendar/quota_words.h",
      "appliance/office/calendar/booking_words.h", "appliance/office/people/codes.h",
      "appliance/office/people/password.h", "appliance/office/people/second_factor.h",
      "kiosk/page/assets.h", "kiosk/page/qr.h", "kiosk/page/templates.h"},
     {json, net, util, crypto, "libpq-fe.h"}},
    {"sync/carrier", {"sync/portal", "drivers/port", "appliance/core"}, {}, {json, util, crypto}},
    {"kiosk/page", {"appliance/core"}, {}, {"kainjow/mustache.hpp", "qrencode.h", json}},
    {"appliance/node",
     {"appliance/office", "sync/outbox", "sync/envelope", "sync/portal", "appliance/store",
      "drivers/port", "appliance/core", "kiosk/page"},
     {"drivers/broker/client.h"},
     {json, net, util, crypto, "libp11.h"}},
    {"appliance/ctl",
     {"appliance/core"},
     {"appliance/office/calendar/booking_plan.h",
      "appliance/office/calendar/brought_appointments.h", "appliance/office/calendar/export.h",
      "appliance/office/calendar/import.h", "appliance/office/queue/queue_plan.h"},
     {net, util, json}},
};

fs::path root()
{
    return AMT_SOURCE_DIR;
}

std::string textOf(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Paths of our own sources, relative to the root: what git would know, without build folders.
std::vector<std::string> sources(const std::vector<std::string>& folders)
{
    std::vector<std::string> files;
    for (const auto& folder : folders) {
        if (!fs::exists(root() / folder))
            continue;
        for (const auto& entry : fs::recursive_directory_iterator(root() / folder)) {
            const auto extension = entry.path().extension();
            if (entry.is_regular_file() && (extension == ".cpp" || extension == ".h"))
                files.push_back(fs::relative(entry.path(), root()).generic_string());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

const std::vector<std::string> product = {"appliance", "drivers", "kiosk", "sync"};
const std::vector<std::string> all = {"appliance", "drivers", "kiosk", "sync", "tests"};

const Room* roomOf(const std::string& file)
{
    const Room* found = nullptr;
    for (const auto& room : house) {
        if (file.starts_with(room.folder + "/") &&
            (!found || room.folder.size() > found->folder.size()))
            found = &room;
    }
    return found;
}

struct Include {
    bool quoted;
    std::string what;
};

std::vector<Include> includesOf(const std::string& text)
{
    static const std::regex line(R"re(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"])re",
                                 std::regex::multiline);
    std::vector<Include> includes;
    for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at)
        includes.push_back({(*at)[1] == "\"", (*at)[2]});
    return includes;
}

/// A wish of `file` that the table does not grant, or empty.
std::string refused(const std::string& file, const Room& room, const Include& include)
{
    const std::string& what = include.what;
    if (include.quoted) {
        const bool own = what.starts_with(room.folder + "/");
        const bool granted =
            std::any_of(room.rooms.begin(), room.rooms.end(),
                        [&](const auto& other) { return what.starts_with(other + "/"); });
        const bool single =
            std::find(room.headers.begin(), room.headers.end(), what) != room.headers.end();
        return own || granted || single ? "" : file + " includes " + what;
    }
    if (what.find('/') == std::string::npos && what.find(".h") == std::string::npos)
        return ""; // the standard library
    if (what.starts_with(poco) && std::count(what.begin(), what.end(), '/') == 1)
        return "";
    static const std::set<std::string> posix = {"unistd.h", "fcntl.h",  "time.h",    "string.h",
                                                "errno.h",  "signal.h", "pthread.h", "endian.h",
                                                "poll.h",   "netdb.h",  "stdlib.h",  "iconv.h"};
    if (posix.contains(what) || what.starts_with("sys/") || what.starts_with("netinet/") ||
        what.starts_with("arpa/") || what.starts_with("linux/"))
        return "";
    const bool granted =
        std::any_of(room.libraries.begin(), room.libraries.end(),
                    [&](const auto& library) { return what.starts_with(library); });
    return granted ? "" : file + " includes <" + what + ">";
}

struct Owned {
    std::string what;
    std::string pattern;
    std::vector<std::string> owners; ///< files, relative to the root
};

// Only a main.cpp and these files may touch the real clock, real chance or a thread.
const std::vector<Owned> owned = {
    {"clock",
     R"((system_clock|steady_clock|high_resolution_clock|\bclock_gettime\b|\bgettimeofday\b|Poco::Timestamp\s*\(\s*\)|(^|[^.\w])time\s*\(\s*(nullptr|NULL|0)\s*\)|Poco::DateTime\s*\(\s*\)))",
     {"appliance/core/real_event_loop.cpp"}},
    {"chance",
     R"((\brand\s*\(|\bsrand\s*\(|std::random_device|\bRAND_bytes\b|\bRAND_priv_bytes\b|Poco::Random\b|Poco::UUIDGenerator|\bgetrandom\b))",
     {"appliance/core/random.cpp", "appliance/core/random.h"}},
    {"thread",
     R"((std::thread\b|std::jthread\b|std::async\b|\bpthread_create\b|Poco::Thread\b|Poco::ThreadPool\b|Poco::Activity\b|std::mutex\b|std::condition_variable\b))",
     {"appliance/core/parking.h", "appliance/core/real_event_loop.h",
      "appliance/core/real_event_loop.cpp", "appliance/node/front.cpp",
      "drivers/broker/card_reader.cpp", "drivers/broker/line.h", "drivers/broker/link.h",
      "drivers/broker/server.h", "drivers/scanner/scanner.cpp", "drivers/zvt/tcp_stream.cpp",
      "sync/gateway/https_front.cpp", "sync/portal/exchange.cpp"}}};

} // namespace

BOOST_AUTO_TEST_SUITE(tidy)

BOOST_AUTO_TEST_CASE(every_room_includes_only_what_its_wall_has_a_door_to)
{
    for (const auto& file : sources(product)) {
        const Room* room = roomOf(file);
        BOOST_REQUIRE_MESSAGE(room, file + " stands in no room");
        if (file.ends_with("/main.cpp"))
            continue; // only a main knows which implementation stands behind a port
        for (const auto& include : includesOf(textOf(root() / file))) {
            const std::string wish = refused(file, *room, include);
            BOOST_CHECK_MESSAGE(wish.empty(), wish);
        }
    }
}

BOOST_AUTO_TEST_CASE(nothing_of_the_product_includes_tests)
{
    for (const auto& file : sources(product)) {
        for (const auto& include : includesOf(textOf(root() / file)))
            BOOST_CHECK_MESSAGE(!include.what.starts_with("tests/"),
                                file + " includes " + include.what);
    }
}

BOOST_AUTO_TEST_CASE(the_table_itself_bites)
{
    const Room& eid = *roomOf("drivers/eid/pace.cpp");
    BOOST_TEST(!refused("drivers/eid/pace.cpp", eid, {true, "drivers/zvt/zvt.h"}).empty());
    BOOST_TEST(!refused("drivers/eid/pace.cpp", eid, {true, "appliance/store/store.h"}).empty());
    BOOST_TEST(!refused("drivers/eid/pace.cpp", eid, {false, "Poco/Net/Socket.h"}).empty());
    BOOST_TEST(!refused("drivers/eid/pace.cpp", eid, {false, "sqlite3.h"}).empty());
    BOOST_TEST(refused("drivers/eid/pace.cpp", eid, {false, "openssl/ec.h"}).empty());
    BOOST_TEST(refused("drivers/eid/pace.cpp", eid, {true, "appliance/core/bytes.h"}).empty());
    const Room& node = *roomOf("appliance/node/kiosk.cpp");
    BOOST_TEST(
        refused("appliance/node/kiosk.cpp", node, {true, "drivers/broker/client.h"}).empty());
    BOOST_TEST(
        !refused("appliance/node/kiosk.cpp", node, {true, "drivers/broker/messages.h"}).empty());
    const Room& gateway = *roomOf("sync/gateway/ledger.cpp");
    const std::string calendar = "appliance/office/calendar/";
    BOOST_TEST(refused("sync/gateway/ledger.cpp", gateway, {true, calendar + "rules.h"}).empty());
    BOOST_TEST(!refused("sync/gateway/ledger.cpp", gateway, {true, calendar + "ledger.h"}).empty());
}

BOOST_DATA_TEST_CASE(time_chance_and_threads_enter_through_their_doors,
                     boost::unit_test::data::xrange(owned.size()), index)
{
    const Owned& rule = owned[index];
    const std::regex pattern(rule.pattern);
    for (const auto& file : sources(product)) {
        if (file.ends_with("/main.cpp") ||
            std::find(rule.owners.begin(), rule.owners.end(), file) != rule.owners.end())
            continue;
        std::istringstream lines(textOf(root() / file));
        std::string line;
        for (int number = 1; std::getline(lines, line); ++number) {
            const auto comment = line.find("//");
            BOOST_CHECK_MESSAGE(!std::regex_search(line.substr(0, comment), pattern),
                                rule.what + " in " + file + ":" + std::to_string(number));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_owners_of_time_chance_and_threads_exist)
{
    for (const auto& rule : owned) {
        for (const auto& file : rule.owners)
            BOOST_CHECK_MESSAGE(fs::exists(root() / file),
                                file + " is named as an owner and does not exist");
    }
}

BOOST_AUTO_TEST_CASE(every_file_begins_with_its_licence_and_a_sentence)
{
    for (const auto& file : sources(all)) {
        std::istringstream lines(textOf(root() / file));
        std::string first, second, third;
        std::getline(lines, first);
        std::getline(lines, second);
        std::getline(lines, third);
        BOOST_CHECK_MESSAGE(first == "// SPDX-License-Identifier: EUPL-1.2",
                            file + ": licence line");
        BOOST_CHECK_MESSAGE(second == "//" && third.starts_with("// ") && third.size() > 12,
                            file + ": sentence");
    }
}

BOOST_AUTO_TEST_CASE(every_folder_with_code_tells_what_it_is)
{
    std::set<std::string> folders;
    for (const auto& file : sources(product))
        folders.insert(fs::path(file).parent_path().generic_string());
    for (const auto& folder : folders)
        BOOST_CHECK_MESSAGE(fs::exists(root() / folder / "README.md"),
                            folder + " has no README.md");
}

BOOST_AUTO_TEST_CASE(every_source_is_named_in_a_cmake_list)
{
    for (const auto& file : sources(all)) {
        if (!file.ends_with(".cpp"))
            continue;
        // the list stands in the file's folder or in one above it
        bool named = false;
        const std::string fileName = fs::path(file).filename().string();
        for (fs::path folder = fs::path(file).parent_path(); !folder.empty() && !named;
             folder = folder.parent_path()) {
            std::string lists = fs::exists(root() / folder / "CMakeLists.txt")
                                    ? textOf(root() / folder / "CMakeLists.txt")
                                    : "";
            if (folder == "tests/fuzz") {
                for (const auto& entry : fs::directory_iterator(root() / folder)) {
                    if (entry.path().extension() == ".cmake")
                        lists += textOf(entry.path());
                }
            }
            named = lists.find(fileName) != std::string::npos;
        }
        BOOST_CHECK_MESSAGE(named || file == "tests/support/test_main.cpp",
                            file + " is in no CMakeLists.txt");
    }
}

BOOST_AUTO_TEST_CASE(no_path_of_a_machine_and_no_open_end_is_committed)
{
    const std::regex open(R"(\b(TODO|FIXME|XXX|HACK)\b)");
    for (const auto& file : sources(all)) {
        if (file == "tests/tidy/tidy_test.cpp")
            continue;
        const std::string text = textOf(root() / file);
        BOOST_CHECK_MESSAGE(!std::regex_search(text, open), file + " leaves something open");
        BOOST_CHECK_MESSAGE(text.find("/home/") == std::string::npos,
                            file + " names a path of one machine");
    }
}

BOOST_AUTO_TEST_SUITE_END()
