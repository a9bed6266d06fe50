// SPDX-License-Identifier: EUPL-1.2
//
// Argon2id from libargon2, version 1.3.
#include "appliance/office/people/password.h"

#include "appliance/core/error.h"

#include <argon2.h>

#include <algorithm>

namespace amt::office {

namespace {

constexpr std::size_t keyBytes = 32;
constexpr std::ptrdiff_t charactersMin = 12;
constexpr std::size_t bytesMax = 256;
constexpr std::int64_t failuresFree = 3; // typing mistakes before the first delay
constexpr std::int64_t doublingsMax = 20;

/// Of UTF-8, which every form is.
std::ptrdiff_t charactersIn(std::string_view text)
{
    return std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    });
}

} // namespace

Stretched stretch(const StretchOrder& order)
{
    Bytes key(keyBytes);
    const ByteView password = order.password.reveal();
    const int code = ::argon2id_hash_raw(order.cost.passes, order.cost.memoryKib, order.cost.lanes,
                                         password.data(), password.size(), order.salt.data(),
                                         order.salt.size(), key.data(), key.size());
    if (code != ARGON2_OK)
        throw Error(ErrorCode::SystemFailed,
                    std::string("Argon2id: ") + ::argon2_error_message(code));
    return {.key = Secret(std::move(key)), .salt = order.salt, .cost = order.cost};
}

std::string_view messageKey(PasswordFault fault)
{
    switch (fault) {
    case PasswordFault::TooShort:
        return "password.error.tooShort";
    case PasswordFault::TooLong:
        return "password.error.tooLong";
    case PasswordFault::HoldsName:
        return "password.error.holdsName";
    }
    AMT_ASSERT(false && "a password fault without a message");
}

std::optional<PasswordFault> faultOf(std::string_view clerkName, const Secret& password)
{
    if (password.size() > bytesMax)
        return PasswordFault::TooLong;
    if (charactersIn(password.revealText()) < charactersMin)
        return PasswordFault::TooShort;
    if (!clerkName.empty() && password.revealText() == clerkName)
        return PasswordFault::HoldsName;
    return std::nullopt;
}

std::optional<std::chrono::seconds> delayAfter(std::int64_t failures, Milliseconds passed,
                                               std::chrono::seconds most)
{
    const std::int64_t beyond = failures - failuresFree;
    if (beyond < 0)
        return std::nullopt;
    const std::chrono::seconds wait =
        beyond >= doublingsMax ? most
                               : std::min(most, std::chrono::seconds(std::int64_t{1} << beyond));
    // A wall clock that stepped back does not lengthen the wait.
    passed = std::max(Milliseconds(0), passed);
    if (passed >= wait)
        return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(wait - passed);
}

} // namespace amt::office
