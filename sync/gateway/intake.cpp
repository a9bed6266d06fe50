// SPDX-License-Identifier: EUPL-1.2
//
// Head by Poco, body by length or in chunks. Whatever could be read in two ways is refused.
#include "sync/gateway/intake.h"

#include "appliance/core/error.h"

#include <Poco/Net/HTTPRequest.h>
#include <Poco/URI.h>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace amt::gateway {
namespace {

constexpr std::string_view lineEnd = "\r\n";
constexpr std::string_view headEnd = "\r\n\r\n";
constexpr int headerFieldsMax = 64;
constexpr int trailersMax = 16;
constexpr std::size_t chunkLineBytesMax = 1024;

std::string lowerCase(std::string text)
{
    for (char& letter : text) {
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    }
    return text;
}

/// Digits and nothing else. Throws RequestMalformed.
std::size_t number(std::string_view digits, int base)
{
    std::size_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size())
        throw Error(ErrorCode::RequestMalformed, "length of a body");
    return value;
}

} // namespace

Intake::Intake(const IntakeLimits& limits, std::atomic<std::size_t>& allBodies)
    : _limits(limits), _allBodies(allBodies)
{}

Intake::~Intake()
{
    _allBodies -= _size;
}

Intake::Stage Intake::take(std::string_view& bytes)
{
    if (_stage == Stage::Head)
        takeHead(bytes);
    while (_stage == Stage::Body && !bytes.empty()) {
        if (!_announced) {
            takeChunk(bytes);
            continue;
        }
        const std::string_view part = bytes.substr(0, _left);
        store(part);
        _left -= part.size();
        bytes.remove_prefix(part.size());
        if (_left == 0)
            _stage = Stage::Whole;
    }
    return _stage;
}

void Intake::takeHead(std::string_view& bytes)
{
    // an empty line before a request is no request (RFC 9112 2.2)
    while (_head.empty() && (bytes.starts_with('\r') || bytes.starts_with('\n')))
        bytes.remove_prefix(1);
    const std::size_t before = _head.size();
    _head += bytes.substr(0, _limits.headBytesMax + 1 - before);
    const std::size_t end = _head.find(headEnd, before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
        if (_head.size() > _limits.headBytesMax)
            throw Error(ErrorCode::RequestMalformed, "head over its limit");
        bytes = {};
        return;
    }
    bytes.remove_prefix(end + headEnd.size() - before);
    _head.resize(end + headEnd.size());
    readHead();
    std::string().swap(_head);
}

void Intake::readHead()
{
    Poco::Net::HTTPRequest from;
    from.setFieldLimit(headerFieldsMax);
    try {
        std::istringstream in(_head);
        from.read(in);
    } catch (const Poco::Exception&) {
        throw Error(ErrorCode::RequestMalformed, "head");
    }
    const bool isOld = from.getVersion() == Poco::Net::HTTPMessage::HTTP_1_0;
    if (!isOld && from.getVersion() != Poco::Net::HTTPMessage::HTTP_1_1)
        throw Error(ErrorCode::RequestMalformed, "version");
    request.method = from.getMethod();
    _keepsAlive = from.getKeepAlive();
    readTarget(from.getURI());
    for (const auto& [name, value] : from) {
        if (!request.headers.emplace(lowerCase(name), value).second)
            throw Error(ErrorCode::RequestMalformed, "doubled header");
    }

    const auto length = request.headers.find("content-length");
    const auto coding = request.headers.find("transfer-encoding");
    if (coding != request.headers.end()) {
        if (isOld || length != request.headers.end() || lowerCase(coding->second) != "chunked")
            throw Error(ErrorCode::RequestMalformed, "transfer encoding");
        _stage = Stage::Leave;
        return;
    }
    _announced = _left = length == request.headers.end() ? 0 : number(length->second, 10);
    if (_left > _limits.bodyBytesMax)
        throw Error(ErrorCode::InputTooLarge, "body");
    _stage = _left > shortBytes ? Stage::Leave : _left > 0 ? Stage::Body : Stage::Whole;
}

void Intake::readTarget(const std::string& target)
{
    const std::size_t mark = target.find('?');
    if (!target.starts_with('/') || target.find('#') != std::string::npos)
        throw Error(ErrorCode::RequestMalformed, "request target");
    try {
        Poco::URI::decode(target.substr(0, mark), request.path);
    } catch (const Poco::Exception&) {
        throw Error(ErrorCode::RequestMalformed, "request target");
    }
    if (mark != std::string::npos)
        request.query = target.substr(mark + 1);
}

bool Intake::expectsContinue() const
{
    const auto expected = request.headers.find("expect");
    return expected != request.headers.end() && lowerCase(expected->second) == "100-continue";
}

void Intake::allowBody()
{
    _stage = Stage::Body;
}

/// A part of a chunk, or of a line between them (RFC 9112 7.1).
void Intake::takeChunk(std::string_view& bytes)
{
    if (_chunk == Chunk::Data) {
        const std::string_view part = bytes.substr(0, _left);
        store(part);
        _left -= part.size();
        bytes.remove_prefix(part.size());
        if (_left == 0)
            _chunk = Chunk::End;
        return;
    }
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end == std::string_view::npos ? end : end + 1);
    _line += part;
    bytes.remove_prefix(part.size());
    if (_line.size() > chunkLineBytesMax)
        throw Error(ErrorCode::RequestMalformed, "chunk");
    if (end == std::string_view::npos)
        return;
    if (!_line.ends_with(lineEnd))
        throw Error(ErrorCode::RequestMalformed, "chunk");
    chunkLine(std::string_view(_line).substr(0, _line.size() - lineEnd.size()));
    _line.clear();
}

void Intake::chunkLine(std::string_view line)
{
    switch (_chunk) {
    case Chunk::Length:
        _left = number(line.substr(0, line.find(';')), 16);
        _chunk = _left > 0 ? Chunk::Data : Chunk::Trailer;
        return;
    case Chunk::Data: // is no line
        return;
    case Chunk::End:
        if (!line.empty())
            throw Error(ErrorCode::RequestMalformed, "chunk longer than announced");
        _chunk = Chunk::Length;
        return;
    case Chunk::Trailer:
        if (line.empty())
            _stage = Stage::Whole;
        else if (++_trailers > trailersMax)
            throw Error(ErrorCode::RequestMalformed, "trailers");
        return;
    }
}

/// Counts what has come, not what was announced: whoever wants to use it up has to send it.
void Intake::store(std::string_view bytes)
{
    _size += bytes.size();
    const std::size_t all = _allBodies += bytes.size();
    if (_size > _limits.bodyBytesMax)
        throw Error(ErrorCode::InputTooLarge, "body");
    if (_size > shortBytes && all > _limits.allBodiesBytesMax)
        throw Error(ErrorCode::Overloaded, "bodies");
    if (!file && _size > shortBytes && !_limits.bodyFolder.empty()) {
        file = std::make_shared<BodyFile>(_limits.bodyFolder);
        file->append(request.body);
        std::string().swap(request.body);
    }
    if (file)
        file->append(bytes);
    else
        request.body.append(bytes);
}

} // namespace amt::gateway
