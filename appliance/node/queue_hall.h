// SPDX-License-Identifier: EUPL-1.2
//
// The waiting hall: the queue's rooms together, estimates, and what displays, desks and the kiosk
// hear of it.
#pragma once

#include "appliance/office/queue/board.h"
#include "appliance/office/queue/queue.h"
#include "appliance/office/queue/waiting_time.h"
#include "kiosk/page/page.h"

#include <optional>
#include <string>

namespace amt::node {

class House;

class QueueHall {
public:
    explicit QueueHall(House& house);

    /// Takes over queue.json of the municipality's folder, where nobody planned anything at a desk
    /// yet. Throws ConfigurationInvalid, naming the file.
    void takeUp();
    /// The town calls people by numbers.
    bool isOffered() const;

    /// Newest estimate, at most ten seconds old: of a newcomer, by group; of a ticket that waits.
    std::optional<page::Wait> waitOf(const std::string& group);
    std::optional<page::Wait> waitOfTicket(const std::string& id);
    /// How many are called before this ticket, as it stands.
    int before(const office::Ticket& ticket);
    page::Hall hall();
    page::DisplayPage board();

    /// The newest state to all that show the hall: something was committed, or somebody joined.
    void publish();

    void everyMinute();
    void everyNight();

    office::QueuePlans plans;
    office::Queue queue;

    static constexpr auto topic = "hall";

private:
    const office::WaitingTimes& estimates();

    House& _house;
    office::DurationsSeen _durations;
    office::WaitingTimes _estimates;
    std::int64_t _estimatedFor = -1; ///< sequence of the queue
    Milliseconds _estimatedAt{0};
};

} // namespace amt::node
