// SPDX-License-Identifier: EUPL-1.2
//
// An appointment (Termin), its states, and the place in the ledger that it holds.
#pragma once

#include "appliance/core/state_table.h"
#include "appliance/office/calendar/durations.h"
#include "appliance/office/calendar/rules.h"
#include "appliance/store/store.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::office {

/// Reserved: holds its cells until it is confirmed or its time is out. Lapsed: that time is over.
enum class AppointmentState { Reserved, Confirmed, Cancelled, Lapsed };
enum class AppointmentEvent { Confirm, Move, Cancel, TimeOut };
inline constexpr auto appointmentTable = stateTable<AppointmentState, AppointmentEvent>({
    {AppointmentState::Reserved, AppointmentEvent::Confirm, AppointmentState::Confirmed},
    {AppointmentState::Reserved, AppointmentEvent::Move, AppointmentState::Reserved},
    {AppointmentState::Reserved, AppointmentEvent::Cancel, AppointmentState::Cancelled},
    {AppointmentState::Reserved, AppointmentEvent::TimeOut, AppointmentState::Lapsed},
    {AppointmentState::Confirmed, AppointmentEvent::Move, AppointmentState::Confirmed},
    {AppointmentState::Confirmed, AppointmentEvent::Cancel, AppointmentState::Cancelled},
});
std::string_view name(AppointmentState state); ///< the enumerator's name

/// A run of cells of one lane.
struct Place {
    LocalDate day;
    int lane = 0;
    int first = 0; ///< cell
    int count = 0; ///< cells

    bool operator==(const Place&) const = default;
};

struct Appointment {
    std::string id;        ///< UUID v4
    std::string bookingId; ///< "<incarnation>:<number of BOOK>"; empty while it is only reserved
    std::string code;      ///< "TE-2026-7K3M-4Q", for the kiosk
    std::string scope;
    Place place;
    UtcTime start;
    std::chrono::minutes duration{0}; ///< as summed up; its cells may hold some minutes more
    std::vector<WantedService> services;
    Booker booker = Booker::Public;
    AppointmentState state = AppointmentState::Reserved;
    std::optional<UtcTime> reservedUntil;
    int version = 0; ///< every change raises it; whoever changes names the one that was seen
    std::string kid, sealed; ///< name and contact for the desk key; empty: none, or purged
    bool atPortal = false;   ///< given by the portal: its cells are there, and it alone changes it
    bool displaced = false;  ///< by the portal: somebody else has its place now; the town calls
    UtcTime madeAt{};
};

inline constexpr std::string_view appointmentColumns =
    "id, code, scope, day, lane, first_cell, cells, starts_at, minutes, services, booker, state,"
    " reserved_until, version, kid, sealed, booking_id, at_portal, displaced,"
    " made_at";
/// The row that `row` stands on, selected by appointmentColumns.
Appointment readAppointment(const store::Statement& row);

/// What "SELECT <columns> FROM appointment `query`" gives; values are bound in order.
template <typename... Values>
std::vector<Appointment> readAppointments(store::Database& database, const std::string& query,
                                          const Values&... values)
{
    auto rows = database.prepare("SELECT " + std::string(appointmentColumns) +
                                 " FROM appointment " + query);
    rows.bind(values...);
    std::vector<Appointment> found;
    while (rows.step())
        found.push_back(readAppointment(rows));
    return found;
}

/// As stored: {"services": [{"service": "...", "quantity": 1}, ...]}
std::string servicesJson(const std::vector<WantedService>& services);
/// Throws JsonMalformed.
std::vector<WantedService> servicesFromJson(const std::string& text);

} // namespace amt::office
