// SPDX-License-Identifier: EUPL-1.2
//
// Data groups of the eID application: from the card's encodings into IdentityData (TR-03110-4 2.2).
#pragma once

#include "drivers/port/identity.h"

namespace amt::eid {

/// Puts one group into `data`. `content`: the file, to the last byte. Throws CardAnswerMalformed.
void decodeDataGroup(DataGroup group, ByteView content, IdentityData& data);

/// True when a document that shows this date of expiry (YYYYMMDD) is past it.
bool hasExpired(const std::string& dateOfExpiry, LocalDate today);

} // namespace amt::eid
