// SPDX-License-Identifier: EUPL-1.2
//
// Key sets: who may bring which key, how old it may be, and what changes nothing.
#include "sync/outbox/destinations.h"
#include "sync/outbox/outbox.h"
#include "tests/outbox/enrolled.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::outbox;

namespace {

struct Brought {
    const char* name;
    std::function<std::string()> document, key;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const Brought& brought)
{
    return out << brought.name;
}

std::string goodKey()
{
    return test::textOf(test::chainedJwk(1, envelope::KeyUse::Encrypt, test::encryptionKid));
}
std::string goodDocument()
{
    return test::documentOf(test::encryptionKid);
}
std::string without(const std::string& member)
{
    auto jwk =
        envelope::writeJwk(test::chainedJwk(1, envelope::KeyUse::Encrypt, test::encryptionKid));
    jwk->remove(member);
    return json::write(*jwk);
}

const Brought refusedKeys[] = {
    {"a key under a foreign root", goodDocument,
     [] {
         return test::textOf(
             test::chainedJwk(1, envelope::KeyUse::Encrypt, test::encryptionKid, 4));
     },
     ErrorCode::KeyUnusable},
    {"a key without a chain", goodDocument, [] { return without("x5c"); }, ErrorCode::KeyUnusable},
    {"a key that is not in its certificate", goodDocument,
     [] {
         auto jwk = test::chainedJwk(1, envelope::KeyUse::Encrypt, test::encryptionKid);
         jwk.key = test::publicRsaKey(4);
         return test::textOf(jwk);
     },
     ErrorCode::KeyUnusable},
    {"an expired certificate", goodDocument,
     [] {
         return test::textOf(test::chainedJwk(1, envelope::KeyUse::Encrypt, test::encryptionKid, 0,
                                              test::enrolledAt - std::chrono::hours(1)));
     },
     ErrorCode::KeyUnusable},
    {"a signature key for sealing", goodDocument,
     [] {
         return test::textOf(test::chainedJwk(2, envelope::KeyUse::Verify, test::encryptionKid));
     },
     ErrorCode::KeyUnusable},
    {"another key under the same kid", goodDocument,
     [] {
         return test::textOf(test::chainedJwk(4, envelope::KeyUse::Encrypt, test::encryptionKid));
     },
     ErrorCode::KeyUnusable},
    {"a kid that the document does not name", goodDocument,
     [] { return test::textOf(test::chainedJwk(4, envelope::KeyUse::Encrypt, "encryption-2")); },
     ErrorCode::KeyUnusable},
    {"a document about another destination",
     [] {
         return test::documentOf(test::encryptionKid, "active",
                                 "00000000-0000-4000-8000-000000000009");
     },
     goodKey, ErrorCode::KeyUnusable},
    {"a document that is no JSON", [] { return std::string("<html>"); }, goodKey,
     ErrorCode::JsonMalformed},
    {"a document without a status",
     [] { return std::string(R"({"destinationId":"x","encryptionKid":"y"})"); }, goodKey,
     ErrorCode::JsonMalformed},
    {"a giant document",
     [] { return R"({"destinationId":")" + std::string(100 * 1024, 'a') + "\"}"; }, goodKey,
     ErrorCode::InputTooLarge},
};

constexpr auto hour = std::chrono::hours(1);
constexpr auto day = std::chrono::hours(24);

} // namespace

BOOST_AUTO_TEST_SUITE(outbox_destinations)

BOOST_AUTO_TEST_CASE(the_town_knows_which_destination_takes_a_service)
{
    test::EnrolledNode node;
    BOOST_TEST(node.destinations->enrolled());
    BOOST_TEST(node.destinations->ownDestination() == test::destinationId);
    BOOST_TEST(node.destinations->destinationFor(test::serviceKey) == test::destinationId);
    BOOST_CHECK_EXCEPTION(
        node.destinations->destinationFor("99000000000000"), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::KeyUnusable; });
    BOOST_TEST(node.destinations->serviceKeys().issuer == test::serviceIssuer);
    BOOST_TEST(node.destinations->destinationKeys(test::destinationId).keys.size() == 1u);
}

