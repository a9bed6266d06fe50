// SPDX-License-Identifier: EUPL-1.2
//
// An appointment at the kiosk: what is it about, a day, a time that is held meanwhile, a name, the
// code on paper. A visit like any other.
#include "appliance/core/log.h"
#include "appliance/node/field_views.h"
#include "appliance/node/form_actions.h"
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"
#include "appliance/office/form/text_rules.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace amt::node {
namespace {

using office::FreeTime;
using office::WantedService;

constexpr std::size_t concernsMax = 4;
constexpr int daysAhead = 92;
constexpr int startsAsked = 2000;
constexpr Milliseconds portalPatience = std::chrono::seconds(25);

std::string languageOf(const Exchange& exchange)
{
    return exchange.visit ? exchange.visit->language : "de";
}

std::chrono::minutes durationOf(House& house, const Visit& visit)
{
    return office::durationOf(house.calendar.plan().times(), visit.wanted);
}

/// Leaves what has the word in its name; everything, when nothing has.
void find(page::ConcernsPage& view, const std::string& word)
{
    std::vector<page::ConcernsPage::Concern> fitting;
    for (const auto& concern : view.concerns) {
        if (office::folded(concern.name).find(word) != std::string::npos)
            fitting.push_back(concern);
    }
    using Found = page::ConcernsPage::Found;
    if (fitting.size() == view.concerns.size())
        return;
    view.found = fitting.empty() ? Found::Nothing : Found::Some;
    if (!fitting.empty())
        view.concerns = std::move(fitting);
}

HttpResponse concernsPage(House& house, const Exchange& exchange, bool adds)
{
    const auto language = languageOf(exchange);
    page::ConcernsPage view;
    view.adds = adds;
    for (const auto& service : house.calendar.plan().services) {
        const bool wanted =
            adds && std::ranges::find(exchange.visit->wanted, service.key,
                                      &WantedService::serviceKey) != exchange.visit->wanted.end();
        if (!wanted)
            view.concerns.push_back({service.key, office::textIn(service.name, language),
                                     static_cast<int>(service.time.each.count())});
    }
    const auto search = exchange.query.find("search");
    constexpr std::size_t searchMax = 160; // 40 characters of any script
    if (search != exchange.query.end()) {
        if (search->second.size() > searchMax)
            throw Error(ErrorCode::RequestMalformed, "search");
        const std::string word = office::folded(office::tidied(search->second));
        if (word.empty())
            return house.kioskPage(exchange, page::ConcernSearchPage{adds});
        find(view, word);
    }
    return house.kioskPage(exchange, view);
}

/// The first free start of each quarter of an hour.
std::vector<FreeTime> offered(House& house, const Visit& visit, std::optional<LocalDate> day)
{
    const auto all = house.calendar.freeTimes({.scope = house.calendar.plan().scope,
                                               .duration = durationOf(house, visit),
                                               .from = day,
                                               .days = day ? 1 : daysAhead,
                                               .limit = startsAsked});
    return office::quarterHours(all);
}

/// The visit, where it chooses a time. Throws StepOutOfOrder.
Visit& choosing(Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Booking)
        throw Error(ErrorCode::StepOutOfOrder, "no time is chosen in this step");
    return visit;
}

int cellIn(const std::string& text)
{
    int cell = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), cell);
    if (failed != std::errc() || end != text.data() + text.size() || cell < 0 ||
        cell >= office::cellsMax)
        throw Error(ErrorCode::RequestMalformed, "cell");
    return cell;
}

office::Appointment requiredAppointment(House& house, const Visit& visit)
{
    auto found = house.calendar.appointments.find(visit.appointmentId);
    if (!found)
        throw Error(ErrorCode::StepOutOfOrder, "no appointment in this visit");
    return *std::move(found);
}

/// What was held goes, and the citizen chooses again.
void giveUpTime(House& house, Visit& visit)
{
    house.commit(visit, [&] {
        if (visit.step == Step::Asking)
            house.rounds->bookings.withdraw(visit.wish, house.now());
        house.calendar.letGo(visit.appointmentId);
        visit.apply(VisitEvent::TimeGivenUp);
    });
    visit.appointmentId.clear();
}

