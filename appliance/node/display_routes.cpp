// SPDX-License-Identifier: EUPL-1.2
//
// The call board of the waiting room: let in once with its token, then by a cookie.
#include "appliance/node/house.h"
#include "appliance/node/machine_routes.h"

namespace amt::node {

Reply showDisplay(House& house, Exchange& exchange)
{
    if (exchange.query.contains("token")) { // out of the address line and the history
        HttpResponse response = redirect("/display");
        setCookie(response, displayCookie, house.displayPass(), OverTls::Yes);
        return response;
    }
    return htmlAnswer(200, house.doors.pages.display(house.hall.board()));
}

Reply followDisplay(House& house, Exchange&)
{
    house.hall.publish(); // whoever joins sees the newest state
    return followingAnswer(QueueHall::topic);
}

} // namespace amt::node
