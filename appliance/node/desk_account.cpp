// SPDX-License-Identifier: EUPL-1.2
//
// One's own account: roles, password, second factor, and the places where one is signed in.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_accounts.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

constexpr auto accountAddress = "/desk/account";

} // namespace

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

HttpResponse withMessage(House& house, const Exchange& exchange, const std::string& address,
                         const std::string& message)
{
    if (DeskSession* session = house.sessions.byHash(exchange.clerk->idHash))
        session->message = message;
    return redirect(address);
}

std::string faultIn(const std::string& name, const Secret& password, const Secret& again)
{
    if (!office::clerkName(name))
        return "clerks.nameNotAllowed";
    if (password != again)
        return "clerks.notTheSame";
    const auto fault = office::faultOf(name, password);
    return fault ? std::string(office::messageKey(*fault)) : std::string();
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
    return redirect(accountAddress);
}

Reply changeOwnPassword(House& house, Exchange& exchange)
{
    const std::string name = exchange.clerk->clerk.name;
    const Secret current = takeSecret(exchange, "current");
    const Secret next = takeSecret(exchange, "password");
    const Secret again = takeSecret(exchange, "again");
    if (const auto fault = faultIn(name, next, again); !fault.empty())
        return withMessage(house, exchange, accountAddress, fault);
    std::vector<office::StretchOrder> orders;
    orders.push_back(house.people.orderFor(name, current));
    orders.push_back(house.people.orderForNew(next));
    return stretchAllThen(
        house, exchange, std::move(orders),
        [&house](const Exchange& later, const std::vector<office::Stretched>& stretched) {
            const auto result = house.people.changePassword(later.clerk->token, stretched.at(0),
                                                            stretched.at(1), house.now());
            const bool changed = std::holds_alternative<office::PasswordChanged>(result);
            return withMessage(house, later, accountAddress,
                               changed ? "account.passwordChanged"
                               : std::holds_alternative<office::SignInDelayed>(result)
                                   ? "account.passwordWait"
                                   : "account.passwordWrong");
        });
}

} // namespace amt::node
