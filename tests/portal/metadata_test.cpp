// SPDX-License-Identifier: EUPL-1.2
//
// Metadata: valid against FITKO's schema (by a second validator), read back, and refused when a
// rule is broken.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "sync/envelope/envelope.h"
#include "sync/portal/identification_report.h"
#include "sync/portal/metadata.h"
#include "tests/support/schema_judge.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <functional>
#include <iterator>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::portal;

namespace {

std::string hashOf(const std::string& text)
{
    return toHex(envelope::sha512(view(text)));
}

Metadata full()
{
    Metadata metadata;
    metadata.data = {hashOf("data"), "urn:example:amtsstube:bewohnerparkausweis:1.0",
                     "application/json"};
    metadata.attachments = {{"00000000-0000-4000-8000-000000000001", hashOf("a"), Purpose::Form,
                             "application/pdf", "Übersicht \"1\"/../x.pdf", "Beschreibung"},
                            {"00000000-0000-4000-8000-000000000002", hashOf(""), Purpose::Report,
                             "image/svg+xml", "", ""}};
    metadata.payment = PaymentInformation{
        "KZ-2026-000123",      "POS-65010001-004711-20261121", PaymentMethod::Other, "girocard-POS",
        PaymentStatus::Booked, "2026-11-21T10:25:02+01:00",    Money::cents(3070)};
    metadata.reference =
        ReferenceInformation{"K0815-20261121-0042", localDateFromIso("2026-11-21"), false};
    metadata.author = Author{"Kiosk Rathaus", "Amtsstube", "0.1.0", "Musterstadt"};
    metadata.dataSets = {{"00000000-0000-4000-8000-000000000003", "https://example.org/report.json",
                          "application/jose", hashOf("a.b.c"), "a.b.c", ""},
                         {"00000000-0000-4000-8000-000000000004", "https://example.org/other.json",
                          "application/json", hashOf(R"({"a":[1,2]})"), R"({"a":[1,2]})", "mehr"}};
    return metadata;
}

Metadata least()
{
    Metadata metadata;
    metadata.data = {hashOf("data"), "urn:x:y", "application/xml"};
    return metadata;
}

IdentificationReport proof()
{
    return {.id = "00000000-0000-4000-8000-00000000000a",
            .serverIdentity = "Musterstadt, Amtsstube",
            .reportTime = "2026-11-21T10:20:39+01:00",
            .identificationTime = "2026-11-21T10:19:54+01:00",
            .level = LevelOfAssurance::High,
            .statement = "mit PIN",
            .context = {"Bewohnerparkausweis 99108001001000", "BP-2026-3JER-HJ"},
            .dataHash = hashOf("data")};
}

struct Broken {
    const char* what;
    std::function<void(Metadata&)> change;
};
std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.what;
}
const Broken brokenRules[] = {
    {"hash of 64 digits", [](Metadata& m) { m.data.hash.resize(64); }},
    {"hash in capitals", [](Metadata& m) { m.data.hash[0] = 'A'; }},
    {"hash empty", [](Metadata& m) { m.data.hash.clear(); }},
    {"schema without scheme", [](Metadata& m) { m.data.schemaUri = "form/1.0"; }},
    {"schema with a blank", [](Metadata& m) { m.data.schemaUri = "urn:a b"; }},
    {"data as PDF", [](Metadata& m) { m.data.mimeType = "application/pdf"; }},
    {"attachment id no UUID", [](Metadata& m) { m.attachments[0].id = "1"; }},
    {"attachment id twice", [](Metadata& m) { m.attachments[1].id = m.attachments[0].id; }},
    {"attachment type with parameter",
     [](Metadata& m) { m.attachments[0].mimeType = "text/plain; charset=utf-8"; }},
    {"attachment type without slash", [](Metadata& m) { m.attachments[0].mimeType = "pdf"; }},
    {"attachment hash missing", [](Metadata& m) { m.attachments[0].hash.clear(); }},
    {"transaction id of 37", [](Metadata& m) { m.payment->transactionId = std::string(37, 'a'); }},
    {"transaction id with a blank", [](Metadata& m) { m.payment->transactionId = "a b"; }},
    {"transaction id empty", [](Metadata& m) { m.payment->transactionId.clear(); }},
    {"method detail with umlaut", [](Metadata& m) { m.payment->methodDetail = "Kärtchen"; }},
    {"timestamp no time", [](Metadata& m) { m.payment->transactionTimestamp = "gestern"; }},
    {"amount of nothing", [](Metadata& m) { m.payment->grossAmount = Money::cents(0); }},
    {"amount negative", [](Metadata& m) { m.payment->grossAmount = Money::cents(-1); }},
    {"data set id twice", [](Metadata& m) { m.dataSets[1].id = m.dataSets[0].id; }},
    {"data set of another type", [](Metadata& m) { m.dataSets[0].mimeType = "text/plain"; }},
    {"data set that is not the JSON it says",
     [](Metadata& m) { m.dataSets[1].content = R"({"a":1},"b":2)"; }},
};

