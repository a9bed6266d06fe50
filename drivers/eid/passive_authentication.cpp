// SPDX-License-Identifier: EUPL-1.2
//
// Passive authentication: EF.CardSecurity is signed by a document signer of a country that we
// trust.
#include "drivers/eid/passive_authentication.h"

#include "drivers/eid/signed_message.h"

namespace amt::eid {

Bytes verifiedSecurityInfos(ByteView cardSecurity, const std::vector<Bytes>& countrySigners,
                            UtcTime at)
{
    // id-SecurityObject (TR-03110-3 A.1.2.5)
    return verifiedContent(cardSecurity, {"0.4.0.127.0.7.3.2.1", nullptr, ErrorCode::CardForged},
                           countrySigners, at);
}

} // namespace amt::eid
