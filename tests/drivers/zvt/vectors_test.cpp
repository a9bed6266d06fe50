// SPDX-License-Identifier: EUPL-1.2
//
// The public traces: every valid vector is read to its last byte with the meaning in the file,
// every invalid one is treated as its "why" says; and an independent dissector (tshark) agrees with
// what we read and send.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "drivers/zvt/commands.h"
#include "drivers/zvt/messages.h"
#include "drivers/zvt/serial.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

using namespace amt;

namespace {

std::filesystem::path vectorFile()
{
    return test::shared() / "samples" / "zvt" / "vectors.json";
}

std::vector<json::ObjectPtr> vectors()
{
    std::ifstream file(vectorFile());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto list = json::array(*json::parseObject(text), "vectors");
    std::vector<json::ObjectPtr> all;
    for (std::size_t i = 0; i < list->size(); ++i)
        all.push_back(list->getObject(static_cast<unsigned>(i)));
    return all;
}

std::string optional(const json::Object& object, const std::string& key)
{
    return json::optionalText(object, key).value_or("");
}

zvt::Charset charsetOf(const json::Object& object)
{
    const std::string charset = optional(object, "charset");
    if (charset == "cp437")
        return zvt::Charset::Cp437;
    if (charset == "iso-8859-1")
        return zvt::Charset::Latin1;
    if (charset == "utf-8")
        return zvt::Charset::Utf8;
    BOOST_REQUIRE(charset.empty());
    return zvt::Charset::Unspoken;
}

/// What the parser may leave of a card number: the last four digits before D or F, else nibble E.
std::string maskedPan(std::string raw)
{
    const std::size_t end = std::min(raw.find_first_of("df"), raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const bool kept = i < end ? i + 4 >= end : raw[i] == 'd' || raw[i] == 'f';
        if (!kept)
            raw[i] = 'e';
    }
    return raw;
}

std::string expectedRaw(const std::string& number, const std::string& raw)
{
    if (number == "22")
        return maskedPan(raw);
    if (number == "23" || number == "24" || number == "2D")
        return std::string(raw.size(), 'e');
    return raw;
}

void compareTags(const json::Array& expected, const std::vector<zvt::TlvItem>& items,
                 zvt::Charset charset)
{
    BOOST_REQUIRE(items.size() == expected.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto meaning = expected.getObject(static_cast<unsigned>(i));
        const std::string tag = json::text(*meaning, "tag");
        BOOST_TEST_CONTEXT("tag " << tag)
        {
            BOOST_TEST(items[i].tag == std::stoul(tag, nullptr, 16));
            if (meaning->isArray("children")) {
                compareTags(*json::array(*meaning, "children"), items[i].children, charset);
                continue;
            }
            BOOST_TEST(items[i].children.empty());
            BOOST_TEST(toHex(items[i].value) == json::text(*meaning, "raw"));
            if (meaning->has("text"))
                BOOST_TEST(zvt::toUtf8(items[i].value, charset) == json::text(*meaning, "text"));
        }
    }
}

void compareTotals(const json::Object& expected, const zvt::Totals& totals)
{
    BOOST_TEST(totals.receiptFrom == std::stoi(json::text(expected, "receipt_from")));
    BOOST_TEST(totals.receiptTo == std::stoi(json::text(expected, "receipt_to")));
    const char* names[] = {"girocard", "jcb",   "eurocard/mastercard", "amex", "visa",
                           "diners",   "others"};
    BOOST_REQUIRE(totals.schemes.size() == std::size(names));
    for (std::size_t i = 0; i < std::size(names); ++i) {
        const auto scheme = json::object(expected, names[i]);
        BOOST_TEST(totals.schemes[i].count == json::integer(*scheme, "count"));
        BOOST_TEST(totals.schemes[i].sum.inCents() == json::integer(*scheme, "cents"));
    }
}

void compareFields(const json::Array& expected, const std::vector<zvt::Field>& fields,
                   zvt::Charset charset)
{
    BOOST_REQUIRE(fields.size() == expected.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const zvt::Field& field = fields[i];
        const auto meaning = expected.getObject(static_cast<unsigned>(i));
        const std::string number = json::text(*meaning, "bmp");
        BOOST_TEST_CONTEXT("BMP " << number)
        {
            BOOST_TEST(field.bmp == std::stoul(number, nullptr, 16));
            if (meaning->isArray("children")) {
                BOOST_TEST(field.value.empty());
                compareTags(*json::array(*meaning, "children"), field.items, charset);
                continue;
            }
            BOOST_TEST(toHex(field.value) == expectedRaw(number, json::text(*meaning, "raw")));
            if (meaning->has("text"))
                BOOST_TEST(zvt::toUtf8(field.value, charset) == json::text(*meaning, "text"));
            if (!meaning->has("value"))
                continue;
            if (meaning->isObject("value")) {
                const auto amount = zvt::bcd(zvt::find(fields, zvt::bmp::Amount)->value);
                const auto totals = zvt::decodeTotals(field.value, Money::cents(*amount));
                BOOST_REQUIRE(totals.has_value());
                compareTotals(*json::object(*meaning, "value"), *totals);
            } else if (meaning->get("value").isString()) {
                BOOST_TEST(zvt::bcdText(field.value) == json::text(*meaning, "value"));
            } else if (field.value.size() == 1) {
                BOOST_TEST(field.value[0] == json::integer(*meaning, "value"));
            } else {
                const auto value = zvt::bcd(field.value);
                BOOST_REQUIRE(value.has_value());
                BOOST_TEST(*value == json::integer(*meaning, "value"));
            }
        }
    }
}

void compareByte(const json::Object& meaning, const std::string& key,
                 std::optional<std::uint8_t> found)
{
    BOOST_TEST(meaning.has(key) == found.has_value());
    if (meaning.has(key) && found)
        BOOST_TEST(*found == std::stoul(json::text(meaning, key), nullptr, 16));
}

/// `wire`: exactly one frame. Every member of "meaning" is compared; unknown members fail.
void compareMeaning(const json::Object& meaning, ByteView wire, zvt::Charset charset)
{
    for (const std::string& key : meaning.getNames()) {
        static const std::set<std::string> known = {"control",
                                                    "name",
                                                    "data_length",
                                                    "fields",
                                                    "status",
                                                    "password",
                                                    "timeout_minutes_bcd",
                                                    "timeout_s",
                                                    "terminal_status",
                                                    "result_code",
                                                    "config_byte",
                                                    "currency",
                                                    "attribute",
                                                    "text",
                                                    "error",
                                                    "sw_version",
                                                    "data",
                                                    "quirk"};
        BOOST_TEST(known.count(key) == 1U, "member not compared: " << key);
    }
    const zvt::Frame frame = zvt::decodeFrame(wire);
    BOOST_TEST(frame.control == std::stoul(json::text(meaning, "control"), nullptr, 16));
    BOOST_TEST(static_cast<std::int64_t>(frame.data.size()) ==
               json::integer(meaning, "data_length"));
    BOOST_TEST(toHex(zvt::encodeFrame(frame)) == toHex(wire));

    const bool statusAnswer = meaning.has("terminal_status");
    const auto message =
        zvt::decodeMessage(frame, statusAnswer ? zvt::control::StatusEnquiry : std::uint16_t{0});
    BOOST_TEST(message.password == optional(meaning, "password"));
    compareByte(meaning, "config_byte", message.config);
    compareByte(meaning, "attribute", message.attribute);
    compareByte(meaning, statusAnswer ? "terminal_status" : "status", message.status);
    compareByte(meaning, meaning.has("error") ? "error" : "result_code", message.result);
    if (meaning.has("timeout_s"))
        BOOST_TEST(*message.timeout == json::integer(meaning, "timeout_s"));
    else
        compareByte(meaning, "timeout_minutes_bcd", message.timeout);
    BOOST_TEST(meaning.has("currency") == message.currency.has_value());
    if (message.currency)
        BOOST_TEST(*message.currency == std::stoi(json::text(meaning, "currency")));
    BOOST_TEST(toText(message.softwareVersion) == optional(meaning, "sw_version"));
    BOOST_TEST(zvt::toUtf8(message.text, charset) == optional(meaning, "text"));
    BOOST_TEST(toHex(message.opaque) == optional(meaning, "data"));
    if (meaning.has("fields"))
        compareFields(*json::array(meaning, "fields"), message.fields, charset);
    else
        BOOST_TEST(message.fields.empty());
}

template <typename Function>
bool throwsCode(ErrorCode code, Function&& function)
{
    try {
        function();
    } catch (const Error& error) {
        return error.errorCode() == code;
    }
    return false;
}

// What "why" in the file asks for, vector by vector.
const std::map<std::string, void (*)(ByteView)> treatments = {
    {"zvt-d-001",
     [](ByteView wire) { // uninitialised BMP 60: totals refused, amount, time and date readable
         const auto message = zvt::decodeMessage(zvt::decodeFrame(wire));
         BOOST_TEST(zvt::find(message.fields, zvt::bmp::Totals) == nullptr);
         BOOST_TEST(!message.opaque.empty());
         const auto record = zvt::recordOf(message, zvt::Charset::Unspoken);
         BOOST_TEST(record.amount->inCents() == 2600);
         BOOST_TEST(record.time == "100532");
         BOOST_TEST(record.date == "0331");
     }},
    {"zvt-d-002",
     [](ByteView wire) { // vendor completion: opaque, no abort
         const auto message = zvt::decodeMessage(zvt::decodeFrame(wire));
         BOOST_TEST(message.fields.empty());
         BOOST_TEST(message.opaque.size() + 3 == wire.size());
     }},
    {"zvt-d-003",
     [](ByteView wire) { // not ZVT
         zvt::FrameReader reader;
         reader.push(wire);
         BOOST_TEST(throwsCode(ErrorCode::TerminalSpeaksOther, [&] { reader.next(); }));
     }},
    {"zvt-d-004",
     [](ByteView wire) { // not ZVT
         zvt::FrameReader reader;
         reader.push(wire);
         BOOST_TEST(throwsCode(ErrorCode::TerminalSpeaksOther, [&] { reader.next(); }));
     }},
    {"zvt-d-005",
     [](ByteView wire) { // announces more than comes: the reader waits, a whole frame is refused
         zvt::FrameReader reader;
         reader.push(wire);
         BOOST_TEST(!reader.next().has_value());
         BOOST_TEST(throwsCode(ErrorCode::TerminalFrameMalformed, [&] { zvt::decodeFrame(wire); }));
     }},
    {"zvt-d-006",
     [](ByteView wire) { // BMP 22 without Fx Fy
         BOOST_TEST(throwsCode(ErrorCode::TerminalFrameMalformed,
                               [&] { zvt::decodeMessage(zvt::decodeFrame(wire)); }));
     }},
    {"zvt-d-007",
     [](ByteView wire) { // lengths that do not match
         BOOST_TEST(throwsCode(ErrorCode::TerminalFrameMalformed, [&] { zvt::decodeFrame(wire); }));
     }},
};

bool haveTshark()
{
    return std::system("tshark --version >/dev/null 2>&1") == 0;
}

/// A capture file with one TCP packet for each frame, from the terminal's port 20007.
Bytes capture(const std::vector<Bytes>& frames)
{
    const auto big16 = [](std::size_t n) {
        return Bytes{static_cast<std::uint8_t>(n >> 8 & 0xFF), static_cast<std::uint8_t>(n & 0xFF)};
    };
    const auto little32 = [](std::size_t n) {
        return Bytes{static_cast<std::uint8_t>(n & 0xFF), static_cast<std::uint8_t>(n >> 8 & 0xFF),
                     static_cast<std::uint8_t>(n >> 16 & 0xFF),
                     static_cast<std::uint8_t>(n >> 24 & 0xFF)};
    };
    Bytes file = fromHex("d4c3b2a1"
                         "02000400"
                         "00000000"
                         "00000000"
                         "00000100"
                         "65000000"); // raw IP
    std::size_t sequence = 1;
    for (const Bytes& frame : frames) {
        const std::size_t size = 40 + frame.size();
        append(file, concat(little32(sequence), little32(0), little32(size), little32(size)));
        append(file, concat(fromHex("4500"), big16(size),
                            fromHex("00000000"
                                    "4006"
                                    "0000"
                                    "7f000001"
                                    "7f000001")));
        append(file, concat(big16(20007), big16(40000), big16(sequence >> 16), big16(sequence),
                            fromHex("00000001"
                                    "5018"
                                    "ffff"
                                    "0000"
                                    "0000")));
        append(file, frame);
        sequence += frame.size();
    }
    return file;
}

} // namespace

