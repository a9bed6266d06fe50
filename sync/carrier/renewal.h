// SPDX-License-Identifier: EUPL-1.2
//
// How the transport key gets its certificate: asked for with a one-time code, renewed by itself
// (sync/gateway/ENROLMENT.md).
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "sync/carrier/transport_key.h"

#include <functional>
#include <optional>
#include <string>

namespace amt::carrier {

enum class Enrolled {
    Yes,         ///< the certificate is here
    Waits,       ///< an operator has to compare the fingerprint
    Refused,     ///< the code is not good for this key, or the operator does not want it
    Unreachable, ///< or busy
};

/// Asks once; asking again with the same code is safe. `done` runs on the loop. What is passed by
/// reference must outlive the answer.
void askForCertificate(HttpExchange& service, TransportKey& key, const std::string& clientId,
                       const std::string& code, std::function<void(Enrolled)> done);

/// Looks twice a day, and asks for a certificate with a new key in the last third of the old one's
/// life. The line reads the new one at its next connect.
class Renewal {
public:
    /// What is passed by reference must outlive it. `service` shows key.file().
    Renewal(HttpExchange& service, TransportKey& key, std::string clientId, EventLoop& loop);
    ~Renewal();
    Renewal(const Renewal&) = delete;
    Renewal& operator=(const Renewal&) = delete;

    /// On the loop, once.
    void start();

private:
    void look();

    HttpExchange& _service;
    TransportKey& _key;
    const std::string _clientId;
    EventLoop& _loop;
    TimerId _next = 0;
    /// Shared with the answer under way, which finds it gone or alive.
    const std::shared_ptr<bool> _alive = std::make_shared<bool>(true);
};

} // namespace amt::carrier
