// SPDX-License-Identifier: EUPL-1.2
//
// The transports under the drivers: a card, a byte stream, a USB printer. Each has a real and a
// simulated side.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"
#include "appliance/core/error.h"

#include <functional>
#include <optional>

namespace amt {

/// One connected card. A card only answers, so the caller waits.
class CardChannel {
public:
    virtual ~CardChannel() = default;
    /// Command APDU in, answer APDU with its status word out (2 bytes at least).
    /// Throws CardGone when the card left, ReaderFailed for everything else.
    virtual Bytes transmit(ByteView command) = 0;
    /// Longest command APDU that the reader takes: 261, or more with extended length.
    virtual std::size_t commandBytesMax() const = 0;

    /// The reader opens PACE itself, with a keypad of its own.
    virtual bool runsPace() const { return false; }
    /// FEATURE_EXECUTE_PACE with bytes as PC/SC part 10, amendment 1, has them: waits while
    /// somebody types. Throws as transmit, and where the reader does not run PACE.
    virtual Bytes executePace(ByteView)
    {
        throw Error(ErrorCode::ReaderFailed, "a reader without PACE");
    }
};

/// A line to a terminal, TCP or serial. All callbacks run on the loop, none after close().
class ByteStream {
public:
    virtual ~ByteStream() = default;

    struct Callbacks {
        std::function<void()> opened;
        std::function<void(ByteView)> received; ///< any segmentation
        std::function<void()> closed; ///< by the other side, or because opening failed; once
    };

    virtual void open(Callbacks callbacks) = 0;
    /// Bytes are sent in order or the stream closes. Ignored when not open.
    virtual void write(ByteView bytes) = 0;
    virtual void close() = 0;
};

/// A printer on USB (class 7). The caller waits; time-outs are short.
class UsbPipe {
public:
    virtual ~UsbPipe() = default;

    /// False when there is no printer. Claims the interface; again after an unplug.
    virtual bool open() = 0;
    virtual void close() = 0;

    struct Written {
        std::size_t count = 0; ///< bytes the printer took, also in a time-out
        bool timedOut = false;
    };
    /// Throws PrinterFailed when the device went away.
    virtual Written write(ByteView bytes, Milliseconds timeout) = 0;
    /// Empty when nothing came in time. Throws PrinterFailed when the device went away.
    virtual Bytes read(std::size_t bytesMax, Milliseconds timeout) = 0;
    /// GET_PORT_STATUS (USB printer class 1.1, 4.2.2): bit 3 no error, 4 selected, 5 paper empty.
    virtual std::optional<std::uint8_t> portStatus() = 0;
};

} // namespace amt
