// SPDX-License-Identifier: EUPL-1.2
//
// The quota protocol (Kontingente) as node and portal say it: messages, leases, bodies of journal
// records, with strict readers (appointments-escrow.md 4). Only core, so that a gateway takes it.
// Every read function throws JsonMalformed or InputMalformed, and takes nothing of a bad message.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"
#include "appliance/core/local_date.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amt::office::quota {

// --- addresses at the gateway; PUT (the calendar: POST), and may be repeated -----------------

inline constexpr std::string_view registerPath = "/v2/quota/register";
inline constexpr std::string_view reportPath = "/v2/quota/report";
inline constexpr std::string_view grantsPath = "/v2/quota/grants";
inline constexpr std::string_view leasesPath = "/v2/quota/leases";
inline constexpr std::string_view wantPath = "/v2/quota/want";
inline constexpr std::string_view calendarPath = "/v2/quota/calendar";

inline constexpr std::string_view leaseType = "lease+jws"; ///< typ of a signed lease

inline constexpr int recordsMax = 256;     ///< of one REPORT
inline constexpr int grantsMax = 64;       ///< of one answer
inline constexpr int runsMax = 4096;       ///< of one message
inline constexpr int calendarDaysMax = 31; ///< of one snapshot

/// Leaves out one rule, so that tests can show that they would notice. None in the product.
enum class Fault {
    None,
    TimeoutReclaim,     ///< R3: the portal takes leased cells back by its clock
    ConfirmFirst,       ///< R2: the citizen is told before the journal is on disk
    NoDedup,            ///< R5: the portal applies a record again
    NoGrantSequence,    ///< R5: the node takes an old grant again
    NoBookingId,        ///< R6: a cancellation names the cell, not the booking
    ReuseCancelled,     ///< R6: the node sells a cell again after it cancelled a booking
    RestoreKeepsLeases, ///< R7: a restored node goes on with the leases of its copy
    FreeOnRestore,      ///< R8: the portal frees what a lost incarnation held
};

// --- words ---------------------------------------------------------------------------------------

/// Cells in a row of one lane.
struct Run {
    std::string scope;
    LocalDate day;
    int lane = 0;
    int first = 0;
    int count = 0;

    bool operator==(const Run&) const = default;
};

/// A record's place in a chain.
struct Mark {
    std::int64_t number = 0;
    std::string hash; ///< 64 hexadecimal digits

    bool operator==(const Mark&) const = default;
};

/// A portal's life between two restores; grants of another one are not taken (R10).
struct Life {
    std::int64_t epoch = 0; ///< 0: a node that knows no portal yet
    std::string id;         ///< UUID; empty then

    bool operator==(const Life&) const = default;
};

/// One entry of the grant log, as the portal signs it.
struct Lease {
    std::string node, incarnation;
    std::int64_t number = 0; ///< 0, 1, 2 ... for each incarnation
    std::int64_t serial = 0; ///< rises over all leases of the portal
    std::string portalLife;
    UtcTime sellUntil;
    std::vector<Run> runs;
};
std::string write(const Lease& lease);
Lease readLease(const std::string& text);

/// A journal record on its way. Those that are not about the calendar show number and hash only.
struct Record {
    std::int64_t number = 0;
    std::string hash;
    std::string kind = {}; ///< empty: not about the calendar
    std::string id = {};
    UtcTime time = {};
    std::string timeQuality = {};
    std::string details = {}; ///< as hashed
    std::string rules = {};   ///< of RULES: what its digest is over
};
bool isOfCalendar(std::string_view kind);

/// What BOOK, CANCEL, MOVE and RETURN say; RULES has version and digest.
struct Body {
    Run run;
    std::vector<std::int64_t> leases; ///< by cell; empty: of no portal
    std::string booking;              ///< CANCEL, MOVE
    std::optional<Run> from;          ///< MOVE
    std::int64_t version = 0;         ///< RULES
    std::string rulesDigest;
};
Body readBody(std::string_view kind, const std::string& details);
std::string bookingId(const std::string& incarnation, std::int64_t number);
/// "<UUID>:<number>". Throws InputMalformed.
void checkBookingId(const std::string& id);

// --- messages ------------------------------------------------------------------------------------

struct Register {
    std::string node, incarnation;
    std::string publicKey; ///< of the town's desk, JWK as JSON: names of citizens are sealed to it
    Mark from;             ///< the journal's head when this incarnation began
    Mark head;
    std::int64_t grants = 0; ///< next grant it would take
    Life portal;             ///< newest that it knows
    std::string challenge;   ///< as the portal said; empty at first
};
struct Report {
    std::string incarnation;
    std::vector<Record> records; ///< in a row
};
struct GrantsQuestion {
    std::string incarnation;
    std::int64_t from = 0;
};
/// Everything that the node owns, when its journal ends with record `head` (R10).
struct Leases {
    std::string incarnation;
    Life portal; ///< to which it is shown, and whose grants alone are taken from now on
    std::int64_t head = 0;
    std::int64_t grants = 0;
    struct Owned {
        Run run;
        std::int64_t serial = 0;
    };
    std::vector<Owned> owned;
};
struct Want {
    struct Day {
        LocalDate day;
        int count = 0;
    };
    struct Scope {
        std::string scope;
        int runCells = 0;      ///< of the longest service
        std::vector<Day> left; ///< cells that can be sold
        std::vector<Day> used; ///< bookings of the last 14 days
    };
    std::string incarnation;
    std::vector<Scope> scopes;
};

/// What every message but CALENDAR is answered with.
struct Answer {
    std::string incarnation; ///< of the asker: an answer to an earlier life is not heard
    Life portal;
    UtcTime portalTime;
    /// The portal does not know this incarnation: REGISTER with this, so that a registration which
    /// was long under way does not close the life that came after it. Nothing else counts then.
    std::string challenge;
    bool fenced = false;             ///< this incarnation is closed
    bool showLeases = false;         ///< the portal was restored: tell everything, then LEASES
    std::int64_t next = 0;           ///< record that is wanted
    std::int64_t grants = 0;         ///< length of the grant log
    std::vector<Run> recall;         ///< the portal would like these back
    std::vector<std::string> leases; ///< to GRANTS: signed
};

struct CalendarQuestion {
    std::string scope;
    LocalDate from;
    int days = 1; ///< at most calendarDaysMax
};
struct Calendar {
    UtcTime asOf;
    std::string scope;
    std::int64_t version = 0;
    std::string rules; ///< JSON, rules.h
    std::vector<Run> taken;
    bool isElsewhere = false; ///< the rules are edited at another node than the asker
};

std::string write(const Register& message);
std::string write(const Report& message);
std::string write(const GrantsQuestion& message);
std::string write(const Leases& message);
std::string write(const Want& message);
std::string write(const Answer& answer);
std::string write(const CalendarQuestion& question);
std::string write(const Calendar& calendar);
Register readRegister(const std::string& text);
Report readReport(const std::string& text);
GrantsQuestion readGrantsQuestion(const std::string& text);
Leases readLeases(const std::string& text);
Want readWant(const std::string& text);
Answer readAnswer(const std::string& text);
CalendarQuestion readCalendarQuestion(const std::string& text);
Calendar readCalendar(const std::string& text);

/// How many bookings a node should be able to make in an outage (appointments-escrow.md 5):
/// ceil(1.5 x 95th percentile), at least 2. `bookings` by 8-hour spans of that weekday.
int target(std::vector<int> bookings);

} // namespace amt::office::quota
