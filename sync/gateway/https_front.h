// SPDX-License-Identifier: EUPL-1.2
//
// HTTPS before the loop: TLS 1.3 only; each request becomes a value, is answered on the loop, and
// waits at most 10 s.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "sync/gateway/bodies.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace amt::gateway {

struct FrontSettings {
    std::uint16_t port = 0;
    /// Both empty: HTTP without TLS, for the operator's own port.
    std::filesystem::path certificateFile, privateKeyFile;
    /// Instead of a port: a Unix socket that nobody but this process's user may open.
    std::filesystem::path socketFile;
    std::size_t bodyBytesMax = 92 * 1024 * 1024;
    /// Where bodies over 64 KiB lie until they are answered, in files without names; empty: bodies
    /// are held in memory.
    std::filesystem::path bodyFolder;
    /// Of all bodies under way: what comes beyond is a 503. Short ones (64 KiB) always have room,
    /// so that big attachments keep nobody from a light call.
    std::size_t allBodiesBytesMax = 2048UL * 1024 * 1024;
    /// Connections served at a time. When half of them are, a connection ends with its answer:
    /// whoever idles holds one half at most, and the other is for those who come new.
    int threads = 64;
    std::chrono::seconds rest{3}; ///< then an idle one ends; amt-sync uses none that rested longer
};

/// Answers one request after the other.
struct Worker {
    EventLoop& loop;
    /// Runs on the loop. The body is in the request, or in the file when there is one.
    std::function<LongAnswer(const HttpRequest&, const BodyFile*)> answer;
};

/// One that wants the whole body in the request. The front needs no bodyFolder then.
Worker inMemory(EventLoop& loop, std::function<HttpResponse(const HttpRequest&)> answer);

class HttpsFront {
public:
    /// Listens on 127.0.0.1 and answers until it goes. `answer` runs on the loop; what it throws
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

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

} // namespace amt::gateway
