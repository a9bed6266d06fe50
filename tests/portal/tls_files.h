// SPDX-License-Identifier: EUPL-1.2
//
// An authority and a server's certificate as PEM, made by OpenSSL for the test.
#pragma once

#include "appliance/core/clock.h"

#include <string>

namespace amt::test {

struct TlsFiles {
    std::string authority;   ///< PEM of the root
    std::string certificate; ///< PEM of the server's
    std::string privateKey;  ///< PEM
};

/// `names`: subjectAltName as OpenSSL writes it, "IP:127.0.0.1,DNS:localhost".
TlsFiles makeTlsFiles(const std::string& names, UtcTime from, UtcTime until);

} // namespace amt::test
