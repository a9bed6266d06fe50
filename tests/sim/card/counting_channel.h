// SPDX-License-Identifier: EUPL-1.2
//
// A card channel that counts what passes through it.
#pragma once

#include "drivers/port/transport.h"

namespace amt::sim {

/// `card` must outlive it.
class CountingChannel : public CardChannel {
public:
    explicit CountingChannel(CardChannel& card) : _card(card) {}

    Bytes transmit(ByteView command) override
    {
        ++commands;
        bytesOut += command.size();
        Bytes answer = _card.transmit(command);
        bytesIn += answer.size();
        return answer;
    }
    std::size_t commandBytesMax() const override { return _card.commandBytesMax(); }

    std::size_t commands = 0;
    std::size_t bytesOut = 0;
    std::size_t bytesIn = 0;

private:
    CardChannel& _card;
};

} // namespace amt::sim
