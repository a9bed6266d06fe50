// SPDX-License-Identifier: EUPL-1.2
//
// Nodes and their transport keys: a one-time code, a request, an operator who compares, a
// certificate, and who has to show one (ENROLMENT.md).
#pragma once

#include "appliance/core/http.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"
#include "sync/gateway/access.h"
#include "sync/gateway/books.h"
#include "sync/gateway/tls_identity.h"

#include <memory>
#include <optional>
#include <string>

namespace amt::gateway {

/// Where the front notes what the other end of the line has shown: SHA-256 of its certificate's
/// DER, hexadecimal. Names from the wire are in lower case, so nobody can send it.
inline constexpr const char* shownCertificate = "Shown-Certificate";

constexpr std::chrono::hours deviceCodeLife{24};
constexpr std::chrono::hours deviceCertificateLife{365 * 24};
/// How long an old certificate goes on beside the one that renewed it.
constexpr std::chrono::hours deviceOverlap{7 * 24};

enum class DevicesNeedCertificates { No, Yes };

class Devices {
public:
    /// `authority`: null where no device is let in. `need`: every node has to show a certificate,
    /// not only one that was given one.
    Devices(Books& books, RandomSource& random, std::shared_ptr<const DeviceAuthority> authority,
            DevicesNeedCertificates need)
        : _books(books), _random(random), _authority(std::move(authority)), _need(need)
    {}

    // From the network, each within the caller's commit. Throw JsonMalformed, KeyUnusable.
    HttpResponse ask(const HttpRequest& request, UtcTime now);
    HttpResponse renew(const HttpRequest& request, UtcTime now);
    /// Why what was shown on this line is not enough for this caller.
    std::optional<HttpResponse> refusal(const Caller& caller, const HttpRequest& request,
                                        UtcTime now);

    // Orders, each within the caller's commit; the client is known and not revoked.
    std::string makeCode(const std::string& clientId, UtcTime now);
    /// When it ends; nothing: this client has no such key, or it was revoked. Of what it had before
    /// nothing is valid any more: the box was replaced.
    std::optional<UtcTime> approve(const std::string& clientId, const std::string& fingerprint,
                                   UtcTime now);
    bool revoke(const std::string& clientId, const std::string& fingerprint);
    void revokeAll(const std::string& clientId);
    json::ArrayPtr list();

private:
    HttpResponse answer(const std::string& fingerprint);
    void issue(const std::string& fingerprint, const std::string& request, UtcTime now);

    Books& _books;
    RandomSource& _random;
    const std::shared_ptr<const DeviceAuthority> _authority; // of the gateways of a process
    const DevicesNeedCertificates _need;
};

} // namespace amt::gateway
