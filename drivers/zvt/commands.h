// SPDX-License-Identifier: EUPL-1.2
//
// ZVT commands of the till (PA00P015, chapter 2).
#pragma once

#include "drivers/port/payment.h"
#include "drivers/zvt/frame.h"

#include <string>

namespace amt::zvt {

constexpr int euro = 978;

/// Bits of the config byte of 06 00.
namespace config {
constexpr std::uint8_t TillPrintsPaymentReceipts = 0x02;
constexpr std::uint8_t TillPrintsAdminReceipts = 0x04;
constexpr std::uint8_t IntermediateStatus = 0x08;
constexpr std::uint8_t TillStartsPayments = 0x10;
constexpr std::uint8_t TillStartsAdministration = 0x20;
constexpr std::uint8_t ReceiptsAsLines =
    0x80; ///< else the till composes them from the status information
/// Everything but lines: the fewest messages between approval and completion (facts 1.8).
constexpr std::uint8_t Composed = 0x3E;
} // namespace config

/// 06 00 with euro, the text blocks that we take, our line width and UTF-8. `password`: six digits.
Frame registration(const std::string& password, std::uint8_t configByte);
/// 06 01. `amount` is positive.
Frame authorisation(Money amount);
/// 05 01 without software version.
Frame statusEnquiry(const std::string& password);
/// 06 20 with service byte 03: the last transaction's status information, no paper.
Frame repeatReceipt(const std::string& password);
/// 06 B0
Frame abortByTill();
/// 80 00
Frame positiveAck();
/// 84 xx
Frame negativeAck(std::uint8_t error);

} // namespace amt::zvt
