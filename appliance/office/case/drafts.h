// SPDX-License-Identifier: EUPL-1.2
//
// Drafts (Entwürfe): the pages of a running visit, sealed under the key in the citizen's cookie
// (sync.md 1).
#pragma once

#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "appliance/store/store.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::office {

class Drafts {
public:
    Drafts(store::Database& database, RandomSource& random) : _database(database), _random(random)
    {}

    /// One commit. `visitKey`: 32 bytes. Replaces the visit's draft.
    void save(const std::string& visitId, const Secret& visitKey, ByteView plain, UtcTime now);
    /// Nothing when there is none, or the key is another.
    std::optional<Bytes> load(const std::string& visitId, const Secret& visitKey) const;
    /// One commit, or part of the caller's.
    void remove(const std::string& visitId);
    /// One commit: all but those of these visits, whatever their time says. Gives the visits whose
    /// draft went.
    std::vector<std::string> purgeAllBut(const std::set<std::string>& visits);
    bool exists(const std::string& visitId) const;

private:
    store::Database& _database;
    RandomSource& _random;
};

} // namespace amt::office
