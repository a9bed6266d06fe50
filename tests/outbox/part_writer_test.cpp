// SPDX-License-Identifier: EUPL-1.2
//
// Attachments as a stream into the outbox: rows of one length, a digest that fits, whole or not at
// all, and no more memory for 60 MB than for 6.
#include "sync/outbox/attachments.h"
#include "tests/outbox/enrolled.h"
#include "tests/support/peak_memory.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace amt;
using namespace amt::outbox;

namespace {

const std::string envelopeId = "0c8f8f0a-3a54-4f1c-9a3e-0d2b7a6c5e41";
const std::string attachmentId = "3d3f6a52-6a0e-4f69-8d1c-5a7f5e4f0b12";
const ActAtDesk act{"0193aa00-0000-7000-8000-000000000001", "Erika Amt"};

struct Desk : test::EnrolledNode {
    std::optional<Attachments> attachments;

    Desk() { attachments.emplace(*database, *journal); }

    SealingKey key() const
    {
        return destinations->sealingKey(test::destinationId, test::enrolledAt);
    }
    WholePart written(const Bytes& plain, std::size_t piece, const std::string& id = attachmentId)
    {
        attachments->begin(id, envelopeId, key(), test::enrolledAt);
        PartWriter writer(*database, id, key(), "application/pdf", random);
        for (std::size_t at = 0; at < plain.size(); at += piece)
            writer.add(ByteView(plain).subspan(at, std::min(piece, plain.size() - at)));
        return writer.finish();
    }
    void keep(const WholePart& whole, const std::string& id = attachmentId)
    {
        attachments->keep(id, whole, "sealed words", "desk-1", act, test::enrolledAt);
    }
    void seal(const std::vector<std::string>& kept)
    {
        auto made = sealed(envelopeId);
        made.kept = kept;
        database->transact([&] { box->add(made, test::enrolledAt); });
    }
    std::int64_t count(const std::string& what)
    {
        auto rows = database->prepare("SELECT count(*) FROM " + what);
        rows.step();
        return rows.integer(0);
    }
};

bool isOutOfOrder(const Error& error)
{
    return error.errorCode() == ErrorCode::StepOutOfOrder;
}
bool isNotFound(const Error& error)
{
    return error.errorCode() == ErrorCode::NotFound;
}

} // namespace

BOOST_AUTO_TEST_SUITE(outbox_part_writer)

BOOST_AUTO_TEST_CASE(a_streamed_attachment_is_a_part_like_any_other)
{
    for (const std::size_t size : {0, 1, 100000, 196608, 1000000}) {
        Desk node;
        const Bytes plain = randomBytes(node.random, size);
        const auto whole = node.written(plain, 200000);
        BOOST_TEST(whole.tag.size() == 22U);
        node.keep(whole);
        BOOST_TEST(node.attachments->of(envelopeId).size() == 1U);
        node.seal({attachmentId});
        const auto jwe = node.box->part(envelopeId, attachmentId);
        BOOST_REQUIRE(jwe.has_value());
        const auto opened = envelope::open(*jwe, test::rsaKey(1), test::encryptionKid);
        BOOST_CHECK(opened.plain == plain);
        BOOST_TEST(opened.contentType == "application/pdf");
        BOOST_TEST((node.box->waiting().at(0).attachments == std::vector{attachmentId}));

        auto rows = node.database->prepare("SELECT count(*), max(length(bytes)), sum(length(bytes))"
                                           " FROM attachment_chunk WHERE attachment_id = ?");
        rows.bind(attachmentId).step();
        BOOST_TEST(rows.integer(1) <= 262144);
        BOOST_TEST(rows.integer(2) == static_cast<std::int64_t>(jwe->size()));
        BOOST_TEST(rows.integer(0) == (rows.integer(2) + 262143) / 262144);
        const auto records = node.journal->about(envelopeId);
        BOOST_TEST(records.at(0).details.at("sha256." + attachmentId) ==
                   toHex(envelope::sha256(view(*jwe))));
    }
}

