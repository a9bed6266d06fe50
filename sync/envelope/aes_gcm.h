// SPDX-License-Identifier: EUPL-1.2
//
// AES-256-GCM on spans, for JWE content and for symmetric sealing. Of this module's own files only.
#pragma once

#include "appliance/core/bytes.h"

namespace amt::envelope {

constexpr std::size_t gcmKeyBytes = 32;
constexpr std::size_t gcmIvBytes = 12;
constexpr int gcmTagBytes = 16;

void encryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView plain,
                std::span<std::uint8_t> cipherText, std::span<std::uint8_t> tag);
/// Throws EnvelopeMalformed when the tag does not fit; nothing of the plain text is left then.
Bytes decryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView cipherText, ByteView tag);

} // namespace amt::envelope
