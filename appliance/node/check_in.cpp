// SPDX-License-Identifier: EUPL-1.2
//
// From a code or a card to a number, and the scanner while the page is open.
#include "appliance/node/check_in.h"

#include "appliance/core/file_reference.h"
#include "appliance/core/log.h"
#include "appliance/node/expected_names.h"
#include "appliance/node/house.h"

#include <set>
#include <utility>

namespace amt::node {
namespace {

using Problem = page::CheckInPage::Problem;

constexpr Milliseconds lookAgain = std::chrono::seconds(3); ///< for a scanner that is away

/// Whether this number can still come to a desk.
bool isStillCalled(const office::Ticket& ticket)
{
    using enum office::TicketState;
    return ticket.state == Drawn || ticket.state == Waiting || ticket.state == Called ||
           ticket.state == Parked;
}

} // namespace

const office::Service& checkInByCard()
{
    static const office::Service card = [] {
        office::Service asked;
        asked.name = {{"de", "Zum Termin anmelden"},
                      {"en", "Check in for your appointment"},
                      {"ar", "تسجيل الحضور للموعد"}};
        using enum office::CardSource;
        const std::pair<const char*, office::CardSource> compared[] = {
            {"familyNames", FamilyNames}, {"givenNames", GivenNames}, {"dateOfBirth", DateOfBirth}};
        for (const auto& [name, source] : compared) {
            office::Field field;
            field.name = name;
            field.card = source;
            asked.fields.push_back(std::move(field));
        }
        asked.groups = {DataGroup::GivenNames, DataGroup::FamilyNames, DataGroup::DateOfBirth};
        return asked;
    }();
    return card;
}

CheckIn::CheckIn(House& house)
    : _house(house), _names(std::make_unique<ExpectedNames>(house.doors.random))
{}

CheckIn::~CheckIn() = default;

page::CheckInPage CheckIn::byCode(Visit& visit, const std::string& code)
{
    page::CheckInPage said;
    const Milliseconds now = _house.doors.loop.sinceBoot();
    if (!_house.questions.allows(now)) {
        said.problem = Problem::TooOften;
        return said;
    }
    const auto appointment = _house.calendar.appointments.findByCode(code);
    if (appointment && appointment->state == office::AppointmentState::Confirmed)
        return admit(visit, *appointment);
    if (!readFileReference(code).empty()) // a misread code tries nothing
        _house.questions.wrong(now);
    said.problem = Problem::Unknown;
    return said;
}

page::CheckInPage CheckIn::admit(Visit& visit, const office::Appointment& appointment)
{
    visit.ticketId = randomUuid(_house.doors.random);
    const auto outcome = _house.commit(visit, [&] {
        if (visit.step == Step::Reading)
            visit.apply(VisitEvent::CheckInLeft);
        auto checkedIn =
            _house.calendar.checkIn(appointment, visit.ticketId, office::Channel::Kiosk, {"kiosk"});
        if (const auto* known = std::get_if<office::AlreadyCheckedIn>(&checkedIn);
            known && isStillCalled(known->ticket))
            checkedIn = known->ticket; // the same number again
        if (const auto* ticket = std::get_if<office::Ticket>(&checkedIn)) {
            visit.ticketId = ticket->id;
            visit.apply(VisitEvent::NumberDrawn);
        }
        return checkedIn;
    });
    page::CheckInPage said;
    said.start = appointment.start;
    if (const auto* early = std::get_if<office::TooEarly>(&outcome)) {
        said.problem = Problem::TooEarly;
        said.from = early->from;
    } else if (std::holds_alternative<office::TooLate>(outcome)) {
        said.problem = Problem::TooLate;
    } else if (std::holds_alternative<office::OtherDay>(outcome)) {
        said.problem = Problem::OtherDay;
    } else if (!std::holds_alternative<office::Ticket>(outcome)) { // over, or no numbers left
        said.problem = Problem::AskReception;
    } else {
        _house.hall.publish();
        _house.receipts.printTicket(visit.ticketId, visit.language);
    }
    return said;
}

// --- the card

bool CheckIn::readsCards() const
{
    return !_house.cardReading.impossible();
}

std::vector<office::Appointment> CheckIn::ofTheseDays() const
{
    std::vector<office::Appointment> expected;
    const LocalDate today = localDate(_house.now());
    for (const LocalDate day : {today, plusDays(today, 1)}) {
        for (auto& each : _house.calendar.appointments.ofDay(_house.calendar.plan().scope, day)) {
            if (each.state == office::AppointmentState::Confirmed)
                expected.push_back(std::move(each));
        }
    }
    return expected;
}

void CheckIn::byCard(Visit& visit, const IdentityData& card)
{
    const LocalDate today = localDate(_house.now());
    const Contact holder = contactOf(office::answersFromCard(checkInByCard(), card));
    std::vector<office::Appointment> same;
    bool sure = true; // whoever is unknown may have the same names
    for (auto& each : ofTheseDays()) {
        if (each.place.day != today)
            continue;
        sure = sure && _names->knows(each.id) && !_names->isUnreadable(each.id);
        if (_names->matches(each.id, holder.familyName, holder.givenNames, holder.dateOfBirth))
            same.push_back(std::move(each));
    }
    page::CheckInPage said;
    if (sure && same.size() == 1) {
        said = admit(visit, same.front());
    } else {
        said.problem = Problem::NotByCard;
        _house.commit(visit, [&] { visit.apply(VisitEvent::CheckInLeft); });
    }
    visit.checksInByCard = false;
    visit.atCheckIn = said.problem != Problem::None;
    log::info("check-in.card", {{"taken", said.problem == Problem::None ? "yes" : "no"}});
    tell(visit, said);
}

void CheckIn::expect(const office::Appointment& appointment, const Contact* contact)
{
    const LocalDate today = localDate(_house.now());
    if (appointment.place.day != today && appointment.place.day != plusDays(today, 1))
        return;
    if (contact)
        _names->note(appointment.id, contact->familyName, contact->givenNames,
                     contact->dateOfBirth);
    else
        _names->noteUnreadable(appointment.id);
}

void CheckIn::learnNames(const Secret& token)
{
    constexpr Milliseconds pause = std::chrono::minutes(1);
    const Milliseconds now = _house.doors.loop.sinceBoot();
    if (!_house.calendar.isOffered() || (_learntAt && now - *_learntAt < pause))
        return;
    _learntAt = now;
    std::vector<std::string> unknown;
    for (const auto& each : ofTheseDays()) {
        if (!_names->knows(each.id))
            unknown.push_back(each.id);
    }
    if (!unknown.empty())
        learnNext(token, std::move(unknown));
}

void CheckIn::learnNext(const Secret& token, std::vector<std::string> appointments)
{
    _house.doors.loop.post(_house.guarded([this, token, left = std::move(appointments)]() mutable {
        const auto deskKey = _house.people.openDeskKey(token, _house.now());
        if (!deskKey)
            return;
        if (const auto appointment = _house.calendar.appointments.find(left.back())) {
            const auto contact = _house.calendar.open(*appointment, *deskKey);
            expect(*appointment, contact ? &*contact : nullptr);
        }
        left.pop_back();
        if (!left.empty())
            learnNext(token, std::move(left));
    }));
}

void CheckIn::everyNight()
{
    std::set<std::string> expected;
    for (const auto& each : ofTheseDays())
        expected.insert(each.id);
    _names->keepOnly(expected);
}

// --- the scanner

bool CheckIn::hasScanner() const
{
    return _house.doors.scanner && !_away;
}

void CheckIn::listen(Visit& visit)
{
    visit.atCheckIn = true;
    _visitHash = visit.idHash;
    if (!_house.doors.scanner)
        return;
    if (_running == 0)
        begin();
    else if (_begunFor != _visitHash)
        cancel();
}

void CheckIn::leave(Visit& visit)
{
    visit.atCheckIn = false;
    if (_visitHash != visit.idHash)
        return;
    _visitHash.clear();
    cancel();
}

void CheckIn::cancel()
{
    _house.doors.loop.cancel(_again);
    if (_running != 0 && !std::exchange(_cancelled, true))
        _house.doors.scanner->cancel();
}

void CheckIn::begin()
{
    _house.doors.loop.cancel(_again);
    const std::uint64_t number = ++_lastNumber;
    _running = number;
    _begunFor = _visitHash;
    _cancelled = false;
    _house.doors.scanner->scan(
        {.listening = _house.guarded([this] { setAway(false); }),
         .done = _house.guardedCall(
             [this, number](const ScanOutcome& outcome) { heard(number, outcome); })});
}

void CheckIn::heard(std::uint64_t number, const ScanOutcome& outcome)
{
    if (number != _running)
        return;
    Visit* const visit = _cancelled ? nullptr : _house.visits.byHash(_begunFor);
    if (visit && visit->atCheckIn && visit->allows(VisitEvent::NumberDrawn))
        scanned(*visit, outcome);
    _running = 0;
    const bool away =
        std::holds_alternative<NoScanner>(outcome) || std::holds_alternative<DeviceFailed>(outcome);
    if (away)
        setAway(true);
    if (_visitHash.empty())
        return;
    if (away)
        _again = _house.doors.loop.after(lookAgain, _house.guarded([this] {
            if (_running == 0 && !_visitHash.empty())
                begin();
        }));
    else
        begin();
}

void CheckIn::scanned(Visit& visit, const ScanOutcome& outcome)
{
    const auto* const read = std::get_if<CodeScanned>(&outcome);
    if (!read && !std::holds_alternative<CodeUnreadable>(outcome))
        return;
    _house.visits.touch(visit);
    page::CheckInPage said;
    // People hold before it whatever has a code: what cannot be one of ours is no try.
    if (!read || readFileReference(read->code.reveal()).empty())
        said.problem = Problem::Strange;
    else
        said = byCode(visit, read->code.reveal());
    log::info("check-in.scanned", {{"taken", said.problem == Problem::None ? "yes" : "no"}});
    tell(visit, said);
}

void CheckIn::setAway(bool away)
{
    if (std::exchange(_away, away) == away)
        return;
    Visit* const visit = _visitHash.empty() ? nullptr : _house.visits.byHash(_visitHash);
    if (visit && visit->atCheckIn)
        tell(*visit, {});
}

void CheckIn::tell(Visit& visit, const page::CheckInPage& said)
{
    visit.checkInSaid = said;
    ++visit.checkInNews;
    _house.publish(visit);
}

} // namespace amt::node
