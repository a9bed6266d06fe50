// SPDX-License-Identifier: EUPL-1.2
//
// Rounds of the quota protocol through the real node, the real carrier and the real gateway:
// whatever is lost, late or repeated, on either line, both ends agree in the end.
#include "appliance/office/calendar/appointments.h"
#include "sync/gateway/quota.h"
#include "tests/node/leased_town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using namespace std::chrono_literals;

namespace {

/// Message after message is lost before or behind the portal, comes late, or is repeated.
enum class Mishap { RequestLost, AnswerLost, Late, Repeated };
std::ostream& operator<<(std::ostream& out, Mishap mishap)
{
    constexpr const char* names[] = {"request lost", "answer lost", "late", "repeated"};
    return out << names[static_cast<int>(mishap)];
}
const Mishap mishaps[] = {Mishap::RequestLost, Mishap::AnswerLost, Mishap::Late, Mishap::Repeated};

/// The n-th message about cells is hit, for each n that a working morning has. Gives how many were.
int liveThrough(Mishap mishap)
{
    for (int hit = 1;; ++hit) {
        LeasedTown town;
        int count = 0;
        std::optional<HttpRequest> late;
        town.way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
            if (!request.path.starts_with("/v2/quota/") || ++count != hit)
                return std::nullopt;
            if (mishap == Mishap::Late)
                late = request;
            else if (mishap != Mishap::RequestLost)
                town.way.gateway.gateway->handle(request);
            if (mishap == Mishap::Repeated)
                return std::nullopt; // and again
            return HttpResponse{.status = 502, .headers = {}, .body = {}, .eventTopic = {}};
        };
        town.way.pass(4min);
        const std::string kept = town.book(), gone = town.book();
        town.way.pass(4min);
        auto rows =
            office::readAppointments(town.way.town.database(), "WHERE booking_id = ?", gone);
        town.appointments->cancel(rows[0].id, rows[0].version, office::GivenBack::AtOnce, "", "",
                                  town.way.town.loop.utcNow());
        town.way.pass(4min);
        if (late)
            town.way.gateway.gateway->handle(*late);
        town.way.pass(4min);
        BOOST_TEST_CONTEXT("message " << hit)
        {
            BOOST_TEST(town.stateAtPortal(kept) == "BOOKED");
            BOOST_TEST(town.stateAtPortal(gone) == "CANCELLED");
            town.checkAgreed();
        }
        if (hit > count || hit > 12)
            return std::min(hit, count);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_quota_rounds)

BOOST_AUTO_TEST_CASE(a_node_is_leased_cells_without_anybody_doing_anything)
{
    LeasedTown town;
    BOOST_TEST(town.free().empty());
    town.way.pass(10s);
    BOOST_TEST(town.own() > 0);
    BOOST_TEST(!town.free().empty());
    BOOST_TEST(town.asked(std::string(office::quota::wantPath)) == 1);
    BOOST_TEST(town.asked(std::string(office::quota::calendarPath)) == 3); // 92 days, 31 each
    BOOST_TEST(json::integer(*town.standing(), "unreported") == 0);
    town.checkAgreed();
}

BOOST_AUTO_TEST_CASE(a_booking_is_told_at_once_and_quiet_rounds_come_each_minute)
{
    LeasedTown town;
    town.way.pass(10s);
    const std::string booking = town.book();
    BOOST_TEST(town.stateAtPortal(booking) == "");
    town.way.pass(4s);
    BOOST_TEST(town.stateAtPortal(booking) == "BOOKED");
    town.way.asked.clear();
    town.way.pass(10min);
    const int rounds = town.asked(std::string(office::quota::registerPath));
    BOOST_TEST(rounds >= 8);
    BOOST_TEST(rounds <= 13);
    BOOST_TEST(town.asked(std::string(office::quota::wantPath)) <= 1);
    town.checkAgreed();
}

BOOST_AUTO_TEST_CASE(a_cut_line_stops_no_sale_and_the_portal_hears_of_it_later)
{
    LeasedTown town;
    town.way.pass(10s);
    town.way.instead = [](const HttpRequest&) {
        return HttpResponse{.status = 502, .headers = {}, .body = {}, .eventTopic = {}};
    };
    town.way.pass(2min);
    const std::string first = town.book(), second = town.book();
    town.way.asked.clear();
    town.way.pass(4h);
    // probes, and no rounds into the void
    BOOST_TEST(town.asked(std::string(office::quota::registerPath)) < 4);
    BOOST_TEST(town.stateAtPortal(first) == "");
    town.way.instead = nullptr;
    town.way.gateway.forgetTokens();
    town.way.pass(16min);
    BOOST_TEST(town.stateAtPortal(first) == "BOOKED");
    BOOST_TEST(town.stateAtPortal(second) == "BOOKED");
    town.checkAgreed();
}

BOOST_DATA_TEST_CASE(whatever_happens_to_each_message_both_ends_agree, data::make(mishaps), mishap)
{
    BOOST_TEST(liveThrough(mishap) > 6); // a round has so many
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_lost_between_carrier_and_node_costs_a_round)
{
    LeasedTown town;
    // The node hears it, and amt-sync does not know.
    const auto ask = [&](const std::string& path, const std::string& body) {
        HttpRequest request;
        request.method = "POST";
        request.path = path;
        request.headers["content-type"] = "application/json";
        request.body = body;
        return town.way.town.handle(node::Surface::Sync, request);
    };
    town.way.carrier.reset();
    const auto begun = json::parseObject(ask("/sync/quota/round", "{}").body);
    const auto message = json::object(*begun, "message");
    town.way.gateway.forgetTokens();
    const auto said = town.way.gateway.ask(Who::Sender, json::text(*message, "method"),
                                           json::text(*message, "path"), "application/json",
                                           json::text(*message, "body"));
    auto heard = json::makeObject();
    heard->set("round", json::integer(*begun, "round"));
    heard->set("step", json::integer(*begun, "step"));
    heard->set("status", 200);
    heard->set("problemType", "");
    heard->set("body", said.body);
    const auto first = ask("/sync/quota/heard", json::write(*heard));
    const auto again = ask("/sync/quota/heard", json::write(*heard));
    BOOST_TEST(first.status == 200);
    BOOST_TEST(first.body == again.body);
    heard->set("step", json::integer(*begun, "step") + 5);
    BOOST_TEST(ask("/sync/quota/heard", json::write(*heard)).status == 409);
    ask("/sync/quota/round", "{}"); // of another carrier
    heard->set("step", json::integer(*begun, "step") + 1);
    BOOST_TEST(ask("/sync/quota/heard", json::write(*heard)).status == 409);
    town.way.startCarrier();
    town.way.pass(2min);
    BOOST_TEST(town.own() > 0);
    town.checkAgreed();
}

BOOST_AUTO_TEST_CASE(a_lease_by_another_key_is_no_lease_and_the_round_ends)
{
    LeasedTown town;
    town.way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.path != office::quota::grantsPath)
            return std::nullopt;
        auto answer = quota::readAnswer(town.way.gateway.gateway->handle(request).body);
        for (auto& token : answer.leases)
            token = envelope::sign(envelope::verify(token, publicRsaKey(0)), rsaKey(2),
                                   "service-signature-1", std::string(quota::leaseType));
        return HttpResponse{
            .status = 200, .headers = {}, .body = quota::write(answer), .eventTopic = {}};
    };
    town.way.pass(5min);
    BOOST_TEST(town.asked(std::string(quota::grantsPath)) >= 2);
    BOOST_TEST(town.own() == 0);
    town.way.instead = nullptr;
    town.way.pass(31min);
    BOOST_TEST(town.own() > 0);
    town.checkAgreed();
}

