// SPDX-License-Identifier: EUPL-1.2
//
// Real TLS lines from one client to the gateways of a region, as a name with several addresses
// gives them: whoever gets no answer asks at the next one from then on. Every call is measured.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::fleet {

/// What the calls of a phase were like. On the loop only.
class Meter {
public:
    void note(Milliseconds took, int status); ///< 0: no answer

    struct Reading {
        std::size_t calls = 0;
        double p50 = 0, p99 = 0, most = 0;      ///< ms, of those that were answered
        std::map<int, std::size_t> notAnswered; ///< by status (0, 429, 5xx)
    };
    Reading take(); ///< and begins anew

private:
    std::vector<double> _times;
    std::map<int, std::size_t> _failed;
};

struct Addresses {
    std::vector<std::string> urls; ///< https://127.0.0.1:PORT
    std::string authority;         ///< PEM
};

class RegionLine final : public HttpExchange {
public:
    /// `first`: at which of the addresses it begins. What is passed by reference must outlive it.
    RegionLine(const Addresses& addresses, std::size_t first, EventLoop& loop, Meter& meter);
    ~RegionLine() override;
    RegionLine(const RegionLine&) = delete;
    RegionLine& operator=(const RegionLine&) = delete;

    /// One after the other, in order.
    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override;

private:
    struct Job {
        HttpRequest request;
        std::function<void(HttpAnswer)> done;
    };
    void next();

    const Addresses& _addresses;
    std::size_t _at;
    EventLoop& _loop;
    Meter& _meter;
    std::unique_ptr<HttpExchange> _exchange; ///< made when it is needed: each is a thread
    std::deque<Job> _jobs;
    bool _busy = false;
};

} // namespace amt::fleet
