// SPDX-License-Identifier: EUPL-1.2
//
// One citizen, one case, through the pages as a browser would.
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;

BOOST_AUTO_TEST_SUITE(node_journey)

BOOST_AUTO_TEST_CASE(a_citizen_applies_pays_and_takes_a_receipt)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReview(town, kiosk);
    BOOST_TEST(kiosk.shows("Ada Erika"));
    BOOST_TEST(kiosk.shows("30,70"));
    kiosk.post("/visit/review", {{"confirm", "yes"}});
    BOOST_TEST(kiosk.location == "/visit/pay");
    BOOST_TEST(town.text("SELECT state FROM cases") == "Recorded");
    BOOST_TEST(town.count("SELECT count(*) FROM desk_copy") == 1);

    kiosk.post("/visit/pay", {{"action", "start"}});
    BOOST_TEST(kiosk.location == "/visit/pay/running");
    BOOST_TEST(town.text("SELECT state FROM payment") == "Ordered");
    town.terminal.evidence(PaymentEvidence::Sent);
    BOOST_TEST(town.text("SELECT state FROM payment") == "Authorising");
    town.terminal.evidence(PaymentEvidence::Accepted);
    town.terminal.running->status({0x0A, "KARTE BITTE"});
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.shows("KARTE BITTE"));
    town.terminal.evidence(PaymentEvidence::Recorded, town.terminal.recordOf(0));
    BOOST_TEST(town.terminal.commits == 3);
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});

    BOOST_TEST(town.text("SELECT state FROM payment") == "Approved");
    BOOST_TEST(town.text("SELECT state FROM cases") == "Sealed");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(kiosk.shows(town.text("SELECT reference FROM cases")));
    BOOST_REQUIRE(town.printer.isPrinting());
    BOOST_TEST(ScriptedPrinter::textOf(town.printer.jobs.at(0)).find("30,70") != std::string::npos);
    BOOST_TEST(town.text("SELECT state FROM print_job") == "printing");
    town.printer.finish(Printed{});
    BOOST_TEST(town.text("SELECT state FROM print_job") == "printed");

    kiosk.post("/visit/end");
    BOOST_TEST(kiosk.location == "/ended");
    BOOST_TEST(kiosk.cookies.empty());
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 0);
}

BOOST_AUTO_TEST_CASE(the_card_is_asked_only_for_what_the_form_declares)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    const std::set<DataGroup> declared = {DataGroup::GivenNames, DataGroup::FamilyNames,
                                          DataGroup::AcademicTitle, DataGroup::DateOfBirth,
                                          DataGroup::PlaceOfResidence};
    BOOST_TEST((town.reader.lastRequest.groups == declared));
    BOOST_TEST(town.reader.lastRequest.pin.revealText() == "123456");
}

BOOST_AUTO_TEST_CASE(the_terminal_key_signs_once_in_a_read_that_a_citizen_started)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    const auto callbacks = *town.reader.running;
    std::optional<Bytes> first, second, late;
    callbacks.sign(Bytes{1, 2, 3},
                   [&](std::optional<Bytes> signature) { first = std::move(signature); });
    callbacks.sign(Bytes{4, 5, 6},
                   [&](std::optional<Bytes> signature) { second = std::move(signature); });
    BOOST_TEST(first.has_value());
    BOOST_TEST(!second.has_value());
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    callbacks.sign(Bytes{7}, [&](std::optional<Bytes> signature) { late = std::move(signature); });
    BOOST_TEST(!late.has_value());
    BOOST_TEST(town.signer.signatures == 1);
}

BOOST_AUTO_TEST_CASE(without_a_card_the_data_are_typed)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    kiosk.post("/visit/card/skip");
    BOOST_TEST(kiosk.location == "/visit/form");
    typeFirstPages(kiosk);
    fillLastPage(kiosk);
    BOOST_TEST(kiosk.location == "/visit/review");
    BOOST_TEST(kiosk.shows("Łukasiewicz"));
}

BOOST_AUTO_TEST_CASE(a_fee_may_be_paid_at_the_desk_and_the_case_waits_for_a_clerk)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPay(town, kiosk);
    kiosk.post("/visit/pay", {{"action", "desk"}});
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.text("SELECT state FROM cases") == "Held");
    BOOST_TEST(town.text("SELECT held_reason FROM cases") == "FeeAtDesk");
    BOOST_TEST(town.terminal.authorisations == 0);
}

BOOST_AUTO_TEST_SUITE_END()
