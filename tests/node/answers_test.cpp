// SPDX-License-Identifier: EUPL-1.2
//
// The answers table of sync.md 5, row by row: real outbox, real carrier, real gateway, and one
// answer that is another.
#include "tests/node/whole_way.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using Destination = WholeWay::Destination;

namespace {

enum class Step { Announce, Attachment, Submit, Events };

bool isStep(Step step, const HttpRequest& request)
{
    const bool part = request.path.find("/attachments/") != std::string::npos;
    switch (step) {
    case Step::Announce:
        return request.method == "POST" && request.path == "/v2/submissions";
    case Step::Attachment:
        return request.method == "PUT" && part;
    case Step::Submit:
        return request.method == "PUT" && !part && request.path.starts_with("/v2/submissions/");
    case Step::Events:
        return request.method == "GET" && request.path.ends_with("/events");
    }
    return false;
}

const char* const stepNames[] = {"announce", "attachment", "submit", "events"};

/// Not done there, or done there and answered otherwise.
enum class There { Nothing, Done };

struct Row {
    Step step;
    int status; ///< 0: no answer at all
    There there;
    const char* then; ///< state after some minutes, the answer being given once
    const char* reason;
};
std::ostream& operator<<(std::ostream& out, const Row& row)
{
    return out << stepNames[static_cast<int>(row.step)] << ' ' << row.status
               << (row.there == There::Done ? " after the deed" : "");
}

std::vector<Row> rows()
{
    std::vector<Row> all;
    const auto add = [&](Step step, int status, const char* then, const char* reason = "") {
        all.push_back({step, status, There::Nothing, then, reason});
    };
    for (const auto step : {Step::Announce, Step::Attachment, Step::Submit, Step::Events}) {
        // unknown: again with the same id, whether it was done there or not
        for (const int status : {0, 408, 425, 429, 500, 502, 503, 504}) {
            all.push_back({step, status, There::Nothing, "PURGED", ""});
            all.push_back({step, status, There::Done, "PURGED", ""});
        }
        // our credentials: renewed once, and the answer was given once
        add(step, 401, "PURGED");
        add(step, 403, "PURGED");
    }
    // the destination, or the way to it
    add(Step::Announce, 404, "HELD", "DestinationGone");
    add(Step::Announce, 410, "HELD", "DestinationGone");
    add(Step::Attachment, 410, "HELD", "DestinationGone");
    add(Step::Submit, 410, "HELD", "DestinationGone");
    // an announced submission that is gone: the log first, then anew
    add(Step::Attachment, 404, "PURGED");
    add(Step::Submit, 404, "PURGED");
    add(Step::Events, 404, "PURGED");
    // other digest, unless the log shows our own
    add(Step::Announce, 409, "HELD", "OtherDigest");
    add(Step::Attachment, 409, "HELD", "OtherDigest");
    add(Step::Submit, 409, "HELD", "OtherDigest");
    all.push_back({Step::Submit, 409, There::Done, "PURGED", ""});
    all.push_back({Step::Submit, 404, There::Done, "PURGED", ""});
    // poison: a person at the first definite answer
    for (const auto step : {Step::Announce, Step::Attachment, Step::Submit}) {
        add(step, 413, "HELD", "PortalRefused");
        add(step, 422, "HELD", "PortalRefused");
        add(step, 400, "HELD", "PortalRefused");
    }
    return all;
}

HttpResponse answer(int status, const std::string& header = {}, const std::string& value = {})
{
    HttpResponse made;
    made.status = status;
    if (!header.empty())
        made.headers.emplace_back(header, value);
    return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_answers)

BOOST_DATA_TEST_CASE(each_answer_means_what_the_table_says, data::make(rows()), row)
{
    WholeWay way;
    const std::string id = way.seal(1);
    const std::string other = way.seal(0); // never blocked by the first one's trouble
    const std::string first = way.town.text("SELECT service_case_id FROM envelope");
    int given = 0;
    std::string ours; ///< submission of the envelope that meets the answer
    way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (given > 0 || !isStep(row.step, request))
            return std::nullopt;
        const auto key = request.headers.find("idempotency-key");
        if (row.step == Step::Announce && key->second != id)
            return std::nullopt;
        const std::string standing = way.town.text(
            "SELECT submission_id || ' ' || service_case_id FROM envelope WHERE id = '" + id +
            "' AND submission_id IS NOT NULL");
        if (row.step != Step::Announce &&
            (standing.empty() || (request.path.find(standing.substr(0, 36)) == std::string::npos &&
                                  request.path.find(standing.substr(37)) == std::string::npos)))
            return std::nullopt;
        ++given;
        if (row.there == There::Done)
            way.gateway.gateway->handle(request);
        return answer(row.status == 0 ? 599 : row.status);
    };
    way.startCarrier();
    way.pass(std::chrono::minutes(4), Destination::Accepts);
    BOOST_TEST(given == 1);
    BOOST_TEST(way.stateOf(id) == row.then);
    BOOST_TEST(way.reasonOf(id) == row.reason);
    BOOST_TEST(way.stateOf(other) == "PURGED");
    way.checkOnce();
    BOOST_TEST(way.countAtGateway("accepted") == (std::string(row.then) == "HELD" ? 1 : 2));
    // held: nothing is lost, nothing goes on by itself, a person may send it again
    if (std::string(row.then) != "HELD")
        return;
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope_chunk") > 0);
    outbox::Journal journal(way.town.database());
    outbox::Destinations destinations(way.town.database(), journal);
    outbox::Outbox box(way.town.database(), journal, destinations);
    way.town.database().transact(
        [&] { box.release(id, "Petra Kern", "geklärt", way.town.loop.utcNow()); });
    way.pass(std::chrono::minutes(4), Destination::Accepts);
    BOOST_TEST(way.stateOf(id) == "PURGED");
    way.checkOnce();
}

