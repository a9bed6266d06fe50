// SPDX-License-Identifier: EUPL-1.2
//
// Rounds: what the node has to send, when each envelope may go again, and whether the portal can be
// reached at all.
#include "sync/carrier/carrier.h"

#include "appliance/core/log.h"
#include "sync/carrier/node_door.h"
#include "sync/carrier/trip.h"

#include <algorithm>
#include <map>
#include <set>

namespace amt::carrier {

class Carrier::Impl : public std::enable_shared_from_this<Carrier::Impl> {
public:
    Impl(CarrierSettings settings, HttpExchange& node, portal::PortalLink& portal, EventLoop& loop,
         RandomSource& random, SignIns* signIns, Payments* payments)
        : _settings(settings), _node(node), _portal(portal), _loop(loop), _random(random),
          _signIns(signIns), _payments(payments)
    {}

    void start() { begin(); }
    void stop()
    {
        _loop.cancel(_timer);
        _timer = 0;
    }

private:
    /// Unknown until the first answer; Closed: no rights (401, 403).
    enum class Gate { Unknown, Open, Silent, Closed };

    /// When something may be tried again.
    struct Turn {
        bool busy = false;
        int attempts = 0;
        Milliseconds next{0};
    };
    struct DestinationState {
        int failures = 0; ///< in a row
        Milliseconds next{0};
        Turn refresh;
    };

    Milliseconds now() const { return _loop.sinceBoot(); }

    /// A task or answer that finds the carrier alive, or does nothing.
    template <typename Work>
    auto guarded(Work work)
    {
        return [weak = weak_from_this(), work = std::move(work)](auto&&... values) mutable {
            if (const auto self = weak.lock())
                work(*self, std::forward<decltype(values)>(values)...);
        };
    }

    // --- the clock ------------------------------------------------------------------------------

    void begin()
    {
        _rounds = std::make_shared<Rounds>(
            _settings.rounds, _node, _portal, _loop, _random,
            guarded([](Impl& self, Rounds::End how) { self.roundEnded(how); }));
        _replies = std::make_shared<Replies>(
            _settings.replies, _node, _portal, _loop, _random,
            guarded([](Impl& self, Replies::End how) { self.roundEnded(how); }));
        tick();
    }

    void tick()
    {
        _timer = _loop.after(_settings.askNodeEvery, guarded([](Impl& self) { self.tick(); }));
        if (_gate == Gate::Closed && now() >= _gateNext)
            _gate = Gate::Open; // one more try; whoever is refused closes it again
        const bool due = _gate == Gate::Open ? now() >= _lastContact + _settings.probeWhenQuiet ||
                                                   now() >= _keysNext
                                             : now() >= _gateNext;
        if (due && _gate != Gate::Closed)
            probe();
        if (_gate != Gate::Unknown && now() >= _lastReport + _settings.reportEvery)
            report();
        ask();
    }

    // --- is the portal there? -------------------------------------------------------------------

    /// What hangs on the answer: whoever got no answer learns whether it was alone with that.
    using Attribution = std::function<void(bool portalIsThere)>;

    /// The service's key set is the cheapest question that needs no rights.
    void probe(Attribution then = nullptr)
    {
        if (then)
            _attributions.push_back(std::move(then));
        if (std::exchange(_probing, true))
            return;
        _portal.serviceKeys(guarded([](Impl& self, const portal::Answer<std::string>& answer) {
            self._probing = false;
            if (const auto* unknown = std::get_if<portal::Unknown>(&answer))
                return self.portalSilent(unknown->retryAfter);
            if (std::holds_alternative<portal::Unauthorised>(answer))
                self.portalClosed();
            else
                self.portalThere();
            self.settle(true);
            if (const auto* keys = std::get_if<std::string>(&answer))
                self.handOverKeys(*keys);
        }));
    }

    void settle(bool portalIsThere)
    {
        for (const auto& each : std::exchange(_attributions, {}))
            each(portalIsThere);
    }

    void portalThere()
    {
        _lastContact = now();
        _probes = 0;
        if (_gate == Gate::Open || _gate == Gate::Closed)
            return;
        _gate = Gate::Open;
        _rounds->portalIsBack();
        _replies->portalIsBack();
        log::info("carrier.portal_there");
        report();
        askSoon();
    }

    void portalSilent(std::optional<std::chrono::seconds> retryAfter)
    {
        _gateNext =
            now() + std::max(delayBefore(_probes++, _settings.probe, _random), limited(retryAfter));
        if (_gate != Gate::Silent) {
            _gate = Gate::Silent;
            log::warning("carrier.portal_silent");
            report();
        }
        settle(false);
    }

