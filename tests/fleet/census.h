// SPDX-License-Identifier: EUPL-1.2
//
// What the nodes and offices were told against what stands in PostgreSQL.
#pragma once

#include "tests/fleet/light_node.h"
#include "tests/fleet/office.h"

#include <memory>
#include <string>
#include <vector>

namespace amt::fleet {

/// One sentence for each contradiction: an acknowledged case that is not there, one that is there
/// twice, one that nobody sealed, an event that was logged twice.
std::vector<std::string> contradictions(const std::string& database, const Register& told,
                                        const std::vector<std::unique_ptr<Office>>& offices);

} // namespace amt::fleet
