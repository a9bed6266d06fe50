// SPDX-License-Identifier: EUPL-1.2
//
// A connection's bytes, plain or under TLS 1.3 (OpenSSL). Reading never waits.
#pragma once

#include "appliance/core/clock.h"

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace amt::gateway {

using TlsContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// `clientAuthorityFile`: whoever shows a certificate has it from there, for this use and for now;
/// empty: nobody is asked. TLS 1.3 only, no tickets (each connection shows its certificates anew),
/// and no buffers for who rests. Throws ConfigurationInvalid.
TlsContext makeTlsContext(const std::filesystem::path& certificateFile,
                          const std::filesystem::path& privateKeyFile,
                          const std::filesystem::path& clientAuthorityFile = {});

class Channel {
public:
    /// Owns `descriptor`, which must not block. `context`: null without TLS; else it must outlive
    /// this.
    Channel(int descriptor, SSL_CTX* context);
    ~Channel();
    Channel(Channel&& other) noexcept;
    Channel& operator=(Channel&&) = delete;

    int descriptor() const { return _descriptor; }
    /// TLS's handshake is over.
    bool isOpen() const { return !_tls || SSL_is_init_finished(_tls.get()); }

    /// SHA-256 of the DER of the certificate that the other side has shown, hexadecimal; empty:
    /// none.
    std::string shownCertificate() const;

    /// What came, 0 at the end, nothing when there is nothing now. TLS's handshake happens in here.
    /// Throws SystemFailed when the line is broken or speaks no TLS.
    std::optional<std::size_t> receive(std::span<char> into);
    /// Whole; waits while the other side takes nothing. Throws SystemFailed, after `noProgress`
    /// without any, too.
    void send(std::string_view bytes, Milliseconds noProgress);
    /// No more is sent.
    void end();
    /// Throws away what came; whether the other side goes on.
    bool discard();

private:
    void waitForRoom(Milliseconds atMost) const;

    int _descriptor;
    std::unique_ptr<SSL, decltype(&SSL_free)> _tls;
};

} // namespace amt::gateway