    void portalClosed()
    {
        _lastContact = now();
        _gateNext = now() + delayBefore(_rejections++, _settings.retry, _random);
        if (_gate == Gate::Closed)
            return;
        _gate = Gate::Closed;
        log::error("carrier.not_authorised");
        report();
    }

    Milliseconds limited(std::optional<std::chrono::seconds> retryAfter) const
    {
        return std::min(retryAfter.value_or(std::chrono::seconds(0)), _settings.retryAfterMax);
    }

    void report()
    {
        _lastReport = now();
        _node.status({_gate == Gate::Open, _gate == Gate::Closed, _portal.serviceTime()},
                     [](Taken) {});
    }

    // --- what is there to do? -------------------------------------------------------------------

    /// Never from within the sharing out of a list, which would then go on with an old one.
    void askSoon()
    {
        if (std::exchange(_askPosted, true))
            return;
        _loop.post(guarded([](Impl& self) {
            self._askPosted = false;
            self.ask();
        }));
    }

    void ask()
    {
        if (_asking) {
            _askAgain = true;
            return;
        }
        _asking = true;
        _endedMeanwhile.clear();
        _node.work(guarded([](Impl& self, const std::optional<Work>& work) {
            self._asking = false;
            if (work && std::exchange(self._nodeGone, false) && self._gate != Gate::Unknown)
                self.report(); // it may have started anew and not know
            if (work && work->signIns && self._signIns)
                self._signIns->carry();
            if (work && self._payments)
                self._payments->consider(work->payments);
            if (!work)
                self._nodeGone = true;
            else if (self._gate == Gate::Open)
                self.share(*work);
            if (std::exchange(self._askAgain, false))
                self.ask();
        }));
    }

    void share(const Work& work)
    {
        forgetOthers(work);
        for (const auto& id : work.destinations)
            refresh(id);
        if (work.head)
            tellHead(*work.head);
        if (work.quotaNews)
            _rounds->consider(*work.quotaNews);
        _replies->consider(work.answers);
        _keysWanted = work.serviceKeys;
        if (_keysWanted && now() >= _keysHanded + _settings.probeWhenQuiet)
            probe();
        for (const auto& envelope : work.envelopes) {
            if (_uploads >= _settings.uploadsMax || _gate != Gate::Open)
                break;
            const auto& destination = _destinations[envelope.destinationId];
            const bool paused = destination.failures >= _settings.destinationFailuresMax;
            if (mayGo(envelope) && (!paused || now() >= destination.next))
                set(envelope, Direction::There);
        }
        for (const auto& envelope : work.awaiting) {
            if (_looks >= _settings.looksMax || _gate != Gate::Open)
                break;
            if (envelope.announced && mayGo(envelope))
                set(envelope, Direction::Back);
        }
    }

    /// The list may be older than the end of a trip.
    bool mayGo(const Envelope& envelope)
    {
        const auto& turn = _turns[envelope.id];
        return !turn.busy && now() >= turn.next && !_endedMeanwhile.contains(envelope.id);
    }

    void forgetOthers(const Work& work)
    {
        std::set<std::string> listed;
        for (const auto* list : {&work.envelopes, &work.awaiting}) {
            for (const auto& envelope : *list)
                listed.insert(envelope.id);
        }
        std::erase_if(_turns, [&](const auto& entry) {
            return !entry.second.busy && !listed.contains(entry.first);
        });
    }

    // --- trips ----------------------------------------------------------------------------------

    enum class Direction { There, Back };

    void set(const Envelope& envelope, Direction direction)
    {
        auto& turn = _turns[envelope.id];
        turn.busy = true;
        ++(direction == Direction::There ? _uploads : _looks);
        auto& destination = _destinations[envelope.destinationId];
        if (direction == Direction::There &&
            destination.failures >= _settings.destinationFailuresMax)
            destination.next = now() + _settings.destinationPause;
        const auto trip = std::make_shared<Trip>(
            _node, _portal, envelope,
            guarded([id = envelope.id, to = envelope.destinationId, direction](
                        Impl& self, const TripEnd& end) { self.ended(id, to, direction, end); }));
        _trips[envelope.id] = trip;
        direction == Direction::There ? trip->carry() : trip->look();
    }

