// SPDX-License-Identifier: EUPL-1.2
//
// Replies of authorities, opened by a clerk's key: whether they are what they say they are, and
// what stands in them.
#pragma once

#include "appliance/core/secret.h"
#include "sync/outbox/replies.h"
#include "sync/outbox/sealing.h"
#include "sync/portal/metadata.h"
#include "sync/portal/reply_message.h"

#include <chrono>
#include <string>
#include <vector>

namespace amt::node {

class House;

/// A reply in clear, or why it cannot be taken. Personal: never logged.
struct ReadReply {
    std::vector<envelope::Problem> problems;
    portal::Metadata metadata; ///< when there are no problems, as the next
    portal::ReplyMessage message;
};
/// Every part is opened and compared with what the metadata say of it. Throws NotFound when the
/// payload has gone.
ReadReply readReply(const outbox::Replies& replies, const outbox::ReplyRecord& record,
                    const outbox::DeskSeal& desk, const outbox::RsaKey& deskKey);

/// While the desk key is open: what came and was not opened yet is judged, a few at a time.
void judgeReplies(House& house, const Secret& token);

/// How long a reply stays that was dealt with: as long as the desk copy of its case.
std::chrono::hours replyRetention(const House& house, const std::string& envelopeId);

} // namespace amt::node
