// SPDX-License-Identifier: EUPL-1.2
//
// Envelopes for a data carrier: a clerk gives a reason, then fetches the files for ten minutes.
#pragma once

#include "kiosk/page/page.h"

namespace amt::node {

class House;
struct DeskSession;

/// Of one file, which is made in memory.
constexpr int envelopesOfExport = 200;

/// What the status page offers. `waiting`: envelopes.
page::StatusPage::Export exportOffer(const House& house, const DeskSession& session, int waiting);

} // namespace amt::node
