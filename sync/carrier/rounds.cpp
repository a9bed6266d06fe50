// SPDX-License-Identifier: EUPL-1.2
//
// One message at a time; whatever is lost on the way ends the round, and the next one begins with
// what both sides have on disk.
#include "sync/carrier/rounds.h"

#include "appliance/core/log.h"

namespace amt::carrier {

Rounds::Rounds(RoundTimes times, NodeDoor& node, portal::PortalLink& portal, EventLoop& loop,
               RandomSource& random, Ended ended)
    : _times(times), _node(node), _portal(portal), _loop(loop), _random(random),
      _ended(std::move(ended))
{}

void Rounds::consider(std::int64_t news)
{
    const bool isNews = _failures == 0 && _told != news;
    if (_running || (!isNews && _loop.sinceBoot() < _next))
        return;
    _running = true;
    _node.quotaRound([weak = weak_from_this()](std::optional<QuotaTurn> turn) {
        if (const auto self = weak.lock())
            self->go(std::move(turn));
    });
}

void Rounds::portalIsBack()
{
    _next = _loop.sinceBoot();
}

void Rounds::go(std::optional<QuotaTurn> turn)
{
    if (!turn)
        return end(End::Broken);
    if (!turn->message) {
        if (turn->whole)
            _told = turn->news;
        return end(turn->whole ? End::Whole : End::Broken);
    }
    const auto message = *turn->message;
    _portal.quota(
        message.method, message.path, message.body,
        [weak = weak_from_this(), turn = *turn](const portal::Answer<std::string>& answer) {
            if (const auto self = weak.lock())
                self->heard(turn, answer);
        });
}

void Rounds::heard(const QuotaTurn& turn, const portal::Answer<std::string>& answer)
{
    if (std::holds_alternative<portal::Unknown>(answer))
        return end(End::PortalSilent);
    if (std::holds_alternative<portal::Unauthorised>(answer))
        return end(End::NotAuthorised);
    const auto next = [weak = weak_from_this()](std::optional<QuotaTurn> following) {
        if (const auto self = weak.lock())
            self->go(std::move(following));
    };
    if (const auto* refused = std::get_if<portal::Refused>(&answer)) {
        // Later ones may be words of a newer node that an older portal does not know yet.
        constexpr std::int64_t firstStep = 1;
        if (refused->status == 404 && turn.step == firstStep) {
            end(End::Broken);
            _next = _loop.sinceBoot() + _times.unknownAddress;
            return log::warning("carrier.no_quotas", {{"path", turn.message->path}});
        }
        return _node.quotaRefused(turn, *refused, next);
    }
    _node.quotaHeard(turn, std::get<std::string>(answer), next);
}

void Rounds::end(End how)
{
    _running = false;
    _failures = how == End::Whole ? 0 : _failures + 1;
    _next = _loop.sinceBoot() + pauseAfter(_failures, _times.every, _times.most, _random);
    _ended(how);
}

} // namespace amt::carrier
