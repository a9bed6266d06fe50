// SPDX-License-Identifier: EUPL-1.2
//
// A part of an envelope that is too large to stand in memory: sealed as it comes, row by row.
#pragma once

#include "appliance/store/store.h"
#include "sync/envelope/envelope.h"

#include <string>

namespace amt::outbox {

struct SealingKey;

/// Rows of one part hold at most this.
constexpr std::size_t chunkBytes = 256 * 1024;

/// What is known of a part when its last byte is sealed.
struct WholePart {
    std::string tag;       ///< authentication tag of the JWE
    std::int64_t size = 0; ///< of the JWE
    Bytes digest;          ///< SHA-256 of the JWE
};

/// The rows of an attachment that Attachments::begin() made room for. Each call is one commit, or
/// part of the caller's, so that nobody waits while a long one comes. Memory does not grow with its
/// size.
class PartWriter {
public:
    /// `id`: the attachment's, a UUID.
    PartWriter(store::Database& database, std::string id, const SealingKey& key,
               const std::string& contentType, RandomSource& random);

    /// The next plain bytes, at most 256 KiB at once. Throws InputTooLarge, StoreFull; the writer
    /// is of no use then.
    void add(ByteView plain);
    WholePart finish();

private:
    void keepWhole(std::size_t atLeast);

    store::Database& _database;
    std::string _id;
    envelope::Sealer _sealer;
    envelope::Sha256 _digest;
    std::string _waiting; ///< sealed, and not in a row yet
    std::int64_t _size = 0;
    int _number = 0;
};

} // namespace amt::outbox
