// SPDX-License-Identifier: EUPL-1.2
//
// What stands on a receipt (German: it is a document of the town), and how it gets onto paper once.
#include "appliance/node/receipt_desk.h"

#include "appliance/core/log.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/house.h"

#include <algorithm>

namespace amt::node {

void ReceiptDesk::keepTerminalLines(const std::string& caseId,
                                    const std::vector<ReceiptLine>& lines)
{
    auto& kept = _terminalLines[caseId];
    for (const auto& line : lines) {
        if (!line.merchant && kept.size() < 60)
            kept.push_back(line);
    }
}

bool ReceiptDesk::isPrinting(const std::string& id) const
{
    return std::any_of(_jobs.begin(), _jobs.end(), [&](const Job& job) { return job.id == id; });
}

std::string ReceiptDesk::state(const std::string& caseId) const
{
    if (isPrinting(caseId))
        return "printing";
    const auto newest = _house.printJobs.newest(caseId);
    if (!newest)
        return "notWanted";
    if (*newest == "failed")
        return "noPrinter";
    return *newest == "printing" ? "interrupted" : *newest; // not ours: begun by the run before
}

std::vector<PrintElement> ReceiptDesk::elements(const std::string& caseId) const
{
    const auto found = _house.cases.find(caseId);
    if (!found)
        throw Error(ErrorCode::NotFound, "case of a receipt");
    const auto* service = _house.town.service(found->serviceKey);
    std::vector<PrintElement> elements;
    elements.push_back(PrintText{_house.municipality(), true, true, false});
    elements.push_back(PrintText{"Quittung", true, true, true});
    if (_house.printJobs.printed(caseId) > 0)
        elements.push_back(PrintText{"Kopie", true, true, false});
    elements.push_back(PrintRule{});
    elements.push_back(
        PrintText{service ? office::textIn(service->name, "de") : found->serviceKey});
    elements.push_back(PrintPair{"Aktenzeichen", found->reference, true});
    elements.push_back(PrintPair{"Kassenzeichen", found->cashReference});
    if (!found->questionCode.empty())
        elements.push_back(PrintPair{"Code für den Stand", found->questionCode});
    elements.push_back(PrintPair{"Datum", germanDate(localDate(found->createdAt)) + " " +
                                              localTime(found->createdAt)});
    elements.push_back(PrintRule{});
    elements.push_back(PrintPair{"Gebühr", found->fee.german(), true});
    if (found->payment && found->payment->state == office::PaymentState::Approved) {
        const auto& transaction = found->payment->online;
        elements.push_back(PrintPair{
            "Zahlung", transaction ? "mit dem Handy bezahlt" : "mit Karte bezahlt", true});
        if (transaction && !transaction->id.empty())
            elements.push_back(PrintPair{"Transaktion", transaction->id});
        if (const auto& record = found->payment->record) {
            if (!record->cardName.empty() || !record->cardDigits.empty())
                elements.push_back(
                    PrintPair{"Karte", record->cardName + (record->cardDigits.empty()
                                                               ? ""
                                                               : " #### " + record->cardDigits)});
            elements.push_back(PrintPair{"Terminal", record->terminalId});
            elements.push_back(PrintPair{"Trace / Beleg", std::to_string(record->trace) + " / " +
                                                              std::to_string(record->receipt)});
        }
    } else if (found->fee.inCents() > 0) {
        elements.push_back(PrintPair{"Zahlung", "am Schalter zu zahlen", true});
    }
    if (lacksPapers(_house, *found)) {
        for (const auto& paper : papers(_house, *found))
            elements.push_back(PrintPair{"Am Schalter zeigen", paper, true});
    }
    const auto lines = _terminalLines.find(caseId);
    if (lines != _terminalLines.end() && !lines->second.empty()) {
        elements.push_back(PrintRule{});
        for (const auto& line : lines->second)
            elements.push_back(PrintText{line.text, line.centred, false, line.wide && line.high});
    }
    elements.push_back(PrintRule{});
    if (!found->questionCode.empty())
        elements.push_back(PrintText{
            "Am Gerät zeigen Ihnen Aktenzeichen und Code, wie es um Ihren Antrag steht.", true});
    elements.push_back(PrintText{"Bitte aufbewahren.", true});
    return elements;
}

void ReceiptDesk::print(const std::string& caseId)
{
    if (isPrinting(caseId))
        return;
    const std::string jobId = randomUuid(_house.doors.random);
    Job job{caseId, {jobId, elements(caseId)}, [this, caseId, jobId](const PrintOutcome& outcome) {
                _house.printJobs.end(jobId, outcome, _house.now());
                if (std::holds_alternative<Printed>(outcome))
                    _terminalLines.erase(caseId);
            }};
    _house.printJobs.begin(jobId, caseId, _house.now());
    _jobs.push_back(std::move(job));
    next();
}

std::string ReceiptDesk::ticketState(const office::Ticket& ticket) const
{
    if (isPrinting(ticket.id))
        return "printing";
    const auto known = _outcomes.find(ticket.id);
    if (known != _outcomes.end())
        return known->second;
    switch (ticket.lastEvent) { // its job went with the process
    case office::TicketEvent::Drawn:
        return "interrupted";
    case office::TicketEvent::PrintFailed:
        return "noPrinter";
    case office::TicketEvent::Noted:
        return "notWanted";
    default:
        return "printed";
    }
}

std::vector<PrintElement> ReceiptDesk::elements(const office::Ticket& ticket,
                                                const std::string& language) const
{
    const auto plan = _house.hall.plans.current();
    const auto* group = plan->plan.group(ticket.group);
    const auto text = [&](const char* key,
                          const std::vector<std::pair<std::string, std::string>>& parameters = {}) {
        return _house.doors.pages.text(language, key, parameters);
    };
    std::vector<PrintElement> elements;
    elements.push_back(PrintText{_house.municipality(), true, true});
    elements.push_back(PrintText{text("ticket.number"), true});
    elements.push_back(PrintText{
        .text = office::toText(ticket.number), .centred = true, .bold = true, .huge = true});
    elements.push_back(PrintText{group ? office::textIn(group->name, language) : "", true, true});
    elements.push_back(
        PrintText{germanDate(localDate(ticket.drawnAt)) + " " + localTime(ticket.drawnAt), true});
    elements.push_back(PrintRule{});
    elements.push_back(PrintText{text("ticket.watch"), true});
    elements.push_back(PrintText{text("ticket.missed"), true});
    return elements;
}

void ReceiptDesk::printTicket(const std::string& ticketId, const std::string& language)
{
    const auto ticket = _house.hall.queue.find(ticketId);
    if (!ticket)
        throw Error(ErrorCode::NotFound, "ticket to be printed");
    if (isPrinting(ticketId))
        return;
    _outcomes.erase(ticketId);
    _jobs.push_back(
        {ticketId,
         {randomUuid(_house.doors.random), elements(*ticket, language)},
         [this, ticketId](const PrintOutcome& outcome) { keepTicketOutcome(ticketId, outcome); }});
    next();
}

void ReceiptDesk::keepTicketOutcome(const std::string& ticketId, const PrintOutcome& outcome)
{
    const office::Actor printer{"printer"};
    try {
        if (std::holds_alternative<Printed>(outcome))
            _house.hall.queue.printed(ticketId, printer, _house.now());
        else
            _house.hall.queue.printFailed(ticketId, printer, _house.now());
    } catch (const Error& late) { // the paper comes after the ticket's end: nothing to be kept
        if (late.errorCode() != ErrorCode::StepOutOfOrder &&
            late.errorCode() != ErrorCode::NotFound)
            throw;
        log::info("ticket.paper-too-late", {{"detail", late.message()}});
    }
    keepWord(ticketId, outcome);
    _house.hall.publish();
}

void ReceiptDesk::keepWord(const std::string& id, const PrintOutcome& outcome)
{
    std::string word(office::name(outcome));
    if (_house.visits.byPaper(id))
        _outcomes[id] = word == "failed" ? "noPrinter" : std::move(word);
}

std::string ReceiptDesk::appointmentState(const std::string& appointmentId) const
{
    if (isPrinting(appointmentId))
        return "printing";
    const auto known = _outcomes.find(appointmentId);
    return known == _outcomes.end() ? "notWanted" : known->second;
}

std::vector<PrintElement> ReceiptDesk::elements(const office::Appointment& appointment,
                                                const std::string& language) const
{
    const auto text = [&](const char* key,
                          const std::vector<std::pair<std::string, std::string>>& parameters = {}) {
        return _house.doors.pages.text(language, key, parameters);
    };
    const auto& plan = _house.calendar.plan();
    std::vector<PrintElement> elements;
    elements.push_back(PrintText{_house.municipality(), true, true});
    elements.push_back(PrintText{text("paper.appointment.heading"), true});
    elements.push_back(
        PrintText{_house.doors.pages.day(language, appointment.place.day), true, true, true});
    elements.push_back(
        PrintText{text("times.time", {{"time", localTime(appointment.start)}}), true, true, true});
    elements.push_back(PrintText{office::textIn(plan.place, language), true});
    elements.push_back(PrintRule{});
    for (const auto& name : _house.calendar.names(appointment.services, language))
        elements.push_back(PrintText{name});
    for (const auto& wanted : appointment.services) {
        const auto* service = plan.service(wanted.serviceKey);
        if (service && !service->bring.empty())
            elements.push_back(PrintText{text("paper.appointment.bring") + " " +
                                         CalendarHall::bring(*service, language)});
    }
    elements.push_back(PrintRule{});
    elements.push_back(PrintPair{text("paper.appointment.code"), appointment.code, true});
    elements.push_back(PrintQr{appointment.code});
    elements.push_back(PrintText{text("paper.appointment.checkIn"), true});
    elements.push_back(
        PrintText{text("paper.appointment.cancel", {{"phone", _house.town.phone}}), true});
    return elements;
}

void ReceiptDesk::printAppointment(const std::string& appointmentId, const std::string& language)
{
    const auto appointment = _house.calendar.appointments.find(appointmentId);
    if (!appointment)
        throw Error(ErrorCode::NotFound, "appointment to be printed");
    if (isPrinting(appointmentId))
        return;
    _outcomes.erase(appointmentId);
    _jobs.push_back(
        {appointmentId,
         {randomUuid(_house.doors.random), elements(*appointment, language)},
         [this, appointmentId](const PrintOutcome& outcome) { keepWord(appointmentId, outcome); }});
    next();
}

void ReceiptDesk::next()
{
    if (_atPrinter || _jobs.empty())
        return;
    _atPrinter = true;
    const std::string jobId = _jobs.front().job.id;
    const auto done = _house.guardedCall([this, jobId](const PrintOutcome& outcome) {
        AMT_ASSERT(!_jobs.empty() && _jobs.front().job.id == jobId);
        const std::string id = _jobs.front().id;
        _jobs.front().ended(outcome); // kept until the disk takes it (guardedCall)
        _jobs.pop_front();
        _atPrinter = false;
        log::info("receipt.outcome", {{"outcome", std::string(office::name(outcome))}});
        if (Visit* visit = _house.visits.byPaper(id)) {
            _house.visits.touch(*visit);
            _house.publish(*visit);
        }
        next();
    });
    _house.doors.printer.print(_jobs.front().job, done);
}

} // namespace amt::node
