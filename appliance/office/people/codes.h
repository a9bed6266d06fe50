// SPDX-License-Identifier: EUPL-1.2
//
// Codes that people read, say and type: no look-alikes, groups of four, forgiving about blanks and
// case.
#pragma once

#include "appliance/core/random.h"
#include "appliance/core/secret.h"

#include <optional>
#include <string>
#include <string_view>

namespace amt::office {

/// 24 characters of 32 (no 0, 1, I, O): 120 random bits, "7K3M-4QXP-...".
Secret randomCode(RandomSource& random);
/// As typed, to the 24 characters without hyphens; nothing when it cannot be a code.
std::optional<Secret> normalisedCode(std::string_view typed);
/// `count` characters of the same 32.
std::string randomLetters(RandomSource& random, int count);

} // namespace amt::office
