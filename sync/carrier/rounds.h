// SPDX-License-Identifier: EUPL-1.2
//
// Rounds of the quota protocol (Kontingente): the node says what is to be said, the portal answers,
// and both know from the numbers in it what is new. When one begins, and what an end means.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"
#include "sync/carrier/backoff.h"
#include "sync/carrier/node_door.h"
#include "sync/portal/portal_link.h"

#include <functional>
#include <memory>
#include <optional>

namespace amt::carrier {

struct RoundTimes {
    Milliseconds every{std::chrono::seconds(60)}; ///< when there is no news; 20 % more or less
    Milliseconds most{std::chrono::minutes(15)};  ///< after rounds that failed: doubled up to this
    /// After a service said that it knows no such address.
    Milliseconds unknownAddress{std::chrono::hours(6)};
};

class Rounds : public std::enable_shared_from_this<Rounds> {
public:
    enum class End {
        Whole,
        Broken,       ///< node or portal would not go on: another one later
        PortalSilent, ///< no answer
        NotAuthorised
    };
    using Ended = std::function<void(End)>;

    /// What is passed by reference must outlive it; `ended` runs after each round.
    Rounds(RoundTimes times, NodeDoor& node, portal::PortalLink& portal, EventLoop& loop,
           RandomSource& random, Ended ended);

    /// The portal can be reached, and `news` is the newest record that it should hear of: a round
    /// begins if one is due.
    void consider(std::int64_t news);
    /// The portal was silent, and is there again: the next one need not wait.
    void portalIsBack();

private:
    void go(std::optional<QuotaTurn> turn);
    void heard(const QuotaTurn& turn, const portal::Answer<std::string>& answer);
    void end(End how);

    const RoundTimes _times;
    NodeDoor& _node;
    portal::PortalLink& _portal;
    EventLoop& _loop;
    RandomSource& _random;
    const Ended _ended;

    bool _running = false;
    int _failures = 0; ///< in a row
    Milliseconds _next{0};
    std::optional<std::int64_t> _told; ///< news of the last whole round
};

} // namespace amt::carrier
