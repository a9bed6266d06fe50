// SPDX-License-Identifier: EUPL-1.2
//
// Copies on the second medium while the town hall works, and what a restored one does.
#include "appliance/store/backup.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"
#include "tests/support/scratch_database.h"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

json::ObjectPtr askAdmin(Town& town, const std::string& method, const std::string& path,
                         int expected)
{
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.peer = "admin";
    if (method == "POST") {
        request.headers["content-type"] = "application/json";
        request.body = "{}";
    }
    std::optional<HttpResponse> answer;
    town.node().handle(Surface::Admin, request,
                       [&](HttpResponse response) { answer = std::move(response); });
    for (int i = 0; i < 100 && !answer; ++i)
        town.loop.advance(std::chrono::milliseconds(100));
    BOOST_TEST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->status == expected, answer->body);
    return json::parseObject(answer->body);
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_backup)

BOOST_AUTO_TEST_CASE(a_copy_is_made_every_hour_while_the_kiosk_goes_on)
{
    Town town;
    ScratchFolder medium;
    town.backupFolder = medium.path();
    town.restart();
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    town.loop.advance(std::chrono::minutes(2));
    BOOST_TEST(store::keptCopies(medium.path()).size() == 1u);
    town.loop.advance(std::chrono::hours(3));
    BOOST_TEST(store::keptCopies(medium.path()).size() == 4u);
    const auto status = askAdmin(town, "GET", "/admin/status", 200);
    BOOST_TEST(json::text(*status, "backupNewest") ==
               toIso(store::keptCopies(medium.path()).front().madeAt));
    const auto copy = store::keptCopies(medium.path()).front().path;
    store::Database opened(settingsFor(copy));
    BOOST_TEST(opened.prepare("SELECT 1 FROM envelope").step());
    BOOST_TEST(!opened.prepare("SELECT 1 FROM meta WHERE key = 'incarnation'").step());
}

BOOST_AUTO_TEST_CASE(a_copy_is_made_on_request_and_said_when_it_is_there)
{
    Town town;
    ScratchFolder medium;
    town.backupFolder = medium.path();
    town.restart();
    const auto answer = askAdmin(town, "POST", "/admin/backup", 200);
    BOOST_TEST(std::filesystem::exists(medium.path() / json::text(*answer, "file")));
    BOOST_TEST(!json::boolean(*answer, "running"));
}

BOOST_AUTO_TEST_CASE(a_medium_that_is_away_is_a_warning_and_comes_back_by_itself)
{
    Town town;
    ScratchFolder medium;
    town.backupFolder = medium.path() / "stick";
    town.restart();
    askAdmin(town, "POST", "/admin/backup", 503);
    BOOST_TEST(!json::text(*askAdmin(town, "GET", "/admin/status", 200), "backupFailure").empty());
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk); // nothing else minds
    BOOST_TEST(town.count("SELECT count(*) FROM envelope") == 1);
    std::filesystem::create_directory(town.backupFolder);
    town.loop.advance(std::chrono::minutes(12));
    BOOST_TEST(!askAdmin(town, "GET", "/admin/status", 200)->has("backupFailure"));
    BOOST_TEST(store::keptCopies(town.backupFolder).size() == 1u);
}

BOOST_AUTO_TEST_CASE(without_a_second_medium_a_request_is_refused)
{
    Town town;
    HttpRequest request;
    request.method = "POST";
    request.path = "/admin/backup";
    request.headers["content-type"] = "application/json";
    request.body = "{}";
    BOOST_TEST(town.handle(Surface::Admin, request).status == 500);
}

BOOST_AUTO_TEST_CASE(a_file_put_back_begins_a_new_incarnation_once)
{
    Town town;
    ScratchFolder medium;
    town.backupFolder = medium.path();
    town.restart();
    const std::string first =
        json::text(*askAdmin(town, "GET", "/admin/status", 200), "incarnation");
    town.restart();
    BOOST_TEST(json::text(*askAdmin(town, "GET", "/admin/status", 200), "incarnation") == first);
    askAdmin(town, "POST", "/admin/backup", 200);
    const auto copy = store::keptCopies(medium.path()).front().path;
    // by hand, as after a failed update: the node itself sees it
    town.restart([&](const auto& file) {
        std::filesystem::copy_file(copy, file, std::filesystem::copy_options::overwrite_existing);
    });
    const std::string second =
        json::text(*askAdmin(town, "GET", "/admin/status", 200), "incarnation");
    BOOST_TEST(second != first);
    BOOST_TEST(town.count("SELECT count(*) FROM journal WHERE kind = 'RESTORED'") == 1);
    town.restart();
    BOOST_TEST(json::text(*askAdmin(town, "GET", "/admin/status", 200), "incarnation") == second);
}

BOOST_AUTO_TEST_CASE(a_copy_whose_journal_was_changed_is_not_put_back)
{
    Town town;
    ScratchFolder medium;
    town.backupFolder = medium.path();
    town.restart();
    askAdmin(town, "POST", "/admin/backup", 200);
    const auto copy = store::keptCopies(medium.path()).front().path;
    {
        store::Database opened(settingsFor(copy));
        opened.execute("DROP TRIGGER journal_stays; UPDATE journal SET id = 'x' WHERE number = 1");
    }
    town.restart([&](const std::filesystem::path& file) {
        BOOST_CHECK_EXCEPTION(
            node::restore(copy, file, town.random, town.loop.utcNow()), Error,
            [](const Error& error) { return error.errorCode() == ErrorCode::JournalBroken; });
    });
    BOOST_TEST(town.count("SELECT count(*) FROM journal WHERE kind = 'RESTORED'") == 0);
}

BOOST_AUTO_TEST_CASE(behind_a_broken_chain_nothing_is_written_and_pages_still_show)
{
    Town town;
    Browser before(town, Surface::Kiosk);
    walkToDone(town, before);
    town.restart([](const std::filesystem::path& file) {
        store::Database opened(settingsFor(file));
        opened.execute("DROP TRIGGER journal_stays;"
                       "UPDATE journal SET details = '{}' WHERE kind = 'SEALED'");
    });
    const auto records = town.count("SELECT count(*) FROM journal");
    Browser kiosk(town, Surface::Kiosk);
    BOOST_TEST(kiosk.get("/").status == 200);
    BOOST_TEST(!kiosk.shows("href=\"/services\""));
    BOOST_TEST(kiosk.get("/services").status == 200); // leads back
    BOOST_TEST(kiosk.location == "/");
    BOOST_TEST(
        kiosk.send("POST", "/services", {{"service", "99108001001000"}, {"key", "k"}}).status ==
        503);
    Browser desk(town, Surface::Desk);
    BOOST_TEST(desk.get("/desk/sign-in").status == 503);
    HttpRequest work;
    work.method = "GET";
    work.path = "/sync/work";
    work.peer = "sync";
    BOOST_TEST(town.handle(Surface::Sync, work).status == 503);
    BOOST_TEST(json::boolean(*askAdmin(town, "GET", "/admin/status", 200), "readOnly"));
    town.loop.advance(std::chrono::hours(3));
    BOOST_TEST(town.count("SELECT count(*) FROM journal") == records);
}

BOOST_AUTO_TEST_SUITE_END()
