// SPDX-License-Identifier: EUPL-1.2
//
// Replies (Antworten) of an authority in our cases: taken once, kept as sealed as they came, and
// answered when a clerk's key has opened them (sync/REPLIES.md).
#pragma once

#include "sync/envelope/envelope.h"
#include "sync/outbox/destinations.h"
#include "sync/outbox/journal.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::outbox {

struct ReplyLimits {
    std::size_t attachments = 10;
    std::size_t partBytes = 12 * 1024 * 1024; ///< as JWE
    std::size_t bytes = 26 * 1024 * 1024;     ///< of all parts, as JWE
};

/// Clocks of a reply.
struct ReplyClocks {
    std::chrono::hours arriving{24}; ///< then what came of it goes, and it is fetched anew
    /// Kept, and nobody has opened the desk key: the town has it all the same. The service would
    /// give it back after 14 days.
    std::chrono::hours unopened{24 * 10};
    std::chrono::hours afterwards{24 * 90}; ///< then nothing is left but the chain record
};

enum class ReplyState { Arriving, Kept, Accepted, Refused };
/// ARRIVING, KEPT, ACCEPTED, REFUSED
std::string_view name(ReplyState state);

struct ReplyRecord {
    std::string id;
    std::string serviceCaseId;
    std::string envelopeId; ///< empty: no case of ours
    ReplyState state = ReplyState::Arriving;
    bool isUnreadable = false;
    std::vector<envelope::Problem> problems; ///< of a refusal
    UtcTime receivedAt;
    std::optional<UtcTime> toldAt, openedAt, settledAt;
    std::vector<std::string> attachments; ///< ids
};

class Replies {
public:
    Replies(store::Database& database, Journal& journal, Destinations& destinations,
            ReplyLimits limits = {}, ReplyClocks clocks = {});

    // --- what amt-sync brings (sync/carrier/PROTOCOL.md); each is one commit ---
    /// Of these ids, those that are to be fetched.
    std::vector<std::string> wanted(const std::vector<std::string>& ids) const;
    /// What follows of a part from `offset` on; from 0 it begins anew. `part`: "metadata", "data"
    /// or an attachment's id. Nothing happens to a reply that is whole already; one over its limits
    /// is noted, and refused when it is whole. Throws StepOutOfOrder (does not follow), StoreFull.
    void takePiece(const std::string& id, const std::string& part, std::int64_t offset,
                   std::string_view piece, UtcTime now);
    /// All parts came. Kept, or refused with reasons; Arriving: not to be judged yet, for the
    /// service's key is not known to us or its time is still to come. `deskKid`: of the desk key.
    ReplyState finish(const std::string& id, const std::string& serviceCaseId,
                      const std::vector<std::string>& attachments,
                      const std::vector<std::string>& events, const std::string& deskKid,
                      UtcTime now);
    /// What the service has still to be told.
    struct Answer {
        std::string id;
        std::optional<envelope::AuthenticationTags> tags; ///< accepted; else refused for `problems`
        std::vector<envelope::Problem> problems;
    };
    std::vector<Answer> answers(int limit = 20) const;
    /// The service took it, or said (404, 409) that it is past that. Throws NotFound.
    void told(const std::string& id, int status, UtcTime now);

    // --- what the desk does ---
    /// Kept and not opened yet, oldest first.
    std::vector<std::string> unjudged(int limit) const;
    /// One commit. No problems: accepted. Nothing happens to one that was judged before, but that
    /// one accepted by age is marked when it cannot be read.
    void judge(const std::string& id, const std::vector<envelope::Problem>& problems, UtcTime now);
    std::optional<ReplyRecord> find(const std::string& id) const;
    std::vector<ReplyRecord> ofEnvelope(const std::string& envelopeId) const; ///< oldest first
    /// Those that a clerk has to see: not settled, by the envelope of their case (empty: of none).
    std::map<std::string, int> open() const;
    /// The compact JWE; nothing when there is none (any more). Throws StoreFailed.
    std::optional<std::string> part(const std::string& id, const std::string& part) const;
    /// One commit, AUDIT names the clerk and what she opened.
    void noteOpened(const std::string& id, const std::string& part, const std::string& clerk,
                    UtcTime now);
    /// One commit, AUDIT names the clerk. Throws NotFound, StepOutOfOrder (not judged yet,
    /// settled).
    void settle(const std::string& id, const std::string& clerk, UtcTime now);

    // --- clocks ---
    /// Several commits. `keepFor`: how long after settling, by the envelope of the case.
    void
    keepAndLetGo(const std::function<std::chrono::hours(const std::string& envelopeId)>& keepFor,
                 UtcTime now);

private:
    std::vector<envelope::Problem> faults(const std::string& id, const std::string& serviceCaseId,
                                          const std::vector<std::string>& attachments,
                                          const std::vector<std::string>& events,
                                          const std::string& deskKid, std::string& submitJti,
                                          UtcTime now) const;
    void dropParts(const std::string& id);
    void refuse(const std::string& id, const std::vector<envelope::Problem>& problems, UtcTime now);
    struct Part {
        std::string tag; ///< empty until it is whole
        bool isTooLarge = false;
    };
    std::map<std::string, Part> parts(const std::string& id) const;
    std::string text(const std::string& id, const std::string& part) const;
    void seal(const std::string& id);
    ReplyRecord read(store::Statement& row) const;

    store::Database& _database;
    Journal& _journal;
    Destinations& _destinations;
    ReplyLimits _limits;
    ReplyClocks _clocks;
};

/// A reason as FIT-Connect writes it; `type` is what follows the prefix.
envelope::Problem replyProblem(const std::string& type, const std::string& instance,
                               const std::string& detail);

/// JSON {"problems": [...]}, and back.
std::string writeProblems(const std::vector<envelope::Problem>& problems);
std::vector<envelope::Problem> readProblems(const std::string& text);

} // namespace amt::outbox
