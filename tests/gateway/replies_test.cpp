// SPDX-License-Identifier: EUPL-1.2
//
// Replies of an office: given once, taken by the sender of the case alone, and written down in the
// case's event log.
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using envelope::EventKind;

namespace {

const std::string plainJson = "application/json";
const std::string jose = "application/jose";
const std::string firstAttachment = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f11";
const std::string secondAttachment = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f12";
const std::string replyKey = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f21";

/// An office that has got a case, and replies in it.
struct ReplyingTown {
    ReplyingTown() { sent = town.send(); }

    HttpResponse office(const char* method, const std::string& path, const std::string& type = {},
                        const std::string& body = {},
                        const std::map<std::string, std::string>& more = {})
    {
        return town.ask(Who::Subscriber, method, path, type, body, more);
    }
    HttpResponse sender(const char* method, const std::string& path, const std::string& body = {})
    {
        return town.ask(Who::Sender, method, path, body.empty() ? "" : plainJson, body);
    }
    HttpResponse announce(const std::vector<std::string>& attachments = {},
                          const std::string& key = replyKey)
    {
        return office("POST", "/v2/replies", plainJson,
                      portal::writeReplyAnnounce({sent.ids.opened, attachments}),
                      {{"idempotency-key", key}});
    }
    HttpResponse put(const std::string& id, const std::string& attachmentId, const std::string& jwe)
    {
        return office("PUT", portal::replyAttachmentPath(id, attachmentId), jose, jwe);
    }
    HttpResponse submit(const std::string& id)
    {
        return office("PUT", portal::replyPath(id), plainJson,
                      portal::writeSubmit({metadata, data}));
    }
    /// Announced, put and submitted, with one attachment.
    std::string give(const std::string& key = replyKey)
    {
        const auto id = portal::readReplyIds(announce({firstAttachment}, key).body).replyId;
        put(id, firstAttachment, attachment);
        submit(id);
        return id;
    }
    portal::ReplyTags tags() const
    {
        return {envelope::tagOf(metadata),
                envelope::tagOf(data),
                {{firstAttachment, envelope::tagOf(attachment)}}};
    }
    std::vector<envelope::SecurityEvent> events(const std::string& id, Who who = Who::Sender)
    {
        town.forgetTokens();
        std::vector<envelope::SecurityEvent> all;
        for (const auto& token :
             portal::readEventLog(town.ask(who, "GET", portal::replyEventsPath(id)).body))
            all.push_back(envelope::verifyEvent(token, town.serviceKeys(), town.destinationKeys(),
                                                town.loop.utcNow()));
        return all;
    }
    int waiting()
    {
        town.forgetTokens();
        return portal::readWaitingReplies(sender("GET", "/v2/replies").body).totalCount;
    }
    /// How many JWE of replies lie in the books.
    std::int64_t payloads()
    {
        auto row = town.books->prepare(
            "SELECT (SELECT count(*) FROM reply WHERE metadata IS NOT NULL OR data IS NOT NULL)"
            " + (SELECT count(*) FROM reply_attachment WHERE jwe IS NOT NULL)");
        row.step();
        return row.integer(0);
    }