BOOST_AUTO_TEST_SUITE(zvt_vectors)

BOOST_AUTO_TEST_CASE(every_valid_frame_is_read_to_its_last_byte_with_its_meaning)
{
    if (test::skipWithout(vectorFile(), "no sample vectors"))
        return;
    int count = 0;
    for (const auto& vector : vectors()) {
        if (!json::boolean(*vector, "valid"))
            continue;
        BOOST_TEST_CONTEXT(json::text(*vector, "id"))
        {
            const std::string layer = json::text(*vector, "layer");
            if (layer == "apdu") {
                compareMeaning(*json::object(*vector, "meaning"),
                               fromHex(json::text(*vector, "hex")), charsetOf(*vector));
            } else if (layer == "serial") {
                const std::string block = json::text(*vector, "hex");
                zvt::SerialReader reader;
                reader.push(fromHex(block));
                const auto event = reader.next();
                BOOST_REQUIRE(event.has_value());
                BOOST_REQUIRE((event->kind == zvt::SerialEvent::Kind::Frame));
                BOOST_TEST(toHex(event->frame) == json::text(*vector, "apdu"));
                BOOST_TEST(!reader.next().has_value());
                BOOST_TEST(toHex(zvt::encodeSerial(event->frame)) == block);
                compareMeaning(*json::object(*vector, "meaning"), event->frame, charsetOf(*vector));
            } else if (layer == "stream") {
                zvt::FrameReader reader;
                std::vector<zvt::Frame> frames;
                for (const std::string& segment : json::texts(*vector, "segments")) {
                    reader.push(fromHex(segment));
                    while (auto frame = reader.next())
                        frames.push_back(*frame);
                }
                BOOST_TEST(static_cast<std::int64_t>(frames.size()) ==
                           json::integer(*vector, "joined_apdus"));
                compareMeaning(*json::object(*vector, "meaning"), zvt::encodeFrame(frames.at(0)),
                               charsetOf(*vector));
            } else {
                BOOST_REQUIRE(layer == "sequence");
                const auto steps = json::array(*vector, "steps");
                for (std::size_t i = 0; i < steps->size(); ++i) {
                    const auto step = steps->getObject(static_cast<unsigned>(i));
                    const Bytes wire = fromHex(json::text(*step, "hex"));
                    BOOST_TEST_CONTEXT("step " << i)
                    {
                        if (step->has("meaning"))
                            compareMeaning(*json::object(*step, "meaning"), wire, charsetOf(*step));
                        else
                            BOOST_CHECK_NO_THROW(zvt::decodeMessage(zvt::decodeFrame(wire)));
                    }
                }
            }
        }
        ++count;
    }
    BOOST_TEST(count == 74);
}