    void ended(const std::string& id, const std::string& destinationId, Direction direction,
               const TripEnd& end)
    {
        --(direction == Direction::There ? _uploads : _looks);
        _trips.erase(id);
        if (const auto* silent = std::get_if<PortalSilent>(&end)) {
            // It stays busy until it is known whether the portal is silent to everyone.
            return probe([this, id, destinationId,
                          retryAfter = silent->retryAfter](bool portalIsThere) {
                auto& turn = release(id);
                if (!portalIsThere)
                    return; // it goes as soon as the portal is back
                ++_destinations[destinationId].failures;
                turn.next = now() + std::max(delayBefore(++turn.attempts, _settings.retry, _random),
                                             limited(retryAfter));
            });
        }
        auto& turn = release(id);
        if (std::holds_alternative<NotAuthorised>(end))
            return portalClosed();
        if (std::holds_alternative<NodeGone>(end)) {
            turn.next = now() + delayBefore(turn.attempts++, _settings.retry, _random);
            return;
        }
        portalThere();
        _rejections = 0;
        _destinations[destinationId].failures = 0;
        if (std::holds_alternative<NothingNew>(end)) {
            turn.next = now() + delayBefore(turn.attempts++, _settings.look, _random);
        } else {
            turn.attempts = 0;
            turn.next = now();
        }
        askSoon();
    }

    Turn& release(const std::string& id)
    {
        _endedMeanwhile.insert(id);
        auto& turn = _turns[id];
        turn.busy = false;
        return turn;
    }

    // --- rounds of the quota protocol, and of replies -------------------------------------------

    template <typename How>
    void roundEnded(How how)
    {
        switch (how) {
        case How::Whole:
            return portalThere();
        case How::Broken:
            return;
        case How::PortalSilent: // to all, or to this message only?
            return probe();
        case How::NotAuthorised:
            return portalClosed();
        }
    }

    // --- the journal's head ---------------------------------------------------------------------

    /// In every round that has a new one; the service says whether it follows from what it knows.
    void tellHead(portal::HeadBody head)
    {
        const bool news =
            !_head || _head->incarnation != head.incarnation || !(_head->head == head.head);
        if (_tellingHead || now() < _headNext || (!news && now() < _headAgain))
            return;
        _tellingHead = true;
        if (_head && _head->incarnation == head.incarnation && _headTaken)
            head.known = _head->head;
        sendHead(head);
    }

    void sendHead(const portal::HeadBody& head)
    {
        _portal.tellHead(head,
                         guarded([head](Impl& self, const portal::Answer<portal::Done>& answer) {
                             self.headHeard(head, answer);
                         }));
    }

    void headHeard(const portal::HeadBody& head, const portal::Answer<portal::Done>& answer)
    {
        const auto* refused = std::get_if<portal::Refused>(&answer);
        if (refused && refused->problemType == "journal-head-unlinked" && !_linkingHead)
            return linkHead(head);
        _linkingHead = false;
        _tellingHead = false;
        _headNext = now() + _settings.headEvery;
        _headAgain = now() + _settings.headAgain;
        const bool taken = std::holds_alternative<portal::Done>(answer);
        if (std::holds_alternative<portal::Unauthorised>(answer))
            portalClosed();
        if (refused && !refused->problemType.starts_with("journal-head-")) {
            _headNext = now() + _settings.refreshKeysEvery; // a service that does not ask for it
            return;
        }
        if (!taken && !refused)
            return; // unknown: the next round tells it again
        _head = head;
        _headTaken = taken;
        const std::string verdict =
            taken ? "taken" : refused->problemType.substr(std::string("journal-head-").size());
        if (!taken)
            log::error("carrier.head_refused", {{"verdict", verdict}});
        if (!taken || std::exchange(_headVerdict, verdict) != verdict)
            _node.headVerdict(verdict, [](Taken) {});
        _headVerdict = verdict;
    }

    /// An answer was lost, or we have started anew: what the service knows is looked up at the
    /// node.
    void linkHead(const portal::HeadBody& head)
    {
        _linkingHead = true;
        _portal.knownHead(guarded([head](Impl& self,
                                         const portal::Answer<portal::HeadBody>& answer) {
            const auto* known = std::get_if<portal::HeadBody>(&answer);
            if (!known)
                return self.headHeard(head, portal::Unknown{});
            self._node.mark(
                known->head.number,
                self.guarded([head](Impl& carrier, const std::optional<portal::JournalMark>& mark) {
                    if (!mark)
                        return carrier.headHeard(head, portal::Unknown{});
                    auto linked = head;
                    linked.known = mark;
                    carrier.sendHead(linked);
                }));
        }));
    }