BOOST_AUTO_TEST_CASE(refused_credentials_stop_everything_and_lose_nothing)
{
    WholeWay way;
    for (int i = 0; i < 3; ++i)
        way.seal();
    bool refuses = true;
    int tokens = 0, others = 0;
    way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (!refuses || request.path == "/.well-known/jwks.json")
            return std::nullopt;
        ++(request.path == "/token" ? tokens : others);
        if (request.path == "/token")
            return std::nullopt;
        return answer(401);
    };
    way.startCarrier();
    way.pass(std::chrono::seconds(1));
    BOOST_TEST(tokens <= 4); // one, and one renewal for each of two uploads at most
    way.pass(std::chrono::minutes(10));
    BOOST_TEST(others < 60); // by the back-off only
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope WHERE state = 'SEALED'") == 3);
    HttpRequest status;
    status.method = "GET";
    status.path = "/admin/status";
    const auto said = json::parseObject(way.town.handle(node::Surface::Admin, status).body);
    BOOST_TEST(json::boolean(*said, "notAuthorised"));
    refuses = false;
    way.pass(std::chrono::minutes(30), Destination::Accepts);
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope WHERE state = 'PURGED'") == 3);
    way.checkOnce();
}

BOOST_AUTO_TEST_CASE(retry_after_holds_up_to_an_hour_and_no_longer)
{
    for (const auto& [header, least, most] :
         {std::tuple{"600", 600, 601}, {"86400", 3600, 3601}, {"0", 0, 60}}) {
        WholeWay way;
        way.seal();
        std::vector<Milliseconds> tries;
        way.instead = [&,
                       value = header](const HttpRequest& request) -> std::optional<HttpResponse> {
            if (!isStep(Step::Announce, request))
                return std::nullopt;
            tries.push_back(way.town.loop.sinceBoot());
            return tries.size() == 1 ? std::optional(answer(429, "Retry-After", value))
                                     : std::nullopt;
        };
        way.startCarrier();
        way.pass(std::chrono::seconds(most + 30));
        BOOST_TEST_REQUIRE(tries.size() == 2u, header);
        const auto waited = tries[1] - tries[0];
        BOOST_TEST((waited >= std::chrono::seconds(least)));
        BOOST_TEST((waited <= std::chrono::seconds(most + 5)));
    }
}

BOOST_AUTO_TEST_SUITE_END()
