// SPDX-License-Identifier: EUPL-1.2
//
// The orders of whoever runs the gateway, as commands: list, client, node, destination, revoke,
// callback, code, approve, operator. What they do is registry.h; this is how they are said and
// answered.
#pragma once

#include "appliance/core/http.h"

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>

namespace amt::gateway {

/// To the addresses of registry.h.
using AskRegistry = std::function<HttpResponse(const HttpRequest&)>;

/// Longer ones a socket cannot have (sun_path, unix(7)).
constexpr std::size_t socketPathMax = 100;
/// Through the gateway that listens on this socket; nothing when none does.
std::optional<AskRegistry> askOverSocket(const std::filesystem::path& socket);

bool isOrder(const std::string& command);

struct Order {
    std::string command; ///< of "operator add NAME": the first word; the others are the options
                         ///< "operator" (add, code, end, list) and "name"
    std::map<std::string, std::string> options; ///< by name, as `amt-gateway help` has them
    std::filesystem::path state;                ///< where the gateway was set up
    AskRegistry ask;
};

enum class Became { Done, Refused };

/// Writes what became of it; secrets once. Throws ConfigurationInvalid for an option that is
/// missing, KeyUnusable.
Became carryOut(const Order& order, std::ostream& out);

} // namespace amt::gateway
