// SPDX-License-Identifier: EUPL-1.2
//
// HTTPS before the loops: connections rest without a thread (appliance/core/parking.h), each
// request becomes a value, is answered on a loop, and waits at most 10 s.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "sync/gateway/bodies.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::gateway {

struct FrontSettings {
    /// Where to listen, with the port.
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    /// Both empty: HTTP without TLS, for the operator's own port.
    std::filesystem::path certificateFile, privateKeyFile;
    /// PEM; who shows a certificate is from this authority, and the request says which
    /// (devices.h, shownCertificate). Empty: nobody is asked for one.
    std::filesystem::path clientAuthorityFile;
    /// Instead of a port: a Unix socket that nobody but this process's user may open.
    std::filesystem::path socketFile;
    std::size_t bodyBytesMax = 92 * 1024 * 1024;
    /// Where bodies over 64 KiB lie until they are answered, in files without names; empty: bodies
    /// are held in memory.
    std::filesystem::path bodyFolder;
    /// Of all bodies under way: what comes beyond is a 503. Short ones (64 KiB) always have room,
    /// so that big attachments keep nobody from a light call.
    std::size_t allBodiesBytesMax = 2048UL * 1024 * 1024;
    int threads = 64; ///< requests answered at a time; who sends slowly or rests needs none
    /// When there are as many, whoever idles longest makes room for who comes new. Fewer where the
    /// process may not open so many files.
    std::size_t connectionsMax = 10'000;
    std::size_t connectionsOfAddressMax = 0; ///< those beyond are closed; 0: no limit
    std::chrono::seconds idleAtMost{75};
    /// For TLS's handshake and for a head, from its first byte.
    std::chrono::seconds headWithin{10};
    /// A body may take `headWithin`, and a second more for as many bytes as have come.
    std::size_t bodyBytesPerSecondMin = 8 * 1024;
    std::chrono::seconds takesNothing{30}; ///< then an answer is given up
    std::chrono::seconds grace{5};         ///< for requests under way when the front goes
};

/// Answers one request after the other.
struct Worker {
    EventLoop& loop;
    /// Runs on the loop. The body is in the request, or in the file when there is one.
    std::function<LongAnswer(const HttpRequest&, const BodyFile*)> answer;
    /// Runs on the loop when a head came whose body is over 64 KiB (as announced) or comes in
    /// chunks (nothing): a refusal, or nothing and the body is taken in. Empty: all are.
    std::function<std::optional<HttpResponse>(const HttpRequest&, std::optional<std::size_t>)>
        admit = {};
};

/// One that wants the whole body in the request. The front needs no bodyFolder then.
Worker inMemory(EventLoop& loop, std::function<HttpResponse(const HttpRequest&)> answer);

class HttpsFront {
public:
    /// Listens and answers until it goes. `answer` runs on the loop; what it throws
    /// closes the connection without an answer. Bodies are in the request. The loop must be running
    /// when requests come, and outlive the front. Throws ConfigurationInvalid when the port is
    /// taken.
    HttpsFront(const FrontSettings& settings, EventLoop& loop,
               std::function<HttpResponse(const HttpRequest&)> answer);
    /// The same before several loops, each on a thread of its own: whoever has least to do gets the
    /// next request.
    HttpsFront(const FrontSettings& settings, std::vector<Worker> workers);
    ~HttpsFront();
    HttpsFront(const HttpsFront&) = delete;
    HttpsFront& operator=(const HttpsFront&) = delete;

    std::size_t restingConnections() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

} // namespace amt::gateway
