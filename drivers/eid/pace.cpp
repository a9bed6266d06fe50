// SPDX-License-Identifier: EUPL-1.2
//
// PACE with ECDH and generic mapping, the terminal's side as pure steps.
#include "drivers/eid/pace.h"

#include "appliance/core/error.h"
#include "drivers/eid/tlv.h"

namespace amt::eid {

KeyPair keyPair(const Curve& curve, ByteView generator, Secret secret)
{
    Bytes point = curve.multiply(generator, secret);
    return {std::move(secret), std::move(point)};
}

Bytes tokenInput(ByteView oid, ByteView point)
{
    return Tlv().add(0x7F49, Tlv().add(0x06, oid).add(0x86, point)).bytes();
}

Pace::Pace(const PaceInfo& info, const Secret& password)
    : _info(info), _curve(info.parameterId), _passwordKey(passwordKey(*info.suite, password))
{}

void Pace::takeNonce(ByteView encrypted)
{
    // As long as a key at least, in whole blocks (TR-03110-3 A.3.3); AES-192 thus takes two.
    const std::size_t least = (suite().keyBytes + blockBytes - 1) / blockBytes * blockBytes;
    if (encrypted.size() % blockBytes != 0 || encrypted.size() < blockBytes ||
        encrypted.size() > least)
        throw Error(ErrorCode::CardAnswerMalformed, "length of the nonce");
    _nonce = Secret(decryptCbc(suite(), _passwordKey, Bytes(blockBytes), encrypted));
}

const Bytes& Pace::mappingKey(Secret secret)
{
    _mapping = keyPair(_curve, _curve.generator(), std::move(secret));
    return _mapping.point;
}

void Pace::takeMappingKey(ByteView cards)
{
    // G' = s·G + H with H = secret · card's key (ICAO 9303-11 4.4.3.3.1)
    const Bytes shared = _curve.multiply(cards, _mapping.secret);
    _generator = _curve.add(_curve.multiply(_curve.generator(), _nonce), shared);
}

const Bytes& Pace::ephemeralKey(Secret secret)
{
    _ephemeral = keyPair(_curve, _generator, std::move(secret));
    return _ephemeral.point;
}

void Pace::takeEphemeralKey(ByteView cards)
{
    if (equalInConstantTime(cards, _ephemeral.point))
        throw Error(ErrorCode::CardAnswerMalformed, "our own key came back");
    Bytes product = _curve.multiply(cards, _ephemeral.secret);
    const Secret shared(_curve.compressed(product));
    wipe(product);
    _cardsKey.assign(cards.begin(), cards.end());
    _encryptionKey = deriveKey(suite(), KeyUse::Encryption, shared);
    _macKey = deriveKey(suite(), KeyUse::Mac, shared);
}

Bytes Pace::token() const
{
    return mac(suite(), _macKey, tokenInput(_info.oid, _cardsKey));
}

bool Pace::isTokenOfCard(ByteView token) const
{
    return equalInConstantTime(mac(suite(), _macKey, tokenInput(_info.oid, _ephemeral.point)),
                               token);
}

} // namespace amt::eid
