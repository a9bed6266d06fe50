// SPDX-License-Identifier: EUPL-1.2
//
// Restore beside the real gateway: whatever the copy had not heard of yet, nothing doubles and
// nothing is lost.
#include "appliance/store/backup.h"
#include "appliance/store/migrations/migrations.h"
#include "tests/node/whole_way.h"
#include "tests/support/scratch_database.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using Destination = WholeWay::Destination;

namespace {

void putBack(WholeWay& way, const std::filesystem::path& copy)
{
    way.carrier.reset();
    way.town.restart([&](const std::filesystem::path& file) {
        node::restore(copy, file, way.town.random, way.town.loop.utcNow());
    });
    way.startCarrier();
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_restore)

/// How far the world had gone when the copy was made, and how far when it was lost, in requests to
/// the gateway.
BOOST_DATA_TEST_CASE(from_any_moment_back_to_any_other_nothing_doubles,
                     data::xrange(0, 13, 2) * data::xrange(0, 13, 4), copied, further)
{
    WholeWay way;
    ScratchFolder medium;
    for (int i = 0; i < 2; ++i)
        way.seal(i);
    const auto copy = medium.path() / "node.db";
    // The line falls silent at the moment, so that the copy stands between two requests.
    std::size_t allowed = static_cast<std::size_t>(copied);
    way.instead = [&](const HttpRequest&) -> std::optional<HttpResponse> {
        if (way.asked.size() <= allowed)
            return std::nullopt;
        return HttpResponse{.status = 503, .headers = {}, .body = {}, .eventTopic = {}};
    };
    way.startCarrier();
    way.pass(std::chrono::seconds(30), Destination::Accepts);
    store::copyWhole(way.town.database(), copy, store::forgottenInCopies());
    allowed = way.asked.size() + static_cast<std::size_t>(further);
    way.carrier.reset();
    way.startCarrier();
    way.pass(std::chrono::seconds(30), Destination::Accepts);
    way.instead = nullptr;

    putBack(way, copy);
    way.pass(std::chrono::minutes(20), Destination::Accepts);
    way.checkOnce();
    BOOST_TEST(way.countAtGateway("accepted") == 2);
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope WHERE state = 'PURGED'") == 2);
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope_chunk") == 0);
}

BOOST_AUTO_TEST_CASE(a_case_that_was_accepted_long_ago_is_taken_as_accepted_again)
{
    WholeWay way;
    ScratchFolder medium;
    const std::string id = way.seal(1);
    const auto copy = medium.path() / "node.db";
    store::copyWhole(way.town.database(), copy, store::forgottenInCopies());
    way.startCarrier();
    way.pass(std::chrono::minutes(10), Destination::Accepts);
    BOOST_TEST(way.stateOf(id) == "PURGED");
    way.sleep(std::chrono::hours(24 * 30));
    putBack(way, copy);
    BOOST_TEST(way.stateOf(id) == "SEALED");
    way.pass(std::chrono::minutes(10), Destination::Accepts);
    BOOST_TEST(way.stateOf(id) == "PURGED");
    way.checkOnce();
    BOOST_TEST(way.countAtGateway("accepted") == 1);
}

BOOST_AUTO_TEST_CASE(what_a_person_has_to_decide_stays_with_that_person)
{
    WholeWay way;
    ScratchFolder medium;
    const std::string id = way.seal();
    way.instead = [](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.method != "PUT")
            return std::nullopt;
        return HttpResponse{.status = 422, .headers = {}, .body = {}, .eventTopic = {}};
    };
    way.startCarrier();
    way.pass(std::chrono::seconds(20));
    BOOST_TEST(way.stateOf(id) == "HELD");
    const auto copy = medium.path() / "node.db";
    store::copyWhole(way.town.database(), copy, store::forgottenInCopies());
    way.instead = nullptr;
    putBack(way, copy);
    way.pass(std::chrono::minutes(5));
    BOOST_TEST(way.stateOf(id) == "HELD"); // S6
    BOOST_TEST(way.countAtGateway("submitted") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
