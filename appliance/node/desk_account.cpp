// SPDX-License-Identifier: EUPL-1.2
//
// One's own account: roles, second factor, and the places where one is signed in.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_accounts.h"
#include "appliance/node/house.h"

namespace amt::node {

std::vector<page::SessionRow> sessionRows(House& house, const Exchange& exchange,
                                          const std::string& clerkId)
{
    std::vector<page::SessionRow> rows;
    for (const auto& entry : house.people.sessionsOf(exchange.clerk->token, clerkId, house.now()))
        rows.push_back({entry.id, entry.place, entry.since, entry.seenAt, entry.own});
    return rows;
}

void endNamedSession(House& house, const Exchange& exchange)
{
    const std::string& id = exchange.field("session");
    house.people.endSession(exchange.clerk->token, id, house.now());
    if (DeskSession* ended = house.sessions.byHash(id)) {
        house.deskIdentity.leave(*ended); // a card that is being read there
        house.sessions.forget(id);
    }
    log::info("desk.session-ended", {{"by", exchange.clerk->clerk.id}});
}

std::string placeIn(const HttpRequest& request)
{
    const std::string houseNetwork = "lan ";
    return request.peer.starts_with(houseNetwork) ? request.peer.substr(houseNetwork.size())
                                                  : request.peer;
}

Reply showAccount(House& house, Exchange& exchange)
{
    page::AccountPage view;
    for (const office::Role role : office::allRoles) {
        if (exchange.clerk->roles.has(role))
            view.roles.emplace_back(office::name(role));
    }
    view.secondFactor = exchange.clerk->secondFactor;
    view.sessions = sessionRows(house, exchange, exchange.clerk->clerk.id);
    view.message = std::exchange(exchange.clerk->message, {});
    return house.deskPage(exchange, view);
}

Reply endOwnSession(House& house, Exchange& exchange)
{
    if (exchange.field("session") == exchange.clerk->idHash)
        throw Error(ErrorCode::StepOutOfOrder, "this one ends by signing out");
    endNamedSession(house, exchange);
    exchange.clerk->message = "account.sessionEnded";
    return redirect("/desk/account");
}

} // namespace amt::node
