// SPDX-License-Identifier: EUPL-1.2
//
// The eid driver behind the port: a card makes its caller wait, so each read has a thread of its
// own.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"
#include "drivers/port/identity.h"

#include <memory>
#include <string>

namespace amt::broker {

/// `reader`: its name or the beginning of it; empty: the first there is. `loop` and `random` must
/// outlive it.
std::unique_ptr<IdentityReader> makeCardReader(const std::string& reader, EventLoop& loop,
                                               RandomSource& random);

} // namespace amt::broker
