// SPDX-License-Identifier: EUPL-1.2
//
// Handlers for machines: displays, amt-sync (sync/carrier/PROTOCOL.md), amtctl.
#pragma once

#include "appliance/node/exchange.h"

namespace amt::node {

class House;

// display_routes.cpp
Reply showDisplay(House& house, Exchange& exchange);
Reply giveSpeech(House& house, Exchange& exchange);
Reply showSign(House& house, Exchange& exchange);
Reply followDisplay(House& house, Exchange& exchange);

// sync_routes.cpp
Reply giveWork(House& house, Exchange& exchange);
Reply giveMetadata(House& house, Exchange& exchange);
Reply giveData(House& house, Exchange& exchange);
Reply giveAttachment(House& house, Exchange& exchange);
Reply takeAnnounced(House& house, Exchange& exchange);
Reply takeLost(House& house, Exchange& exchange);
Reply takeEvents(House& house, Exchange& exchange);
Reply takeRefused(House& house, Exchange& exchange);
Reply takeDestination(House& house, Exchange& exchange);
Reply takeServiceKeys(House& house, Exchange& exchange);
Reply takeStatus(House& house, Exchange& exchange);
Reply giveMark(House& house, Exchange& exchange);
Reply takeHeadVerdict(House& house, Exchange& exchange);
Reply giveSignIn(House& house, Exchange& exchange);
Reply takeSignInAnswer(House& house, Exchange& exchange);
Reply takeReplyList(House& house, Exchange& exchange);
Reply takeReplyPiece(House& house, Exchange& exchange);
Reply takeReplyWhole(House& house, Exchange& exchange);
Reply takeReplyTold(House& house, Exchange& exchange);
Reply beginPayment(House& house, Exchange& exchange);
Reply takePaymentAnswer(House& house, Exchange& exchange);
Reply beginQuotaRound(House& house, Exchange& exchange);
Reply takeQuotaAnswer(House& house, Exchange& exchange);

// admin_routes.cpp
Reply showStatus(House& house, Exchange& exchange);
Reply makeBackup(House& house, Exchange& exchange);
Reply awaitBackup(House& house, Exchange& exchange);
Reply takeEnrolment(House& house, Exchange& exchange);
Reply confirmDate(House& house, Exchange& exchange);

// calendar_files.cpp
Reply givePlan(House& house, Exchange& exchange);
Reply takeAppointments(House& house, Exchange& exchange);
Reply giveAppointments(House& house, Exchange& exchange);

} // namespace amt::node
