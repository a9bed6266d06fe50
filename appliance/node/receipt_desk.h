// SPDX-License-Identifier: EUPL-1.2
//
// Receipts (Quittungen): content from the case, one job after the other, printed counts only after
// the printer said so.
#pragma once

#include "drivers/port/printing.h"

#include <deque>
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
    /// "printing", "printed", "paperOut", ... as in page::DonePage.
    std::string state(const std::string& caseId) const;
    bool isPrinting(const std::string& caseId) const;
    /// The citizen's lines of the terminal, for the receipt that follows; in memory only.
    void keepTerminalLines(const std::string& caseId, const std::vector<ReceiptLine>& lines);
    void forget(const std::string& caseId) { _terminalLines.erase(caseId); }

private:
    struct Job {
        std::string caseId;
        PrintJob job;
    };

    void next();
    std::vector<PrintElement> elements(const std::string& caseId) const;

    House& _house;
    std::deque<Job> _jobs; // the first is at the printer
    bool _atPrinter = false;
    std::map<std::string, std::vector<ReceiptLine>> _terminalLines;
};

} // namespace amt::node
