// SPDX-License-Identifier: EUPL-1.2
//
// Replies of authorities: looked for at the portal, carried to the node part by part, one at a
// time; and what the node says to them carried back.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"
#include "sync/carrier/node_door.h"
#include "sync/portal/portal_link.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace amt::carrier {

struct ReplyTimes {
    Milliseconds every{std::chrono::seconds(60)}; ///< 20 % more or less
    Milliseconds most{std::chrono::minutes(15)};  ///< after failures: doubled up to this
    /// After a service said that it knows no such address.
    Milliseconds unknownAddress{std::chrono::hours(6)};
};

class Replies : public std::enable_shared_from_this<Replies> {
public:
    enum class End {
        Whole,
        Broken,       ///< the node would not go on: later
        PortalSilent, ///< no answer
        NotAuthorised
    };
    using Ended = std::function<void(End)>;

    /// What is passed by reference must outlive it; `ended` runs after each round.
    Replies(ReplyTimes times, NodeDoor& node, portal::PortalLink& portal, EventLoop& loop,
            RandomSource& random, Ended ended);

    /// The portal can be reached, and these answers wait: a round begins if one is due.
    void consider(const std::vector<ReplyAnswer>& answers);
    /// The portal was silent, and is there again: the next one need not wait.
    void portalIsBack();

private:
    template <typename Work>
    auto guarded(Work work);
    template <typename Good>
    bool endedBy(const portal::Answer<Good>& answer);
    void answerNext();
    void look();
    void fetchNext();
    void carryPart(const std::string& part, std::string jwe, std::function<void()> then);
    void carryAttachments(std::size_t index);
    void finish();
    void end(End how);

    const ReplyTimes _times;
    NodeDoor& _node;
    portal::PortalLink& _portal;
    EventLoop& _loop;
    RandomSource& _random;
    const Ended _ended;

    bool _running = false;
    int _failures = 0; ///< in a row
    Milliseconds _next{0};
    Milliseconds _unknownUntil{0};
    std::vector<ReplyAnswer> _answers; ///< of this round, in reverse
    std::vector<std::string> _wanted;  ///< of this round, in reverse
    bool _undecided = false;           ///< the node wants one of this round again
    std::string _stumbled;             ///< the last one with which a round ended
    portal::ReplyBody _reply;          ///< under way, without the parts that were handed over
};

} // namespace amt::carrier
