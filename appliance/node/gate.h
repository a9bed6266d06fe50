// SPDX-License-Identifier: EUPL-1.2
//
// The gate before every handler: what a request must be before anybody reads it. A refusal is whole
// and has a status.
#pragma once

#include "appliance/node/exchange.h"

namespace amt::node {

class House;

constexpr std::size_t formBytesMax = 16 * 1024;
constexpr std::size_t machineBytesMax = 1024 * 1024;

/// Checks method, size, host, origin, content type, fields and cookies, in this order; then the
/// route's handler runs. Failures of a handler become pages or problems here. `respond` is called
/// once.
void passGate(House& house, Surface surface, const HttpRequest& request, Node::Respond respond);

/// The page or problem of a refusal, with its status, logged.
HttpResponse refusedAnswer(House& house, const Exchange& exchange, ErrorCode code);

} // namespace amt::node
