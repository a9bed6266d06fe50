// SPDX-License-Identifier: EUPL-1.2
//
// FIT-Connect v2 as both sides say it: addresses, URIs, and the JSON bodies with strict readers
// (facts/portal.md 1.3 to 1.8). Every read function throws JsonMalformed.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/json.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amt::portal {

// --- addresses, as HttpRequest::path ---------------------------------------------------------

inline constexpr std::string_view serviceKeysPath = "/.well-known/jwks.json";
inline constexpr std::string_view submissionsPath = "/v2/submissions";
/// Our gateway's own; FIT-Connect answers 404.
inline constexpr std::string_view journalHeadPath = "/v2/journal-head";
/// Of a node's transport key: {"code", "request"}; with its certificate shown: {"request"}.
/// Answered
/// {"state": "asked" or "issued", "fingerprint", "certificate" when issued}, all PEM.
inline constexpr std::string_view enrolmentPath = "/enrolment";
inline constexpr std::string_view renewalPath = "/enrolment/renewal";
inline constexpr std::string_view quotaPath = "/v2/quota/"; ///< what follows: office/calendar
/// Of replies v2's own addresses are not published: these follow its submissions.
inline constexpr std::string_view repliesPath = "/v2/replies";
std::string destinationPath(const std::string& destinationId);
std::string destinationKeyPath(const std::string& destinationId, const std::string& kid);
std::string submissionPath(const std::string& submissionId);
std::string attachmentPath(const std::string& submissionId, const std::string& attachmentId);
std::string submissionEventsPath(const std::string& submissionId);
std::string caseEventsPath(const std::string& caseId);
std::string replyPath(const std::string& replyId);
std::string replyAttachmentPath(const std::string& replyId, const std::string& attachmentId);
std::string replyEventsPath(const std::string& replyId);
/// Where whoever got a reply says how it took it: ReplyTags, or reasons.
std::string replyAcceptPath(const std::string& replyId);
std::string replyRejectPath(const std::string& replyId);
/// Whether a name can be one segment of a path: letters, digits, '-', '_', '.', '~'; not "." or
/// "..".
bool isPathSegment(std::string_view name);

// --- words -------------------------------------------------------------------------------------

inline constexpr std::string_view sendScope =
    "https://schema.fitko.de/fit-connect/oauth/scopes/send-submissions";
inline constexpr std::string_view subscribeScope =
    "https://schema.fitko.de/fit-connect/oauth/scopes/subscribe-submissions";
inline constexpr std::string_view manageScope =
    "https://schema.fitko.de/fit-connect/oauth/scopes/manage-destinations";

inline constexpr std::string_view formType = "application/x-www-form-urlencoded";
inline constexpr std::string_view jsonType = "application/json";
inline constexpr std::string_view joseType = "application/jose";
inline constexpr std::string_view problemType = "application/problem+json";

/// The 14 digits of a LeiKa key follow.
inline constexpr std::string_view servicePrefix = "urn:de:fim:leika:leistung:";
/// "create-submission" and so on follow.
inline constexpr std::string_view eventPrefix = "https://schema.fitko.de/fit-connect/events/";
/// Of a refused request: "submission-not-found" follows.
inline constexpr std::string_view problemPrefix =
    "https://schema.fitko.de/fit-connect/submission-api/problems/";
/// Of a rejected submission: "hash-mismatch" follows.
inline constexpr std::string_view rejectReasonPrefix =
    "https://schema.fitko.de/fit-connect/events/problems/";

// --- bodies ------------------------------------------------------------------------------------

struct TokenBody {
    std::string accessToken;
    std::int64_t expiresIn = 0; ///< seconds
};
std::string writeToken(const TokenBody& token);
TokenBody readToken(const std::string& text);

/// POST /v2/submissions
struct AnnounceBody {
    std::string destinationId;
    std::vector<std::string> attachmentIds;
    std::string service; ///< identifier, with its prefix
    std::string serviceName;
    std::string region; ///< may be empty
    std::string caseId; ///< empty: a new case
};
std::string writeAnnounce(const AnnounceBody& body);
AnnounceBody readAnnounce(const std::string& text);

/// Its answer.
struct AnnouncedBody {
    std::string submissionId, caseId;
};
std::string writeAnnounced(const AnnouncedBody& body);
AnnouncedBody readAnnounced(const std::string& text);

