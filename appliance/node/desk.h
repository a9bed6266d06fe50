// SPDX-License-Identifier: EUPL-1.2
//
// Handlers of the desk: signing in, cases, colleagues, devices.
#pragma once

#include "appliance/node/exchange.h"

namespace amt::node {

class House;

// desk_sign_in.cpp
Reply leadToDesk(House& house, Exchange& exchange);
Reply showSignIn(House& house, Exchange& exchange);
Reply signIn(House& house, Exchange& exchange);
Reply showFirst(House& house, Exchange& exchange);
Reply signInFirst(House& house, Exchange& exchange);
Reply showRecover(House& house, Exchange& exchange);
Reply recover(House& house, Exchange& exchange);
Reply showPaper(House& house, Exchange& exchange);
Reply keepPaper(House& house, Exchange& exchange);
Reply signOut(House& house, Exchange& exchange);

// desk_provider.cpp: by the town's identity provider, and the key that it does not open
Reply goToProvider(House& house, Exchange& exchange);
Reply comeBackFromProvider(House& house, Exchange& exchange);
Reply arriveByProvider(House& house, Exchange& exchange);
Reply bindIdentity(House& house, Exchange& exchange);
Reply showOpenKey(House& house, Exchange& exchange);
Reply openKey(House& house, Exchange& exchange);

// desk_factor.cpp: the second factor
Reply showCode(House& house, Exchange& exchange);
Reply proveCode(House& house, Exchange& exchange);
Reply showFactor(House& house, Exchange& exchange);
Reply setUpFactor(House& house, Exchange& exchange);
Reply giveUpFactor(House& house, Exchange& exchange);

// desk_account.cpp: one's own account
Reply showAccount(House& house, Exchange& exchange);
Reply changeOwnPassword(House& house, Exchange& exchange);
Reply endOwnSession(House& house, Exchange& exchange);

// desk_calendar.cpp: what of the calendar leaves the house
Reply showCalendarFiles(House& house, Exchange& exchange);
Reply makeFeed(House& house, Exchange& exchange);
Reply endFeed(House& house, Exchange& exchange);
Reply giveFeed(House& house, Exchange& exchange);
Reply giveAppointmentsWithNames(House& house, Exchange& exchange);

// desk_cases.cpp
Reply showCases(House& house, Exchange& exchange);
Reply showCase(House& house, Exchange& exchange);
Reply releaseCase(House& house, Exchange& exchange);
Reply decidePayment(House& house, Exchange& exchange);
Reply reprintReceipt(House& house, Exchange& exchange);
Reply answerHelp(House& house, Exchange& exchange);

// desk_attachments.cpp: what the citizen brought, scanned at the desk
Reply showAttachments(House& house, Exchange& exchange);
Reply addAttachment(House& house, Exchange& exchange);
Reply removeAttachment(House& house, Exchange& exchange);

// desk_replies.cpp: what authorities replied
Reply showReply(House& house, Exchange& exchange);
Reply giveReplyAttachment(House& house, Exchange& exchange);
Reply settleReply(House& house, Exchange& exchange);

// desk_held.cpp
Reply showHeld(House& house, Exchange& exchange);
Reply settleCase(House& house, Exchange& exchange);

// desk_identity_pages.cpp
Reply showIdentity(House& house, Exchange& exchange);
Reply comparePhoto(House& house, Exchange& exchange);
Reply readIdentity(House& house, Exchange& exchange);
Reply cancelIdentity(House& house, Exchange& exchange);
Reply endIdentity(House& house, Exchange& exchange);
Reply followIdentity(House& house, Exchange& exchange);

// desk_pin.cpp
Reply showPin(House& house, Exchange& exchange);
Reply showChangePin(House& house, Exchange& exchange);
Reply showResumePin(House& house, Exchange& exchange);
Reply showUnblockPin(House& house, Exchange& exchange);
Reply showSetPin(House& house, Exchange& exchange);
Reply lookAtPin(House& house, Exchange& exchange);
Reply changePin(House& house, Exchange& exchange);
Reply resumePin(House& house, Exchange& exchange);
Reply unblockPin(House& house, Exchange& exchange);
Reply setPin(House& house, Exchange& exchange);
Reply cancelPin(House& house, Exchange& exchange);

// desk_queue.cpp: place, calling, the waiting list
Reply showPlaces(House& house, Exchange& exchange);
Reply choosePlace(House& house, Exchange& exchange);
Reply leavePlace(House& house, Exchange& exchange);
Reply showQueue(House& house, Exchange& exchange);
Reply callNext(House& house, Exchange& exchange);
Reply actOnTicket(House& house, Exchange& exchange);
Reply issueNumber(House& house, Exchange& exchange);
Reply setSign(House& house, Exchange& exchange);
Reply endDay(House& house, Exchange& exchange);
Reply callColleagues(House& house, Exchange& exchange);
Reply answerColleague(House& house, Exchange& exchange);
Reply followQueue(House& house, Exchange& exchange);

// desk_appointments.cpp: who comes, booking by phone
Reply showAppointments(House& house, Exchange& exchange);
Reply showNewAppointment(House& house, Exchange& exchange);
Reply chooseConcerns(House& house, Exchange& exchange);
Reply bookByPhone(House& house, Exchange& exchange);
Reply showAppointment(House& house, Exchange& exchange);
Reply showAsked(House& house, Exchange& exchange);
Reply stopAsked(House& house, Exchange& exchange);
Reply showMove(House& house, Exchange& exchange);
Reply moveAppointment(House& house, Exchange& exchange);
Reply cancelAppointment(House& house, Exchange& exchange);
Reply checkInAtDesk(House& house, Exchange& exchange);
Reply printAtDesk(House& house, Exchange& exchange);

// desk_hours.cpp: opening hours
Reply showHours(House& house, Exchange& exchange);
Reply showHoursChange(House& house, Exchange& exchange);
Reply changeHours(House& house, Exchange& exchange);

// desk_statistics.cpp
Reply showStatistics(House& house, Exchange& exchange);
Reply giveStatistics(House& house, Exchange& exchange);

// desk_status.cpp
Reply showOperation(House& house, Exchange& exchange);

// desk_clock.cpp: the date, after a clock that nobody could trust
Reply showClock(House& house, Exchange& exchange);
Reply confirmClock(House& house, Exchange& exchange);

// desk_export.cpp: what waits, for a data carrier
Reply allowExport(House& house, Exchange& exchange);
Reply giveExport(House& house, Exchange& exchange);

// desk_clerks.cpp
Reply showClerks(House& house, Exchange& exchange);
Reply addClerk(House& house, Exchange& exchange);
Reply showClerk(House& house, Exchange& exchange);
Reply changeRoles(House& house, Exchange& exchange);
Reply resetFactor(House& house, Exchange& exchange);
Reply endClerksSession(House& house, Exchange& exchange);
Reply resetClerk(House& house, Exchange& exchange);
Reply answerAccountRequest(House& house, Exchange& exchange);
Reply makeBindingCode(House& house, Exchange& exchange);
Reply unbindIdentity(House& house, Exchange& exchange);

// desk_devices.cpp
Reply showDevices(House& house, Exchange& exchange);
Reply actOnDevice(House& house, Exchange& exchange);

} // namespace amt::node
