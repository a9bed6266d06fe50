// SPDX-License-Identifier: EUPL-1.2
//
// Requests and answers lost, late and repeated at every step, on both lines: each case arrives
// exactly once.
#include "tests/carrier/journey.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

constexpr Fault faults[] = {Fault::RequestLost, Fault::AnswerLost, Fault::Late, Fault::Repeated};

/// About work, not about whether the portal is there; those come by the clock and would make the
/// number of a step depend on it.
bool isStep(const HttpRequest& request)
{
    return request.path != "/sync/work" && request.path != "/sync/status" &&
           request.path != "/.well-known/jwks.json";
}

enum class OnLine { Node, Portal };

/// The fault at the step with this number on this line; false when the journey has no such step.
bool travel(OnLine where, int number, Fault fault, bool forgetful)
{
    Journey journey;
    journey.forgetful = forgetful;
    int steps = 0;
    auto& line = where == OnLine::Node ? journey.nodeLine : journey.portalLine;
    line.choose = [&](int, const HttpRequest& request) {
        return isStep(request) && steps++ == number ? fault : Fault::None;
    };
    journey.seal(2);
    journey.run();
    journey.town.passTime(std::chrono::minutes(5)); // what is late arrives, too
    journey.checkArrived();
    return steps > number;
}

} // namespace

BOOST_AUTO_TEST_SUITE(carrier_lost_answers)

BOOST_DATA_TEST_CASE(one_fault_at_any_step_does_no_harm, data::make(faults), fault)
{
    for (const auto where : {OnLine::Node, OnLine::Portal}) {
        int number = 0;
        while (travel(where, number, fault, false))
            ++number;
        BOOST_TEST(number >= 6);
    }
}

BOOST_DATA_TEST_CASE(a_service_without_idempotency_keys_gets_each_case_once_too, data::make(faults),
                     fault)
{
    for (const auto where : {OnLine::Node, OnLine::Portal}) {
        int number = 0;
        while (travel(where, number, fault, true))
            ++number;
    }
}

BOOST_DATA_TEST_CASE(bad_weather_only_takes_longer, data::xrange(40), seed)
{
    Journey journey;
    journey.forgetful = seed % 2 == 1;
    sim::SimRandom weather(static_cast<std::uint64_t>(seed));
    const auto choose = [&](int, const HttpRequest&) {
        if (!weather.chance(25))
            return Fault::None;
        return faults[randomBelow(weather, std::size(faults))];
    };
    journey.nodeLine.choose = choose;
    journey.portalLine.choose = choose;
    journey.portalLine.lateness = std::chrono::minutes(static_cast<int>(randomBelow(weather, 30)));
    for (int i = 0; i < 4; ++i)
        journey.seal(static_cast<int>(randomBelow(weather, 3)));
    for (int restarts = 0; restarts < 5; ++restarts) {
        journey.town.passTime(Milliseconds(static_cast<int>(randomBelow(weather, 5000))));
        journey.startCarrier(); // killed at any moment
    }
    journey.run(std::chrono::hours(23));
    journey.town.passTime(std::chrono::minutes(40));
    journey.checkArrived();
}

BOOST_AUTO_TEST_CASE(a_gateway_that_dies_around_its_commit_is_asked_again)
{
    struct Died {};
    for (int commits = 0; commits < 12; ++commits) {
        Journey journey;
        int count = 0;
        // The process dies at this commit and is back at once; the carrier hears nothing.
        journey.town.atCommit = [&](store::CommitMoment) {
            if (count++ == commits)
                throw Died{};
        };
        journey.front = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
            try {
                return journey.town.gateway->handle(request);
            } catch (const Died&) {
                journey.town.restart();
                return HttpResponse{.status = 502, .headers = {}, .body = {}, .eventTopic = {}};
            }
        };
        journey.seal(1);
        const auto end = journey.town.loop.sinceBoot() + std::chrono::minutes(30);
        while (journey.node.envelopes[0].state == "SEALED" && journey.town.loop.sinceBoot() < end)
            journey.town.passTime(std::chrono::seconds(1));
        BOOST_TEST(journey.node.envelopes[0].state == "STORED");
        journey.checkOnce();
    }
}

BOOST_AUTO_TEST_CASE(an_announcement_that_died_meanwhile_is_made_anew)
{
    Journey journey;
    journey.portalLine.choose = [&](int, const HttpRequest& request) {
        return request.method == "PUT" ? Fault::RequestLost : Fault::None;
    };
    auto& envelope = journey.seal(1);
    journey.town.passTime(std::chrono::hours(1));
    const std::string first = envelope.submissionId;
    BOOST_TEST(!first.empty());
    journey.portalLine.isCut = true;
    journey.town.passTime(std::chrono::hours(30));
    journey.portalLine.isCut = false;
    journey.portalLine.choose = nullptr;
    journey.run();
    BOOST_TEST(envelope.lostSubmissions.contains(first));
    BOOST_TEST(envelope.submissionId != first);
    journey.checkArrived();
}

BOOST_AUTO_TEST_SUITE_END()
