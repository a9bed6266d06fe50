// SPDX-License-Identifier: EUPL-1.2
//
// Cookie to session. office/people decides each time whether it still holds.
#include "appliance/node/desk_session.h"

#include "appliance/core/http.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

std::string hashOf(const Secret& token)
{
    return toHex(envelope::sha256(token.reveal()));
}

} // namespace

DeskSession* DeskSessions::find(const std::string& cookieHeader, UtcTime now,
                                office::AskedBy askedBy)
{
    const auto cookie = cookieValue(cookieHeader, deskCookie);
    if (!cookie || cookie->empty() || cookie->size() > 128)
        return nullptr;
    Secret token{std::string_view(*cookie)};
    const std::string hash = hashOf(token);
    const auto session = _people.session(token, now, askedBy);
    if (!session) {
        _sessions.erase(hash);
        return nullptr;
    }
    return &keep(hash, std::move(token), *session);
}

DeskSession& DeskSessions::keep(const std::string& hash, Secret token,
                                const office::Session& session)
{
    DeskSession& known = _sessions[hash];
    known.idHash = hash;
    known.token = std::move(token);
    known.clerk = session.clerk;
    known.roles = session.roles;
    known.proof = session.proof;
    known.secondFactor = session.secondFactor;
    known.deskKeyOpen = session.deskKeyOpen;
    return known;
}

DeskSession* DeskSessions::byHash(const std::string& idHash)
{
    const auto found = _sessions.find(idHash);
    return found == _sessions.end() ? nullptr : &found->second;
}

DeskSession& DeskSessions::begin(const office::SignedIn& signedIn, UtcTime now)
{
    const auto session = _people.session(signedIn.token, now);
    AMT_ASSERT(session.has_value()); // it has just begun
    return keep(hashOf(signedIn.token), signedIn.token, *session);
}

void DeskSessions::end(DeskSession& session, UtcTime now)
{
    _people.signOut(session.token, now);
    const std::string hash = session.idHash;
    _sessions.erase(hash);
}

} // namespace amt::node
