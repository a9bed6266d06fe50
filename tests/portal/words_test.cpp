// SPDX-License-Identifier: EUPL-1.2
//
// The words of v2: what is written is read, and what is broken is refused.
#include "appliance/core/error.h"
#include "sync/portal/words.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::portal;

namespace {

const std::string one = "11111111-2222-4333-8444-555555555555";
const std::string two = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const std::string three = "99999999-8888-4777-8666-555555555555";

struct Broken {
    const char* what;
    std::function<void()> read;
};
std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.what;
}

const Broken brokenBodies[] = {
    {"announce: nothing", [] { readAnnounce(""); }},
    {"announce: no service", [] { readAnnounce(R"({"destinationId":")" + one + "\"}"); }},
    {"announce: unknown key",
     [] {
         readAnnounce(R"({"destinationId":")" + one +
                      R"(","publicService":{"identifier":"x"},"callback":{}})");
     }},
    {"announce: destination no UUID",
     [] { readAnnounce(R"({"destinationId":"x","publicService":{"identifier":"x"}})"); }},
    {"announce: UUID in capitals",
     [] {
         readAnnounce(
             R"({"destinationId":"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE","publicService":{"identifier":"x"}})");
     }},
    {"announce: attachment twice",
     [] {
         readAnnounce(R"({"destinationId":")" + one +
                      R"(","publicService":{"identifier":"x"},"announcedAttachments":[")" + two +
                      "\",\"" + two + "\"]}");
     }},
    {"announce: attachment a path",
     [] {
         readAnnounce(
             R"({"destinationId":")" + one +
             R"(","publicService":{"identifier":"x"},"announcedAttachments":["../../x"]})");
     }},
    {"announce: case null",
     [] {
         readAnnounce(R"({"destinationId":")" + one +
                      R"(","publicService":{"identifier":"x"},"caseId":null})");
     }},
    {"announced: no case", [] { readAnnounced(R"({"submissionId":")" + one + "\"}"); }},
    {"announced: ids are numbers", [] { readAnnounced(R"({"submissionId":1,"caseId":2})"); }},
    {"submit: a part is missing", [] { readSubmit(R"({"encryptedData":"x"})", 1000); }},
    {"submit: unknown key",
     [] { readSubmit(R"({"encryptedData":"x","encryptedMetadata":"y","zip":1})", 1000); }},
    {"submit: doubled key",
     [] {
         readSubmit(R"({"encryptedData":"x","encryptedMetadata":"y","encryptedData":"z"})", 1000);
     }},
    {"submission: no parts", [] { readSubmission(R"({"submissionId":")" + one + "\"}", 1000); }},
    {"waiting: entries no objects",
     [] { readWaiting(R"({"offset":0,"totalCount":1,"submissions":["x"]})"); }},
    {"waiting: negative count",
     [] { readWaiting(R"({"offset":-1,"totalCount":1,"submissions":[]})"); }},
    {"waiting: a path for an id",
     [] {
         readWaiting(R"({"offset":0,"totalCount":1,"submissions":[{"destinationId":")" + one +
                     R"(","submissionId":"../x","caseId":")" + two + "\"}]}");
     }},
    {"events: a number among the tokens", [] { readEventLog(R"({"eventLog":["a",1]})"); }},
    {"events: no log", [] { readEventLog("{}"); }},
};

} // namespace

BOOST_AUTO_TEST_SUITE(portal_words)

BOOST_AUTO_TEST_CASE(what_is_written_is_read)
{
    const auto announce =
        readAnnounce(writeAnnounce({one, {two, three}, "urn:x", "Grüße", "05", two}));
    BOOST_TEST(announce.destinationId == one);
    BOOST_TEST(announce.attachmentIds == (std::vector{two, three}),
               boost::test_tools::per_element());
    BOOST_TEST(announce.service == "urn:x");
    BOOST_TEST(announce.serviceName == "Grüße");
    BOOST_TEST(announce.region == "05");
    BOOST_TEST(announce.caseId == two);
    BOOST_TEST(readAnnounce(writeAnnounce({one, {}, "urn:x", "", "", ""})).caseId.empty());

    BOOST_TEST(readAnnounced(writeAnnounced({one, two})).caseId == two);
    BOOST_TEST(readSubmit(writeSubmit({"m", "d"}), 1000).metadata == "m");

    const auto submission =
        readSubmission(writeSubmission({one, two, three, "urn:x", {one}, {"m", "d"}}), 1000);
    BOOST_TEST(submission.submissionId == two);
    BOOST_TEST(submission.caseId == three);
    BOOST_TEST(submission.attachmentIds.size() == 1U);
    BOOST_TEST(submission.parts.data == "d");

    const auto waiting = readWaiting(writeWaiting({{{one, two, three}}, 5, 6}));
    BOOST_TEST(waiting.submissions.at(0).caseId == three);
    BOOST_TEST(waiting.offset == 5);
    BOOST_TEST(waiting.totalCount == 6);
    BOOST_TEST(readEventLog(writeEventLog({"a.b.c"})).at(0) == "a.b.c");
    BOOST_TEST(readToken(writeToken({"t", 1800})).expiresIn == 1800);
    BOOST_TEST(
        readToken(
            R"({"access_token":"t","token_type":"bearer","expires_in":999999999,"scope":"x"})")
            .expiresIn == 86400);
    BOOST_TEST(readProblemType(writeProblem(404, "submission-not-found", "x", "y")) ==
               "submission-not-found");
}

BOOST_DATA_TEST_CASE(a_broken_body_is_refused_whole, data::make(brokenBodies), broken)
{
    BOOST_CHECK_EXCEPTION(broken.read(), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::JsonMalformed;
    });
}

BOOST_AUTO_TEST_CASE(a_body_over_its_limit_is_refused)
{
    BOOST_CHECK_EXCEPTION(
        readSubmit(writeSubmit({std::string(1000, 'x'), "d"}), 1000), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::InputTooLarge; });
}

BOOST_AUTO_TEST_CASE(addresses_are_those_of_v2)
{
    BOOST_TEST(destinationKeyPath(one, "kid-00001") ==
               "/v2/destinations/" + one + "/keys/kid-00001");
    BOOST_TEST(submissionEventsPath(two) == "/v2/submissions/" + two + "/events");
    BOOST_TEST(caseEventsPath(three) == "/v2/cases/" + three + "/events");
    BOOST_TEST(isPathSegment(one));
    BOOST_TEST(isPathSegment("a.b_c~d-e"));
    for (const char* bad : {"", ".", "..", "a/b", "a b", "a%", "a\\b", "ü"})
        BOOST_TEST(!isPathSegment(bad));
}

BOOST_AUTO_TEST_SUITE_END()
