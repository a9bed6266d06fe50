// SPDX-License-Identifier: EUPL-1.2
//
// The second factor: six digits that change every 30 seconds (TOTP, RFC 6238), from an app on the
// clerk's own telephone.
//
// SHA-1 as HMAC, six digits, 30 seconds: what every authenticator understands; other values are
// ignored by some of them without a word.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amt::office {

inline constexpr int factorDigits = 6;

/// 160 random bits (RFC 4226, R6).
Secret newFactorSecret(RandomSource& random);
/// How many times 30 seconds have passed since 1970.
std::int64_t factorStep(UtcTime now);
/// The code of a step. `digits`: 6 to 8. Throws SystemFailed.
std::string factorCode(const Secret& secret, std::int64_t step, int digits = factorDigits);
/// The step whose code was typed (blanks do not matter), now or one beside it, for clocks that are
/// apart; never `usedStep` or one before it. Nothing: the code is wrong, or was used.
std::optional<std::int64_t> acceptedStep(const Secret& secret, std::string_view typed, UtcTime now,
                                         std::int64_t usedStep);
/// To be typed by hand: Base32 in groups of four.
std::string writtenSecret(const Secret& secret);
/// For the QR code: otpauth://totp/..., with the secret in it.
std::string authenticatorAddress(std::string_view issuer, std::string_view account,
                                 const Secret& secret);

} // namespace amt::office
