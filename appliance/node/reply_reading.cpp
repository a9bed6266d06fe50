// SPDX-License-Identifier: EUPL-1.2
//
// From inside: metadata, data and attachments agree, or the reasons why not (facts/portal.md 1.8).
#include "appliance/node/reply_reading.h"

#include "appliance/core/json.h"
#include "appliance/node/house.h"

#include <map>
#include <set>

namespace amt::node {
namespace {

using outbox::replyProblem;

constexpr std::string_view metadataSchemaStem = "https://schema.fitko.de/fit-connect/metadata/2.";
constexpr std::size_t metadataBytesMax = 2 * 1024 * 1024;
constexpr int judgedAtOnce = 2; ///< a page does not wait for more

class Reading {
public:
    Reading(const outbox::Replies& replies, const outbox::ReplyRecord& record,
            const outbox::DeskSeal& desk, const outbox::RsaKey& deskKey)
        : _replies(replies), _record(record), _desk(desk), _deskKey(deskKey)
    {}

    ReadReply read()
    {
        auto metadata = opened("metadata", "metadata");
        auto data = opened("data", "data");
        std::map<std::string, std::string> attachments; // by id, SHA-512 of what was in it
        for (const auto& id : _record.attachments) {
            if (auto plain = opened(id, "attachment:" + id)) {
                attachments[id] = toHex(envelope::sha512(plain->plain));
                wipe(plain->plain);
            }
        }
        if (_found.problems.empty() && hasKnownSchema(toText(metadata->plain)))
            compare(*metadata, *data, attachments);
        for (auto* part : {&metadata, &data}) {
            if (*part)
                wipe((*part)->plain);
        }
        return std::move(_found);
    }

private:
    void refuse(const std::string& type, const std::string& instance, const std::string& detail)
    {
        _found.problems.push_back(replyProblem(type, instance, detail));
    }

    std::optional<envelope::Opened> opened(const std::string& part, const std::string& instance)
    {
        const auto jwe = _replies.part(_record.id, part);
        if (!jwe)
            throw Error(ErrorCode::NotFound, "the payload of a reply has gone");
        try {
            return envelope::open(*jwe, _deskKey, _desk.kid);
        } catch (const Error& failure) { // foreign bytes
            if (failure.errorCode() != ErrorCode::EnvelopeMalformed &&
                failure.errorCode() != ErrorCode::EnvelopeNotOurs)
                throw;
            refuse("encryption-issue", instance, "cannot be opened");
            return std::nullopt;
        }
    }

    bool hasKnownSchema(const std::string& text)
    {
        json::ObjectPtr root;
        try {
            root = json::parseObject(text, metadataBytesMax);
        } catch (const Error&) { // foreign bytes
            refuse("syntax-violation", "metadata", "not JSON");
            return false;
        }
        if (!root->has("$schema")) {
            refuse("missing-schema", "metadata", "no $schema");
            return false;
        }
        const auto uri = root->get("$schema");
        if (!uri.isString() || !uri.toString().starts_with(metadataSchemaStem)) {
            refuse("unsupported-schema", "metadata", "metadata 2.x is read here");
            return false;
        }
        return true;
    }

    void compare(const envelope::Opened& metadata, const envelope::Opened& data,
                 const std::map<std::string, std::string>& attachments)
    {
        try {
            _found.metadata = portal::readMetadata(toText(metadata.plain));
        } catch (const Error&) { // foreign bytes
            return refuse("schema-violation", "metadata", "a field is missing or of another type");
        }
        const auto& described = _found.metadata.data;
        if (described.hash != toHex(envelope::sha512(data.plain)))
            refuse("hash-mismatch", "data", "sha512 of the plain text is another");
        if (described.schemaUri != portal::replySchema)
            return refuse("unsupported-schema", "data",
                          std::string("only ") + portal::replySchema + " is read here");
        if (described.mimeType != "application/json" || data.contentType != described.mimeType)
            return refuse("syntax-violation", "data", "another type than JSON");
        std::set<std::string> named;
        for (const auto& each : _found.metadata.attachments) {
            const auto came = attachments.find(each.id);
            if (came == attachments.end() || !named.insert(each.id).second)
                refuse("attachments-mismatch", "attachment:" + each.id, "not sent, or twice");
            else if (came->second != each.hash)
                refuse("hash-mismatch", "attachment:" + each.id,
                       "sha512 of the plain text is another");
        }
        for (const auto& [id, hash] : attachments) {
            if (!named.contains(id))
                refuse("attachments-mismatch", "attachment:" + id, "not in the metadata");
        }
        try {
            _found.message = portal::readReplyMessage(toText(data.plain));
        } catch (const Error&) { // foreign bytes
            return refuse("schema-violation", "data", "not a reply as its schema says");
        }
        if (_found.message.caseId != _record.serviceCaseId)
            refuse("case-mismatch", "data", "sealed for another case");
    }

    const outbox::Replies& _replies;
    const outbox::ReplyRecord& _record;
    const outbox::DeskSeal& _desk;
    const outbox::RsaKey& _deskKey;
    ReadReply _found;
};

} // namespace

ReadReply readReply(const outbox::Replies& replies, const outbox::ReplyRecord& record,
                    const outbox::DeskSeal& desk, const outbox::RsaKey& deskKey)
{
    return Reading(replies, record, desk, deskKey).read();
}

void judgeReplies(House& house, const Secret& token)
{
    const auto waiting = house.replies.unjudged(judgedAtOnce);
    if (waiting.empty())
        return;
    const auto deskKey = house.people.openDeskKey(token, house.now());
    if (!deskKey)
        return;
    for (const auto& id : waiting) {
        const auto record = house.replies.find(id);
        if (record)
            house.replies.judge(
                id, readReply(house.replies, *record, house.people.deskSeal(), *deskKey).problems,
                house.now());
    }
}

std::chrono::hours replyRetention(const House& house, const std::string& envelopeId)
{
    const auto record = house.cases.findByEnvelope(envelopeId);
    const auto* service = record ? house.town.service(record->serviceKey) : nullptr;
    return service ? service->retention.deskCopyAfterAcceptance : std::chrono::hours(0);
}

} // namespace amt::node
