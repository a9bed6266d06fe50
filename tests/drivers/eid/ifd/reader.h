// SPDX-License-Identifier: EUPL-1.2
//
// reader.h: a card reader with a keypad that opens PACE itself and protects what follows (TR-03119,
// category S and K), around a simulated card. In one process by its channel, or behind a real pcscd
// (pcscd.h). One thread at a time.
#pragma once

#include "drivers/eid/secure_messaging.h"
#include "tests/sim/card/card.h"

#include <map>

namespace amt::test {

/// What somebody does at the keypad.
struct Typed {
    std::string digits;
};
struct CancelPressed {};
struct NobodyCame {};
using AtKeypad = std::variant<Typed, CancelPressed, NobodyCame>;

/// What it offers (PC/SC part 10, 2.2 and 2.6.14).
struct ReaderShape {
    bool executesPace = true;
    bool verifiesPin = false;                           ///< FEATURE_VERIFY_PIN_DIRECT
    std::uint8_t capabilities = 0x60;                   ///< PACE, German identity card
    std::string atr = "3b8a80018031f873f741e082900075"; ///< as of an issued identity card
    std::optional<std::uint32_t> apduBytes = {};        ///< dwMaxAPDUDataSize
};

class KeypadReader {
public:
    /// Control codes that CM_IOCTL_GET_FEATURE_REQUEST and the features have.
    static constexpr std::uint32_t getFeatures = 0x42000000 + 3400;
    static constexpr std::uint32_t verifyPin = 0x42330006, tlvProperties = 0x42330012,
                                   executePace = 0x42330020;

    KeypadReader(sim::SimulatedCard& card, RandomSource& random, ReaderShape shape = {});

    /// IFDHControl. Nothing where it is not supported.
    std::optional<Bytes> control(std::uint32_t code, ByteView input);
    /// IFDHTransmitToICC: plain commands under the reader's channel while there is one; a protected
    /// command ends it. No bytes when the card has left.
    Bytes transmit(ByteView command);
    void power(bool on);

    ReaderShape shape;
    std::function<AtKeypad(std::uint8_t passwordId)> keypad; ///< somebody types
    std::function<void(Bytes&)> bend;                        ///< the answer to EstablishPACEChannel
    std::vector<Bytes> controls;                             ///< inputs to executePace, in order
    std::vector<Bytes> commands;                             ///< as the host gave them
    int poweredDown = 0;
    sim::SimulatedCard& card;

private:
    struct Failed {
        std::uint32_t result;
    };

    Bytes forward(ByteView command);
    Bytes features() const;
    Bytes properties() const;
    Bytes establish(ByteView input);
    Bytes openChannel(std::uint8_t passwordId, ByteView chat, const Secret& digits);
    Bytes readCardAccess();
    eid::AnswerApdu exchange(const eid::CommandApdu& command, std::uint32_t step);
    eid::AnswerApdu send(const eid::CommandApdu& command);

    RandomSource& _random;
    std::optional<eid::SecureMessaging> _channel;
};

/// The reader without pcscd.
class KeypadChannel : public CardChannel {
public:
    explicit KeypadChannel(KeypadReader& reader) : _reader(reader) {}
    Bytes transmit(ByteView command) override;
    std::size_t commandBytesMax() const override { return _reader.card.commandBytesMax(); }
    bool runsPace() const override { return _reader.shape.executesPace; }
    Bytes executePace(ByteView input) override;

private:
    KeypadReader& _reader;
};

} // namespace amt::test
