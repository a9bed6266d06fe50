// SPDX-License-Identifier: EUPL-1.2
//
// The block list of our sector (Sperrliste): a folder that IT or the eID server's operator keeps
// up to date.
#pragma once

#include "appliance/core/clock.h"
#include "drivers/port/identity.h"

#include <memory>
#include <optional>
#include <string>

namespace amt::node {

class House;

/// `sector.key`: public key data object of the sector whose list it is, as the card wants it;
/// `blocklist.txt`: BlockList::parse. Where a folder is named and its files are not good, no card
/// is read: a card that was reported lost must not pass. A new list is put in place by
/// renaming.
class BlockListFile {
public:
    enum class Standing { NotWanted, Good, Old, Unusable };

    explicit BlockListFile(House& house) : _house(house) {}

    /// At start and each minute: reads anew, beside the loop, when a file has changed.
    void look();

    Standing standing() const;
    std::optional<UtcTime> newest() const; ///< when the list was written
    /// Asks the card for its mark. Throws CertificateUnusable without a usable list.
    void ask(IdentityRequest& request) const;
    /// What the list says of the answer.
    IdentityOutcome judged(const IdentityOutcome& outcome) const;

private:
    struct Content {
        Bytes sectorKey;
        BlockList list;
    };
    /// When both files were written last; nothing when one is not there.
    struct Stamp {
        UtcTime sectorKey, list;
        bool operator==(const Stamp&) const = default;
    };
    std::optional<Stamp> stamp() const;

    House& _house;
    std::shared_ptr<const Content> _content; ///< null: not read yet, or not usable
    std::optional<Stamp> _stamp;             ///< of what was read last, usable or not
    bool _reading = false;
};

} // namespace amt::node
