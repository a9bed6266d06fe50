// SPDX-License-Identifier: EUPL-1.2
//
// Frames: encoding, refusals, reassembly; and the serial framing around them.
#include "appliance/core/error.h"
#include "drivers/zvt/frame.h"
#include "drivers/zvt/serial.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace amt;
namespace data = boost::unit_test::data;

namespace {

bool isMalformed(const Error& error)
{
    return error.errorCode() == ErrorCode::TerminalFrameMalformed;
}
bool isNoZvt(const Error& error)
{
    return error.errorCode() == ErrorCode::TerminalSpeaksOther;
}

struct Wire {
    const char* what;
    std::uint16_t control;
    std::size_t dataSize;
    const char* header;
};
std::ostream& operator<<(std::ostream& out, const Wire& wire)
{
    return out << wire.what;
}

// PA00P015 chapter 1.1: one length byte up to FE, else FF and two bytes, little endian
const Wire wires[] = {
    {"positive acknowledgement", 0x8000, 0, "800000"},
    {"one byte", 0x04FF, 1, "04ff01"},
    {"longest short length", 0x06D3, 254, "06d3fe"},
    {"shortest extended length", 0x06D3, 255, "06d3ffff00"},
    {"length of the captured block zvt-d-051", 0x06D3, 654, "06d3ff8e02"},
    {"longest", 0x06D3, 65535, "06d3ffffff"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(zvt_frame)

BOOST_DATA_TEST_CASE(a_frame_has_the_known_header_and_comes_back, data::make(wires), wire)
{
    const zvt::Frame frame{wire.control, Bytes(wire.dataSize, 0x5A)};
    const Bytes bytes = zvt::encodeFrame(frame);
    const std::string header = wire.header;
    BOOST_TEST(toHex(bytes).substr(0, header.size()) == header);
    BOOST_TEST((zvt::decodeFrame(bytes) == frame));
}

BOOST_AUTO_TEST_CASE(a_broken_frame_is_refused_whole)
{
    for (const char* hex : {"", "06", "060f", "060f01", "060fff", "060fff01", "060fff010000bb",
                            "060fff0200aa", "800000800000"})
        BOOST_CHECK_EXCEPTION(zvt::decodeFrame(fromHex(hex)), Error, isMalformed);
}

BOOST_AUTO_TEST_CASE(another_protocol_is_recognised_by_its_first_bytes)
{
    for (const char* hex : {"0000003e", "150369", "485454502f312e31", "160301", "8001", "ff"}) {
        zvt::FrameReader reader;
        reader.push(fromHex(hex));
        BOOST_CHECK_EXCEPTION(reader.next(), Error, isNoZvt);
    }
}

BOOST_AUTO_TEST_CASE(frames_are_found_in_any_segmentation)
{
    const std::vector<zvt::Frame> frames = {
        {0x8000, {}}, {0x04FF, {0x0E}}, {0x06D3, Bytes(700, 0x20)}, {0x060F, {}}};
    Bytes stream;
    for (const auto& frame : frames)
        append(stream, zvt::encodeFrame(frame));
    for (std::size_t step = 1; step <= stream.size(); step += step < 8 ? 1 : 97) {
        zvt::FrameReader reader;
        std::vector<zvt::Frame> found;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            reader.push(ByteView(stream).subspan(at, std::min(step, stream.size() - at)));
            while (const auto frame = reader.next())
                found.push_back(*frame);
        }
        BOOST_TEST((found == frames));
        BOOST_TEST(reader.pending() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(both_forms_of_yes_are_a_yes)
{
    BOOST_TEST(zvt::isPositiveAck({0x8000, {}}));
    BOOST_TEST(zvt::isPositiveAck({0x8400, {}}));
    BOOST_TEST(!zvt::isNegativeAck({0x8400, {}}));
    BOOST_TEST(zvt::isNegativeAck({0x849C, {}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(zvt_serial)

namespace {

struct Block {
    const char* frame;
    const char* block;
};
std::ostream& operator<<(std::ostream& out, const Block& block)
{
    return out << block.frame;
}
// vectors zvt-d-074, 075, 080 (public tests and captures)
const Block blocks[] = {
    {"06010a04000000011000490978", "100206010a04000000011010004909781003f2ff"},
    {"061800", "10020618001003563a"},
    {"800000", "10028000001003f51f"},
};

} // namespace

BOOST_DATA_TEST_CASE(a_block_has_the_known_bytes_and_comes_back, data::make(blocks), known)
{
    BOOST_TEST(toHex(zvt::encodeSerial(fromHex(known.frame))) == known.block);
    zvt::SerialReader reader;
    for (const std::uint8_t byte : fromHex(known.block)) {
        BOOST_TEST(!reader.next().has_value());
        reader.push(ByteView{&byte, 1});
    }
    const auto event = reader.next();
    BOOST_REQUIRE(event.has_value());
    BOOST_TEST((event->kind == zvt::SerialEvent::Kind::Frame));
    BOOST_TEST(toHex(event->frame) == known.frame);
}

BOOST_AUTO_TEST_CASE(a_broken_checksum_is_told_and_the_next_block_is_found)
{
    zvt::SerialReader reader;
    reader.push(fromHex("06"
                        "10028000001003f51e"
                        "15"
                        "10028000001003f51f"));
    using Kind = zvt::SerialEvent::Kind;
    for (const Kind kind : {Kind::Ack, Kind::Broken, Kind::Nak, Kind::Frame}) {
        const auto event = reader.next();
        BOOST_REQUIRE(event.has_value());
        BOOST_TEST((event->kind == kind));
    }
    BOOST_TEST(!reader.next().has_value());
}

BOOST_AUTO_TEST_CASE(a_block_that_breaks_off_gives_way_to_the_next)
{
    zvt::SerialReader reader;
    reader.push(fromHex("10020618"
                        "10028000001003f51f"));
    BOOST_TEST((reader.next()->kind == zvt::SerialEvent::Kind::Broken));
    BOOST_TEST(toHex(reader.next()->frame) == "800000");
}

BOOST_AUTO_TEST_SUITE_END()
