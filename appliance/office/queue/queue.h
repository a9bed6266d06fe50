// SPDX-License-Identifier: EUPL-1.2
//
// The queue (Aufruf): draw, check in, call, serve, park, redirect, end the day. Each use case is
// one commit with its event in the log.
//
// Whoever changes a ticket names the version that the page showed; what another has changed
// meanwhile is refused (VersionConflict), so two desks never call one person. The same press again
// gives the same ticket. Every use case first lets go what had its time, as sweep() does.
#pragma once

#include "appliance/office/calendar/kept_statements.h"
#include "appliance/office/queue/queue_log.h"
#include "appliance/office/queue/queue_plan.h"
#include "appliance/office/queue/ticket.h"
#include "sync/outbox/journal.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::office {

struct TicketWish {
    std::string id; ///< UUID, made when the page was: asking twice draws once
    std::string group;
    Channel channel = Channel::Kiosk;
    std::vector<WantedService> services = {};         ///< may be empty
    std::optional<std::chrono::minutes> planned = {}; ///< nothing: as planned for the group
    Priority priority = Priority::Normal;             ///< other than Normal: reception only
};
/// The caller found the appointment by its code, and saw that it is confirmed.
struct CheckIn {
    std::string id;          ///< as in TicketWish
    std::string appointment; ///< id
    UtcTime start;           ///< of the appointment
    std::string group;
    Channel channel = Channel::Kiosk;
    std::vector<WantedService> services = {};
    std::optional<std::chrono::minutes> planned = {};
};

/// No more walk-in numbers of this group today.
struct LimitReached {
    int limit = 0;
};
/// Numbers of this group are issued by staff.
struct AskReception {};
/// The appointment has its ticket; a reprint is the same number.
struct AlreadyCheckedIn {
    Ticket ticket;
};
struct TooEarly {
    UtcTime from; ///< check-in begins
};
struct TooLate {};
struct OtherDay {
    LocalDate day; ///< of the appointment
};
using DrawOutcome = std::variant<Ticket, LimitReached, AskReception>;
using CheckInOutcome =
    std::variant<Ticket, AlreadyCheckedIn, TooEarly, TooLate, OtherDay, LimitReached>;

struct DeskOpening {
    std::string desk;
    std::string clerk;
    std::set<std::string> skills = {}; ///< of those planned for the desk; empty: all
    DeskMode mode = DeskMode::Everybody;
};
/// A second sign-in at the same place is asked before it takes over.
enum class TakeOver { No, Yes };
struct DeskOccupied {
    OpenDesk desk;
};
using OpenOutcome = std::variant<OpenDesk, DeskOccupied>;

struct NobodyWaiting {};
/// One person at a time: this one is called or served there.
struct DeskBusy {
    Ticket ticket;
};
using CallOutcome = std::variant<Ticket, NobodyWaiting, DeskBusy>;

/// What the page showed.
struct SeenTicket {
    std::string id;
    int version = 0;
};
/// Who acts: a clerk at a desk, reception (no desk), or a device.
struct Actor {
    std::string by;
    std::string desk = {};
};

/// A word for the next desk, sealed for the desk key; nothing of it stands anywhere else.
struct SealedNote {
    std::string kid, sealed;
};
struct TicketNote {
    SealedNote note;
    std::string by;
    UtcTime at;
};
struct Redirection {
    std::string group;
    std::optional<std::string> desk = {}; ///< open, and with that skill
    std::optional<SealedNote> note = {};
};

/// An appointment of the day, as the calendar has it.
struct BookedVisit {
    std::string appointment; ///< id
    std::string group;
    UtcTime start;
    std::chrono::minutes planned{0};
};

/// What an end of the day found open.
struct DayEnd {
    int unserved = 0;    ///< waiting or called
    int unfinished = 0;  ///< served or parked
    int uncollected = 0; ///< on the pick-up list
    int expired = 0;     ///< never printed nor noted
    int desks = 0;       ///< that were still open
};

class Queue {
public:
    Queue(store::Database& database, outbox::Journal& journal, const QueuePlans& plans);

