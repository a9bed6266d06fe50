// SPDX-License-Identifier: EUPL-1.2
//
// Owners for OpenSSL's objects, and its failures as ours. Inside drivers/eid only.
#pragma once

#include "appliance/core/error.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace amt::eid {

template <auto release>
struct Release {
    template <typename Object>
    void operator()(Object* object) const
    {
        release(object);
    }
};

using BigNumber = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using BigNumberWork = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, Release<EC_GROUP_free>>;
using GroupPoint = std::unique_ptr<EC_POINT, Release<EC_POINT_clear_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER, Release<EVP_CIPHER_free>>;
using CipherWork = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Release<EVP_MAC_free>>;
using MacWork = std::unique_ptr<EVP_MAC_CTX, Release<EVP_MAC_CTX_free>>;
using Cms = std::unique_ptr<CMS_ContentInfo, Release<CMS_ContentInfo_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using CertificateStore = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using Stream = std::unique_ptr<BIO, Release<BIO_free>>;
using AsnObject = std::unique_ptr<ASN1_OBJECT, Release<ASN1_OBJECT_free>>;

/// For calls that fail only when memory or the library itself does.
inline void demand(bool succeeded, const char* what)
{
    if (succeeded)
        return;
    ERR_clear_error();
    throw Error(ErrorCode::SystemFailed, std::string("OpenSSL: ") + what);
}

} // namespace amt::eid
