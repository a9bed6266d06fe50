// SPDX-License-Identifier: EUPL-1.2
//
// What is the same in every world: names, keys, certificates, the destination's papers.
#pragma once

#include "kiosk/page/page.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/gateway.h"
#include "tests/sim/card/card.h"
#include "tests/sim/world/sim_random.h"

#include <string>

namespace amt::sim {

extern const UtcTime dayBegins;
extern const std::string serviceUrl;
extern const std::string destinationId;
extern const std::string serviceKey;

/// Made once, because RSA takes its time.
struct Papers {
    explicit Papers(const std::string& source);

    envelope::RsaKey desk, service, opening, signing, rootKey;
    SimRandom random;
    CardPki card;
    page::Renderer pages;
    gateway::DestinationEntry destination;
    std::string enrolment;
};

} // namespace amt::sim
