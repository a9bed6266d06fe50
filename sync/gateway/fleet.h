// SPDX-License-Identifier: EUPL-1.2
//
// All nodes of a region as they stand: when they were last heard, what waits where, what is held,
// which certificates and keys end soon, and what of it is wrong. Figures, nothing of anybody.
#pragma once

#include "appliance/core/clock.h"
#include "sync/gateway/books.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::gateway {

/// A node tells its head at least each quarter of an hour (sync/carrier/PROTOCOL.md): three missed.
constexpr std::chrono::minutes lateAfter{45};
constexpr std::chrono::hours queueOldAfter{1};     ///< the line is slow, or the portal was away
constexpr std::chrono::hours queueTooOldAfter{24}; ///< a working day was lost
constexpr int daysSoon = 30;                       ///< left of a certificate or key
constexpr int daysNow = 7;

enum class Urgency { Fine, Soon, Now };

enum class Trouble {
    NeverHeard,
    Late,
    QueueOld,
    Held,
    Unfetched, ///< an office has not fetched for days (notify-submission)
    NoCertificate,
    CertificateEnds,
    DestinationKeyEnds,
};

struct NodeStanding {
    struct Found {
        Trouble trouble;
        Urgency urgency;
    };

    std::string clientId, tenantId, name;
    bool isRevoked = false;
    std::string incarnation; ///< of the life that is open; empty: never heard
    std::optional<UtcTime> heardAt;
    /// By the node's own word; nothing: it has not said.
    std::string version;
    std::optional<UtcTime> reportedAt;
    int waiting = 0, held = 0;
    std::optional<UtcTime> oldestWaiting;
    /// Of what it sent: lies here, and no office has fetched it yet.
    int unfetched = 0, unfetchedLong = 0;
    std::optional<UtcTime> oldestUnfetched;
    std::optional<UtcTime> certificateEnds;    ///< of its transport key
    std::optional<UtcTime> destinationKeyEnds; ///< the first of its municipality's destinations

    std::vector<Found> found; ///< of a node that was revoked: nothing

    Urgency urgency() const;
};

/// Whole days left, negative when it is over.
int daysLeft(UtcTime ends, UtcTime now);

struct FleetSettings {
    bool nodesNeedCertificates = false; ///< having none is wrong then
};
/// Every node that was ever entered, the most urgent first.
std::vector<NodeStanding> fleet(Books& books, UtcTime now, FleetSettings settings = {});

/// Orders by urgency, then by how much is wrong, then by municipality and name.
void sortByUrgency(std::vector<NodeStanding>& nodes);

struct WaitingKey {
    std::string clientId, tenantId, name;
    std::string fingerprint; ///< hexadecimal
    UtcTime askedAt;
};
/// Transport keys that asked to be let in, the oldest first.
std::vector<WaitingKey> waitingKeys(Books& books);

struct NodeHistory {
    struct Key {
        std::string fingerprint, state; ///< asked, issued, revoked
        UtcTime askedAt;
        std::optional<UtcTime> ends;
    };
    struct Event {
        UtcTime at;
        std::string kind;    ///< "act", "life", "life-closed", "submission"
        std::string what;    ///< of an act: its name; of a submission: its state; of a life: its id
        std::string by, why; ///< of an act
    };
    std::vector<Key> keys;
    std::vector<Event> events; ///< the newest first
};
NodeHistory historyOf(Books& books, const std::string& clientId);

} // namespace amt::gateway