    // --- keys -----------------------------------------------------------------------------------

    void handOverKeys(const std::string& keys)
    {
        const bool wanted = _keysWanted && now() >= _keysHanded + _settings.probeWhenQuiet;
        if (!wanted && now() < _keysNext)
            return;
        _keysHanded = now();
        _keysNext = now() + _settings.refreshKeysEvery;
        _node.serviceKeys(keys, guarded([](Impl& self, Taken taken) {
                              if (taken == Taken::No)
                                  self._keysNext = self.now() + self._settings.probeWhenQuiet;
                          }));
    }

    void refresh(const std::string& destinationId)
    {
        auto& turn = _destinations[destinationId].refresh;
        if (turn.busy || now() < turn.next)
            return;
        turn.busy = true;
        _portal.destination(
            destinationId,
            guarded(
                [destinationId](Impl& self, const portal::Answer<portal::DestinationInfo>& answer) {
                    if (const auto* info = std::get_if<portal::DestinationInfo>(&answer))
                        return self.refreshKey(destinationId, *info);
                    if (std::holds_alternative<portal::Unauthorised>(answer))
                        self.portalClosed();
                    self.refreshed(destinationId, Taken::No);
                }));
    }

    void refreshKey(const std::string& destinationId, const portal::DestinationInfo& info)
    {
        _portal.destinationKey(destinationId, info.encryptionKid,
                               guarded([destinationId, document = info.document](
                                           Impl& self, const portal::Answer<std::string>& answer) {
                                   const auto* key = std::get_if<std::string>(&answer);
                                   if (!key)
                                       return self.refreshed(destinationId, Taken::No);
                                   self._node.destination(
                                       destinationId, document, *key,
                                       self.guarded([destinationId](Impl& carrier, Taken taken) {
                                           carrier.refreshed(destinationId, taken);
                                       }));
                               }));
    }

    void refreshed(const std::string& destinationId, Taken taken)
    {
        auto& turn = _destinations[destinationId].refresh;
        turn.busy = false;
        if (taken == Taken::Yes) {
            turn.attempts = 0;
            turn.next = now() + _settings.refreshKeysEvery;
        } else {
            turn.next = now() + delayBefore(++turn.attempts, _settings.retry, _random);
        }
    }

    CarrierSettings _settings;
    NodeDoor _node;
    portal::PortalLink& _portal;
    EventLoop& _loop;
    RandomSource& _random;
    SignIns* _signIns;
    Payments* _payments;

    TimerId _timer = 0;
    Gate _gate = Gate::Unknown;
    Milliseconds _gateNext{0};
    int _probes = 0;     ///< in a row without an answer
    int _rejections = 0; ///< of our credentials, in a row
    bool _probing = false;
    std::vector<Attribution> _attributions;
    Milliseconds _lastContact{0};
    Milliseconds _lastReport{0};

    bool _nodeGone = false;
    bool _askPosted = false;
    bool _asking = false;
    bool _askAgain = false;
    std::set<std::string> _endedMeanwhile; ///< since the list of work was asked for
    std::map<std::string, Turn> _turns;    ///< by envelope
    std::map<std::string, std::shared_ptr<Trip>>
        _trips; ///< under way; shared with the answer that moves it
    std::map<std::string, DestinationState> _destinations;
    int _uploads = 0;
    int _looks = 0;

    std::optional<portal::HeadBody> _head; ///< that the service has judged
    bool _headTaken = false;
    bool _tellingHead = false;
    bool _linkingHead = false;
    std::string _headVerdict;
    Milliseconds _headNext{0};
    Milliseconds _headAgain{0};

    std::shared_ptr<Rounds> _rounds;   // shared with the answers under way
    std::shared_ptr<Replies> _replies; // the same

    bool _keysWanted = false;
    Milliseconds _keysNext{0};
    Milliseconds _keysHanded{std::chrono::hours(-24)};
};

Carrier::Carrier(CarrierSettings settings, HttpExchange& node, portal::PortalLink& portal,
                 EventLoop& loop, RandomSource& random, SignIns* signIns, Payments* payments)
    : _impl(std::make_shared<Impl>(settings, node, portal, loop, random, signIns, payments))
{}

Carrier::~Carrier()
{
    _impl->stop();
}

void Carrier::start()
{
    _impl->start();
}

} // namespace amt::carrier
