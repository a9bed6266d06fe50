// SPDX-License-Identifier: EUPL-1.2
//
// The message written and read under one set of limits.
#include "sync/portal/reply_message.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"

#include <algorithm>

namespace amt::portal {
namespace {

constexpr std::size_t subjectCharactersMax = 200;
constexpr std::size_t textCharactersMax = 20'000;
constexpr std::size_t bytesMax = 256 * 1024;

std::size_t characters(const std::string& text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; // UTF-8: not a byte that follows
    }));
}

bool hasControls(const std::string& text, bool linesToo)
{
    return std::any_of(text.begin(), text.end(), [&](char byte) {
        const auto value = static_cast<unsigned char>(byte);
        return (value < 0x20 && !(linesToo && byte == '\n')) || value == 0x7F;
    });
}

bool isRight(const ReplyMessage& message)
{
    return isUuid(message.caseId) && !message.subject.empty() && !message.text.empty() &&
           characters(message.subject) <= subjectCharactersMax &&
           characters(message.text) <= textCharactersMax && !hasControls(message.subject, false) &&
           !hasControls(message.text, true);
}

} // namespace

std::string writeReplyMessage(const ReplyMessage& message)
{
    if (!isRight(message))
        throw Error(ErrorCode::InputMalformed, "a reply's subject or text is over its limit");
    auto object = json::makeObject();
    object->set("caseId", message.caseId);
    object->set("subject", message.subject);
    object->set("text", message.text);
    return json::write(*object);
}

ReplyMessage readReplyMessage(const std::string& text)
{
    const auto object = json::parseObject(text, bytesMax);
    json::onlyKeys(*object, {"caseId", "subject", "text"});
    ReplyMessage message{json::text(*object, "caseId"), json::text(*object, "subject"),
                         json::text(*object, "text")};
    if (!isRight(message))
        throw Error(ErrorCode::JsonMalformed, "a reply's subject or text is over its limit");
    return message;
}

} // namespace amt::portal