BOOST_DATA_TEST_CASE(what_fails_a_check_changes_nothing, data::make(refusedKeys), brought)
{
    test::EnrolledNode node;
    const auto records = node.journal->head().number;
    BOOST_CHECK_EXCEPTION(node.destinations->takeDestination(test::destinationId,
                                                             brought.document(), brought.key(),
                                                             test::enrolledAt + hour),
                          Error, [&](const Error& error) {
                              BOOST_TEST_MESSAGE(error.message());
                              return error.errorCode() == brought.code;
                          });
    BOOST_TEST(node.journal->head().number == records);
    BOOST_TEST(node.destinations->sealingKey(test::destinationId, test::enrolledAt).fingerprint ==
               test::rsaKey(1).fingerprint());
}

BOOST_AUTO_TEST_CASE(a_new_key_under_the_pinned_root_takes_over_and_is_in_the_journal)
{
    test::EnrolledNode node;
    node.destinations->takeDestination(
        test::destinationId, test::documentOf("encryption-2"),
        test::textOf(test::chainedJwk(4, envelope::KeyUse::Encrypt, "encryption-2")),
        test::enrolledAt + hour);
    BOOST_TEST(
        node.destinations->sealingKey(test::destinationId, test::enrolledAt + hour).jwk.kid ==
        "encryption-2");
    BOOST_TEST(node.journal->about(test::destinationId).back().details.at("kid") == "encryption-2");
    BOOST_CHECK_NO_THROW(node.journal->verify(Extent::All));
}

BOOST_AUTO_TEST_CASE(while_keys_rotate_old_envelopes_stay_and_new_ones_take_the_new_key)
{
    test::EnrolledNode node;
    const std::string first = "e0000000-0000-4000-8000-000000000001";
    const std::string second = "e0000000-0000-4000-8000-000000000002";
    const auto add = [&](const std::string& id, UtcTime now) {
        node.database->transact([&] { node.box->add(node.sealed(id), now); });
    };
    add(first, test::enrolledAt);
    BOOST_TEST(node.destinations->keysInUse().size() == 1U);
    BOOST_TEST(!node.destinations->keysInUse().at(0).replaced);
    const std::string sealedBefore = node.box->part(first, "data").value();

    node.destinations->takeDestination(
        test::destinationId, test::documentOf("encryption-2"),
        test::textOf(test::chainedJwk(4, envelope::KeyUse::Encrypt, "encryption-2")),
        test::enrolledAt + hour);
    add(second, test::enrolledAt + 2 * hour);

    // what waits is never sealed anew; each part opens with the key of its kid, and no other
    BOOST_TEST(node.box->waiting().size() == 2U);
    BOOST_TEST((node.box->part(first, "data") == sealedBefore));
    BOOST_CHECK_NO_THROW(envelope::open(sealedBefore, test::rsaKey(1), test::encryptionKid));
    const std::string sealedAfter = node.box->part(second, "data").value();
    BOOST_CHECK_NO_THROW(envelope::open(sealedAfter, test::rsaKey(4), "encryption-2"));
    BOOST_TEST(node.journal->about(first).at(0).details.at("kid") == test::encryptionKid);
    BOOST_TEST(node.journal->about(second).at(0).details.at("kid") == "encryption-2");

    const auto keys = node.destinations->keysInUse();
    BOOST_REQUIRE(keys.size() == 2U);
    BOOST_TEST(keys[0].kid == test::encryptionKid);
    BOOST_TEST(keys[0].replaced);
    BOOST_TEST(keys[0].envelopes == 1);
    BOOST_TEST((keys[0].oldest == test::enrolledAt));
    BOOST_TEST(keys[0].fingerprint == test::rsaKey(1).fingerprint());
    BOOST_TEST(keys[1].kid == "encryption-2");
    BOOST_TEST(!keys[1].replaced);
}

