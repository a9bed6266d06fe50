// SPDX-License-Identifier: EUPL-1.2
//
// The simulated world: one town hall with its node and devices, the gateway, the specialist
// procedure, the lines between them, citizens, a clerk and bad luck; one thread, one seed. After
// the last citizen everything is mended and the invariants of design "Threads, time and chance" are
// asked as sentences.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace amt::sim {

/// Faults of the builders, planted to show that the world finds them.
enum class Plant {
    None,
    SilenceMeansDeclined,
    IntentAfterSending,
    AcknowledgeBeforeCommit,
    RetryAnnouncesSecondCase
};
/// Throws NotFound.
Plant plantFromName(const std::string& text);
std::string_view name(Plant plant);

struct WorldSettings {
    std::uint64_t seed = 1;
    Plant plant = Plant::None;
    std::string source;     ///< root of the source tree: pages, municipality, test keys
    bool tellStory = false; ///< also to standard output, as it happens
};

struct WorldResult {
    std::vector<std::string> broken; ///< sentences that do not hold; empty is good
    std::vector<std::string> story;
    // what the seed did, to see that it did something
    int visits = 0, submitted = 0, accepted = 0, charges = 0, powerCuts = 0, kills = 0, held = 0,
        cardFaults = 0, diskFaults = 0, paperEnds = 0, receipts = 0, deskCards = 0, wrongCards = 0,
        onSite = 0;
};

/// Lives one seed from beginning to end. One world at a time.
WorldResult liveWorld(const WorldSettings& settings);

} // namespace amt::sim
