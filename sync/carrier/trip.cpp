// SPDX-License-Identifier: EUPL-1.2
//
// The steps of a trip.
#include "sync/carrier/trip.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

namespace amt::carrier {
namespace {

constexpr std::size_t fullPage = 100; ///< so many events at once: there may be more
constexpr int notFound = 404;
constexpr int conflict = 409;

} // namespace

Trip::Trip(NodeDoor& node, portal::PortalLink& portal, Envelope envelope,
           std::function<void(TripEnd)> done)
    : _node(node), _portal(portal), _envelope(std::move(envelope)), _done(std::move(done))
{}

template <typename Work>
auto Trip::guarded(Work work)
{
    return [weak = weak_from_this(), work = std::move(work)](const auto& answer) {
        if (const auto self = weak.lock())
            work(*self, answer);
    };
}

void Trip::carry()
{
    // Announced before: the answer of any later step may be lost, so the event log comes first.
    if (_envelope.announced)
        readEvents();
    else
        announce();
}

void Trip::look()
{
    AMT_ASSERT(_envelope.announced.has_value());
    _way = Way::Look;
    readEvents();
}

void Trip::end(TripEnd end)
{
    if (auto done = std::exchange(_done, nullptr))
        done(end);
}

template <typename Good>
bool Trip::endedBy(const portal::Answer<Good>& answer)
{
    if (const auto* unknown = std::get_if<portal::Unknown>(&answer)) {
        end(PortalSilent{unknown->retryAfter});
        return true;
    }
    if (std::holds_alternative<portal::Unauthorised>(answer)) {
        end(NotAuthorised{});
        return true;
    }
    return false;
}

void Trip::announce()
{
    _portal.announce({.envelopeId = _envelope.id,
                      .destinationId = _envelope.destinationId,
                      .serviceKey = _envelope.serviceKey,
                      .serviceName = _envelope.serviceName,
                      .regionKey = _envelope.regionKey,
                      .attachmentIds = _envelope.attachments},
                     guarded([](Trip& self, const portal::Answer<portal::Announced>& answer) {
                         if (self.endedBy(answer))
                             return;
                         if (const auto* refusal = std::get_if<portal::Refused>(&answer))
                             return self.refuse("announce", *refusal);
                         self.accept(std::get<portal::Announced>(answer));
                     }));
}

/// The ids are journaled by the node before they are used.
void Trip::accept(const portal::Announced& announced)
{
    _node.announced(_envelope.id, announced,
                    guarded([announced](Trip& self, const std::optional<Standing>& answer) {
                        if (!answer)
                            return self.end(NodeGone{});
                        self._envelope.eventsSeen = 0;
                        if (const Standing& standing = *answer) {
                            // announced before us; this one is an orphan that dies by itself
                            self._envelope.announced = standing;
                            return self.readEvents();
                        }
                        self._envelope.announced = announced;
                        self.sendAttachment(0);
                    }));
}

void Trip::readEvents()
{
    _portal.events(_envelope.announced->caseId, _envelope.eventsSeen,
                   guarded([](Trip& self, const portal::Answer<std::vector<std::string>>& answer) {
                       if (self.endedBy(answer))
                           return;
                       if (const auto* refusal = std::get_if<portal::Refused>(&answer))
                           return self.eventsRefused(*refusal);
                       self.handOverEvents(std::get<std::vector<std::string>>(answer));
                   }));
}

void Trip::eventsRefused(const portal::Refused& refusal)
{
    if (refusal.status == notFound && _way == Way::Carry)
        return giveUpAnnouncement();
    log::warning("carrier.events_refused",
                 {{"envelope", _envelope.id}, {"status", std::to_string(refusal.status)}});
    end(NothingNew{});
}

void Trip::handOverEvents(const std::vector<std::string>& tokens)
{
    _node.events(
        _envelope.id, _envelope.eventsSeen, tokens,
        guarded([count = tokens.size()](Trip& self, const std::optional<Progress>& progress) {
            if (!progress)
                return self.end(NodeGone{});
            const bool advanced = progress->eventsSeen > self._envelope.eventsSeen;
            self._moved = self._moved || advanced;
            self._envelope.eventsSeen = progress->eventsSeen;
            const bool open = progress->state == "SEALED" || progress->state == "STORED";
            if (open && advanced && count >= fullPage)
                return self.readEvents();
            self.afterEvents(*progress);
        }));
}

void Trip::afterEvents(const Progress& progress)
{
    if (_way == Way::Look)
        return _moved ? end(Settled{}) : end(NothingNew{});
    if (progress.state != "SEALED")
        return end(Settled{});
    if (_unknownThere)
        return giveUpAnnouncement();
    if (_conflict)
        return refuse(_conflict->step, _conflict->refusal);
    if (_submitted) // taken, and its event comes later
        return end(NothingNew{});
    sendAttachment(0);
}

void Trip::giveUpAnnouncement()
{
    _node.lost(_envelope.id, _envelope.announced->submissionId,
               guarded([](Trip& self, Taken taken) {
                   taken == Taken::Yes ? self.end(StartAnew{}) : self.end(NodeGone{});
               }));
}

void Trip::sendAttachment(std::size_t index)
{
    if (index == _envelope.attachments.size())
        return sendSubmission();
    const std::string id = _envelope.attachments[index];
    _node.part(
        _envelope, id, guarded([index, id](Trip& self, const std::optional<std::string>& jwe) {
            if (!jwe)
                return self.end(NodeGone{});
            self._portal.putAttachment(
                self._envelope.announced->submissionId, id, *jwe,
                self.guarded([index](Trip& trip, const portal::Answer<portal::Done>& answer) {
                    if (trip.endedBy(answer))
                        return;
                    if (const auto* refusal = std::get_if<portal::Refused>(&answer))
                        return trip.partRefused("attachment", *refusal);
                    trip.sendAttachment(index + 1);
                }));
        }));
}

void Trip::sendSubmission()
{
    _node.part(_envelope, "metadata",
               guarded([](Trip& self, const std::optional<std::string>& metadata) {
                   if (!metadata)
                       return self.end(NodeGone{});
                   self._node.part(
                       self._envelope, "data",
                       self.guarded([metadata](Trip& trip, const std::optional<std::string>& data) {
                           if (!data)
                               return trip.end(NodeGone{});
                           trip.submit(*metadata, *data);
                       }));
               }));
}

void Trip::submit(const std::string& metadata, const std::string& data)
{
    _portal.submit(_envelope.announced->submissionId, metadata, data,
                   guarded([](Trip& self, const portal::Answer<portal::Done>& answer) {
                       if (self.endedBy(answer))
                           return;
                       if (const auto* refusal = std::get_if<portal::Refused>(&answer))
                           return self.partRefused("submit", *refusal);
                       self._submitted = true;
                       self.readEvents();
                   }));
}

/// The service may know more than we do: a submission that arrived late is gone or in conflict. Its
/// event log decides.
void Trip::partRefused(const std::string& step, const portal::Refused& refusal)
{
    if (refusal.status == notFound) {
        _unknownThere = true;
        return readEvents();
    }
    if (refusal.status == conflict) {
        _conflict = Conflict{step, refusal};
        return readEvents();
    }
    refuse(step, refusal);
}

void Trip::refuse(const std::string& step, const portal::Refused& refusal)
{
    log::error(
        "carrier.refused",
        {{"envelope", _envelope.id}, {"step", step}, {"status", std::to_string(refusal.status)}});
    _node.refused(_envelope.id, step, refusal, guarded([](Trip& self, Taken taken) {
                      taken == Taken::Yes ? self.end(Settled{}) : self.end(NodeGone{});
                  }));
}

} // namespace amt::carrier
