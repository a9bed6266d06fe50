// SPDX-License-Identifier: EUPL-1.2
//
// Appointments that a town brings along from another system, or takes away: as a table (CSV), as an
// iCalendar file (RFC 5545), and as the JSON that amtctl hands to the node.
#pragma once

#include "appliance/core/json.h"
#include "appliance/core/local_date.h"
#include "appliance/office/calendar/durations.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace amt::office {

/// Names are personal: never logged.
struct BroughtAppointment {
    std::string uid; ///< of the other system; what comes again with it is the same appointment
    UtcTime start;
    std::chrono::minutes duration{0};
    std::vector<WantedService> services;
    std::string familyName, givenNames, phone; ///< may be empty
    std::string number = {};                   ///< in the waiting hall, "B 047"; only written
    std::size_t line = 0;                      ///< of the file, 0: of none

    bool operator==(const BroughtAppointment&) const = default;
};

inline constexpr std::size_t broughtMax = 3000; ///< in one file

/// Columns uid, beginn, minuten, dienste, perhaps familienname, vornamen, telefon (IMPORT.md).
/// Throws InputMalformed, naming line and column; InputTooLarge.
std::vector<BroughtAppointment> appointmentsFromCsv(std::string_view csv);
std::string appointmentsCsv(const std::vector<BroughtAppointment>& appointments);

/// What an iCalendar file does not say itself.
struct CalendarReading {
    std::map<std::string, std::string> services = {}; ///< key by name, as CATEGORIES have it
    std::string otherwise = {}; ///< key for events that name none; empty: these are refused
};
struct ReadCalendar {
    std::vector<BroughtAppointment> appointments;
    int cancelled = 0; ///< events that say so themselves, and are left out
};
/// Throws InputMalformed, naming the line where the event begins (also for events that are repeated
/// or take whole days: those are no appointments); InputTooLarge.
ReadCalendar appointmentsFromCalendar(const std::string& text, const CalendarReading& reading);
/// `made`: when the file is made. Times are UTC. `names`: of services, by key.
std::string appointmentsCalendar(const std::vector<BroughtAppointment>& appointments,
                                 const std::map<std::string, std::string>& names, UtcTime made);

/// "99085001012000*2 99049001001001". Throws InputMalformed.
std::vector<WantedService> wantedFromText(std::string_view text);
std::string wantedText(const std::vector<WantedService>& services);

/// {"uid", "start", "minutes", "services", "familyName", "givenNames", "phone"}
json::ObjectPtr toJson(const BroughtAppointment& appointment);
/// Strict. Throws JsonMalformed, InputMalformed.
BroughtAppointment broughtFromJson(const json::Object& object);

/// The id here: of our own, when it was given out by an Amtsstube; else made from the uid.
std::string idOf(const BroughtAppointment& appointment);
/// As it is called outside.
std::string uidOf(const std::string& id);

} // namespace amt::office
