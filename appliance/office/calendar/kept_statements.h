// SPDX-License-Identifier: EUPL-1.2
//
// Statements of the booking path, prepared once: parsing SQL was more than half of what a booking
// costs beside the disk.
#pragma once

#include "appliance/store/store.h"

#include <map>
#include <string_view>

namespace amt::office {

/// Only for statements that are always run to their end: one that stands on a row would keep the
/// log from being cut. The room that has them goes before its database does.
class KeptStatements {
public:
    explicit KeptStatements(store::Database& database) : _database(database) {}

    /// `sql` is a constant: it is not copied.
    store::Statement& operator[](std::string_view sql)
    {
        auto found = _kept.find(sql);
        if (found == _kept.end())
            found = _kept.emplace(sql, _database.prepare(sql)).first;
        return found->second;
    }

private:
    store::Database& _database;
    std::map<std::string_view, store::Statement> _kept;
};

} // namespace amt::office
