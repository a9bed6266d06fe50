// SPDX-License-Identifier: EUPL-1.2
//
// Commands to one card, plain at first and then under secure messaging; long ones in pieces where a
// reader wants that.
#pragma once

#include "drivers/eid/pace_reader.h"
#include "drivers/eid/secure_messaging.h"
#include "drivers/port/transport.h"

#include <functional>
#include <optional>

namespace amt::eid {

/// Thrown between two commands when the caller asked to end; caught where the read began.
struct Cancelled {};

class Dialogue {
public:
    /// `isCancelled` may be empty. Extended length is assumed, up to what the channel says that it
    /// takes; a first command that is refused for its length tells otherwise.
    Dialogue(CardChannel& card, std::function<bool()> isCancelled);

    AnswerApdu send(const CommandApdu& command);
    /// From now on everything is protected with these keys, counter 0.
    void protectWith(SecureMessaging channel) { _secure = std::move(channel); }

    bool readerRunsPace() const { return _card.runsPace(); }
    /// The reader's own PACE. Once it has opened a channel, the reader protects what is sent in
    /// plain, until the first command that protectWith() has protected (TR-03119).
    ReaderPace executePace(PacePassword password, ByteView chat, const Secret& given,
                           ByteView description);

    /// The whole file: as long as its BER length says, the end never probed for. The first status
    /// that is no success is in `refused` and the file then missing.
    struct File {
        Bytes content;
        std::uint16_t refused = 0;
    };
    File readWhole(std::uint8_t shortIdentifier);

private:
    AnswerApdu exchange(const CommandApdu& command);
    bool isProtected() const { return _secure || _behindReader; }
    std::size_t room(std::size_t apduBytes) const;
    std::size_t readSize() const;
    AnswerApdu readFirst(std::uint8_t shortIdentifier);
    void learnLengths();

    CardChannel& _card;
    std::function<bool()> _isCancelled;
    std::size_t _commandMax; ///< whole APDUs
    std::size_t _answerMax;
    bool _extended;
    bool _behindReader = false; ///< the reader protects, which takes room in a short command
    std::optional<SecureMessaging> _secure;
};

} // namespace amt::eid
