// SPDX-License-Identifier: EUPL-1.2
//
// Handlers of the kiosk, in the order of a visit (kiosk/page/page.h says what each page has).
#pragma once

#include "appliance/node/exchange.h"

namespace amt::node {

class House;
struct Visit;

// kiosk_start.cpp: before the visit, around it, after it
Reply showStart(House& house, Exchange& exchange);
Reply chooseLanguage(House& house, Exchange& exchange);
Reply adjustScreen(House& house, Exchange& exchange);
Reply showServices(House& house, Exchange& exchange);
Reply chooseService(House& house, Exchange& exchange);
Reply showHelp(House& house, Exchange& exchange);
Reply callHelp(House& house, Exchange& exchange);
Reply showEnded(House& house, Exchange& exchange);
Reply showHealth(House& house, Exchange& exchange);
Reply showAsset(House& house, Exchange& exchange);
Reply showStillThere(House& house, Exchange& exchange);
Reply stayLonger(House& house, Exchange& exchange);
Reply timeOut(House& house, Exchange& exchange);
Reply endVisit(House& house, Exchange& exchange);
Reply followVisit(House& house, Exchange& exchange);

// kiosk_queue.cpp: a waiting number
Reply showGroups(House& house, Exchange& exchange);
Reply drawNumber(House& house, Exchange& exchange);
Reply showTicket(House& house, Exchange& exchange);
Reply printTicket(House& house, Exchange& exchange);
Reply noteTicket(House& house, Exchange& exchange);

// kiosk_booking.cpp: an appointment
Reply showConcerns(House& house, Exchange& exchange);
Reply chooseConcern(House& house, Exchange& exchange);
Reply showBooking(House& house, Exchange& exchange);
Reply showMoreConcerns(House& house, Exchange& exchange);
Reply changeBooking(House& house, Exchange& exchange);
Reply showDays(House& house, Exchange& exchange);
Reply showTimes(House& house, Exchange& exchange);
Reply reserveTime(House& house, Exchange& exchange);
Reply showAsking(House& house, Exchange& exchange);
Reply stopAsking(House& house, Exchange& exchange);
/// The portal has answered, or will not in time: the visit goes on.
void portalAnswered(House& house, Visit& visit);
Reply showContact(House& house, Exchange& exchange);
Reply confirmBooking(House& house, Exchange& exchange);
Reply showBooked(House& house, Exchange& exchange);
Reply printAppointment(House& house, Exchange& exchange);

// kiosk_check_in.cpp: back with its code
Reply showCheckIn(House& house, Exchange& exchange);
Reply checkIn(House& house, Exchange& exchange);
Reply beginCheckInByCard(House& house, Exchange& exchange);
/// From the notice, the card or its problem back to the page of check-in.
void leaveCheckInByCard(House& house, Visit& visit);

// kiosk_card.cpp: privacy notice, PIN, reading
Reply showNotice(House& house, Exchange& exchange);
Reply showCertificate(House& house, Exchange& exchange);
Reply consent(House& house, Exchange& exchange);
Reply showCard(House& house, Exchange& exchange);
Reply readCard(House& house, Exchange& exchange);
Reply skipCard(House& house, Exchange& exchange);
Reply showReading(House& house, Exchange& exchange);
Reply cancelReading(House& house, Exchange& exchange);
Reply showCardProblem(House& house, Exchange& exchange);

// kiosk_form.cpp: form, review, submission
Reply showForm(House& house, Exchange& exchange);
Reply fillForm(House& house, Exchange& exchange);
Reply showReview(House& house, Exchange& exchange);
Reply submit(House& house, Exchange& exchange);

// kiosk_pay.cpp: payment, receipt, end
Reply showPay(House& house, Exchange& exchange);
Reply choosePayment(House& house, Exchange& exchange);
Reply showPaying(House& house, Exchange& exchange);
Reply abortPayment(House& house, Exchange& exchange);
Reply showUnresolved(House& house, Exchange& exchange);
Reply showDone(House& house, Exchange& exchange);
Reply printReceipt(House& house, Exchange& exchange);

} // namespace amt::node
