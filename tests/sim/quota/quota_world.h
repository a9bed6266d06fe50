// SPDX-License-Identifier: EUPL-1.2
//
// A simulated region for the quota protocol: nodes and a portal on real stores, a network that does
// what it likes, bad luck, and the invariants of appointments-escrow.md 7. One thread, one seed.
#pragma once

#include "appliance/office/calendar/quota_words.h"

#include <cstdint>
#include <string>
#include <vector>

namespace amt::sim {

struct QuotaWorldSettings {
    std::uint64_t seed = 1;
    office::quota::Fault fault = office::quota::Fault::None;
    int steps = 220;
    bool story = false; ///< tell what happens on standard output
};

struct QuotaWorldResult {
    std::vector<std::string> broken; ///< sentences; empty: all held
    std::vector<std::string> story;  ///< the last steps
    int nodeBookings = 0, portalBookings = 0, moves = 0, cancels = 0, tombstones = 0, leases = 0,
        returned = 0, crashes = 0, restores = 0, portalRestores = 0, revocations = 0,
        clockJumps = 0, messages = 0, lostMessages = 0, conflicts = 0, forgotten = 0;
};

QuotaWorldResult liveQuotaWorld(const QuotaWorldSettings& settings);

/// "timeout-reclaim" and so on. Throws NotFound.
office::quota::Fault quotaFaultFromName(const std::string& text);

} // namespace amt::sim
