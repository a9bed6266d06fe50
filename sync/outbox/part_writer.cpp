// SPDX-License-Identifier: EUPL-1.2
//
// Sealed text into rows of one length.
#include "sync/outbox/part_writer.h"

#include "appliance/core/error.h"
#include "sync/outbox/destinations.h"

namespace amt::outbox {

PartWriter::PartWriter(store::Database& database, std::string id, const SealingKey& key,
                       const std::string& contentType, RandomSource& random)
    : _database(database), _id(std::move(id)),
      _sealer(key.jwk.key, key.jwk.kid, contentType, random)
{
    AMT_ASSERT(isUuid(_id));
    _waiting.reserve(3 * chunkBytes);
}

void PartWriter::add(ByteView plain)
{
    AMT_ASSERT(plain.size() <= chunkBytes);
    _sealer.add(plain, _waiting);
    keepWhole(chunkBytes);
}

WholePart PartWriter::finish()
{
    WholePart whole;
    whole.tag = _sealer.finish(_waiting);
    keepWhole(1);
    whole.size = _size;
    whole.digest = _digest.finish();
    return whole;
}

void PartWriter::keepWhole(std::size_t atLeast)
{
    std::size_t at = 0;
    _database.transact([&] {
        for (; _waiting.size() - at >= atLeast; ++_number) {
            const std::string_view piece = std::string_view(_waiting).substr(at, chunkBytes);
            _digest.add(view(piece));
            _database
                .prepare("INSERT INTO attachment_chunk (attachment_id, number, bytes) VALUES (?, "
                         "?, ?)")
                .bind(_id, _number, toBytes(piece))
                .run();
            at += piece.size();
        }
    });
    _size += static_cast<std::int64_t>(at);
    _waiting.erase(0, at);
}

} // namespace amt::outbox
