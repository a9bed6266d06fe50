// SPDX-License-Identifier: EUPL-1.2
//
// The bucket as one number: when all that was spent will have come back.
#include "sync/gateway/allowance.h"

#include "sync/gateway/problem.h"
#include "sync/gateway/statements.h"

#include <algorithm>

namespace amt::gateway {

Milliseconds Allowance::costOf(int calls) const
{
    return Milliseconds(std::int64_t{calls} * 1000 / _settings.callsPerSecond);
}

Allowance::Verdict Allowance::draw(const std::string& clientId, UtcTime now)
{
    const auto ceiling = [](Milliseconds time) {
        return std::max(std::chrono::ceil<std::chrono::seconds>(time), std::chrono::seconds(1));
    };
    Hand& hand = _hands[clientId];
    const auto isClosed = [&] { // a clock that was set back must not close the door for as long
        return hand.closedUntil && now < *hand.closedUntil &&
               *hand.closedUntil - now <= costOf(_settings.callsAtOnce);
    };
    if (!isClosed() && hand.left == 0) {
        try {
            refill(hand, clientId, now);
        } catch (const Error& failure) {
            // A full disk: what frees it again are calls, so they are let through uncounted.
            if (failure.errorCode() != ErrorCode::StoreFull)
                throw;
            return {.granted = true, .remaining = 0, .reset = std::chrono::seconds(1)};
        }
    }
    if (isClosed())
        return {.granted = false, .remaining = 0, .reset = ceiling(*hand.closedUntil - now)};
    --hand.left;
    return {.granted = true,
            .remaining = hand.remaining + hand.left,
            .reset = ceiling(hand.full - now)};
}

/// The next handful, or when to ask for it again.
void Allowance::refill(Hand& hand, const std::string& clientId, UtcTime now)
{
    const int handful = std::min(_settings.handful, _settings.callsAtOnce);
    const Milliseconds window = costOf(_settings.callsAtOnce), cost = costOf(handful);
    hand.closedUntil.reset();
    const bool isDrawn =
        _books.prepare(sql::drawAllowance)
            .bind(clientId, now + cost, now, now + window, cost.count(), now + window - cost)
            .run() == 1;
    auto row = _books.prepare(sql::allowanceOf).bind(clientId);
    hand.full = row.step() ? fromMilliseconds(row.integer(0)) : now;
    if (isDrawn) {
        hand.left = handful;
        const auto room = (now + window - hand.full).count() * _settings.callsPerSecond / 1000;
        hand.remaining = static_cast<int>(std::max<std::int64_t>(room, 0));
    } else {
        // at least a little later, whatever others drew meanwhile
        hand.closedUntil = std::max(hand.full + cost - window, now + Milliseconds(1));
    }
}

void Allowance::describe(const Verdict& verdict, HttpResponse& response) const
{
    response.headers.emplace_back("RateLimit-Limit", std::to_string(_settings.callsAtOnce));
    response.headers.emplace_back("RateLimit-Remaining", std::to_string(verdict.remaining));
    response.headers.emplace_back("RateLimit-Reset", std::to_string(verdict.reset.count()));
}

HttpResponse Allowance::refusal(const Verdict& verdict) const
{
    auto refused = problem(429, "rate-limit-exceeded", "too many calls, please come back later");
    refused.headers.emplace_back("Retry-After", std::to_string(verdict.reset.count()));
    return refused;
}

} // namespace amt::gateway
