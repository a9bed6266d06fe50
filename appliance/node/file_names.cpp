// SPDX-License-Identifier: EUPL-1.2
//
// Names of files that others chose, made plain.
#include "appliance/node/file_names.h"

#include <Poco/String.h>

#include <array>
#include <string_view>
#include <utility>

namespace amt::node {
namespace {

/// What a file of this type is called at its end; nothing else is more than bytes.
std::string endingOf(const std::string& mimeType)
{
    constexpr std::array<std::pair<std::string_view, const char*>, 7> endings = {{
        {"application/pdf", ".pdf"},
        {"image/png", ".png"},
        {"image/jpeg", ".jpg"},
        {"image/tiff", ".tif"},
        {"text/plain", ".txt"},
        {"application/xml", ".xml"},
        {"application/json", ".json"},
    }};
    for (const auto& [type, ending] : endings) {
        if (type == mimeType)
            return ending;
    }
    return ".bin";
}

/// "SCAN.PDF" is a ".pdf", too.
bool endsAs(const std::string& name, const std::string& ending)
{
    return name.size() >= ending.size() &&
           Poco::icompare(name, name.size() - ending.size(), ending.size(), ending) == 0;
}

} // namespace

std::string plainFileName(const std::string& filename, const std::string& mimeType)
{
    constexpr std::size_t bytesMax = 100;
    const std::size_t slash = filename.find_last_of("/\\");
    std::string name;
    for (const char byte : slash == std::string::npos ? filename : filename.substr(slash + 1)) {
        const auto value = static_cast<unsigned char>(byte);
        const bool isPlain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                             (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' ||
                             byte == '.' || byte == ' ' || value >= 0x80;
        if (isPlain)
            name += byte;
    }
    while (!name.empty() && (name.front() == '.' || name.front() == ' '))
        name.erase(name.begin());
    const std::string ending = endingOf(mimeType);
    if (name.size() > bytesMax) {
        std::size_t cut = bytesMax;
        while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xC0) == 0x80)
            --cut; // not within a letter
        name.resize(cut);
    }
    if (name.empty())
        name = "anlage";
    return endsAs(name, ending) || (ending == ".jpg" && endsAs(name, ".jpeg")) ? name
                                                                               : name + ending;
}

} // namespace amt::node
