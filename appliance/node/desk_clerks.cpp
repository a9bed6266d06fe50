// SPDX-License-Identifier: EUPL-1.2
//
// Colleagues: a clerk lets a new one in, or one who forgot the password.
#include "appliance/node/desk.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

HttpResponse withMessage(House& house, const Exchange& exchange, const std::string& message)
{
    if (DeskSession* session = house.sessions.byHash(exchange.clerk->idHash))
        session->message = message;
    return redirect("/desk/clerks");
}

/// Message key of what is wrong; empty: fine.
std::string faultIn(const std::string& name, const Secret& password, const Secret& again)
{
    if (!office::clerkName(name))
        return "clerks.nameNotAllowed";
    if (password != again)
        return "clerks.notTheSame";
    const auto fault = office::faultOf(name, password);
    return fault ? std::string(office::messageKey(*fault)) : std::string();
}

} // namespace

Reply showClerks(House& house, Exchange& exchange)
{
    page::ClerksPage view;
    view.names = house.people.names();
    view.message = std::exchange(exchange.clerk->message, {});
    return house.deskPage(exchange, view);
}

Reply addClerk(House& house, Exchange& exchange)
{
    const Secret password = takeSecret(exchange, "password");
    const Secret again = takeSecret(exchange, "again");
    const std::string name = exchange.field("name");
    if (const auto fault = faultIn(name, password, again); !fault.empty())
        return withMessage(house, exchange, fault);
    return stretchThen(
        house, exchange, house.people.orderForNew(password),
        [&house, name](const Exchange& later, const office::Stretched& stretched) {
            const auto result =
                house.people.addClerk(later.clerk->token, name, stretched, house.now());
            const bool added = std::holds_alternative<office::Clerk>(result);
            return withMessage(house, later, added ? "clerks.added" : "clerks.nameTaken");
        });
}

Reply resetClerk(House& house, Exchange& exchange)
{
    const Secret password = takeSecret(exchange, "password");
    const Secret again = takeSecret(exchange, "again");
    const std::string name = exchange.field("name");
    if (const auto fault = faultIn(name, password, again); !fault.empty())
        return withMessage(house, exchange, fault);
    return stretchThen(house, exchange, house.people.orderForNew(password),
                       [&house, name](const Exchange& later, const office::Stretched& stretched) {
                           house.people.resetPassword(later.clerk->token, name, stretched,
                                                      house.now());
                           return withMessage(house, later, "clerks.reset");
                       });
}

} // namespace amt::node