BOOST_AUTO_TEST_CASE(every_invalid_frame_is_treated_as_its_reason_says)
{
    if (test::skipWithout(vectorFile(), "no sample vectors"))
        return;
    for (const auto& vector : vectors()) {
        if (json::boolean(*vector, "valid"))
            continue;
        const std::string id = json::text(*vector, "id");
        BOOST_TEST_CONTEXT(id)
        {
            const auto treatment = treatments.find(id);
            BOOST_REQUIRE(treatment != treatments.end());
            treatment->second(fromHex(json::text(*vector, "hex")));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_independent_dissector_reads_the_same_frames)
{
    if (test::skipUnless(haveTshark(), "no tshark"))
        return;
    const std::vector<Bytes> frames = {
        zvt::encodeFrame(zvt::authorisation(Money::cents(5050))),
        zvt::encodeFrame(zvt::registration("123456", zvt::config::Composed)),
        zvt::encodeFrame(zvt::positiveAck()),
        // zvt-d-018
        fromHex("040f372700040000000040004909780c0938480d042522f1f15966666666d200212201001700018701"
                "750b61"
                "3995194029600999140e05128a02"),
    };
    const auto file = std::filesystem::path(AMT_BINARY_DIR) / "zvt_crosscheck.pcap";
    const Bytes bytes = capture(frames);
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    const std::string command =
        "tshark -r '" + file.string() +
        "' -d tcp.port==20007,zvt -T fields -e zvt.control_field -e zvt.amount"
        " -e zvt.terminal_id -e zvt.password -e zvt.ccrc 2>/dev/null";
    std::FILE* pipe = popen(command.c_str(), "r");
    BOOST_REQUIRE(pipe != nullptr);
    std::string output;
    std::array<char, 512> buffer;
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
        output.append(buffer.data(), size);
    BOOST_TEST(pclose(pipe) == 0);
    BOOST_TEST(output == "0x0601\t5050\t\t\t\n"
                         "0x0600\t\t\t123456\t\n"
                         "\t\t\t\t0x80\n"
                         "0x040f\t4000\t60099914\t\t\n");
}

BOOST_AUTO_TEST_SUITE_END()
