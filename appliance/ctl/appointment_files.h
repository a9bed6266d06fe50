// SPDX-License-Identifier: EUPL-1.2
//
// Appointments from and to files: a table (.csv) or iCalendar (.ics), as the file's name ends.
#pragma once

#include "appliance/office/calendar/booking_plan.h"
#include "appliance/office/calendar/brought_appointments.h"

#include <filesystem>
#include <string>
#include <vector>

namespace amt::ctl {

/// `service`: key for events that name none; may be empty. Throws Error, naming file and line.
std::vector<office::BroughtAppointment> readAppointments(const std::filesystem::path& file,
                                                         const office::BookingPlan& plan,
                                                         const std::string& service);
/// Body of POST /admin/appointments
std::string request(const std::vector<office::BroughtAppointment>& brought, bool isDryRun,
                    bool takesRest);
/// The node's answer with lines of the file, and without anybody's name.
json::ObjectPtr describe(const json::Object& answer,
                         const std::vector<office::BroughtAppointment>& brought);
/// What GET /admin/appointments answered. Throws SystemFailed; also for a file that is there.
void writeAppointments(const json::Object& answer, const office::BookingPlan& plan,
                       const std::filesystem::path& file);

} // namespace amt::ctl
