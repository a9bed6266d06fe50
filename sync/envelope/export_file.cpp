// SPDX-License-Identifier: EUPL-1.2
//
// The export file: JSON lines with a head, an envelope and its parts in order, and an end with a
// hash over all before it.
#include "sync/envelope/export_file.h"

#include <algorithm>
#include <istream>

namespace amt::envelope {
namespace {

constexpr const char* formatName = "amt-export";
constexpr int formatVersion = 1;
/// A part as JWE: four thirds of what it may hold, and its header.
constexpr std::size_t lineBytesMax = contentBytesMax / 3 * 4 + 64 * 1024;

[[noreturn]] void malformed(const char* what)
{
    throw Error(ErrorCode::EnvelopeMalformed, std::string("export file: ") + what);
}

json::ObjectPtr partLine(const std::string& part, const std::string& jwe)
{
    auto object = json::makeObject();
    object->set("part", part);
    object->set("jwe", jwe);
    return object;
}

/// The door of the parser: whatever is wrong with a line is wrong with the file.
template <typename Read>
auto reading(const Read& read) -> decltype(read())
{
    try {
        return read();
    } catch (const Error& refused) {
        if (refused.errorCode() == ErrorCode::EnvelopeMalformed)
            throw;
        malformed(refused.name());
    }
}

} // namespace

ExportWriter::ExportWriter(const std::string& node, UtcTime now)
{
    auto head = json::makeObject();
    head->set("format", formatName);
    head->set("version", formatVersion);
    head->set("node", node);
    head->set("writtenAt", toIso(now));
    line(*head);
}

void ExportWriter::line(const json::Object& object)
{
    _text += json::write(object);
    _text += '\n';
}

void ExportWriter::add(const ExportedEnvelope& exported)
{
    AMT_ASSERT(exported.attachments.size() == exported.attachmentJwes.size());
    auto announced = json::makeObject();
    announced->set("envelope", exported.id);
    announced->set("destinationId", exported.destinationId);
    announced->set("serviceKey", exported.serviceKey);
    announced->set("serviceName", exported.serviceName);
    announced->set("regionKey", exported.regionKey);
    auto attachments = json::makeArray();
    for (const auto& id : exported.attachments)
        attachments->add(id);
    announced->set("attachments", attachments);
    line(*announced);
    line(*partLine("metadata", exported.metadata));
    line(*partLine("data", exported.data));
    for (std::size_t i = 0; i < exported.attachments.size(); ++i)
        line(*partLine(exported.attachments[i], exported.attachmentJwes[i]));
    ++_count;
}

std::string ExportWriter::finish()
{
    auto end = json::makeObject();
    end->set("end", _count);
    end->set("sha256", toHex(sha256(view(_text))));
    line(*end);
    return std::move(_text);
}

ExportReader::ExportReader(std::istream& file) : _file(file)
{
    begin();
    ExportedEnvelope passing;
    while (next(passing)) {
    }
    _count = _taken;
    begin();
}

/// To the first envelope.
void ExportReader::begin()
{
    _file.clear();
    _file.seekg(0);
    _hash = Sha256();
    _ids.clear();
    _taken = 0;
    reading([&] {
        const auto head = json::parseObject(hashedLine());
        json::onlyKeys(*head, {"format", "version", "node", "writtenAt"});
        if (json::text(*head, "format") != formatName ||
            json::integer(*head, "version") != formatVersion)
            malformed("another format");
        _node = json::text(*head, "node");
        _writtenAt = fromIso(json::text(*head, "writtenAt"));
    });
    _before = line();
}

std::string ExportReader::hashedLine()
{
    std::string text = line();
    hash(text);
    return text;
}

void ExportReader::hash(const std::string& line)
{
    _hash.add(view(line));
    _hash.add(Bytes{'\n'});
}

/// Without its end. Throws for one that is too long or has no end.
std::string ExportReader::line()
{
    std::string text;
    for (std::streambuf* bytes = _file.rdbuf();;) {
        const int next = bytes->sbumpc();
        if (next == std::char_traits<char>::eof())
            malformed("it ends in the middle");
        if (next == '\n')
            return text;
        if (text.size() == lineBytesMax)
            malformed("a line is too long");
        text += static_cast<char>(next);
    }
}

bool ExportReader::next(ExportedEnvelope& exported)
{
    return reading([&] {
        const auto object = json::parseObject(_before, lineBytesMax);
        if (object->has("end")) {
            json::onlyKeys(*object, {"end", "sha256"});
            if (json::integer(*object, "end") != _taken)
                malformed("envelopes are missing");
            if (json::text(*object, "sha256") != toHex(_hash.finish()))
                malformed("its hash is another");
            if (_file.rdbuf()->sgetc() != std::char_traits<char>::eof())
                malformed("something stands behind its end");
            return false;
        }
        json::onlyKeys(*object, {"envelope", "destinationId", "serviceKey", "serviceName",
                                 "regionKey", "attachments"});
        hash(_before);
        exported = {.id = json::text(*object, "envelope"),
                    .destinationId = json::text(*object, "destinationId"),
                    .serviceKey = json::text(*object, "serviceKey"),
                    .serviceName = json::text(*object, "serviceName"),
                    .regionKey = json::text(*object, "regionKey"),
                    .attachments = json::texts(*object, "attachments"),
                    .metadata = {},
                    .data = {},
                    .attachmentJwes = {}};
        if (!isUuid(exported.id) || !isUuid(exported.destinationId) ||
            !std::all_of(exported.attachments.begin(), exported.attachments.end(),
                         [](const std::string& id) { return isUuid(id); }))
            malformed("an id is no UUID");
        if (!_ids.insert(exported.id).second)
            malformed("an envelope stands twice");
        const auto part = [&](const std::string& name) {
            const auto read = json::parseObject(hashedLine(), lineBytesMax);
            json::onlyKeys(*read, {"part", "jwe"});
            if (json::text(*read, "part") != name)
                malformed("parts are not in order");
            std::string jwe = json::text(*read, "jwe");
            sealedFor(jwe); // a JWE at all
            return jwe;
        };
        exported.metadata = part("metadata");
        exported.data = part("data");
        for (const auto& id : exported.attachments)
            exported.attachmentJwes.push_back(part(id));
        ++_taken;
        _before = line();
        return true;
    });
}

} // namespace amt::envelope
