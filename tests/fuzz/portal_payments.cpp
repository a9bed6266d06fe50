// SPDX-License-Identifier: EUPL-1.2
//
// Words of a payment service, chosen by the first byte. What is read can be written, and what was
// written is read as the same; what a code on a screen leads to has one host.
#include "appliance/core/error.h"
#include "sync/portal/payments.h"

#include <cstdint>

using namespace amt;
using namespace amt::portal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    readFunctionalCode(text);
    if (isHttpsUrl(text, 2082))
        AMT_ASSERT(!authorityOf(text).empty() &&
                   authorityOf(text).find_first_of("@/\\?# ") == std::string::npos);
    const auto rewritten = [&](const std::string& from) {
        if (data[0] % 2 == 0)
            return writePaymentRequest(readPaymentRequest(from));
        const auto said = readPaymentTransaction(from);
        if (!said.redirectUrl.empty())
            AMT_ASSERT(!authorityOf(said.redirectUrl).empty());
        return writePaymentTransaction(said);
    };
    std::string once;
    try {
        once = rewritten(text);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::JsonMalformed ||
                   error.errorCode() == ErrorCode::InputTooLarge);
        return 0;
    }
    AMT_ASSERT(rewritten(once) == once);
    return 0;
}
