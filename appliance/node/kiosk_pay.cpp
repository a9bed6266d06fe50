// SPDX-License-Identifier: EUPL-1.2
//
// Paying at the terminal or at the desk, the unclear payment, the receipt.
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"

namespace amt::node {
namespace {

office::CaseRecord requiredCase(const House& house, const Visit& visit)
{
    auto found = house.cases.find(visit.caseId);
    if (!found)
        throw Error(ErrorCode::NotFound, "case of a visit");
    return *std::move(found);
}

std::string serviceName(const House& house, const Visit& visit)
{
    const auto* service = house.serviceOf(visit);
    return service ? office::textIn(service->name, visit.language) : std::string();
}

/// With a phone, and whether it is paid is not known yet.
bool paysOnline(const House& house, const Visit& visit)
{
    if (visit.step != Step::Paying && visit.step != Step::Unresolved)
        return false;
    const auto payment = house.till.ofCase(visit.caseId);
    return payment && payment->online;
}

Reply showPayingOnline(House& house, Exchange& exchange, const office::OnlineOrder& order)
{
    page::PayOnlinePage view;
    view.fee = requiredCase(house, *exchange.visit).fee;
    view.until = order.terms.deadline;
    view.left = std::chrono::ceil<std::chrono::seconds>(order.terms.deadline - house.now());
    if (!order.redirectUrl.empty()) {
        house.onlineCashier.show(order);
        view.address = order.redirectUrl;
        view.host = portal::authorityOf(order.redirectUrl);
    }
    return house.kioskPage(exchange, view);
}

} // namespace

Reply showPay(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Pay)
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    page::PayPage view;
    view.serviceName = serviceName(house, visit);
    view.fee = requiredCase(house, visit).fee;
    view.declinedCode = visit.declinedCode;
    view.terminalReady = house.cashier.ready();
    view.onlineReady = house.onlineCashier.ready(requiredCase(house, visit).serviceKey);
    view.onlineProblem = visit.onlineProblem;
    return house.kioskPage(exchange, view);
}

Reply choosePayment(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    const std::string& action = exchange.field("action");
    if (action != "start" && action != "online" && action != "desk")
        throw Error(ErrorCode::RequestMalformed, "action");
    if (action == "desk" && paysOnline(house, visit)) {
        house.onlineCashier.toDesk(visit);
        return redirect(addressOf(visit.step));
    }
    if (visit.step != Step::Pay)
        throw Error(ErrorCode::StepOutOfOrder, "payment in another step");
    if (action == "start") {
        house.cashier.start(visit);
        return redirect(addressOf(visit.step));
    }
    if (action == "online") {
        house.onlineCashier.start(visit);
        return redirect(addressOf(visit.step));
    }
    // The envelope names the payment, so it waits for the desk: a clerk takes the fee and releases
    // the case.
    house.commit(visit, [&] {
        house.cases.hold(visit.caseId, "FeeAtDesk", house.now());
        visit.apply(VisitEvent::DeskChosen);
    });
    house.receipts.print(visit.caseId);
    house.publish(visit);
    return redirect(addressOf(visit.step));
}

Reply showPaying(House& house, Exchange& exchange)
{
    const Visit& visit = *exchange.visit;
    if (visit.step != Step::Paying)
        return redirect(addressOf(visit.step));
    if (const auto order = house.onlineCashier.running(visit.caseId))
        return showPayingOnline(house, exchange, *order);
    page::PayRunningPage view;
    view.fee = requiredCase(house, visit).fee;
    view.statusCode = visit.terminalStatusCode;
    view.statusText = visit.terminalStatusText;
    view.aborting = visit.aborting;
    return house.kioskPage(exchange, view);
}

Reply abortPayment(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (house.onlineCashier.running(visit.caseId)) {
        house.onlineCashier.cancel(visit);
    } else if (visit.step == Step::Paying && !visit.aborting) {
        visit.aborting = true;
        house.publish(visit);
        house.cashier.abort(visit);
    }
    return redirect(addressOf(visit.step));
}

Reply showUnresolved(House& house, Exchange& exchange)
{
    const Visit& visit = *exchange.visit;
    if (visit.step != Step::Unresolved)
        return redirect(addressOf(visit.step));
    // this page loads itself anew, so a load is no sign of somebody being there
    if (house.doors.loop.sinceBoot() - visit.lastTouch > house.settings.idleWarning)
        return redirect("/visit/still-there");
    const auto opened = requiredCase(house, visit);
    return house.kioskPage(
        exchange, page::PayUnresolvedPage{opened.fee, opened.reference, paysOnline(house, visit)});
}

Reply showDone(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Done)
        return redirect(addressOf(visit.step));
    const auto opened = requiredCase(house, visit);
    page::DonePage view;
    view.reference = opened.reference;
    view.serviceName = serviceName(house, visit);
    view.fee = opened.fee;
    view.paid = opened.payment && opened.payment->state == office::PaymentState::Approved;
    view.paidOnline = view.paid && opened.payment->online.has_value();
    if (const auto* service = house.town.service(opened.serviceKey))
        view.papers = office::papersOf(*service, visit.language);
    view.printing = house.receipts.state(visit.caseId);
    view.untilEnd = house.settings.doneStays;
    return house.kioskPage(exchange, view);
}

Reply printReceipt(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.step != Step::Done)
        throw Error(ErrorCode::StepOutOfOrder, "receipt in another step");
    house.receipts.print(visit.caseId);
    house.publish(visit);
    return redirect(addressOf(visit.step));
}

} // namespace amt::node
