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

/// An attachment, in the running transaction of the use case that seals; Outbox::add() of the same
/// envelope follows before the commit (the commit fails without it). Memory does not grow with its
/// size. Not finished: nothing of it may be committed.
class PartWriter {
public:
    /// `part`: the attachment's id, a UUID.
    PartWriter(store::Database& database, std::string envelopeId, std::string part,
               const SealingKey& key, const std::string& contentType, RandomSource& random);

    /// The next plain bytes, at most 256 KiB at once. Throws InputTooLarge, StoreFull.
    void add(ByteView plain);
    /// The end, and the part's own row. Returns the authentication tag.
    std::string finish();

private:
    void keepWhole(std::size_t atLeast);

    store::Database& _database;
    std::string _envelopeId, _part;
    envelope::Sealer _sealer;
    envelope::Sha256 _digest;
    std::string _waiting; ///< sealed, and not in a row yet
    std::int64_t _size = 0;
    int _number = 0;
};

} // namespace amt::outbox
