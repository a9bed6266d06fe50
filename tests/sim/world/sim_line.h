// SPDX-License-Identifier: EUPL-1.2
//
// A line between two processes of the world: delays, loses and repeats requests and answers, and
// can be cut.
#pragma once

#include "appliance/core/http.h"
#include "tests/sim/world/sim_loop.h"
#include "tests/sim/world/sim_random.h"

#include <functional>
#include <string>

namespace amt::sim {

struct LineFaults {
    unsigned requestLostPercent = 0; ///< never arrives
    unsigned answerLostPercent = 0;  ///< the server has done it; the client never hears
    unsigned repeatedPercent = 0; ///< the server gets it twice, the client hears the second answer
    unsigned latePercent = 0;     ///< request or answer takes up to three minutes
    Milliseconds delayMax{200};
};

/// The client's end. The server is reached through `serve`, in the name of its process; it may be
/// dead.
class SimLine : public HttpExchange {
public:
    using Serve = std::function<void(const HttpRequest&, std::function<void(HttpResponse)>)>;
    /// `serverOwner`: the process that serves now, or nothing when none does.
    SimLine(SimLoop& loop, SimRandom& random, LineFaults& faults,
            std::function<std::optional<int>()> serverOwner, Serve serve)
        : _loop(loop), _random(random), _faults(faults), _serverOwner(std::move(serverOwner)),
          _serve(std::move(serve))
    {}

    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override;
    void cut(bool isCut) { _isCut = isCut; }
    bool isCut() const { return _isCut; }

private:
    Milliseconds delay()
    {
        const auto most =
            _random.chance(_faults.latePercent) ? Milliseconds(180'000) : _faults.delayMax;
        return Milliseconds(
            1 + static_cast<long>(randomBelow(_random, static_cast<std::uint64_t>(most.count()))));
    }

    SimLoop& _loop;
    SimRandom& _random;
    LineFaults& _faults;
    std::function<std::optional<int>()> _serverOwner;
    Serve _serve;
    bool _isCut = false;
};

} // namespace amt::sim
