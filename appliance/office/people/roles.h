// SPDX-License-Identifier: EUPL-1.2
//
// Roles of an account: what somebody does in this town hall, and who may give which.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace amt::office {

enum class Role : std::uint8_t {
    Clerk,     ///< Sachbearbeitung: serves people and works on their cases
    Reception, ///< Empfang: gives out numbers, helps in the hall; reads no case
    Lead,      ///< Leitung: as a clerk, and decides what needs a second look
    Treasurer, ///< Kasse: payments, without what the citizen wrote
    It         ///< devices, operation, accounts; reads no case
};
inline constexpr std::array allRoles = {Role::Clerk, Role::Reception, Role::Lead, Role::Treasurer,
                                        Role::It};

/// Several at a time; none: the account is closed.
class Roles {
public:
    constexpr Roles() = default;
    constexpr Roles(std::initializer_list<Role> roles)
    {
        for (const Role role : roles)
            _bits |= bit(role);
    }
    constexpr bool has(Role role) const { return (_bits & bit(role)) != 0; }
    constexpr bool empty() const { return _bits == 0; }
    constexpr bool meets(Roles other) const { return (_bits & other._bits) != 0; }
    constexpr bool within(Roles other) const { return (_bits & ~other._bits) == 0; }
    /// What one of the two has and the other has not.
    constexpr Roles differenceTo(Roles other) const
    {
        Roles difference;
        difference._bits = _bits ^ other._bits;
        return difference;
    }
    constexpr Roles commonWith(Roles other) const
    {
        Roles common;
        common._bits = _bits & other._bits;
        return common;
    }
    constexpr void add(Role role) { _bits |= bit(role); }
    constexpr bool operator==(const Roles&) const = default;

private:
    static constexpr std::uint8_t bit(Role role)
    {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
    }
    std::uint8_t _bits = 0;
};

inline constexpr Roles everyRole = {Role::Clerk, Role::Reception, Role::Lead, Role::Treasurer,
                                    Role::It};

/// The roles whose accounts somebody may look after, and that may be given or taken. So the lead
/// gets nothing by way of another's account that was not hers before.
constexpr Roles reachOf(Roles actor)
{
    if (actor.has(Role::It))
        return everyRole;
    if (actor.has(Role::Lead))
        return {Role::Clerk, Role::Reception, Role::Lead};
    return {};
}

std::string_view name(Role role); ///< "Clerk", ...
std::optional<Role> roleNamed(std::string_view name);
/// "Clerk Lead", in the order above; empty for none.
std::string toText(Roles roles);
/// The same back; an unknown name throws InputMalformed.
Roles rolesFrom(std::string_view text);

} // namespace amt::office
