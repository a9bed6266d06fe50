// SPDX-License-Identifier: EUPL-1.2
//
// How a specialist procedure replies: a folder in the folder of its case (sync/REPLIES.md). Sealed once,
// on disk, before anything is sent, so that it is the same reply however often it is tried.
#pragma once

#include "appliance/core/random.h"
#include "sync/envelope/envelope.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace amt::gateway {

/// As it goes to the service.
struct SealedReply {
    std::string key; ///< UUID: the Idempotency-Key
    std::string caseId;
    std::string metadata, data;                     ///< JWE
    std::map<std::string, std::string> attachments; ///< JWE by id
};

struct ReplyAttachment {
    std::string filename, mimeType;
    Bytes content;
};
/// In clear: personal data.
struct ReplyLetter {
    std::string caseId, subject, text;
    std::string author, reference; ///< of the office; either may be empty
    std::vector<ReplyAttachment> attachments;
};

/// `caseMetadata`: of the case, as it was received; its reply channel names key and process
/// standard. Throws ConfigurationInvalid when it has none that is understood here, InputMalformed,
/// KeyUnusable.
SealedReply sealReply(const std::string& caseMetadata, const ReplyLetter& letter,
                      RandomSource& random);

/// INBOX/CASE/replies/NAME with a reply.json {"subject", "text"[, "reference"]} and files under
/// attachments/, that was neither sent nor refused yet, in order of their names.
std::vector<std::filesystem::path> repliesToSend(const std::filesystem::path& inbox);
/// Sealed now and kept beside reply.json, or as it was sealed before. Throws as sealReply(),
/// JsonMalformed, SystemFailed.
SealedReply sealedReplyIn(const std::filesystem::path& folder, const std::string& author,
                          RandomSource& random);
/// It will not be looked at again. `outcome`: "sent" with the reply's id, "refused" with the
/// reason.
void closeReply(const std::filesystem::path& folder, const std::string& outcome,
                const std::string& detail);

} // namespace amt::gateway
