// SPDX-License-Identifier: EUPL-1.2
//
// Mistakes that a builder could make, as decorators of the real parts.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"
#include "drivers/port/payment.h"
#include "sync/portal/portal_link.h"
#include "tests/sim/world/world.h"

#include <memory>

namespace amt::sim {

/// The real one, or with its plant.
std::unique_ptr<PaymentTerminal> planted(Plant plant, std::unique_ptr<PaymentTerminal> real,
                                         EventLoop& loop);
std::unique_ptr<portal::PortalLink> planted(Plant plant, std::unique_ptr<portal::PortalLink> real,
                                            RandomSource& random);

} // namespace amt::sim
