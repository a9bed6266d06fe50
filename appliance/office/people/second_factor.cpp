// SPDX-License-Identifier: EUPL-1.2
//
// TOTP by liboath.
#include "appliance/office/people/second_factor.h"

#include "appliance/core/error.h"

#include <Poco/URI.h>
#include <liboath/oath.h>

#include <array>
#include <cstdlib>

namespace amt::office {

namespace {

constexpr std::size_t secretBytes = 20;
constexpr unsigned stepSeconds = 30;
constexpr int stepsApart = 1;
constexpr int digitsMax = 8;
constexpr std::size_t groupCharacters = 4;

const char* textOf(const Secret& secret)
{
    return secret.revealText().data();
}

std::string base32(const Secret& secret)
{
    char* text = nullptr;
    std::size_t length = 0;
    const int code = ::oath_base32_encode(textOf(secret), secret.size(), &text, &length);
    if (code != OATH_OK)
        throw Error(ErrorCode::SystemFailed, std::string("Base32: ") + ::oath_strerror(code));
    std::string kept(text, length);
    wipe({reinterpret_cast<std::uint8_t*>(text), length});
    std::free(text); // liboath's
    return kept;
}

std::string escaped(std::string_view text)
{
    std::string out;
    Poco::URI::encode(std::string(text), ":/?#[]@!$&'()*+,;=", out);
    return out;
}

} // namespace

Secret newFactorSecret(RandomSource& random)
{
    return Secret(randomBytes(random, secretBytes));
}

std::int64_t factorStep(UtcTime now)
{
    return toMilliseconds(now) / (1000 * std::int64_t{stepSeconds});
}

std::string factorCode(const Secret& secret, std::int64_t step, int digits)
{
    AMT_ASSERT(digits >= factorDigits && digits <= digitsMax);
    std::array<char, digitsMax + 1> code{};
    const int result = ::oath_totp_generate2(
        textOf(secret), secret.size(), static_cast<time_t>(step * stepSeconds), stepSeconds,
        OATH_TOTP_DEFAULT_START_TIME, static_cast<unsigned>(digits), 0, code.data());
    if (result != OATH_OK)
        throw Error(ErrorCode::SystemFailed, std::string("TOTP: ") + ::oath_strerror(result));
    return {code.data(), static_cast<std::size_t>(digits)};
}

std::optional<std::int64_t> acceptedStep(const Secret& secret, std::string_view typed, UtcTime now,
                                         std::int64_t usedStep)
{
    std::string digits;
    for (const char character : typed) {
        if (character != ' ')
            digits.push_back(character);
    }
    std::optional<std::int64_t> accepted;
    const std::int64_t middle = factorStep(now);
    for (std::int64_t step = middle + stepsApart; step >= middle - stepsApart; --step) {
        // All are worked out, whichever fits: the time taken tells nothing.
        const bool fits = equalInConstantTime(view(factorCode(secret, step)), view(digits));
        if (fits && step > usedStep)
            accepted = step;
    }
    wipe(digits);
    return accepted;
}

std::string writtenSecret(const Secret& secret)
{
    const std::string plain = base32(secret);
    std::string grouped;
    for (std::size_t at = 0; at < plain.size(); at += groupCharacters)
        grouped += (at == 0 ? "" : " ") + plain.substr(at, groupCharacters);
    return grouped;
}

std::string authenticatorAddress(std::string_view issuer, std::string_view account,
                                 const Secret& secret)
{
    return "otpauth://totp/" + escaped(issuer) + ":" + escaped(account) +
           "?secret=" + base32(secret) + "&issuer=" + escaped(issuer) +
           "&algorithm=SHA1&digits=" + std::to_string(factorDigits) +
           "&period=" + std::to_string(stepSeconds);
}

} // namespace amt::office
