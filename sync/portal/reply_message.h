// SPDX-License-Identifier: EUPL-1.2
//
// What an authority writes in a reply, as its form data: a subject and a text for people. The only
// process standard that this house offers for replies (sync/REPLIES.md).
#pragma once

#include <string>

namespace amt::portal {

/// `schemaUri` of such data, and the process standard of the reply channel.
inline constexpr const char* replySchema = "urn:amtsstube:antwort:1.0";

struct ReplyMessage {
    std::string caseId;  ///< UUID, the service's: what was sealed for another case does not fit
    std::string subject; ///< one line, 1 to 200 characters
    std::string text;    ///< 1 to 20 000 characters, lines divided by \n
};

/// JSON text. Throws InputMalformed over a limit.
std::string writeReplyMessage(const ReplyMessage& message);
/// Throws JsonMalformed.
ReplyMessage readReplyMessage(const std::string& text);

} // namespace amt::portal
