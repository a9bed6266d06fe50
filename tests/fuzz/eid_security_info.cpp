// SPDX-License-Identifier: EUPL-1.2
//
// EF.CardAccess, EF.CardSecurity and master lists: parsed or refused; nothing that we did not sign
// ever verifies.
#include "drivers/eid/master_list.h"
#include "drivers/eid/passive_authentication.h"
#include "drivers/eid/security_infos.h"
#include "tests/sim/card/card.h"

using namespace amt;

namespace {

class Numbers : public RandomSource {
public:
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>((_state = _state * 1664525U + 1013904223U) >> 24);
    }

private:
    std::uint32_t _state = 1;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    static const UtcTime now = fromIso("2026-11-21T10:00:00Z");
    static Numbers random;
    static const sim::CardPki pki = sim::makeCardPki(random, now);
    const ByteView input(bytes, size);
    try {
        const auto infos = eid::parseSecurityInfos(input);
        AMT_ASSERT(eid::contains(infos, infos));
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::CardAnswerMalformed);
    }
    try {
        eid::verifiedSecurityInfos(input, {pki.countrySigner}, now);
        AMT_ASSERT(false); // the keys are new in each run
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::CardForged);
    }
    try {
        eid::countrySignersOf(input, "DE", pki.countrySigner, now);
        AMT_ASSERT(false);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::CertificateUnusable);
    }
    return 0;
}
