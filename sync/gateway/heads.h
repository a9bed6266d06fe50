// SPDX-License-Identifier: EUPL-1.2
//
// Heads of the nodes' journals: a rollback or a fork shows at once (sync.md 3).
#pragma once

#include "sync/gateway/books.h"
#include "sync/portal/words.h"

#include <optional>
#include <string>

namespace amt::gateway {

enum class HeadVerdict {
    Taken,
    Behind,   ///< shorter than what was told before: rolled back
    Beside,   ///< another record stands where one was told before: forked
    Closed,   ///< another life of this node has begun since
    Unlinked, ///< longer, but without the hash of the record that is known here
};

class Heads {
public:
    explicit Heads(Books& books) : _books(books) {}

    /// One commit; what is told of how the node is stands beside the head, whatever becomes of
    /// that. A life never seen is taken from its first head on, and closes the one before it: a
    /// restored node begins one (sync.md 11).
    HeadVerdict take(const std::string& clientId, const portal::HeadBody& head, UtcTime now);
    /// The newest of the life that is open.
    std::optional<portal::HeadBody> known(const std::string& clientId);

private:
    HeadVerdict judge(const std::string& clientId, const portal::HeadBody& head, UtcTime now);

    Books& _books;
};

} // namespace amt::gateway