BOOST_AUTO_TEST_CASE(a_kid_names_one_key_for_ever)
{
    test::EnrolledNode node;
    const auto take = [&](int key, const std::string& kid, int hours) {
        node.destinations->takeDestination(
            test::destinationId, test::documentOf(kid),
            test::textOf(test::chainedJwk(key, envelope::KeyUse::Encrypt, kid)),
            test::enrolledAt + hours * hour);
    };
    const auto isUnusable = [](const Error& error) {
        return error.errorCode() == ErrorCode::KeyUnusable;
    };
    take(4, "encryption-2", 1);
    BOOST_CHECK_EXCEPTION(take(3, test::encryptionKid, 2), Error, isUnusable); // journal knows it
    BOOST_CHECK_EXCEPTION(take(3, "encryption-2", 2), Error, isUnusable);      // the one in use
    // after the journal has forgotten, what waits remembers
    node.database->transact([&] {
        node.box->add(node.sealed("e0000000-0000-4000-8000-000000000001"), test::enrolledAt);
    });
    take(2, "encryption-3", 3);
    node.journal->prune(test::enrolledAt + 200 * day, {}, test::enrolledAt + 200 * day);
    BOOST_CHECK_EXCEPTION(take(3, "encryption-2", 201 * 24), Error, isUnusable);
    // the same key may come back: a destination that takes its rotation back
    BOOST_CHECK_NO_THROW(take(4, "encryption-2", 201 * 24));
    BOOST_TEST(node.destinations->sealingKey(test::destinationId, test::enrolledAt + 202 * day)
                   .fingerprint == test::rsaKey(4).fingerprint());
}

BOOST_AUTO_TEST_CASE(a_shorter_patience_can_be_set)
{
    test::EnrolledNode node;
    const Destinations impatient(
        *node.database, *node.journal,
        {.warning = std::chrono::hours(24), .refusal = std::chrono::hours(48), .refresh = hour});
    BOOST_TEST((impatient.standing(test::destinationId, test::enrolledAt + 25 * hour) ==
                KeyStanding::Aging));
    BOOST_CHECK_EXCEPTION(
        impatient.sealingKey(test::destinationId, test::enrolledAt + 49 * hour), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::KeyUnusable; });
}

BOOST_AUTO_TEST_CASE(a_destination_that_was_not_enrolled_is_not_taken)
{
    test::EnrolledNode node;
    const std::string other = "00000000-0000-4000-8000-000000000009";
    BOOST_CHECK_EXCEPTION(
        node.destinations->takeDestination(other,
                                           test::documentOf(test::encryptionKid, "active", other),
                                           goodKey(), test::enrolledAt),
        Error, [](const Error& error) { return error.errorCode() == ErrorCode::NotFound; });
}

BOOST_AUTO_TEST_CASE(a_key_set_ages_warns_and_is_refused_in_the_end)
{
    test::EnrolledNode node;
    const auto standing = [&](auto age) {
        return node.destinations->standing(test::destinationId, test::enrolledAt + age);
    };
    BOOST_TEST((standing(7 * day) == KeyStanding::Good));
    BOOST_TEST((standing(7 * day + hour) == KeyStanding::Aging));
    BOOST_TEST((standing(30 * day) == KeyStanding::Aging));
    BOOST_CHECK_NO_THROW(
        node.destinations->sealingKey(test::destinationId, test::enrolledAt + 30 * day));
    BOOST_TEST((standing(30 * day + hour) == KeyStanding::TooOld));
    BOOST_CHECK_EXCEPTION(
        node.destinations->sealingKey(test::destinationId, test::enrolledAt + 31 * day), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::KeyUnusable; });
    node.destinations->takeDestination(test::destinationId, goodDocument(), goodKey(),
                                       test::enrolledAt + 31 * day);
    BOOST_TEST((standing(31 * day) == KeyStanding::Good));
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_makes_no_key_young_again)
{
    test::EnrolledNode node;
    node.database->transact(
        [&] { node.journal->append(RecordKind::Start, "node", {}, test::enrolledAt + 31 * day); });
    BOOST_TEST((node.destinations->standing(test::destinationId, test::enrolledAt) ==
                KeyStanding::TooOld));
}

