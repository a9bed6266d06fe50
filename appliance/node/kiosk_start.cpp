// SPDX-License-Identifier: EUPL-1.2
//
// Around a visit: start page, language, services, help, time, end.
#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"
#include "appliance/node/routes.h"

#include <algorithm>

namespace amt::node {
namespace {

std::string cookieHeader(const Exchange& exchange)
{
    const auto found = exchange.request.headers.find("cookie");
    return found == exchange.request.headers.end() ? std::string() : found->second;
}

/// Addresses of pages that a form may lead back to: ours, and only those that are shown by GET.
std::string safeBack(const std::string& wanted)
{
    const auto match = findRoute(Surface::Kiosk, "GET", wanted);
    if (!match.route || match.route->pattern == "/visit/events" ||
        match.route->pattern == "/visit/timeout" || match.route->pattern == "/assets/{*}")
        return "/";
    return wanted;
}

/// A citizen who goes on from a warning shows up by this.
void noteInput(House& house, const Exchange& exchange)
{
    if (exchange.visit)
        house.visits.touch(*exchange.visit);
}

HttpResponse endedAnswer(bool timedOut)
{
    HttpResponse response = redirect(timedOut ? "/ended?timeout=1" : "/ended");
    clearCookie(response, visitCookie, OverTls::No);
    return response;
}

} // namespace

Reply showStart(House& house, Exchange& exchange)
{
    if (exchange.visit && exchange.visit->step != Step::Start)
        return redirect(addressOf(exchange.visit->step));
    noteInput(house, exchange);
    page::StartPage view{house.accepting()};
    if (house.hall.isOffered())
        view.hall = house.hall.hall();
    view.appointments = house.givesAppointments() && view.hall.has_value();
    HttpResponse response = house.kioskPage(exchange, view);
    if (!exchange.visit &&
        cookieValue(cookieHeader(exchange), visitCookie)) // of a visit that is over
        clearCookie(response, visitCookie, OverTls::No);
    return response;
}

Reply chooseLanguage(House& house, Exchange& exchange)
{
    const std::string& language = exchange.field("language");
    const auto offered = house.doors.pages.languages();
    if (std::find(offered.begin(), offered.end(), language) == offered.end())
        throw Error(ErrorCode::RequestMalformed, "language not offered");
    const std::string back = safeBack(exchange.field("back"));
    if (Visit* visit = exchange.visit) {
        house.visits.touch(*visit);
        visit->language = language;
        house.visits.save(*visit);
        return redirect(back);
    }
    Visit& opened = house.openVisit(language, exchange.field("key"));
    HttpResponse response = redirect(back);
    setCookie(response, visitCookie, opened.cookie, OverTls::No);
    return response;
}

Reply adjustScreen(House& house, Exchange& exchange)
{
    const std::string& wish = exchange.field("set");
    const std::string back = safeBack(exchange.field("back"));
    const bool opensNow = exchange.visit == nullptr;
    page::Access wanted = opensNow ? page::Access{} : exchange.visit->access;
    adjust(wanted, wish); // refused before a visit is opened for it
    Visit& visit = opensNow ? house.openVisit("de", exchange.field("key")) : *exchange.visit;
    visit.access = wanted;
    house.visits.touch(visit);
    house.visits.save(visit);
    HttpResponse response = redirect(back);
    if (opensNow)
        setCookie(response, visitCookie, visit.cookie, OverTls::No);
    return response;
}

Reply showServices(House& house, Exchange& exchange)
{
    if (!house.accepting())
        return redirect("/");
    if (exchange.visit && !exchange.visit->allows(VisitEvent::ServiceChosen))
        return redirect(addressOf(exchange.visit->step));
    noteInput(house, exchange);
    const std::string language = exchange.visit ? exchange.visit->language : "de";
    page::ServicesPage view;
    for (const auto& service : house.town.services) {
        if (!house.accepts(service))
            continue;
        view.services.push_back({service.key, office::textIn(service.name, language),
                                 office::textIn(service.summary, language),
                                 office::feeFor(service, localDate(house.now())),
                                 office::papersOf(service, language)});
    }
    return house.kioskPage(exchange, view);
}

Reply chooseService(House& house, Exchange& exchange)
{
    const auto* service = house.town.service(exchange.field("service"));
    if (!service)
        throw Error(ErrorCode::NotFound, "service not offered");
    if (!house.accepting())
        throw Error(ErrorCode::StoreFull, "no room or no key for a new visit");
    if (!house.accepts(*service))
        throw Error(ErrorCode::KeyUnusable, "no key for this service");
    const bool opensNow = exchange.visit == nullptr;
    Visit& visit = opensNow ? house.openVisit("de", exchange.field("key")) : *exchange.visit;
    house.visits.touch(visit);
    if (visit.service != service->key || visit.step != Step::Notice) {
        if (!visit.allows(VisitEvent::ServiceChosen))
            throw Error(ErrorCode::StepOutOfOrder, "service in a later step");
        visit.service = service->key;
        visit.checksInByCard = false;
        visit.answers.clear();
        visit.identification.reset();
        visit.faults.clear();
        visit.formStep = 1;
        visit.forgetCard();
        house.advance(visit, VisitEvent::ServiceChosen);
        house.cardReading.lookAtReader(); // answers while the citizen reads the notice
    }
    HttpResponse response = redirect(addressOf(visit.step));
    if (opensNow)
        setCookie(response, visitCookie, visit.cookie, OverTls::No);
    return response;
}

Reply showHelp(House& house, Exchange& exchange)
{
    noteInput(house, exchange);
    page::HelpPage view;
    view.phone = house.town.phone;
    view.called = house.helpCalls.open(office::askedAtKiosk).has_value();
    if (const auto back = exchange.query.find("back"); back != exchange.query.end())
        view.back = safeBack(back->second);
    return house.kioskPage(exchange, view);
}

Reply callHelp(House& house, Exchange& exchange)
{
    noteInput(house, exchange);
    house.helpCalls.call(office::askedAtKiosk, house.now());
    log::info("help.called");
    return redirect("/help?back=" + escapeUri(safeBack(exchange.field("back"))));
}

Reply showEnded(House& house, Exchange& exchange)
{
    if (exchange.visit)
        return redirect(addressOf(exchange.visit->step));
    HttpResponse response =
        house.kioskPage(exchange, page::EndedPage{exchange.query.contains("timeout")});
    response.headers.emplace_back("Clear-Site-Data", "\"cookies\", \"storage\"");
    return response;
}

Reply showHealth(House& house, Exchange&)
{
    auto health = json::makeObject();
    health->set("status", "ok");
    health->set("accepting", house.accepting());
    health->set("portalReachable", house.portalReachable());
    return jsonAnswer(200, *health);
}

Reply showAsset(House& house, Exchange& exchange)
{
    const auto* asset = house.doors.pages.asset("/assets/" + exchange.segments.at(0));
    if (!asset)
        throw Error(ErrorCode::NotFound, "asset");
    HttpResponse response;
    // the same for everybody, and asked for again after each start: nothing of a citizen is in it
    response.headers = {
        {"Content-Type", asset->contentType}, {"ETag", asset->etag}, {"Cache-Control", "no-cache"}};
    const auto known = exchange.request.headers.find("if-none-match");
    if (known != exchange.request.headers.end() && known->second == asset->etag)
        response.status = 304;
    else
        response.body = asset->body;
    return response;
}

Reply showStillThere(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (house.holdsClock(visit)) {
        house.visits.touch(visit);
        return redirect(addressOf(visit.step));
    }
    house.visits.warn(visit);
    page::StillTherePage view;
    view.left = house.settings.idleEnd - house.settings.idleWarning;
    view.back = addressOf(visit.step);
    return house.kioskPage(exchange, view);
}

Reply stayLonger(House& house, Exchange& exchange)
{
    house.visits.touch(*exchange.visit);
    return redirect(addressOf(exchange.visit->step));
}

Reply timeOut(House& house, Exchange& exchange)
{
    if (!exchange.visit)
        return endedAnswer(true);
    Visit& visit = *exchange.visit;
    if (house.holdsClock(visit))
        return redirect(addressOf(visit.step));
    const bool finished =
        visit.step == Step::Done || visit.step == Step::Ticket || visit.step == Step::Booked;
    house.endVisit(visit, "VisitEnded");
    exchange.visit = nullptr;
    return endedAnswer(!finished);
}

Reply endVisit(House& house, Exchange& exchange)
{
    if (!exchange.visit) // pressed twice: it has ended already
        return endedAnswer(false);
    Visit& visit = *exchange.visit;
    // The terminal has the word; what it says is settled first. A phone goes with whoever has it.
    if (visit.step == Step::Paying && !house.onlineCashier.running(visit.caseId)) {
        visit.aborting = true;
        house.cashier.abort(visit);
        return redirect(addressOf(visit.step));
    }
    house.endVisit(visit, "VisitEnded");
    exchange.visit = nullptr;
    return endedAnswer(false);
}

Reply followVisit(House& house, Exchange& exchange)
{
    house.publish(*exchange.visit); // whoever joins sees the newest state
    return followingAnswer(exchange.visit->topic());
}

} // namespace amt::node
