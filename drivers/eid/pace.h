// SPDX-License-Identifier: EUPL-1.2
//
// PACE with ECDH and generic mapping, the terminal's side as pure steps (TR-03110-3 B.1; ICAO
// 9303-11 4.4).
#pragma once

#include "drivers/eid/curve.h"
#include "drivers/eid/security_infos.h"

namespace amt::eid {

/// A key pair on one curve, over the curve's generator or a mapped one.
struct KeyPair {
    Secret secret;
    Bytes point;
};

KeyPair keyPair(const Curve& curve, ByteView generator, Secret secret);

/// DO 7F49 with OID and point, over which authentication tokens are made (TR-03110-3 D.3).
Bytes tokenInput(ByteView oid, ByteView point);

/// Each method is one step; the caller carries the bytes. Card input that cannot be throws
/// CardAnswerMalformed.
class Pace {
public:
    Pace(const PaceInfo& info, const Secret& password);

    void takeNonce(ByteView encrypted);
    /// The mapping key to be sent; `secret` from Curve::randomScalar.
    const Bytes& mappingKey(Secret secret);
    void takeMappingKey(ByteView cards);
    /// The ephemeral key over the mapped generator.
    const Bytes& ephemeralKey(Secret secret);
    /// The keys of the channel exist from here on.
    void takeEphemeralKey(ByteView cards);
    Bytes token() const;
    /// Compared in constant time. The card has not known the password when this is false.
    bool isTokenOfCard(ByteView token) const;

    const Curve& curve() const { return _curve; }
    const CipherSuite& suite() const { return *_info.suite; }
    const Secret& encryptionKey() const { return _encryptionKey; }
    const Secret& macKey() const { return _macKey; }
    const Bytes& mappedGenerator() const { return _generator; }
    const Bytes& cardsEphemeralKey() const { return _cardsKey; }

private:
    PaceInfo _info;
    Curve _curve;
    Secret _passwordKey;
    Secret _nonce;
    KeyPair _mapping;
    KeyPair _ephemeral;
    Bytes _generator;
    Bytes _cardsKey;
    Secret _encryptionKey;
    Secret _macKey;
};

} // namespace amt::eid
