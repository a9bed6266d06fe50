// SPDX-License-Identifier: EUPL-1.2
//
// Node and broker over a real socket: whole journeys, foreign peers, brokers that go in the middle
// and come back.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "drivers/broker/client.h"
#include "drivers/broker/server.h"
#include "tests/drivers/broker/fakes.h"

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace amt;
using namespace amt::broker;
using namespace amt::test;

namespace {

struct Quiet {
    Quiet() { log::setEnabled(false); }
    ~Quiet() { log::setEnabled(true); }
};

const unsigned us = ::getuid();

template <typename Client, Driver driver>
struct Pair {
    Quiet quiet;
    TestFolder folder;
    TestLoop loop;
    std::unique_ptr<Server> server;
    std::unique_ptr<Client> client;

    void serve(Server::MakeService make, unsigned peer = us)
    {
        server = std::make_unique<Server>(
            ServerSettings{
                .driver = driver, .socket = folder / "broker", .peerUser = peer, .emulated = true},
            loop, std::move(make));
    }
    void connect(unsigned peer = us)
    {
        client = std::make_unique<Client>(BrokerAddress{folder / "broker", peer}, loop);
    }
    void whenConnected(Task then)
    {
        loop.when([this] { return client->connected(); }, std::move(then));
    }
};

struct IdentityPair : Pair<BrokerIdentityReader, Driver::Eid> {
    FakeReader* reader = nullptr;
    std::function<void()> onRead;

    void serveReader()
    {
        serve([this](Say say) {
            auto made = std::make_unique<FakeReader>(&reader);
            made->onRead = onRead;
            return makeIdentityService(std::move(made), std::move(say));
        });
    }
};

struct PaymentPair : Pair<BrokerPaymentTerminal, Driver::Payment> {
    FakeTerminal* terminal = nullptr;
    std::function<void()> onOrder;

    void serveTerminal()
    {
        serve([this](Say say) {
            auto made = std::make_unique<FakeTerminal>(&terminal);
            made->onOrder = onOrder;
            return makePaymentService(std::move(made), std::move(say));
        });
    }
};

struct SpeakerPair : Pair<BrokerSpeaker, Driver::Speech> {
    FakeSpeaker speaker;

    void serveSpeaker()
    {
        serve([this](Say say) { return makeSpeechService(speaker, std::move(say)); });
    }
};

struct ScannerPair : Pair<BrokerCodeScanner, Driver::Scanner> {
    FakeScanner scanner;

    void serveScanner()
    {
        serve([this](Say say) { return makeScannerService(scanner, std::move(say)); });
    }
    void scan(std::string& story)
    {
        client->scan({.listening = [&story] { story += "listening "; },
                      .done =
                          [this, &story](const ScanOutcome& outcome) {
                              if (const auto* scanned = std::get_if<CodeScanned>(&outcome))
                                  story += scanned->code.reveal();
                              else if (const auto* failed = std::get_if<DeviceFailed>(&outcome))
                                  story += name(failed->code);
                              else
                                  story += std::holds_alternative<ScanCancelled>(outcome)
                                               ? "cancelled"
                                               : "something else";
                              loop.stop();
                          }});
    }
};

struct PrinterPair : Pair<BrokerReceiptPrinter, Driver::Printer> {
    FakePrinter* printer = nullptr;
    std::function<void()> onPrint;

    void servePrinter()
    {
        serve([this](Say say) {
            auto made = std::make_unique<FakePrinter>(&printer);
            made->onPrint = onPrint;
            return makePrinterService(std::move(made), std::move(say));
        });
    }
};

IdentityRequest someRequest()
{
    IdentityRequest request;
    request.pin = Secret("123456");
    request.groups = {DataGroup::GivenNames};
    return request;
}

PaymentOrder someOrder()
{
    return {.id = "0193", .amount = Money::cents(3070), .lastReceipt = 41};
}

} // namespace

BOOST_AUTO_TEST_SUITE(broker_client)

