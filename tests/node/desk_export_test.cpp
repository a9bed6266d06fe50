// SPDX-License-Identifier: EUPL-1.2
//
// Envelopes for a data carrier: only with a reason, only what waits, and as sealed as in the
// outbox.
#include "sync/envelope/export_file.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

/// A town without a line, one case from the kiosk, a clerk at the desk.
struct CutOff {
    CutOff()
    {
        walkToDone(town, kiosk);
        signInFirst(town, clerk);
    }
    void giveReason()
    {
        clerk.get("/desk/status");
        clerk.post("/desk/status/export", {{"reason", "Leitung seit drei Tagen gestört"}});
    }
    int statusOf(const std::string& file)
    {
        return clerk.send("GET", "/desk/status/export/" + file).status;
    }

    Town town;
    Browser kiosk{town, Surface::Kiosk}, clerk{town, Surface::Desk};
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk_export)

BOOST_AUTO_TEST_CASE(what_waits_is_given_as_it_is_sealed)
{
    CutOff desk;
    desk.giveReason();
    BOOST_TEST(desk.clerk.location == "/desk/status");
    BOOST_TEST(desk.clerk.shows("/desk/status/export/1"));
    BOOST_TEST(!desk.clerk.shows("/desk/status/export/2"));
    BOOST_TEST(desk.town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT' AND details LIKE "
                               "'%export%' AND details LIKE '%drei Tagen%'") == 1);
    const auto answer = desk.clerk.send("GET", "/desk/status/export/1");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.header("Content-Disposition").find("attachment") == 0U);
    BOOST_TEST(answer.body.find("Mustermann") == std::string::npos);

    std::istringstream file(answer.body);
    envelope::ExportReader reader(file);
    BOOST_TEST(reader.count() == 1);
    envelope::ExportedEnvelope exported;
    BOOST_REQUIRE(reader.next(exported));
    BOOST_TEST(exported.id == desk.town.text("SELECT id FROM envelope"));
    for (const auto& [name, jwe] :
         {std::pair{"metadata", exported.metadata}, {"data", exported.data}}) {
        HttpRequest request;
        request.method = "GET";
        request.path = "/sync/envelopes/" + exported.id + "/" + name;
        request.peer = "sync";
        BOOST_TEST(desk.town.handle(Surface::Sync, request).body == jwe);
    }
    BOOST_TEST(desk.town.text("SELECT state FROM envelope") == "SEALED"); // and waits on
}

BOOST_AUTO_TEST_CASE(nothing_is_given_without_a_reason)
{
    CutOff desk;
    desk.clerk.get("/desk/status");
    BOOST_TEST(!desk.clerk.shows("/desk/status/export/1"));
    BOOST_TEST(desk.statusOf("1") == 403);
    const auto blank = desk.clerk.send("POST", "/desk/status/export",
                                       {{"reason", "  "}, {"key", desk.clerk.formKey()}});
    BOOST_TEST(blank.status == 400);
    BOOST_TEST(desk.statusOf("1") == 403);
    Browser nobody(desk.town, Surface::Desk);
    BOOST_TEST(nobody.send("GET", "/desk/status/export/1").status != 200);
}

BOOST_AUTO_TEST_CASE(after_ten_minutes_a_reason_is_asked_for_again)
{
    CutOff desk;
    desk.giveReason();
    desk.town.loop.advance(std::chrono::seconds(601));
    BOOST_TEST(desk.statusOf("1") == 403);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_none_is_not_found)
{
    CutOff desk;
    desk.giveReason();
    for (const char* number : {"0", "2", "-1", "1001", "1x", "x", "99999999999999999999"})
        BOOST_TEST(desk.statusOf(number) == 404, number);
}

BOOST_AUTO_TEST_SUITE_END()
