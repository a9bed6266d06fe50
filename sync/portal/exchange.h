// SPDX-License-Identifier: EUPL-1.2
//
// Real lines under HttpExchange: HTTPS to one address with one pinned authority, and HTTP over a
// Unix socket whose other end is a known user.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace amt::portal {

struct ExchangeLimits {
    std::chrono::seconds connect{5};
    std::chrono::seconds noProgress{30}; ///< of a request or an answer; no limit for the whole
    std::size_t answerBytesMax = 1024 * 1024;
};

/// HTTPS to `url` ("https://host:port", no path): TLS 1.3 only, certificates only from the
/// authorities in `caPem`, host name checked, no redirects followed. One request at a time, in
/// order, on a thread of its own; `done` is called on the loop and never again once the exchange
/// is gone. Whatever keeps a whole answer from coming is NoAnswer. `loop` must outlive it. To be
/// made and destroyed on the loop's thread; going waits for the connect limit at most. Throws
/// ConfigurationInvalid. `identityFile`: certificate and private key (PEM) to be shown, read at
/// each connect, for both get renewed; empty: nothing is shown.
std::unique_ptr<HttpExchange> makeTlsExchange(const std::string& url, const std::string& caPem,
                                              EventLoop& loop, ExchangeLimits limits = {},
                                              std::filesystem::path identityFile = {});

/// HTTP over the Unix socket at `socketPath`, only if its other end runs as user `peerUid`
/// (SO_PEERCRED): otherwise nothing is sent and the answer is NoAnswer. The rest as above.
std::unique_ptr<HttpExchange> makeUnixExchange(const std::string& socketPath, std::uint32_t peerUid,
                                               EventLoop& loop, ExchangeLimits limits = {});

} // namespace amt::portal
