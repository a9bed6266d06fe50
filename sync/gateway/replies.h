// SPDX-License-Identifier: EUPL-1.2
//
// Replies (Antworten) of an office in a case: announced, its parts put, submitted; fetched by
// whoever sent the case, and by nobody else; then accepted or rejected (sync/REPLIES.md). Nobody here
// can open one.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/books.h"
#include "sync/gateway/ledger.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace amt::gateway {

struct ReplyLimits {
    std::size_t attachments = 10;
    std::size_t attachmentBytes = 12 * 1024 * 1024; ///< as JWE, as are the next two
    std::size_t bytes = 24 * 1024 * 1024;           ///< of all attachments of a reply
    std::size_t submissionBytes = 2 * 1024 * 1024;  ///< metadata and data
};

/// Every method is part of the caller's commit. `clientId`: who asks; what is none of its business
/// does not exist for it.
class Replies {
public:
    struct Noted {
        envelope::SecurityEvent event; ///< id, issuer and time are still to be filled in
        std::string destinationId, submissionId, receiverId;
    };
    /// Signs and logs, in the same commit.
    using Log = std::function<void(Noted noted)>;

    Replies(Books& books, Ledger& ledger, RandomSource& random, Log log, ReplyLimits limits = {});

    // --- the office
    /// `key`: the Idempotency-Key, empty without one. The same announcement under a key has the
    /// same id.
    HttpResponse announce(const std::string& clientId, const std::string& key,
                          const std::string& body, UtcTime now);
    HttpResponse putAttachment(const std::string& clientId, const std::string& id,
                               const std::string& attachmentId, const std::string& jwe);
    HttpResponse submit(const std::string& clientId, const std::string& id, const std::string& body,
                        UtcTime now);

    // --- the sender of the case
    HttpResponse waiting(const std::string& clientId, Page page);
    HttpResponse fetch(const std::string& clientId, const std::string& id);
    HttpResponse fetchAttachment(const std::string& clientId, const std::string& id,
                                 const std::string& attachmentId);
    HttpResponse accept(const std::string& clientId, const std::string& id,
                        const std::string& body);
    HttpResponse reject(const std::string& clientId, const std::string& id,
                        const std::string& body);

    // --- both
    HttpResponse events(const std::string& clientId, const std::string& id, Page page);

    // --- the service: each a commit of its own, which looks again
    std::vector<std::string> incompleteSince(UtcTime before);
    std::vector<std::string> unfetchedSince(UtcTime before);
    void dropIncomplete(const std::string& id);
    void rejectUnfetched(const std::string& id);

private:
    struct Reply {
        std::string id, caseId, submissionId, clientId, ownerId;
        SubmissionState state = SubmissionState::Announced;
        std::string metadata, data, metadataDigest, dataDigest;
    };
    struct Part {
        std::string id, digest, tag; ///< digest and tag empty until it arrived
        std::int64_t bytes = 0;
    };
    std::optional<Reply> find(const std::string& id, const Sight& sight);
    std::optional<Reply> given(const std::string& id, const std::string& clientId);
    std::optional<Reply> got(const std::string& id, const std::string& clientId);
    std::vector<Part> parts(const std::string& id);
    envelope::AuthenticationTags tagsOf(const Reply& reply);
    void close(const Reply& reply, SubmissionState state);
    void note(const Reply& reply, envelope::EventKind kind,
              std::optional<envelope::AuthenticationTags> tags = std::nullopt,
              std::vector<envelope::Problem> problems = {});
    std::vector<std::string> column(std::string_view statement, UtcTime before);

    Books& _books;
    Ledger& _ledger;
    RandomSource& _random;
    Log _log;
    ReplyLimits _limits;
};

} // namespace amt::gateway
