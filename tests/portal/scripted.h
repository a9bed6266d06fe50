// SPDX-License-Identifier: EUPL-1.2
//
// A loop whose clock stands until a test moves it, and the other end of a line that says what a
// test tells it to.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"

#include <boost/test/unit_test.hpp>

#include <deque>

namespace amt::test {

class StandingLoop : public EventLoop {
public:
    UtcTime utcNow() const override { return fromIso("2026-11-21T12:00:00Z") + boot; }
    Milliseconds sinceBoot() const override { return boot; }
    void post(Task task) override { tasks.push_back(std::move(task)); }
    TimerId after(Milliseconds, Task) override { return 1; }
    void cancel(TimerId) override {}

    Milliseconds boot{0};
    std::deque<Task> tasks;
};

/// Requests wait here until the test answers the oldest.
class ScriptedExchange : public HttpExchange {
public:
    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        waiting.push_back({std::move(request), std::move(done)});
    }

    /// Answers the oldest request and gives it back.
    HttpRequest answer(HttpAnswer answer, std::size_t number = 0)
    {
        BOOST_REQUIRE(waiting.size() > number);
        const auto at = waiting.begin() + static_cast<std::ptrdiff_t>(number);
        auto [request, done] = std::move(*at);
        waiting.erase(at);
        done(std::move(answer));
        return request;
    }
    HttpRequest answer(int status, const std::string& body = {},
                       std::vector<std::pair<std::string, std::string>> headers = {})
    {
        return answer(HttpResponse{status, std::move(headers), body, std::nullopt});
    }
    HttpRequest giveToken(const std::string& token = "token-1", int seconds = 1800,
                          std::size_t number = 0)
    {
        const std::string body = R"({"access_token":")" + token +
                                 R"(","token_type":"Bearer","expires_in":)" +
                                 std::to_string(seconds) + "}";
        return answer(HttpResponse{200, {}, body, std::nullopt}, number);
    }

    std::deque<std::pair<HttpRequest, std::function<void(HttpAnswer)>>> waiting;
};

} // namespace amt::test