/// The portal is asked; the citizen waits.
void ask(House& house, Visit& visit, const office::quota::Wish& wish)
{
    house.commit(visit, [&] {
        visit.wish = house.calendar.ask(wish);
        visit.appointmentId = wish.id;
        visit.apply(VisitEvent::PortalAsked);
    });
    visit.askedAt = house.doors.loop.sinceBoot();
}

std::string problemOf(const std::string& refusal)
{
    if (refusal == "time-taken")
        return "taken";
    return refusal == "reservation-lapsed" || refusal.starts_with("appointment-") ? "lapsed"
                                                                                  : "portal";
}

/// Booked: the citizen gets the paper, the desk the name.
void noteBooked(House& house, Visit& visit, const office::Appointment& booked)
{
    const Contact who = contactOf(visit.answers);
    house.checkIn.expect(booked, &who);
    visit.answers.clear(); // sealed for the desk; nobody here needs the name any more
    house.visits.save(visit);
    log::info("appointment.booked", {{"appointment", visit.appointmentId}});
    house.receipts.printAppointment(visit.appointmentId, visit.language);
}

} // namespace

Reply showConcerns(House& house, Exchange& exchange)
{
    if (!house.givesAppointments())
        return redirect("/");
    if (exchange.visit && !exchange.visit->allows(VisitEvent::BookingBegun))
        return redirect(addressOf(exchange.visit->step));
    if (exchange.visit)
        house.visits.touch(*exchange.visit);
    return concernsPage(house, exchange, false);
}

Reply chooseConcern(House& house, Exchange& exchange)
{
    const std::string& service = exchange.field("service");
    if (!house.givesAppointments() || !house.calendar.plan().service(service))
        throw Error(ErrorCode::NotFound, "no such concern");
    const bool opensNow = exchange.visit == nullptr;
    Visit& visit = opensNow ? house.openVisit("de", exchange.field("key")) : *exchange.visit;
    house.visits.touch(visit);
    if (visit.step != Step::Booking) { // else the same press again
        if (!visit.allows(VisitEvent::BookingBegun))
            throw Error(ErrorCode::StepOutOfOrder, "an appointment in a later step");
        visit.wanted = {{service, 1}};
        house.advance(visit, VisitEvent::BookingBegun);
    }
    HttpResponse response = redirect(addressOf(visit.step));
    if (opensNow)
        setCookie(response, visitCookie, visit.cookie, OverTls::No);
    return response;
}

Reply showBooking(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Booking)
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    const auto& plan = house.calendar.plan();
    page::BookingPage view;
    for (const auto& wanted : visit.wanted) {
        const auto* service = plan.service(wanted.serviceKey);
        if (!service)
            throw Error(ErrorCode::NotFound, "a concern that the town does not offer any more");
        view.wanted.push_back({service->key, office::textIn(service->name, visit.language),
                               house.calendar.bring(*service, visit.language), wanted.quantity,
                               service->time.quantityMax});
    }
    view.minutes = static_cast<int>(durationOf(house, visit).count());
    view.canAdd = visit.wanted.size() < concernsMax && visit.wanted.size() < plan.services.size();
    return house.kioskPage(exchange, view);
}

Reply showMoreConcerns(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Booking || visit.wanted.size() >= concernsMax)
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    return concernsPage(house, exchange, true);
}

Reply changeBooking(House& house, Exchange& exchange)
{
    Visit& visit = choosing(exchange);
    house.visits.touch(visit);
    const std::string& key = exchange.field("service");
    const std::string& change = exchange.field("change");
    const auto* service = house.calendar.plan().service(key);
    if (!service)
        throw Error(ErrorCode::NotFound, "no such concern");
    auto wanted = visit.wanted;
    const auto known = std::ranges::find(wanted, key, &WantedService::serviceKey);
    if (change == "add") {
        if (known == wanted.end() && wanted.size() < concernsMax)
            wanted.push_back({key, 1});
    } else if (known == wanted.end()) {
        throw Error(ErrorCode::NotFound, "a concern that is not wanted");
    } else if (change == "more") {
        known->quantity = std::min(known->quantity + 1, service->time.quantityMax);
    } else if (change == "less") {
        if (known->quantity > 1)
            --known->quantity;
        else if (wanted.size() > 1)
            wanted.erase(known);
    } else {
        throw Error(ErrorCode::RequestMalformed, "change");
    }
    office::durationOf(house.calendar.plan().times(), wanted); // refused whole when it is too long
    visit.wanted = std::move(wanted);
    house.visits.save(visit);
    return redirect(addressOf(visit.step));
}

