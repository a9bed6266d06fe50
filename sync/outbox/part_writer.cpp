// SPDX-License-Identifier: EUPL-1.2
//
// Sealed text into rows of one length; the part's row last, when digest and size are known.
#include "sync/outbox/part_writer.h"

#include "appliance/core/error.h"
#include "sync/outbox/destinations.h"

namespace amt::outbox {

PartWriter::PartWriter(store::Database& database, std::string envelopeId, std::string part,
                       const SealingKey& key, const std::string& contentType, RandomSource& random)
    : _database(database), _envelopeId(std::move(envelopeId)), _part(std::move(part)),
      _sealer(key.jwk.key, key.jwk.kid, contentType, random)
{
    AMT_ASSERT(_database.inTransaction());
    AMT_ASSERT(isUuid(_envelopeId) && isUuid(_part));
    // Rows come before the part that they belong to, and parts before their envelope.
    _database.execute("PRAGMA defer_foreign_keys=ON");
    _waiting.reserve(3 * chunkBytes);
}

void PartWriter::add(ByteView plain)
{
    AMT_ASSERT(plain.size() <= chunkBytes);
    _sealer.add(plain, _waiting);
    keepWhole(chunkBytes);
}

std::string PartWriter::finish()
{
    const std::string tag = _sealer.finish(_waiting);
    keepWhole(1);
    _database
        .prepare("INSERT INTO envelope_part (envelope_id, part, tag, size, digest) VALUES (?, ?, ?,"
                 " ?, ?)")
        .bind(_envelopeId, _part, tag, _size, _digest.finish())
        .run();
    return tag;
}

void PartWriter::keepWhole(std::size_t atLeast)
{
    AMT_ASSERT(_database.inTransaction());
    std::size_t at = 0;
    for (; _waiting.size() - at >= atLeast; ++_number) {
        const std::string_view piece = std::string_view(_waiting).substr(at, chunkBytes);
        _digest.add(view(piece));
        _database
            .prepare("INSERT INTO envelope_chunk (envelope_id, part, number, bytes) VALUES (?, ?, "
                     "?, ?)")
            .bind(_envelopeId, _part, _number, toBytes(piece))
            .run();
        at += piece.size();
    }
    _size += static_cast<std::int64_t>(at);
    _waiting.erase(0, at);
}

} // namespace amt::outbox
