// SPDX-License-Identifier: EUPL-1.2
//
// Passwords: rules, how long wrong ones wait, and Argon2id as long pure work that runs beside the
// loop.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/secret.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace amt::office {

struct PasswordCost {
    std::uint32_t memoryKib = 64 * 1024;
    std::uint32_t passes = 3;
    std::uint32_t lanes = 1;
    bool operator==(const PasswordCost&) const = default;
};

/// Prepared on the loop (People), carried out beside it.
struct StretchOrder {
    Secret password;
    Bytes salt;
    PasswordCost cost;
};
struct Stretched {
    Secret key; ///< 32 bytes
    Bytes salt;
    PasswordCost cost;
};
/// Argon2id. Pure; about 0.1 s at full cost. Throws SystemFailed when there is no memory.
Stretched stretch(const StretchOrder& order);

enum class PasswordFault { TooShort, TooLong, HoldsName };
std::string_view messageKey(PasswordFault fault); ///< "password.error.tooShort", ...
/// At least 12 characters, at most 256 bytes, not the name. No rules about its composition.
std::optional<PasswordFault> faultOf(std::string_view clerkName, const Secret& password);

/// What is left of the wait after so many wrong tries, `passed` since the last: the first three are
/// free, then 1, 2, 4 ... `most` seconds. Nothing: try.
std::optional<std::chrono::seconds> delayAfter(std::int64_t failures, Milliseconds passed,
                                               std::chrono::seconds most);

} // namespace amt::office
