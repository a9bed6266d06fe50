// SPDX-License-Identifier: EUPL-1.2
//
// Failures and bugs.
#include "appliance/core/error.h"

#include "appliance/core/log.h"

#include <array>
#include <cstdlib>

namespace amt {
namespace {

constexpr std::array codes = {
#define AMT_ERROR_CODE(name) ErrorCode::name,
    AMT_ERROR_CODES(AMT_ERROR_CODE)
#undef AMT_ERROR_CODE
};

constexpr std::array<const char*, codes.size()> names = {
#define AMT_ERROR_CODE(name) #name,
    AMT_ERROR_CODES(AMT_ERROR_CODE)
#undef AMT_ERROR_CODE
};

} // namespace

std::string_view name(ErrorCode code)
{
    return names[static_cast<std::size_t>(code)];
}

std::span<const ErrorCode> allErrorCodes()
{
    return codes;
}

Error::Error(ErrorCode code, const std::string& detail)
    : Poco::RuntimeException(detail, static_cast<int>(code)), _code(code)
{}

const char* Error::name() const noexcept
{
    return names[static_cast<std::size_t>(_code)];
}

const char* Error::className() const noexcept
{
    return "amt::Error";
}

Poco::Exception* Error::clone() const
{
    return new Error(*this);
}

void Error::rethrow() const
{
    throw *this;
}

void assertionFailed(const char* condition, const char* file, int line)
{
    log::error("bug", {{"condition", condition}, {"file", file}, {"line", std::to_string(line)}});
    std::abort();
}

} // namespace amt
