// SPDX-License-Identifier: EUPL-1.2
//
// Envelopes on a data carrier, for a town that stays cut off: what the desk writes and the gateway
// takes in. As sealed as they are in the outbox. FORMAT.md, "Export file".
#pragma once

#include "appliance/core/clock.h"
#include "sync/envelope/envelope.h"

#include <iosfwd>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace amt::envelope {

/// What is announced of an envelope (sync/carrier/PROTOCOL.md), and its parts.
struct ExportedEnvelope {
    std::string id, destinationId, serviceKey, serviceName, regionKey;
    std::vector<std::string> attachments;    ///< ids, in order
    std::string metadata, data;              ///< compact JWE
    std::vector<std::string> attachmentJwes; ///< in the order of `attachments`
};

class ExportWriter {
public:
    ExportWriter(const std::string& node, UtcTime now);
    void add(const ExportedEnvelope& exported);
    /// The whole file; nothing may be added any more.
    std::string finish();
    int count() const { return _count; }

private:
    void line(const json::Object& object);

    std::string _text;
    int _count = 0;
};

/// Reads one twice: the constructor checks it from beginning to end, so that nothing is taken of
/// one that is broken. Memory for one envelope.
class ExportReader {
public:
    /// `file` can be read again from its beginning, and outlives the reader. Throws
    /// EnvelopeMalformed for whatever is not as FORMAT.md has it.
    explicit ExportReader(std::istream& file);

    std::string node() const { return _node; }
    UtcTime writtenAt() const { return _writtenAt; }
    int count() const { return _count; }

    /// The next one; false after the last. Throws EnvelopeMalformed where the file has changed
    /// since.
    bool next(ExportedEnvelope& exported);

private:
    void begin();
    std::string line();
    std::string hashedLine();
    void hash(const std::string& line);

    std::istream& _file;
    std::string _node;
    UtcTime _writtenAt;
    int _count = 0;
    int _taken = 0;
    Sha256 _hash;
    std::set<std::string> _ids;
    std::string _before; ///< line that ended the last envelope
};

} // namespace amt::envelope
