// SPDX-License-Identifier: EUPL-1.2
//
// Paying at the kiosk: declined, aborted, silent, cut off at each step. Nobody pays twice, nothing
// paid is lost.
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;

BOOST_AUTO_TEST_SUITE(node_payment)

BOOST_AUTO_TEST_CASE(a_declined_card_leads_back_to_the_choice_and_a_second_try_pays)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.decline(5);
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/pay");
    BOOST_TEST(town.text("SELECT state FROM payment") == "Declined");
    kiosk.post("/visit/pay", {{"action", "start"}});
    BOOST_TEST(kiosk.location == "/visit/pay/running");
    town.terminal.approve();
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.count("SELECT count(*) FROM payment WHERE state = 'Approved'") == 1);
}

BOOST_AUTO_TEST_CASE(an_abort_is_a_wish_and_an_approval_that_follows_counts)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.evidence(PaymentEvidence::Sent);
    kiosk.post("/visit/pay/abort");
    BOOST_TEST(kiosk.location == "/visit/pay/running");
    kiosk.post("/visit/end");
    BOOST_TEST(town.terminal.aborts >= 1);
    town.terminal.evidence(PaymentEvidence::Recorded, town.terminal.recordOf(0));
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
}

BOOST_AUTO_TEST_CASE(silence_is_never_declined_and_is_asked_for_until_it_is_known)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.fallSilent();
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/pay/unresolved");
    BOOST_TEST(town.text("SELECT state FROM payment") == "Unresolved");
    for (int asked = 1; asked <= 3; ++asked) {
        town.loop.advance(std::chrono::seconds(10));
        BOOST_TEST(town.terminal.questions == asked);
        kiosk.get("/visit/pay/unresolved");
        town.terminal.finish(PaymentUnresolved{"still no answer"});
        BOOST_TEST(town.text("SELECT state FROM payment") == "Unresolved");
    }
    town.loop.advance(std::chrono::seconds(30));
    ++town.terminal.receipt;
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    kiosk.get("/visit/pay/unresolved");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.text("SELECT state FROM payment") == "Approved");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
    BOOST_TEST(town.terminal.authorisations == 1);
}

BOOST_AUTO_TEST_CASE(a_visit_ends_in_its_time_however_often_the_terminal_is_asked_in_vain)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.fallSilent();
    kiosk.get("/visit/pay/unresolved");
    int answered = 0;
    for (int half = 0; half < 20; ++half) {
        town.loop.advance(std::chrono::seconds(30));
        if (town.terminal.questions > answered) {
            ++answered;
            town.terminal.finish(PaymentUnresolved{"still no answer"});
        }
    }
    BOOST_TEST(answered > 5);
    BOOST_TEST(town.text("SELECT held_reason FROM cases") == "PaymentUnresolved");
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 0);
}

BOOST_AUTO_TEST_CASE(nothing_charged_lets_the_citizen_pay_again)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.fallSilent();
    town.loop.advance(std::chrono::seconds(2));
    BOOST_TEST(town.terminal.questions == 1);
    town.terminal.finish(PaymentNotStarted{});
    kiosk.get("/visit/pay/unresolved");
    BOOST_TEST(kiosk.location == "/visit/pay");
    town.loop.advance(std::chrono::seconds(15));
    kiosk.post("/visit/pay", {{"action", "start"}});
    town.terminal.approve();
    BOOST_TEST(town.count("SELECT count(*) FROM payment WHERE state = 'Approved'") == 1);
}

BOOST_AUTO_TEST_CASE(an_unclear_payment_blocks_the_terminal_for_others_until_it_is_known)
{
    Town town;
    Browser first(town, Surface::Kiosk);
    walkToPaying(town, first);
    town.terminal.fallSilent();
    first.get("/visit/pay/unresolved");
    first.post("/visit/end");
    BOOST_TEST(town.text("SELECT held_reason FROM cases") == "PaymentUnresolved");
    Browser second(town, Surface::Kiosk);
    walkToPay(town, second);
    const int before = town.terminal.authorisations;
    second.post("/visit/pay", {{"action", "start"}});
    BOOST_TEST(second.location == "/visit/pay");
    BOOST_TEST(town.terminal.authorisations == before);
    town.loop.advance(std::chrono::seconds(5));
    ++town.terminal.receipt;
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    second.get("/visit/pay");
    second.post("/visit/pay", {{"action", "start"}});
    BOOST_TEST(town.terminal.authorisations == before + 1);
}

BOOST_AUTO_TEST_CASE(a_terminal_that_was_never_reached_charged_nothing)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.finish(PaymentNotStarted{ErrorCode::BrokerGone});
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/pay");
    BOOST_TEST(town.text("SELECT state FROM payment") == "NotStarted");
    kiosk.post("/visit/pay", {{"action", "desk"}});
    BOOST_TEST(kiosk.location == "/visit/done");
}

BOOST_AUTO_TEST_CASE(the_evidence_is_on_disk_before_the_driver_goes_on)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    BOOST_TEST(town.count("SELECT count(*) FROM payment WHERE state = 'Ordered'") == 1);
    bool committed = false;
    town.terminal.running->evidence(PaymentEvidence::Sent, {}, [&] {
        committed = true;
        BOOST_TEST(!town.database().inTransaction());
        BOOST_TEST(town.text("SELECT state FROM payment") == "Authorising");
    });
    BOOST_TEST(committed);
}

