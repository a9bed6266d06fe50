// SPDX-License-Identifier: EUPL-1.2
//
// Card verifiable certificates (TR-03110-3 C).
#include "drivers/eid/cv_certificate.h"

#include "drivers/eid/crypto.h"
#include "drivers/eid/tlv.h"

#include <algorithm>

namespace amt::eid {
namespace {

constexpr auto unusable = ErrorCode::CertificateUnusable;

Bytes copy(ByteView bytes)
{
    return Bytes(bytes.begin(), bytes.end());
}

/// Six unpacked digits YYMMDD of this century (TR-03110-3 D.2.1.3).
LocalDate toDate(ByteView digits)
{
    if (digits.size() != 6 ||
        std::any_of(digits.begin(), digits.end(), [](std::uint8_t digit) { return digit > 9; }))
        throw Error(unusable, "date of a certificate");
    const auto two = [&](std::size_t at) { return digits[at] * 10 + digits[at + 1]; };
    const LocalDate date(std::chrono::year(2000 + two(0)),
                         std::chrono::month(static_cast<unsigned>(two(2))),
                         std::chrono::day(static_cast<unsigned>(two(4))));
    if (!date.ok())
        throw Error(unusable, "date of a certificate");
    return date;
}

Bytes reference(ByteView value)
{
    if (value.size() < 3 || value.size() > 16)
        throw Error(unusable, "reference of a certificate");
    return copy(value);
}

/// Extensions (TR-03110-3 C.3): discretionary templates of an object identifier and its data.
Bytes descriptionHash(const std::vector<TlvObject>& body)
{
    // id-description: 0.4.0.127.0.7.3.1.3.1
    const Bytes wanted = fromHex("04007f000703010301");
    const auto extensions = find(body, 0x65);
    if (!extensions)
        return {};
    for (const auto& extension : parseTlv(extensions->value, unusable)) {
        const auto fields = parseTlv(extension.value, unusable);
        const auto oid = only(fields, 0x06, unusable).value;
        if (extension.tag == 0x73 &&
            std::equal(oid.begin(), oid.end(), wanted.begin(), wanted.end()))
            return copy(only(fields, 0x80, unusable).value);
    }
    return {};
}

} // namespace

CvCertificate parseCvCertificate(ByteView encoded)
{
    const auto outer = parseOne(encoded, 0x7F21, unusable);
    const auto parts = parseTlv(outer.value, unusable);
    if (parts.size() != 2 || parts[0].tag != 0x7F4E || parts[1].tag != 0x5F37)
        throw Error(unusable, "certificate without body and signature");
    const auto body = parseTlv(parts[0].value, unusable);
    const auto version = only(body, 0x5F29, unusable).value;
    if (version.size() != 1 || version[0] != 0)
        throw Error(unusable, "version of a certificate");

    CvCertificate certificate;
    certificate.content = copy(outer.value);
    certificate.authorityReference = reference(only(body, 0x42, unusable).value);
    certificate.holderReference = reference(only(body, 0x5F20, unusable).value);
    certificate.keyOid =
        copy(only(parseTlv(only(body, 0x7F49, unusable).value, unusable), 0x06, unusable).value);

    const auto authorisation = parseTlv(only(body, 0x7F4C, unusable).value, unusable);
    const auto type = only(authorisation, 0x06, unusable).value;
    const auto wanted = authenticationTerminalOid();
    if (!std::equal(type.begin(), type.end(), wanted.begin(), wanted.end()))
        throw Error(unusable, "certificate of another kind of terminal");
    const auto bits = only(authorisation, 0x53, unusable).value;
    certificate.rights = Rights::fromBytes(bits);
    certificate.role = static_cast<CertificateRole>(bits[0] >> 6);
    certificate.effective = toDate(only(body, 0x5F25, unusable).value);
    certificate.expires = toDate(only(body, 0x5F24, unusable).value);
    certificate.descriptionHash = descriptionHash(body);
    return certificate;
}

const char* hashOfKey(const CvCertificate& certificate)
{
    const Bytes& oid = certificate.keyOid;
    // id-TA-ECDSA-SHA-*: 0.4.0.127.0.7.2.2.2.2.n (TR-03110-3 A.1.3.3)
    const Bytes ecdsa = fromHex("04007f000702020202");
    if (oid.size() == ecdsa.size() + 1 && std::equal(ecdsa.begin(), ecdsa.end(), oid.begin())) {
        switch (oid.back()) {
        case 3:
            return "SHA2-256";
        case 4:
            return "SHA2-384";
        case 5:
            return "SHA2-512";
        default: // SHA-1 and SHA-224 are out of use
            break;
        }
    }
    throw Error(unusable, "signature algorithm of the terminal");
}

void checkDescription(const CvCertificate& terminal, ByteView description)
{
    if (terminal.descriptionHash.empty() ||
        digest(hashOfKey(terminal), description) != terminal.descriptionHash)
        throw Error(unusable, "description of the certificate");
}

std::vector<CvCertificate> chainFor(const std::vector<CvCertificate>& chain,
                                    const std::vector<Bytes>& references)
{
    // The later in the chain the better: a card that knows the new CVCA needs no link certificate.
    for (auto first = chain.rbegin(); first != chain.rend(); ++first) {
        if (std::find(references.begin(), references.end(), first->authorityReference) !=
            references.end())
            return {first.base() - 1, chain.end()};
    }
    throw Error(unusable, "the card trusts none of our certificates");
}

void checkChain(const std::vector<CvCertificate>& chain, LocalDate today)
{
    if (chain.empty() || chain.back().role != CertificateRole::Terminal)
        throw Error(unusable, "no terminal certificate");
    for (std::size_t i = 0; i < chain.size(); ++i) {
        if (i != 0 && chain[i].authorityReference != chain[i - 1].holderReference)
            throw Error(unusable, "certificates do not follow each other");
        if (i + 1 != chain.size() && chain[i].role == CertificateRole::Terminal)
            throw Error(unusable, "terminal certificate before the end");
        // A CVCA's link certificate may be older than a year and is judged by the card alone.
        if (chain[i].role != CertificateRole::Cvca &&
            (today < chain[i].effective || chain[i].expires < today))
            throw Error(unusable, "certificate not valid today");
    }
}

} // namespace amt::eid
