// SPDX-License-Identifier: EUPL-1.2
//
// Reading the assets folder once; their tags change with their content.
#include "kiosk/page/assets.h"

#include "appliance/core/error.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace amt::page {
namespace {

std::string contentTypeOf(const std::string& extension)
{
    static const std::map<std::string, std::string> types = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".ttf", "font/ttf"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"}};
    const auto found = types.find(extension);
    return found == types.end() ? "" : found->second;
}

/// FNV-1a, 64 bits: tells versions of our own files apart, no more.
std::string tagOf(const std::string& content)
{
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char byte : content)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
    std::ostringstream tag;
    tag << '"' << std::hex << hash << '"';
    return tag.str();
}

} // namespace

const char* const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src "
                                          "'self'; img-src 'self' data:; font-src 'self'; "
                                          "media-src 'self'; connect-src 'self'; form-action "
                                          "'self'; base-uri 'none'; frame-ancestors 'none'; "
                                          "require-trusted-types-for 'script'";

std::map<std::string, Asset> readAssets(const std::string& folder)
{
    std::map<std::string, Asset> assets;
    std::error_code failure;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, failure)) {
        const auto type = contentTypeOf(entry.path().extension());
        if (!entry.is_regular_file() || type.empty())
            continue;
        std::ifstream file(entry.path(), std::ios::binary);
        std::ostringstream content;
        if (!file || !(content << file.rdbuf()))
            throw Error(ErrorCode::ConfigurationInvalid, "cannot read " + entry.path().string());
        const auto address = "/assets/" + std::filesystem::relative(entry.path(), folder).string();
        assets[address] = {type, content.str(), tagOf(content.str())};
    }
    return assets;
}

} // namespace amt::page
