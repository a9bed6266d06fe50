// SPDX-License-Identifier: EUPL-1.2
//
// What an operator does about leased cells: see them, release what a revoked node may have sold,
// and say that the books were put back from a copy (appointments-escrow R9, R10).
#pragma once

#include "appliance/core/clock.h"
#include "sync/gateway/operators.h"
#include "sync/gateway/quota.h"

#include <map>
#include <ostream>
#include <string>

namespace amt::gateway {

using QuotaOptions = std::map<std::string, std::string>; ///< by name, what stands behind --NAME

/// One of show, release, reconcile, as text for whoever asked. Throws ConfigurationInvalid: an
/// option is missing or malformed, or there is no such command.
std::string quotaCommand(const std::string& command, const QuotaOptions& options, Quota& quota,
                         UtcTime now);

/// Where a gateway takes it: POST {"command", "options"} gives {"text"}.
inline constexpr const char* quotaOrderPath = "/quota";
HttpResponse answerQuotaOrder(const HttpRequest& request, Quota& quota, UtcTime now);
/// The same from the outside, as a command.
Became askQuota(const std::string& command, const QuotaOptions& options, const AskRegistry& ask,
                std::ostream& out);

} // namespace amt::gateway