BOOST_AUTO_TEST_CASE(an_inactive_destination_takes_no_new_case)
{
    test::EnrolledNode node;
    node.destinations->takeDestination(test::destinationId,
                                       test::documentOf(test::encryptionKid, "inactive"), goodKey(),
                                       test::enrolledAt);
    BOOST_TEST((node.destinations->standing(test::destinationId, test::enrolledAt) ==
                KeyStanding::Missing));
}

BOOST_AUTO_TEST_CASE(sync_is_asked_for_sets_that_are_an_hour_old)
{
    test::EnrolledNode node;
    BOOST_TEST(node.destinations->due(test::enrolledAt + hour / 2).empty());
    BOOST_TEST(!node.destinations->serviceKeysDue(test::enrolledAt + hour / 2));
    BOOST_TEST(node.destinations->due(test::enrolledAt + hour).size() == 1u);
    BOOST_TEST(node.destinations->serviceKeysDue(test::enrolledAt + hour));
    const auto records = node.journal->head().number;
    node.destinations->takeDestination(test::destinationId, goodDocument(), goodKey(),
                                       test::enrolledAt + hour);
    node.destinations->takeServiceKeys(
        R"({"keys":[)" + test::textOf(node.destinations->serviceKeys().keys.front()) + "]}",
        test::enrolledAt + hour);
    BOOST_TEST(node.destinations->due(test::enrolledAt + hour).empty());
    BOOST_TEST(!node.destinations->serviceKeysDue(test::enrolledAt + hour));
    BOOST_TEST(node.journal->head().number == records); // the same set again is no news
}

BOOST_AUTO_TEST_CASE(a_service_key_that_is_not_pinned_waits_for_it_and_is_not_believed)
{
    test::EnrolledNode node;
    auto stranger = test::chainedJwk(4, envelope::KeyUse::Verify, "service-key-2");
    auto changed = test::chainedJwk(4, envelope::KeyUse::Verify, test::serviceKid);
    node.destinations->takeServiceKeys(R"({"keys":[)" + test::textOf(stranger) + "," +
                                           test::textOf(changed) + "]}",
                                       test::enrolledAt);
    const auto believed = node.destinations->serviceKeys().keys;
    BOOST_TEST_REQUIRE(believed.size() == 1u);
    BOOST_TEST(believed.front().key.fingerprint() == test::rsaKey(3).fingerprint());
}

BOOST_AUTO_TEST_CASE(the_enrolment_file_is_read_as_its_document_says)
{
    const auto enrolment = test::testEnrolment();
    const auto& destination = enrolment.destinations.front();
    const std::string file = R"({"format":1,"service":{"issuer":")" + enrolment.serviceIssuer +
                             R"(","keys":{"keys":[)" + test::textOf(enrolment.serviceKeys.front()) +
                             R"(]}},"roots":[")" + toBase64(enrolment.roots.front()) +
                             R"("],"destinations":[{"document":)" + destination.document +
                             R"(,"encryptionKey":)" + destination.key + R"(,"signatureKeys":[)" +
                             test::textOf(destination.signatureKeys.front()) + "]}]}";
    const auto read = readEnrolment(file);
    BOOST_TEST(read.serviceIssuer == enrolment.serviceIssuer);
    BOOST_TEST((read.roots == enrolment.roots));
    BOOST_TEST_REQUIRE(read.destinations.size() == 1u);
    BOOST_TEST(read.destinations.front().id == test::destinationId);
    BOOST_TEST(read.destinations.front().signatureKeys.size() == 1u);
    test::EnrolledNode node;
    BOOST_CHECK_NO_THROW(node.destinations->enrol(read, test::enrolledAt));

    std::string other = file;
    other.replace(other.find("\"format\":1"), 10, "\"format\":2");
    BOOST_CHECK_THROW(readEnrolment(other), Error);
    std::string unknown = file;
    unknown.insert(1, R"("more":1,)");
    BOOST_CHECK_THROW(readEnrolment(unknown), Error);
}

BOOST_AUTO_TEST_SUITE_END()
