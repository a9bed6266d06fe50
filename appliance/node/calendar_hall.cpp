// SPDX-License-Identifier: EUPL-1.2
//
// Plan from the folder, contacts under the desk key, check-in, the minute and the night.
#include "appliance/node/calendar_hall.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace amt::node {
namespace {

constexpr auto planFile = "calendar.json";
constexpr int contactDays = 1;  ///< names stay for today's and yesterday's appointments
constexpr int figureDays = 800; ///< appointments without names, for two years' comparison

} // namespace

const office::Service& contactForm()
{
    static const office::Service form = [] {
        office::Service asked;
        for (const char* name : {"givenNames", "familyNames"}) {
            office::Field field;
            field.name = name;
            field.kind = office::FieldKind::Name;
            field.labelKey = std::string("field.") + name + ".label";
            field.helpKey = std::string("field.") + name + ".help";
            asked.fields.push_back(std::move(field));
        }
        office::Field born;
        born.name = "dateOfBirth";
        born.kind = office::FieldKind::Date;
        born.labelKey = "field.dateOfBirth.label";
        born.helpKey = "contact.dateOfBirth.help";
        born.optional = true;
        asked.fields.push_back(std::move(born));
        return asked;
    }();
    return form;
}

Contact contactOf(const office::Answers& answers)
{
    const auto value = [&](const char* name) {
        const auto found = answers.find(name);
        return found == answers.end() ? std::string() : found->second.value;
    };
    return {value("familyNames"), value("givenNames"), "", value("dateOfBirth")};
}

CalendarHall::CalendarHall(House& house)
    : rules(house.doors.database, house.journal),
      ledger(house.doors.database, rules,
             house.settings.portalCalendar.empty() ? office::Selling::Everything
                                                   : office::Selling::Owned),
      appointments(house.doors.database, house.journal, rules, ledger, house.doors.random),
      _house(house)
{}

void CalendarHall::takeUp()
{
    const auto path = std::filesystem::path(_house.settings.municipalityFolder) / planFile;
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return; // a town without appointments
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    try {
        _plan = office::bookingPlanFromJson(*json::parseObject(text));
        const auto queuePlan = _house.hall.plans.current();
        for (const auto& service : _plan.services) {
            if (!queuePlan->plan.groupOfService(service.key))
                throw Error(ErrorCode::InputMalformed,
                            service.key + " belongs to no group of queue.json");
        }
    } catch (const Error& failure) { // with the file's name, for whoever wrote it
        throw Error(ErrorCode::ConfigurationInvalid,
                    std::string(planFile) + ": " + failure.message());
    }
    if (_house.settings.portalCalendar.empty())
        rules.comeHome();
    if (rules.homeOf(_plan.scope) == office::RuleBook::Home::Elsewhere)
        return;
    const auto history = rules.history(_plan.scope, 1);
    const bool isOurs = history.empty() || history.front().savedBy == fromFolder;
    if (!isOurs || (!history.empty() && history.front().rules == _plan.rules))
        return;
    const auto preview = rules.preview(_plan.scope, _plan.rules, now());
    rules.save(_plan.scope, _plan.rules, office::seen(preview), fromFolder, planFile, now());
    if (!preview.conflicts.empty())
        log::warning("calendar.conflicts", {{"count", std::to_string(preview.conflicts.size())}});
}

std::vector<std::string> CalendarHall::names(const std::vector<office::WantedService>& wanted,
                                             const std::string& language) const
{
    std::vector<std::string> names;
    for (const auto& each : wanted) {
        const auto* service = _plan.service(each.serviceKey);
        const std::string name =
            service ? office::textIn(service->name, language) : each.serviceKey;
        names.push_back(each.quantity == 1 ? name : std::to_string(each.quantity) + " × " + name);
    }
    return names;
}

std::string CalendarHall::bring(const office::BookableService& service, const std::string& language)
{
    return service.bring.empty() ? std::string() : office::textIn(service.bring, language);
}

std::vector<std::string> CalendarHall::bring(const std::vector<office::WantedService>& services,
                                             const std::string& language) const
{
    std::vector<std::string> things;
    for (const auto& wanted : services) {
        const auto* service = _plan.service(wanted.serviceKey);
        const auto thing = service ? bring(*service, language) : std::string();
        if (!thing.empty() && std::ranges::find(things, thing) == things.end())
            things.push_back(thing);
    }
    return things;
}

std::vector<office::FreeTime> CalendarHall::freeTimes(const office::FreeQuestion& question) const
{
    auto found = ledger.freeTimes(question, now());
    const auto atPortal = freeAtPortal(question);
    if (atPortal.empty())
        return found;
    found.insert(found.end(), atPortal.begin(), atPortal.end());
    const auto place = [](const office::FreeTime& each) { return std::pair(each.day, each.cell); };
    std::ranges::sort(found, {}, place);
    const auto isSame = [&](const auto& left, const auto& right) {
        return place(left) == place(right);
    };
    found.erase(std::unique(found.begin(), found.end(), isSame), found.end());
    if (std::ssize(found) > question.limit)
        found.resize(static_cast<std::size_t>(question.limit));
    return found;
}

