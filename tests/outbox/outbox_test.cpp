// SPDX-License-Identifier: EUPL-1.2
//
// An envelope's way: only what is signed by the right one, about these very bytes, moves it.
#include "sync/outbox/outbox.h"
#include "tests/envelope/forge.h"
#include "tests/outbox/enrolled.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <functional>
#include <iterator>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::outbox;
using envelope::EventKind;

namespace {

const std::string envelopeId = "e0000000-0000-4000-8000-000000000001";
const std::string otherEnvelopeId = "e0000000-0000-4000-8000-000000000002";
const ServiceIds ids{"50000000-0000-4000-8000-000000000001",
                     "c0000000-0000-4000-8000-000000000001"};
const ServiceIds otherIds{"50000000-0000-4000-8000-000000000002",
                          "c0000000-0000-4000-8000-000000000002"};
const UtcTime now = test::enrolledAt + std::chrono::minutes(5);

struct Sent : test::EnrolledNode {
    envelope::AuthenticationTags tags;
    int jtis = 0;

    Sent()
    {
        const auto sealedNow = sealed(envelopeId);
        tags = {sealedNow.metadata.tag, sealedNow.data.tag, {}};
        database->transact([&] { box->add(sealedNow, now); });
    }
    Sent& announced()
    {
        BOOST_TEST(!box->announced(envelopeId, ids, now));
        return *this;
    }
    Sent& stored()
    {
        announced();
        BOOST_TEST((receive(0, {event(EventKind::Create), event(EventKind::Submit)}).state ==
                    EnvelopeState::Stored));
        return *this;
    }
    Outbox::Progress receive(int offset, const std::vector<std::string>& events)
    {
        return box->receiveEvents(envelopeId, offset, events, now);
    }
    EnvelopeState state() const { return box->find(envelopeId)->state; }