BOOST_FIXTURE_TEST_CASE(a_card_is_read_with_one_signature, IdentityPair)
{
    IdentityData data;
    data.givenNames = "Jörg";
    onRead = [&] {
        reader->callbacks.step(IdentityStep::CheckingPin);
        reader->callbacks.sign(Bytes{1, 2, 3}, [&](std::optional<Bytes> signature) {
            BOOST_TEST((signature == Bytes{9}));
            reader->callbacks.done(IdentityRead{Personal<IdentityData>(data)});
        });
    };
    serveReader();
    connect();
    std::vector<IdentityStep> steps;
    std::string name;
    whenConnected([&] {
        BOOST_TEST(client->emulated());
        client->read(someRequest(), Milliseconds(1000),
                     {.step = [&](IdentityStep step) { steps.push_back(step); },
                      .sign =
                          [](Bytes toBeSigned, SignatureGiven done) {
                              BOOST_TEST((toBeSigned == Bytes{1, 2, 3}));
                              done(Bytes{9});
                          },
                      .done =
                          [&](IdentityOutcome outcome) {
                              name = std::get<IdentityRead>(outcome).data.reveal().givenNames;
                              loop.stop();
                          }});
    });
    loop.runToEnd();
    BOOST_TEST(name == "Jörg");
    BOOST_TEST(steps.size() == 1u);
    BOOST_TEST((reader->request.pin == Secret("123456")));
    BOOST_TEST((reader->waitForCard == Milliseconds(1000)));
}

BOOST_FIXTURE_TEST_CASE(a_broker_that_wants_two_signatures_is_cut_off, IdentityPair)
{
    onRead = [&] {
        reader->callbacks.sign(Bytes{1}, [&](std::optional<Bytes>) {
            reader->callbacks.sign(Bytes{2}, [](std::optional<Bytes>) {});
        });
    };
    serveReader();
    connect();
    int signatures = 0;
    whenConnected([&] {
        client->read(someRequest(), Milliseconds(1000),
                     {.step = {},
                      .sign =
                          [&](Bytes, SignatureGiven done) {
                              ++signatures;
                              done(Bytes{9});
                          },
                      .done =
                          [&](IdentityOutcome outcome) {
                              BOOST_TEST(
                                  (std::get<DeviceFailed>(outcome).code == ErrorCode::BrokerGone));
                              loop.stop();
                          }});
    });
    loop.runToEnd();
    BOOST_TEST(signatures == 1);
}

