// SPDX-License-Identifier: EUPL-1.2
//
// The node's end of the quota protocol (Kontingent): leased cells in, journal records out, and what
// is said about both (appointments-escrow.md). It sells nothing itself: that does a Ledger that
// sells what is Owned.
#pragma once

#include "appliance/office/calendar/ledger.h"
#include "appliance/office/calendar/quota_words.h"
#include "sync/outbox/journal.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace amt::office {

/// R7: deletes lease rows, grant log position and all else that no copy may hold, but for the
/// incarnation, which goes by store::forgottenInCopies(). In one commit.
void forgetLeases(store::Database& database);
/// What stands in cells of `from` and later days, so that nobody changes between a calendar of
/// one's own and a portal's while people hold something.
struct CellsHeld {
    bool isLeaseStore = false; ///< a portal has owned this node's calendar
    int leased = 0;            ///< cells of a portal
    int bookedUnleased = 0;    ///< cells of bookings that no portal knows
};
CellsHeld cellsHeld(store::Database& database, LocalDate from);

struct QuotaSettings {
    std::string node;      ///< its name at the portal
    std::string publicKey; ///< for REGISTER
    /// The payload of a signed lease. Throws SignatureInvalid for what the portal has not signed.
    std::function<std::string(const std::string& token)> verify;
    std::chrono::hours returnBefore{4}; ///< cells that begin so soon go back while online
    quota::Fault fault = quota::Fault::None;
};

/// What is to be carried to the portal.
struct QuotaMessage {
    std::string_view path; ///< quota_words.h
    std::string body;
};

/// What a round asks for beside records and grants.
struct QuotaPlan {
    struct Wanted {
        std::string scope;
        int runCells = 0; ///< of its longest service
    };
    UtcTime now;
    std::vector<Wanted> wants;          ///< WANT, if any
    std::vector<std::string> calendars; ///< scopes whose rules are asked for, and what is taken
    int calendarDays = 1;               ///< from today on
};

class Quota {
public:
    Quota(store::Database& database, outbox::Journal& journal, RuleBook& rules, Ledger& ledger,
          QuotaSettings settings);

    /// At start, after takeIncarnation: one commit. A file without a lease store (a new one, one
    /// that was put back from a copy) gets an empty one for its incarnation, and reservations of
    /// leased cells lapse.
    void takeUp(UtcTime now);

    // --- messages; bytes out. What is read here is committed.
    std::string registration() const;
    /// Records from the one that the portal wants; nothing: it has all, or was not asked yet.
    std::optional<std::string> report() const;
    std::string grantsQuestion() const;
    /// R10: what is owned, for the portal life that registered() heard.
    std::string leases() const;
    std::string want(const std::string& scope, int runCells, UtcTime now) const;
    std::string want(const std::vector<QuotaPlan::Wanted>& scopes, UtcTime now) const;

    // --- answers; bytes in. Any of them may be late, repeated, or of an earlier life.
    /// One commit. Returns what was said. Throws JsonMalformed, InputMalformed (nothing is taken),
    /// SignatureInvalid.
    quota::Answer heard(const std::string& answer, UtcTime now);
    /// Keeps rules of a scope that are edited elsewhere, if they are newer. One commit.
    void heardCalendar(const std::string& calendar, UtcTime now);

    // --- the round (REPORT, WANT, GRANTS, RETURN, REPORT, CALENDAR): what is to be said next
    /// Nothing: the round is over. A new one begins with begin(). Answers go to heard(), those to
    /// CALENDAR to heardCalendar().
    std::optional<QuotaMessage> next();
    void begin(QuotaPlan plan = {});
    /// In this round the portal has said that it knows this life.
    bool isRegistered() const { return _next.has_value(); }

    // --- giving back (R4): durable first
    /// One commit: cells of the run that are owned go, RETURN for each piece. Returns how many.
    int giveBack(const quota::Run& run, UtcTime now);
    /// What is past or begins soon; while online only. Returns how many cells.
    int giveBackSoon(UtcTime now);

    // --- what may go
    /// Records younger than this, or as young, are not pruned: the portal has not taken them, or
    /// took them less than 30 days ago and may have to be told again (R10).
    UtcTime pruneBefore(UtcTime before, UtcTime now) const;

    /// Number of the newest record of the calendar; 0: there is none.
    std::int64_t newest() const;

    bool isFenced() const;
    std::int64_t nextGrant() const;
    std::string incarnation() const { return state().incarnation; }
    /// Cells that can be sold.
    int owned() const;

private:
    struct State {
        std::string incarnation;
        quota::Mark from;
        std::int64_t grants = 0;
        quota::Life portal;
        bool fenced = false;
    };
    State state() const;
    void take(const quota::Lease& lease, State& state, UtcTime now);
    void tellRules(UtcTime now);
    void noteTaken(std::int64_t next, UtcTime now);
    void cancelledAtPortal(const std::string& appointment, UtcTime now);
    int giveBackRun(const quota::Run& run, UtcTime now);

    enum class Phase { Register, Report, Leases, Want, Grants, LastReport, Calendar, Over };

    store::Database& _database;
    outbox::Journal& _journal;
    RuleBook& _rules;
    Ledger& _ledger;
    const QuotaSettings _settings;
    std::optional<std::int64_t> _next; ///< record that the portal wants, as it said last
    std::string _challenge;
    bool _showLeases = false;
    std::int64_t _portalGrants = 0;
    Phase _phase = Phase::Over;
    mutable std::int64_t _looked = 0; ///< records up to this one are in _newest
    mutable std::int64_t _newest = 0;
    QuotaPlan _plan;            ///< of the round; shrinks as it is said
    int _calendarDaysAsked = 0; ///< of the scope that is asked for now
};

// --- time ----------------------------------------------------------------------------------------

/// The node's time for the calendar (appointments-escrow.md 3): the newest of journal, portal and
/// clock, as far as the clock may be believed. It never steps back.
class NodeTime {
public:
    /// `newestRecord`: of the journal, at power-up.
    NodeTime(UtcTime newestRecord, Milliseconds sinceBoot);

    void portalSaid(UtcTime portal, Milliseconds sinceBoot);
    /// A clerk has looked at a calendar.
    void clerkConfirmed(UtcTime now, Milliseconds sinceBoot);

    UtcTime now(UtcTime clock, Milliseconds sinceBoot);
    /// Whether a clerk has to confirm the date before anything is sold offline: no portal since
    /// power-up, and the clock is more than five minutes beside the journal.
    bool needsClerk(UtcTime clock, Milliseconds sinceBoot) const;

private:
    UtcTime reference(Milliseconds sinceBoot) const;

    UtcTime _reference;
    Milliseconds _referenceAt; ///< since boot
    bool _vouched = false;     ///< by portal or clerk, since power-up
    UtcTime _newest;
};

} // namespace amt::office
