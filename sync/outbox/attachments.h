// SPDX-License-Identifier: EUPL-1.2
//
// Attachments (Anlagen) that a clerk adds before a case goes out: whole or not at all, sealed for
// the destination as they come.
#pragma once

#include "sync/outbox/destinations.h"
#include "sync/outbox/journal.h"
#include "sync/outbox/part_writer.h"

#include <set>
#include <string>
#include <vector>

namespace amt::outbox {

/// A whole one. Its plain text is the destination's alone; the desk key opens the description.
struct AttachmentRecord {
    std::string id;
    std::string destinationId, kid; ///< for whom it is sealed
    std::int64_t size = 0;          ///< of the JWE
    std::string deskKid;
    std::string description; ///< JWE for the desk key
};

/// In whose name, and to which case; for the journal.
struct ActAtDesk {
    std::string caseId, clerk;
};

class Attachments {
public:
    Attachments(store::Database& database, Journal& journal)
        : _database(database), _journal(journal)
    {}

    /// One commit: room for what comes. Until keep() it is a rest.
    void begin(const std::string& id, const std::string& envelopeId, const SealingKey& key,
               UtcTime now);
    /// One commit, or part of the caller's: it belongs to the case now. AUDIT names the clerk.
    /// Throws NotFound (dropped meanwhile), StepOutOfOrder (its envelope was sealed meanwhile).
    void keep(const std::string& id, const WholePart& whole, const std::string& description,
              const std::string& deskKid, const ActAtDesk& act, UtcTime now);
    /// One commit: as if it had never been, but for the AUDIT record. Throws NotFound,
    /// StepOutOfOrder (its envelope is sealed).
    void remove(const std::string& id, const std::string& envelopeId, const ActAtDesk& act,
                UtcTime now);
    /// One commit: what came of an upload that broke off.
    void drop(const std::string& id);
    /// All rests but these, one commit each. Returns how many.
    int dropRests(const std::set<std::string>& arriving);

    /// The whole ones of an envelope, in the order in which they came.
    std::vector<AttachmentRecord> of(const std::string& envelopeId) const;

private:
    store::Database& _database;
    Journal& _journal;
};

} // namespace amt::outbox
