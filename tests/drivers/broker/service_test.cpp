// SPDX-License-Identifier: EUPL-1.2
//
// What the broker does with requests, and what becomes of the device when the node goes.
#include "appliance/core/error.h"
#include "drivers/broker/service.h"
#include "tests/drivers/broker/fakes.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::broker;
using namespace amt::test;

namespace {

struct Payment {
    FakeTerminal* terminal = nullptr;
    std::vector<MessageType> said;
    std::unique_ptr<Service> service = makePaymentService(
        std::make_unique<FakeTerminal>(&terminal),
        [this](MessageType type, std::int64_t, const json::ObjectPtr&) { said.push_back(type); });
    bool ended = false;

    Payment()
    {
        auto body = makeBody(MessageType::Authorise, 1);
        body->set("order", toJson(PaymentOrder{
                               .id = "0193", .amount = Money::cents(3070), .lastReceipt = {}}));
        service->hear({MessageType::Authorise, 1, body});
    }
    void nodeGoes()
    {
        service->nodeGone([this] { ended = true; });
    }
    /// The driver reports evidence; true once it may go on.
    std::shared_ptr<bool> evidence(PaymentEvidence evidence)
    {
        auto committed = std::make_shared<bool>(false);
        terminal->callbacks.evidence(evidence, std::nullopt, [committed] { *committed = true; });
        return committed;
    }
    void commit()
    {
        service->hear({MessageType::Committed, 1, makeBody(MessageType::Committed, 1)});
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(broker_service)

BOOST_AUTO_TEST_CASE(the_driver_waits_until_the_node_has_committed)
{
    Payment payment;
    BOOST_TEST((payment.terminal->order.amount == Money::cents(3070)));
    const auto sent = payment.evidence(PaymentEvidence::Sent);
    BOOST_TEST(!*sent);
    payment.commit();
    BOOST_TEST(*sent);
}

BOOST_AUTO_TEST_CASE(an_order_whose_node_goes_before_the_first_byte_is_never_sent)
{
    Payment payment;
    const auto sent = payment.evidence(PaymentEvidence::Sent);
    payment.nodeGoes();
    BOOST_TEST(payment.ended);
    BOOST_TEST(!*sent);
}

BOOST_AUTO_TEST_CASE(a_result_is_not_acknowledged_when_the_node_went_before_it_came)
{
    Payment payment;
    payment.evidence(PaymentEvidence::Sent);
    payment.commit();
    const auto accepted = payment.evidence(PaymentEvidence::Accepted);
    payment.nodeGoes();
    BOOST_TEST(!payment.ended); // the terminal still works on it
    BOOST_TEST(*accepted);
    BOOST_TEST(payment.terminal->aborts == 1);
    const auto recorded = payment.evidence(PaymentEvidence::Recorded);
    BOOST_TEST(!*recorded);
    BOOST_TEST(payment.ended);
}

BOOST_AUTO_TEST_CASE(a_result_is_not_acknowledged_when_the_node_goes_while_it_commits)
{
    Payment payment;
    payment.evidence(PaymentEvidence::Sent);
    payment.commit();
    payment.evidence(PaymentEvidence::Accepted);
    payment.commit();
    const auto recorded = payment.evidence(PaymentEvidence::Recorded);
    const auto saidBefore = payment.said.size();
    payment.nodeGoes();
    BOOST_TEST(payment.ended);
    BOOST_TEST(!*recorded);
    BOOST_TEST(payment.said.size() == saidBefore);
}

BOOST_AUTO_TEST_CASE(a_terminal_that_ends_by_itself_frees_the_broker)
{
    Payment payment;
    payment.evidence(PaymentEvidence::Sent);
    payment.commit();
    payment.nodeGoes();
    BOOST_TEST(!payment.ended);
    payment.terminal->callbacks.done(PaymentUnresolved{"silent"});
    BOOST_TEST(payment.ended);
}

BOOST_AUTO_TEST_CASE(a_commit_that_crosses_the_outcome_means_nothing)
{
    Payment payment;
    const auto sent = payment.evidence(PaymentEvidence::Sent);
    payment.terminal->callbacks.done(PaymentUnresolved{"line lost"});
    payment.commit();
    BOOST_TEST(!*sent);
}

BOOST_AUTO_TEST_CASE(a_read_is_cancelled_when_its_node_goes)
{
    FakeReader* reader = nullptr;
    auto service = makeIdentityService(std::make_unique<FakeReader>(&reader),
                                       [](MessageType, std::int64_t, const json::ObjectPtr&) {});
    auto body = makeBody(MessageType::Read, 1);
    body->set("request", toJson(IdentityRequest{}));
    body->set("waitForCard", 1000);
    service->hear({MessageType::Read, 1, body});
    bool ended = false;
    service->nodeGone([&] { ended = true; });
    BOOST_TEST(reader->cancels == 1);
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(a_read_that_waits_for_its_signature_ends_without_one_when_its_node_goes)
{
    FakeReader* reader = nullptr;
    auto service = makeIdentityService(std::make_unique<FakeReader>(&reader),
                                       [](MessageType, std::int64_t, const json::ObjectPtr&) {});
    auto body = makeBody(MessageType::Read, 1);
    body->set("request", toJson(IdentityRequest{}));
    body->set("waitForCard", 1000);
    service->hear({MessageType::Read, 1, body});
    bool refused = false;
    reader->callbacks.sign(Bytes{1}, [&](std::optional<Bytes> signature) {
        refused = !signature.has_value();
        reader->callbacks.done(ReadCancelled{});
    });
    bool ended = false;
    service->nodeGone([&] { ended = true; });
    BOOST_TEST(refused);
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(a_job_is_printed_to_its_end_when_the_node_goes)
{
    FakePrinter* printer = nullptr;
    auto service = makePrinterService(std::make_unique<FakePrinter>(&printer),
                                      [](MessageType, std::int64_t, const json::ObjectPtr&) {});
    auto body = makeBody(MessageType::Print, 1);
    body->set("job", toJson(PrintJob{.id = "0193", .elements = {PrintRule{}}}));
    service->hear({MessageType::Print, 1, body});
    bool ended = false;
    service->nodeGone([&] { ended = true; });
    BOOST_TEST(!ended);
    printer->done(Printed{});
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(a_scan_is_cancelled_when_its_node_goes_and_the_scanner_stays)
{
    FakeScanner scanner;
    int said = 0;
    auto service = makeScannerService(
        scanner, [&](MessageType, std::int64_t, const json::ObjectPtr&) { ++said; });
    service->hear({MessageType::Scan, 1, makeBody(MessageType::Scan, 1)});
    bool ended = false;
    service->nodeGone([&] { ended = true; });
    BOOST_TEST(scanner.cancels == 1);
    BOOST_TEST(ended);
    BOOST_TEST(said == 0);
}

BOOST_AUTO_TEST_CASE(a_cancel_after_the_code_is_not_the_next_scans)
{
    FakeScanner scanner;
    auto service =
        makeScannerService(scanner, [](MessageType, std::int64_t, const json::ObjectPtr&) {});
    service->hear({MessageType::Scan, 1, makeBody(MessageType::Scan, 1)});
    scanner.end(CodeUnreadable{});
    service->hear({MessageType::Cancel, 1, makeBody(MessageType::Cancel, 1)});
    BOOST_TEST(scanner.cancels == 0);
}

BOOST_AUTO_TEST_SUITE_END()
