// SPDX-License-Identifier: EUPL-1.2
//
// Attachments as a stream into the outbox: rows of one length, a digest that fits, nothing without
// its envelope, and no more memory for 60 MB than for 6.
#include "sync/outbox/part_writer.h"
#include "tests/outbox/enrolled.h"
#include "tests/support/peak_memory.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace amt;
using namespace amt::outbox;

namespace {

const std::string envelopeId = "0c8f8f0a-3a54-4f1c-9a3e-0d2b7a6c5e41";
const std::string attachmentId = "3d3f6a52-6a0e-4f69-8d1c-5a7f5e4f0b12";

std::string written(test::EnrolledNode& node, const Bytes& plain, std::size_t piece)
{
    const auto key = node.destinations->sealingKey(test::destinationId, test::enrolledAt);
    PartWriter writer(*node.database, envelopeId, attachmentId, key, "application/pdf",
                      node.random);
    for (std::size_t at = 0; at < plain.size(); at += piece)
        writer.add(ByteView(plain).subspan(at, std::min(piece, plain.size() - at)));
    return writer.finish();
}

} // namespace

BOOST_AUTO_TEST_SUITE(outbox_part_writer)

BOOST_AUTO_TEST_CASE(a_streamed_attachment_is_a_part_like_any_other)
{
    for (const std::size_t size : {0, 1, 100000, 196608, 1000000}) {
        test::EnrolledNode node;
        const Bytes plain = randomBytes(node.random, size);
        node.database->transact([&] {
            const std::string tag = written(node, plain, 200000);
            node.box->add(node.sealed(envelopeId), test::enrolledAt);
            BOOST_TEST(tag.size() == 22U);
        });
        const auto jwe = node.box->part(envelopeId, attachmentId);
        BOOST_REQUIRE(jwe.has_value());
        const auto opened = envelope::open(*jwe, test::rsaKey(1), test::encryptionKid);
        BOOST_CHECK(opened.plain == plain);
        BOOST_TEST(opened.contentType == "application/pdf");
        BOOST_TEST((node.box->waiting().at(0).attachments == std::vector{attachmentId}));

        auto rows = node.database->prepare("SELECT count(*), max(length(bytes)), sum(length(bytes))"
                                           " FROM envelope_chunk WHERE part = ?");
        rows.bind(attachmentId).step();
        BOOST_TEST(rows.integer(1) <= 262144);
        BOOST_TEST(rows.integer(2) == static_cast<std::int64_t>(jwe->size()));
        BOOST_TEST(rows.integer(0) == (rows.integer(2) + 262143) / 262144);
        const auto records = node.journal->about(envelopeId);
        BOOST_TEST(records.at(0).details.at("sha256." + attachmentId) ==
                   toHex(envelope::sha256(view(*jwe))));
    }
}

BOOST_AUTO_TEST_CASE(a_part_without_its_envelope_is_not_committed)
{
    test::EnrolledNode node;
    BOOST_CHECK_THROW(node.database->transact([&] { written(node, Bytes(10), 10); }), Error);
    auto rows = node.database->prepare("SELECT count(*) FROM envelope_chunk");
    rows.step();
    BOOST_TEST(rows.integer(0) == 0);
}

BOOST_AUTO_TEST_CASE(rows_without_their_part_are_not_committed)
{
    test::EnrolledNode node;
    const auto half = [&] {
        const auto key = node.destinations->sealingKey(test::destinationId, test::enrolledAt);
        PartWriter writer(*node.database, envelopeId, attachmentId, key, "application/pdf",
                          node.random);
        for (int i = 0; i < 3; ++i)
            writer.add(Bytes(200000));
        node.box->add(node.sealed(envelopeId), test::enrolledAt);
    };
    BOOST_CHECK_THROW(node.database->transact(half), Error);
    BOOST_TEST(!node.box->find(envelopeId));
}

BOOST_AUTO_TEST_CASE(sixty_megabytes_reach_the_outbox_in_the_memory_of_six)
{
    test::EnrolledNode node;
    const auto key = node.destinations->sealingKey(test::destinationId, test::enrolledAt);
    const Bytes step(250000, 'x');
    const auto through = [&](int steps) {
        const std::string id = randomUuid(node.random);
        node.database->transact([&] {
            PartWriter writer(*node.database, id, randomUuid(node.random), key, "application/pdf",
                              node.random);
            for (int i = 0; i < steps; ++i)
                writer.add(step);
            writer.finish();
            node.box->add(node.sealed(id), test::enrolledAt);
        });
    };
    through(24);
    const long before = test::peakKilobytes(test::Before::Forgotten);
    through(240);
    const long growth = test::peakKilobytes(test::Before::Kept) - before;
    BOOST_TEST_MESSAGE("peak memory grew by " << growth << " KiB");
    BOOST_TEST((growth < 2048 || !test::memoryIsOurs));
}

BOOST_AUTO_TEST_SUITE_END()
