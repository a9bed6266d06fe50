// SPDX-License-Identifier: EUPL-1.2
//
// The specialist procedure (Fachverfahren) at the other end: fetches, opens, checks, keeps, and
// only then signs accept.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/reply_folder.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace amt::gateway {

struct OpeningKey {
    std::string kid;
    envelope::RsaKey key;
};

enum class Policy { AcceptWhatIsRight, RejectAll };

struct SubscriberSettings {
    std::string clientId;
    Secret clientSecret;
    std::string serviceUrl; ///< `iss` of the service's events, and the Host
    std::string destinationId;
    std::vector<OpeningKey> openingKeys; ///< old ones too: the kid picks
    std::string signatureKid;
    envelope::RsaKey signatureKey;
    Policy policy = Policy::AcceptWhatIsRight;
};

/// A case in plain text: personal data.
struct ReceivedCase {
    struct Attachment {
        std::string id, mimeType;
        Bytes content;
    };
    std::string caseId, submissionId;
    Bytes metadata;
    Bytes data;
    std::string dataType; ///< application/json or application/xml
    std::vector<Attachment> attachments;
};

/// Returns when the case survives a power cut; repeating it does no harm. Throws SystemFailed: the
/// case is then fetched again later.
using KeepCase = std::function<void(const ReceivedCase&)>;

/// FOLDER/<caseId>/metadata.json, data.json (or data.xml), submission.json last,
/// attachments/<id>.<type>.
KeepCase folderInbox(const std::filesystem::path& folder);

struct RoundResult {
    bool reachable = false; ///< the service answered, and with our rights
    int accepted = 0;
    int rejected = 0;
    int left = 0; ///< could not be fetched, kept or answered now
};

class Subscriber {
public:
    /// What is passed by reference must outlive the subscriber.
    Subscriber(SubscriberSettings settings, HttpExchange& exchange, EventLoop& loop,
               RandomSource& random, KeepCase keep);
    ~Subscriber();

    /// Answers everything that waits, one after the other. One round at a time.
    void round(std::function<void(RoundResult)> done);

    struct Replied {
        std::string replyId; ///< empty: not sent
        int refused = 0;     ///< the service's status, when that is its last word
    };
    /// Gives a reply, whose key makes it the same one however often. Not while a round is under
    /// way.
    void reply(SealedReply sealed, std::function<void(Replied)> done);

private:
    class Impl;
    std::shared_ptr<Impl> _impl; // shared with the answers under way, which find it gone or alive
};

} // namespace amt::gateway