    GatewayTown town;
    GatewayTown::Sent sent;
    std::string metadata = town.sealed(R"({"a":1})");
    std::string data = town.sealed(R"({"text":"Bitte reichen Sie die Meldebescheinigung nach."})");
    std::string attachment = town.sealed("%PDF-1.7 Bescheid", "application/pdf");
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_replies)

BOOST_AUTO_TEST_CASE(a_reply_goes_to_the_sender_and_is_gone_when_it_was_accepted)
{
    ReplyingTown replying;
    const std::string id = replying.give();
    BOOST_TEST(replying.waiting() == 1);
    const auto fetched =
        portal::readReply(replying.sender("GET", portal::replyPath(id)).body, 1'000'000);
    BOOST_TEST(fetched.caseId == replying.sent.ids.opened);
    BOOST_TEST(fetched.parts.metadata == replying.metadata);
    BOOST_TEST(fetched.parts.data == replying.data);
    BOOST_TEST(fetched.attachmentIds == std::vector{firstAttachment});
    const auto part = replying.sender("GET", portal::replyAttachmentPath(id, firstAttachment));
    BOOST_TEST(part.header("Content-Type") == jose);
    BOOST_TEST(part.body == replying.attachment);
    BOOST_TEST(replying.payloads() == 2);

    const std::string path = portal::replyAcceptPath(id);
    auto other = replying.tags();
    other.data = replying.tags().metadata;
    const auto refused = replying.sender("PUT", path, portal::writeReplyAccept(other));
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(GatewayTown::problemOf(refused) == "incorrect-authentication-tag");
    for (int time = 0; time < 2; ++time) // the first answer may be lost
        BOOST_TEST(replying.sender("PUT", path, portal::writeReplyAccept(replying.tags())).status ==
                   204);
    BOOST_TEST(replying.waiting() == 0);
    BOOST_TEST(replying.payloads() == 0);
    BOOST_TEST(replying.sender("GET", portal::replyPath(id)).status == 404);
    BOOST_TEST(replying
                   .sender("PUT", portal::replyRejectPath(id),
                           portal::writeReplyReject({{"encryption-issue", "", "", "data"}}))
                   .status == 409);

    for (const Who who : {Who::Sender, Who::Subscriber}) {
        const auto events = replying.events(id, who);
        BOOST_REQUIRE_EQUAL(events.size(), 3);
        BOOST_TEST((events[0].kind == EventKind::Create));
        BOOST_TEST((events[1].kind == EventKind::Submit));
        BOOST_TEST((events[2].kind == EventKind::Accept));
        for (const auto& event : events) {
            BOOST_TEST(event.replyId == id);
            BOOST_TEST(event.caseId == replying.sent.ids.opened);
            BOOST_TEST(event.issuer == serviceUrl);
        }
        BOOST_TEST((events[1].tags == events[2].tags));
        BOOST_TEST(events[1].tags->data == replying.tags().data);
    }
}

BOOST_AUTO_TEST_CASE(events_of_a_reply_stand_in_the_log_of_the_case_and_not_of_the_submission)
{
    ReplyingTown replying;
    replying.give();
    const auto inCase = replying.town.eventsOf(replying.sent.ids.opened);
    BOOST_REQUIRE_EQUAL(inCase.size(), 4);
    BOOST_TEST(inCase[2].isAboutReply());
    const auto log = portal::readEventLog(
        replying.office("GET", portal::submissionEventsPath(replying.sent.ids.submission)).body);
    BOOST_TEST(log.size() == 2U);
    // and the submission can still be accepted
    BOOST_TEST(replying.town.post(replying.town.acceptOf(replying.sent)).status == 204);
}

BOOST_AUTO_TEST_CASE(a_reply_that_cannot_be_opened_is_given_back_with_reasons)
{
    ReplyingTown replying;
    const std::string id = replying.give();
    const std::vector<portal::Reason> reasons = {
        {"https://schema.fitko.de/fit-connect/events/problems/hash-mismatch", "Prüfsumme", "ü",
         "data"}};
    for (int time = 0; time < 2; ++time)
        BOOST_TEST(
            replying.sender("PUT", portal::replyRejectPath(id), portal::writeReplyReject(reasons))
                .status == 204);
    const auto events = replying.events(id, Who::Subscriber);
    BOOST_REQUIRE_EQUAL(events.size(), 3);
    BOOST_TEST((events[2].kind == EventKind::Reject));
    BOOST_REQUIRE_EQUAL(events[2].problems.size(), 1);
    BOOST_TEST(events[2].problems[0].type == reasons[0].type);
    BOOST_TEST(events[2].problems[0].detail == "ü");
    BOOST_TEST(replying.payloads() == 0);
    BOOST_TEST(
        replying
            .sender("PUT", portal::replyAcceptPath(id), portal::writeReplyAccept(replying.tags()))
            .status == 409);
}

BOOST_AUTO_TEST_CASE(the_same_key_has_the_same_reply_and_repeated_parts_are_taken_once)
{
    ReplyingTown replying;
    const std::string id = replying.give();
    BOOST_TEST(replying.give() == id);
    BOOST_TEST(replying.waiting() == 1);
    BOOST_TEST(replying.announce({firstAttachment, secondAttachment}).status == 409);
    BOOST_TEST(replying.put(id, firstAttachment, replying.attachment).status == 204);
    BOOST_TEST(replying.put(id, firstAttachment, replying.data).status == 409);
    BOOST_TEST(replying.submit(id).status == 200);
    replying.data = replying.town.sealed("{}");
    BOOST_TEST(replying.submit(id).status == 409);
    BOOST_TEST(replying.events(id).size() == 2U);
}

/// A refusal of a giving that is right but for one thing.
struct Fault {
    const char* name;
    std::function<HttpResponse(ReplyingTown&)> give;
    int status;
    std::string problem;
};
std::ostream& operator<<(std::ostream& out, const Fault& fault)
{
    return out << fault.name;
}
std::string opened(ReplyingTown& replying, const std::vector<std::string>& attachments = {})
{
    return portal::readReplyIds(replying.announce(attachments).body).replyId;
}
const Fault faults[] = {
    {"eleven attachments",
     [](ReplyingTown& replying) {
         std::vector<std::string> ids;
         for (int i = 0; i < 11; ++i)
             ids.push_back(randomUuid(replying.town.random));
         return replying.announce(ids);
     },
     422, "too-many-attachments"},
    {"a key that is none",
     [](ReplyingTown& replying) { return replying.announce({}, "replies/1"); }, 400,
     "idempotency-key-invalid"},
    {"a case of nobody",
     [](ReplyingTown& replying) {
         return replying.office("POST", "/v2/replies", plainJson,
                                portal::writeReplyAnnounce({replyKey, {}}));
     },
     404, "case-not-found"},
    {"a case in which nothing was submitted",
     [](ReplyingTown& replying) {
         const auto ids = GatewayTown::idsOf(replying.town.announce(
             randomUuid(replying.town.random), replying.town.announcement()));
         return replying.office("POST", "/v2/replies", plainJson,
                                portal::writeReplyAnnounce({ids.opened, {}}));
     },
     409, "submission-state-invalid"},
    {"an attachment that was not announced",
     [](ReplyingTown& replying) {
         return replying.put(opened(replying), firstAttachment, replying.attachment);
     },
     404, "attachment-not-found"},
    {"an attachment that did not arrive",
     [](ReplyingTown& replying) { return replying.submit(opened(replying, {firstAttachment})); },
     422, "attachment-missing"},
    {"an attachment that is no JWE",
     [](ReplyingTown& replying) {
         return replying.put(opened(replying, {firstAttachment}), firstAttachment, "a.b.c.d.e");
     },
     422, "invalid-jwe"},
    {"metadata that say XML",
     [](ReplyingTown& replying) {
         replying.metadata = replying.town.sealed("{}", "application/xml");
         return replying.submit(opened(replying));
     },
     422, "invalid-jwe"},
    {"an attachment over its limit",
     [](ReplyingTown& replying) {
         return replying.put(opened(replying, {firstAttachment}), firstAttachment,
                             std::string(100'001, 'a'));
     },
     413, "body-too-large"},
};

BOOST_DATA_TEST_CASE(what_is_not_right_is_refused_and_nobody_sees_it, data::make(faults), fault)
{
    ReplyingTown replying;
    const auto answer = fault.give(replying);
    BOOST_TEST(answer.status == fault.status);
    BOOST_TEST(GatewayTown::problemOf(answer) == fault.problem);
    BOOST_TEST(replying.waiting() == 0);
}

BOOST_AUTO_TEST_CASE(what_was_announced_only_is_neither_seen_nor_answered)
{
    ReplyingTown replying;
    const std::string id = opened(replying, {firstAttachment});
    BOOST_TEST(replying.sender("GET", portal::replyPath(id)).status == 404);
    BOOST_TEST(
        replying
            .sender("PUT", portal::replyAcceptPath(id), portal::writeReplyAccept(replying.tags()))
            .status == 404);
    BOOST_TEST(replying.waiting() == 0);
}

BOOST_AUTO_TEST_CASE(an_incomplete_reply_goes_after_a_day_and_its_key_may_be_used_anew)
{
    ReplyingTown replying;
    const std::string id = opened(replying, {firstAttachment});
    replying.put(id, firstAttachment, replying.attachment);
    replying.town.passTime(std::chrono::hours(25));
    replying.town.forgetTokens();
    BOOST_TEST(replying.payloads() == 0);
    BOOST_TEST(replying.submit(id).status == 404);
    const auto events = replying.events(id);
    BOOST_REQUIRE_EQUAL(events.size(), 2);
    BOOST_TEST((events[1].kind == EventKind::Delete));
    const std::string again = replying.give();
    BOOST_TEST(again != id);
    BOOST_TEST(replying.waiting() == 1);
}

BOOST_AUTO_TEST_CASE(a_reply_that_nobody_fetches_is_given_back_after_a_fortnight)
{
    ReplyingTown replying;
    const std::string id = replying.give();
    replying.town.passTime(std::chrono::hours(24 * 13));
    BOOST_TEST(replying.waiting() == 1);
    replying.town.passTime(std::chrono::hours(25));
    BOOST_TEST(replying.waiting() == 0);
    BOOST_TEST(replying.payloads() == 0);
    const auto events = replying.events(id);
    BOOST_REQUIRE_EQUAL(events.size(), 3);
    BOOST_TEST((events[2].kind == EventKind::Reject));
    BOOST_TEST(events[2].problems.at(0).type.ends_with("/reply-expired"));
}

/// State and event are one commit: a power cut before it leaves neither.
BOOST_AUTO_TEST_CASE(a_cut_before_the_commit_leaves_neither_state_nor_event)
{
    ReplyingTown replying;
    const std::string id = opened(replying);
    replying.town.atCommit = [](store::CommitMoment moment) {
        if (moment == store::CommitMoment::Before)
            throw Error(ErrorCode::DatabaseUnavailable, "cut");
    };
    BOOST_TEST(replying.submit(id).status == 503);
    replying.town.atCommit = nullptr;
    BOOST_TEST(replying.waiting() == 0);
    BOOST_TEST(replying.events(id).size() == 1U);
    BOOST_TEST(replying.submit(id).status == 200);
    BOOST_TEST(replying.events(id).size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
