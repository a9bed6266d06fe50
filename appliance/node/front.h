// SPDX-License-Identifier: EUPL-1.2
//
// The HTTP front: a parking thread holds idle connections, 16 handlers parse and wait for the
// loop's answer, one hub thread owns live pages. Measured why: with a thread for each connection,
// 16 idle browsers silence the node.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/node/node.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/ServerSocket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::node {

struct FrontSettings {
    int handlers = 16;
    std::size_t headBytesMax = 16 * 1024;
    std::size_t bodyBytesMax = 2 * 1024 * 1024; ///< routes have lower limits of their own
    std::chrono::seconds answerWithin{10};
    std::chrono::seconds headWithin{5};
    std::chrono::seconds idleAtMost{75};
    std::size_t connectionsMax = 9000;
    /// Whether the body of this request is not read whole but asked for (HttpRequest::pieces),
    /// whatever its length. Nothing: never.
    std::function<bool(Surface, const std::string& method, const std::string& path)> comesInPieces =
        {};
    std::chrono::seconds pieceWithin{30}; ///< 192 KiB of it
    std::size_t bodiesInPieces = 4;       ///< at a time; more are refused
};

/// One door of the front.
struct Door {
    Surface surface = Surface::Kiosk;
    Poco::Net::ServerSocket socket; ///< listening; a SecureServerSocket where secure is set
    bool secure = false;
    std::optional<unsigned>
        peerUser; ///< Unix sockets: the only user id that may connect, besides root's tests
    std::string peerName = "loopback"; ///< HttpRequest::peer of what comes in here
    bool tellsAddress = false;         ///< followed by the address there: "lan 10.0.0.7"
};

class Front : public LivePages {
public:
    /// `handle` runs on `loop`. Threads start with start().
    using Handle =
        std::function<void(Surface, const HttpRequest&, std::function<void(HttpResponse)>)>;
    Front(FrontSettings settings, std::vector<Door> doors, EventLoop& loop, Handle handle);
    ~Front() override; ///< stops and joins; open answers are dropped

    void start();

    void publish(const std::string& topic, const std::string& data) override;
    void close(const std::string& topic) override;

    std::size_t parkedConnections() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

/// Listening Unix socket with mode 0660; an old file of that name is removed.
Poco::Net::ServerSocket listenOnUnixSocket(const std::string& path);
/// User id at the other end of a Unix socket. Throws PeerForeign.
unsigned peerUserOf(int descriptor);

/// Argon2id and key making: one worker thread of its own, so that long work never waits for a
/// handler.
std::unique_ptr<LongWork> makeLongWork(EventLoop& loop);

} // namespace amt::node
