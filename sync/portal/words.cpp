// SPDX-License-Identifier: EUPL-1.2
//
// The words written and read. What we answer ourselves is closed (unknown keys are refused); what
// a newer service may answer is open.
#include "sync/portal/words.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"

#include <algorithm>

namespace amt::portal {
namespace {

constexpr std::size_t problemBytesMax = 64 * 1024;
constexpr std::size_t reasonsMax = 100;
constexpr std::size_t secondsMax = 24 * 60 * 60;

void require(bool condition, const char* detail)
{
    if (!condition)
        throw Error(ErrorCode::JsonMalformed, detail);
}

std::string uuid(const json::Object& object, const std::string& key)
{
    std::string id = json::text(object, key);
    require(isUuid(id), "an id is not a UUID");
    return id;
}

json::ArrayPtr arrayOf(const std::vector<std::string>& texts)
{
    auto array = json::makeArray();
    for (const auto& text : texts)
        array->add(text);
    return array;
}

std::vector<std::string> uuids(const json::Object& object, const std::string& key)
{
    auto ids = json::texts(object, key);
    for (const auto& id : ids)
        require(isUuid(id), "an attachment id is not a UUID");
    return ids;
}

std::vector<json::ObjectPtr> objects(const json::Object& object, const std::string& key)
{
    std::vector<json::ObjectPtr> all;
    for (const auto& each : *json::array(object, key)) {
        require(each.type() == typeid(json::ObjectPtr), "a list of objects expected");
        all.push_back(each.extract<json::ObjectPtr>());
    }
    return all;
}

int count(const json::Object& object, const std::string& key)
{
    const std::int64_t value = json::integer(object, key);
    require(value >= 0 && value <= 1'000'000'000, "a count is out of range");
    return static_cast<int>(value);
}

bool isWord(std::string_view text)
{
    return !text.empty() && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                      letter == '-';
           });
}

void requireEachOnce(std::vector<std::string> attachmentIds)
{
    std::sort(attachmentIds.begin(), attachmentIds.end());
    require(std::adjacent_find(attachmentIds.begin(), attachmentIds.end()) == attachmentIds.end(),
            "an attachment is announced twice");
}

} // namespace

std::string destinationPath(const std::string& destinationId)
{
    return "/v2/destinations/" + destinationId;
}

std::string destinationKeyPath(const std::string& destinationId, const std::string& kid)
{
    return destinationPath(destinationId) + "/keys/" + kid;
}

std::string submissionPath(const std::string& submissionId)
{
    return std::string(submissionsPath) + '/' + submissionId;
}

std::string attachmentPath(const std::string& submissionId, const std::string& attachmentId)
{
    return submissionPath(submissionId) + "/attachments/" + attachmentId;
}

std::string submissionEventsPath(const std::string& submissionId)
{
    return submissionPath(submissionId) + "/events";
}

std::string caseEventsPath(const std::string& caseId)
{
    return "/v2/cases/" + caseId + "/events";
}

std::string replyPath(const std::string& replyId)
{
    return std::string(repliesPath) + '/' + replyId;
}

std::string replyAttachmentPath(const std::string& replyId, const std::string& attachmentId)
{
    return replyPath(replyId) + "/attachments/" + attachmentId;
}

std::string replyEventsPath(const std::string& replyId)
{
    return replyPath(replyId) + "/events";
}

std::string replyAcceptPath(const std::string& replyId)
{
    return replyPath(replyId) + "/accept";
}

std::string replyRejectPath(const std::string& replyId)
{
    return replyPath(replyId) + "/reject";
}

bool isPathSegment(std::string_view name)
{
    return !name.empty() && name != "." && name != ".." && escapeUri(std::string(name)) == name;
}

std::string writeToken(const TokenBody& token)
{
    auto object = json::makeObject();
    object->set("access_token", token.accessToken);
    object->set("token_type", "Bearer");
    object->set("expires_in", token.expiresIn);
    return json::write(*object);
}

