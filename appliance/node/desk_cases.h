// SPDX-License-Identifier: EUPL-1.2
//
// What the desk's pages about cases share.
#pragma once

#include "appliance/node/exchange.h"
#include "appliance/office/case/case_book.h"
#include "kiosk/page/page.h"

#include <string>
#include <vector>

namespace amt::node {

class House;

/// Of the address. Throws NotFound.
office::CaseRecord requiredCase(const House& house, const Exchange& exchange);
std::string serviceName(const House& house, const office::CaseRecord& record);
/// What the service asks for; empty when it is no longer offered.
std::vector<std::string> papers(const House& house, const office::CaseRecord& record);
/// It waits for a desk, its service asks for papers, and none was scanned yet. Whether they are
/// all there is the clerk's to see.
bool lacksPapers(House& house, const office::CaseRecord& record);
/// Why it is held, as the desk says it: end of a key desk.held. or a word of its own.
std::string heldReason(House& house, const office::CaseRecord& record);
/// What the clerk typed. Throws RequestMalformed when there is nothing, or too much.
std::string reasonOf(const Exchange& exchange);

/// Calls for a person that are open, when she may take them.
std::vector<page::HelpCall> callsFor(const House& house, const Exchange& exchange);

/// The page of a case's attachments; `refusal`: why the last one was not taken, or empty.
HttpResponse attachmentsAnswer(House& house, const Exchange& exchange, const std::string& refusal);

/// What a person may do with a case as it stands.
struct CaseActs {
    bool sendsAgain = false; ///< the held envelope goes on as it is
    bool sealsAnew = false;  ///< from the desk copy, with the desk key open
    bool putsOnPaper = false;
    bool settles = false; ///< a rejection that was dealt with
};
CaseActs actsOn(const office::CaseRecord& record);

} // namespace amt::node