// --- a full disk

namespace {

/// No page may be added and none is free, until there is room again.
class FullDisk {
public:
    explicit FullDisk(Town& town) : _town(town)
    {
        town.database().execute("CREATE TABLE ballast(content BLOB) STRICT");
        town.database().execute("PRAGMA max_page_count=1"); // as many as there are
        for (bool full = false; !full;) {
            try {
                town.database().execute("INSERT INTO ballast VALUES (zeroblob(400))");
            } catch (const Error& refused) {
                full = refused.errorCode() == ErrorCode::StoreFull;
                BOOST_TEST_REQUIRE(full);
            }
        }
    }
    void makeRoom() { _town.database().execute("PRAGMA max_page_count=1000000"); }

private:
    Town& _town;
};

} // namespace

BOOST_AUTO_TEST_CASE(an_approval_on_a_full_disk_is_kept_until_there_is_room)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.evidence(PaymentEvidence::Sent);
    FullDisk disk(town);
    ++town.terminal.receipt;
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    BOOST_TEST(town.text("SELECT state FROM payment") == "Authorising"); // the disk took nothing
    town.loop.advance(std::chrono::seconds(5));
    BOOST_TEST(town.text("SELECT state FROM payment") == "Authorising");
    BOOST_TEST(town.count("SELECT count(*) FROM envelope") == 0);
    disk.makeRoom();
    town.loop.advance(std::chrono::seconds(5));
    BOOST_TEST(town.text("SELECT state FROM payment") == "Approved");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.terminal.authorisations == 1);
}

// --- a restart at each step of a payment

BOOST_AUTO_TEST_CASE(cut_off_before_anything_was_sent_the_citizen_may_pay_again)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.restart();
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/pay");
    BOOST_TEST(town.text("SELECT state FROM payment") == "NotStarted");
    kiosk.post("/visit/pay", {{"action", "start"}});
    town.terminal.approve();
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
}

BOOST_AUTO_TEST_CASE(cut_off_after_the_order_was_sent_the_terminal_is_asked_and_the_case_goes_on)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.evidence(PaymentEvidence::Sent);
    town.restart();
    BOOST_TEST(town.text("SELECT state FROM payment") == "Unresolved");
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/pay/unresolved");
    town.loop.advance(std::chrono::seconds(2));
    BOOST_TEST(town.terminal.questions == 1);
    ++town.terminal.receipt;
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    kiosk.get("/visit/pay/unresolved");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
    BOOST_TEST(town.terminal.authorisations == 1);
}

BOOST_AUTO_TEST_CASE(paid_while_nobody_holds_the_key_the_case_waits_for_a_clerk)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.evidence(PaymentEvidence::Sent);
    town.restart();
    town.loop.advance(std::chrono::seconds(2));
    ++town.terminal.receipt;
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    BOOST_TEST(town.text("SELECT state FROM payment") == "Approved");
    BOOST_TEST(town.text("SELECT state FROM cases") == "Recorded");
    town.loop.advance(std::chrono::minutes(3)); // nobody came back with the key
    BOOST_TEST(town.text("SELECT state FROM cases") == "Held");
    BOOST_TEST(town.count("SELECT count(*) FROM envelope") == 0);
}

BOOST_AUTO_TEST_CASE(paid_before_the_citizen_came_back_the_case_is_sealed_from_the_draft)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.evidence(PaymentEvidence::Sent);
    town.restart();
    town.loop.advance(std::chrono::seconds(2));
    ++town.terminal.receipt;
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.text("SELECT state FROM cases") == "Sealed");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
}

// --- receipts

BOOST_AUTO_TEST_CASE(each_outcome_of_the_printer_is_said_on_the_page_and_the_case_is_safe)
{
    struct Row {
        PrintOutcome outcome;
        std::string state;
    };
    const std::vector<Row> rows = {{Printed{}, "printed"},
                                   {PaperOut{}, "paperOut"},
                                   {CoverOpen{}, "coverOpen"},
                                   {NoPrinter{}, "noPrinter"},
                                   {PrintInterrupted{}, "interrupted"},
                                   {DeviceFailed{ErrorCode::BrokerGone}, "noPrinter"}};
    for (const auto& row : rows) {
        Town town;
        Browser kiosk(town, Surface::Kiosk);
        walkToDone(town, kiosk);
        town.printer.finish(row.outcome);
        kiosk.get("/visit/done");
        BOOST_TEST(kiosk.page.status == 200);
        BOOST_TEST(kiosk.shows(pages().text("de", "done.printing." + row.state)), row.state);
        BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
    }
}

BOOST_AUTO_TEST_CASE(after_a_restart_a_job_is_not_printed_twice_by_itself)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    town.restart();
    BOOST_TEST(town.printer.jobs.empty());
    kiosk.get("/visit/done");
    BOOST_TEST(kiosk.shows(pages().text("de", "done.printing.interrupted")));
    kiosk.post("/visit/receipt");
    BOOST_TEST(town.printer.jobs.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
