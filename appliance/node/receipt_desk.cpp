// SPDX-License-Identifier: EUPL-1.2
//
// What stands on a receipt (German: it is a document of the town), and how it gets onto paper once.
#include "appliance/node/receipt_desk.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"

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

bool ReceiptDesk::isPrinting(const std::string& caseId) const
{
    for (const auto& job : _jobs) {
        if (job.caseId == caseId)
            return true;
    }
    return false;
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
        elements.push_back(PrintPair{"Zahlung", "mit Karte bezahlt", true});
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
    Job job;
    job.caseId = caseId;
    job.job.id = randomUuid(_house.doors.random);
    job.job.elements = elements(caseId);
    _house.printJobs.begin(job.job.id, caseId, _house.now());
    _jobs.push_back(std::move(job));
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
        const std::string caseId = _jobs.front().caseId;
        _house.printJobs.end(jobId, outcome, _house.now());
        _jobs.pop_front();
        _atPrinter = false;
        log::info("receipt.outcome", {{"outcome", std::string(office::name(outcome))}});
        if (std::holds_alternative<Printed>(outcome))
            _terminalLines.erase(caseId);
        if (Visit* visit = _house.visits.byCase(caseId)) {
            _house.visits.touch(*visit);
            _house.publish(*visit);
        }
        next();
    });
    _house.doors.printer.print(_jobs.front().job, done);
}

} // namespace amt::node
