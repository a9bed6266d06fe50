// SPDX-License-Identifier: EUPL-1.2
//
// Payments with a citizen's phone: what the node has ordered goes to the payment service
// (Bezahldienst) in the words of XBezahldienste 1.0.0, and how its transactions stand comes back.
// The node says which service it means; this side alone knows where that is and how we prove who
// we are there.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "sync/carrier/backoff.h"
#include "sync/carrier/node_door.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace amt::carrier {

/// payment-service.json of amt-sync, written by IT.
struct PaymentEndpoint {
    std::string id;            ///< as the node calls it
    std::string origin, path;  ///< "https://host:port" and what stands before /paymenttransaction
    std::string caCertificate; ///< PEM, of both addresses
    /// Certificate and private key (PEM), shown to both addresses; may be empty.
    std::filesystem::path clientCertificate;
    /// OAuth2 client credentials (RFC 6749 4.4); empty where the certificate is all.
    std::string tokenOrigin, tokenPath;
    std::string clientId;
    Secret clientSecret;
    std::string scope; ///< may be empty
    bool asksForToken() const { return !tokenOrigin.empty(); }
};
/// Throws JsonMalformed, ConfigurationInvalid.
PaymentEndpoint readPaymentEndpoint(const std::string& text);

struct PaymentTimes {
    /// Somebody stands at the kiosk.
    Delays waits{Milliseconds(1000), Milliseconds(4000)};
    /// Nobody does: a late word of the service.
    Delays later{Milliseconds(5000), std::chrono::minutes(10)};
    int atOnceMax = 4;
};

class Payments {
public:
    /// What is passed by reference must outlive it. `token` may be the same as `service`, and is
    /// not used where none is asked for.
    Payments(PaymentTimes times, PaymentEndpoint endpoint, HttpExchange& node,
             HttpExchange& service, HttpExchange& token, EventLoop& loop, RandomSource& random);
    ~Payments();

    /// The node's list: goes for what is due.
    void consider(const std::vector<PaymentErrand>& errands);

private:
    class Impl;
    std::shared_ptr<Impl> _impl; // shared with the answers under way, which find it gone or alive
};

} // namespace amt::carrier
