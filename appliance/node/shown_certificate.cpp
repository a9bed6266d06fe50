// SPDX-License-Identifier: EUPL-1.2
//
// CertificateDescription and the date of a CV certificate, by OpenSSL's ASN.1.
#include "appliance/node/shown_certificate.h"

#include "appliance/node/terminal_certificates.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include <array>
#include <memory>

namespace {

/// TR-03110-3 C.3.1.
struct Description {
    ASN1_OBJECT* type;
    ASN1_UTF8STRING* issuerName;
    ASN1_PRINTABLESTRING* issuerUrl;
    ASN1_UTF8STRING* subjectName;
    ASN1_PRINTABLESTRING* subjectUrl;
    ASN1_TYPE* terms;
    ASN1_PRINTABLESTRING* redirectUrl;
    STACK_OF(ASN1_OCTET_STRING) * commCertificates;
};

// clang-format off
ASN1_SEQUENCE(Description) = {
    ASN1_SIMPLE(Description, type, ASN1_OBJECT),
    ASN1_EXP(Description, issuerName, ASN1_UTF8STRING, 1),
    ASN1_EXP_OPT(Description, issuerUrl, ASN1_PRINTABLESTRING, 2),
    ASN1_EXP(Description, subjectName, ASN1_UTF8STRING, 3),
    ASN1_EXP_OPT(Description, subjectUrl, ASN1_PRINTABLESTRING, 4),
    ASN1_EXP(Description, terms, ASN1_ANY, 5),
    ASN1_EXP_OPT(Description, redirectUrl, ASN1_PRINTABLESTRING, 6),
    ASN1_EXP_SET_OF_OPT(Description, commCertificates, ASN1_OCTET_STRING, 7)
} static_ASN1_SEQUENCE_END(Description)
// clang-format on

} // namespace

namespace amt::node {
namespace {

constexpr const char* plainText = "0.4.0.127.0.7.3.1.3.1.1";

[[noreturn]] void unusable(const char* why)
{
    ::ERR_clear_error();
    throw Error(ErrorCode::CertificateUnusable, why);
}

struct FreeDescription {
    void operator()(ASN1_VALUE* value) const
    {
        ::ASN1_item_free(value, ASN1_ITEM_rptr(Description));
    }
};

std::string textOf(const ASN1_STRING* string)
{
    if (string == nullptr)
        return {};
    const auto* data = ::ASN1_STRING_get0_data(string);
    return {data, data + ::ASN1_STRING_length(string)};
}

void describe(ByteView encoded, ShownCertificate& shown)
{
    const unsigned char* at = encoded.data();
    const std::unique_ptr<ASN1_VALUE, FreeDescription> value(::ASN1_item_d2i(
        nullptr, &at, static_cast<long>(encoded.size()), ASN1_ITEM_rptr(Description)));
    if (!value || at != encoded.data() + encoded.size())
        unusable("description of the certificate");
    const auto& description = *reinterpret_cast<const Description*>(value.get());
    shown.issuer = textOf(description.issuerName);
    shown.issuerUrl = textOf(description.issuerUrl);
    shown.subject = textOf(description.subjectName);
    shown.subjectUrl = textOf(description.subjectUrl);
    std::array<char, 64> type{};
    ::OBJ_obj2txt(type.data(), type.size(), description.type, 1);
    if (std::string_view(type.data()) != plainText)
        return;
    if (::ASN1_TYPE_get(description.terms) != V_ASN1_UTF8STRING)
        unusable("terms of the certificate's description");
    shown.terms = textOf(description.terms->value.utf8string);
}

/// YYMMDD, a digit a byte (TR-03110-3 D.2.1.3).
LocalDate dayOf(ByteView digits)
{
    if (digits.size() != 6)
        unusable("date of the certificate");
    std::string iso = "20";
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (digits[i] > 9)
            unusable("date of the certificate");
        if (i == 2 || i == 4)
            iso += '-';
        iso += static_cast<char>('0' + digits[i]);
    }
    return localDateFromIso(iso);
}

} // namespace

ShownCertificate shownCertificate(const TerminalCertificates& certificates)
{
    if (certificates.chain.empty())
        unusable("no terminal certificate");
    ShownCertificate shown;
    shown.validUntil = dayOf(certificateField(
        certificates.chain.back(),
        {{V_ASN1_APPLICATION, 0x21}, {V_ASN1_APPLICATION, 0x4E}, {V_ASN1_APPLICATION, 0x24}}));
    if (!certificates.description.empty())
        describe(certificates.description, shown);
    return shown;
}

} // namespace amt::node
