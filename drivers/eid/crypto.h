// SPDX-License-Identifier: EUPL-1.2
//
// AES, CMAC, hashes and the key derivation of TR-03110, on OpenSSL's EVP interface.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/secret.h"

namespace amt::eid {

/// A row of TR-03110-3 table 2: what the last number of a protocol's OID stands for.
struct CipherSuite {
    std::uint8_t oidSuffix; ///< 2, 3, 4
    std::size_t keyBytes;   ///< 16, 24, 32
    const char* cipher;     ///< OpenSSL's name without mode: "AES-128"
    const char* hash;       ///< of the key derivation: SHA-1 for 128 bits, SHA-256 above
};

/// Null when the OID's last number is none of ours (3DES is 1 and refused).
const CipherSuite* cipherSuite(std::uint8_t oidSuffix);

constexpr std::size_t blockBytes = 16;
constexpr std::size_t macBytes = 8;

/// Whole blocks, no padding. A failure of the library is SystemFailed.
Bytes encryptCbc(const CipherSuite& suite, const Secret& key, ByteView iv, ByteView plain);
Bytes decryptCbc(const CipherSuite& suite, const Secret& key, ByteView iv, ByteView cipherText);
/// The block that AES makes of `block`.
Bytes encryptBlock(const CipherSuite& suite, const Secret& key, ByteView block);
/// CMAC cut to eight bytes (TR-03110-3 A.2.4.2).
Bytes mac(const CipherSuite& suite, const Secret& key, ByteView data);
/// `hash` by OpenSSL's name: "SHA2-256".
Bytes digest(const char* hash, ByteView data);

enum class KeyUse : std::uint8_t { Encryption = 1, Mac = 2, Password = 3 };
/// KDF (TR-03110-3 A.2.3): hash of secret, nonce (chip authentication only) and counter, cut to the
/// key's length.
Secret deriveKey(const CipherSuite& suite, KeyUse use, const Secret& secret, ByteView nonce = {});
/// K_π, the key that decrypts the card's nonce. `password`: PIN or CAN, six ASCII digits.
Secret passwordKey(const CipherSuite& suite, const Secret& password);

/// ISO 7816-4 padding: 80, then zeros up to a whole block.
Bytes padded(ByteView data);

} // namespace amt::eid
