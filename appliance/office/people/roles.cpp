// SPDX-License-Identifier: EUPL-1.2
//
// Roles as words, for the database and the journal.
#include "appliance/office/people/roles.h"

#include "appliance/core/error.h"

#include <algorithm>

namespace amt::office {

std::string_view name(Role role)
{
    switch (role) {
    case Role::Clerk:
        return "Clerk";
    case Role::Reception:
        return "Reception";
    case Role::Lead:
        return "Lead";
    case Role::Treasurer:
        return "Treasurer";
    case Role::It:
        return "It";
    }
    AMT_ASSERT(false && "a role without a name");
}

std::optional<Role> roleNamed(std::string_view wanted)
{
    const auto* const found = std::find_if(allRoles.begin(), allRoles.end(),
                                           [&](Role role) { return name(role) == wanted; });
    return found == allRoles.end() ? std::nullopt : std::optional(*found);
}

std::string toText(Roles roles)
{
    std::string text;
    for (const Role role : allRoles) {
        if (roles.has(role))
            text += (text.empty() ? "" : " ") + std::string(name(role));
    }
    return text;
}

Roles rolesFrom(std::string_view text)
{
    Roles roles;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const auto role = roleNamed(text.substr(0, end));
        if (!role)
            throw Error(ErrorCode::InputMalformed, "not a role");
        roles.add(*role);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return roles;
}

} // namespace amt::office
