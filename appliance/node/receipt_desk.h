// SPDX-License-Identifier: EUPL-1.2
//
// Receipts (Quittungen), waiting numbers and appointments on paper: content from the rooms, one job
// after the other, printed counts only after the printer said so.
#pragma once

#include "appliance/office/calendar/appointment.h"
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
    /// Prints day, time and code. Nothing while its job runs.
    void printAppointment(const std::string& appointmentId, const std::string& language);
    /// "printing", "printed", "paperOut", ... as in page::DonePage.
    std::string state(const std::string& caseId) const;
    std::string ticketState(const office::Ticket& ticket) const;
    std::string appointmentState(const std::string& appointmentId) const;
    bool isPrinting(const std::string& id) const; ///< of a case, a ticket or an appointment
    /// The citizen's lines of the terminal, for the receipt that follows; in memory only.
    void keepTerminalLines(const std::string& caseId, const std::vector<ReceiptLine>& lines);
    /// Of whatever a visit was about that is over.
    void forget(const std::string& id)
    {
        _terminalLines.erase(id);
        _outcomes.erase(id);
    }

private:
    struct Job {
        std::string id; ///< of the case, the ticket or the appointment
        PrintJob job;
        std::function<void(const PrintOutcome&)> ended; ///< what is kept of the outcome
    };

    void next();
    void keepTicketOutcome(const std::string& ticketId, const PrintOutcome& outcome);
    /// For the page of the visit that waits for this paper, if it still runs.
    void keepWord(const std::string& id, const PrintOutcome& outcome);
    std::vector<PrintElement> elements(const std::string& caseId) const;
    std::vector<PrintElement> elements(const office::Ticket& ticket,
                                       const std::string& language) const;
    std::vector<PrintElement> elements(const office::Appointment& appointment,
                                       const std::string& language) const;

    House& _house;
    std::deque<Job> _jobs; // the first is at the printer
    bool _atPrinter = false;
    std::map<std::string, std::vector<ReceiptLine>> _terminalLines;
    std::map<std::string, std::string> _outcomes; ///< of the newest job, by ticket or appointment
};

} // namespace amt::node
