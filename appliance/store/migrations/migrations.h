// SPDX-License-Identifier: EUPL-1.2
//
// The schema of node.db as numbered steps, built in from the SQL files beside this one.
#pragma once

#include "appliance/store/store.h"

namespace amt::store {

std::span<const Migration> nodeMigrations();

/// What a copy of node.db must not hold, as SQL (sync.md 11, appointments-escrow.md R7): the
/// incarnation, so that whoever starts from a copy begins a new one, sessions and drafts of people
/// who are long gone; and what a portal leased.
std::string forgottenInCopies();
/// The same for a copy of a database that stands at an older migration.
std::string forgottenInCopies(int standing);

} // namespace amt::store
