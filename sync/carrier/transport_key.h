// SPDX-License-Identifier: EUPL-1.2
//
// The node's transport key (ECDSA P-256): made here, never sent, shown with its certificate in TLS.
#pragma once

#include "appliance/core/clock.h"

#include <filesystem>
#include <optional>
#include <string>

namespace amt::carrier {

/// A folder with at most two keys: the one in use with its certificate, and one that waits for its.
class TransportKey {
public:
    /// Makes the folder. Throws SystemFailed.
    explicit TransportKey(std::filesystem::path folder);

    /// PKCS#10 (PEM) of the key that waits, which is made if there is none; the same one until
    /// take(). Throws SystemFailed, ConfigurationInvalid.
    std::string request(const std::string& clientId);
    /// Of the key that waits: SHA-256 of its SubjectPublicKeyInfo, hexadecimal. After request().
    std::string fingerprint() const;
    /// The certificate (PEM) of the key that waits: from now on it is the one in use. Throws
    /// KeyUnusable: it is another key's.
    void take(const std::string& certificate);

    /// Forgets the key that waits.
    void giveUp();

    /// Certificate and key, PEM; there once a certificate was taken.
    std::filesystem::path file() const;
    struct Validity {
        UtcTime from, until;
    };
    /// Of the certificate in use. Throws KeyUnusable.
    std::optional<Validity> validity() const;

private:
    std::filesystem::path _folder;
};

} // namespace amt::carrier
