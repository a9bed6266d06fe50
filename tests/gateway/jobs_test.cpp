// SPDX-License-Identifier: EUPL-1.2
//
// What happens by itself: incomplete announcements go after a day, unfetched cases are refused
// after a fortnight.
#include "tests/gateway/town.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using envelope::EventKind;

namespace {

const std::string envelopeId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01";

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_jobs)

BOOST_AUTO_TEST_CASE(
    an_incomplete_announcement_goes_after_a_day_and_the_envelope_may_be_announced_anew)
{
    GatewayTown town;
    const auto first = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    town.passTime(std::chrono::hours(23));
    BOOST_TEST(town.gateway->census()[0].state == "announced");
    town.passTime(std::chrono::hours(2));
    BOOST_TEST(town.gateway->census()[0].state == "deleted");
    town.forgetTokens();
    const auto events = town.eventsOf(first.opened);
    BOOST_REQUIRE_EQUAL(events.size(), 2);
    BOOST_TEST((events[1].kind == EventKind::Delete));

    const std::string body = GatewayTown::submitBody(town.sealed("{}"), town.sealed("{}"));
    const auto submit = [&](const GatewayTown::Ids& ids) {
        return town
            .ask(Who::Sender, "PUT", "/v2/submissions/" + ids.submission, "application/json", body)
            .status;
    };
    BOOST_TEST(submit(first) == 404);
    const auto second = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    BOOST_TEST(second.submission != first.submission);
    BOOST_TEST(submit(first) == 404); // however late it comes
    BOOST_TEST(submit(second) == 200);
    BOOST_TEST(GatewayTown::idsOf(town.announce(envelopeId, town.announcement())).submission ==
               second.submission);
    BOOST_TEST(town.announce(envelopeId, town.announcement({envelopeId})).status == 409);
}

BOOST_AUTO_TEST_CASE(an_unfetched_case_is_notified_after_three_days_and_refused_after_a_fortnight)
{
    GatewayTown town;
    const auto sent = town.send();
    const auto kinds = [&] {
        town.forgetTokens();
        std::vector<EventKind> all;
        for (const auto& event : town.eventsOf(sent.ids.opened))
            all.push_back(event.kind);
        return all;
    };
    town.passTime(std::chrono::hours(24 * 4));
    BOOST_TEST((kinds() == std::vector{EventKind::Create, EventKind::Submit, EventKind::Notify}));
    town.passTime(std::chrono::hours(24 * 9));
    BOOST_TEST(town.gateway->census()[0].state == "submitted");
    town.passTime(std::chrono::hours(24 * 2));
    BOOST_TEST((kinds() == std::vector{EventKind::Create, EventKind::Submit, EventKind::Notify,
                                       EventKind::Reject}));
    BOOST_TEST(town.gateway->census()[0].state == "rejected");
    const auto last = town.eventsOf(sent.ids.opened).back();
    BOOST_TEST(last.issuer == serviceUrl);
    BOOST_TEST(last.problems.at(0).instance == "submission");
}

BOOST_AUTO_TEST_CASE(jobs_go_on_after_a_restart_and_answered_cases_are_left_alone)
{
    GatewayTown town;
    const auto sent = town.send();
    BOOST_TEST(town.post(town.acceptOf(sent)).status == 204);
    town.passTime(Milliseconds(1)); // the census is by time
    town.announce(envelopeId, town.announcement());
    town.restart();
    town.passTime(std::chrono::hours(24 * 20));
    BOOST_TEST(town.gateway->census()[0].state == "accepted");
    BOOST_TEST(town.gateway->census()[1].state == "deleted");
}

BOOST_AUTO_TEST_SUITE_END()