struct BrokenText {
    const char* what;
    std::string from, to;
};
std::ostream& operator<<(std::ostream& out, const BrokenText& broken)
{
    return out << broken.what;
}
const BrokenText brokenTexts[] = {
    {"schema 1.3.0", "metadata/2.1.0/", "metadata/1.3.0/"},
    {"schema without version", "metadata/2.1.0/", "metadata/2./"},
    {"schema elsewhere", "https://schema.fitko.de", "https://schema.evil.de"},
    {"no schema", "\"$schema\"", "\"schema\""},
    {"no attachments", "\"attachments\"", "\"more\""},
    {"attachments an object", "\"attachments\":[", "\"attachments\":{}, \"x\":["},
    {"purpose unknown", "\"purpose\":\"form\"", "\"purpose\":\"letter\""},
    {"hash type sha256", "\"type\":\"sha512\"", "\"type\":\"sha256\""},
    {"method unknown", "\"OTHER\"", "\"CASH\""},
    {"status PAYED", "\"BOOKED\"", "\"PAYED\""},
    {"amount of a tenth of a cent", "30.70", "30.701"},
    {"amount zero", "30.70", "0"},
    {"amount negative", "30.70", "-30.70"},
    {"amount a text", "30.70", "\"30.70\""},
    {"amount true", "30.70", "true"},
    {"amount null", "30.70", "null"},
    {"amount beyond", "30.70", "1e300"},
    {"day that does not exist", "2026-11-21\"", "2026-02-30\""},
    {"notice as text", "false", "\"false\""},
    {"unknown key in the closed object", "\"senderReference\"", "\"x\":1,\"senderReference\""},
    {"author without product", "\"product\"", "\"produkt\""},
    {"doubled key", "\"senderReference\"", "\"senderReference\":\"x\",\"senderReference\""},
    {"cut off", "]}", "]"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(portal_metadata)

BOOST_AUTO_TEST_CASE(what_is_written_is_read)
{
    const Metadata metadata = full();
    const Metadata again = readMetadata(writeMetadata(metadata));
    BOOST_TEST(writeMetadata(again) == writeMetadata(metadata));
    BOOST_TEST(again.data.hash == metadata.data.hash);
    BOOST_TEST(again.attachments.size() == 2U);
    BOOST_TEST(again.attachments[0].filename == metadata.attachments[0].filename);
    BOOST_CHECK(again.attachments[1].purpose == Purpose::Report);
    BOOST_TEST(again.payment->grossAmount->inCents() == 3070);
    BOOST_CHECK(again.payment->status == PaymentStatus::Booked);
    BOOST_TEST(toIso(*again.reference->applicationDate) == "2026-11-21");
    BOOST_TEST(*again.reference->digitalNotice == false);
    BOOST_TEST(again.author->productName == "Amtsstube");
    BOOST_TEST(again.dataSets[0].content == "a.b.c");
    BOOST_TEST(again.dataSets[1].content == R"({"a":[1,2]})");

    const Metadata bare = readMetadata(writeMetadata(least()));
    BOOST_TEST(!bare.payment);
    BOOST_TEST(!bare.reference);
    BOOST_TEST(!bare.author);
    BOOST_TEST(bare.attachments.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_digital_notice_is_said_and_not_left_out)
{
    const std::string text = writeMetadata(full());
    BOOST_TEST(text.find("\"zustimmungZumDigitalenBescheid\":false") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(amounts_are_decimals_to_the_cent)
{
    // rejected by validators that work in doubles (facts/portal.md 0.4), and yet amounts
    for (const int cents :
         {1999, 1020, 510, 895, 7, 3070, 3700, 6001, 1, 100, 99999999, 100000000}) {
        Metadata metadata = full();
        metadata.payment->grossAmount = Money::cents(cents);
        const std::string text = writeMetadata(metadata);
        BOOST_TEST(text.find("\"grossAmount\":" + Money::cents(cents).decimal() + "}") !=
                   std::string::npos);
        BOOST_TEST(readMetadata(text).payment->grossAmount->inCents() == cents);
    }
    std::string text = writeMetadata(full());
    text.replace(text.find("30.70"), 5, "30.7");
    BOOST_TEST(readMetadata(text).payment->grossAmount->inCents() == 3070);
    text.replace(text.find("30.7"), 4, "30");
    BOOST_TEST(readMetadata(text).payment->grossAmount->inCents() == 3000);
}

BOOST_DATA_TEST_CASE(nothing_is_written_that_breaks_a_rule, data::make(brokenRules), broken)
{
    Metadata metadata = full();
    broken.change(metadata);
    BOOST_CHECK_EXCEPTION(writeMetadata(metadata), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::InputMalformed;
    });
}

BOOST_DATA_TEST_CASE(nothing_is_read_that_breaks_a_rule, data::make(brokenTexts), broken)
{
    std::string text = writeMetadata(full());
    const auto at = text.find(broken.from);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, broken.from.size(), broken.to);
    BOOST_CHECK_EXCEPTION(readMetadata(text), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::JsonMalformed;
    });
}

BOOST_AUTO_TEST_CASE(a_second_validator_finds_it_valid_against_the_schema)
{
    if (test::skipWithoutJudge())
        return;
    BOOST_TEST(test::judgedBySchema(writeMetadata(full())) == 0);
    BOOST_TEST(test::judgedBySchema(writeMetadata(least())) == 0);
    Metadata metadata = full();
    metadata.payment->grossAmount = Money::cents(1999); // no multiple of 0.01 among doubles
    BOOST_TEST(test::judgedBySchema(writeMetadata(metadata)) == 0);

    std::string broken = writeMetadata(full());
    broken.replace(broken.find("BOOKED"), 6, "PAYED_");
    BOOST_TEST(test::judgedBySchema(broken) == 1);
}

BOOST_AUTO_TEST_CASE(a_report_of_identification_is_valid_for_a_second_validator)
{
    const char* schema = "identification-report-2.0.0.schema.json";
    const auto sample = test::shared() / "samples/identification-report-sample-2.0.0.json";
    if (test::skipWithoutJudge() || test::skipWithout(sample, "the sample is not here"))
        return;
    BOOST_TEST(test::judgedBySchema(writeIdentificationReport(proof()), schema) == 0);
    IdentificationReport unsure = proof();
    unsure.level = LevelOfAssurance::Unknown;
    const std::string text = writeIdentificationReport(unsure);
    BOOST_TEST(text.find(R"("levelOfAssurance":"unknown")") != std::string::npos);
    BOOST_TEST(test::judgedBySchema(text, schema) == 0);
    // The schema's own sample breaks its schema, and so does a level of our own making.
    std::ifstream in(sample);
    BOOST_TEST(test::judgedBySchema({std::istreambuf_iterator<char>(in), {}}, schema) == 1);
    std::string broken = writeIdentificationReport(proof());
    broken.replace(broken.find("hoch"), 4, "HOCH");
    BOOST_TEST(test::judgedBySchema(broken, schema) == 1);
}

BOOST_AUTO_TEST_CASE(a_report_is_a_data_set_whose_hash_is_that_of_its_bytes)
{
    Metadata metadata = full();
    const std::string report = writeIdentificationReport(proof());
    metadata.dataSets = {{"00000000-0000-4000-8000-000000000005", identificationSchema,
                          "application/json", hashOf(report), report, "Identitätsnachweis"}};
    const std::string text = writeMetadata(metadata);
    BOOST_TEST(text.find(report) != std::string::npos);
    const auto read = readMetadata(text).dataSets.at(0);
    BOOST_TEST(read.content == report);
    BOOST_TEST(read.hash == hashOf(read.content));
}

BOOST_AUTO_TEST_CASE(a_report_without_id_server_or_time_is_not_written)
{
    const auto refuses = [](auto change) {
        IdentificationReport report = proof();
        change(report);
        BOOST_CHECK_EXCEPTION(writeIdentificationReport(report), Error, [](const Error& error) {
            return error.errorCode() == ErrorCode::InputMalformed;
        });
    };
    refuses([](IdentificationReport& report) { report.id = "1"; });
    refuses([](IdentificationReport& report) { report.serverIdentity.clear(); });
    refuses([](IdentificationReport& report) { report.reportTime = "heute"; });
    refuses([](IdentificationReport& report) { report.identificationTime.clear(); });
}

BOOST_AUTO_TEST_CASE(the_worked_example_is_read)
{
    const auto file = test::shared() / "samples/fit-connect/metadata-2.1.0-kiosk-example.json";
    if (test::skipWithout(file, "the sample is not here"))
        return;
    std::ifstream in(file);
    const Metadata metadata = readMetadata({std::istreambuf_iterator<char>(in), {}});
    BOOST_TEST(metadata.payment->grossAmount->inCents() == 3070);
    BOOST_TEST(metadata.payment->methodDetail == "girocard-POS");
    BOOST_TEST(*metadata.reference->digitalNotice == false);
    BOOST_TEST(metadata.dataSets.size() == 1U);
    BOOST_TEST(metadata.attachments.at(0).filename == "antrag.pdf");
}

BOOST_AUTO_TEST_SUITE_END()
