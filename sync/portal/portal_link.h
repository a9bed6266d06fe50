// SPDX-License-Identifier: EUPL-1.2
//
// The way to the delivery service in its own words. One adapter for each generation of its API
// stands behind it: v2.h.
#pragma once

#include "appliance/core/error.h"
#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/json.h"
#include "sync/portal/words.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::portal {

/// When to come again: seconds or a date (RFC 9110 10.2.3), at most an hour; RateLimit-Reset where
/// that is all there is.
std::optional<std::chrono::seconds> retryAfterOf(const HttpResponse& response, UtcTime now);

struct Announcement {
    std::string envelopeId; ///< our gateway takes it as Idempotency-Key
    std::string destinationId;
    std::string serviceKey; ///< LeiKa, 14 digits
    std::string serviceName;
    std::string regionKey; ///< ARS, 12 digits; may be empty
    std::vector<std::string> attachmentIds;
};
struct Announced {
    std::string submissionId;
    std::string caseId;
};
struct DestinationInfo {
    std::string document; ///< the JSON as it came; the node judges it
    std::string encryptionKid;
};

/// The service understood and refused (4xx with a problem type, see sync.md 5).
struct Refused {
    int status = 0;
    std::string problemType; ///< last part of the problem's URI, or empty
};
/// Unknown whether it was done: no answer, 408, 425, 429, 5xx.
struct Unknown {
    std::optional<std::chrono::seconds> retryAfter;
};
/// 401 or 403 after one renewal: our credentials.
struct Unauthorised {};

template <typename Good>
using Answer = std::variant<Good, Refused, Unknown, Unauthorised>;
template <typename Good>
using Reply = std::function<void(Answer<Good>)>;
struct Done {};
enum class ReplyVerdict { Accept, Reject };

class PortalLink {
public:
    virtual ~PortalLink() = default;
    virtual void destination(const std::string& destinationId, Reply<DestinationInfo> reply) = 0;
    /// The JWK as it came.
    virtual void destinationKey(const std::string& destinationId, const std::string& kid,
                                Reply<std::string> reply) = 0;
    /// /.well-known/jwks.json as it came.
    virtual void serviceKeys(Reply<std::string> reply) = 0;
    virtual void announce(const Announcement& announcement, Reply<Announced> reply) = 0;
    virtual void putAttachment(const std::string& submissionId, const std::string& attachmentId,
                               std::string jwe, Reply<Done> reply) = 0;
    virtual void submit(const std::string& submissionId, std::string encryptedMetadata,
                        std::string encryptedData, Reply<Done> reply) = 0;
    /// The event log of a case from `offset`: compact JWS each.
    virtual void events(const std::string& caseId, int offset,
                        Reply<std::vector<std::string>> reply) = 0;

    /// Replies to cases of ours that wait to be fetched, oldest first; a service without this
    /// address refuses with 404.
    virtual void replies(Reply<std::vector<ReplyIds>> reply);
    virtual void fetchReply(const std::string& replyId, Reply<ReplyBody> reply);
    virtual void replyAttachment(const std::string& replyId, const std::string& attachmentId,
                                 Reply<std::string> reply);
    virtual void replyEvents(const std::string& replyId, Reply<std::vector<std::string>> reply);
    /// How we took it: `body` is of writeReplyAccept() or writeReplyReject(), the node's word.
    virtual void answerReply(const std::string& replyId, ReplyVerdict verdict, std::string body,
                             Reply<Done> reply);

    /// Our gateway only (sync.md 3); a service that has no such address refuses with 404. 409:
    /// "journal-head-unlinked", "-behind", "-beside", "-closed".
    virtual void tellHead(const HeadBody& head, Reply<Done> reply);
    virtual void knownHead(Reply<HeadBody> reply);
    /// A message of the quota protocol (Kontingente) as the node wrote it, and the answer as it
    /// came; our gateway only, likewise. `path` is below quotaPath.
    virtual void quota(const std::string& method, const std::string& path, std::string body,
                       Reply<std::string> reply);
    /// The service's clock by its newest answer, for `sinceBoot` now; nothing before there was one.
    virtual std::optional<UtcTime> serviceTime() const { return std::nullopt; }
};

struct V2Settings {
    std::string clientId;
    std::string clientSecret; ///< a Secret where it is kept; here for one form body
    std::string userAgent = "amtsstube/" AMT_VERSION;
    std::string tokenPath = "/token";
    std::string
        basePath{}; ///< before "/v2/...": empty at our gateway, "/submission-api" at FIT-Connect
    /// Where the token is fetched; null: where everything else goes. Must outlive the link.
    HttpExchange* tokenExchange = nullptr;
};
/// The v2 adapter (facts/portal.md 1.3 to 1.8): token by client_secret_post, cached for 80 % of its
/// life, renewed once on 401. `exchange` and `loop` must outlive it.
std::unique_ptr<PortalLink> makeV2Link(V2Settings settings, HttpExchange& exchange,
                                       EventLoop& loop);

} // namespace amt::portal
