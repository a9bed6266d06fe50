// SPDX-License-Identifier: EUPL-1.2
//
// Argon2id from libargon2, version 1.3.
#include "appliance/office/people/password.h"

#include "appliance/core/error.h"
#include "appliance/office/form/text_rules.h"

#include <argon2.h>

namespace amt::office {

namespace {

constexpr std::size_t keyBytes = 32;
constexpr int charactersMin = 12;
constexpr std::size_t bytesMax = 256;

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

} // namespace amt::office
