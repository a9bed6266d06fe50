// SPDX-License-Identifier: EUPL-1.2
//
// The gateway's books: destinations, cases, submissions with their parts, and the event log. No
// transactions of its own.
#pragma once

#include "appliance/core/clock.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/bodies.h"
#include "sync/gateway/books.h"
#include "sync/gateway/gateway.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amt::gateway {

/// "submit-submission" and so on, of submissions. Throws EventRefused for what is no kind.
std::string_view nameOf(envelope::EventKind kind);

/// Whose cases and submissions are found by their ids: those that a client sent or that lie at a
/// destination of its own, or for the service's own work everybody's. No question by an id from
/// outside goes without. What it may do with them is asked after that.
class Sight {
public:
    static Sight ofClient(std::string id) { return Sight(std::move(id)); }
    static Sight ofService() { return Sight(std::nullopt); }
    const std::optional<std::string>& client() const { return _client; }

private:
    explicit Sight(std::optional<std::string> client) : _client(std::move(client)) {}
    std::optional<std::string> _client;
};

struct Destination {
    std::string id, ownerId, status, document;
    bool isRevoked = false; ///< it, or its owner: takes nothing for ever
};

struct CaseFile {
    std::string id, clientId, destinationId;
};

/// Of a reply as well.
enum class SubmissionState { Announced, Submitted, Accepted, Rejected, Deleted };
/// "announced" and so on, as in the books. Both throw StoreFailed.
std::string_view nameOf(SubmissionState state);
SubmissionState submissionStateFromName(std::string_view name);

struct Submission {
    std::string id, caseId, clientId, destinationId;
    std::string service; ///< identifier of the public service
    SubmissionState state = SubmissionState::Announced;
    std::string metadata, data;             ///< JWE; empty before and after
    std::string metadataDigest, dataDigest; ///< SHA-256, hex; empty before

    bool isClosed() const
    {
        return state == SubmissionState::Accepted || state == SubmissionState::Rejected ||
               state == SubmissionState::Deleted;
    }
};

struct StoredPart {
    std::string id, digest, tag; ///< digest and tag empty until it arrived
};

struct Claim {
    std::string announcementDigest, submissionId;
};

struct Page {
    int offset = 0;
    int limit = 100; ///< 1 to 500
};

class Ledger {
public:
    explicit Ledger(Books& books) : _books(books) {}

    void enter(const DestinationEntry& entry);
    /// Destinations and their keys are public, as in v2: whoever sends has to find them, whatever
    /// municipality they belong to.
    std::optional<Destination> destination(const std::string& id);
    void setStatus(const std::string& destinationId, const std::string& status);
    /// JWK as text.
    std::optional<std::string> key(const std::string& destinationId, const std::string& kid);
    bool canEncryptFor(const std::string& destinationId, const std::string& kid);
    std::vector<envelope::PublicJwk> signatureKeys(const std::string& destinationId);

    void add(const CaseFile& opened);
    std::optional<CaseFile> caseFile(const std::string& id, const Sight& sight);

    void announce(const Submission& submission, const std::string& envelopeId,
                  const std::vector<std::string>& attachmentIds, UtcTime now);
    /// The announcement that stands for this envelope id, for ever.
    std::optional<Claim> claim(const std::string& clientId, const std::string& envelopeId);
    void addClaim(const std::string& clientId, const std::string& envelopeId, const Claim& claim);
    void moveClaim(const std::string& clientId, const std::string& envelopeId,
                   const std::string& submissionId);

    std::optional<Submission> submission(const std::string& id, const Sight& sight);
    std::vector<StoredPart> attachments(const std::string& submissionId);
    /// The JWE; nothing when it did not arrive or is gone.
    std::optional<std::string> attachmentBody(const std::string& submissionId,
                                              const std::string& id);
    void storeAttachment(const std::string& submissionId, const StoredPart& part,
                         const std::string& jwe);
    /// In pieces, as they follow each other in the file.
    void storeAttachment(const std::string& submissionId, const StoredPart& part,
                         const BodyFile& jwe);
    /// Of one that lies in pieces and is not gone.
    std::optional<std::size_t> bytesInPieces(const std::string& submissionId,
                                             const std::string& id);
    /// From 0; empty after the last.
    std::string piece(const std::string& submissionId, const std::string& id, int number);
    /// `digest` is over all parts.
    void storeSubmission(const Submission& submission, const std::string& digest, UtcTime now);
    /// The payload goes; ids, digests and result stay.
    void close(const std::string& submissionId, SubmissionState state);

    struct Waiting {
        std::string submissionId, caseId;
    };
    std::vector<Waiting> waiting(const std::string& destinationId, Page page);
    int countWaiting(const std::string& destinationId);

    void log(const envelope::SecurityEvent& event, const std::string& token, UtcTime now);
    bool isLogged(const std::string& jti);
    std::vector<std::string> eventsOfCase(const std::string& caseId, Page page);
    std::vector<std::string> eventsOfSubmission(const std::string& submissionId, Page page);

    std::vector<std::string> incompleteSince(UtcTime before);
    std::vector<std::string> unnotifiedSince(UtcTime before);
    std::vector<std::string> unfetchedSince(UtcTime before);
    /// False: somebody did before, or it is not waiting any more.
    bool noteNotified(const std::string& submissionId);

    std::vector<CensusRow> census();

private:
    std::vector<std::string> column(std::string_view statement, UtcTime before);
    std::vector<std::string> tokens(std::string_view statement, const std::string& id, Page page);

    Books& _books;
};

} // namespace amt::gateway
