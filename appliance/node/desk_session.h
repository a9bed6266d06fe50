// SPDX-License-Identifier: EUPL-1.2
//
// Sessions of clerks as the desk's pages see them; who they are is known to office/people.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/secret.h"
#include "appliance/node/desk_identity.h"
#include "appliance/node/presses.h"
#include "appliance/office/people/people.h"

#include <map>
#include <optional>
#include <string>

namespace amt::node {

struct DeskSession {
    std::string idHash; ///< SHA-256 of the token, hex
    Secret token;
    office::Clerk clerk;
    office::Roles roles;
    office::Proof proof = office::Proof::CodeAsked;
    bool secondFactor = false; ///< is set up
    bool deskKeyOpen = false;
    Presses presses;
    std::string feedAddress; ///< of a calendar, to be shown once
    Secret bindingCode;      ///< of the account below, to be shown once
    std::string bindingCodeOf;
    std::string message;  ///< message key, shown once on the page of the clerks
    Secret offeredFactor; ///< of the page that sets up the second factor, until it is kept
    Secret paperHalf;     ///< to be shown once, after the first sign-in
    DeskCard card;
    std::optional<Milliseconds> exportAllowedAt; ///< since boot: with a reason, in the journal
};

class DeskSessions {
public:
    explicit DeskSessions(office::People& people) : _people(people) {}

    /// Null: no cookie, or one that holds no more.
    DeskSession* find(const std::string& cookieHeader, UtcTime now, office::AskedBy askedBy);
    DeskSession* byHash(const std::string& idHash);
    /// Remembers who has just signed in.
    DeskSession& begin(const office::SignedIn& signedIn, UtcTime now);
    void end(DeskSession& session, UtcTime now);
    /// Somebody else has ended it.
    void forget(const std::string& idHash) { _sessions.erase(idHash); }

private:
    DeskSession& keep(const std::string& hash, Secret token, const office::Session& session);

    office::People& _people;
    std::map<std::string, DeskSession> _sessions;
};

} // namespace amt::node
