// SPDX-License-Identifier: EUPL-1.2
//
// The date, when the clock cannot be trusted: what the node knows of the time, and a person's word.
#include "appliance/core/local_date.h"
#include "appliance/node/desk.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

using Result = page::ClockPage::Result;

/// Nothing: not a day.
std::optional<LocalDate> typedDate(const std::string& text)
{
    try {
        return localDateFromIso(text);
    } catch (const Error&) { // what a browser without a field for dates lets pass
        return std::nullopt;
    }
}

HttpResponse clockPage(House& house, const Exchange& exchange, Result result, int status)
{
    const UtcTime now = house.now();
    page::ClockPage view;
    view.now = now;
    view.lastKnown = house.journal.newestTime(fromMilliseconds(0));
    if (house.lineTime)
        view.line = house.lineTime->first + (house.doors.loop.sinceBoot() - house.lineTime->second);
    view.needed = house.needsDate();
    view.behind = house.journal.isBefore(now);
    view.result = result;
    return house.deskPage(exchange, view, status);
}

} // namespace

Reply showClock(House& house, Exchange& exchange)
{
    return clockPage(house, exchange, Result::None, 200);
}

Reply confirmClock(House& house, Exchange& exchange)
{
    // Typed from a calendar, not copied from the page: the node's word is what is in question.
    const auto typed = typedDate(exchange.field("date"));
    if (!typed)
        return clockPage(house, exchange, Result::NoDate, 400);
    if (!house.needsDate())
        return clockPage(house, exchange, Result::NotNeeded, 409);
    if (house.journal.isBefore(house.now()))
        return clockPage(house, exchange, Result::Behind, 409);
    if (*typed != localDate(house.now()))
        return clockPage(house, exchange, Result::AnotherDay, 409);
    house.journal.clockConfirmed(exchange.clerk->clerk.name, house.now());
    if (house.rounds)
        house.rounds->clerkConfirmed();
    return clockPage(house, exchange, Result::Confirmed, 200);
}

} // namespace amt::node