BOOST_AUTO_TEST_CASE(a_service_without_quotas_is_left_alone_for_hours)
{
    LeasedTown town;
    int count = 0;
    town.way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (!request.path.starts_with("/v2/quota/"))
            return std::nullopt;
        ++count;
        return HttpResponse{.status = 404, .headers = {}, .body = {}, .eventTopic = {}};
    };
    town.way.pass(1h);
    BOOST_TEST(count == 1);
}

BOOST_AUTO_TEST_CASE(a_node_that_sells_everything_itself_speaks_of_no_round)
{
    WholeWay way;
    way.startCarrier();
    way.pass(2min);
    for (const auto& each : way.asked)
        BOOST_TEST(each.find("/v2/quota/") == std::string::npos, each);
    HttpRequest request;
    request.method = "POST";
    request.path = "/sync/quota/round";
    request.headers["content-type"] = "application/json";
    request.body = "{}";
    BOOST_TEST(way.town.handle(node::Surface::Sync, request).status == 404);
}

BOOST_AUTO_TEST_CASE(who_sold_everything_before_is_not_silently_made_a_tenant)
{
    WholeWay way;
    auto& database = way.town.database();
    {
        outbox::Journal journal(database);
        office::RuleBook rules(database, journal);
        office::Ledger ledger(database, rules);
        office::Appointments appointments(database, journal, rules, ledger, way.town.random);
        const auto offered =
            ledger.freeTimes({.scope = scope, .duration = 15min}, way.town.loop.utcNow());
        appointments.book({.id = randomUuid(way.town.random),
                           .scope = scope,
                           .day = offered[0].day,
                           .cell = offered[0].cell,
                           .services = {{"99008001012000", 1}},
                           .duration = 15min},
                          {}, "", way.town.loop.utcNow());
    }
    way.town.portalCalendar = "town-a";
    BOOST_CHECK_EXCEPTION(way.town.restart(), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_AUTO_TEST_CASE(who_holds_leases_does_not_silently_sell_everything)
{
    LeasedTown town;
    town.way.pass(10s);
    BOOST_TEST(town.own() > 0);
    town.way.carrier.reset();
    town.appointments.reset();
    town.ledger.reset();
    town.rules.reset();
    town.way.town.portalCalendar = "";
    BOOST_CHECK_EXCEPTION(town.way.town.restart(), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_AUTO_TEST_CASE(after_power_up_the_portal_or_a_clerk_says_which_day_it_is)
{
    LeasedTown town;
    town.way.pass(10s);
    const auto confirm = [&](const std::string& date) {
        HttpRequest request;
        request.method = "POST";
        request.path = "/admin/date";
        request.headers["content-type"] = "application/json";
        request.body = R"({"date":")" + date + "\"}";
        return town.way.town.handle(node::Surface::Admin, request).status;
    };
    town.way.carrier.reset();
    town.way.town.loop.advance(std::chrono::hours(14)); // off for the night
    town.restart();
    town.way.carrier.reset();
    BOOST_TEST(json::boolean(*town.standing(), "needsDate"));
    BOOST_TEST(confirm("2026-11-21") == 409); // another day than the clock's
    BOOST_TEST(confirm("today") == 400);
    BOOST_TEST(confirm("2026-11-22") == 204);
    BOOST_TEST(!json::boolean(*town.standing(), "needsDate"));

    town.way.town.loop.advance(std::chrono::hours(14));
    town.way.gateway.passTime(std::chrono::hours(28)); // its clock goes on, too
    town.way.gateway.forgetTokens();
    town.restart();
    BOOST_TEST(json::boolean(*town.standing(), "needsDate"));
    town.way.pass(10s);
    BOOST_TEST(!json::boolean(*town.standing(), "needsDate"));
}

BOOST_AUTO_TEST_CASE(citizens_book_at_the_portal_and_at_the_node_while_the_line_is_cut)
{
    LeasedTown town;
    town.way.pass(10s);
    town.way.instead = [](const HttpRequest&) {
        return HttpResponse{.status = 502, .headers = {}, .body = {}, .eventTopic = {}};
    };
    town.way.pass(1min);

    // At the portal: what is free there. Its citizens do not come by the line that is cut.
    const std::string place = "/citizens/scopes/" + tenant + "/" + scope;
    int calls = 0;
    const auto ask = [&](const std::string& method, const std::string& path,
                         const std::string& query, const std::string& body,
                         const std::string& capability) {
        HttpRequest request{.method = method,
                            .path = path,
                            .query = query,
                            .headers = {},
                            .body = body,
                            .peer = "203.0.113." + std::to_string(++calls % 250)};
        if (!body.empty())
            request.headers["content-type"] = "application/json";
        if (!capability.empty())
            request.headers["authorization"] = "Bearer " + capability;
        return town.way.gateway.ask(std::move(request));
    };
    const auto keyOfDesk =
        json::object(*json::parseObject(ask("GET", place, "", "", "").body), "deskKey");
    const auto jwk = envelope::parseJwk(*keyOfDesk, envelope::KeyUse::Encrypt);
    int atPortal = 0;
    for (;; ++atPortal) {
        const auto found = json::parseObject(
            ask("GET", place + "/times", "minutes=15&days=5&limit=1", "", "").body);
        const auto times = json::array(*found, "times");
        if (times->size() == 0)
            break; // five days are full, but for what is leased
        const std::string start = json::text(*times->getObject(0), "start");
        const std::string id = randomUuid(town.way.gateway.random);
        const std::string capability = toBase64Url(randomBytes(town.way.gateway.random, 32));
        const auto reserved =
            ask("POST", place + "/appointments", "",
                R"({"id":")" + id + R"(","start":")" + start +
                    R"(","minutes":15,"services":[{"service":"99008001012000","quantity":1}]})",
                capability);
        BOOST_REQUIRE(reserved.status == 201);
        const std::string contact = envelope::seal(view("{}"), jwk.key, jwk.kid, "application/json",
                                                   town.way.gateway.random)
                                        .compact;
        const auto confirmed = ask("PUT", "/citizens/appointments/" + id + "/confirmation", "",
                                   R"({"version":1,"contact":")" + contact + "\"}", capability);
        BOOST_REQUIRE(confirmed.status == 200);
    }
    BOOST_TEST(atPortal > 10);
    // At the node: what is leased to it, offline, until nothing is left.
    std::vector<std::string> atNode;
    while (!town.free().empty())
        atNode.push_back(town.book());
    BOOST_TEST(atNode.size() > 3U);

    town.way.instead = nullptr;
    town.way.gateway.forgetTokens();
    town.way.pass(31min);
    for (const auto& booking : atNode)
        BOOST_TEST(town.stateAtPortal(booking) == "BOOKED");
    BOOST_TEST(town.atPortal("SELECT count(*) FROM quota_booking WHERE state = 'BOOKED'") ==
               atPortal + std::ssize(atNode));
    town.checkAgreed();
}

BOOST_AUTO_TEST_SUITE_END()
