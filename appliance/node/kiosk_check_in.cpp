// SPDX-License-Identifier: EUPL-1.2
//
// The page where an appointment becomes a waiting number.
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"

namespace amt::node {
namespace {

using Problem = page::CheckInPage::Problem;

int statusOf(Problem problem)
{
    switch (problem) {
    case Problem::None:
        return 200;
    case Problem::Unknown:
    case Problem::Strange:
        return 404;
    case Problem::TooOften:
        return 429;
    case Problem::TooEarly:
    case Problem::TooLate:
    case Problem::OtherDay:
    case Problem::NotByCard:
    case Problem::AskReception:
        break;
    }
    return 409;
}

HttpResponse checkInPage(House& house, const Exchange& exchange, page::CheckInPage view, int status)
{
    Visit& visit = *exchange.visit;
    house.checkIn.listen(visit);
    view.readsCards = house.checkIn.readsCards();
    view.scans = house.checkIn.hasScanner();
    view.news = std::to_string(visit.checkInNews);
    return house.kioskPage(exchange, view, status);
}

} // namespace

Reply showCheckIn(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.checksInByCard && visit.step != Step::Reading) // on the way back
        leaveCheckInByCard(house, visit);
    if (!house.calendar.isOffered() || !visit.allows(VisitEvent::NumberDrawn))
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    return checkInPage(house, exchange, std::exchange(visit.checkInSaid, {}), 200);
}

Reply beginCheckInByCard(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.checksInByCard) // the same press again
        return redirect(addressOf(visit.step));
    if (!house.calendar.isOffered() || !house.checkIn.readsCards() ||
        !visit.allows(VisitEvent::CheckInByCard))
        throw Error(ErrorCode::StepOutOfOrder, "check-in by card in another step");
    visit.service.clear();
    visit.forgetCard();
    visit.checksInByCard = true;
    house.checkIn.leave(visit);
    house.advance(visit, VisitEvent::CheckInByCard);
    house.cardReading.lookAtReader(); // answers while the citizen reads the notice
    return redirect(addressOf(visit.step));
}

void leaveCheckInByCard(House& house, Visit& visit)
{
    visit.forgetCard();
    house.advance(visit, VisitEvent::CheckInLeft);
    visit.checksInByCard = false;
}

Reply checkIn(House& house, Exchange& exchange)
{
    constexpr std::size_t typedMax = 40;
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.step == Step::Ticket) // the same press again, or a code was scanned meanwhile
        return redirect(addressOf(visit.step));
    if (!house.calendar.isOffered() || !visit.allows(VisitEvent::NumberDrawn))
        throw Error(ErrorCode::StepOutOfOrder, "check-in in another step");
    const std::string& typed = exchange.field("code");
    if (typed.size() > typedMax)
        throw Error(ErrorCode::RequestMalformed, "longer than any code");
    auto said = house.checkIn.byCode(visit, typed);
    if (said.problem == Problem::None)
        return redirect(addressOf(visit.step));
    said.code = typed;
    return checkInPage(house, exchange, std::move(said), statusOf(said.problem));
}

} // namespace amt::node
