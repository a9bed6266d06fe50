// SPDX-License-Identifier: EUPL-1.2
//
// The portal's end of the quota protocol (Kontingente): it owns the calendar, leases cells to
// nodes, takes their records in order and once, and keeps free what a lost node may have sold
// (appointments-escrow.md).
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/random.h"
#include "appliance/office/calendar/quota_words.h"
#include "appliance/office/calendar/rules.h"
#include "sync/gateway/books.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amt::gateway {

struct QuotaSettings {
    /// JWS over a lease: what a node takes for the portal's word.
    std::function<std::string(const std::string& payload)> sign;
    int leasablePercent = 30;            ///< of the lanes that the public may book
    std::chrono::hours sellFor{14 * 24}; ///< a lease; at most until its last cell ends
    int horizonDays = 14;
    office::quota::Fault fault = office::quota::Fault::None;
};

/// Who asks, as the front door knows it.
struct QuotaClient {
    std::string id, tenantId;
};

class Quota {
public:
    /// The schema is up to date. What is passed by reference must outlive it.
    Quota(Books& books, QuotaSettings settings, RandomSource& random);

    // --- messages of a node: one commit for each record, one for each other message. Throw
    // JsonMalformed, InputMalformed (nothing is taken), StepOutOfOrder (not registered).
    std::string registered(const QuotaClient& node, const std::string& body, UtcTime now);
    std::string reported(const QuotaClient& node, const std::string& body, UtcTime now);
    std::string grantsAsked(const QuotaClient& node, const std::string& body, UtcTime now);
    std::string leasesShown(const QuotaClient& node, const std::string& body, UtcTime now);
    std::string wanted(const QuotaClient& node, const std::string& body, UtcTime now);
    /// Throws NotFound: no such scope.
    std::string calendar(const QuotaClient& node, const std::string& body, UtcTime now);

    // --- the portal's own sales: one commit each
    /// Its booking id; nothing: not free, not open to the booker, or the portal was restored and
    /// does not know yet.
    std::optional<std::string> sell(const std::string& tenant, const office::quota::Run& run,
                                    UtcTime now, office::Booker booker = office::Booker::Public);
    /// By the citizen. A booking that was not reported yet is cancelled when it is. False: no such
    /// booking can be.
    bool cancel(const std::string& tenant, const std::string& bookingId, UtcTime now);
    /// A booking known here to other cells that are free here. False: nothing changed.
    bool move(const std::string& tenant, const std::string& bookingId, const office::quota::Run& to,
              UtcTime now, office::Booker booker = office::Booker::Public);

    // --- leasing
    /// One lease. False: a cell is not free or may not be leased, or the node takes none now.
    bool grant(const std::string& client, const std::vector<office::quota::Run>& runs, UtcTime now);
    /// Asks for leased cells of the run in the next answers.
    void recall(const std::string& client, const office::quota::Run& run);

    // --- the operator
    /// R9: stream closed, cells quarantined, credentials blocked. Throws NotFound.
    void revoke(const std::string& client, const std::string& by, const std::string& reason,
                UtcTime now);
    /// R9: quarantined cells are free again; the one act that may overbook. Returns how many.
    int release(const std::string& tenant, const office::quota::Run& run, const std::string& by,
                const std::string& reason, UtcTime now);
    /// R10: these books were put back from a copy. A new life begins; in each tenant nothing is
    /// sold or leased until each of its nodes has shown what it holds, or is revoked.
    void beginReconcile(const std::string& by, UtcTime now,
                        const std::string& reason = "put back from a copy");
    bool isReconciling(const std::string& tenant);
    /// Removes what is sold or quarantined on days before, and bookings of those days; what is
    /// leased stays until it is returned.
    void forget(LocalDate before);
    /// What IT sees before it decides: each life of each node, and runs of cells that nobody sells.
    struct NodeRow {
        std::string client, tenant, state;
        std::string incarnation, closedWhy; ///< empty: none yet; still open
        std::int64_t next = 0, grants = 0;
        int leased = 0, quarantined = 0; ///< cells
    };
    std::vector<NodeRow> nodes();
    struct QuarantinedRun {
        std::string tenant, client;
        office::quota::Run run;
    };
    std::vector<QuarantinedRun> quarantined();
    /// With Fault::TimeoutReclaim only.
    void tick(UtcTime now);

    std::int64_t conflicts();
    /// Nightly (appointments-escrow.md 7): what does not fit together. Empty, or a defect.
    std::vector<std::string> unsound();

private:
    struct Node;
    struct Stream;
    struct Cell;

    std::optional<Node> node(const std::string& client);
    std::optional<Stream> stream(const std::string& client, const std::string& incarnation);
    Stream openStream(const std::string& client, const std::string& incarnation);
    std::string answer(const QuotaClient& client, const std::string& incarnation, UtcTime now,
                       std::vector<std::string> leases = {});
    office::quota::Life life();
    std::int64_t number(const std::string& key);
    void setNumber(const std::string& key, std::int64_t value);
    void seenLeases(const std::vector<std::int64_t>& serials);

    void fence(const std::string& client, const std::string& incarnation, const std::string& why,
               UtcTime now);
    void audit(const std::string& tenant, const std::string& act, const std::string& by,
               const std::string& reason, const std::string& details, UtcTime now);

    enum class Taken { More, Stop };
    Taken take(const QuotaClient& client, const std::string& incarnation,
               const office::quota::Record& record, UtcTime now);
    /// `isApplied`: a record of this number was, while the stream was open.
    void keepAsEvidence(const QuotaClient& client, const std::string& incarnation,
                        const office::quota::Record& record, bool isApplied, UtcTime now);
    void apply(const QuotaClient& client, const std::string& incarnation,
               const office::quota::Record& record, bool shown, UtcTime now);
    void book(const QuotaClient& client, const std::string& incarnation, const std::string& id,
              const office::quota::Body& body, bool shown, UtcTime now);
    void takeRules(const QuotaClient& client, const office::quota::Record& record, UtcTime now);

    std::map<int, Cell> cellsOf(const std::string& tenant, const office::quota::Run& run);
    void put(const std::string& tenant, const office::quota::Run& run, int idx, const Cell& cell);
    void supersede(const std::string& booking, UtcTime now);
    void note(const std::string& id, const std::string& tenant,
              const std::optional<std::string>& client, const std::string& state,
              const office::quota::Run& run, UtcTime now);
    std::optional<office::DayPlan> planOf(const std::string& tenant, const office::quota::Run& run);
    bool opens(const std::string& tenant, const office::quota::Run& run, int percent);
    bool opensFor(const std::string& tenant, const office::quota::Run& run, office::Booker booker);
    bool grantIn(const std::string& client, const std::vector<office::quota::Run>& runs,
                 UtcTime now);

    Books& _books;
    const QuotaSettings _settings;
    RandomSource& _random;
};

} // namespace amt::gateway
