// SPDX-License-Identifier: EUPL-1.2
//
// Secret addresses under which other programs subscribe to the calendar of a desk.
#pragma once

#include "appliance/core/random.h"
#include "appliance/store/store.h"
#include "sync/outbox/journal.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::office {

class Feeds {
public:
    Feeds(store::Database& database, outbox::Journal& journal, RandomSource& random);

    struct Feed {
        std::string desk;
        UtcTime since;
        std::string by; ///< who has made the address
    };
    std::vector<Feed> all() const; ///< by desk

    /// One commit with AUDIT. The secret, 128 random bits in base64url, is told this once; one that
    /// there was before ends.
    std::string make(const std::string& desk, const std::string& clerk, UtcTime now);
    /// One commit with AUDIT. Throws NotFound: there is none.
    void end(const std::string& desk, const std::string& clerk, UtcTime now);
    /// The desk whose calendar this secret opens.
    std::optional<std::string> deskOf(const std::string& secret) const;

private:
    void audit(const std::string& desk, const char* act, const std::string& clerk, UtcTime now);

    store::Database& _database;
    outbox::Journal& _journal;
    RandomSource& _random;
};

} // namespace amt::office
