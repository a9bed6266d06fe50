// SPDX-License-Identifier: EUPL-1.2
//
// One life of a node between two restores (sync.md 11, appointments-escrow.md R7): whoever starts
// from a copy has none and begins a new one.
#pragma once

#include "appliance/core/random.h"
#include "sync/outbox/journal.h"

#include <string>

namespace amt::outbox {

struct Incarnation {
    enum class Beginning { First, Known, Restored };
    std::string id; ///< UUID v4
    Beginning beginning = Beginning::Known;
    int sentAgain = 0; ///< envelopes whose receipts are asked for anew after a restore
};

/// One commit. Known: nothing is written. Restored (the node has run before, but this file has no
/// incarnation): RESTORED in the journal, and every envelope that waits for the destination's word
/// is sent again from the beginning of its event log; ids and events that the service gave are the
/// same, so nothing doubles.
Incarnation takeIncarnation(store::Database& database, Journal& journal, RandomSource& random,
                            UtcTime now);
/// Empty before takeIncarnation.
std::string incarnationOf(store::Database& database);

} // namespace amt::outbox
