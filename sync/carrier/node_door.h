// SPDX-License-Identifier: EUPL-1.2
//
// The node's side of the carrier: PROTOCOL.md as calls and values.
#pragma once

#include "appliance/core/http.h"
#include "sync/portal/portal_link.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::carrier {

struct Envelope {
    std::string id, destinationId, serviceKey, serviceName, regionKey;
    std::vector<std::string> attachments;
    std::optional<portal::Announced> announced;
    int eventsSeen = 0;
};

/// What the service has to be told of a reply.
struct ReplyAnswer {
    std::string replyId;
    portal::ReplyVerdict verdict = portal::ReplyVerdict::Accept;
    std::string body; ///< as it is to be sent
};

/// A payment at a payment service that is to be begun (no transaction yet) or looked at.
struct PaymentErrand {
    std::string id; ///< of the payment: our name for it at the service
    std::string service, originatorId, endPointId;
    std::string transactionId; ///< empty: to be begun
    bool waits = false;        ///< somebody stands at the kiosk
};

struct Work {
    std::vector<Envelope> envelopes; ///< to be sent, oldest first
    std::vector<Envelope> awaiting;  ///< handed over, not answered by the destination
    std::vector<std::string> destinations;
    bool serviceKeys = false;             ///< the node wants the service's key set
    std::optional<portal::HeadBody> head; ///< of the journal
    std::vector<ReplyAnswer> answers;     ///< of replies, oldest first
    /// The node's cells are leased: number of the newest record that its portal should hear of.
    std::optional<std::int64_t> quotaNews;
    bool signIns = false; ///< clerks wait at the identity provider's word
    std::vector<PaymentErrand> payments;
};

/// A code that somebody brought from the identity provider, to be exchanged there once.
struct SignInErrand {
    std::string id, provider, code, verifier;
};

/// Where a round of the quota protocol stands: what is to be said to the portal, or its end.
struct QuotaTurn {
    struct Message {
        std::string method, path, body;
    };
    std::int64_t round = 0, step = 0;
    std::optional<Message> message;
    bool whole = false;    ///< at the end: everything was said and heard
    std::int64_t news = 0; ///< at the end: newest record that the portal has heard of
};

struct Progress {
    std::string state; ///< SEALED, STORED, ACCEPTED, REJECTED, HELD, PURGED
    int eventsSeen = 0;
};

/// What `announced` is answered with: taken (nothing), or the ids that stand.
using Standing = std::optional<portal::Announced>;

enum class Taken { Yes, No };

/// Every answer may be nothing (or No): the node did not answer, or refused. It runs once, on the
/// loop.
class NodeDoor {
public:
    explicit NodeDoor(HttpExchange& exchange) : _exchange(exchange) {}

    template <typename Value>
    using Then = std::function<void(std::optional<Value>)>;
    using ThenTaken = std::function<void(Taken)>;

    void work(Then<Work> then);
    /// `part`: "metadata", "data" or an attachment's id.
    void part(const Envelope& envelope, const std::string& part, Then<std::string> then);
    void announced(const std::string& envelopeId, const portal::Announced& ids,
                   Then<Standing> then);
    void lost(const std::string& envelopeId, const std::string& submissionId, ThenTaken then);
    void events(const std::string& envelopeId, int offset, const std::vector<std::string>& tokens,
                Then<Progress> then);
    void refused(const std::string& envelopeId, const std::string& step,
                 const portal::Refused& refusal, ThenTaken then);
    void destination(const std::string& destinationId, const std::string& document,
                     const std::string& key, ThenTaken then);
    void serviceKeys(const std::string& jwks, ThenTaken then);
    struct Weather {
        bool reachable = false;
        bool notAuthorised = false; ///< the portal refuses our credentials
        std::optional<UtcTime> portalTime;
    };
    void status(const Weather& weather, ThenTaken then);
    /// The journal's record of this number.
    void mark(std::int64_t number, Then<portal::JournalMark> then);
    /// "taken", "behind", "beside", "closed"
    void headVerdict(const std::string& verdict, ThenTaken then);
    /// The next one, given out once; nothing when none waits.
    void signIn(Then<SignInErrand> then);
    /// `outcome`: "given" with the ID token, "refused", "silent".
    void signInHeard(const std::string& errandId, const std::string& outcome,
                     const std::string& idToken, ThenTaken then);
    /// What is to be sent to begin it; the node has noted that it goes. Nothing: not any more.
    void beginPayment(const std::string& paymentId, Then<std::string> then);
    /// `body` as PROTOCOL.md has it. The node's status; nothing when it did not answer.
    void paymentHeard(const std::string& paymentId, const std::string& body, Then<int> then);
    /// Those of these replies that are to be fetched.
    void wantedReplies(const std::vector<std::string>& ids, Then<std::vector<std::string>> then);
    /// A part of a reply, in pieces.
    void replyPart(const std::string& replyId, const std::string& part, std::string jwe,
                   ThenTaken then);
    /// All parts came: the state that it has now.
    void replyWhole(const portal::ReplyBody& reply, const std::vector<std::string>& events,
                    Then<std::string> then);
    /// The service's status for what it was told.
    void replyTold(const std::string& replyId, int status, ThenTaken then);
    /// A new round; the one before is forgotten.
    void quotaRound(Then<QuotaTurn> then);
    /// The portal's answer to the message of this turn: its body, or how it refused.
    void quotaHeard(const QuotaTurn& turn, const std::string& body, Then<QuotaTurn> then);
    void quotaRefused(const QuotaTurn& turn, const portal::Refused& refusal, Then<QuotaTurn> then);

private:
    void replyPiece(const std::string& replyId, const std::string& part,
                    std::shared_ptr<const std::string> jwe, std::size_t offset, ThenTaken then);
    void get(const std::string& path, std::function<void(const HttpResponse*)> then);
    void post(const std::string& path, const std::string& body,
              std::function<void(const HttpResponse*)> then);
    void send(HttpRequest request, std::function<void(const HttpResponse*)> then);
    void quota(const QuotaTurn& turn, int status, const std::string& problemType,
               const std::string& body, Then<QuotaTurn> then);

    HttpExchange& _exchange;
};

} // namespace amt::carrier
