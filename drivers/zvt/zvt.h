// SPDX-License-Identifier: EUPL-1.2
//
// zvt: card terminals over ZVT (PA00P015, revision 13). How terminals differ from the
// specification: README.md.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/port/payment.h"
#include "drivers/port/transport.h"

#include <chrono>
#include <memory>
#include <string>

namespace amt::zvt {

struct ZvtSettings {
    std::string password = "000000"; ///< six digits, from the terminal's contract
    std::uint8_t configByte = 0x3E;  ///< 06 00: the till composes receipts; 0xBE for print lines
    int charset = -1;                ///< tag 14 of a terminal that does not say its own; -1: guess
    std::chrono::seconds connectTimeout{10};
    std::chrono::seconds ackTimeout{5}; ///< T3: from a command to 80 00 or 84 xx
    std::chrono::seconds answerTimeout{
        180}; ///< T4: from one message of the terminal to the next, card and PIN
    std::chrono::seconds completionTimeout{60}; ///< from the acknowledged 04 0F to 06 0F
    std::chrono::seconds dialogueTimeout{
        1200}; ///< whole order, however often the terminal asks for more time
    std::chrono::seconds busyInterval{2}; ///< resolve: between two 05 01 while the terminal says 9C
    std::chrono::seconds busyTimeout{300}; ///< resolve: how long 9C is waited out
};

/// The PaymentTerminal behind a ZVT terminal. `stream` and `loop` must outlive it. It connects for
/// each order and closes afterwards. Throws ConfigurationInvalid for a password that is not six
/// digits.
///
/// Outcomes beyond those in port/payment.h: an order that abort() ended before 06 01 was written,
/// and a second order while one runs, is PaymentNotStarted{StepOutOfOrder}. What resolve() finds
/// unpaid is PaymentDeclined with `ResultCodes::NotPaid`, and with the terminal's last receipt
/// number; a reversal that it finds is PaymentDeclined with `ResultCodes::Reversed`, and with the
/// reversal's record.
std::unique_ptr<PaymentTerminal> makeZvtTerminal(const ZvtSettings& settings, ByteStream& stream,
                                                 EventLoop& loop);

/// Result codes that the driver itself puts into TerminalRecord::result.
namespace ResultCodes {
constexpr int Approved = 0x00;
constexpr int NotPaid =
    0x9B; ///< "communication fault": the terminal's last transaction is an older one
constexpr int Reversed = 0xB4; ///< "already reversed"
} // namespace ResultCodes

/// What a result code (BMP 27, 84 xx, 06 1E) means for the citizen.
enum class ResultMeaning {
    Approved,
    DeclinedByBank, ///< another card or the counter
    CardUnusable,   ///< unreadable, expired, of a kind that is not taken
    WrongPin,
    Cancelled, ///< stop key, or no card or PIN in time
    AmountRefused,
    NoConnection,     ///< terminal does not reach its host
    TerminalNotReady, ///< end of day open, maintenance, initialisation: staff must act
    Reversed,
    NotPaid, ///< found out afterwards: nothing was charged
    TerminalFault,
};
ResultMeaning resultMeaning(int code);
/// A stable key for pages and logs, e.g. "cancelled".
std::string_view name(ResultMeaning meaning);

} // namespace amt::zvt
