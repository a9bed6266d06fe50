// SPDX-License-Identifier: EUPL-1.2
//
// Money in cents.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace amt {

/// An amount in euro cents. Arithmetic that overflows is a bug.
class Money {
public:
    constexpr Money() = default;
    static constexpr Money cents(std::int64_t cents) { return Money(cents); }

    constexpr std::int64_t inCents() const { return _cents; }
    constexpr auto operator<=>(const Money&) const = default;
    constexpr Money operator+(Money other) const { return Money(_cents + other._cents); }
    constexpr Money operator-(Money other) const { return Money(_cents - other._cents); }

    /// "30,70 €" with a no-break space (DIN 5008)
    std::string german() const;
    /// "30.70", for JSON numbers and machine forms
    std::string decimal() const;

private:
    constexpr explicit Money(std::int64_t cents) : _cents(cents) {}

    std::int64_t _cents = 0;
};

} // namespace amt
