// SPDX-License-Identifier: EUPL-1.2
//
// What a frame says: fixed positions and parameters of each command, and the records that the till
// keeps of them.
#pragma once

#include "drivers/port/payment.h"
#include "drivers/zvt/charset.h"
#include "drivers/zvt/frame.h"
#include "drivers/zvt/parameters.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::zvt {

/// One frame taken apart. Which members are set depends on the command.
struct Message {
    std::uint16_t control = 0;
    std::string password;               ///< six digits
    std::optional<std::uint8_t> config; ///< 06 00
    std::optional<int> currency;        ///< 06 00, 978 is euro
    std::optional<std::uint8_t> result; ///< 06 1E; the error of 84 xx
    std::optional<std::uint8_t>
        status; ///< 04 FF; the terminal's status in the 06 0F that answers 05 01
    std::optional<std::uint8_t> timeout;   ///< 04 FF: minutes in BCD; 06 C0: seconds
    Bytes softwareVersion;                 ///< in the 06 0F that answers 05 01
    std::optional<std::uint8_t> attribute; ///< 06 D1
    Bytes text;                            ///< 06 D1, in the terminal's character set
    std::vector<Field> fields;
    Bytes opaque; ///< what is no parameter: vendor data, or the rest after a broken parameter
};

/// `answered`: the command that a 06 0F completes; only 05 01 changes its layout.
/// Strict for commands. What a terminal reports is kept as far as it can be read, the rest is
/// `opaque` (facts 1.2). Throws TerminalFrameMalformed.
Message decodeMessage(const Frame& frame, std::uint16_t answered = 0);

/// The transaction that a 04 0F describes. Throws TerminalFrameMalformed when it has no result
/// code.
TerminalRecord recordOf(const Message& statusInformation, Charset charset);
/// A reversal carries the trace number of what it undoes.
inline bool isReversal(const TerminalRecord& record)
{
    return record.originalTrace != 0;
}

/// Code and text of a 04 FF; several lines are joined by blanks.
TerminalStatus statusOf(const Message& intermediateStatus, Charset charset);

/// Lines of a 06 D1 or 06 D3, and whether they end a receipt (cut here).
struct PrintedLines {
    std::vector<ReceiptLine> lines;
    bool lastOfReceipt = false;
};
PrintedLines linesOf(const Message& print, Charset charset);

/// Tag 27/14 in the completion of a registration: only what is echoed is agreed.
Charset agreedCharset(const Message& completion);

} // namespace amt::zvt
