// SPDX-License-Identifier: EUPL-1.2
//
// Requests there, answers back, each with its own bad luck.
#include "tests/sim/world/sim_line.h"

#include <memory>

namespace amt::sim {

void SimLine::send(HttpRequest request, std::function<void(HttpAnswer)> done)
{
    const int client = _loop.owner();
    // Shared by the answer and the time-out: whichever comes first tells the client, once.
    auto told = std::make_shared<bool>(false);
    auto tell = [told, done = std::move(done)](HttpAnswer answer) {
        if (!std::exchange(*told, true))
            done(std::move(answer));
    };
    _loop.after(std::chrono::seconds(30), [tell] { tell(NoAnswer{true}); });
    if (_isCut || _random.chance(_faults.requestLostPercent))
        return;

    const int copies = _random.chance(_faults.repeatedPercent) ? 2 : 1;
    for (int copy = 1; copy <= copies; ++copy) {
        const bool answerLost = copy < copies || _random.chance(_faults.answerLostPercent);
        _loop.actAs(0, [&] {
            _loop.after(delay() + Milliseconds(copy), [this, request, answerLost, client, tell] {
                const auto server = _isCut ? std::nullopt : _serverOwner();
                if (!server) // nobody listens: the client learns it at once
                    return _loop.afterFor(client, Milliseconds(1), [tell] { tell(NoAnswer{}); });
                _loop.actAs(*server, [&] {
                    _serve(request, [this, answerLost, client, tell](HttpResponse response) {
                        if (answerLost || _isCut)
                            return;
                        _loop.afterFor(client, delay(),
                                       [tell, response = std::move(response)] { tell(response); });
                    });
                });
            });
        });
    }
}

} // namespace amt::sim
