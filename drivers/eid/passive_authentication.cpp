// SPDX-License-Identifier: EUPL-1.2
//
// Passive authentication: EF.CardSecurity is signed by a document signer of a country that we
// trust.
#include "drivers/eid/passive_authentication.h"

#include "drivers/eid/openssl.h"

#include <openssl/x509_vfy.h>

#include <array>

namespace amt::eid {
namespace {

constexpr int securityLevel = 2; // 112 bits: the signers of 2010 have brainpoolP224r1

[[noreturn]] void forged(const char* why)
{
    ERR_clear_error();
    throw Error(ErrorCode::CardForged, why);
}

/// German signers carry their curve's parameters in full, which OpenSSL 3 refuses. It has compared
/// them with its curves by then: where they equal a named one, the key is as good as any.
int acceptNamedCurves(int accepted, X509_STORE_CTX* context)
{
    if (accepted == 1 || X509_STORE_CTX_get_error(context) != X509_V_ERR_EC_KEY_EXPLICIT_PARAMS)
        return accepted;
    const X509* certificate = X509_STORE_CTX_get_current_cert(context);
    EVP_PKEY* key = certificate != nullptr ? X509_get0_pubkey(certificate) : nullptr;
    std::array<char, 64> name{};
    std::size_t size = 0;
    if (key == nullptr || EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1 ||
        size == 0)
        return 0;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

CertificateStore anchors(const std::vector<Bytes>& countrySigners, UtcTime at)
{
    CertificateStore store(X509_STORE_new());
    demand(store != nullptr, "certificate store");
    for (const auto& encoded : countrySigners) {
        const std::uint8_t* position = encoded.data();
        const Certificate certificate(
            d2i_X509(nullptr, &position, static_cast<long>(encoded.size())));
        if (certificate == nullptr || position != encoded.data() + encoded.size()) {
            ERR_clear_error();
            throw Error(ErrorCode::CertificateUnusable, "country signer");
        }
        demand(X509_STORE_add_cert(store.get(), certificate.get()) == 1, "country signer");
    }
    X509_VERIFY_PARAM* parameters = X509_STORE_get0_param(store.get());
    X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(toMilliseconds(at) / 1000));
    X509_VERIFY_PARAM_set_auth_level(parameters, securityLevel);
    // A CSCA is trusted because it was given to us, not because it signs itself.
    demand(X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN) == 1, "store flags");
    X509_STORE_set_verify_cb(store.get(), &acceptNamedCurves);
    return store;
}

bool isSecurityObject(const ASN1_OBJECT* type)
{
    const AsnObject wanted(OBJ_txt2obj("0.4.0.127.0.7.3.2.1", 1));
    demand(wanted != nullptr, "object identifier");
    return type != nullptr && OBJ_cmp(type, wanted.get()) == 0;
}

/// One signer, whose signed attributes name the content type.
bool hasOneProperSigner(CMS_ContentInfo* cms)
{
    STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms);
    if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1)
        return false;
    CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(signers, 0);
    const int at = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_contentType, -1);
    if (at < 0)
        return false;
    X509_ATTRIBUTE* attribute = CMS_signed_get_attr(signer, at);
    if (attribute == nullptr || X509_ATTRIBUTE_count(attribute) != 1)
        return false;
    return isSecurityObject(static_cast<const ASN1_OBJECT*>(
        X509_ATTRIBUTE_get0_data(attribute, 0, V_ASN1_OBJECT, nullptr)));
}

} // namespace

Bytes verifiedSecurityInfos(ByteView cardSecurity, const std::vector<Bytes>& countrySigners,
                            UtcTime at)
{
    const CertificateStore store = anchors(countrySigners, at);
    const std::uint8_t* position = cardSecurity.data();
    const Cms cms(d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(cardSecurity.size())));
    if (cms == nullptr || position != cardSecurity.data() + cardSecurity.size())
        forged("EF.CardSecurity is no signed message");
    if (OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed ||
        !isSecurityObject(CMS_get0_eContentType(cms.get())) || !hasOneProperSigner(cms.get()))
        forged("EF.CardSecurity is another kind of message");

    const Stream content(BIO_new(BIO_s_mem()));
    demand(content != nullptr, "stream");
    if (CMS_verify(cms.get(), nullptr, store.get(), nullptr, content.get(), CMS_BINARY) != 1)
        forged("signature of EF.CardSecurity");
    ERR_clear_error();
    char* data = nullptr;
    const long size = BIO_get_mem_data(content.get(), &data);
    if (size <= 0)
        forged("EF.CardSecurity signs nothing");
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    return Bytes(bytes, bytes + size);
}

} // namespace amt::eid