    // --- a number: drawn first, waits once it is printed or noted ---
    /// Throws NotFound (group), InputMalformed, StepOutOfOrder (the id belongs to another wish).
    DrawOutcome draw(const TicketWish& wish, const Actor& actor, UtcTime now);
    /// Throws as draw(). Which appointment it is and whether it holds is the caller's knowledge.
    CheckInOutcome checkIn(const CheckIn& wish, const Actor& actor, UtcTime now);
    /// The printer succeeded: waits, once. The first time Printed, later Reprinted (the same
    /// number again). Throws NotFound, StepOutOfOrder (over).
    Ticket printed(const std::string& id, const Actor& actor, UtcTime now);
    /// "I have noted it". Where it waits already nothing happens. Throws NotFound, StepOutOfOrder.
    Ticket noted(const std::string& id, const Actor& actor, UtcTime now);
    /// Stays as it is; the page asks to note the number. Throws NotFound.
    Ticket printFailed(const std::string& id, const Actor& actor, UtcTime now);

    // --- desks ---
    /// The same clerk again: the desk with what is wished now. With TakeOver::Yes the person who is
    /// served there stays there. Throws NotFound (desk), InputMalformed (a skill that is not
    /// planned there).
    OpenOutcome openDesk(const DeskOpening& opening, TakeOver takeOver, UtcTime now);
    /// Closed already: nothing happens. Throws StepOutOfOrder: somebody is called or served there.
    void closeDesk(const std::string& desk, const std::string& by, UtcTime now);
    /// Emergency call to the colleagues, one at a time. Throws NotFound (desk), StepOutOfOrder (not
    /// open).
    void callEmergency(const Actor& actor, UtcTime now);
    /// A colleague is on the way: the call is over. None is open: nothing happens.
    void answerEmergency(const std::string& desk, const Actor& actor, UtcTime now);

    /// At the door of the actor's desk, until another word comes or the desk closes. Throws
    /// StepOutOfOrder (not open).
    void setSign(SignWord word, const Actor& actor, UtcTime now);

    // --- calling; the actor's desk must be open: StepOutOfOrder otherwise ---
    /// The first in the calling order that this desk can serve.
    CallOutcome callNext(const Actor& actor, UtcTime now);
    /// One that waits, is parked, was missed today, or comes for its pick-up. Throws NotFound,
    /// VersionConflict, StepOutOfOrder, NotAllowed (not planned for this desk). Never gives
    /// NobodyWaiting.
    CallOutcome callThis(const SeenTicket& seen, const Actor& actor, UtcTime now);
    /// From Parked or ForPickUp straight to the desk. Throws as callThis.
    CallOutcome resume(const SeenTicket& seen, const Actor& actor, UtcTime now);

    // --- a ticket at this desk. Throw NotFound, VersionConflict, StepOutOfOrder, NotAllowed (at
    //     another desk) ---
    /// Called once more; after CallingRules::callsMax calls in vain it becomes NoShow instead.
    Ticket recall(const SeenTicket& seen, const Actor& actor, UtcTime now);
    Ticket putBack(const SeenTicket& seen, const Actor& actor, UtcTime now);
    Ticket miss(const SeenTicket& seen, const Actor& actor, UtcTime now); ///< NoShow
    Ticket serve(const SeenTicket& seen, const Actor& actor, UtcTime now);
    /// Also a parked one that does not come back, and one that got its pick-up, from any desk.
    Ticket finish(const SeenTicket& seen, const Actor& actor, UtcTime now);
    Ticket park(const SeenTicket& seen, const Actor& actor, UtcTime now);
    Ticket shelve(const SeenTicket& seen, const Actor& actor,
                  UtcTime now); ///< onto the pick-up list

    // --- from any desk or reception, unless another desk has it; throw as above ---
    /// Keeps number and place in the order. AUDIT. Throws also NotFound (group, desk),
    /// InputMalformed (the desk lacks the skill or is closed; a note that is not sealed).
    Ticket redirect(const SeenTicket& seen, const Redirection& to, const Actor& actor, UtcTime now);
    Ticket returnToQueue(const SeenTicket& seen, const Actor& actor, UtcTime now); ///< of a NoShow
    /// AUDIT.
    Ticket prioritise(const SeenTicket& seen, Priority priority, const Actor& actor, UtcTime now);
    /// AUDIT.
    Ticket withdraw(const SeenTicket& seen, const Actor& actor, UtcTime now);
    /// A sealed word beside any ticket of today; no event. Throws NotFound, InputMalformed.
    void addNote(const std::string& id, const SealedNote& note, const Actor& actor, UtcTime now);

