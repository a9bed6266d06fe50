// SPDX-License-Identifier: EUPL-1.2
//
// One state for each part of the syntax; what may still become a delimiter is held back.
#include "appliance/core/multipart.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace amt {
namespace {

constexpr std::size_t boundaryMax = 70; // RFC 2046 5.1.1
constexpr std::size_t headersMax = 4 * 1024;
constexpr std::size_t valueMax = 4 * 1024;
constexpr std::size_t heldAtOnce = 256 * 1024; ///< room from the beginning: growing leaves copies

[[noreturn]] void refuse(const char* what)
{
    throw Error(ErrorCode::RequestMalformed, what);
}

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) {
        return static_cast<char>(letter < 128 ? std::tolower(letter) : letter);
    });
    return text;
}

/// "form-data; name=\"file\"; filename=\"a.pdf\"" to its parameters; the first word has no name.
std::map<std::string, std::string> parametersOf(std::string_view text)
{
    std::map<std::string, std::string> found;
    const auto skipBlanks = [&] {
        while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
            text.remove_prefix(1);
    };
    const auto word = text.substr(0, text.find(';'));
    found[""] = lower(std::string(word));
    text.remove_prefix(word.size());
    while (!text.empty()) {
        text.remove_prefix(1); // the semicolon
        skipBlanks();
        const auto equals = text.find('=');
        if (equals == std::string_view::npos || equals == 0)
            refuse("parameter of a header");
        const std::string name = lower(std::string(text.substr(0, equals)));
        text.remove_prefix(equals + 1);
        std::string value;
        if (!text.empty() && text.front() == '"') {
            const auto end = text.find('"', 1);
            if (end == std::string_view::npos)
                refuse("quotation mark");
            value = text.substr(1, end - 1);
            text.remove_prefix(end + 1);
            skipBlanks();
            if (!text.empty() && text.front() != ';')
                refuse("behind a quotation mark");
        } else {
            value = text.substr(0, text.find(';'));
            text.remove_prefix(value.size());
        }
        if (!found.emplace(name, value).second)
            refuse("doubled parameter");
    }
    return found;
}

} // namespace

FormReader::FormReader(const std::string& contentType, FormListener listener)
    : _listener(std::move(listener))
{
    const auto parameters = parametersOf(contentType);
    const auto boundary = parameters.find("boundary");
    if (parameters.at("") != "multipart/form-data" || boundary == parameters.end() ||
        boundary->second.empty() || boundary->second.size() > boundaryMax)
        refuse("boundary");
    _delimiter = "\r\n--" + boundary->second;
    _held.reserve(heldAtOnce);
    _held = "\r\n"; // the first delimiter has no line before it
}

FormReader::~FormReader()
{
    _held.resize(_held.capacity());
    wipe(_held);
    wipe(_value);
}

void FormReader::add(std::string_view piece)
{
    while (!piece.empty()) {
        const auto next = piece.substr(0, heldAtOnce / 2);
        piece.remove_prefix(next.size());
        _held += next;
        while (step()) {
        }
    }
}

void FormReader::finish() const
{
    if (_state != State::Over)
        refuse("form cut off");
}

/// Whether there may be more to do with what is held.
bool FormReader::step()
{
    switch (_state) {
    case State::Delimiter:
        if (_held.size() < _delimiter.size())
            return false;
        if (!_held.starts_with(_delimiter))
            refuse("form does not begin with its boundary");
        dropFront(_delimiter.size());
        _state = State::AfterDelimiter;
        return true;
    case State::AfterDelimiter:
        if (_held.size() < 2)
            return false;
        if (!_held.starts_with("\r\n") && !_held.starts_with("--"))
            refuse("behind a boundary");
        _state = _held.front() == '-' ? State::Over : State::Headers;
        if (_state == State::Over)
            dropFront(2);
        return true; // a part's line break stays: its headers may be none
    case State::Headers:
        return readHeaders();
    case State::Value:
    case State::File:
        return readContent();
    case State::Over:
        if (_held.size() > 2 || !std::string_view("\r\n").starts_with(_held))
            refuse("behind the form");
        return false;
    }
    return false;
}

bool FormReader::readHeaders()
{
    const auto end = _held.find("\r\n\r\n");
    if (end == std::string::npos || end > headersMax) {
        if (_held.size() > headersMax)
            refuse("headers of a part");
        return false;
    }
    const std::string headers = _held.substr(0, end);
    dropFront(end + 4);
    std::map<std::string, std::string> disposition;
    for (std::size_t at = 0; at < headers.size();) {
        const auto lineEnd = std::min(headers.find("\r\n", at), headers.size());
        const std::string line = headers.substr(at, lineEnd - at);
        at = lineEnd + 2;
        const auto colon = line.find(':');
        if (line.empty() || lower(line.substr(0, colon)) != "content-disposition")
            continue; // the type that a file claims is not believed
        const auto begin = line.find_first_not_of(" \t", colon + 1);
        if (!disposition.empty() || begin == std::string::npos)
            refuse("disposition of a part");
        disposition = parametersOf(line.substr(begin));
    }
    const auto name = disposition.find("name");
    if (name == disposition.end() || disposition.at("") != "form-data" || name->second.empty() ||
        !isValidUtf8(name->second))
        refuse("a part without a name");
    _name = name->second;
    const auto filename = disposition.find("filename");
    if (filename == disposition.end()) {
        _state = State::Value;
        return true;
    }
    if (!isValidUtf8(filename->second) || filename->second.find('\0') != std::string::npos)
        refuse("file name is not text");
    _state = State::File;
    _listener.fileBegins(_name, filename->second);
    return true;
}

bool FormReader::readContent()
{
    const auto end = _held.find(_delimiter);
    const bool isLast = end != std::string::npos;
    // What may be the beginning of the delimiter waits for what follows.
    const std::size_t ready = isLast ? end
                              : _held.size() < _delimiter.size()
                                  ? 0
                                  : _held.size() - _delimiter.size() + 1;
    if (_state == State::File) {
        if (ready > 0)
            _listener.fileBytes(view(std::string_view(_held).substr(0, ready)));
    } else {
        if (_value.size() + ready > valueMax)
            throw Error(ErrorCode::InputTooLarge, "field over its limit");
        _value.append(_held, 0, ready);
    }
    dropFront(ready);
    if (!isLast)
        return false;
    if (_state == State::Value) {
        if (!isValidUtf8(_value) || _value.find('\0') != std::string::npos)
            refuse("form value is not text");
        _listener.field(_name, _value);
        wipe(_value);
        _value.clear();
    }
    _state = State::Delimiter;
    return true;
}

void FormReader::dropFront(std::size_t bytes)
{
    _held.erase(0, bytes);
}

} // namespace amt
