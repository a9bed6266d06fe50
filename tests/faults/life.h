// SPDX-License-Identifier: EUPL-1.2
//
// The way of a few cases through the real store on a real disk: opened, captured, sent, answered,
// purged; each step acknowledged, and the judge of what stands afterwards.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace amt::faults {

/// How far a case has come; each step is one answer to somebody.
enum class Rank { Absent, Captured, Announced, Stored, Accepted, Purged };

struct Acknowledged {
    std::map<int, Rank> cases;
    std::int64_t record = 0; ///< newest of the journal
    std::string hash;
};

/// A database that was enrolled, in `folder`.
void setUp(const std::filesystem::path& folder);
/// What a process has read and made long before the first citizen comes: keys, OpenSSL.
void warmUp();
/// Goes on from wherever the cases stand until all are purged. `acknowledge` hears each step when
/// it has returned. Throws as the rooms do; an error of the disk ends the process with 74.
void live(const std::filesystem::path& folder,
          const std::function<void(int number, Rank rank, std::int64_t record,
                                   const std::string& hash)>& acknowledge);
/// The first contradiction, or nothing: an acknowledged step is gone, one is there that was never
/// begun, a broken chain, half a payload.
std::string judge(const std::filesystem::path& folder, const Acknowledged& acknowledged);
bool isOver(const std::filesystem::path& folder);

} // namespace amt::faults
