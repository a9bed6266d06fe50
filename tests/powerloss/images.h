// SPDX-License-Identifier: EUPL-1.2
//
// What a medium may hold after the power went at one operation: every pending write arrived, was
// lost, torn at 512 bytes, or took its whole sector along; a name that was not synced may be there
// or not.
#pragma once

#include "tests/powerloss/disk.h"

#include <optional>

namespace amt::powerloss {

/// Goes through a recording once, from front to back.
class Recording {
public:
    explicit Recording(const std::vector<Operation>& operations) : _operations(operations) {}

    /// Up to the operation `at`, which has begun and not returned. Only forward.
    void advance(std::size_t at);
    /// Fills `disk` with one image of this moment.
    void cut(Disk& disk, RandomSource& random) const;

private:
    struct Contents {
        Bytes synced;
        std::vector<std::size_t> pending; ///< operations since the last sync
    };
    struct Name {
        std::shared_ptr<Contents> durable; // what is found when nothing newer was synced
        bool deletePending = false;
        std::shared_ptr<Contents> fresh; // made, and its name not on the disk for sure
    };

    void done(std::size_t number);
    std::shared_ptr<File> survivor(const Bytes& synced, const std::vector<std::size_t>& pending,
                                   RandomSource& random) const;

    const std::vector<Operation>& _operations;
    std::size_t _done = 0;
    std::map<std::string, Name> _names;
};

} // namespace amt::powerloss
