// SPDX-License-Identifier: EUPL-1.2
//
// Forms, cookies and escapes of HTTP.
#include "appliance/core/http.h"

#include "appliance/core/bytes.h"
#include "appliance/core/error.h"

#include <Poco/TextIterator.h>
#include <Poco/URI.h>
#include <Poco/UTF8Encoding.h>

namespace amt {
namespace {

std::string decoded(std::string_view encoded)
{
    std::string text;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded[i] == '+') {
            text += ' ';
        } else if (encoded[i] == '%') {
            if (i + 2 >= encoded.size())
                throw Error(ErrorCode::RequestMalformed, "escape cut off");
            try {
                text += static_cast<char>(fromHex(encoded.substr(i + 1, 2))[0]);
            } catch (const Error&) {
                throw Error(ErrorCode::RequestMalformed, "broken escape");
            }
            i += 2;
        } else {
            text += encoded[i];
        }
    }
    if (text.find('\0') != std::string::npos || !isValidUtf8(text))
        throw Error(ErrorCode::RequestMalformed, "form value is not text");
    return text;
}

} // namespace

std::string HttpResponse::header(const std::string& name) const
{
    for (const auto& [key, value] : headers) {
        if (key == name)
            return value;
    }
    return {};
}

bool isValidUtf8(const std::string& text)
{
    const Poco::UTF8Encoding encoding;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t at = 0;
    while (at < text.size()) {
        const auto left = static_cast<int>(std::min<std::size_t>(text.size() - at, 4));
        int length = 1;
        int code = encoding.queryConvert(bytes + at, length);
        while (code < -1 && -code <= left) { // -n: n bytes are needed
            length = -code;
            code = encoding.queryConvert(bytes + at, length);
        }
        if (code < 0)
            return false;
        if (code >= 0xd800 && code <= 0xdfff)
            return false;
        at += static_cast<std::size_t>(code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
    }
    return true;
}

std::map<std::string, std::string> parseForm(const std::string& encoded)
{
    std::map<std::string, std::string> fields;
    std::string_view rest = encoded;
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0)
            throw Error(ErrorCode::RequestMalformed, "form field without name or value");
        if (!fields.emplace(decoded(pair.substr(0, equals)), decoded(pair.substr(equals + 1)))
                 .second)
            throw Error(ErrorCode::FormFieldUnexpected, "doubled form field");
    }
    return fields;
}

std::string escapeUri(const std::string& text)
{
    std::string escaped;
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
                           byte == '_' || byte == '~';
        if (plain) {
            escaped += letter;
        } else {
            escaped += '%';
            escaped += digits[byte >> 4];
            escaped += digits[byte & 15];
        }
    }
    return escaped;
}

std::string writeForm(const std::map<std::string, std::string>& fields)
{
    std::string encoded;
    for (const auto& [name, value] : fields) {
        if (!encoded.empty())
            encoded += '&';
        encoded += escapeUri(name) + '=' + escapeUri(value);
    }
    return encoded;
}

std::optional<std::string> cookieValue(const std::string& header, const std::string& name)
{
    std::optional<std::string> found;
    std::string_view rest = header;
    while (!rest.empty()) {
        const auto end = rest.find(';');
        std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        while (pair.starts_with(' '))
            pair.remove_prefix(1);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
            if (found)
                return std::nullopt;
            found = std::string(pair.substr(name.size() + 1));
        }
    }
    return found;
}

} // namespace amt
