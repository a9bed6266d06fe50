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
    const Milliseconds window = costOf(_settings.callsAtOnce);
    // a clock that was set back must not close the door for as long
    if (hand.closedUntil && now < *hand.closedUntil && *hand.closedUntil - now <= window)
        return {.granted = false, .remaining = 0, .reset = ceiling(*hand.closedUntil - now)};
    hand.closedUntil.reset();
    if (hand.left == 0) {
        const int handful = std::min(_settings.handful, _settings.callsAtOnce);
        const Milliseconds cost = costOf(handful);
        const bool drawn =
            _books.prepare(sql::drawAllowance)
                .bind(clientId, now + cost, now, now + window, cost.count(), now + window - cost)
                .run() == 1;
        auto row = _books.prepare(sql::allowanceOf).bind(clientId);
        const UtcTime spentUntil = row.step() ? fromMilliseconds(row.integer(0)) : now;
        hand.full = spentUntil;
        if (!drawn) {
            hand.closedUntil = spentUntil + cost - window;
            return {.granted = false, .remaining = 0, .reset = ceiling(*hand.closedUntil - now)};
        }
        hand.left = handful;
        hand.remaining =
            static_cast<int>((now + window - spentUntil).count() * _settings.callsPerSecond / 1000);
    }
    --hand.left;
    return {.granted = true,
            .remaining = std::max(hand.remaining, 0) + hand.left,
            .reset = ceiling(hand.full - now)};
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
