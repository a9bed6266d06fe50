// SPDX-License-Identifier: EUPL-1.2
//
// The chain of a node's journal: what a record's hash is computed over, for the node that writes it
// and for the portal that checks it (sync/outbox/FORMAT.md).
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"

#include <string_view>

namespace amt::envelope {

/// What stands in one record.
struct ChainedRecord {
    std::int64_t number = 0;
    std::string_view kind, id;
    UtcTime time;
    std::string_view timeQuality, details;
};

/// 32 bytes. `previous`: the hash of the record before, 32 zero bytes before the first.
Bytes chainHash(ByteView previous, const ChainedRecord& record);

} // namespace amt::envelope
