// SPDX-License-Identifier: EUPL-1.2
//
// Security Event Tokens: whole ones that nobody signed, and claims as if somebody had.
#include "appliance/core/error.h"
#include "sync/envelope/claims.h"
#include "tests/support/test_keys.h"

#include <cstdint>

using namespace amt;
using namespace amt::envelope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const IssuerKeys service{
        "https://gateway.example",
        {{"service-sig-1",
          KeyUse::Verify,
          RsaKey::fromPublicDer(test::readRsaKey(AMT_SOURCE_DIR, 1).publicDer()),
          {}}}};
    static const IssuerKeys destination{
        "11111111-2222-4333-8444-555555555555",
        {{"office-sig-1",
          KeyUse::Verify,
          RsaKey::fromPublicDer(test::readRsaKey(AMT_SOURCE_DIR, 2).publicDer()),
          {}}}};
    static const UtcTime now = fromIso("2026-11-21T12:00:00Z");
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 3 == 0) {
        try {
            verifyEvent(text, service, destination, now); // only a seed can get through
        } catch (const Error& error) {
            AMT_ASSERT(error.errorCode() == ErrorCode::SignatureInvalid ||
                       error.errorCode() == ErrorCode::EventRefused ||
                       error.errorCode() == ErrorCode::EventEarly);
        }
        return 0;
    }
    json::ObjectPtr claims;
    try {
        claims = json::parseObject(text);
    } catch (const Error&) {
        return 0;
    }
    const Speaker speaker = data[0] % 3 == 1 ? Speaker::Service : Speaker::Destination;
    try {
        const SecurityEvent event = readClaims(*claims, speaker, now);
        AMT_ASSERT(speaker == Speaker::Service
                       ? event.isAboutReply() || event.kind != EventKind::Accept
                       : event.kind == EventKind::Accept || event.kind == EventKind::Reject);
        AMT_ASSERT(event.isAboutReply() ? speaker == Speaker::Service && isUuid(event.replyId) &&
                                              event.submissionId.empty()
                                        : isUuid(event.submissionId));
        AMT_ASSERT(event.tags.has_value() ==
                   (event.kind == EventKind::Submit || event.kind == EventKind::Accept));
        AMT_ASSERT(event.problems.empty() == (event.kind != EventKind::Reject));
        AMT_ASSERT(isUuid(event.id) && isUuid(event.caseId));
        AMT_ASSERT(event.issuedAt <= now + std::chrono::minutes(5));
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::EventRefused ||
                   error.errorCode() == ErrorCode::EventEarly);
    }
    return 0;
}