Reply showDays(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Booking)
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    page::DaysPage view;
    for (const auto& each : offered(house, visit, std::nullopt)) {
        if (view.days.empty() || view.days.back().day != each.day)
            view.days.push_back({each.day, 0, false, false});
        auto& day = view.days.back();
        ++day.free;
        const bool isMorning = localTime(each.start) < "12:00";
        day.morning = day.morning || isMorning;
        day.afternoon = day.afternoon || !isMorning;
    }
    view.problem = std::exchange(visit.bookingProblem, {});
    if (house.rounds && house.rounds->needsClerk()) // why there are none
        view.problem = "paused";
    view.phone = house.town.phone;
    return house.kioskPage(exchange, view);
}

Reply showTimes(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    const auto day = exchange.query.find("day");
    if (visit.step != Step::Booking || day == exchange.query.end())
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    page::TimesPage view;
    view.day = localDateFromIso(day->second);
    for (const auto& each : offered(house, visit, view.day))
        view.times.push_back({each.cell, each.start});
    if (view.times.empty()) { // somebody took the last one
        visit.bookingProblem = "taken";
        return redirect("/visit/booking/days");
    }
    return house.kioskPage(exchange, view);
}

Reply reserveTime(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.step == Step::Contact || visit.step == Step::Asking) // the same press again
        return redirect(addressOf(visit.step));
    choosing(exchange);
    office::AppointmentWish wish;
    wish.id = randomUuid(house.doors.random);
    wish.scope = house.calendar.plan().scope;
    wish.day = localDateFromIso(exchange.field("day"));
    wish.cell = cellIn(exchange.field("cell"));
    wish.services = visit.wanted;
    wish.duration = durationOf(house, visit);
    const auto outcome = house.commit(visit, [&] {
        auto reserved = house.calendar.appointments.reserve(wish, house.calendar.now());
        if (std::holds_alternative<office::Appointment>(reserved)) {
            visit.appointmentId = wish.id;
            visit.answers.clear();
            visit.faults.clear();
            visit.apply(VisitEvent::TimeReserved);
        }
        return reserved;
    });
    if (std::holds_alternative<office::Appointment>(outcome))
        return redirect(addressOf(visit.step));
    if (!house.calendar.isAtPortal(wish)) {
        visit.bookingProblem = "taken";
        return redirect("/visit/booking/days");
    }
    visit.answers.clear();
    visit.faults.clear();
    ask(house, visit,
        {.act = office::quota::WishAct::Reserve,
         .id = wish.id,
         .scope = wish.scope,
         .start = office::DayCells(wish.day).startOf(wish.cell),
         .minutes = static_cast<int>(wish.duration.count()),
         .services = office::servicesJson(wish.services)});
    return redirect(addressOf(visit.step));
}

void portalAnswered(House& house, Visit& visit)
{
    using enum office::PortalBookings::WishState;
    const auto standing = house.rounds->bookings.find(visit.wish);
    const bool isLate = house.doors.loop.sinceBoot() > visit.askedAt + portalPatience;
    if (standing && standing->state == Open && !isLate)
        return;
    const auto found = house.calendar.appointments.find(visit.appointmentId);
    const bool isDone = standing && standing->state == Done && found;
    if (isDone && found->state == office::AppointmentState::Reserved) {
        house.commit(visit, [&] { visit.apply(VisitEvent::TimeReserved); });
    } else if (isDone && found->state == office::AppointmentState::Confirmed) {
        house.commit(visit, [&] { visit.apply(VisitEvent::Confirmed); });
        noteBooked(house, visit, *found);
    } else {
        visit.bookingProblem = problemOf(standing ? standing->refusal : "");
        giveUpTime(house, visit);
    }
    house.publish(visit);
}

Reply showAsking(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step == Step::Asking)
        portalAnswered(house, visit); // nobody may have, when the line was cut
    if (visit.step != Step::Asking)
        return redirect(visit.bookingProblem.empty() ? addressOf(visit.step)
                                                     : "/visit/booking/days");
    const auto held = house.calendar.appointments.find(visit.appointmentId);
    return house.kioskPage(exchange, page::AskingPage{.confirms = held.has_value()});
}

Reply stopAsking(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.step != Step::Asking)
        return redirect(addressOf(visit.step));
    giveUpTime(house, visit);
    return redirect("/visit/booking/days");
}

