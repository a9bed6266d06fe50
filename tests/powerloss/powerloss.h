// SPDX-License-Identifier: EUPL-1.2
//
// The real store, journal and outbox through a working day on the recording disk, then the same
// rooms on what a power cut left of it (sync.md 15).
#pragma once

#include <cstdint>
#include <string>

namespace amt::powerloss {

/// What the store is made to do; all but Ours must be found to lose something.
enum class Settings {
    Ours,              ///< as amt-node opens its file: grown, WAL, FULL, psow=0
    SynchronousNormal, ///< PRAGMA synchronous=NORMAL
    SynchronousOff,    ///< PRAGMA synchronous=OFF
    RollbackJournal,   ///< PRAGMA journal_mode=DELETE, synchronous=FULL
    PowersafeOverwrite ///< the medium claims what it does not hold: psow=1
};

struct Findings {
    std::uint64_t images = 0, crashPoints = 0;
    std::uint64_t lost = 0;     ///< an acknowledged step or record is gone
    std::uint64_t corrupt = 0;  ///< does not open, integrity_check, a digest, half a case
    std::uint64_t broken = 0;   ///< the journal's chain
    std::uint64_t returned = 0; ///< a row of a purged payload stands there again
    std::string first;          ///< the first one, in words

    std::uint64_t bad() const { return lost + corrupt + broken + returned; }
};

enum class Until { AllTried, FirstFound };

/// `images` spread evenly over the crash points of one recorded day. The same seed tries the same.
Findings tryImages(Settings settings, std::uint64_t seed, std::uint64_t images, Until until);

} // namespace amt::powerloss
