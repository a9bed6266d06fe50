// SPDX-License-Identifier: EUPL-1.2
//
// Money as text.
#include "appliance/core/money.h"

namespace amt {
namespace {

std::string withSeparator(std::int64_t cents, char separator)
{
    const std::string sign = cents < 0 ? "-" : "";
    const auto size =
        cents < 0 ? -static_cast<std::uint64_t>(cents) : static_cast<std::uint64_t>(cents);
    const std::string fraction = std::to_string(size % 100);
    return sign + std::to_string(size / 100) + separator + (fraction.size() == 1 ? "0" : "") +
           fraction;
}

} // namespace

std::string Money::german() const
{
    return withSeparator(_cents, ',') + "\u00a0€";
}

std::string Money::decimal() const
{
    return withSeparator(_cents, '.');
}

} // namespace amt
