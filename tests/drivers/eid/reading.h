// SPDX-License-Identifier: EUPL-1.2
//
// What every test of a whole read needs: a terminal key that signs, the twelve groups of a
// Bürgerbüro, one call for both phases.
#pragma once

#include "drivers/eid/eid.h"

#include <filesystem>

namespace amt::test {

/// ECDSA with the key of a PKCS#8 file's bytes; plain r||s. `hash` by OpenSSL's name.
Bytes signPlain(ByteView pkcs8, const char* hash, ByteView toBeSigned);

Bytes readFile(const std::filesystem::path& path);

/// DG 1, 3-10, 13, 17, 18: what npa-tool and the lean terminal were measured with.
std::set<DataGroup> twelveGroups();

/// Both phases. `steps`, when given, gets the steps in order.
IdentityOutcome readIdentity(CardChannel& card, RandomSource& random,
                             const IdentityRequest& request, ByteView pkcs8,
                             std::vector<IdentityStep>* steps = nullptr);

/// The alternative's name, for messages: "IdentityRead".
std::string nameOf(const IdentityOutcome& outcome);

} // namespace amt::test
