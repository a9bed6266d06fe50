// SPDX-License-Identifier: EUPL-1.2
//
// amt-gateway without its sockets: FIT-Connect v2 in shape, one request in, one answer out, on the
// loop.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/allowance.h"
#include "sync/gateway/bodies.h"
#include "sync/gateway/callbacks.h"
#include "sync/gateway/metrics.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/words.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::gateway {

using portal::manageScope;
using portal::sendScope;
using portal::subscribeScope;

struct GatewaySettings {
    /// Own address without a slash at the end: `iss` of the service's events.
    std::string url;
    envelope::RsaKey signingKey;
    std::string signingKid;
    /// Accepted Host headers, port included as a client sends it; what `url` names is always
    /// accepted.
    std::vector<std::string> hosts;
    std::chrono::seconds tokenLife{1800};
    std::chrono::hours incompleteLife{24};   ///< then deleted
    std::chrono::hours notifyAfter{3 * 24};  ///< unfetched: notify-submission
    std::chrono::hours rejectAfter{14 * 24}; ///< unfetched: rejected by the service
    std::chrono::minutes jobInterval{10};
    AllowanceSettings allowance;
    int leasablePercent = 30; ///< of the lanes that the public may book (quota.h)
    /// Empty: callbacks are noted here and sent by another gateway.
    CallbackDoor callbackDoor;
    Secret callbackKey; ///< of callback secrets (callbacks.h); empty: callbackKeyFrom(signingKey)
    std::chrono::seconds callbackInterval{2}; ///< between looks for what is due
    std::shared_ptr<Counters> counters;       ///< shared by the gateways of a process; may be null
    /// Lets nodes in (devices.h); null: none. Shared by the gateways of a process.
    std::shared_ptr<const DeviceAuthority> devices;
    bool devicesNeedCertificates = false; ///< every node, not only one that was given one
    std::size_t attachmentsMax = 100;
    /// As JWE: what envelope::contentBytesMax is when it is sealed.
    std::size_t attachmentBytesMax = 90 * 1024 * 1024;
    std::size_t submissionBytesMax = 12 * 1024 * 1024; ///< metadata and data as JWE
};

struct ClientEntry {
    std::string id;
    Secret secret; ///< at least 256 random bits: a plain hash of it is stored
    std::vector<std::string> scopes;
    /// Municipality, 12 digits (Amtlicher Regionalschlüssel); empty where a gateway has one only.
    /// Its calendar and nodes are its own; it sends to destinations of any tenant.
    std::string tenantId = {};
};

struct DestinationEntry {
    std::string id;
    std::string ownerId; ///< the subscriber client, whose tenant it has
    std::string
        document; ///< JSON as `GET /v2/destinations/{id}` answers it; `status` in it is not used
    std::vector<envelope::PublicJwk> keys; ///< by use: to encrypt for it, to verify what it signs
};

/// One row for each announcement ever made, for invariants and reports. No content.
struct CensusRow {
    std::string clientId, envelopeId, submissionId, caseId;
    std::string state;  ///< announced, submitted, accepted, rejected, deleted
    std::string digest; ///< over all parts; empty until submitted
};

class Books;

class Gateway {
public:
    /// Brings the schema up to date. What is passed by reference must outlive the gateway.
    Gateway(GatewaySettings settings, Books& books, EventLoop& loop, RandomSource& random);
    ~Gateway();

    /// Repeating either changes nothing, but a destination's document and new keys are taken over.
    void enter(const ClientEntry& client);
    void enter(const DestinationEntry& destination);
    void enter(const CallbackEntry& address);

    /// On the loop. Every refusal is an answer, and so is a database server that is away (503);
    /// only StoreFailed is thrown: the process must end, because the disk is not to be asked twice
    /// (sync.md 3).
    HttpResponse handle(const HttpRequest& request);
    /// The same for bodies that nobody holds in memory. `body`: stands for the request's; it may go
    /// when this has returned.
    LongAnswer handleLong(const HttpRequest& request, const BodyFile* body);
    /// On the loop, before a long body is taken in: a refusal of the address, of whoever asks, of
    /// type or length. `bytes`: as announced, when it was. Refusals and throws as above.
    std::optional<HttpResponse> admit(const HttpRequest& head, std::optional<std::size_t> bytes);

    /// On the loop, for whoever runs the gateway: the addresses of registry.h. Refusals as above.
    HttpResponse operate(const HttpRequest& request);

    std::vector<CensusRow> census();

    /// For whoever runs the gateway and stands for a node (import.h). Throws NotFound.
    portal::TokenBody actFor(const std::string& clientId);

    struct Address {
        std::string method, pattern; ///< ":" stands for an id
        bool isOpen = false;         ///< to anyone, without a token
    };
    /// Every address that is answered, for tests that must not forget one.
    std::vector<Address> addresses() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

} // namespace amt::gateway
