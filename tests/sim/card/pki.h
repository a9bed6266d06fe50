// SPDX-License-Identifier: EUPL-1.2
//
// What the card needs of its PKI beyond card.h. Inside tests/sim/card only.
#pragma once

#include "tests/sim/card/card.h"

namespace amt::sim {

/// EF.CardSecurity: `infos` (a SET OF SecurityInfo) signed by the document signer.
Bytes signSecurityInfos(const CardPki& pki, const Bytes& infos);
/// The same with a document signer of an unknown country.
CardPki withForeignSigner(CardPki pki, RandomSource& random, UtcTime now);
/// The same with a country of its own that `pki` trusts from now on, whose document signer has a
/// key on brainpoolP256r1 over another generator, in explicit parameters.
CardPki withOddCurve(CardPki pki, RandomSource& random, UtcTime now);

} // namespace amt::sim
