// SPDX-License-Identifier: EUPL-1.2
//
// The export file: what was written is what is read, and whatever was damaged is refused whole.
#include "sync/envelope/export_file.h"
#include "tests/support/test_keys.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sstream>

namespace data = boost::unit_test::data;
using namespace amt;
using envelope::ExportedEnvelope;
using envelope::ExportReader;
using envelope::ExportWriter;

namespace {

const UtcTime now = fromIso("2026-11-22T10:00:00Z");

std::string sealed(const std::string& text)
{
    SystemRandom random;
    return envelope::seal(view(text), test::rsaKey(1), "encryption-1", "application/json", random)
        .compact;
}

const ExportedEnvelope& withAttachments()
{
    static const ExportedEnvelope made{.id = "11111111-1111-4111-8111-111111111111",
                                       .destinationId = "22222222-2222-4222-8222-222222222222",
                                       .serviceKey = "99108001001000",
                                       .serviceName = "Bewohnerparkausweis „Süd“",
                                       .regionKey = "",
                                       .attachments = {"33333333-3333-4333-8333-333333333333",
                                                       "44444444-4444-4444-8444-444444444444"},
                                       .metadata = sealed("{}"),
                                       .data = sealed("{\"a\":1}"),
                                       .attachmentJwes = {sealed("one"), sealed("two")}};
    return made;
}

const ExportedEnvelope& plain()
{
    static const ExportedEnvelope made = [] {
        ExportedEnvelope other = withAttachments();
        other.id = "55555555-5555-4555-8555-555555555555";
        other.attachments.clear();
        other.attachmentJwes.clear();
        return other;
    }();
    return made;
}

const std::string& twoEnvelopes()
{
    static const std::string text = [] {
        ExportWriter writer("Stadt Musterstadt", now);
        writer.add(withAttachments());
        writer.add(plain());
        return writer.finish();
    }();
    return text;
}

bool isRefused(const std::string& text)
{
    std::istringstream file(text);
    try {
        const ExportReader reader(file);
    } catch (const Error& error) {
        return error.errorCode() == ErrorCode::EnvelopeMalformed;
    }
    return false;
}

std::string withEnd(std::string body, int count)
{
    const std::string hash = toHex(envelope::sha256(view(body)));
    return std::move(body) + "{\"end\":" + std::to_string(count) + ",\"sha256\":\"" + hash +
           "\"}\n";
}

std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    const auto at = text.find(what);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_export_file)

BOOST_AUTO_TEST_CASE(what_was_written_is_read)
{
    std::istringstream file(twoEnvelopes());
    ExportReader reader(file);
    BOOST_TEST(reader.node() == "Stadt Musterstadt");
    BOOST_TEST((reader.writtenAt() == now));
    BOOST_TEST(reader.count() == 2);
    ExportedEnvelope read;
    for (const auto* wanted : {&withAttachments(), &plain()}) {
        BOOST_REQUIRE(reader.next(read));
        BOOST_TEST(read.id == wanted->id);
        BOOST_TEST(read.destinationId == wanted->destinationId);
        BOOST_TEST(read.serviceKey == wanted->serviceKey);
        BOOST_TEST(read.serviceName == wanted->serviceName);
        BOOST_TEST(read.attachments == wanted->attachments);
        BOOST_TEST(read.metadata == wanted->metadata);
        BOOST_TEST(read.data == wanted->data);
        BOOST_TEST(read.attachmentJwes == wanted->attachmentJwes);
    }
    BOOST_TEST(!reader.next(read));
}

BOOST_AUTO_TEST_CASE(an_empty_one_is_one)
{
    ExportWriter writer("Stadt Musterstadt", now);
    std::istringstream file(writer.finish());
    ExportReader reader(file);
    BOOST_TEST(reader.count() == 0);
    ExportedEnvelope none;
    BOOST_TEST(!reader.next(none));
}

BOOST_AUTO_TEST_CASE(one_changed_byte_anywhere_refuses_the_whole)
{
    for (std::size_t at = 0; at < twoEnvelopes().size(); at += 7) {
        std::string damaged = twoEnvelopes();
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        BOOST_TEST(isRefused(damaged));
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_was_cut_anywhere_is_refused_whole)
{
    for (std::size_t size = 0; size < twoEnvelopes().size(); size += 97)
        BOOST_TEST(isRefused(twoEnvelopes().substr(0, size)));
    BOOST_TEST(isRefused(twoEnvelopes().substr(0, twoEnvelopes().size() - 1)));
    BOOST_TEST(isRefused(twoEnvelopes() + "\n"));
}

BOOST_AUTO_TEST_CASE(what_breaks_a_rule_is_refused_though_its_hash_is_right)
{
    const std::string body = twoEnvelopes().substr(0, twoEnvelopes().rfind("{\"end\""));
    std::istringstream same(withEnd(body, 2));
    BOOST_CHECK_NO_THROW(ExportReader{same});
    BOOST_TEST(isRefused(withEnd(body, 1)));
    BOOST_TEST(isRefused(withEnd(replaced(body, "amt-export", "amt-import"), 2)));
    BOOST_TEST(isRefused(withEnd(replaced(body, "\"version\":1", "\"version\":2"), 2)));
    BOOST_TEST(isRefused(withEnd(replaced(body, "2026-11-22T", "2026-13-22T"), 2)));
    BOOST_TEST(isRefused(withEnd(replaced(body, "11111111-1111-4111-8111-111111111111",
                                          "55555555-5555-4555-8555-555555555555"),
                                 2))); // twice
    BOOST_TEST(
        isRefused(withEnd(replaced(body, "11111111-1111-4111-8111-111111111111", "../../etc"), 2)));
    BOOST_TEST(isRefused(withEnd(replaced(body, "\"part\":\"metadata\"", "\"part\":\"data\""), 2)));
    BOOST_TEST(isRefused(withEnd(replaced(body, "\"regionKey\"", "\"regionkey\""), 2)));
    BOOST_TEST(isRefused(withEnd(replaced(body, plain().metadata, "not.a.jwe"), 2)));
}

BOOST_AUTO_TEST_SUITE_END()
