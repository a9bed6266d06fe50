// SPDX-License-Identifier: EUPL-1.2
//
// amt-sync without its sockets: carries sealed envelopes from the node to the portal and its signed
// answers back. It keeps nothing on disk and opens nothing; whatever it forgets, the node's list of
// work says again.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "sync/carrier/backoff.h"
#include "sync/carrier/payments.h"
#include "sync/carrier/replies.h"
#include "sync/carrier/rounds.h"
#include "sync/carrier/sign_ins.h"
#include "sync/portal/portal_link.h"

#include <memory>

namespace amt::carrier {

struct CarrierSettings {
    Milliseconds askNodeEvery{2000};
    /// Before the next attempt with one envelope (sync.md 5).
    Delays retry;
    /// Between probes while the portal cannot be reached at all.
    Delays probe;
    /// Between looks at the event log of a case that was handed over.
    Delays look{Milliseconds(2000), std::chrono::minutes(5)};
    Milliseconds probeWhenQuiet{std::chrono::seconds(60)};
    Milliseconds reportEvery{std::chrono::seconds(45)};
    Milliseconds refreshKeysEvery{std::chrono::hours(6)};
    /// The journal's head: not more often, and without news after this time.
    Milliseconds headEvery{std::chrono::seconds(10)};
    Milliseconds headAgain{std::chrono::minutes(15)};
    RoundTimes rounds; ///< of the quota protocol
    ReplyTimes replies;
    int uploadsMax = 2;
    int looksMax = 2;
    /// In a row, at one destination: then one envelope each `destinationPause` for it.
    int destinationFailuresMax = 10;
    Milliseconds destinationPause{std::chrono::minutes(15)};
    std::chrono::seconds retryAfterMax{std::chrono::hours(1)};
};

class Carrier {
public:
    /// What is passed by reference must outlive the carrier. `signIns` and
    /// `payments` (may be null) carry when the node says that somebody waits, whether the portal is
    /// there or not.
    Carrier(CarrierSettings settings, HttpExchange& node, portal::PortalLink& portal,
            EventLoop& loop, RandomSource& random, SignIns* signIns = nullptr,
            Payments* payments = nullptr);
    ~Carrier();
    Carrier(const Carrier&) = delete;
    Carrier& operator=(const Carrier&) = delete;

    /// On the loop, once.
    void start();

private:
    class Impl;
    std::shared_ptr<Impl> _impl; // shared with the answers under way, which find it gone or alive
};

} // namespace amt::carrier
