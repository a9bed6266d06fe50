// SPDX-License-Identifier: EUPL-1.2
//
// Requests of the desk that need long work: secrets out of the form, Argon2id beside the loop, the
// answer later.
#pragma once

#include "appliance/core/secret.h"
#include "appliance/node/exchange.h"
#include "appliance/office/people/password.h"

#include <functional>
#include <vector>

namespace amt::node {

class House;

/// Takes the field out of the request and wipes what it leaves. Throws RequestMalformed when it is
/// missing.
Secret takeSecret(Exchange& exchange, const std::string& field);

/// Stretches the password on another thread, then answers with `act` on the loop. A second press of
/// the same page gets the first one's answer. Throws Overloaded when too many wait.
Reply stretchThen(House& house, const Exchange& exchange, office::StretchOrder order,
                  std::function<HttpResponse(const Exchange&, const office::Stretched&)> act);
/// The same with several, one after the other.
Reply stretchAllThen(
    House& house, const Exchange& exchange, std::vector<office::StretchOrder> orders,
    std::function<HttpResponse(const Exchange&, const std::vector<office::Stretched>&)> act);

} // namespace amt::node
