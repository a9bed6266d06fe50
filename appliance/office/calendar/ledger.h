// SPDX-License-Identifier: EUPL-1.2
//
// The lane ledger: who holds which five minutes of which lane, and what is free: rules minus
// ledger, computed for each question.
//
// The table decides, by its primary key. Beside it stand the days that were asked for as bits, read
// from the table when they are first needed and never written from anything but a commit.
#pragma once

#include "appliance/office/calendar/appointment.h"
#include "appliance/office/calendar/day_lanes.h"
#include "appliance/office/calendar/kept_statements.h"
#include "appliance/office/calendar/quota_words.h"
#include "appliance/office/calendar/rule_book.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace amt::office {

struct FreeTime {
    LocalDate day;
    int cell = 0;
    UtcTime start;

    bool operator==(const FreeTime&) const = default;
};

/// The first start of each quarter of an hour, in their order: a start every five minutes is no
/// choice for a person.
std::vector<FreeTime> quarterHours(const std::vector<FreeTime>& times);

struct FreeQuestion {
    std::string scope;
    std::chrono::minutes duration{0};
    Booker booker = Booker::Public;
    std::optional<LocalDate> from = {}; ///< nothing: today
    int days = 90;                      ///< from `from` on, within the booker's window
    int limit = 20;
};

/// What this node may sell. Everything: it is its own portal, every cell without a row is free.
/// Owned: only cells that a portal leased to it (appointments-escrow.md R1); all others are taken.
enum class Selling { Everything, Owned };

class Ledger {
public:
    Ledger(store::Database& database, const RuleBook& rules, Selling selling = Selling::Everything,
           quota::Fault fault = quota::Fault::None);

    Selling selling() const { return _selling; }

    /// While it says so, nothing is offered or sold: nobody knows for sure which day it is.
    std::function<bool()> isOnHold;

    /// The next starts, each once however many lanes are free. Reservations whose time is out count
    /// as taken until sweep(). Throws NotFound (scope), InputMalformed (duration, days, limit).
    std::vector<FreeTime> freeTimes(const FreeQuestion& question, UtcTime now) const;
    /// The lane in which `booker` would sit there, as far as rules, cells and window go; nothing
    /// where none is free. Cells of `own` count as free.
    std::optional<int> propose(const std::string& scope, LocalDate day, int first, int count,
                               Booker booker, UtcTime now, const Place* own = nullptr) const;

    /// A use case of the calendar: one commit, or part of the caller's. What take() and giveBack()
    /// did is in the bits when it has committed.
    template <typename Work>
    auto transact(Work&& work)
    {
        if (_database.inTransaction()) // of the caller, who may still roll back
            return work();
        const Own own(*this);
        auto result = _database.transact(work);
        commit();
        return result;
    }

    /// Owned: what could be sold on that day with the line cut. Everything: nothing is counted.
    std::chrono::minutes leasedOn(const std::string& scope, LocalDate day) const;

    // --- in the running transaction ---
    /// Books the run for `booking` in the lane that fits best; nothing where no lane is free.
    /// `until`: the end of a reservation. The window was looked at before.
    std::optional<Place> take(const std::string& scope, LocalDate day, int first, int count,
                              Booker booker, const std::string& booking,
                              std::optional<UtcTime> until);
    /// A reservation becomes a booking, or is held until then.
    void keep(const std::string& scope, const Place& place, const std::string& booking,
              std::optional<UtcTime> until = std::nullopt);
    /// The cells of `booking` are free; with `blockedUntil` nobody may take them before. Owned:
    /// they can be sold again here; that is for reservations, which nobody else knows.
    void giveBack(const std::string& scope, const Place& place, const std::string& booking,
                  std::optional<UtcTime> blockedUntil);
    /// Owned only: the cells of `booking` are the portal's from now on (R6); the caller has
    /// journaled it. One of an earlier life of the node has none here.
    void handOver(const std::string& scope, const Place& place, const std::string& booking);
    /// Owned: serials of the leases that the run's cells belong to, "7" or "7,7,8"; else empty.
    std::string leasesOf(const std::string& scope, const Place& place) const;
    /// Nobody may take those cells of the run that are free, before `until`. Owned: nothing; that
    /// is the portal's to do.
    void block(const std::string& scope, const Place& place, UtcTime until);
    /// Removes what had its time. Returns how many cells. Owned: leases that are over are not sold
    /// from any more.
    int sweep(UtcTime now);
    /// Removes all cells of days before `day`, but for those that have to be returned.
    void forget(LocalDate day);

    /// The rows were changed by another hand of this node (quota.h): they are read anew.
    void reread();

private:
    using Key = std::pair<std::string, LocalDate>;
    struct Days {
        int rulesVersion = 0;
        std::map<LocalDate, DayLanes> lanes;
    };
    /// Marks the transaction as one that the ledger began.
    class Own {
    public:
        explicit Own(Ledger& ledger) : _ledger(ledger) { _ledger._own = true; }
        ~Own()
        {
            _ledger._own = false;
            _ledger._pending.clear();
        }
        Own(const Own&) = delete;
        Own& operator=(const Own&) = delete;

    private:
        Ledger& _ledger;
    };

    /// Good until the next call.
    const DayLanes& lanesOf(const std::string& scope, LocalDate day) const;
    Days& daysOf(const std::string& scope, int rulesVersion) const;
    DayLanes load(const std::string& scope, const OpeningRules& rules, LocalDate day) const;
    void changed(const std::string& scope, LocalDate day,
                 const std::function<void(DayLanes&)>& change);
    void commit();

    store::Database& _database;
    const RuleBook& _rules;
    const Selling _selling;
    const quota::Fault _fault;
    KeptStatements _kept;
    mutable std::map<std::string, Days> _days; ///< committed state only
    mutable std::optional<DayLanes> _passing;  ///< read inside a transaction, good for one look
    std::map<Key, DayLanes> _pending;          ///< days changed by the running transaction
    bool _own = false;
};

} // namespace amt::office
