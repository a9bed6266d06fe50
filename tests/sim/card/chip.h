// SPDX-License-Identifier: EUPL-1.2
//
// The chip's arithmetic, written apart from the terminal's so that one judges the other. Inside
// tests/sim/card only.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/random.h"

#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace amt::sim {

struct Free {
    void operator()(EC_GROUP* p) const { EC_GROUP_free(p); }
    void operator()(EC_POINT* p) const { EC_POINT_free(p); }
    void operator()(BIGNUM* p) const { BN_free(p); }
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
    void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
    void operator()(EVP_MAC* p) const { EVP_MAC_free(p); }
    void operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }
    void operator()(X509* p) const { X509_free(p); }
    void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
    void operator()(CMS_ContentInfo* p) const { CMS_ContentInfo_free(p); }
    void operator()(BIO* p) const { BIO_free(p); }
    void operator()(ASN1_OBJECT* p) const { ASN1_OBJECT_free(p); }
    void operator()(ECDSA_SIG* p) const;
    void operator()(PKCS8_PRIV_KEY_INFO* p) const { PKCS8_PRIV_KEY_INFO_free(p); }
};
template <typename Object>
using Own = std::unique_ptr<Object, Free>;

/// Arithmetic on one curve. Points are 04 || x || y; an empty result means "no such point".
class ChipCurve {
public:
    /// TR-03110-3 A.2.1.1, 8 to 18.
    explicit ChipCurve(int parameterId);
    /// The curve whose parameters these are (D.3.3, tags 81 to 87); 0 for none.
    static int withParameters(ByteView objects);
    /// Its parameters as a CVCA's certificate carries them, around `point`.
    Bytes parametersAround(const Bytes& point) const;

    Bytes newSecret(RandomSource& random) const;
    Bytes generator() const;
    Bytes times(const Bytes& point, const Bytes& scalar) const;
    Bytes plus(const Bytes& left, const Bytes& right) const;
    Bytes x(const Bytes& point) const;
    const char* name() const { return _name; }

private:
    Own<EC_POINT> read(const Bytes& point) const;
    Bytes write(const EC_POINT* point) const;

    const char* _name;
    Own<EC_GROUP> _group;
    std::size_t _size;
};

/// AES and CMAC with a key of 16, 24 or 32 bytes.
class ChipCipher {
public:
    ChipCipher() = default;
    ChipCipher(Bytes encryptionKey, Bytes macKey);
    /// Both keys of TR-03110-3 A.2.3 from a shared secret.
    static ChipCipher agree(int keyBytes, const Bytes& shared, const Bytes& nonce);

    Bytes encrypt(std::uint64_t counter, const Bytes& plain) const;
    Bytes decrypt(std::uint64_t counter, const Bytes& cipherText) const;
    Bytes mac(const Bytes& data) const;

private:
    Bytes iv(std::uint64_t counter) const;

    Bytes _encryptionKey, _macKey;
};

Bytes counterBlock(std::uint64_t counter);
Bytes pad(Bytes data);
Bytes hash(const char* name, const Bytes& data);
/// KDF of TR-03110-3 A.2.3 with this counter.
Bytes kdf(int keyBytes, const Bytes& secret, const Bytes& nonce, std::uint8_t counter);
/// CBC with a zero IV: PACE's nonce.
Bytes encryptNonce(const Bytes& key, const Bytes& nonce);
/// A key's curve and the last number of id-TA-ECDSA-SHA-*: 3, 4, 5.
struct SignatureKind {
    int parameterId = 13;
    std::uint8_t hashSuffix = 3;
};
/// ECDSA over plain r||s.
bool verifies(const SignatureKind& kind, const Bytes& publicPoint, const Bytes& signature,
              const Bytes& data);
Bytes signPlain(const SignatureKind& kind, EVP_PKEY* key, const Bytes& data);
/// A key pair of OpenSSL from our numbers; `explicitParameters` as the German document signers have
/// them.
enum class Parameters { Named, Explicit };
Own<EVP_PKEY> toKey(const ChipCurve& curve, const Bytes& secret, const Bytes& point,
                    Parameters parameters);

/// A key on the same equation but over another generator, which makes it no curve of anybody's:
/// how a forger gives himself a key for somebody else's point (CVE-2020-0601).
Own<EVP_PKEY> keyOverGenerator(const ChipCurve& curve, const Bytes& generator, const Bytes& secret);

} // namespace amt::sim