TokenBody readToken(const std::string& text)
{
    const auto object = json::parseObject(text);
    TokenBody token{json::text(*object, "access_token"), json::integer(*object, "expires_in")};
    std::string type = json::text(*object, "token_type");
    std::transform(type.begin(), type.end(), type.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    require(type == "bearer", "not a bearer token");
    require(!token.accessToken.empty() && token.accessToken.size() <= 8192 &&
                std::all_of(token.accessToken.begin(), token.accessToken.end(),
                            [](char letter) { return letter > 0x20 && letter < 0x7f; }),
            "access token cannot stand in a header");
    require(token.expiresIn > 0, "access token without life");
    token.expiresIn = std::min<std::int64_t>(token.expiresIn, secondsMax);
    return token;
}

std::string writeAnnounce(const AnnounceBody& body)
{
    auto service = json::makeObject();
    service->set("identifier", body.service);
    if (!body.serviceName.empty())
        service->set("name", body.serviceName);
    auto object = json::makeObject();
    object->set("destinationId", body.destinationId);
    object->set("announcedAttachments", arrayOf(body.attachmentIds));
    object->set("publicService", service);
    if (!body.region.empty())
        object->set("region", body.region);
    if (!body.caseId.empty())
        object->set("caseId", body.caseId);
    return json::write(*object);
}

AnnounceBody readAnnounce(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object,
                   {"destinationId", "announcedAttachments", "publicService", "region", "caseId"});
    const auto service = json::object(*object, "publicService");
    json::onlyKeys(*service, {"identifier", "name"});
    AnnounceBody body;
    body.destinationId = uuid(*object, "destinationId");
    if (object->has("announcedAttachments"))
        body.attachmentIds = uuids(*object, "announcedAttachments");
    body.service = json::text(*service, "identifier");
    body.serviceName = json::optionalText(*service, "name").value_or("");
    body.region = json::optionalText(*object, "region").value_or("");
    if (object->has("caseId"))
        body.caseId = uuid(*object, "caseId");
    requireEachOnce(body.attachmentIds);
    return body;
}

std::string writeAnnounced(const AnnouncedBody& body)
{
    auto object = json::makeObject();
    object->set("submissionId", body.submissionId);
    object->set("caseId", body.caseId);
    return json::write(*object);
}

AnnouncedBody readAnnounced(const std::string& text)
{
    const auto object = json::parseObject(text);
    return {uuid(*object, "submissionId"), uuid(*object, "caseId")};
}

std::string writeSubmit(const SubmitBody& body)
{
    auto object = json::makeObject();
    object->set("encryptedMetadata", body.metadata);
    object->set("encryptedData", body.data);
    return json::write(*object);
}

SubmitBody readSubmit(const std::string& text, std::size_t bytesMax)
{
    const auto object = json::parseObject(text, bytesMax);
    json::onlyKeys(*object, {"encryptedMetadata", "encryptedData"});
    return {json::text(*object, "encryptedMetadata"), json::text(*object, "encryptedData")};
}

std::string writeSubmission(const SubmissionBody& body)
{
    auto service = json::makeObject();
    service->set("identifier", body.service);
    auto object = json::makeObject();
    object->set("destinationId", body.destinationId);
    object->set("submissionId", body.submissionId);
    object->set("caseId", body.caseId);
    object->set("publicService", service);
    object->set("attachments", arrayOf(body.attachmentIds));
    object->set("encryptedMetadata", body.parts.metadata);
    object->set("encryptedData", body.parts.data);
    return json::write(*object);
}

SubmissionBody readSubmission(const std::string& text, std::size_t bytesMax)
{
    const auto object = json::parseObject(text, bytesMax);
    SubmissionBody body;
    body.destinationId = uuid(*object, "destinationId");
    body.submissionId = uuid(*object, "submissionId");
    body.caseId = uuid(*object, "caseId");
    body.service = json::text(*json::object(*object, "publicService"), "identifier");
    body.attachmentIds = uuids(*object, "attachments");
    body.parts = {json::text(*object, "encryptedMetadata"), json::text(*object, "encryptedData")};
    return body;
}

std::string writeWaiting(const WaitingBody& body)
{
    auto list = json::makeArray();
    for (const auto& each : body.submissions) {
        auto entry = json::makeObject();
        entry->set("destinationId", each.destinationId);
        entry->set("submissionId", each.submissionId);
        entry->set("caseId", each.caseId);
        list->add(entry);
    }
    auto object = json::makeObject();
    object->set("count", static_cast<int>(body.submissions.size()));
    object->set("offset", body.offset);
    object->set("totalCount", body.totalCount);
    object->set("submissions", list);
    return json::write(*object);
}

WaitingBody readWaiting(const std::string& text)
{
    const auto object = json::parseObject(text);
    WaitingBody body;
    body.offset = count(*object, "offset");
    body.totalCount = count(*object, "totalCount");
    for (const auto& each : objects(*object, "submissions"))
        body.submissions.push_back(
            {uuid(*each, "destinationId"), uuid(*each, "submissionId"), uuid(*each, "caseId")});
    return body;
}

