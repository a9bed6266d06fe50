// SPDX-License-Identifier: EUPL-1.2
//
// Result codes of terminals and hosts, by what they mean for the citizen (PA00P015 chapter 10;
// those up to 63 hexadecimal come from the host, with the texts of an acquirer's list).
#include "drivers/zvt/zvt.h"

namespace amt::zvt {

ResultMeaning resultMeaning(int code)
{
    switch (code) {
    case 0x00:
        return ResultMeaning::Approved;
    case 0x37: // host
    case 0x38: // host
        return ResultMeaning::WrongPin;
    case 0x36: // host: card expired
    case 0x39: // host: wrong card
    case 0x50: // host: card expired
    case 0x64:
    case 0x65:
    case 0x67:
    case 0x68:
    case 0x6E:
    case 0x72:
    case 0x73:
    case 0x76:
    case 0x78:
    case 0x79:
    case 0x7A:
    case 0x7B:
    case 0x7C:
    case 0x7E:
        return ResultMeaning::CardUnusable;
    case 0x6C:
        return ResultMeaning::Cancelled;
    case 0x40: // host
    case 0xC3:
    case 0xC8:
        return ResultMeaning::AmountRefused;
    case 0x71: // credit too low
        return ResultMeaning::DeclinedByBank;
    case 0x7D:
    case 0xA1:
    case 0xA3:
        return ResultMeaning::NoConnection;
    case 0x56: // host: terminal inactive
    case 0x57: // host: initialisation
    case 0x62: // host: extended diagnosis
    case 0x6A:
    case 0x6B:
    case 0x6F:
    case 0x77:
    case 0x83:
    case 0x85:
    case 0x9C:
    case 0xA0:
    case 0xB1:
    case 0xB2:
    case 0xC2:
    case 0xCC:
    case 0xDC:
    case 0xE0:
    case 0xE4:
    case 0xF0:
        return ResultMeaning::TerminalNotReady;
    case ResultCodes::NotPaid:
        return ResultMeaning::NotPaid;
    case ResultCodes::Reversed:
        return ResultMeaning::Reversed;
    default:
        return code < 0x64 ? ResultMeaning::DeclinedByBank : ResultMeaning::TerminalFault;
    }
}

std::string_view name(ResultMeaning meaning)
{
    switch (meaning) {
    case ResultMeaning::Approved:
        return "approved";
    case ResultMeaning::DeclinedByBank:
        return "declinedByBank";
    case ResultMeaning::CardUnusable:
        return "cardUnusable";
    case ResultMeaning::WrongPin:
        return "wrongPin";
    case ResultMeaning::Cancelled:
        return "cancelled";
    case ResultMeaning::AmountRefused:
        return "amountRefused";
    case ResultMeaning::NoConnection:
        return "noConnection";
    case ResultMeaning::TerminalNotReady:
        return "terminalNotReady";
    case ResultMeaning::Reversed:
        return "reversed";
    case ResultMeaning::NotPaid:
        return "notPaid";
    case ResultMeaning::TerminalFault:
        break;
    }
    return "terminalFault";
}

} // namespace amt::zvt
