// SPDX-License-Identifier: EUPL-1.2
//
// Certificates of one gateway's own (ECDSA P-256): its server's, for set-ups without a trust
// centre, and those of the nodes that it lets in; and when any certificate ends.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/secret.h"

#include <string>
#include <vector>

namespace amt::gateway {

struct TlsIdentity {
    std::string authority;   ///< PEM; its private key is forgotten
    std::string certificate; ///< PEM
    std::string privateKey;  ///< PEM, PKCS#8
};

/// `hosts`: names or IP addresses for subjectAltName. Throws SystemFailed.
TlsIdentity makeTlsIdentity(const std::vector<std::string>& hosts, UtcTime from, UtcTime until);

/// Issues the nodes' certificates.
struct DeviceAuthority {
    std::string certificate; ///< PEM
    Secret privateKey;       ///< PEM, PKCS#8
};
/// Throws SystemFailed.
DeviceAuthority makeDeviceAuthority(UtcTime from, UtcTime until);

/// What a PKCS#10 request asks for; whatever else it wishes is not granted.
struct DeviceRequest {
    std::string clientId;    ///< the only part of its subject, CN
    std::string fingerprint; ///< SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal
};
/// `pem`: one request, signed by its own key, which is on P-256. Throws KeyUnusable.
DeviceRequest readDeviceRequest(const std::string& pem);

struct DeviceCertificate {
    std::string pem;
    std::string digest; ///< SHA-256 of its DER, hexadecimal
};
/// For TLS clients only. Throws KeyUnusable, SystemFailed.
DeviceCertificate certify(const DeviceAuthority& authority, const std::string& requestPem,
                          UtcTime from, UtcTime until);

/// When a certificate (DER) ends (notAfter). Throws KeyUnusable.
UtcTime certificateEnd(ByteView der);

} // namespace amt::gateway
