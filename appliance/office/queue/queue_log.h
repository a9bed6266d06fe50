// SPDX-License-Identifier: EUPL-1.2
//
// The log of the queue (queue_event): what an event says, what it does to a ticket, and the state
// that comes of all of them.
//
// The queue changes a ticket by the same function that derives it again from the log.
#pragma once

#include "appliance/office/queue/ticket.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace amt::office {

/// About a desk, or about the day.
enum class HallEvent {
    DeskOpened, ///< details "skills" (by blanks), "mode"
    DeskClosed,
    EmergencyCalled,
    EmergencyAnswered, ///< the end of the call: a colleague comes
    SignSet,           ///< details "word"
    NotArrived         ///< an appointment that nobody checked in; details "start"
};
std::string_view name(HallEvent event);

struct QueueEvent {
    std::int64_t number = 0; ///< rises with each event and never comes again
    LocalDate day;           ///< of the ticket or the desk
    UtcTime time;
    std::variant<TicketEvent, HallEvent> kind;
    std::optional<TicketNumber> ticket;
    std::string group; ///< Redirected: the new one
    std::string desk;
    std::string by; ///< empty once the name was forgotten
    /// Drawn: "channel", "minutes", "priority", "punctuality", "start" (milliseconds, of an
    /// appointment). Redirected: "desk", when to one. Prioritised: "priority".
    std::map<std::string, std::string> details;
};

enum class DeskMode { Everybody, AppointmentsOnly };
std::string_view name(DeskMode mode);
DeskMode deskModeFromName(const std::string& text); ///< throws StoreFailed

/// What a clerk hangs at the door for a while (D2). Given words, for they stand in a public hall
/// and in a log that keeps no names.
enum class SignWord { None, BackSoon, Break, Knock };
std::string_view name(SignWord word);
SignWord signWordFromName(const std::string& text); ///< throws InputMalformed

/// Keys by blanks, as stored.
std::string toText(const std::set<std::string>& skills);
std::set<std::string> skillsFromText(std::string_view text);

struct OpenDesk {
    std::string id;
    LocalDate day;
    std::string clerk;
    std::set<std::string> skills; ///< keys of groups, as the clerk chose them
    DeskMode mode = DeskMode::Everybody;
    UtcTime openedAt;
    std::optional<UtcTime> emergencyAt; ///< calls the colleagues since then
    SignWord sign = SignWord::None;

    bool operator==(const OpenDesk&) const = default;
};

/// A new ticket; what the log does not know (id, appointment, services) is empty.
Ticket begunBy(const QueueEvent& drawn);
/// The ticket after `event`. Throws StepOutOfOrder where the table has no row.
Ticket after(const Ticket& before, const QueueEvent& event);
/// The ticket as the log knows it.
Ticket withoutLinks(Ticket ticket);

/// Everything that comes of a log.
struct QueueState {
    std::map<std::pair<LocalDate, TicketNumber>, Ticket> tickets; ///< without links
    std::map<std::string, OpenDesk> desks;

    void apply(const QueueEvent& event);
};

/// In the running transaction; the number is given by the table.
inline constexpr std::string_view insertEvent =
    "INSERT INTO queue_event (day, time, kind, ticket, service_group, desk, by, details) VALUES"
    " (?, ?, ?, ?, ?, ?, ?, ?)";
void runInsert(store::Statement& prepared, const QueueEvent& event);
/// In their order, `first` and `last` included.
enum class EventDetails { Read, LeftOut };
std::vector<QueueEvent> readEvents(store::Database& database, LocalDate first, LocalDate last,
                                   EventDetails details = EventDetails::Read);
/// The number of the newest event; 0 when there was none.
std::int64_t newestEvent(store::Database& database);

} // namespace amt::office