std::string writeReplyAnnounce(const ReplyAnnounceBody& body)
{
    auto object = json::makeObject();
    object->set("caseId", body.caseId);
    object->set("announcedAttachments", arrayOf(body.attachmentIds));
    return json::write(*object);
}

ReplyAnnounceBody readReplyAnnounce(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"caseId", "announcedAttachments"});
    ReplyAnnounceBody body;
    body.caseId = uuid(*object, "caseId");
    if (object->has("announcedAttachments"))
        body.attachmentIds = uuids(*object, "announcedAttachments");
    requireEachOnce(body.attachmentIds);
    return body;
}

std::string writeReplyIds(const ReplyIds& ids)
{
    auto object = json::makeObject();
    object->set("replyId", ids.replyId);
    object->set("caseId", ids.caseId);
    return json::write(*object);
}

ReplyIds readReplyIds(const std::string& text)
{
    const auto object = json::parseObject(text);
    return {uuid(*object, "replyId"), uuid(*object, "caseId")};
}

std::string writeReply(const ReplyBody& body)
{
    auto object = json::makeObject();
    object->set("replyId", body.replyId);
    object->set("caseId", body.caseId);
    object->set("attachments", arrayOf(body.attachmentIds));
    object->set("encryptedMetadata", body.parts.metadata);
    object->set("encryptedData", body.parts.data);
    return json::write(*object);
}

ReplyBody readReply(const std::string& text, std::size_t bytesMax)
{
    const auto object = json::parseObject(text, bytesMax);
    ReplyBody body;
    body.replyId = uuid(*object, "replyId");
    body.caseId = uuid(*object, "caseId");
    body.attachmentIds = uuids(*object, "attachments");
    requireEachOnce(body.attachmentIds);
    body.parts = {json::text(*object, "encryptedMetadata"), json::text(*object, "encryptedData")};
    return body;
}

std::string writeWaitingReplies(const WaitingRepliesBody& body)
{
    auto list = json::makeArray();
    for (const auto& each : body.replies) {
        auto entry = json::makeObject();
        entry->set("replyId", each.replyId);
        entry->set("caseId", each.caseId);
        list->add(entry);
    }
    auto object = json::makeObject();
    object->set("count", static_cast<int>(body.replies.size()));
    object->set("offset", body.offset);
    object->set("totalCount", body.totalCount);
    object->set("replies", list);
    return json::write(*object);
}

WaitingRepliesBody readWaitingReplies(const std::string& text)
{
    const auto object = json::parseObject(text);
    WaitingRepliesBody body;
    body.offset = count(*object, "offset");
    body.totalCount = count(*object, "totalCount");
    for (const auto& each : objects(*object, "replies"))
        body.replies.push_back({uuid(*each, "replyId"), uuid(*each, "caseId")});
    return body;
}

std::string writeReplyAccept(const ReplyTags& tags)
{
    auto attachments = json::makeObject();
    for (const auto& [id, tag] : tags.attachments)
        attachments->set(id, tag);
    auto named = json::makeObject();
    named->set("metadata", tags.metadata);
    named->set("data", tags.data);
    named->set("attachments", attachments);
    auto object = json::makeObject();
    object->set("authenticationTags", named);
    return json::write(*object);
}

ReplyTags readReplyAccept(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"authenticationTags"});
    const auto named = json::object(*object, "authenticationTags");
    json::onlyKeys(*named, {"metadata", "data", "attachments"});
    ReplyTags tags{json::text(*named, "metadata"), json::text(*named, "data"), {}};
    const auto attachments = json::object(*named, "attachments");
    for (const auto& [id, ignored] : *attachments) {
        require(isUuid(id), "an attachment id is not a UUID");
        tags.attachments[id] = json::text(*attachments, id);
    }
    return tags;
}

std::string writeReplyReject(const std::vector<Reason>& reasons)
{
    auto list = json::makeArray();
    for (const auto& reason : reasons) {
        auto entry = json::makeObject();
        entry->set("type", reason.type);
        entry->set("title", reason.title);
        entry->set("detail", reason.detail);
        entry->set("instance", reason.instance);
        list->add(entry);
    }
    auto object = json::makeObject();
    object->set("problems", list);
    return json::write(*object);
}

