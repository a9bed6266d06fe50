// SPDX-License-Identifier: EUPL-1.2
//
// Form bodies, queries and cookies: whatever comes, it is refused or comes back as it was typed.
#include "appliance/core/bytes.h"
#include "appliance/core/error.h"
#include "appliance/core/http.h"

#include <cstddef>
#include <cstdint>

using namespace amt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text = toText({data, size});
    if (const auto cookie = cookieValue(text, "amt_visit"))
        AMT_ASSERT(text.find(*cookie) != std::string::npos);
    try {
        const auto fields = parseForm(text);
        for (const auto& [name, value] : fields)
            AMT_ASSERT(isValidUtf8(name) && isValidUtf8(value));
        AMT_ASSERT(parseForm(writeForm(fields)) == fields);
    } catch (const Error& refusal) {
        AMT_ASSERT(refusal.errorCode() == ErrorCode::RequestMalformed ||
                   refusal.errorCode() == ErrorCode::FormFieldUnexpected);
    }
    return 0;
}
