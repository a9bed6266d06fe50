// SPDX-License-Identifier: EUPL-1.2
//
// File references (Aktenzeichen) and cash references (Kassenzeichen): readable, no look-alikes, a
// check character at the end.
#pragma once

#include "appliance/core/local_date.h"
#include "appliance/core/random.h"

#include <string>
#include <string_view>

namespace amt {

/// "BP-2026-7K3M-4Q": prefix of the service, year, five random characters and one that checks them.
std::string makeFileReference(const std::string& prefix, LocalDate day, RandomSource& random);
/// Upper case, blanks out, hyphens in; empty when a character was misread or it is none.
std::string readFileReference(std::string_view typed);

/// "7K3-M4Q-ZWA": nine random characters, more than 40 bits. With the reference it shows the state.
std::string makeQuestionCode(RandomSource& random);
/// Upper case, blanks and hyphens as makeQuestionCode sets them; empty when it is none.
std::string readQuestionCode(std::string_view typed);

} // namespace amt