std::vector<Reason> readReplyReject(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"problems"});
    std::vector<Reason> reasons;
    for (const auto& each : objects(*object, "problems")) {
        json::onlyKeys(*each, {"type", "title", "detail", "instance"});
        reasons.push_back(
            {json::text(*each, "type"), json::optionalText(*each, "title").value_or(""),
             json::optionalText(*each, "detail").value_or(""), json::text(*each, "instance")});
    }
    require(!reasons.empty() && reasons.size() <= reasonsMax, "unusable number of problems");
    return reasons;
}

std::string writeEventLog(const std::vector<std::string>& tokens)
{
    auto object = json::makeObject();
    object->set("eventLog", arrayOf(tokens));
    return json::write(*object);
}

std::vector<std::string> readEventLog(const std::string& text)
{
    return json::texts(*json::parseObject(text), "eventLog");
}

std::string writeProblem(int status, std::string_view type, const std::string& title,
                         const std::string& detail)
{
    auto object = json::makeObject();
    object->set("type", std::string(problemPrefix) + std::string(type));
    object->set("title", title);
    object->set("status", status);
    object->set("detail", detail);
    return json::write(*object);
}

std::string readProblemType(const std::string& text)
{
    std::string type;
    try {
        type = json::text(*json::parseObject(text, problemBytesMax), "type");
    } catch (const Error&) { // a refusal without a reason is still a refusal
        return {};
    }
    type = type.substr(type.rfind('/') + 1);
    return isWord(type) ? type : std::string();
}

namespace {

void write(json::Object& object, const JournalMark& mark)
{
    object.set("number", mark.number);
    object.set("hash", mark.hash);
}

JournalMark readMark(const json::Object& object)
{
    JournalMark mark{json::integer(object, "number"), json::text(object, "hash")};
    if (mark.number < 0 || mark.hash.size() != 64 ||
        mark.hash.find_first_not_of("0123456789abcdef") != std::string::npos)
        throw Error(ErrorCode::JsonMalformed, "mark of a journal");
    return mark;
}

constexpr std::size_t versionBytesMax = 32;
constexpr std::int64_t casesMax = 1'000'000;

json::ObjectPtr written(const NodeReport& report)
{
    auto object = json::makeObject();
    object->set("version", report.version);
    object->set("waiting", report.waiting);
    object->set("held", report.held);
    if (report.oldestWaiting)
        object->set("oldestWaiting", toIso(*report.oldestWaiting));
    return object;
}

NodeReport readReport(const json::Object& object)
{
    json::onlyKeys(object, {"version", "waiting", "held", "oldestWaiting"});
    const auto count = [&](const char* key) {
        const std::int64_t number = json::integer(object, key);
        if (number < 0 || number > casesMax)
            throw Error(ErrorCode::JsonMalformed, key);
        return static_cast<int>(number);
    };
    NodeReport report{.version = json::text(object, "version"),
                      .waiting = count("waiting"),
                      .held = count("held"),
                      .oldestWaiting = {}};
    constexpr std::string_view inVersions =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+";
    if (report.version.empty() || report.version.size() > versionBytesMax ||
        report.version.find_first_not_of(inVersions) != std::string::npos)
        throw Error(ErrorCode::JsonMalformed, "version of a node's program");
    if (const auto oldest = json::optionalText(object, "oldestWaiting")) {
        try {
            report.oldestWaiting = fromIso(*oldest);
        } catch (const Error&) { // refused as part of this message
            throw Error(ErrorCode::JsonMalformed, "oldestWaiting");
        }
    }
    if (report.oldestWaiting && report.waiting == 0)
        throw Error(ErrorCode::JsonMalformed, "the oldest of none");
    return report;
}

} // namespace

std::string writeHead(const HeadBody& head)
{
    auto object = json::makeObject();
    object->set("incarnation", head.incarnation);
    write(*object, head.head);
    if (head.known) {
        auto known = json::makeObject();
        write(*known, *head.known);
        object->set("known", known);
    }
    if (head.report)
        object->set("node", written(*head.report));
    return json::write(*object);
}

HeadBody readHead(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"incarnation", "number", "hash", "known", "node"});
    HeadBody head{json::text(*object, "incarnation"), readMark(*object), std::nullopt};
    if (!isUuid(head.incarnation))
        throw Error(ErrorCode::JsonMalformed, "incarnation");
    if (object->has("known")) {
        const auto known = json::object(*object, "known");
        json::onlyKeys(*known, {"number", "hash"});
        head.known = readMark(*known);
    }
    if (object->has("node"))
        head.report = readReport(*json::object(*object, "node"));
    return head;
}

} // namespace amt::portal
