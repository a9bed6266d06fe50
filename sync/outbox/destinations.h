// SPDX-License-Identifier: EUPL-1.2
//
// Destinations, their keys and whom we believe: pinned roots, pinned service keys, ages of key sets
// (sync.md 1, 6, 10).
#pragma once

#include "sync/envelope/envelope.h"
#include "sync/outbox/journal.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace amt::outbox {

struct KeyAgeLimits {
    std::chrono::hours warning{24 * 7};
    std::chrono::hours refusal{24 * 30}; ///< no new captures after this
    std::chrono::hours refresh{1};       ///< amt-sync is asked to bring the set anew
};

/// node-enrolment.json (sync/gateway/ENROLMENT.md).
struct Enrolment {
    struct Destination {
        std::string id;
        std::string document, key;                      ///< as JSON text
        std::vector<envelope::PublicJwk> signatureKeys; ///< verify accept and reject
    };
    std::string serviceIssuer;                    ///< iss of the service's events
    std::vector<envelope::PublicJwk> serviceKeys; ///< verify submit, notify, delete, auto-reject
    std::vector<Bytes> roots;                     ///< DER: current and next
    std::vector<Destination> destinations;
};
/// Throws JsonMalformed, KeyUnusable.
Enrolment readEnrolment(const std::string& json);

enum class KeyStanding { Good, Aging, TooOld, Missing };

struct SealingKey {
    std::string destinationId;
    envelope::PublicJwk jwk;
    std::string fingerprint;
};

/// A key under which envelopes wait that nobody has accepted yet.
struct KeyInUse {
    std::string destinationId, kid, fingerprint;
    int envelopes = 0;
    UtcTime oldest; ///< when the oldest of them was sealed
    /// The set names another key by now. The envelopes are sent all the same: the node has no plain
    /// text to seal anew, and the destination keeps the old private key until no node names it here
    /// (sync.md 10).
    bool replaced = false;
};

class Destinations {
public:
    Destinations(store::Database& database, Journal& journal, KeyAgeLimits limits = {});

    /// One commit. Replaces roots and pins; throws KeyUnusable, JsonMalformed and changes nothing
    /// then.
    void enrol(const Enrolment& enrolment, UtcTime now);
    bool enrolled() const;
    /// The first that was enrolled; throws KeyUnusable before enrolment.
    std::string ownDestination() const;
    /// Whose document names this service (LeiKa key, 14 digits). Throws KeyUnusable when there is
    /// none.
    std::string destinationFor(const std::string& serviceKey) const;

    /// One commit. POST /sync/destinations/ID: document and key as they came. Throws KeyUnusable,
    /// JsonMalformed; the old stays.
    void takeDestination(const std::string& destinationId, const std::string& document,
                         const std::string& jwk, UtcTime now);
    /// One commit. POST /sync/service-keys: pinned keys are confirmed, others wait for IT (logged,
    /// not believed).
    void takeServiceKeys(const std::string& jwks, UtcTime now);

    /// Judged by the newest time ever seen.
    KeyStanding standing(const std::string& destinationId, UtcTime now) const;
    /// When document and key were last brought and found good.
    std::optional<UtcTime> confirmedAt(const std::string& destinationId) const;
    /// Throws KeyUnusable when missing or too old.
    SealingKey sealingKey(const std::string& destinationId, UtcTime now) const;

    std::vector<KeyInUse> keysInUse() const;

    /// For GET /sync/work: whose document and key are due.
    std::vector<std::string> due(UtcTime now) const;
    bool serviceKeysDue(UtcTime now) const;

    envelope::IssuerKeys serviceKeys() const;
    envelope::IssuerKeys destinationKeys(const std::string& destinationId) const;

private:
    std::vector<Bytes> roots() const;
    void compareWithEarlier(const std::string& destinationId, const std::string& kid,
                            const std::string& fingerprint) const;
    void store(const std::string& destinationId, const std::string& document,
               const std::string& jwk, const std::vector<Bytes>& roots, UtcTime now);

    store::Database& _database;
    Journal& _journal;
    KeyAgeLimits _limits;
};

} // namespace amt::outbox
