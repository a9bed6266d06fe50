// SPDX-License-Identifier: EUPL-1.2
//
// What the rooms of the office may use of sync/envelope: sealing for the desk, under a visit's key,
// under a password's key.
#pragma once

#include "sync/envelope/envelope.h"

namespace amt::outbox {

using envelope::deriveKey;
using envelope::openWith;
using envelope::RsaKey;
using envelope::sealWith;
using envelope::sha256;

/// The desk key's public half, to which every case is sealed before a payment starts (sync.md 1).
struct DeskSeal {
    RsaKey key;
    std::string kid;
};
/// JWE compact, padded, cty application/json.
std::string sealForDesk(const std::string& json, const DeskSeal& desk, RandomSource& random);
/// Throws EnvelopeMalformed, EnvelopeNotOurs.
std::string openForDesk(const std::string& compact, const RsaKey& deskKey, const std::string& kid);

} // namespace amt::outbox
