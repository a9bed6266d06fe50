// SPDX-License-Identifier: EUPL-1.2
//
// Argon2id takes 64 MiB and a tenth of a second, so few may wait for it at a time.
#include "appliance/node/desk_work.h"

#include "appliance/node/house.h"

#include <utility>

namespace amt::node {
namespace {

constexpr std::size_t waitingMax = 8;

} // namespace

Secret takeSecret(Exchange& exchange, const std::string& field)
{
    exchange.field(field);
    std::string& typed = exchange.fields[field];
    Secret secret{std::string_view(typed)};
    wipe(typed);
    wipe(exchange.request.body);
    return secret;
}

Reply stretchAllThen(
    House& house, const Exchange& exchange, std::vector<office::StretchOrder> orders,
    std::function<HttpResponse(const Exchange&, const std::vector<office::Stretched>&)> act)
{
    const std::string key = exchange.field("key");
    if (const auto running = house.runningSignIns.find(key);
        running != house.runningSignIns.end()) {
        if (running->second.size() >= waitingMax)
            throw Error(ErrorCode::Overloaded, "one page pressed too often");
        running->second.push_back(exchange.respond);
        return std::nullopt;
    }
    if (house.runningSignIns.size() >= waitingMax)
        throw Error(ErrorCode::Overloaded, "too many passwords at a time");
    house.runningSignIns[key].push_back(exchange.respond);

    const auto result =
        std::make_shared<std::vector<office::Stretched>>(); // shared by worker and loop, one after
                                                            // the other
    Exchange later = exchange;
    const std::string session = exchange.clerk ? exchange.clerk->idHash : std::string();
    later.respond = [&house, key](HttpResponse response) {
        const auto waiting = std::move(house.runningSignIns[key]);
        house.runningSignIns.erase(key);
        for (const auto& respond : waiting)
            respond(response);
    };
    house.doors.longWork.run(
        [result, orders = std::move(orders)] {
            try {
                for (const auto& order : orders)
                    result->push_back(office::stretch(order));
            } catch (
                const Error&) { // the worker's door: no memory; the loop sees that nothing came
                result->clear();
            }
        },
        house.guarded([&house, result, later, session, act = std::move(act)]() mutable {
            house.answerLater(later, [&] {
                if (result->empty())
                    throw Error(ErrorCode::Overloaded, "no memory for a password");
                later.clerk = session.empty() ? nullptr : house.sessions.byHash(session);
                if (!session.empty() && !later.clerk)
                    throw Error(ErrorCode::NotSignedIn, "signed out meanwhile");
                return act(later, *result);
            });
        }));
    return std::nullopt;
}

Reply stretchThen(House& house, const Exchange& exchange, office::StretchOrder order,
                  std::function<HttpResponse(const Exchange&, const office::Stretched&)> act)
{
    std::vector<office::StretchOrder> orders;
    orders.push_back(std::move(order));
    return stretchAllThen(house, exchange, std::move(orders),
                          [act = std::move(act)](const Exchange& later, const auto& stretched) {
                              return act(later, stretched.front());
                          });
}

} // namespace amt::node
