// SPDX-License-Identifier: EUPL-1.2
//
// Forms with a file: whatever comes is refused or read, and the same in one piece as in many.
#include "appliance/core/bytes.h"
#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/core/multipart.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

using namespace amt;

namespace {

/// What the listener heard, in one text; nothing: refused.
std::optional<std::string> heard(const std::string& type, std::string_view body, std::size_t piece)
{
    std::string all;
    try {
        FormReader reader(type, {.field =
                                     [&](const auto& name, const auto& value) {
                                         AMT_ASSERT(isValidUtf8(name) && isValidUtf8(value));
                                         all += "\nfield " + name + " " + value;
                                     },
                                 .fileBegins =
                                     [&](const auto& name, const auto& filename) {
                                         AMT_ASSERT(isValidUtf8(name) && isValidUtf8(filename));
                                         all += "\nfile " + name + " " + filename + " ";
                                     },
                                 .fileBytes = [&](ByteView bytes) { all += toText(bytes); }});
        for (std::size_t at = 0; at < body.size(); at += piece)
            reader.add(body.substr(at, piece));
        reader.finish();
    } catch (const Error& refusal) {
        AMT_ASSERT(refusal.errorCode() == ErrorCode::RequestMalformed ||
                   refusal.errorCode() == ErrorCode::InputTooLarge);
        return std::nullopt;
    }
    return all;
}

} // namespace

/// The content type to the first line break, then the body; the first byte: how long its pieces
/// are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string text = toText({data + 1, size - 1});
    const auto end = std::min(text.find('\n'), text.size());
    const std::string type = text.substr(0, end);
    const auto body = std::string_view(text).substr(std::min(end + 1, text.size()));
    const auto whole = heard(type, body, std::max<std::size_t>(body.size(), 1));
    AMT_ASSERT(whole == heard(type, body, 1 + data[0] % 64));
    return 0;
}