/// PUT /v2/submissions/ID
struct SubmitBody {
    std::string metadata, data; ///< compact JWE each
};
std::string writeSubmit(const SubmitBody& body);
SubmitBody readSubmit(const std::string& text, std::size_t bytesMax);

/// GET /v2/submissions/ID
struct SubmissionBody {
    std::string destinationId, submissionId, caseId;
    std::string service;
    std::vector<std::string> attachmentIds;
    SubmitBody parts;
};
std::string writeSubmission(const SubmissionBody& body);
SubmissionBody readSubmission(const std::string& text, std::size_t bytesMax);

/// GET /v2/submissions
struct WaitingBody {
    struct Entry {
        std::string destinationId, submissionId, caseId;
    };
    std::vector<Entry> submissions;
    int offset = 0;
    int totalCount = 0;
};
std::string writeWaiting(const WaitingBody& body);
WaitingBody readWaiting(const std::string& text);

/// GET .../events: compact JWS each
std::string writeEventLog(const std::vector<std::string>& tokens);
std::vector<std::string> readEventLog(const std::string& text);

/// POST /v2/replies
struct ReplyAnnounceBody {
    std::string caseId;
    std::vector<std::string> attachmentIds;
};
std::string writeReplyAnnounce(const ReplyAnnounceBody& body);
ReplyAnnounceBody readReplyAnnounce(const std::string& text);

/// Its answer, and that of PUT /v2/replies/ID, whose body is a SubmitBody.
struct ReplyIds {
    std::string replyId, caseId;
};
std::string writeReplyIds(const ReplyIds& ids);
ReplyIds readReplyIds(const std::string& text);

/// GET /v2/replies/ID
struct ReplyBody {
    std::string replyId, caseId;
    std::vector<std::string> attachmentIds;
    SubmitBody parts;
};
std::string writeReply(const ReplyBody& body);
ReplyBody readReply(const std::string& text, std::size_t bytesMax);

/// GET /v2/replies
struct WaitingRepliesBody {
    std::vector<ReplyIds> replies;
    int offset = 0;
    int totalCount = 0;
};
std::string writeWaitingReplies(const WaitingRepliesBody& body);
WaitingRepliesBody readWaitingReplies(const std::string& text);

/// PUT /v2/replies/ID/accept: the tags of the parts that were kept.
struct ReplyTags {
    std::string metadata, data;
    std::map<std::string, std::string> attachments; ///< by attachment id
};
std::string writeReplyAccept(const ReplyTags& tags);
ReplyTags readReplyAccept(const std::string& text);

/// PUT /v2/replies/ID/reject: 1 to 100 of them.
struct Reason {
    std::string type, title, detail, instance;
};
std::string writeReplyReject(const std::vector<Reason>& reasons);
std::vector<Reason> readReplyReject(const std::string& text);

/// PUT and GET /v2/journal-head: the newest record of a node's journal, the one that the gateway is
/// known to know, and how the node is. Told at least each quarter of an hour: its sign of life.
struct JournalMark {
    std::int64_t number = 0;
    std::string hash; ///< 64 hex digits
    bool operator==(const JournalMark&) const = default;
};
/// How a node is, for whoever runs the gateway: figures, nothing of anybody.
struct NodeReport {
    std::string version; ///< of its program: letters, digits, '.', '-', '+', at most 32
    int waiting = 0;     ///< cases that have not left it
    int held = 0;        ///< cases that wait for a clerk's decision
    std::optional<UtcTime> oldestWaiting;
    bool operator==(const NodeReport&) const = default;
};
struct HeadBody {
    std::string incarnation;
    JournalMark head;
    std::optional<JournalMark> known;
    std::optional<NodeReport> report = {}; ///< of nodes since this word exists
};
std::string writeHead(const HeadBody& head);
/// Throws JsonMalformed.
HeadBody readHead(const std::string& text);

/// application/problem+json (RFC 7807). `type`: what follows the prefix.
std::string writeProblem(int status, std::string_view type, const std::string& title,
                         const std::string& detail);
/// Last part of the problem's URI; empty when there is none or it is no such word.
std::string readProblemType(const std::string& text);

} // namespace amt::portal