std::vector<office::FreeTime> CalendarHall::freeAtPortal(const office::FreeQuestion& question) const
{
    if (!_house.rounds || !_house.rounds->isReached())
        return {};
    _house.rounds->lookAgain();
    const auto rule = rules.current(question.scope);
    return _house.rounds->times().freeTimes(question, rule->rules, now());
}

bool CalendarHall::isAtPortal(const office::AppointmentWish& wish) const
{
    const auto free = freeAtPortal({.scope = wish.scope,
                                    .duration = wish.duration,
                                    .booker = wish.booker,
                                    .from = wish.day,
                                    .days = 1,
                                    .limit = office::cellsMax});
    return std::ranges::find(free, wish.cell, &office::FreeTime::cell) != free.end();
}

std::int64_t CalendarHall::ask(const office::quota::Wish& wish)
{
    AMT_ASSERT(_house.rounds);
    return _house.rounds->bookings.wish(wish, now());
}

void CalendarHall::letGo(const std::string& appointment)
{
    const auto held = appointments.find(appointment);
    if (!held || held->state != office::AppointmentState::Reserved || held->start <= now())
        return;
    if (held->atPortal && _house.rounds)
        ask({.act = office::quota::WishAct::Cancel,
             .id = held->id,
             .start = std::nullopt,
             .version = 0,
             .atOnce = true});
    else
        appointments.cancel(held->id, held->version, office::GivenBack::AtOnce, "", "", now());
}

office::SealedContact CalendarHall::seal(const Contact& contact)
{
    auto object = json::makeObject();
    object->set("familyName", contact.familyName);
    object->set("givenNames", contact.givenNames);
    object->set("phone", contact.phone);
    if (!contact.dateOfBirth.empty())
        object->set("dateOfBirth", contact.dateOfBirth);
    const auto desk = _house.people.deskSeal();
    return {desk.kid, outbox::sealForDesk(json::write(*object), desk, _house.doors.random)};
}

std::optional<Contact> CalendarHall::open(const office::Appointment& appointment,
                                          const outbox::RsaKey& deskKey)
{
    if (appointment.sealed.empty())
        return std::nullopt;
    try {
        const auto object =
            json::parseObject(outbox::openForDesk(appointment.sealed, deskKey, appointment.kid));
        return Contact{json::text(*object, "familyName"), json::text(*object, "givenNames"),
                       json::text(*object, "phone"),
                       object->has("dateOfBirth") ? json::text(*object, "dateOfBirth") : ""};
    } catch (const Error& failure) { // shown as unreadable; the appointment itself holds
        log::warning("appointment.contact-unreadable", {{"detail", failure.message()}});
        return std::nullopt;
    }
}

std::string CalendarHall::groupOf(const office::Appointment& appointment) const
{
    const auto queuePlan = _house.hall.plans.current();
    for (const auto& wanted : appointment.services) {
        if (const auto* group = queuePlan->plan.groupOfService(wanted.serviceKey))
            return group->key;
    }
    throw Error(ErrorCode::NotFound, "group of an appointment");
}

office::CheckInOutcome CalendarHall::checkIn(const office::Appointment& appointment,
                                             const std::string& ticketId, office::Channel channel,
                                             const office::Actor& actor)
{
    if (appointment.state != office::AppointmentState::Confirmed)
        throw Error(ErrorCode::StepOutOfOrder, "an appointment that does not hold");
    office::CheckIn wish;
    wish.id = ticketId;
    wish.appointment = appointment.id;
    wish.start = appointment.start;
    wish.group = groupOf(appointment);
    wish.channel = channel;
    wish.services = appointment.services;
    wish.planned = appointment.duration;
    return _house.hall.queue.checkIn(wish, actor, _house.now());
}

UtcTime CalendarHall::now() const
{
    return _house.rounds ? _house.rounds->now() : _house.now();
}

void CalendarHall::everyMinute()
{
    appointments.sweep(now());
}

void CalendarHall::noteAbsent(LocalDate day)
{
    std::vector<office::BookedVisit> booked;
    for (const auto& each : appointments.ofDay(_plan.scope, day)) {
        if (each.state == office::AppointmentState::Confirmed)
            booked.push_back({each.id, groupOf(each), each.start, each.duration});
    }
    if (!booked.empty())
        _house.hall.queue.noteAbsent(day, booked, _house.now());
}

void CalendarHall::everyNight()
{
    if (!isOffered())
        return;
    for (const auto& id : appointments.unsound())
        log::error("appointment.unsound", {{"appointment", id}});
    const LocalDate today = localDate(now());
    noteAbsent(plusDays(today, -1));
    appointments.purge(plusDays(today, -contactDays), plusDays(today, -figureDays), now());
    if (_house.rounds)
        _house.rounds->bookings.purge(now() - std::chrono::hours(24));
}

} // namespace amt::node
