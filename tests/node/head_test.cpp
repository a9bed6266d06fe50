// SPDX-License-Identifier: EUPL-1.2
//
// The journal's head at the gateway: a rollback, a fork and a copy of the disk show at once; a
// restore does not hide, and does not alarm.
#include "appliance/store/backup.h"
#include "appliance/store/migrations/migrations.h"
#include "tests/node/whole_way.h"
#include "tests/support/scratch_database.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;

namespace {

std::string alarm(WholeWay& way)
{
    HttpRequest request;
    request.method = "GET";
    request.path = "/admin/status";
    const auto status = json::parseObject(way.town.handle(node::Surface::Admin, request).body);
    return json::optionalText(*status, "headAlarm").value_or("");
}

std::int64_t known(WholeWay& way)
{
    way.gateway.forgetTokens();
    const auto answer = way.gateway.ask(Who::Sender, "GET", "/v2/journal-head");
    return answer.status == 200 ? portal::readHead(answer.body).head.number : -1;
}

std::int64_t newest(WholeWay& way)
{
    return way.town.count("SELECT max(number) FROM journal");
}

/// As dd makes it: every byte, the incarnation, too.
void image(WholeWay& way, const std::filesystem::path& to)
{
    way.town.database().checkpoint();
    store::copyWhole(way.town.database(), to, "");
}

void putImage(WholeWay& way, const std::filesystem::path& from)
{
    way.carrier.reset();
    way.town.restart([&](const std::filesystem::path& file) {
        std::filesystem::copy_file(from, file, std::filesystem::copy_options::overwrite_existing);
    });
    way.startCarrier();
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_journal_head)

BOOST_AUTO_TEST_CASE(the_head_is_told_and_told_again_when_there_is_news)
{
    WholeWay way;
    way.startCarrier();
    way.pass(std::chrono::seconds(10));
    BOOST_TEST(known(way) == newest(way));
    way.seal();
    way.pass(std::chrono::seconds(30));
    BOOST_TEST(known(way) == newest(way));
    BOOST_TEST(alarm(way).empty());
    way.town.restart();
    way.startCarrier(); // neither knows any more what was told
    way.seal();
    way.pass(std::chrono::seconds(30));
    BOOST_TEST(known(way) == newest(way));
    BOOST_TEST(alarm(way).empty());
}

BOOST_AUTO_TEST_CASE(a_lost_answer_is_no_fork)
{
    WholeWay way;
    int lost = 0;
    way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.method != "PUT" || request.path != "/v2/journal-head" || ++lost > 3)
            return std::nullopt;
        way.gateway.gateway->handle(request);
        return HttpResponse{.status = 502, .headers = {}, .body = {}, .eventTopic = {}};
    };
    way.startCarrier();
    way.seal();
    way.pass(std::chrono::minutes(2));
    BOOST_TEST(lost > 3);
    BOOST_TEST(known(way) == newest(way));
    BOOST_TEST(alarm(way).empty());
}

BOOST_AUTO_TEST_CASE(an_image_of_the_disk_put_back_shows_as_behind_or_beside)
{
    WholeWay way;
    ScratchFolder medium;
    image(way, medium.path() / "image.db");
    way.startCarrier();
    for (int i = 0; i < 3; ++i)
        way.seal();
    way.pass(std::chrono::seconds(30));
    const auto told = known(way);
    BOOST_TEST(alarm(way).empty());
    putImage(way, medium.path() / "image.db");
    way.pass(std::chrono::seconds(30));
    BOOST_TEST(!alarm(way).empty());
    BOOST_TEST(known(way) == told);
    // it grows beyond what was told, and is found all the same
    for (int i = 0; i < 12; ++i)
        way.seal();
    way.pass(std::chrono::minutes(20));
    BOOST_TEST(newest(way) > told);
    BOOST_TEST(alarm(way) == "beside");
    BOOST_TEST(known(way) == told);
}

BOOST_AUTO_TEST_CASE(a_restore_begins_a_new_stream_and_closes_the_old_one)
{
    WholeWay way;
    ScratchFolder medium;
    store::copyWhole(way.town.database(), medium.path() / "copy.db", store::forgottenInCopies());
    way.startCarrier();
    for (int i = 0; i < 3; ++i)
        way.seal();
    way.pass(std::chrono::seconds(30));
    image(way, medium.path() / "image.db"); // of the life that ends now
    way.carrier.reset();
    way.town.restart([&](const std::filesystem::path& file) {
        node::restore(medium.path() / "copy.db", file, way.town.random, way.town.loop.utcNow());
    });
    way.startCarrier();
    way.pass(std::chrono::seconds(30));
    BOOST_TEST(alarm(way).empty());
    BOOST_TEST(known(way) == newest(way));
    putImage(way, medium.path() / "image.db"); // the old node comes back beside the new one
    way.pass(std::chrono::seconds(30));
    BOOST_TEST(alarm(way) == "closed");
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_know_the_address_is_left_alone)
{
    WholeWay way;
    int asked = 0;
    way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.path != "/v2/journal-head")
            return std::nullopt;
        ++asked;
        return HttpResponse{.status = 404, .headers = {}, .body = {}, .eventTopic = {}};
    };
    way.startCarrier();
    way.seal();
    way.pass(std::chrono::minutes(30));
    BOOST_TEST(asked == 1);
    BOOST_TEST(alarm(way).empty());
    BOOST_TEST(way.countAtGateway("submitted") == 1);
}

BOOST_AUTO_TEST_CASE(the_portals_clock_is_a_witness)
{
    WholeWay way;
    way.startCarrier();
    way.pass(std::chrono::seconds(5));
    BOOST_TEST(way.town.count("SELECT count(*) FROM journal WHERE time_quality = 'portal'") == 0);
    const auto say = [&](const std::string& time) {
        HttpRequest request;
        request.method = "POST";
        request.path = "/sync/status";
        request.peer = "sync";
        request.headers["content-type"] = "application/json";
        request.body = R"({"reachable":true,"portalTime":")" + time + "\"}";
        return way.town.handle(node::Surface::Sync, request).status;
    };
    BOOST_TEST(say(toIso(way.town.loop.utcNow() + std::chrono::minutes(2))) == 204);
    const std::string good = way.seal();
    BOOST_TEST(say("2031-01-01T00:00:00Z") == 204);
    BOOST_TEST(say("tomorrow") == 400);
    way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        auto answer = way.gateway.gateway->handle(request);
        answer.headers.emplace_back("Date", "Sat, 21 Nov 2026 09:42:30 GMT");
        return answer;
    };
    HttpRequest status;
    status.method = "GET";
    status.path = "/admin/status";
    const auto quality = [&] {
        return json::text(*json::parseObject(way.town.handle(node::Surface::Admin, status).body),
                          "timeQuality");
    };
    BOOST_TEST(quality() == "doubtful");
    way.pass(std::chrono::seconds(90)); // the carrier heard a date, and reports it
    BOOST_TEST(quality() == "portal");
}

BOOST_AUTO_TEST_SUITE_END()
