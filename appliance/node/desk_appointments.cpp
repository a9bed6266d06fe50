// SPDX-License-Identifier: EUPL-1.2
//
// Appointments at the desk: who comes today, booking by phone in four steps (what, when, who, the
// code to be told), move, cancel, check in whoever comes to the reception.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/house.h"
#include "appliance/office/form/text_rules.h"

#include <algorithm>
#include <charconv>

namespace amt::node {
namespace {

using office::Appointment;
using office::AppointmentState;
using office::WantedService;

constexpr int daysShown = 6; ///< with free times, of the weeks that are looked through
constexpr int daysLooked = 92;
constexpr int startsAsked = 2000;

int numberIn(std::string_view text, int most)
{
    int number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size() || number < 0 || number > most)
        throw Error(ErrorCode::RequestMalformed, "a number that cannot be meant");
    return number;
}

std::string queried(const Exchange& exchange, const std::string& name)
{
    const auto found = exchange.query.find(name);
    return found == exchange.query.end() ? std::string() : found->second;
}

/// "99085001012000*2,99049001001001*1", in the addresses of the pages.
std::string written(const std::vector<WantedService>& wanted)
{
    std::string text;
    for (const auto& each : wanted)
        text += (text.empty() ? "" : ",") + each.serviceKey + "*" + std::to_string(each.quantity);
    return text;
}

std::vector<WantedService> wantedIn(const House& house, std::string_view text)
{
    std::vector<WantedService> wanted;
    while (!text.empty()) {
        const auto entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        const auto star = entry.find('*');
        const auto* service = house.calendar.plan().service(std::string(entry.substr(0, star)));
        if (!service || star == std::string_view::npos)
            throw Error(ErrorCode::RequestMalformed, "what is wanted");
        wanted.push_back(
            {service->key, numberIn(entry.substr(star + 1), service->time.quantityMax)});
    }
    return wanted;
}

/// "2026-11-23/96"
struct At {
    LocalDate day;
    int cell = 0;
};
At placeIn(const std::string& text)
{
    const auto slash = text.find('/');
    if (slash == std::string::npos)
        throw Error(ErrorCode::RequestMalformed, "place");
    return {localDateFromIso(text.substr(0, slash)),
            numberIn(std::string_view(text).substr(slash + 1), office::cellsMax - 1)};
}

Appointment requiredAppointment(House& house, const Exchange& exchange)
{
    const std::string& id = exchange.segments.at(0);
    auto found = isUuid(id) ? house.calendar.appointments.find(id) : std::nullopt;
    if (!found || found->state == AppointmentState::Reserved ||
        found->state == AppointmentState::Lapsed)
        throw Error(ErrorCode::NotFound, "appointment");
    return *std::move(found);
}

std::string addressOf(const Appointment& appointment)
{
    return "/desk/appointments/" + appointment.id;
}

std::string joined(const std::vector<std::string>& names)
{
    std::string text;
    for (const auto& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string nameOf(const Contact& contact)
{
    return contact.familyName + (contact.givenNames.empty() ? "" : ", " + contact.givenNames);
}

/// What became of it, in the page's words.
std::string stateOf(House& house, const Appointment& appointment,
                    const std::optional<office::Ticket>& ticket)
{
    using enum office::TicketState;
    if (appointment.state == AppointmentState::Cancelled)
        return "cancelled";
    if (!ticket)
        return house.now() > appointment.start + appointment.duration ? "absent"
               : house.now() > appointment.start                      ? "late"
                                                                      : "expected";
    switch (ticket->state) {
    case Drawn:
    case Waiting:
        return "waiting";
    case Called:
    case Serving:
    case Parked:
    case ForPickUp:
        return "atDesk";
    case Finished:
        return "served";
    default:
        return "absent";
    }
}

/// Whoever sees names leaves a record of it.
void noteReading(House& house, const Exchange& exchange, const std::string& about,
                 const std::string& act)
{
    house.doors.database.transact([&] {
        house.journal.append(outbox::RecordKind::Audit, about,
                             {{"clerk", exchange.clerk->clerk.name}, {"act", act}}, house.now());
    });
}

/// `of`: an appointment that is to be moved goes where its owner sells, here or at the portal.
void addTimes(House& house, page::DeskBookingPage& view, std::chrono::minutes duration,
              const Appointment* of = nullptr)
{
    const office::FreeQuestion question{.scope = house.calendar.plan().scope,
                                        .duration = duration,
                                        .booker = office::Booker::Staff,
                                        .from = view.from,
                                        .days = daysLooked,
                                        .limit = startsAsked};
    const auto found = !of ? house.calendar.freeTimes(question)
                       : of->atPortal
                           ? house.calendar.freeAtPortal(question)
                           : house.calendar.ledger.freeTimes(question, house.calendar.now());
    for (const auto& each : office::quarterHours(found)) {
        if (view.days.empty() || view.days.back().day != each.day) {
            if (view.days.size() == daysShown)
                break;
            view.days.push_back({each.day, {}});
        }
        view.days.back().times.push_back({each.cell, each.start});
    }
}

LocalDate dayFrom(House& house, const Exchange& exchange, const std::string& name)
{
    const std::string day = queried(exchange, name);
    return day.empty() ? localDate(house.now()) : localDateFromIso(day);
}

/// The page where a time is chosen, or who comes once one is.
HttpResponse bookingPage(House& house, const Exchange& exchange, const std::string& what,
                         const std::optional<At>& at, const Contact& contact, const std::string& id,
                         const std::string& problem, int status)
{
    using Stage = page::DeskBookingPage::Stage;
    const auto wanted = wantedIn(house, what);
    const auto duration = office::durationOf(house.calendar.plan().times(), wanted);
    page::DeskBookingPage view;
    view.stage = at ? Stage::Name : Stage::Time;
    view.what = what;
    view.summary = joined(house.calendar.names(wanted, "de"));
    view.minutes = static_cast<int>(duration.count());
    view.problem = problem;
    if (at) {
        view.id = id;
        view.day = at->day;
        view.cell = at->cell;
        view.start = office::DayCells(at->day).startOf(at->cell);
        view.familyName = contact.familyName;
        view.givenNames = contact.givenNames;
        view.phone = contact.phone;
        if (house.checkIn.readsCards())
            view.dateOfBirth = contact.dateOfBirth;
    } else {
        view.from = dayFrom(house, exchange, "from");
        addTimes(house, view, duration);
    }
    return house.deskPage(exchange, view, status);
}

HttpResponse appointmentPage(House& house, const Exchange& exchange, const Appointment& appointment,
                             const std::string& problem = {}, int status = 200)
{
    page::AppointmentPage view;
    view.id = appointment.id;
    view.code = appointment.code;
    view.version = appointment.version;
    view.start = appointment.start;
    view.minutes = static_cast<int>(appointment.duration.count());
    view.concerns = house.calendar.names(appointment.services, "de");
    view.problem = problem;
    view.atPortal = appointment.atPortal;
    view.displaced =
        appointment.displaced && appointment.state == office::AppointmentState::Confirmed;
    const auto ticket = house.hall.queue.findByAppointment(appointment.id);
    view.state = stateOf(house, appointment, ticket);
    if (ticket)
        view.ticket = office::toText(ticket->number);
    view.canChange = appointment.state == AppointmentState::Confirmed && !ticket &&
                     appointment.start + appointment.duration > house.now();
    view.canCheckIn = appointment.state == AppointmentState::Confirmed && !ticket &&
                      appointment.place.day == localDate(house.now());
    if (const auto deskKey = house.people.openDeskKey(exchange.clerk->token, house.now())) {
        view.readable = true;
        if (const auto contact = house.calendar.open(appointment, *deskKey)) {
            house.checkIn.expect(appointment, &*contact);
            noteReading(house, exchange, appointment.id, "read-appointment");
            view.name = nameOf(*contact);
            view.phone = contact->phone;
            view.dateOfBirth = contact->dateOfBirth;
        }
    }
    if (exchange.query.contains("tell") && appointment.state == AppointmentState::Confirmed)
        view.tell = {office::textIn(house.calendar.plan().place, "de"),
                     house.calendar.bring(appointment.services, "de")};
    return house.deskPage(exchange, view, status);
}

page::AppointmentsPage::Filter filterIn(House& house, const Exchange& exchange)
{
    constexpr std::size_t searchMax = 60;
    page::AppointmentsPage::Filter filter;
    filter.state = queried(exchange, "state");
    filter.service = queried(exchange, "service");
    filter.search = queried(exchange, "search");
    constexpr std::string_view states[] = {"",       "expected", "late",  "waiting",
                                           "atDesk", "served",   "absent"};
    if (std::ranges::find(states, filter.state) == std::end(states) ||
        filter.search.size() > searchMax ||
        (!filter.service.empty() && !house.calendar.plan().service(filter.service)))
        throw Error(ErrorCode::RequestMalformed, "a choice that is not offered");
    for (const auto& service : house.calendar.plan().services)
        filter.services.push_back({service.key, office::textIn(service.name, "de")});
    return filter;
}

/// Codes without their hyphens, names in any case.
bool isWanted(const page::AppointmentsPage::Filter& filter, const page::AppointmentsPage::Row& row,
              const std::vector<WantedService>& services)
{
    const auto plain = [](std::string text) {
        std::erase_if(text, [](char letter) { return letter == '-' || letter == ' '; });
        return office::folded(text);
    };
    const bool isService =
        filter.service.empty() ||
        std::ranges::find(services, filter.service, &WantedService::serviceKey) != services.end();
    const bool isState = filter.state.empty() || filter.state == row.state;
    const std::string search = plain(filter.search);
    return isService && isState &&
           (search.empty() || plain(row.name).find(search) != std::string::npos ||
            plain(row.code).find(search) != std::string::npos);
}

/// The portal is asked, and the clerk waits for its answer.
HttpResponse asked(House& house, const Exchange& exchange, const office::quota::Wish& wish,
                   const std::string& act, const std::string& reason = "")
{
    const auto number = house.doors.database.transact([&] {
        house.journal.append(
            outbox::RecordKind::Audit, wish.id,
            {{"clerk", exchange.clerk->clerk.name}, {"act", act}, {"reason", reason}}, house.now());
        return house.calendar.ask(wish);
    });
    return redirect("/desk/appointments/asked/" + std::to_string(number) +
                    (wish.act == office::quota::WishAct::Book ? "?tell=1" : ""));
}

std::string problemOf(const std::string& refusal)
{
    if (refusal == "time-taken")
        return "taken";
    return refusal.starts_with("appointment-") ? "changed" : "portal";
}

} // namespace

Reply showAppointments(House& house, Exchange& exchange)
{
    page::AppointmentsPage view;
    view.offered = house.calendar.isOffered();
    view.day = dayFrom(house, exchange, "day");
    if (!view.offered)
        return house.deskPage(exchange, view);
    const auto deskKey = house.people.openDeskKey(exchange.clerk->token, house.now());
    view.readable = deskKey.has_value();
    view.filter = filterIn(house, exchange);
    for (const auto& each :
         house.calendar.appointments.ofDay(house.calendar.plan().scope, view.day)) {
        if (each.state != AppointmentState::Confirmed)
            continue;
        page::AppointmentsPage::Row row;
        row.id = each.id;
        row.code = each.code;
        row.start = each.start;
        row.minutes = static_cast<int>(each.duration.count());
        row.concerns = joined(house.calendar.names(each.services, "de"));
        const auto ticket = house.hall.queue.findByAppointment(each.id);
        row.state = stateOf(house, each, ticket);
        row.displaced = each.displaced;
        if (ticket)
            row.ticket = office::toText(ticket->number);
        if (const auto contact = deskKey ? house.calendar.open(each, *deskKey) : std::nullopt) {
            house.checkIn.expect(each, &*contact);
            row.name = nameOf(*contact);
        }
        if (isWanted(view.filter, row, each.services))
            view.rows.push_back(std::move(row));
        else
            ++view.filter.left;
    }
    if (deskKey && !view.rows.empty())
        noteReading(house, exchange, house.calendar.plan().scope,
                    "read-appointments " + toIso(view.day));
    return house.deskPage(exchange, view);
}

Reply showNewAppointment(House& house, Exchange& exchange)
{
    if (!house.calendar.isOffered())
        return redirect("/desk/appointments");
    const std::string what = queried(exchange, "what");
    if (what.empty()) {
        page::DeskBookingPage view;
        for (const auto& service : house.calendar.plan().services)
            view.concerns.push_back({service.key, office::textIn(service.name, "de"),
                                     service.time.quantityMax,
                                     static_cast<int>(service.time.each.count())});
        view.problem = exchange.query.contains("nothing") ? "nothing" : "";
        return house.deskPage(exchange, view);
    }
    const std::string at = queried(exchange, "at");
    return bookingPage(house, exchange, what,
                       at.empty() ? std::nullopt : std::optional(placeIn(at)), {},
                       randomUuid(house.doors.random), "", 200);
}

Reply chooseConcerns(House& house, Exchange& exchange)
{
    std::vector<WantedService> wanted;
    for (const auto& service : house.calendar.plan().services) {
        const auto posted = exchange.fields.find(service.key);
        const int quantity = posted == exchange.fields.end() || posted->second.empty()
                                 ? 0
                                 : numberIn(posted->second, service.time.quantityMax);
        if (quantity > 0)
            wanted.push_back({service.key, quantity});
    }
    for (const auto& [name, value] : exchange.fields) {
        if (name != "key" && !house.calendar.plan().service(name))
            throw Error(ErrorCode::FormFieldUnexpected, name);
    }
    if (wanted.empty())
        return redirect("/desk/appointments/new?nothing=1");
    office::durationOf(house.calendar.plan().times(), wanted); // refused when it is too long
    return redirect("/desk/appointments/new?what=" + written(wanted));
}

Reply bookByPhone(House& house, Exchange& exchange)
{
    const std::string& id = exchange.field("id");
    if (!isUuid(id))
        throw Error(ErrorCode::RequestMalformed, "id");
    const std::string& what = exchange.field("what");
    const At at = placeIn(exchange.field("at"));
    const auto born = exchange.fields.find("dateOfBirth");
    const auto taken =
        office::takePage(contactForm(), 1, {},
                         {{"givenNames", exchange.field("givenNames")},
                          {"familyNames", exchange.field("familyNames")},
                          {"dateOfBirth", born == exchange.fields.end() ? "" : born->second}});
    Contact contact = contactOf(taken.answers);
    contact.phone = exchange.field("phone");
    constexpr std::size_t phoneMax = 40;
    const bool phoneIsWrong =
        contact.phone.size() > phoneMax ||
        contact.phone.find_first_not_of("0123456789+-/() ") != std::string::npos;
    if (!taken.faults.empty() || phoneIsWrong)
        return bookingPage(house, exchange, what, at, contact, id,
                           phoneIsWrong                                  ? "phone"
                           : taken.faults.front().field == "dateOfBirth" ? "born"
                                                                         : "name",
                           400);
    office::AppointmentWish wish;
    wish.id = id;
    wish.scope = house.calendar.plan().scope;
    wish.day = at.day;
    wish.cell = at.cell;
    wish.services = wantedIn(house, what);
    wish.duration = office::durationOf(house.calendar.plan().times(), wish.services);
    wish.booker = office::Booker::Staff;
    const auto booked = house.calendar.appointments.book(
        wish, house.calendar.seal(contact), exchange.clerk->clerk.name, house.calendar.now());
    const auto* made = std::get_if<Appointment>(&booked);
    if (!made && house.calendar.isAtPortal(wish))
        return asked(house, exchange,
                     {.act = office::quota::WishAct::Book,
                      .id = wish.id,
                      .scope = wish.scope,
                      .start = office::DayCells(wish.day).startOf(wish.cell),
                      .minutes = static_cast<int>(wish.duration.count()),
                      .services = office::servicesJson(wish.services),
                      .contact = house.calendar.seal(contact).sealed,
                      .isOfStaff = true},
                     "book-appointment");
    if (!made)
        return bookingPage(house, exchange, what, std::nullopt, {}, id, "taken", 409);
    house.checkIn.expect(*made, &contact);
    log::info("appointment.booked", {{"appointment", id}});
    return redirect(addressOf(*made) + "?tell=1");
}

Reply showAppointment(House& house, Exchange& exchange)
{
    return appointmentPage(house, exchange, requiredAppointment(house, exchange));
}

Reply showMove(House& house, Exchange& exchange)
{
    const auto appointment = requiredAppointment(house, exchange);
    page::DeskBookingPage view;
    view.stage = page::DeskBookingPage::Stage::Time;
    view.moves = appointment.id;
    view.version = appointment.version;
    view.start = appointment.start;
    view.summary = joined(house.calendar.names(appointment.services, "de"));
    view.minutes = static_cast<int>(appointment.duration.count());
    view.from = dayFrom(house, exchange, "from");
    view.problem = exchange.query.contains("taken") ? "taken" : "";
    addTimes(house, view, appointment.duration, &appointment);
    return house.deskPage(exchange, view);
}

Reply moveAppointment(House& house, Exchange& exchange)
{
    const auto appointment = requiredAppointment(house, exchange);
    const At at = placeIn(exchange.field("at"));
    constexpr int versionsMax = 1'000'000;
    if (appointment.atPortal)
        return asked(house, exchange,
                     {.act = office::quota::WishAct::Move,
                      .id = appointment.id,
                      .start = office::DayCells(at.day).startOf(at.cell),
                      .version = numberIn(exchange.field("version"), versionsMax),
                      .isOfStaff = true},
                     "move-appointment");
    const auto moved = house.calendar.appointments.move(
        appointment.id, numberIn(exchange.field("version"), versionsMax), at.day, at.cell,
        office::Booker::Staff, office::GivenBack::AtOnce, exchange.clerk->clerk.name,
        house.calendar.now());
    if (!std::holds_alternative<Appointment>(moved))
        return redirect(addressOf(appointment) + "/move?taken=1");
    return redirect(addressOf(appointment));
}

Reply cancelAppointment(House& house, Exchange& exchange)
{
    const auto appointment = requiredAppointment(house, exchange);
    constexpr int versionsMax = 1'000'000;
    if (appointment.atPortal)
        return asked(house, exchange,
                     {.act = office::quota::WishAct::Cancel,
                      .id = appointment.id,
                      .start = std::nullopt,
                      .version = numberIn(exchange.field("version"), versionsMax)},
                     "cancel-appointment", reasonOf(exchange));
    house.calendar.appointments.cancel(appointment.id,
                                       numberIn(exchange.field("version"), versionsMax),
                                       office::GivenBack::Blocked, exchange.clerk->clerk.name,
                                       reasonOf(exchange), house.calendar.now());
    return redirect(addressOf(appointment));
}

Reply showAsked(House& house, Exchange& exchange)
{
    using enum office::PortalBookings::WishState;
    constexpr int wishesMax = 1'000'000'000;
    const int number = numberIn(exchange.segments.at(0), wishesMax);
    const auto standing = house.rounds ? house.rounds->bookings.find(number) : std::nullopt;
    if (!standing)
        throw Error(ErrorCode::NotFound, "no such wish");
    const bool tells = exchange.query.contains("tell");
    if (standing->state == Done)
        return redirect("/desk/appointments/" + standing->appointment + (tells ? "?tell=1" : ""));
    const auto known = house.calendar.appointments.find(standing->appointment);
    page::AskedPage view;
    view.number = number;
    view.waits = standing->state == Open;
    view.tells = tells;
    view.problem = view.waits ? "" : problemOf(standing->refusal);
    view.appointment = known ? known->id : "";
    return house.deskPage(exchange, view);
}

Reply stopAsked(House& house, Exchange& exchange)
{
    constexpr int wishesMax = 1'000'000'000;
    const int number = numberIn(exchange.segments.at(0), wishesMax);
    if (!house.rounds || !house.rounds->bookings.find(number))
        throw Error(ErrorCode::NotFound, "no such wish");
    house.rounds->bookings.withdraw(number, house.calendar.now());
    return redirect("/desk/appointments/asked/" + std::to_string(number));
}

Reply checkInAtDesk(House& house, Exchange& exchange)
{
    const auto appointment = requiredAppointment(house, exchange);
    const auto outcome =
        house.calendar.checkIn(appointment, randomUuid(house.doors.random),
                               office::Channel::Reception, {exchange.clerk->clerk.name});
    if (const auto* ticket = std::get_if<office::Ticket>(&outcome)) {
        house.hall.publish();
        house.receipts.printTicket(ticket->id, "de");
        return redirect(addressOf(appointment));
    }
    if (std::holds_alternative<office::AlreadyCheckedIn>(outcome))
        return redirect(addressOf(appointment));
    return appointmentPage(house, exchange, appointment,
                           std::holds_alternative<office::TooEarly>(outcome)       ? "tooEarly"
                           : std::holds_alternative<office::LimitReached>(outcome) ? "full"
                                                                                   : "tooLate",
                           409);
}

Reply printAtDesk(House& house, Exchange& exchange)
{
    const auto appointment = requiredAppointment(house, exchange);
    house.receipts.printAppointment(appointment.id, "de");
    return redirect(addressOf(appointment));
}

} // namespace amt::node
