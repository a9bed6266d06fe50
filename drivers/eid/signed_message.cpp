// SPDX-License-Identifier: EUPL-1.2
//
// Signed messages (CMS) of document signers and master list signers.
#include "drivers/eid/signed_message.h"

#include "drivers/eid/openssl.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>

namespace amt::eid {
namespace {

constexpr int securityLevel = 2; // 112 bits: the signers of 2010 have brainpoolP224r1

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

CertificateStore anchors(const std::vector<Bytes>& trusted, UtcTime at)
{
    CertificateStore store(X509_STORE_new());
    demand(store != nullptr, "certificate store");
    for (const auto& encoded : trusted) {
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
    // None of OpenSSL's purposes fits; what the signer's certificate must allow is looked at below.
    demand(X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) == 1, "store purpose");
    // A CSCA is trusted because it was given to us, not because it signs itself.
    demand(X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN) == 1, "store flags");
    X509_STORE_set_verify_cb(store.get(), &acceptNamedCurves);
    return store;
}

AsnObject identifier(const char* digits)
{
    AsnObject object(OBJ_txt2obj(digits, 1));
    demand(object != nullptr, "object identifier");
    return object;
}

bool isType(const ASN1_OBJECT* type, const char* digits)
{
    return type != nullptr && OBJ_cmp(type, identifier(digits).get()) == 0;
}

/// One signer, whose signed attributes name the content type.
CMS_SignerInfo* properSigner(CMS_ContentInfo* cms, const char* contentType)
{
    STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms);
    if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1)
        return nullptr;
    CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(signers, 0);
    const int at = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_contentType, -1);
    if (at < 0)
        return nullptr;
    X509_ATTRIBUTE* attribute = CMS_signed_get_attr(signer, at);
    if (attribute == nullptr || X509_ATTRIBUTE_count(attribute) != 1)
        return nullptr;
    const auto* type = static_cast<const ASN1_OBJECT*>(
        X509_ATTRIBUTE_get0_data(attribute, 0, V_ASN1_OBJECT, nullptr));
    return isType(type, contentType) ? signer : nullptr;
}

/// The signer's certificate is there to sign, and for this.
bool maySign(CMS_SignerInfo* signer, const char* extendedUsage)
{
    X509* certificate = nullptr;
    CMS_SignerInfo_get0_algs(signer, nullptr, &certificate, nullptr, nullptr);
    if (certificate == nullptr || (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0)
        return false;
    if (extendedUsage == nullptr)
        return true;
    const std::unique_ptr<EXTENDED_KEY_USAGE, Release<EXTENDED_KEY_USAGE_free>> usages(
        static_cast<EXTENDED_KEY_USAGE*>(
            X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
    for (int i = 0; usages != nullptr && i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
        if (isType(sk_ASN1_OBJECT_value(usages.get(), i), extendedUsage))
            return true;
    }
    return false;
}

} // namespace

Bytes verifiedContent(ByteView message, const SignedMessageRules& rules,
                      const std::vector<Bytes>& trusted, UtcTime at)
{
    const auto refuse = [&](const char* why) {
        ERR_clear_error();
        throw Error(rules.failure, why);
    };
    const CertificateStore store = anchors(trusted, at);
    const std::uint8_t* position = message.data();
    const Cms cms(d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(message.size())));
    if (cms == nullptr || position != message.data() + message.size())
        refuse("not a signed message");
    CMS_SignerInfo* signer = nullptr;
    if (OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed ||
        !isType(CMS_get0_eContentType(cms.get()), rules.contentType) ||
        (signer = properSigner(cms.get(), rules.contentType)) == nullptr)
        refuse("another kind of signed message");

    const Stream content(BIO_new(BIO_s_mem()));
    demand(content != nullptr, "stream");
    if (CMS_verify(cms.get(), nullptr, store.get(), nullptr, content.get(), CMS_BINARY) != 1)
        refuse("signature of a message");
    if (!maySign(signer, rules.extendedUsage))
        refuse("certificate of a message's signer is for something else");
    ERR_clear_error();
    char* data = nullptr;
    const long size = BIO_get_mem_data(content.get(), &data);
    if (size <= 0)
        refuse("a message that signs nothing");
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    return Bytes(bytes, bytes + size);
}

} // namespace amt::eid
