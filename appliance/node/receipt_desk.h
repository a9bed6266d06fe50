// SPDX-License-Identifier: EUPL-1.2
//
// Receipts (Quittungen) and waiting numbers: content from the rooms, one job after the other,
// printed counts only after the printer said so.
#pragma once

#include "appliance/office/queue/ticket.h"
#include "drivers/port/printing.h"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace amt::node {

class House;

class ReceiptDesk {
public:
    explicit ReceiptDesk(House& house) : _house(house) {}

    /// Prints the case's receipt; marked as a copy when one was printed before. Nothing while its
    /// job runs.
    void print(const std::string& caseId);
    /// Prints the number, in that language; the ticket waits once it is on paper. Nothing while its
    /// job runs.
    void printTicket(const std::string& ticketId, const std::string& language);
    /// "printing", "printed", "paperOut", ... as in page::DonePage; of a case or a ticket.
    std::string state(const std::string& caseId) const;
    std::string ticketState(const office::Ticket& ticket) const;
    bool isPrinting(const std::string& id) const; ///< of a case or a ticket
    /// The citizen's lines of the terminal, for the receipt that follows; in memory only.
    void keepTerminalLines(const std::string& caseId, const std::vector<ReceiptLine>& lines);
    /// Of a case or a ticket whose visit is over.
    void forget(const std::string& id)
    {
        _terminalLines.erase(id);
        _ticketOutcomes.erase(id);
    }

private:
    struct Job {
        std::string id; ///< of the case or the ticket
        PrintJob job;
        std::function<void(const PrintOutcome&)> ended; ///< what is kept of the outcome
    };

    void next();
    void keepTicketOutcome(const std::string& ticketId, const PrintOutcome& outcome);
    std::vector<PrintElement> elements(const std::string& caseId) const;
    std::vector<PrintElement> elements(const office::Ticket& ticket,
                                       const std::string& language) const;

    House& _house;
    std::deque<Job> _jobs; // the first is at the printer
    bool _atPrinter = false;
    std::map<std::string, std::vector<ReceiptLine>> _terminalLines;
    std::map<std::string, std::string> _ticketOutcomes; ///< of the newest job, by ticket
};

} // namespace amt::node
