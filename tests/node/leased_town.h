// SPDX-License-Identifier: EUPL-1.2
//
// A town hall whose calendar a portal owns, with the real carrier and the real gateway.
#pragma once

#include "appliance/office/calendar/appointments.h"
#include "sync/gateway/quota.h"
#include "tests/node/whole_way.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace amt::test {

namespace quota = office::quota;
using namespace std::chrono_literals;

inline const std::string scope = "rathaus"; // of config/municipality/calendar.json

/// A town whose calendar is the portal's. Appointments are made by rooms of the office beside the
/// node's own, on the same database: pages come from elsewhere.
struct LeasedTown {
    LeasedTown()
    {
        way.town.portalCalendar = "town-a";
        way.town.restart();
        openRooms();
        way.startCarrier();
    }

    void openRooms()
    {
        auto& database = way.town.database();
        appointments.reset();
        ledger.reset();
        rules.reset();
        journal.emplace(database);
        rules.emplace(database, *journal);
        ledger.emplace(database, *rules, office::Selling::Owned);
        appointments.emplace(database, *journal, *rules, *ledger, way.town.random);
    }
    void restart()
    {
        way.carrier.reset();
        appointments.reset();
        ledger.reset();
        rules.reset();
        journal.reset();
        way.town.restart();
        openRooms();
        way.startCarrier();
    }

    std::vector<office::FreeTime> free()
    {
        ledger->reread();
        return ledger->freeTimes({.scope = scope, .duration = 15min, .days = 15},
                                 way.town.loop.utcNow());
    }
    std::string book()
    {
        const auto offered = free();
        BOOST_REQUIRE(!offered.empty());
        const auto made = appointments->book({.id = randomUuid(way.town.random),
                                              .scope = scope,
                                              .day = offered[0].day,
                                              .cell = offered[0].cell,
                                              .services = {{"99008001012000", 1}},
                                              .duration = 15min},
                                             {}, "", way.town.loop.utcNow());
        return std::get<office::Appointment>(made).bookingId;
    }

    std::int64_t atPortal(const std::string& sql)
    {
        auto row = way.gateway.books->prepare(sql);
        return row.step() ? row.integer(0) : -1;
    }
    std::string stateAtPortal(const std::string& booking)
    {
        auto row = way.gateway.books->prepare("SELECT state FROM quota_booking WHERE id = $1")
                       .bind(booking);
        return row.step() ? row.text(0) : "";
    }
    std::int64_t own() { return way.town.count("SELECT count(*) FROM cell WHERE state = 'OWN'"); }
    json::ObjectPtr standing()
    {
        HttpRequest request;
        request.method = "GET";
        request.path = "/admin/status";
        return json::object(*json::parseObject(way.town.handle(node::Surface::Admin, request).body),
                            "quota");
    }
    int asked(const std::string& path)
    {
        return static_cast<int>(std::ranges::count_if(
            way.asked, [&](const std::string& each) { return each.ends_with(path); }));
    }
    /// I1, I2, and what both say about each cell.
    void checkAgreed()
    {
        BOOST_TEST(atPortal("SELECT count(*) FROM quota_booking WHERE state = 'CONFLICT'") == 0);
        BOOST_TEST(atPortal("SELECT count(*) FROM quota_cell WHERE state = 'LEASED'") == own());
        gateway::Quota quota(*way.gateway.books, {}, way.gateway.random);
        BOOST_TEST(quota.unsound().empty());
    }

    WholeWay way;
    std::optional<outbox::Journal> journal;
    std::optional<office::RuleBook> rules;
    std::optional<office::Ledger> ledger;
    std::optional<office::Appointments> appointments;
};

} // namespace amt::test
