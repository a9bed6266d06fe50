// SPDX-License-Identifier: EUPL-1.2
//
// What amtctl takes from the calendar as files.
#include "appliance/node/house.h"
#include "appliance/node/machine_routes.h"

namespace amt::node {

Reply givePlan(House& house, Exchange&)
{
    if (!house.calendar.isOffered())
        throw Error(ErrorCode::NotFound, "a town without appointments");
    auto plan = house.calendar.plan();
    plan.rules = house.calendar.rules.current(plan.scope)->rules; // as changed at a desk
    return jsonAnswer(200, *office::toJson(plan));
}

} // namespace amt::node
