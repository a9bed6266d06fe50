// SPDX-License-Identifier: EUPL-1.2
//
// A reply from files: read, sealed, kept.
#include "sync/gateway/reply_folder.h"

#include "appliance/core/files.h"
#include "appliance/core/json.h"
#include "sync/portal/metadata.h"
#include "sync/portal/reply_message.h"

#include <algorithm>
#include <fstream>

namespace amt::gateway {
namespace {

constexpr std::size_t attachmentBytesMax = 9 * 1024 * 1024; ///< sealed it has a third more
constexpr std::size_t sealedBytesMax = 40 * 1024 * 1024;
constexpr std::size_t metadataBytesMax = 2 * 1024 * 1024;

std::string mimeTypeOf(const std::filesystem::path& file)
{
    static const std::map<std::string, std::string> known = {
        {".pdf", "application/pdf"},   {".png", "image/png"},  {".jpg", "image/jpeg"},
        {".tif", "image/tiff"},        {".txt", "text/plain"}, {".xml", "application/xml"},
        {".json", "application/json"}, {".jpeg", "image/jpeg"}};
    const auto found = known.find(file.extension().string());
    return found == known.end() ? "application/octet-stream" : found->second;
}

Bytes wholeFile(const std::filesystem::path& file, std::size_t bytesMax)
{
    std::ifstream in(file, std::ios::binary);
    Bytes content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in.good() && !in.eof())
        throw Error(ErrorCode::SystemFailed, "a file of a reply cannot be read");
    if (content.size() > bytesMax)
        throw Error(ErrorCode::InputTooLarge, "a file of a reply is over its limit");
    return content;
}

std::string sha512Hex(ByteView content)
{
    return toHex(envelope::sha512(content));
}

std::string written(const SealedReply& reply)
{
    auto attachments = json::makeObject();
    for (const auto& [id, jwe] : reply.attachments)
        attachments->set(id, jwe);
    auto object = json::makeObject();
    object->set("key", reply.key);
    object->set("caseId", reply.caseId);
    object->set("metadata", reply.metadata);
    object->set("data", reply.data);
    object->set("attachments", attachments);
    return json::write(*object);
}

SealedReply readSealed(const Bytes& text)
{
    const auto object = json::parseObject(toText(text), sealedBytesMax);
    json::onlyKeys(*object, {"key", "caseId", "metadata", "data", "attachments"});
    SealedReply reply{.key = json::text(*object, "key"),
                      .caseId = json::text(*object, "caseId"),
                      .metadata = json::text(*object, "metadata"),
                      .data = json::text(*object, "data"),
                      .attachments = {}};
    const auto attachments = json::object(*object, "attachments");
    for (const auto& [id, ignored] : *attachments)
        reply.attachments[id] = json::text(*attachments, id);
    return reply;
}

} // namespace

SealedReply sealReply(const std::string& caseMetadata, const ReplyLetter& letter,
                      RandomSource& random)
{
    const auto channel = portal::readMetadata(caseMetadata).replyChannel;
    if (!channel || std::find(channel->processStandards.begin(), channel->processStandards.end(),
                              portal::replySchema) == channel->processStandards.end())
        throw Error(ErrorCode::ConfigurationInvalid, "this case takes no reply that we can write");
    const auto desk = envelope::parseJwk(*json::parseObject(channel->encryptionPublicKey),
                                         envelope::KeyUse::Encrypt);
    const auto sealed = [&](ByteView plain, const std::string& type) {
        return envelope::seal(plain, desk.key, desk.kid, type, random).compact;
    };
    SealedReply reply;
    reply.key = randomUuid(random);
    reply.caseId = letter.caseId;
    portal::Metadata metadata;
    for (const auto& attachment : letter.attachments) {
        const std::string id = randomUuid(random);
        metadata.attachments.push_back({.id = id,
                                        .hash = sha512Hex(attachment.content),
                                        .purpose = portal::Purpose::Attachment,
                                        .mimeType = attachment.mimeType,
                                        .filename = attachment.filename,
                                        .description = {}});
        reply.attachments[id] = sealed(attachment.content, attachment.mimeType);
    }
    std::string data =
        envelope::padded(portal::writeReplyMessage({letter.caseId, letter.subject, letter.text}));
    metadata.data.hash = sha512Hex(view(data));
    metadata.data.schemaUri = portal::replySchema;
    if (!letter.author.empty())
        metadata.author =
            portal::Author{letter.author, "Amtsstube subscriber", AMT_VERSION, "Amtsstube"};
    if (!letter.reference.empty())
        metadata.reference =
            portal::ReferenceInformation{letter.reference, std::nullopt, std::nullopt};
    std::string described = envelope::padded(portal::writeMetadata(metadata));
    reply.data = sealed(view(data), "application/json");
    reply.metadata = sealed(view(described), "application/json");
    wipe(data);
    wipe(described);
    return reply;
}

std::vector<std::filesystem::path> repliesToSend(const std::filesystem::path& inbox)
{
    std::vector<std::filesystem::path> found;
    for (const auto& opened : std::filesystem::directory_iterator(inbox)) {
        const auto replies = opened.path() / "replies";
        if (!isUuid(opened.path().filename().string()) || !std::filesystem::is_directory(replies))
            continue;
        for (const auto& each : std::filesystem::directory_iterator(replies)) {
            const auto has = [&](const char* name) {
                return std::filesystem::exists(each.path() / name);
            };
            if (has("reply.json") && !has("sent.json") && !has("refused.json"))
                found.push_back(each.path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

SealedReply sealedReplyIn(const std::filesystem::path& folder, const std::string& author,
                          RandomSource& random)
{
    const auto kept = folder / "sealed.json";
    if (std::filesystem::exists(kept))
        return readSealed(wholeFile(kept, sealedBytesMax));
    const auto opened = folder.parent_path().parent_path();
    const auto words = json::parseObject(toText(wholeFile(folder / "reply.json", 256 * 1024)));
    json::onlyKeys(*words, {"subject", "text", "reference"});
    ReplyLetter letter{.caseId = opened.filename().string(),
                       .subject = json::text(*words, "subject"),
                       .text = json::text(*words, "text"),
                       .author = author,
                       .reference = json::optionalText(*words, "reference").value_or(""),
                       .attachments = {}};
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(folder / "attachments")) {
        for (const auto& file : std::filesystem::directory_iterator(folder / "attachments"))
            files.push_back(file.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files)
        letter.attachments.push_back({.filename = file.filename().string(),
                                      .mimeType = mimeTypeOf(file),
                                      .content = wholeFile(file, attachmentBytesMax)});
    const auto reply =
        sealReply(toText(wholeFile(opened / "metadata.json", metadataBytesMax)), letter, random);
    for (auto& attachment : letter.attachments)
        wipe(attachment.content);
    writeDurably(kept, view(written(reply)));
    return reply;
}

void closeReply(const std::filesystem::path& folder, const std::string& outcome,
                const std::string& detail)
{
    auto object = json::makeObject();
    object->set(outcome == "sent" ? "replyId" : "reason", detail);
    writeDurably(folder / (outcome + ".json"), view(json::write(*object)));
    std::filesystem::remove(folder / "sealed.json");
}

} // namespace amt::gateway
