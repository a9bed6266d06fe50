// SPDX-License-Identifier: EUPL-1.2
//
// Appointments of this node as they leave the house.
#pragma once

#include "appliance/office/calendar/brought_appointments.h"
#include "sync/outbox/sealing.h"

#include <map>
#include <string>
#include <vector>

namespace amt::node {

class House;

/// Confirmed ones of both days and between them, by time; names only with the desk key. Throws
/// InputMalformed: backwards, or more than a year and a day.
std::vector<office::BroughtAppointment>
appointmentsBetween(House& house, LocalDate first, LocalDate last, const outbox::RsaKey* deskKey);
/// German names of what can be booked, by key.
std::map<std::string, std::string> germanNames(const House& house);

} // namespace amt::node