BOOST_FIXTURE_TEST_CASE(without_a_broker_no_card_is_read, IdentityPair)
{
    connect();
    BOOST_TEST(!client->connected());
    bool within = true;
    client->read(someRequest(), Milliseconds(1000),
                 {.step = {}, .sign = {}, .done = [&](IdentityOutcome outcome) {
                      BOOST_TEST((std::get<DeviceFailed>(outcome).code == ErrorCode::BrokerGone));
                      BOOST_TEST(!within);
                      loop.stop();
                  }});
    within = false;
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(a_second_read_while_one_runs_is_refused, IdentityPair)
{
    serveReader();
    connect();
    whenConnected([&] {
        client->read(someRequest(), Milliseconds(1000),
                     {.step = {}, .sign = {}, .done = [](IdentityOutcome) {}});
        client->read(someRequest(), Milliseconds(1000),
                     {.step = {}, .sign = {}, .done = [&](IdentityOutcome outcome) {
                          BOOST_TEST(
                              (std::get<DeviceFailed>(outcome).code == ErrorCode::StepOutOfOrder));
                          loop.stop();
                      }});
    });
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(a_read_can_be_cancelled, IdentityPair)
{
    onRead = [&] { client->cancel(); };
    serveReader();
    connect();
    bool cancelled = false;
    whenConnected([&] {
        client->read(someRequest(), Milliseconds(1000),
                     {.step = {}, .sign = {}, .done = [&](IdentityOutcome outcome) {
                          cancelled = std::holds_alternative<ReadCancelled>(outcome);
                          loop.stop();
                      }});
    });
    loop.runToEnd();
    BOOST_TEST(cancelled);
}

BOOST_FIXTURE_TEST_CASE(a_broker_of_another_user_is_not_spoken_to, IdentityPair)
{
    serveReader();
    connect(us + 1);
    loop.after(Milliseconds(300), [&] {
        BOOST_TEST(!client->connected());
        BOOST_TEST(!reader);
        loop.stop();
    });
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(a_node_of_another_user_is_not_heard, IdentityPair)
{
    serve(
        [this](Say say) {
            return makeIdentityService(std::make_unique<FakeReader>(&reader), std::move(say));
        },
        us + 1);
    connect();
    loop.after(Milliseconds(300), [&] {
        BOOST_TEST(!client->connected());
        BOOST_TEST(!reader);
        loop.stop();
    });
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(the_socket_is_open_to_user_and_group_only, IdentityPair)
{
    serveReader();
    struct stat socket {};
    BOOST_TEST(::stat((folder / "broker").c_str(), &socket) == 0);
    BOOST_TEST((socket.st_mode & 07777) == 0660);
    BOOST_CHECK_EXCEPTION(serveReader(), Error, [](const Error& e) {
        return e.errorCode() == ErrorCode::ConfigurationInvalid; // another broker listens
    });
}

BOOST_FIXTURE_TEST_CASE(a_payment_goes_step_by_step_with_the_nodes_commits, PaymentPair)
{
    TerminalRecord record;
    record.receipt = 42;
    std::vector<std::string> story;
    onOrder = [&] {
        BOOST_TEST(terminal->order.lastReceipt.value() == 41);
        terminal->callbacks.evidence(PaymentEvidence::Sent, std::nullopt, [&] {
            story.push_back("06 01");
            terminal->callbacks.status({.code = 0x0A, .text = "Karte einstecken"});
            terminal->callbacks.evidence(PaymentEvidence::Recorded, record, [&] {
                story.push_back("80 00");
                ReceiptLine line;
                line.text = "Kundenbeleg";
                terminal->callbacks.receipt({line});
                terminal->callbacks.done(PaymentApproved{record});
            });
        });
    };
    serveTerminal();
    connect();
    whenConnected([&] {
        client->authorise(
            someOrder(),
            {.status = [&](TerminalStatus status) { story.push_back(status.text); },
             .evidence =
                 [&](PaymentEvidence evidence, std::optional<TerminalRecord> seen,
                     std::function<void()> committed) {
                     story.push_back("commit " + std::string(name(evidence)));
                     if (evidence == PaymentEvidence::Recorded)
                         BOOST_TEST((seen == record));
                     committed();
                 },
             .receipt = [&](std::vector<ReceiptLine> lines) { story.push_back(lines.at(0).text); },
             .done =
                 [&](PaymentOutcome outcome) {
                     BOOST_TEST((std::get<PaymentApproved>(outcome).record == record));
                     loop.stop();
                 }});
    });
    loop.runToEnd();
    const std::vector<std::string> expected = {"commit sent",     "06 01", "Karte einstecken",
                                               "commit recorded", "80 00", "Kundenbeleg"};
    BOOST_TEST(story == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_order_without_a_broker_has_not_started, PaymentPair)
{
    connect();
    client->authorise(someOrder(),
                      {.status = {},
                       .evidence = [](PaymentEvidence, std::optional<TerminalRecord>, auto) {},
                       .receipt = {},
                       .done =
                           [&](PaymentOutcome outcome) {
                               BOOST_TEST(std::holds_alternative<PaymentNotStarted>(outcome));
                               loop.stop();
                           }});
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(what_was_unresolved_stays_so_without_a_broker, PaymentPair)
{
    connect();
    client->resolve(someOrder(),
                    {.status = {},
                     .evidence = [](PaymentEvidence, std::optional<TerminalRecord>, auto) {},
                     .receipt = {},
                     .done =
                         [&](PaymentOutcome outcome) {
                             BOOST_TEST(std::holds_alternative<PaymentUnresolved>(outcome));
                             loop.stop();
                         }});
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(a_payment_whose_broker_goes_is_unresolved_and_the_next_broker_is_found,
                        PaymentPair)
{
    onOrder = [&] { loop.post([&] { server.reset(); }); };
    serveTerminal();
    connect();
    bool unresolved = false;
    TerminalRecord declined;
    declined.result = 5;
    whenConnected([&] {
        client->authorise(
            someOrder(),
            {.status = {},
             .evidence = [](PaymentEvidence, std::optional<TerminalRecord>, auto) {},
             .receipt = {},
             .done =
                 [&](PaymentOutcome outcome) {
                     unresolved = std::holds_alternative<PaymentUnresolved>(outcome);
                     BOOST_TEST(!client->connected());
                     onOrder = [&] {
                         BOOST_TEST(terminal->resolving);
                         terminal->callbacks.done(PaymentDeclined{declined});
                     };
                     serveTerminal();
                     whenConnected([&] {
                         client->resolve(
                             someOrder(),
                             {.status = {},
                              .evidence = [](PaymentEvidence, std::optional<TerminalRecord>,
                                             auto) {},
                              .receipt = {},
                              .done =
                                  [&](PaymentOutcome known) {
                                      BOOST_TEST(std::holds_alternative<PaymentDeclined>(known));
                                      loop.stop();
                                  }});
                     });
                 }});
    });
    loop.runToEnd();
    BOOST_TEST(unresolved);
}

BOOST_FIXTURE_TEST_CASE(a_node_that_comes_back_finds_a_fresh_device, PaymentPair)
{
    serveTerminal();
    connect();
    FakeTerminal* first = nullptr;
    onOrder = [&] {
        terminal->callbacks.evidence(PaymentEvidence::Sent, std::nullopt,
                                     [] { BOOST_ERROR("sent after all"); });
        first = terminal;
    };
    whenConnected([&] {
        client->authorise(
            someOrder(),
            {.status = {},
             .evidence =
                 [&](PaymentEvidence, std::optional<TerminalRecord>, auto) {
                     client.reset(); // the node dies before it has committed
                     terminal = nullptr;
                     connect();
                     whenConnected([&] {
                         BOOST_TEST(terminal);
                         loop.stop();
                     });
                 },
             .receipt = {},
             .done = [](PaymentOutcome) { BOOST_ERROR("nobody is there to hear it"); }});
    });
    loop.runToEnd();
    BOOST_TEST(first);
}

BOOST_FIXTURE_TEST_CASE(jobs_and_questions_wait_for_each_other, PrinterPair)
{
    onPrint = [&] { loop.post([&] { printer->done(Printed{}); }); };
    servePrinter();
    connect();
    std::string order;
    whenConnected([&] {
        client->print({.id = "1", .elements = {PrintRule{}}}, [&](PrintOutcome outcome) {
            order += std::holds_alternative<Printed>(outcome) ? "1" : "-";
        });
        client->state(
            [&](PrinterState state) { order += state.present && state.paperNearEnd ? "s" : "-"; });
        client->print({.id = "2", .elements = {PrintRule{}}}, [&](PrintOutcome) {
            order += "2";
            loop.stop();
        });
    });
    loop.runToEnd();
    BOOST_TEST(order == "1s2");
}

BOOST_FIXTURE_TEST_CASE(a_job_whose_broker_goes_may_be_on_paper_and_the_next_is_not, PrinterPair)
{
    onPrint = [&] { loop.post([&] { server.reset(); }); };
    servePrinter();
    connect();
    whenConnected([&] {
        client->print({.id = "1", .elements = {PrintRule{}}}, [&](PrintOutcome outcome) {
            BOOST_TEST(std::holds_alternative<PrintInterrupted>(outcome));
        });
        client->print({.id = "2", .elements = {PrintRule{}}}, [&](PrintOutcome outcome) {
            BOOST_TEST(std::holds_alternative<NoPrinter>(outcome));
            client->state([&](PrinterState state) {
                BOOST_TEST(!state.present);
                loop.stop();
            });
        });
    });
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(a_broker_whose_answer_is_malformed_is_left, PrinterPair)
{
    // An answer that the table allows, with a body that is not in order.
    struct Babbler : Service {
        explicit Babbler(Say given) : say(std::move(given)) {}
        void hear(const Message& message) override
        {
            auto body = makeBody(MessageType::Printed, message.id);
            body->set("outcome", "printed");
            say(MessageType::Printed, message.id, body);
        }
        void nodeGone(Task ended) override { ended(); }
        Say say;
    };
    serve([](Say say) { return std::make_unique<Babbler>(std::move(say)); });
    connect();
    whenConnected([&] {
        client->print({.id = "1", .elements = {}}, [&](PrintOutcome outcome) {
            BOOST_TEST(std::holds_alternative<PrintInterrupted>(outcome));
            loop.stop();
        });
    });
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(a_code_comes_over_the_line, ScannerPair)
{
    scanner.onScan = [&] {
        loop.post([&] {
            scanner.callbacks.listening();
            scanner.end(CodeScanned{Personal(std::string("ABCD-2"))});
        });
    };
    serveScanner();
    connect();
    std::string story;
    whenConnected([&] { scan(story); });
    loop.runToEnd();
    BOOST_TEST(story == "listening ABCD-2");
}

BOOST_FIXTURE_TEST_CASE(a_scan_is_cancelled_over_the_line, ScannerPair)
{
    scanner.onScan = [&] { loop.post([&] { client->cancel(); }); };
    serveScanner();
    connect();
    std::string story;
    whenConnected([&] { scan(story); });
    loop.runToEnd();
    BOOST_TEST(story == "cancelled");
    BOOST_TEST(scanner.cancels == 1);
}

BOOST_FIXTURE_TEST_CASE(a_scan_whose_broker_goes_has_failed, ScannerPair)
{
    scanner.onScan = [&] { loop.post([&] { server.reset(); }); };
    serveScanner();
    connect();
    std::string story;
    whenConnected([&] { scan(story); });
    loop.runToEnd();
    BOOST_TEST(story == "BrokerGone");
}

BOOST_FIXTURE_TEST_CASE(a_scan_without_a_broker_fails, ScannerPair)
{
    connect();
    std::string story;
    scan(story);
    loop.runToEnd();
    BOOST_TEST(story == "BrokerGone");
}

BOOST_FIXTURE_TEST_CASE(sentences_are_spoken_one_after_the_other, SpeakerPair)
{
    int sounding = 0;
    speaker.onSpeak = [&] {
        ++sounding;
        loop.post([&] {
            BOOST_TEST(sounding == 1);
            --sounding;
            speaker.done(Speech{Bytes(soundMax, static_cast<std::uint8_t>(speaker.said.size()))});
        });
    };
    serveSpeaker();
    connect();
    std::string story;
    whenConnected([&] {
        for (const std::string text : {"Nummer B 47", "Nummer B 48"})
            client->speak({"de", text}, [&, text](const SpeechOutcome& outcome) {
                const auto& sound = std::get<Speech>(outcome).sound;
                story += text + ":" + std::to_string(sound.front()) + "/" +
                         std::to_string(sound.size()) + " ";
                if (text == "Nummer B 48")
                    loop.stop();
            });
    });
    loop.runToEnd();
    BOOST_TEST(story == "Nummer B 47:1/46080 Nummer B 48:2/46080 ");
    BOOST_TEST(speaker.said.front().language == "de");
}

BOOST_FIXTURE_TEST_CASE(a_sentence_whose_broker_goes_has_failed, SpeakerPair)
{
    speaker.onSpeak = [&] { loop.post([&] { server.reset(); }); };
    serveSpeaker();
    connect();
    std::optional<ErrorCode> failure;
    whenConnected([&] {
        client->speak({"de", "Nummer B 47"}, [&](const SpeechOutcome& outcome) {
            failure = std::get<DeviceFailed>(outcome).code;
            loop.stop();
        });
    });
    loop.runToEnd();
    BOOST_TEST((failure == ErrorCode::BrokerGone));
}

BOOST_FIXTURE_TEST_CASE(a_sentence_without_a_broker_fails, SpeakerPair)
{
    connect();
    std::optional<ErrorCode> failure;
    client->speak({"de", "Nummer B 47"}, [&](const SpeechOutcome& outcome) {
        failure = std::get<DeviceFailed>(outcome).code;
        loop.stop();
    });
    BOOST_TEST(!failure); // not from within the caller's own call
    loop.runToEnd();
    BOOST_TEST((failure == ErrorCode::BrokerGone));
}

BOOST_AUTO_TEST_SUITE_END()
