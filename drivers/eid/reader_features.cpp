// SPDX-License-Identifier: EUPL-1.2
//
// What a reader says of itself (PC/SC part 10).
#include "drivers/eid/reader_features.h"

#include <algorithm>
#include <vector>

namespace amt::eid {
namespace {

constexpr std::uint8_t propertyMaxApduData = 0x0A; // PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize
constexpr std::size_t shortCommandMax = 261;
constexpr std::size_t extendedHeader = 4 + 3 + 2;
constexpr std::size_t dataMax = 65535;

struct SimpleObject {
    std::uint8_t tag;
    ByteView value;
};

/// Objects with one byte of tag and one of length, to the last byte; nothing if they do not fit.
std::vector<SimpleObject> simpleObjects(ByteView bytes)
{
    std::vector<SimpleObject> objects;
    while (!bytes.empty()) {
        if (bytes.size() < 2 || bytes.size() - 2 < bytes[1])
            return {};
        objects.push_back({bytes[0], bytes.subspan(2, bytes[1])});
        bytes = bytes.subspan(2 + std::size_t{bytes[1]});
    }
    return objects;
}

} // namespace

std::map<std::uint8_t, std::uint32_t> readerFeatures(ByteView answer)
{
    std::map<std::uint8_t, std::uint32_t> features;
    for (const auto& [feature, code] : simpleObjects(answer)) {
        if (code.size() != 4)
            return {};
        features[feature] = std::uint32_t{code[0]} << 24 | std::uint32_t{code[1]} << 16 |
                            std::uint32_t{code[2]} << 8 | code[3];
    }
    return features;
}

std::optional<std::size_t> longestCommand(ByteView properties)
{
    const auto objects = simpleObjects(properties);
    const auto found = std::find_if(objects.begin(), objects.end(), [](const SimpleObject& object) {
        return object.tag == propertyMaxApduData;
    });
    if (found == objects.end() || found->value.empty() || found->value.size() > 4)
        return std::nullopt;
    std::size_t data = 0;
    for (std::size_t i = found->value.size(); i > 0; --i)
        data = data << 8 | found->value[i - 1];
    if (data <= shortCommandMax)
        return shortCommandMax;
    return std::min(data, dataMax) + extendedHeader;
}

} // namespace amt::eid
