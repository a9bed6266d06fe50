// SPDX-License-Identifier: EUPL-1.2
//
// How many calls a client may make: a token bucket in the database, drawn from in handfuls, so that
// all gateways together keep one limit and a call seldom costs a commit.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/http.h"
#include "sync/gateway/books.h"

#include <map>
#include <optional>
#include <string>

namespace amt::gateway {

/// FIT-Connect publishes no numbers (facts/portal.md 8). Ours: a city of a million inhabitants that
/// was cut off for its four busiest hours drains within ten minutes (about 2100 cases of 6 calls,
/// 6.3 there: 21 calls/s).
struct AllowanceSettings {
    int callsPerSecond = 30;
    int callsAtOnce = 600; ///< what a client that was silent may do at once
    int handful = 20;      ///< calls that one look into the database grants
};

class Allowance {
public:
    Allowance(AllowanceSettings settings, Books& books) : _settings(settings), _books(books) {}

    /// What remains is as of the last handful; it never promises too much.
    struct Verdict {
        bool granted = true;
        int remaining = 0;
        std::chrono::seconds reset{
            0}; ///< until all is there again; refused: until it may ask again
    };
    /// One call of a client that is known. Not in a transaction: what is drawn stays drawn.
    /// Throws DatabaseUnavailable.
    Verdict draw(const std::string& clientId, UtcTime now);
    /// RateLimit-Limit, -Remaining and -Reset (facts/portal.md 1.11).
    void describe(const Verdict& verdict, HttpResponse& response) const;
    /// 429
    HttpResponse refusal(const Verdict& verdict) const;

private:
    /// What this gateway holds of a client's calls. Lost with it, which only costs the client.
    struct Hand {
        int left = 0;
        int remaining = 0;                  ///< in the database after the last handful
        UtcTime full;                       ///< when all is there again
        std::optional<UtcTime> closedUntil; ///< refused: not asked again before
    };

    Milliseconds costOf(int calls) const;
    void refill(Hand& hand, const std::string& clientId, UtcTime now);

    const AllowanceSettings _settings;
    Books& _books;
    std::map<std::string, Hand, std::less<>> _hands; ///< of clients with a token, so it is bounded
};

} // namespace amt::gateway