BOOST_AUTO_TEST_CASE(a_rest_is_no_attachment_and_goes)
{
    Desk node;
    node.written(Bytes(600000), 200000);
    BOOST_TEST(node.attachments->of(envelopeId).empty());
    BOOST_TEST(node.attachments->dropRests({attachmentId}) == 0);
    BOOST_TEST(node.count("attachment_chunk") > 0);
    BOOST_TEST(node.attachments->dropRests({}) == 1);
    BOOST_TEST(node.count("attachment_chunk") == 0);
    BOOST_TEST(node.count("attachment") == 0);
}

BOOST_AUTO_TEST_CASE(a_whole_one_is_no_rest)
{
    Desk node;
    node.keep(node.written(Bytes(10), 10));
    BOOST_TEST(node.attachments->dropRests({}) == 0);
    BOOST_TEST(node.attachments->of(envelopeId).size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_removed_is_gone_and_says_who_did_it)
{
    Desk node;
    node.keep(node.written(Bytes(300000), 200000));
    BOOST_CHECK_EXCEPTION(
        node.attachments->remove(attachmentId, randomUuid(node.random), act, test::enrolledAt),
        Error, isNotFound);
    node.attachments->remove(attachmentId, envelopeId, act, test::enrolledAt);
    BOOST_TEST(node.count("attachment_chunk") == 0);
    BOOST_CHECK_EXCEPTION(node.attachments->remove(attachmentId, envelopeId, act, test::enrolledAt),
                          Error, isNotFound);
    const auto records = node.journal->about(act.caseId);
    BOOST_REQUIRE_EQUAL(records.size(), 2U);
    BOOST_TEST(records[0].details.at("act") == "add-attachment");
    BOOST_TEST(records[1].details.at("act") == "remove-attachment");
    BOOST_TEST(records[1].details.at("clerk") == "Erika Amt");
}

BOOST_AUTO_TEST_CASE(an_envelope_has_all_its_attachments_or_is_not_sealed)
{
    Desk node;
    node.keep(node.written(Bytes(10), 10));
    BOOST_CHECK_EXCEPTION(node.seal({}), Error, isOutOfOrder);
    BOOST_CHECK_EXCEPTION(node.seal({attachmentId, randomUuid(node.random)}), Error, isOutOfOrder);
    BOOST_TEST(!node.box->find(envelopeId));
    node.seal({attachmentId});
    BOOST_TEST(node.box->find(envelopeId).has_value());
}

BOOST_AUTO_TEST_CASE(what_was_sealed_takes_none_and_loses_none)
{
    Desk node;
    node.keep(node.written(Bytes(10), 10));
    const std::string late = randomUuid(node.random);
    const auto whole = node.written(Bytes(10), 10, late);
    node.seal({attachmentId});
    BOOST_CHECK_EXCEPTION(node.keep(whole, late), Error, isOutOfOrder);
    BOOST_CHECK_EXCEPTION(node.attachments->remove(attachmentId, envelopeId, act, test::enrolledAt),
                          Error, isOutOfOrder);
    BOOST_TEST(node.box->part(envelopeId, attachmentId).has_value());
    BOOST_TEST(!node.box->part(envelopeId, late).has_value());
}

BOOST_AUTO_TEST_CASE(sixty_megabytes_reach_the_outbox_in_the_memory_of_six)
{
    Desk node;
    const Bytes step(250000, 'x');
    const auto through = [&](int steps) {
        const std::string id = randomUuid(node.random);
        node.attachments->begin(id, envelopeId, node.key(), test::enrolledAt);
        PartWriter writer(*node.database, id, node.key(), "application/pdf", node.random);
        for (int i = 0; i < steps; ++i)
            writer.add(step);
        node.keep(writer.finish(), id);
    };
    through(24);
    const long before = test::peakKilobytes(test::Before::Forgotten);
    through(240);
    const long growth = test::peakKilobytes(test::Before::Kept) - before;
    BOOST_TEST_MESSAGE("peak memory grew by " << growth << " KiB");
    BOOST_TEST((growth < 2048 || !test::memoryIsOurs));
}

BOOST_AUTO_TEST_SUITE_END()
