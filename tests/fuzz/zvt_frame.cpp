// SPDX-License-Identifier: EUPL-1.2
//
// Any bytes as a stream of frames, as serial blocks, and as every message: refused or read, and
// what is read is written back the same.
#include "appliance/core/error.h"
#include "drivers/zvt/messages.h"
#include "drivers/zvt/serial.h"

#include <algorithm>

using namespace amt;

namespace {

/// No more of a card number than its last four digits; no track at all.
void checkMasked(const zvt::Field& field)
{
    if (field.bmp == 0x23 || field.bmp == 0x24 || field.bmp == 0x2D)
        AMT_ASSERT(std::all_of(field.value.begin(), field.value.end(),
                               [](auto byte) { return byte == 0xEE; }));
    if (field.bmp != zvt::bmp::Pan)
        return;
    const std::string pan = zvt::bcdText(field.value);
    const auto digits =
        std::count_if(pan.begin(), pan.end(), [](char c) { return c >= '0' && c <= '9'; });
    AMT_ASSERT(digits <= 4);
}

void readMessage(const zvt::Frame& frame, std::uint16_t answered)
{
    try {
        const zvt::Message message = zvt::decodeMessage(frame, answered);
        for (const zvt::Field& field : message.fields) {
            checkMasked(field);
            if (field.bmp == zvt::bmp::Totals)
                zvt::decodeTotals(field.value, Money());
        }
        for (const auto charset :
             {zvt::Charset::Unspoken, zvt::Charset::Utf8, zvt::Charset::Cp437}) {
            zvt::statusOf(message, charset);
            zvt::linesOf(message, charset);
            if (frame.control == zvt::control::StatusInformation) {
                const TerminalRecord record = zvt::recordOf(message, charset);
                AMT_ASSERT(record.cardDigits.size() <= 4);
            }
        }
        zvt::agreedCharset(message);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::TerminalFrameMalformed);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView input{data, size};
    zvt::FrameReader reader;
    for (std::size_t at = 0; at < size;) {
        const std::size_t piece = std::min<std::size_t>(size - at, 1U + data[at] % 32U);
        reader.push(input.subspan(at, piece));
        at += piece;
        try {
            while (const auto frame = reader.next()) {
                readMessage(*frame, 0);
                readMessage(*frame, zvt::control::StatusEnquiry);
                AMT_ASSERT(zvt::decodeFrame(zvt::encodeFrame(*frame)) == *frame);
            }
        } catch (const Error& error) {
            AMT_ASSERT(error.errorCode() == ErrorCode::TerminalSpeaksOther);
            break;
        }
    }
    zvt::SerialReader serial;
    serial.push(input);
    for (std::size_t events = 0; const auto event = serial.next();) {
        AMT_ASSERT(++events <= size);
        if (event->kind == zvt::SerialEvent::Kind::Frame) {
            zvt::SerialReader again;
            again.push(zvt::encodeSerial(event->frame));
            AMT_ASSERT(again.next()->frame == event->frame);
        }
    }
    try {
        const auto items = zvt::decodeTlv(input);
        if (size < 0x8000)
            zvt::decodeTlv(zvt::encodeTlv(items));
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::TerminalFrameMalformed);
    }
    return 0;
}
