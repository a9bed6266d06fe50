// SPDX-License-Identifier: EUPL-1.2
//
// ZVT commands of the till.
#include "drivers/zvt/commands.h"

#include "appliance/core/error.h"
#include "drivers/zvt/charset.h"
#include "drivers/zvt/parameters.h"

#include <algorithm>

namespace amt::zvt {

namespace {

Bytes passwordBytes(const std::string& password)
{
    if (password.size() != 6 ||
        !std::all_of(password.begin(), password.end(), [](char c) { return c >= '0' && c <= '9'; }))
        throw Error(ErrorCode::ConfigurationInvalid, "the terminal's password is six digits");
    return toBcd(std::stol(password), 3);
}

} // namespace

Frame registration(const std::string& password, std::uint8_t configByte)
{
    constexpr std::uint8_t columns = 0x42; // BCD
    const Bytes offers = encodeTlv({
        {0x12, {columns}, {}},
        {0x26, {}, {{0x0A, {0x06, 0xD3}, {}}}}, // commands that we take
        {0x27, {}, {{0x14, {static_cast<std::uint8_t>(Charset::Utf8)}, {}}}}, // character sets
    });
    return {control::Registration,
            concat(passwordBytes(password), Bytes{configByte}, toBcd(euro, 2),
                   Bytes{bmp::Tlv, static_cast<std::uint8_t>(offers.size())}, offers)};
}

Frame authorisation(Money amount)
{
    constexpr std::uint8_t terminalDecides = 0x40; // payment type: not the Geldkarte
    return {control::Authorisation,
            concat(Bytes{bmp::Amount}, encodeAmount(amount), Bytes{bmp::Currency}, toBcd(euro, 2),
                   Bytes{bmp::PaymentType, terminalDecides})};
}

Frame statusEnquiry(const std::string& password)
{
    constexpr std::uint8_t noSoftwareVersion = 0x02;
    return {control::StatusEnquiry,
            concat(passwordBytes(password), Bytes{bmp::ServiceByte, noSoftwareVersion})};
}

Frame repeatReceipt(const std::string& password)
{
    constexpr std::uint8_t statusInformationWithoutPaper = 0x03;
    return {control::RepeatReceipt, concat(passwordBytes(password),
                                           Bytes{bmp::ServiceByte, statusInformationWithoutPaper})};
}

Frame abortByTill()
{
    return {control::AbortByTill, {}};
}

Frame positiveAck()
{
    return {control::PositiveAck, {}};
}

Frame negativeAck(std::uint8_t error)
{
    return {static_cast<std::uint16_t>(0x8400 | error), {}};
}

} // namespace amt::zvt
