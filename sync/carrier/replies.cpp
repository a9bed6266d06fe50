// SPDX-License-Identifier: EUPL-1.2
//
// One round: answers first, then what waits. Whatever is lost on the way ends the round; the node
// knows what is whole, and the service takes an answer twice.
#include "sync/carrier/replies.h"

#include "appliance/core/log.h"
#include "sync/carrier/backoff.h"

#include <algorithm>
#include <utility>

namespace amt::carrier {

Replies::Replies(ReplyTimes times, NodeDoor& node, portal::PortalLink& portal, EventLoop& loop,
                 RandomSource& random, Ended ended)
    : _times(times), _node(node), _portal(portal), _loop(loop), _random(random),
      _ended(std::move(ended))
{}

template <typename Work>
auto Replies::guarded(Work work)
{
    return [weak = weak_from_this(), work = std::move(work)](const auto& answer) {
        if (const auto self = weak.lock())
            work(*self, answer);
    };
}

void Replies::consider(const std::vector<ReplyAnswer>& answers)
{
    const Milliseconds now = _loop.sinceBoot();
    const bool isNews = _failures == 0 && !answers.empty();
    if (_running || now < _unknownUntil || (!isNews && now < _next))
        return;
    _running = true;
    _answers.assign(answers.rbegin(), answers.rend());
    answerNext();
}

void Replies::portalIsBack()
{
    _next = _loop.sinceBoot();
}

template <typename Good>
bool Replies::endedBy(const portal::Answer<Good>& answer)
{
    if (std::holds_alternative<portal::Unknown>(answer))
        end(End::PortalSilent);
    else if (std::holds_alternative<portal::Unauthorised>(answer))
        end(End::NotAuthorised);
    else
        return false;
    return true;
}

void Replies::answerNext()
{
    if (_answers.empty())
        return look();
    ReplyAnswer answer = std::move(_answers.back());
    _answers.pop_back();
    _portal.answerReply(
        answer.replyId, answer.verdict, std::move(answer.body),
        guarded([id = answer.replyId](Replies& self, const portal::Answer<portal::Done>& heard) {
            if (self.endedBy(heard))
                return;
            const auto* refused = std::get_if<portal::Refused>(&heard);
            // 404 and 409: the service is past that. Any other no is final as well, and the node
            // notes it.
            self._node.replyTold(id, refused ? refused->status : 204,
                                 self.guarded([](Replies& carrier, Taken taken) {
                                     taken == Taken::Yes ? carrier.answerNext()
                                                         : carrier.end(End::Broken);
                                 }));
        }));
}

void Replies::look()
{
    _portal.replies(
        guarded([](Replies& self, const portal::Answer<std::vector<portal::ReplyIds>>& answer) {
            if (self.endedBy(answer))
                return;
            if (std::holds_alternative<portal::Refused>(answer)) { // a service without replies
                self._unknownUntil = self._loop.sinceBoot() + self._times.unknownAddress;
                log::warning("carrier.no_replies");
                return self.end(End::Whole);
            }
            std::vector<std::string> ids;
            for (const auto& each : std::get<std::vector<portal::ReplyIds>>(answer))
                ids.push_back(each.replyId);
            if (ids.empty())
                return self.end(End::Whole);
            self._node.wantedReplies(
                ids, self.guarded([](Replies& carrier,
                                     const std::optional<std::vector<std::string>>& wanted) {
                    if (!wanted)
                        return carrier.end(End::Broken);
                    carrier._wanted.assign(wanted->rbegin(), wanted->rend());
                    // One that is too much for the line does not stand before the others again.
                    const auto stumbled = std::find(carrier._wanted.begin(), carrier._wanted.end(),
                                                    carrier._stumbled);
                    if (stumbled != carrier._wanted.end())
                        std::rotate(carrier._wanted.begin(), stumbled, std::next(stumbled));
                    carrier.fetchNext();
                }));
        }));
}

void Replies::fetchNext()
{
    if (_wanted.empty())
        return end(std::exchange(_undecided, false) ? End::Broken : End::Whole);
    const std::string id = std::move(_wanted.back());
    _wanted.pop_back();
    _portal.fetchReply(
        id, guarded([id](Replies& self, const portal::Answer<portal::ReplyBody>& answer) {
            if (self.endedBy(answer))
                return;
            if (std::holds_alternative<portal::Refused>(answer)) // gone meanwhile
                return self.fetchNext();
            self._reply = std::get<portal::ReplyBody>(answer);
            self.carryPart("metadata", std::exchange(self._reply.parts.metadata, {}), [&self] {
                self.carryPart("data", std::exchange(self._reply.parts.data, {}),
                               [&self] { self.carryAttachments(0); });
            });
        }));
}

/// `then` runs only while this lives.
void Replies::carryPart(const std::string& part, std::string jwe, std::function<void()> then)
{
    _node.replyPart(_reply.replyId, part, std::move(jwe),
                    guarded([then = std::move(then)](Replies& self, Taken taken) {
                        taken == Taken::Yes ? then() : self.end(End::Broken);
                    }));
}

void Replies::carryAttachments(std::size_t index)
{
    if (index == _reply.attachmentIds.size())
        return finish();
    const std::string id = _reply.attachmentIds[index];
    _portal.replyAttachment(
        _reply.replyId, id,
        guarded([id, index](Replies& self, const portal::Answer<std::string>& answer) {
            if (self.endedBy(answer))
                return;
            if (std::holds_alternative<portal::Refused>(answer)) // the node sees what is missing
                return self.carryAttachments(index + 1);
            self.carryPart(id, std::get<std::string>(answer),
                           [&self, index] { self.carryAttachments(index + 1); });
        }));
}

void Replies::finish()
{
    _portal.replyEvents(
        _reply.replyId,
        guarded([](Replies& self, const portal::Answer<std::vector<std::string>>& answer) {
            if (self.endedBy(answer))
                return;
            if (std::holds_alternative<portal::Refused>(answer))
                return self.fetchNext();
            self._node.replyWhole(
                self._reply, std::get<std::vector<std::string>>(answer),
                self.guarded([](Replies& carrier, const std::optional<std::string>& state) {
                    if (!state)
                        return carrier.end(End::Broken);
                    log::info("carrier.reply",
                              {{"reply", carrier._reply.replyId}, {"state", *state}});
                    // Not to be judged yet: it comes again, and not at once.
                    carrier._undecided = carrier._undecided || *state == "ARRIVING";
                    carrier.fetchNext();
                }));
        }));
}

void Replies::end(End how)
{
    _running = false;
    if (how != End::Whole && !_reply.replyId.empty())
        _stumbled = _reply.replyId;
    _answers.clear();
    _wanted.clear();
    _reply = {};
    _failures = how == End::Whole ? 0 : _failures + 1;
    _next = _loop.sinceBoot() + pauseAfter(_failures, _times.every, _times.most, _random);
    _ended(how);
}

} // namespace amt::carrier
