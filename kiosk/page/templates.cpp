// SPDX-License-Identifier: EUPL-1.2
//
// Putting parts and texts into templates, and escaping what is inserted.
#include "kiosk/page/templates.h"

#include "appliance/core/error.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace amt::page {
namespace {

constexpr int partsDepthMax = 8;
constexpr std::size_t parsedMax = 8;

[[noreturn]] void refuse(const std::string& what)
{
    throw Error(ErrorCode::ConfigurationInvalid, what);
}

std::string readFile(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    if (!file || !(content << file.rdbuf()))
        refuse("cannot read " + path.string());
    return content.str();
}

/// Calls `replace` with what stands between each `open` and `close`.
template <typename Replace>
std::string replaceAll(const std::string& text, const std::string& open, const std::string& close,
                       Replace replace)
{
    std::string result;
    std::size_t at = 0;
    for (;;) {
        const auto begin = text.find(open, at);
        if (begin == std::string::npos)
            return result + text.substr(at);
        const auto end = text.find(close, begin);
        if (end == std::string::npos)
            refuse("'" + open + "' without '" + close + "'");
        result += text.substr(at, begin - at);
        result += replace(text.substr(begin + open.size(), end - begin - open.size()));
        at = end + close.size();
    }
}

std::string withParts(const std::filesystem::path& pages, const std::filesystem::path& drawings,
                      const std::string& text, int depth)
{
    if (depth > partsDepthMax)
        refuse("parts within parts in " + pages.string());
    return replaceAll(text, "{{> ", "}}", [&](const std::string& part) {
        const bool drawing = part.find('/') != std::string::npos;
        const auto path = drawing ? drawings / (part + ".svg") : pages / (part + ".mustache");
        return withParts(pages, drawings, readFile(path), depth + 1);
    });
}

std::string withTexts(const Texts& texts, const std::string& language, const std::string& text)
{
    return replaceAll(text, "[[", "]]", [&](const std::string& reference) {
        const bool inAttribute = reference.starts_with('@');
        const auto& message = texts.raw(language, reference.substr(inAttribute ? 1 : 0));
        return replaceAll(escapeHtml(message), "{", "}", [&](const std::string& name) {
            const auto value = "{{" + name + "}}";
            return inAttribute ? value : "<bdi>" + value + "</bdi>";
        });
    });
}

} // namespace

std::string escapeHtml(const std::string& text)
{
    std::string escaped;
    escaped.reserve(text.size() + text.size() / 8);
    for (const char character : text) {
        switch (character) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        case '\'':
            escaped += "&#39;";
            break;
        default:
            if (static_cast<unsigned char>(character) < 0x20 && character != '\n' &&
                character != '\t')
                escaped += "\xEF\xBF\xBD";
            else
                escaped += character;
        }
    }
    return escaped;
}

Templates::Templates(const std::string& folder, const std::string& surface,
                     const std::string& language, const Texts& texts)
{
    read((std::filesystem::path(folder) / surface).string(), folder,
         [&](const std::string& text) { return withTexts(texts, language, text); });
}

Templates::Templates(const std::string& pages, const std::string& drawings)
{
    read(pages, drawings, [&](const std::string& text) {
        if (text.find("[[") != std::string::npos)
            refuse("a text without texts in " + pages);
        return text;
    });
}

void Templates::read(const std::string& pages, const std::string& drawings, const Finish& finish)
{
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(pages, failure)) {
        if (entry.path().extension() != ".mustache")
            continue;
        const auto whole = finish(withParts(pages, drawings, readFile(entry.path()), 0));
        if (whole.find("{{{") != std::string::npos || whole.find("{{&") != std::string::npos)
            refuse("unescaped insertion in " + entry.path().string());
        const kainjow::mustache::mustache parsed(whole);
        if (!parsed.is_valid())
            refuse(entry.path().string() + ": " + parsed.error_message());
        _texts.emplace(entry.path().stem(), whole);
    }
    if (_texts.empty())
        refuse("no templates in " + pages);
}

kainjow::mustache::mustache& Templates::parsed(const std::string& name)
{
    const auto kept = std::find_if(_parsed.begin(), _parsed.end(),
                                   [&](const Parsed& each) { return each.name == name; });
    if (kept != _parsed.end()) {
        _parsed.splice(_parsed.begin(), _parsed, kept);
        return _parsed.front().mustache;
    }
    const auto text = _texts.find(name);
    if (text == _texts.end())
        refuse("no template " + name);
    _parsed.push_front({name, kainjow::mustache::mustache(text->second)});
    _parsed.front().mustache.set_custom_escape(escapeHtml);
    if (_parsed.size() > parsedMax)
        _parsed.pop_back();
    return _parsed.front().mustache;
}

std::string Templates::render(const std::string& name, const Data& data)
{
    return parsed(name).render(data);
}

} // namespace amt::page