    // --- time ---
    /// Everything that is open ends in a state that says so, desks close; AUDIT. Numbers of the day
    /// go on if somebody draws again. Throws StepOutOfOrder while a desk calls for help.
    DayEnd endDay(const std::string& by, UtcTime now);
    /// Once a day, after its last appointment: those that nobody checked in go into the log.
    /// Returns how many are new there.
    int noteAbsent(LocalDate day, const std::vector<BookedVisit>& booked, UtcTime now);
    /// Each minute, one commit if anything had its time: numbers that nobody took expire, days
    /// before today end (unless the clock is doubtful). Returns how many tickets changed.
    int sweep(UtcTime now);
    /// Each night, one commit, then a WAL checkpoint: tickets and notes of days before
    /// `linksBefore` go, with the names in the log; events before `allBefore` go. Neither is after
    /// today. Nothing goes while the clock is doubtful. Returns how many tickets went.
    int purge(LocalDate linksBefore, LocalDate allBefore, UtcTime now);
    /// Each night: labels of tickets and desks whose row is not what the log says. Empty, unless
    /// there is a defect.
    std::vector<std::string> unsound() const;

    // --- questions ---
    std::optional<Ticket> find(const std::string& id) const;
    std::optional<Ticket> findByNumber(LocalDate day, const TicketNumber& number) const;
    std::optional<Ticket> findByAppointment(const std::string& appointment) const;
    /// Called or served there.
    std::optional<Ticket> atDesk(const std::string& desk) const;
    /// Tickets of the day in these states, by number of their drawing; empty `states`: all.
    std::vector<Ticket> ofDay(LocalDate day, const std::vector<TicketState>& states = {}) const;
    std::vector<OpenDesk> openDesks() const;
    std::vector<TicketNote> notes(const std::string& id) const;
    /// Rises with each event.
    std::int64_t sequence() const;
    /// Whether callNext at this desk would take this ticket now if it were the only one.
    bool mayCall(const OpenDesk& desk, const Ticket& ticket, const std::vector<OpenDesk>& open,
                 UtcTime now) const;
    /// Events of these days, both included.
    std::vector<QueueEvent> events(LocalDate first, LocalDate last) const;
    std::shared_ptr<const QueuePlanVersion> plan() const { return _plans.current(); }

private:
    struct Drawing;
    using Candidate = std::variant<Ticket, LimitReached>;
    Candidate newTicket(const Drawing& drawing, const Actor& actor, UtcTime now);
    Ticket confirm(const std::string& id, TicketEvent event, const Actor& actor, UtcTime now);
    CallOutcome toDesk(const SeenTicket& seen, TicketEvent event, const Actor& actor, UtcTime now);
    Ticket act(const SeenTicket& seen, TicketEvent event, const Actor& actor, UtcTime now,
               QueueEvent change);
    Ticket apply(const Ticket& before, TicketEvent event, const Actor& actor, UtcTime now,
                 QueueEvent change);
    void insertNote(const std::string& ticket, const SealedNote& note, const Actor& actor,
                    UtcTime now);
    OpenDesk requiredOpen(const std::string& desk) const;
    std::optional<OpenDesk> openDeskNamed(const std::string& desk) const;
    /// Event and AUDIT about a desk.
    void tell(HallEvent kind, std::string_view act, const OpenDesk& desk, const std::string& by,
              UtcTime now, const std::map<std::string, std::string>& details = {});
    void closeOpenDesk(const OpenDesk& open, const std::string& by, UtcTime now);
    std::string namesFrom() const;
    bool due(UtcTime now) const;
    int lapse(UtcTime now);
    DayEnd endDays(const std::string& until, const std::string& by, UtcTime now);
    void record(const std::string& about, const std::string& act, outbox::Details more,
                const std::string& by, UtcTime now);

    store::Database& _database;
    outbox::Journal& _journal;
    const QueuePlans& _plans;
    mutable KeptStatements _kept;
};

} // namespace amt::office
