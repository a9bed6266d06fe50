// SPDX-License-Identifier: EUPL-1.2
//
// What amtctl takes from the calendar as files, and appointments that it brings.
#include "appliance/node/calendar_files.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/node/machine_routes.h"

namespace amt::node {
namespace {

using office::BroughtAppointment;

constexpr int daysMax = 366;
constexpr std::size_t phoneMax = 40;
/// Who has booked what came from another system.
constexpr auto broughtBy = "amtctl";

/// Thrown through a transaction: nothing of it stays.
struct TakenBack {};

/// What became of one of them. None of the words says whose it is.
enum class Fate { Taken, Asked, Known, Past, Service, Name, Phone, Grid, NotFree, Portal };

const char* word(Fate fate)
{
    switch (fate) {
    case Fate::Taken:
        return "taken";
    case Fate::Asked:
        return "asked";
    case Fate::Known:
        return "known";
    case Fate::Past:
        return "past";
    case Fate::Service:
        return "service";
    case Fate::Name:
        return "name";
    case Fate::Phone:
        return "phone";
    case Fate::Grid:
        return "grid";
    case Fate::NotFree:
        return "not-free";
    case Fate::Portal:
        return "portal";
    }
    AMT_ASSERT(false && "a fate without a word");
}

bool isConflict(Fate fate)
{
    return fate != Fate::Taken && fate != Fate::Asked && fate != Fate::Known && fate != Fate::Past;
}

/// A name that is missing is missing; one that is there is one that we can write.
bool isName(const std::string& field, const std::string& value)
{
    if (value.empty())
        return true;
    const auto taken = office::takePage(contactForm(), 1, {}, {{field, value}});
    return std::ranges::none_of(taken.faults,
                                [&](const auto& fault) { return fault.field == field; });
}

Fate fateOf(const House& house, const BroughtAppointment& brought)
{
    const UtcTime now = house.calendar.now();
    if (house.calendar.appointments.find(office::idOf(brought)))
        return Fate::Known;
    if (brought.start + brought.duration <= now)
        return Fate::Past;
    for (const auto& wanted : brought.services) {
        const auto* service = house.calendar.plan().service(wanted.serviceKey);
        if (!service || wanted.quantity > service->time.quantityMax)
            return Fate::Service;
    }
    if (!isName("familyNames", brought.familyName) || !isName("givenNames", brought.givenNames))
        return Fate::Name;
    if (brought.phone.size() > phoneMax ||
        brought.phone.find_first_not_of("0123456789+-/() ") != std::string::npos)
        return Fate::Phone;
    const office::DayCells cells(localDate(brought.start));
    const int cell = cells.firstFrom(brought.start);
    if (cell == cells.count() || cells.startOf(cell) != brought.start)
        return Fate::Grid;
    return Fate::Taken;
}

/// What became of it at the portal; nothing: it was never asked.
std::optional<Fate> fateAtPortal(const House& house, const std::string& id)
{
    using enum office::PortalBookings::WishState;
    const auto standing = house.rounds ? house.rounds->bookings.about(id) : std::nullopt;
    if (!standing)
        return std::nullopt;
    if (standing->state == Open)
        return Fate::Asked;
    if (standing->state != Refused)
        return Fate::Known;
    return standing->refusal == "time-taken" ? Fate::NotFree : Fate::Portal;
}

Fate take(House& house, const BroughtAppointment& brought, bool isDryRun)
{
    const Fate fate = fateOf(house, brought);
    if (fate != Fate::Taken)
        return fate;
    // What was refused is asked again only when somebody says so.
    const auto before = fateAtPortal(house, office::idOf(brought));
    if (before && (isDryRun || !isConflict(*before)))
        return *before;
    office::AppointmentWish wish;
    wish.id = office::idOf(brought);
    wish.scope = house.calendar.plan().scope;
    wish.day = localDate(brought.start);
    wish.cell = office::DayCells(wish.day).firstFrom(brought.start);
    wish.services = brought.services;
    wish.duration = brought.duration;
    wish.booker = office::Booker::Staff;
    const Contact contact{brought.familyName, brought.givenNames, brought.phone};
    const bool isNameless =
        contact.familyName.empty() && contact.givenNames.empty() && contact.phone.empty();
    const auto booked = house.calendar.appointments.book(
        wish, isNameless ? office::SealedContact() : house.calendar.seal(contact), broughtBy,
        house.calendar.now());
    if (std::holds_alternative<office::Appointment>(booked))
        return Fate::Taken;
    if (!house.rounds)
        return Fate::NotFree;
    house.rounds->bookings.wish({.act = office::quota::WishAct::Book,
                                 .id = wish.id,
                                 .scope = wish.scope,
                                 .start = brought.start,
                                 .minutes = static_cast<int>(wish.duration.count()),
                                 .services = office::servicesJson(wish.services),
                                 .contact = house.calendar.seal(contact).sealed,
                                 .isOfStaff = true},
                                house.calendar.now(), office::PortalBookings::Patience::Patient);
    return Fate::Asked;
}

} // namespace

Reply givePlan(House& house, Exchange&)
{
    if (!house.calendar.isOffered())
        throw Error(ErrorCode::NotFound, "a town without appointments");
    auto plan = house.calendar.plan();
    plan.rules = house.calendar.rules.current(plan.scope)->rules; // as changed at a desk
    return jsonAnswer(200, *office::toJson(plan));
}

Reply takeAppointments(House& house, Exchange& exchange)
{
    const auto body = json::parseObject(exchange.request.body);
    json::onlyKeys(*body, {"appointments", "dryRun", "takeRest"});
    const bool isDryRun = json::boolean(*body, "dryRun");
    const bool takesRest = json::boolean(*body, "takeRest");
    const auto list = json::array(*body, "appointments");
    if (!house.calendar.isOffered())
        throw Error(ErrorCode::NotFound, "a town without appointments");
    if (list->size() > office::broughtMax)
        throw Error(ErrorCode::InputTooLarge, "too many appointments at once");
    std::vector<BroughtAppointment> brought;
    for (unsigned i = 0; i < list->size(); ++i) {
        const auto each = list->getObject(i);
        if (each.isNull())
            throw Error(ErrorCode::JsonMalformed, "appointments: objects expected");
        brought.push_back(office::broughtFromJson(*each));
    }
    std::vector<Fate> fates;
    bool kept = true;
    try {
        house.calendar.ledger.transact([&] {
            for (const auto& each : brought)
                fates.push_back(take(house, each, isDryRun));
            if (isDryRun || (!takesRest && std::ranges::any_of(fates, isConflict)))
                throw TakenBack();
            return true;
        });
    } catch (const TakenBack&) {
        kept = false;
    }
    auto answer = json::makeObject();
    for (const Fate fate : {Fate::Taken, Fate::Asked, Fate::Known, Fate::Past})
        answer->set(word(fate), static_cast<int>(std::ranges::count(fates, fate)));
    auto conflicts = json::makeArray();
    for (std::size_t i = 0; i < fates.size(); ++i) {
        if (!isConflict(fates[i]))
            continue;
        auto each = json::makeObject();
        each->set("index", static_cast<int>(i));
        each->set("why", word(fates[i]));
        conflicts->add(each);
    }
    answer->set("conflicts", conflicts);
    answer->set("kept", kept);
    log::info("appointments.brought", {{"count", std::to_string(fates.size())},
                                       {"conflicts", std::to_string(conflicts->size())},
                                       {"kept", kept ? "yes" : "no"}});
    return jsonAnswer(200, *answer);
}

std::vector<BroughtAppointment> appointmentsBetween(House& house, LocalDate first, LocalDate last,
                                                    const outbox::RsaKey* deskKey)
{
    if (last < first || plusDays(first, daysMax) < last)
        throw Error(ErrorCode::InputMalformed, "days backwards, or more than a year of them");
    std::vector<BroughtAppointment> found;
    for (LocalDate day = first; day <= last; day = plusDays(day, 1)) {
        for (const auto& each :
             house.calendar.appointments.ofDay(house.calendar.plan().scope, day)) {
            if (each.state != office::AppointmentState::Confirmed)
                continue;
            BroughtAppointment given{.uid = office::uidOf(each.id),
                                     .start = each.start,
                                     .duration = each.duration,
                                     .services = each.services,
                                     .familyName = {},
                                     .givenNames = {},
                                     .phone = {}};
            if (const auto contact = deskKey ? house.calendar.open(each, *deskKey) : std::nullopt) {
                given.familyName = contact->familyName;
                given.givenNames = contact->givenNames;
                given.phone = contact->phone;
            }
            found.push_back(std::move(given));
        }
    }
    return found;
}

std::map<std::string, std::string> germanNames(const House& house)
{
    std::map<std::string, std::string> names;
    for (const auto& service : house.calendar.plan().services)
        names.emplace(service.key, office::textIn(service.name, "de"));
    return names;
}

Reply giveAppointments(House& house, Exchange& exchange)
{
    const auto day = [&](const char* name) {
        const auto found = exchange.query.find(name);
        if (found == exchange.query.end())
            throw Error(ErrorCode::RequestMalformed, name);
        return localDateFromIso(found->second);
    };
    auto list = json::makeArray();
    for (const auto& each : appointmentsBetween(house, day("from"), day("until"), nullptr))
        list->add(office::toJson(each));
    auto answer = json::makeObject();
    answer->set("time", toIso(house.now()));
    answer->set("appointments", list);
    return jsonAnswer(200, *answer);
}

} // namespace amt::node
