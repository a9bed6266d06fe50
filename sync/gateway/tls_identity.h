// SPDX-License-Identifier: EUPL-1.2
//
// A certificate authority of one gateway's own and its server certificate (ECDSA P-256), for
// set-ups without a trust centre.
#pragma once

#include "appliance/core/clock.h"

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

} // namespace amt::gateway