    envelope::SecurityEvent claims(EventKind kind)
    {
        const std::string number = std::to_string(1000 + jtis++);
        envelope::SecurityEvent made{
            .id = "77777777-7777-4777-8777-77777777" + number,
            .issuer = kind == EventKind::Accept || kind == EventKind::Reject ? test::destinationId
                                                                             : test::serviceIssuer,
            .issuedAt = now,
            .submissionId = ids.submissionId,
            .caseId = ids.caseId,
            .kind = kind,
            .tags = std::nullopt,
            .problems = {}};
        if (kind == EventKind::Submit || kind == EventKind::Accept)
            made.tags = tags;
        if (kind == EventKind::Reject)
            made.problems = {{"https://schema.fitko.de/fit-connect/events/problems/hash-mismatch",
                              "Prüfsumme", "passt nicht", "data"}};
        return made;
    }
    static std::string signedBy(const envelope::SecurityEvent& claims, int key,
                                const std::string& kid)
    {
        return envelope::signEvent(claims, test::rsaKey(key), kid);
    }
    static std::string signedByItsIssuer(const envelope::SecurityEvent& claims)
    {
        const bool service = claims.issuer == test::serviceIssuer;
        return signedBy(claims, service ? 3 : 2, service ? test::serviceKid : test::signatureKid);
    }
    std::string event(EventKind kind) { return signedByItsIssuer(claims(kind)); }
};

bool isCode(const Error& error, ErrorCode code)
{
    return error.errorCode() == code;
}

/// A token that must not move the envelope. `after`: the state in which it arrives.
struct Forgery {
    const char* name;
    EnvelopeState after;
    std::function<std::string(Sent&)> token;
    const char* reason;
};
std::ostream& operator<<(std::ostream& out, const Forgery& forgery)
{
    return out << forgery.name;
}

template <typename Change>
std::function<std::string(Sent&)> changed(EventKind kind, Change change)
{
    return [=](Sent& sent) {
        auto claims = sent.claims(kind);
        change(claims);
        return Sent::signedByItsIssuer(claims);
    };
}

template <typename Change>
std::function<std::string(Sent&)> changedText(EventKind kind, Change change)
{
    return [=](Sent& sent) { return change(sent.event(kind)); };
}

std::string payloadOf(const std::string& token)
{
    const std::size_t first = token.find('.');
    return toText(fromBase64Url(token.substr(first + 1, token.rfind('.') - first - 1)));
}

/// The claims of a good submit event, signed by the service's key in another way.
std::function<std::string(Sent&)> otherwise(const std::string& header,
                                            test::SignatureKind kind = {})
{
    return [=](Sent& sent) {
        return test::signAs(header, payloadOf(sent.event(EventKind::Submit)), test::rsaKey(3),
                            kind);
    };
}

const char* const unsignedReason = "SignatureInvalid";
const char* const refusedReason = "EventRefused";
const std::string goodHeader = R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-key-1"})";

const Forgery forgeries[] = {
    // the signature
    {"a stranger's key under the service's kid", EnvelopeState::Sealed,
     [](Sent& sent) { return Sent::signedBy(sent.claims(EventKind::Submit), 4, test::serviceKid); },
     unsignedReason},
    {"a kid that is not pinned", EnvelopeState::Sealed,
     [](Sent& sent) { return Sent::signedBy(sent.claims(EventKind::Submit), 3, "service-key-2"); },
     unsignedReason},
    {"the destination's key for the service", EnvelopeState::Sealed,
     [](Sent& sent) {
         return Sent::signedBy(sent.claims(EventKind::Submit), 2, test::signatureKid);
     },
     unsignedReason},
    {"the service's key for the destination", EnvelopeState::Stored,
     [](Sent& sent) { return Sent::signedBy(sent.claims(EventKind::Accept), 3, test::serviceKid); },
     unsignedReason},
    {"the encryption key for the destination", EnvelopeState::Stored,
     [](Sent& sent) {
         return Sent::signedBy(sent.claims(EventKind::Accept), 1, test::signatureKid);
     },
     unsignedReason},
    {"alg none", EnvelopeState::Sealed,
     otherwise(R"({"typ":"secevent+jwt","alg":"none","kid":"service-key-1"})"), unsignedReason},
    {"alg PS256", EnvelopeState::Sealed,
     otherwise(R"({"typ":"secevent+jwt","alg":"PS256","kid":"service-key-1"})",
               {"SHA256", 32, "SHA256"}),
     unsignedReason},
    {"alg RS512", EnvelopeState::Sealed,
     otherwise(R"({"typ":"secevent+jwt","alg":"RS512","kid":"service-key-1"})", {"SHA512", -1, ""}),
     unsignedReason},
    {"PKCS#1 v1.5 under the name PS512", EnvelopeState::Sealed,
     otherwise(goodHeader, {"SHA512", -1, ""}), unsignedReason},
    {"a short salt", EnvelopeState::Sealed, otherwise(goodHeader, {"SHA512", 32, "SHA512"}),
     unsignedReason},
    {"another mask hash", EnvelopeState::Sealed, otherwise(goodHeader, {"SHA512", 64, "SHA1"}),
     unsignedReason},
    {"another typ", EnvelopeState::Sealed,
     otherwise(R"({"typ":"JWT","alg":"PS512","kid":"service-key-1"})"), unsignedReason},
    {"crit in the header", EnvelopeState::Sealed,
     otherwise(R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-key-1","crit":["b64"]})"),
     unsignedReason},
    {"a key in the header", EnvelopeState::Sealed,
     otherwise(
         R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-key-1","jku":"https://evil.example"})"),
     unsignedReason},
    {"no kid", EnvelopeState::Sealed, otherwise(R"({"typ":"secevent+jwt","alg":"PS512"})"),
     unsignedReason},
    {"a cut signature", EnvelopeState::Sealed,
     changedText(EventKind::Submit,
                 [](std::string token) { return token.substr(0, token.size() - 8); }),
     unsignedReason},
    {"an empty signature", EnvelopeState::Sealed,
     changedText(EventKind::Submit,
                 [](std::string token) { return token.substr(0, token.rfind('.') + 1); }),
     unsignedReason},
    {"claims changed after signing", EnvelopeState::Sealed,
     changedText(EventKind::Submit,
                 [](std::string token) {
                     const std::size_t at = token.find('.') + 30;
                     token[at] = token[at] == 'A' ? 'B' : 'A';
                     return token;
                 }),
     unsignedReason},
    {"two segments", EnvelopeState::Sealed,
     changedText(EventKind::Submit,
                 [](std::string token) { return token.substr(0, token.rfind('.')); }),
     unsignedReason},
    {"nothing", EnvelopeState::Sealed, [](Sent&) { return std::string(); }, unsignedReason},
    {"no token at all", EnvelopeState::Sealed,
     [](Sent&) { return std::string("<html>502 Bad Gateway</html>"); }, unsignedReason},
    // the claims
    {"about another submission", EnvelopeState::Sealed,
     changed(EventKind::Submit, [](auto& claims) { claims.submissionId = otherIds.submissionId; }),
     refusedReason},
    {"about another case", EnvelopeState::Sealed,
     changed(EventKind::Submit, [](auto& claims) { claims.caseId = otherIds.caseId; }),
     refusedReason},
    {"an issuer we do not know", EnvelopeState::Sealed,
     changed(EventKind::Submit, [](auto& claims) { claims.issuer = "https://other.example"; }),
     unsignedReason},
    {"from the day after tomorrow", EnvelopeState::Sealed,
     changed(EventKind::Submit,
             [](auto& claims) { claims.issuedAt = now + std::chrono::hours(48); }),
     refusedReason},
    {"without tags", EnvelopeState::Sealed,
     [](Sent& sent) {
         std::string payload = payloadOf(sent.event(EventKind::Submit));
         payload.replace(payload.find("authenticationTags"), 18, "authenticationtags");
         return test::signAs(goodHeader, payload, test::rsaKey(3));
     },
     refusedReason},
    {"another tag of the metadata", EnvelopeState::Sealed,
     changed(EventKind::Submit,
             [](auto& claims) { claims.tags->metadata = "AAAAAAAAAAAAAAAAAAAAAA"; }),
     refusedReason},
    {"another tag of the data", EnvelopeState::Sealed,
     changed(EventKind::Submit, [](auto& claims) { claims.tags->data = "AAAAAAAAAAAAAAAAAAAAAA"; }),
     refusedReason},
    {"tags swapped", EnvelopeState::Sealed,
     changed(EventKind::Submit,
             [](auto& claims) { std::swap(claims.tags->data, claims.tags->metadata); }),
     refusedReason},
    {"one attachment too many", EnvelopeState::Sealed,
     changed(EventKind::Submit,
             [](auto& claims) {
                 claims.tags->attachments[otherEnvelopeId] = "AAAAAAAAAAAAAAAAAAAAAA";
             }),
     refusedReason},
    {"accepted with another tag", EnvelopeState::Stored,
     changed(EventKind::Accept, [](auto& claims) { claims.tags->data = "AAAAAAAAAAAAAAAAAAAAAA"; }),
     refusedReason},
    // who may say what, and when
    {"the service accepts in the destination's place", EnvelopeState::Stored,
     changed(EventKind::Accept, [](auto& claims) { claims.issuer = test::serviceIssuer; }),
     refusedReason},
    {"the destination says that it was handed over", EnvelopeState::Sealed,
     changed(EventKind::Submit, [](auto& claims) { claims.issuer = test::destinationId; }),
     refusedReason},
    {"accepted before it was handed over", EnvelopeState::Sealed,
     [](Sent& sent) { return sent.event(EventKind::Accept); }, refusedReason},
    {"rejected before it was handed over", EnvelopeState::Sealed,
     [](Sent& sent) { return sent.event(EventKind::Reject); }, refusedReason},
    {"handed over a second time", EnvelopeState::Stored,
     [](Sent& sent) { return sent.event(EventKind::Submit); }, refusedReason},
    {"an event seen before", EnvelopeState::Stored,
     [](Sent& sent) {
         sent.jtis = 1; // the jti of the submit event
         return sent.event(EventKind::Accept);
     },
     refusedReason},
    {"deleted before it was accepted", EnvelopeState::Stored,
     [](Sent& sent) { return sent.event(EventKind::Delete); }, "SubmissionDeleted"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(outbox_outbox)

BOOST_AUTO_TEST_CASE(a_sealed_envelope_waits_with_its_parts_as_they_are)
{
    test::EnrolledNode node;
    auto sealed = node.sealed(envelopeId);
    const std::string attachmentId = "a0000000-0000-4000-8000-000000000001";
    const std::string big(600 * 1024, 'x'); // more than two rows
    sealed.attachments[attachmentId] = {"eyJ." + big, "AAAAAAAAAAAAAAAAAAAAAA"};
    node.database->transact([&] { node.box->add(sealed, now); });
    const auto work = node.box->waiting();
    BOOST_TEST_REQUIRE(work.size() == 1u);
    BOOST_TEST(work[0].id == envelopeId);
    BOOST_TEST(work[0].destinationId == test::destinationId);
    BOOST_TEST(work[0].serviceKey == test::serviceKey);
    BOOST_TEST((work[0].attachments == std::vector<std::string>{attachmentId}));
    BOOST_TEST(!work[0].submissionId);
    BOOST_TEST(node.box->part(envelopeId, "metadata").value() == sealed.metadata.compact);
    BOOST_TEST(node.box->part(envelopeId, "data").value() == sealed.data.compact);
    BOOST_TEST((node.box->part(envelopeId, attachmentId).value() ==
                sealed.attachments[attachmentId].compact));
    BOOST_TEST(!node.box->part(envelopeId, "other"));
    BOOST_TEST(!node.box->part(otherEnvelopeId, "data"));
    const auto record = node.journal->about(envelopeId).front();
    BOOST_TEST(record.kind == "SEALED");
    BOOST_TEST(record.details.at("sha256.data") ==
               toHex(envelope::sha256(view(sealed.data.compact))));
}

BOOST_AUTO_TEST_CASE(the_way_of_an_envelope_from_sealed_to_purged)
{
    Sent sent;
    sent.stored();
    BOOST_TEST(sent.box->waiting().empty());
    BOOST_TEST_REQUIRE(sent.box->awaiting().size() == 1u);
    BOOST_TEST(sent.box->awaiting()[0].eventsSeen == 2);
    const std::string cipher = sent.box->part(envelopeId, "data")->substr(800, 100);

    const auto progress =
        sent.receive(2, {sent.event(EventKind::Notify), sent.event(EventKind::Accept),
                         sent.event(EventKind::Delete)});
    BOOST_TEST((progress.state == EnvelopeState::Accepted));
    BOOST_TEST(progress.eventsSeen == 5);
    BOOST_TEST(sent.box->awaiting().empty());
    BOOST_TEST(sent.box->part(envelopeId, "data").has_value());

    BOOST_TEST(sent.box->purge(now) == 1);
    BOOST_TEST((sent.state() == EnvelopeState::Purged));
    BOOST_TEST(!sent.box->part(envelopeId, "data"));
    BOOST_TEST(sent.box->purge(now) == 0);
    std::vector<std::string> kinds;
    for (const auto& record : sent.journal->about(envelopeId))
        kinds.push_back(record.kind);
    BOOST_TEST(
        (kinds == std::vector<std::string>{"SEALED", "SENT", "STORED", "ACCEPTED", "PURGED"}));
    BOOST_CHECK_NO_THROW(sent.journal->verify(Extent::All));
    for (const char* ending : {"", "-wal"}) {
        std::ifstream file(sent.database.file() + ending, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
        BOOST_TEST((bytes.find(cipher) == std::string::npos),
                   "payload is gone from the file" << ending);
    }
}

BOOST_DATA_TEST_CASE(a_forged_receipt_moves_nothing_and_calls_a_person, data::make(forgeries),
                     forgery)
{
    Sent sent;
    if (forgery.after == EnvelopeState::Stored)
        sent.stored();
    else
        sent.announced();
    const int seen = sent.box->find(envelopeId)->eventsSeen;
    const auto progress = sent.receive(seen, {forgery.token(sent), sent.event(EventKind::Accept)});
    BOOST_TEST((progress.state == EnvelopeState::Held));
    const auto found = *sent.box->find(envelopeId);
    BOOST_TEST(found.heldReason == forgery.reason);
    BOOST_TEST(!found.closedAt);
    BOOST_TEST(sent.journal->about(envelopeId).back().kind == "HELD");
    BOOST_TEST(sent.box->part(envelopeId, "data").has_value());
    BOOST_TEST(sent.box->purge(now) == 0);
    BOOST_TEST(sent.box->waiting().empty());
}

BOOST_AUTO_TEST_CASE(good_events_before_a_bad_one_stand)
{
    Sent sent;
    sent.announced();
    const auto progress =
        sent.receive(0, {sent.event(EventKind::Create), sent.event(EventKind::Submit), "x",
                         sent.event(EventKind::Accept)});
    BOOST_TEST((progress.state == EnvelopeState::Held));
    BOOST_TEST(progress.eventsSeen == 2);
    // A person releases it: it goes on where it stood, and the log is read from there.
    sent.database->transact(
        [&] { sent.box->release(envelopeId, "Petra Kern", "Portal hat berichtigt", now); });
    BOOST_TEST((sent.state() == EnvelopeState::Stored));
    BOOST_TEST((sent.receive(2, {sent.event(EventKind::Accept)}).state == EnvelopeState::Accepted));
}

BOOST_AUTO_TEST_CASE(a_repeated_report_changes_nothing_and_a_rewritten_log_is_held)
{
    Sent sent;
    sent.announced();
    const std::vector<std::string> log{sent.event(EventKind::Create),
                                       sent.event(EventKind::Submit)};
    sent.receive(0, log);
    const auto records = sent.journal->head().number;
    BOOST_TEST(sent.receive(0, log).eventsSeen == 2); // the answer was lost, the report comes again
    BOOST_TEST(sent.receive(1, {log[1]}).eventsSeen == 2);
    BOOST_TEST(sent.journal->head().number == records);
    BOOST_TEST((sent.receive(0, {sent.event(EventKind::Create)}).state == EnvelopeState::Held));
}

BOOST_AUTO_TEST_CASE(events_that_do_not_follow_are_refused)
{
    Sent sent;
    const auto outOfOrder = [](const Error& error) {
        return isCode(error, ErrorCode::StepOutOfOrder);
    };
    BOOST_CHECK_EXCEPTION(sent.receive(0, {}), Error, outOfOrder); // not announced
    sent.announced();
    BOOST_CHECK_EXCEPTION(sent.receive(1, {sent.event(EventKind::Submit)}), Error, outOfOrder);
    BOOST_CHECK_EXCEPTION(sent.receive(-1, {}), Error, outOfOrder);
    BOOST_CHECK_EXCEPTION(sent.box->receiveEvents(otherEnvelopeId, 0, {}, now), Error,
                          [](const Error& error) { return isCode(error, ErrorCode::NotFound); });
}

BOOST_AUTO_TEST_CASE(ids_of_an_announcement_stand_until_it_is_lost)
{
    Sent sent;
    sent.announced();
    BOOST_TEST(!sent.box->announced(envelopeId, ids, now)); // said twice
    BOOST_TEST((sent.box->announced(envelopeId, otherIds, now) == ids));
    BOOST_TEST(sent.box->waiting()[0].submissionId.value() == ids.submissionId);
    BOOST_CHECK_EXCEPTION(
        sent.box->lost(envelopeId, otherIds.submissionId, now), Error,
        [](const Error& error) { return isCode(error, ErrorCode::StepOutOfOrder); });
    sent.box->lost(envelopeId, ids.submissionId, now);
    BOOST_TEST(!sent.box->waiting()[0].submissionId);
    // A gateway that knows the envelope gives the same ids again: the 404 before was none.
    BOOST_TEST(!sent.box->announced(envelopeId, ids, now));
    sent.box->lost(envelopeId, ids.submissionId, now);
    BOOST_TEST(!sent.box->announced(envelopeId, otherIds, now));
    BOOST_TEST(sent.box->find(envelopeId)->eventsSeen == 0);
    // An id that another envelope had, or in another case, is not believed.
    const auto second = sent.sealed(otherEnvelopeId);
    sent.database->transact([&] { sent.box->add(second, now); });
    for (const auto& taken : {ids, otherIds})
        BOOST_CHECK_EXCEPTION(
            sent.box->announced(otherEnvelopeId, taken, now), Error,
            [](const Error& error) { return isCode(error, ErrorCode::PortalAnswerMalformed); });
}

BOOST_AUTO_TEST_CASE(what_was_handed_over_is_never_announced_anew)
{
    Sent sent;
    sent.stored();
    BOOST_CHECK_EXCEPTION(
        sent.box->lost(envelopeId, ids.submissionId, now), Error,
        [](const Error& error) { return isCode(error, ErrorCode::StepOutOfOrder); });
    BOOST_TEST((sent.box->announced(envelopeId, otherIds, now) == ids));
}

BOOST_AUTO_TEST_CASE(ids_that_are_none_are_refused)
{
    Sent sent;
    BOOST_CHECK_EXCEPTION(
        sent.box->announced(envelopeId, {"1", "2"}, now), Error,
        [](const Error& error) { return isCode(error, ErrorCode::PortalAnswerMalformed); });
}

BOOST_AUTO_TEST_CASE(a_rejection_is_kept_word_for_word_and_stays)
{
    Sent sent;
    sent.stored();
    BOOST_TEST((sent.receive(2, {sent.event(EventKind::Reject)}).state == EnvelopeState::Rejected));
    const auto found = *sent.box->find(envelopeId);
    BOOST_TEST_REQUIRE(found.problems.size() == 1u);
    BOOST_TEST(found.problems[0].title == "Prüfsumme");
    BOOST_TEST(sent.box->purge(now) == 0);
    BOOST_TEST(sent.box->part(envelopeId, "data").has_value());
    BOOST_TEST(sent.box->overview(test::enrolledAt).rejected == 1);
}

BOOST_AUTO_TEST_CASE(the_service_may_reject_what_nobody_fetched)
{
    Sent sent;
    sent.stored();
    auto claims = sent.claims(EventKind::Reject);
    claims.issuer = test::serviceIssuer;
    BOOST_TEST(
        (sent.receive(2, {Sent::signedByItsIssuer(claims)}).state == EnvelopeState::Rejected));
}

BOOST_AUTO_TEST_CASE(what_comes_after_acceptance_changes_nothing)
{
    Sent sent;
    sent.stored();
    sent.receive(2, {sent.event(EventKind::Accept)});
    for (const auto kind : {EventKind::Accept, EventKind::Reject})
        BOOST_TEST((sent.receive(3, {sent.event(kind)}).state == EnvelopeState::Accepted));
    sent.box->purge(now);
    BOOST_TEST((sent.receive(3, {"forged"}).state == EnvelopeState::Purged));
}

BOOST_AUTO_TEST_CASE(a_definite_refusal_calls_a_person_and_only_a_person_goes_on)
{
    Sent sent;
    sent.announced();
    BOOST_TEST((sent.box->refused(envelopeId, "submit", 422, "hash-mismatch", now) ==
                EnvelopeState::Held));
    BOOST_TEST((sent.box->refused(envelopeId, "submit", 422, "hash-mismatch", now) ==
                EnvelopeState::Held));
    BOOST_TEST(sent.box->waiting().empty());
    BOOST_TEST(sent.box->find(envelopeId)->heldReason == "PortalRefused");
    BOOST_TEST(sent.box->overview(test::enrolledAt).held == 1);
    sent.wire(); // a restart releases nothing
    BOOST_TEST(sent.box->waiting().empty());
    sent.database->transact(
        [&] { sent.box->release(envelopeId, "Petra Kern", "Rücksprache mit dem Portal", now); });
    BOOST_TEST_REQUIRE(sent.box->waiting().size() == 1u);
    BOOST_TEST(sent.box->waiting()[0].submissionId.value() ==
               ids.submissionId); // its event log is read first
    BOOST_TEST(sent.journal->about(envelopeId).back().details.at("clerk") == "Petra Kern");
    BOOST_CHECK_EXCEPTION(
        sent.database->transact([&] { sent.box->release(envelopeId, "Petra Kern", "", now); }),
        Error, [](const Error& error) { return isCode(error, ErrorCode::StepOutOfOrder); });
}

BOOST_AUTO_TEST_CASE(a_refusal_after_the_receipt_does_not_count)
{
    Sent sent;
    sent.stored();
    BOOST_TEST((sent.box->refused(envelopeId, "submit", 409, "", now) == EnvelopeState::Stored));
}

BOOST_AUTO_TEST_CASE(a_power_cut_inside_the_purge_is_taken_up)
{
    Sent sent;
    sent.stored();
    sent.receive(2, {sent.event(EventKind::Accept)});
    sent.database->execute(
        "DELETE FROM envelope_chunk"); // the first commit of the purge, and then the light went out
    sent.box.reset();
    sent.destinations.reset();
    sent.journal.reset();
    sent.database.reopen();
    sent.wire();
    BOOST_TEST(sent.box->purge(now) == 1);
    BOOST_TEST((sent.state() == EnvelopeState::Purged));
}

BOOST_AUTO_TEST_CASE(the_oldest_goes_first_and_only_so_many_at_a_time)
{
    test::EnrolledNode node;
    const auto sealed = node.sealed(envelopeId);
    node.database->transact([&] {
        for (int i = 0; i < 20; ++i) {
            auto each = sealed;
            each.id = "e0000000-0000-4000-8000-0000000001" + std::to_string(10 + i);
            node.box->add(each, now - std::chrono::minutes(i));
        }
    });
    const auto work = node.box->waiting(16);
    BOOST_TEST_REQUIRE(work.size() == 16u);
    BOOST_TEST(work[0].id == "e0000000-0000-4000-8000-000000000129");
    BOOST_TEST(node.box->overview(test::enrolledAt).waiting == 20);
    BOOST_TEST(
        (node.box->overview(test::enrolledAt).oldestWaiting == now - std::chrono::minutes(19)));
}

BOOST_AUTO_TEST_CASE(the_portal_counts_as_reachable_for_two_minutes_after_a_report)
{
    test::EnrolledNode node;
    BOOST_TEST(!node.box->portalReachable(now));
    node.box->contact(true, now);
    BOOST_TEST(node.box->portalReachable(now + std::chrono::minutes(2)));
    BOOST_TEST(!node.box->portalReachable(now + std::chrono::minutes(3)));
    node.box->contact(false, now);
    BOOST_TEST(!node.box->portalReachable(now));
}

BOOST_AUTO_TEST_CASE(a_destination_that_never_answers_ends_the_keeping_after_21_days)
{
    Sent sent;
    sent.stored();
    const auto day = std::chrono::hours(24);
    const UtcTime over = now + 21 * day;
    // Time alone is not enough: in an outage the log may say what we have not read.
    BOOST_TEST(sent.box->purge(over + 30 * day) == 0);
    sent.box->receiveEvents(envelopeId, 2, {}, over - std::chrono::minutes(1));
    BOOST_TEST(sent.box->purge(over) == 0);
    sent.box->receiveEvents(envelopeId, 2, {}, over + std::chrono::hours(2));
    BOOST_TEST(sent.box->purge(over + std::chrono::hours(2)) == 1);
    BOOST_TEST((sent.state() == EnvelopeState::Purged));
    BOOST_TEST(!sent.box->part(envelopeId, "data"));
    BOOST_TEST(sent.box->find(envelopeId)->closedAt.has_value());
    // S4: with the receipt that there was
    auto receipt = sent.database->prepare("SELECT jti FROM event WHERE kind = 'submit'");
    BOOST_TEST_REQUIRE(receipt.step());
    BOOST_TEST(sent.journal->about(envelopeId).back().details.at("jti") == receipt.text(0));
}

BOOST_AUTO_TEST_CASE(a_rejection_read_at_the_last_moment_stops_the_purge)
{
    Sent sent;
    sent.stored();
    const UtcTime late = now + std::chrono::hours(24 * 40);
    BOOST_TEST(
        (sent.box->receiveEvents(envelopeId, 2, {sent.event(EventKind::Reject)}, late).state ==
         EnvelopeState::Rejected));
    BOOST_TEST(sent.box->purge(late + std::chrono::hours(24 * 400)) == 0);
    BOOST_TEST(sent.box->part(envelopeId, "data").has_value());
}

BOOST_AUTO_TEST_CASE(an_event_whose_time_is_still_to_come_waits_for_it_and_calls_nobody)
{
    Sent sent;
    sent.stored();
    const UtcTime over = now + std::chrono::hours(24 * 21);
    auto claims = sent.claims(EventKind::Reject);
    claims.issuedAt = over + std::chrono::hours(3);
    const std::vector<std::string> log{Sent::signedByItsIssuer(claims)};
    const auto records = sent.journal->head().number;
    for (int look = 0; look < 2; ++look) {
        const auto progress = sent.box->receiveEvents(envelopeId, 2, log, over);
        BOOST_TEST((progress.state == EnvelopeState::Stored));
        BOOST_TEST(progress.eventsSeen == 2);
        BOOST_TEST(sent.box->overview(over).early == 1);
    }
    BOOST_TEST(sent.journal->head().number == records);
    BOOST_TEST(sent.box->purge(over) == 0); // its log was not read to the end
    const UtcTime then = over + std::chrono::minutes(2 * 60 + 55);
    BOOST_TEST(
        (sent.box->receiveEvents(envelopeId, 2, log, then).state == EnvelopeState::Rejected));
    BOOST_TEST(sent.box->overview(then).early == 0);
}

BOOST_AUTO_TEST_CASE(a_rejection_stays_until_a_person_has_dealt_with_it)
{
    Sent sent;
    sent.stored();
    sent.receive(2, {sent.event(EventKind::Reject)});
    sent.database->transact(
        [&] { sent.box->settle(envelopeId, "Petra Kern", "neu aufgenommen", "dealt-with", now); });
    BOOST_TEST(sent.box->overview(now).rejected == 0);
    BOOST_TEST(sent.box->purge(now) == 1);
    BOOST_TEST((sent.state() == EnvelopeState::Purged));
    std::vector<std::string> kinds;
    for (const auto& record : sent.journal->about(envelopeId))
        kinds.push_back(record.kind);
    BOOST_TEST((kinds == std::vector<std::string>{"SEALED", "SENT", "STORED", "REJECTED", "SETTLED",
                                                  "PURGED"}));
    BOOST_CHECK_EXCEPTION(
        sent.database->transact(
            [&] { sent.box->settle(envelopeId, "Petra Kern", "", "dealt-with", now); }),
        Error, [](const Error& error) { return isCode(error, ErrorCode::StepOutOfOrder); });
}

BOOST_AUTO_TEST_CASE(what_went_on_paper_is_never_sent_and_its_payload_goes)
{
    Sent sent;
    sent.announced();
    sent.box->refused(envelopeId, "submit", 410, "", now);
    BOOST_TEST(sent.box->find(envelopeId)->heldReason == "DestinationGone");
    sent.database->transact(
        [&] { sent.box->settle(envelopeId, "Petra Kern", "mitgegeben", "paper", now); });
    BOOST_TEST(sent.box->overview(now).held == 0);
    BOOST_CHECK_EXCEPTION(
        sent.database->transact([&] { sent.box->release(envelopeId, "Petra Kern", "", now); }),
        Error, [](const Error& error) { return isCode(error, ErrorCode::StepOutOfOrder); });
    BOOST_TEST(sent.box->purge(now) == 1);
    BOOST_TEST(sent.box->purge(now) == 0);
    BOOST_TEST(!sent.box->part(envelopeId, "data"));
    BOOST_TEST((sent.state() == EnvelopeState::Held)); // S4: it has no receipt
    BOOST_TEST(sent.box->waiting().empty());
}

BOOST_AUTO_TEST_CASE(only_what_waits_for_a_person_is_settled)
{
    Sent sent;
    for (int step = 0; step < 2; ++step) {
        BOOST_CHECK_EXCEPTION(
            sent.database->transact(
                [&] { sent.box->settle(envelopeId, "Petra Kern", "", "paper", now); }),
            Error, [](const Error& error) { return isCode(error, ErrorCode::StepOutOfOrder); });
        if (step == 0)
            sent.stored();
    }
}

BOOST_AUTO_TEST_CASE(ninety_days_after_the_end_only_the_journal_knows_it)
{
    Sent sent;
    sent.stored();
    sent.receive(2, {sent.event(EventKind::Accept)});
    sent.box->purge(now);
    const auto days = std::chrono::hours(24 * 90);
    BOOST_TEST(sent.box->forget(now + days - std::chrono::hours(1)) == 0);
    BOOST_TEST(sent.box->forget(now + days) == 1);
    BOOST_TEST(!sent.box->find(envelopeId));
    for (const char* table : {"event", "announcement", "envelope_part", "envelope_chunk"})
        BOOST_TEST(!sent.database->prepare(std::string("SELECT 1 FROM ") + table).step(), table);
    BOOST_TEST(sent.journal->about(envelopeId).size() == 5u);
    BOOST_TEST(sent.journal->prune(now + std::chrono::hours(1), {}, now + days) > 0);
    BOOST_TEST(sent.journal->about(envelopeId).empty());
    sent.journal->verify(Extent::All);
}

BOOST_AUTO_TEST_CASE(an_alarm_after_fourteen_days_drops_nothing)
{
    Sent sent;
    const UtcTime late = now + std::chrono::hours(24 * 14);
    BOOST_TEST(sent.box->overview(late - std::chrono::hours(1)).overdue == 0);
    BOOST_TEST(sent.box->overview(late).overdue == 1);
    BOOST_TEST(sent.box->purge(late + std::chrono::hours(100'000)) == 0);
    BOOST_TEST(sent.box->forget(late + std::chrono::hours(100'000)) == 0);
    BOOST_TEST(sent.box->part(envelopeId, "data").has_value());
}

namespace {

struct Meaning {
    int status;
    const char* reason;
};
std::ostream& operator<<(std::ostream& out, const Meaning& meaning)
{
    return out << meaning.status;
}
const Meaning meanings[] = {{404, "DestinationGone"}, {410, "DestinationGone"},
                            {409, "OtherDigest"},     {413, "PortalRefused"},
                            {422, "PortalRefused"},   {400, "PortalRefused"}};

} // namespace

BOOST_DATA_TEST_CASE(a_refusal_has_a_reason_that_a_clerk_can_act_on, data::make(meanings), meaning)
{
    Sent sent;
    sent.box->refused(envelopeId, "announce", meaning.status, "", now);
    BOOST_TEST(sent.box->find(envelopeId)->heldReason == meaning.reason);
}

BOOST_AUTO_TEST_SUITE_END()
