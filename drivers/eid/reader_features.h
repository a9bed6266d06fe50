// SPDX-License-Identifier: EUPL-1.2
//
// What a reader says of itself (PC/SC part 10, rev. 2.02.09).
#pragma once

#include "appliance/core/bytes.h"

#include <cstdint>
#include <map>
#include <optional>

namespace amt::eid {

// FEATURE_VERIFY_PIN_DIRECT (0x06) is of no use: it puts the digits into a VERIFY, and an identity
// card's PIN is proved by PACE alone (TR-03110-2 3.2). A reader with nothing else is an ordinary
// one.
constexpr std::uint8_t featureTlvProperties = 0x12; ///< FEATURE_GET_TLV_PROPERTIES
constexpr std::uint8_t featureExecutePace = 0x20;   ///< FEATURE_EXECUTE_PACE (amendment 1)

/// Control codes by feature, from the answer to CM_IOCTL_GET_FEATURE_REQUEST (part 10, 2.2): tag,
/// length 4, code with its highest byte first. Nothing for an answer that is not whole: a reader
/// without features is a reader, too.
std::map<std::uint8_t, std::uint32_t> readerFeatures(ByteView answer);

/// Longest command that the reader takes, from the answer to FEATURE_GET_TLV_PROPERTIES
/// (dwMaxAPDUDataSize, lowest byte first; 0: short commands only). Nothing when it does not say.
std::optional<std::size_t> longestCommand(ByteView properties);

} // namespace amt::eid
