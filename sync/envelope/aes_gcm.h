// SPDX-License-Identifier: EUPL-1.2
//
// AES-256-GCM on spans and as a stream, for JWE content and for symmetric sealing. Of this module's
// own files only.
#pragma once

#include "sync/envelope/openssl.h"

namespace amt::envelope {

constexpr std::size_t gcmKeyBytes = 32;
constexpr std::size_t gcmIvBytes = 12;
constexpr int gcmTagBytes = 16;

/// One text under one key and IV, piece by piece; a piece may be written over itself.
class GcmStream {
public:
    enum class Direction { Encrypt, Decrypt };
    GcmStream(Direction direction, ByteView key, ByteView iv, ByteView aad);

    /// `out` has room for `in`, and is `in` or apart from it.
    void update(ByteView in, std::uint8_t* out);
    /// Ends encryption.
    void writeTag(std::span<std::uint8_t> tag);
    /// Ends decryption; false: what update() gave is not what was sealed.
    [[nodiscard]] bool tagFits(ByteView tag);

private:
    OwnedCipherContext _context;
};

void encryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView plain,
                std::span<std::uint8_t> cipherText, std::span<std::uint8_t> tag);
/// Throws EnvelopeMalformed when the tag does not fit; nothing of the plain text is left then.
Bytes decryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView cipherText, ByteView tag);

} // namespace amt::envelope
