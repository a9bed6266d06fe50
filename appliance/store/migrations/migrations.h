// SPDX-License-Identifier: EUPL-1.2
//
// The schema of node.db as numbered steps, built in from the SQL files beside this one.
#pragma once

#include "appliance/store/store.h"

namespace amt::store {

std::span<const Migration> nodeMigrations();

} // namespace amt::store
