// SPDX-License-Identifier: EUPL-1.2
//
// The date at the desk: asked for when the clock cannot be trusted, taken from a person, never
// behind what was seen already.
#include "sync/outbox/journal.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

/// A town whose clock is ten minutes beside the portal's: 2026-11-21, 10:41 at the town hall.
struct Doubtful {
    Town town;
    Browser desk{town, Surface::Desk};

    Doubtful()
    {
        signInFirst(town, desk);
        desk.post("/desk/paper", {{"kept", "yes"}});
    }
    void portalSays(UtcTime time)
    {
        HttpRequest request;
        request.method = "POST";
        request.path = "/sync/status";
        request.headers["content-type"] = "application/json";
        request.body = R"({"reachable":true,"portalTime":")" + toIso(time) + R"("})";
        BOOST_TEST(town.handle(Surface::Sync, request).status == 204);
    }
    void doubt() { portalSays(town.loop.utcNow() - std::chrono::minutes(10)); }
    const HttpResponse& confirm(const std::string& date)
    {
        desk.get("/desk/status"); // every page of the desk has a key
        return desk.post("/desk/clock", {{"date", date}});
    }
};

struct Typed {
    const char* date;
    int status;
    const char* shows;
};
std::ostream& operator<<(std::ostream& out, const Typed& typed)
{
    return out << typed.date;
}
const Typed typedDates[] = {
    {"2026-11-21", 200, "Danke, das Datum ist bestätigt."},
    {"2026-11-20", 409, "Unsere Uhr zeigt einen anderen Tag."},
    {"2026-11-22", 409, "Unsere Uhr zeigt einen anderen Tag."},
    {"21.11.2026", 400, "Bitte geben Sie ein Datum ein."},
    {"2026-02-30", 400, "Bitte geben Sie ein Datum ein."},
    {"", 400, "Bitte geben Sie ein Datum ein."},
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk_clock)

BOOST_AUTO_TEST_CASE(a_clock_in_order_asks_nobody)
{
    Doubtful house;
    house.desk.get("/desk/status");
    BOOST_TEST(!house.desk.shows("Das Datum ist nicht bestätigt"));
    house.desk.get("/desk/clock");
    BOOST_TEST(house.desk.shows("Die Uhr ist in Ordnung."));
    BOOST_TEST(house.desk.shows("seit dem Start nicht gehört"));
    BOOST_TEST(!house.desk.shows("name=\"date\""));
    BOOST_TEST(house.confirm("2026-11-21").status == 409);
}

BOOST_DATA_TEST_CASE(a_person_says_which_day_it_is, data::make(typedDates), typed)
{
    Doubtful house;
    house.doubt();
    house.desk.get("/desk/status");
    BOOST_TEST(house.desk.shows("Das Datum ist nicht bestätigt"));
    house.desk.get("/desk/clock");
    BOOST_TEST(house.desk.shows("10 Minuten auseinander"));
    BOOST_TEST(house.confirm(typed.date).status == typed.status);
    BOOST_TEST(house.desk.shows(typed.shows));
    house.desk.get("/desk/status");
    BOOST_TEST(house.desk.shows("Das Datum ist nicht bestätigt") == (typed.status != 200));
    const auto acts = house.town.count(
        "SELECT count(*) FROM journal WHERE kind = 'CLOCK' AND details LIKE '%confirm-date%' AND details "
        "LIKE '%Erika Amt%'");
    BOOST_TEST(acts == (typed.status == 200 ? 1 : 0));
}

BOOST_AUTO_TEST_CASE(a_clock_behind_the_last_known_time_is_not_confirmed)
{
    Doubtful house;
    house.doubt();
    const UtcTime later = house.town.loop.utcNow() + std::chrono::hours(3);
    outbox::Journal journal(house.town.database());
    house.town.database().transact(
        [&] { journal.append(outbox::RecordKind::Clock, "node", {}, later); });
    house.desk.get("/desk/clock");
    BOOST_TEST(house.desk.shows("Die Uhr steht vor dem letzten Eintrag"));
    BOOST_TEST(!house.desk.shows("name=\"date\""));
    BOOST_TEST(house.confirm("2026-11-21").status == 409);
    BOOST_TEST(house.desk.shows("Die Uhr steht vor dem letzten Eintrag"));
    house.town.loop.advance(std::chrono::hours(3));
}

BOOST_AUTO_TEST_CASE(the_portals_next_word_counts_again)
{
    Doubtful house;
    house.doubt();
    house.confirm("2026-11-21");
    house.doubt();
    house.desk.get("/desk/status");
    BOOST_TEST(house.desk.shows("Das Datum ist nicht bestätigt"));
    house.portalSays(house.town.loop.utcNow());
    house.desk.get("/desk/status");
    BOOST_TEST(!house.desk.shows("Das Datum ist nicht bestätigt"));
}

BOOST_AUTO_TEST_SUITE_END()
