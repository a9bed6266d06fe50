// SPDX-License-Identifier: EUPL-1.2
//
// Card verifiable certificates from files: refused by CertificateUnusable, or whole.
#include "drivers/eid/cv_certificate.h"
#include "drivers/eid/eid.h"

using namespace amt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const ByteView input(bytes, size);
    try {
        const auto certificate = eid::parseCvCertificate(input);
        AMT_ASSERT(certificate.effective.ok() && certificate.expires.ok());
        AMT_ASSERT(!certificate.holderReference.empty());
        eid::chainFor({certificate}, {certificate.authorityReference});
        eid::checkChain({certificate}, certificate.effective);
        eid::signatureHash(input);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::CertificateUnusable);
    }
    return 0;
}