Reply showContact(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Contact)
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    const auto held = requiredAppointment(house, visit);
    std::vector<const office::Field*> fields;
    for (const auto& field : contactForm().fields) {
        if (!field.optional ||
            house.checkIn.readsCards()) // nobody is asked for what serves nothing
            fields.push_back(&field);
    }
    page::FormPage view;
    view.kind = page::FormPage::Kind::Contact;
    view.appointment = held.start;
    view.heldUntil = held.reservedUntil;
    const auto now = house.calendar.now();
    // A button that wins less than a minute would say nothing new.
    view.canHoldLonger = !held.atPortal && held.reservedUntil &&
                         house.calendar.appointments.heldAtMost(held, now) >=
                             *held.reservedUntil + std::chrono::minutes(1);
    view.fields = fieldViews(fields, visit.answers, visit.faults, visit.language);
    return house.kioskPage(exchange, view);
}

Reply confirmBooking(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.step == Step::Booked || visit.step == Step::Asking) // the same press again
        return redirect(addressOf(visit.step));
    if (visit.step != Step::Contact)
        throw Error(ErrorCode::StepOutOfOrder, "a name in another step");
    const std::string action = exchange.field("action");
    Fields posted = exchange.fields;
    posted.erase("key");
    posted.erase("action");
    auto taken = office::takePage(contactForm(), 1, visit.answers, posted);
    visit.answers = std::move(taken.answers);
    if (action == "back") {
        visit.faults.clear();
        giveUpTime(house, visit);
        return redirect("/visit/booking/days");
    }
    if (action == "longer") {
        const auto held = requiredAppointment(house, visit);
        if (!held.atPortal)
            house.calendar.appointments.holdLonger(held.id, held.version, house.calendar.now());
        house.visits.save(visit);
        return redirect(addressOf(visit.step)); // a lapsed one is said when the name comes
    }
    if (action != "next") { // a button of the frame; what was typed stays
        adjustFrame(house, visit, action);
        house.visits.save(visit);
        return redirect(addressWithPart(addressOf(visit.step), action));
    }
    visit.faults = std::move(taken.faults);
    if (!visit.faults.empty()) {
        house.visits.save(visit);
        return redirect(addressOf(visit.step));
    }
    const auto contact = house.calendar.seal(contactOf(visit.answers));
    const auto held = requiredAppointment(house, visit);
    if (held.atPortal) {
        ask(house, visit,
            {.act = office::quota::WishAct::Confirm,
             .id = held.id,
             .start = std::nullopt,
             .version = held.version,
             .contact = contact.sealed});
        return redirect(addressOf(visit.step));
    }
    const auto outcome = house.commit(visit, [&] {
        auto confirmed = house.calendar.appointments.confirm(held.id, held.version, contact, "",
                                                             house.calendar.now());
        const bool lapsed = std::holds_alternative<office::ReservationLapsed>(confirmed);
        visit.apply(lapsed ? VisitEvent::TimeGivenUp : VisitEvent::Confirmed);
        return confirmed;
    });
    if (std::holds_alternative<office::ReservationLapsed>(outcome)) {
        visit.appointmentId.clear();
        visit.bookingProblem = "lapsed";
        return redirect("/visit/booking/days");
    }
    noteBooked(house, visit, held);
    return redirect(addressOf(visit.step));
}

Reply showBooked(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Booked)
        return redirect(addressOf(visit.step));
    if (!house.receipts.isPrinting(visit.appointmentId))
        house.visits.touch(visit);
    const auto booked = requiredAppointment(house, visit);
    page::BookedPage view;
    view.start = booked.start;
    view.code = booked.code;
    view.place = office::textIn(house.calendar.plan().place, visit.language);
    view.concerns = house.calendar.names(booked.services, visit.language);
    view.bring = house.calendar.bring(booked.services, visit.language);
    view.printing = house.receipts.appointmentState(booked.id);
    view.untilEnd = house.settings.doneStays;
    return house.kioskPage(exchange, view);
}

Reply printAppointment(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Booked)
        throw Error(ErrorCode::StepOutOfOrder, "nothing is booked");
    house.visits.touch(visit);
    house.receipts.printAppointment(visit.appointmentId, visit.language);
    return redirect(addressOf(visit.step));
}

} // namespace amt::node
