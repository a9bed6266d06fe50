// SPDX-License-Identifier: EUPL-1.2
//
// One envelope on its way: announce, parts, submit, events, with the rules for lost answers
// (facts/portal.md 1.5).
#pragma once

#include "sync/carrier/node_door.h"
#include "sync/portal/portal_link.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace amt::carrier {

/// How a trip ended. The envelope's state is the node's; this says only when to go again.
struct Settled {};    ///< the node took a step forward, or a person must look
struct StartAnew {};  ///< the announcement was given up: announce again
struct NothingNew {}; ///< the event log says nothing yet
struct NodeGone {};   ///< the node did not answer, or not as agreed
struct PortalSilent { ///< unknown whether it was done
    std::optional<std::chrono::seconds> retryAfter;
};
struct NotAuthorised {};
using TripEnd = std::variant<Settled, StartAnew, NothingNew, NodeGone, PortalSilent, NotAuthorised>;

class Trip : public std::enable_shared_from_this<Trip> {
public:
    /// `done` runs once. The doors must outlive the trip; answers that come after it find it gone.
    Trip(NodeDoor& node, portal::PortalLink& portal, Envelope envelope,
         std::function<void(TripEnd)> done);

    /// For an envelope that was not handed over yet.
    void carry();
    /// For one that was: what does the destination say?
    void look();

    const Envelope& envelope() const { return _envelope; }

private:
    void end(TripEnd end);
    void announce();
    void accept(const portal::Announced& announced);
    void readEvents();
    void eventsRefused(const portal::Refused& refusal);
    void handOverEvents(const std::vector<std::string>& tokens);
    void afterEvents(const Progress& progress);
    void sendAttachment(std::size_t index);
    void sendSubmission();
    void submit(const std::string& metadata, const std::string& data);
    void refuse(const std::string& step, const portal::Refused& refusal);
    void partRefused(const std::string& step, const portal::Refused& refusal);
    void giveUpAnnouncement();
    /// `work` with the trip and the answer, if the trip is still there.
    template <typename Work>
    auto guarded(Work work);
    /// The portal's answer when it is not the good one.
    template <typename Good>
    bool endedBy(const portal::Answer<Good>& answer);

    enum class Way { Carry, Look };

    NodeDoor& _node;
    portal::PortalLink& _portal;
    Envelope _envelope;
    std::function<void(TripEnd)> _done;
    Way _way = Way::Carry;
    bool _moved = false;     ///< the node took new events
    bool _submitted = false; ///< answered 2xx in this trip
    bool _unknownThere = false;
    struct Conflict {
        std::string step;
        portal::Refused refusal;
    };
    std::optional<Conflict> _conflict;
};

} // namespace amt::carrier
