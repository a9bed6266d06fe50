// SPDX-License-Identifier: EUPL-1.2
//
// Call board and signs at the desks: let in once with their token, then by a cookie.
#include "appliance/node/house.h"
#include "appliance/node/machine_routes.h"

namespace amt::node {

namespace {

/// The token goes out of the address line and the history; a cookie takes its place.
HttpResponse letIn(const House& house, const std::string& address)
{
    HttpResponse response = redirect(address);
    setCookie(response, displayCookie, house.displayPass(), OverTls::Yes);
    return response;
}

} // namespace

Reply showDisplay(House& house, Exchange& exchange)
{
    if (exchange.query.contains("token"))
        return letIn(house, "/display");
    return htmlAnswer(200, house.doors.pages.display(house.hall.board()));
}

Reply showSign(House& house, Exchange& exchange)
{
    const std::string& desk = exchange.segments.at(0);
    const auto sign = office::signOf(house.hall.queue, desk);
    if (exchange.query.contains("token"))
        return letIn(house, "/display/desk/" + desk);
    page::DeskSignPage view;
    view.municipality = house.municipality();
    view.now = house.now();
    view.sequence = sign.sequence;
    view.desk = sign.deskName;
    view.open = sign.open;
    view.word = office::name(sign.word);
    if (sign.now) {
        view.number = office::toText(sign.now->number);
        view.waits = sign.now->state == office::TicketState::Called;
    }
    return htmlAnswer(200, house.doors.pages.display(view));
}

Reply giveSpeech(House& house, Exchange& exchange)
{
    house.callSpeech.give(exchange.segments.at(0), exchange.segments.at(1), exchange.respond);
    return std::nullopt;
}

Reply followDisplay(House& house, Exchange&)
{
    house.hall.publish(); // whoever joins sees the newest state
    return followingAnswer(QueueHall::topic);
}

} // namespace amt::node
