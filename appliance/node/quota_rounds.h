// SPDX-License-Identifier: EUPL-1.2
//
// The node's end of the rounds between it and the portal that owns its calendar: what amt-sync is
// given to say, what it brings back, and the time that counts for leased cells.
#pragma once

#include "appliance/office/calendar/booking_plan.h"
#include "appliance/office/calendar/portal_bookings.h"
#include "appliance/office/calendar/portal_times.h"
#include "appliance/office/calendar/quota.h"

#include <cstdint>
#include <optional>
#include <string>

namespace amt::node {

class House;

/// Only where cells are leased (NodeSettings::portalCalendar).
class QuotaRounds {
public:
    /// Before this start has written into the journal, whose newest record is a witness of time.
    explicit QuotaRounds(House& house);

    /// At start, when the calendar has taken up its rules. Throws ConfigurationInvalid: people have
    /// appointments here of which a portal would know nothing.
    void takeUp();
    /// The same the other way round, for a node that sells everything itself: throws
    /// ConfigurationInvalid while cells of a portal are here.
    static void refuseLeftOvers(store::Database& database, UtcTime now);

    /// What amt-sync is to do next in the round: say a message, or nothing more.
    struct Turn {
        std::int64_t round = 0, step = 0;
        std::optional<office::QuotaMessage> message;
        bool whole = false;    ///< at the end: everything was said and heard
        std::int64_t news = 0; ///< then: newest record that the portal has heard of
    };
    Turn begin();
    /// How the portal answered the message of this turn; asked again for the turn before, it says
    /// the same again. Throws StepOutOfOrder (another round has begun) and what Quota::heard
    /// throws: then this round is over.
    Turn heard(std::int64_t round, std::int64_t step, int status, const std::string& problemType,
               const std::string& body);
    /// A number that rises with each record of the calendar and each wish: then a round is due.
    std::int64_t news() const { return _quota->newest() + bookings.made() + _looks; }

    // --- what the portal gives itself
    office::PortalBookings bookings;
    /// Whether the portal answers now: then it is asked for times that are not leased to this node.
    bool isReached() const;
    const office::PortalTimes& times() const { return _times; }
    /// Somebody is about to choose: what is free at the portal is asked for anew, unless it is
    /// quite new.
    void lookAgain();

    /// As amt-sync reports the service's clock.
    void portalSaid(UtcTime portal);
    void clerkConfirmed();
    /// Of the calendar (appointments-escrow.md 3): it never steps back.
    UtcTime now() const;
    /// A clerk has to confirm the date before anything is sold.
    bool needsClerk() const;

    struct Standing {
        bool fenced = false; ///< the portal has closed this life: nothing is sold any more
        int owned = 0;       ///< cells that can be sold
        std::optional<std::int64_t> unreported = {}; ///< records; nothing: no contact since start
        std::optional<UtcTime> heard = {};           ///< end of the last whole round
    };
    Standing standing() const;
    /// Quota::pruneBefore
    UtcTime pruneBefore(UtcTime before) const { return _quota->pruneBefore(before, now()); }

private:
    Turn say();
    void hear(const std::string& body);
    void answered(std::string_view path);
    static int longestRun(const office::BookingPlan& plan);

    House& _house;
    mutable office::NodeTime _time; ///< to look at it moves it on
    std::optional<office::Quota> _quota;

    std::int64_t _round = 0;
    Turn _turn;
    office::PortalTimes _times;
    std::int64_t _looks = 0;               ///< that were wanted by lookAgain
    std::optional<Milliseconds> _lookedAt; ///< since boot
    bool _gaveBack = false;                ///< in this round
    bool _asks = false;                    ///< WANT and CALENDAR are part of this round
    std::int64_t _newsAtStart = 0;
    std::optional<std::int64_t> _wantedFor; ///< news when the portal heard last what is wanted
    std::optional<Milliseconds> _askedAt;   ///< since boot
    std::optional<std::int64_t> _wanted;    ///< record that the portal asked for last
    std::optional<UtcTime> _heard;
};

} // namespace amt::node
