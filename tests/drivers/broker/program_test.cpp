// SPDX-License-Identifier: EUPL-1.2
//
// amt-broker as a process: printing, paying, killed in the middle and started again; hardened from
// the first moment.
#include "appliance/core/log.h"
#include "drivers/broker/client.h"
#include "tests/drivers/broker/fakes.h"
#include "tests/sim/printer/socket_server.h"
#include "tests/sim/scanner/sim_scanner.h"
#include "tests/sim/terminal/tcp_server.h"

#include <Poco/Process.h>
#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>

using namespace amt;
using namespace amt::test;

namespace {

class BrokerProcess {
public:
    explicit BrokerProcess(std::vector<std::string> arguments)
        : _handle(Poco::Process::launch(std::string(AMT_BINARY_DIR) + "/bin/amt-broker", arguments))
    {}
    ~BrokerProcess() { end(SIGTERM); }

    int pid() const { return _handle.id(); }
    /// How it ended: exit status, or the signal as a negative number.
    int end(int signal)
    {
        if (_ended)
            return 0;
        _ended = true;
        ::kill(pid(), signal);
        return wait();
    }
    int wait()
    {
        _ended = true;
        int status = 0;
        ::waitpid(pid(), &status, 0);
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    Poco::ProcessHandle _handle;
    bool _ended = false;
};

struct House {
    House() { log::setEnabled(false); }
    ~House() { log::setEnabled(true); }

    std::unique_ptr<BrokerProcess> start(const std::string& driver, std::vector<std::string> more)
    {
        std::vector<std::string> arguments = {
            driver,      "--socket", folder / driver, "--peer-uid", std::to_string(::getuid()),
            "--emulated"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return std::make_unique<BrokerProcess>(arguments);
    }

    TestFolder folder;
    TestLoop loop;
    SystemRandom random;
    const unsigned us = ::getuid();
};

sim::TerminalBehaviour quick()
{
    sim::TerminalBehaviour behaviour;
    behaviour.cardTime = Milliseconds(100);
    behaviour.hostTime = Milliseconds(100);
    return behaviour;
}

PaymentOrder order(int lastReceipt)
{
    return {.id = "0193", .amount = Money::cents(3070), .lastReceipt = lastReceipt};
}

} // namespace

BOOST_AUTO_TEST_SUITE(broker_program)

BOOST_AUTO_TEST_CASE(wrong_arguments_are_refused)
{
    constexpr int usage = 64;
    BOOST_TEST(BrokerProcess({"coffee", "--socket", "/nonexistent", "--peer-uid", "0"}).wait() ==
               usage);
    BOOST_TEST(BrokerProcess({"eid"}).wait() == usage);
    BOOST_TEST(BrokerProcess({"eid", "--peer-uid", "everybody"}).wait() == usage);
    BOOST_TEST(BrokerProcess({"eid", "--colour", "blue"}).wait() == usage);
}

BOOST_FIXTURE_TEST_CASE(settings_that_no_terminal_has_end_the_start, House)
{
    constexpr int software = 70;
    for (const char* content : {"password = 12345", "password = 12345a", "pasword = 123456",
                                "charset = 256", "config-byte = -1", "config-byte = many"}) {
        const std::string file = folder / "terminal.properties";
        std::ofstream(file) << content << '\n';
        BOOST_TEST_INFO(content);
        BOOST_TEST(
            start("payment", {"--terminal", "127.0.0.1:1", "--terminal-settings", file})->wait() ==
            software);
    }
}

BOOST_FIXTURE_TEST_CASE(a_receipt_is_printed_and_a_killed_broker_is_found_again, House)
{
    sim::SimPrinter paper;
    sim::PrinterServer server(paper, folder / "paper");
    auto broker = start("printer", {"--pipe", folder / "paper"});
    BrokerReceiptPrinter printer({folder / "printer", us}, loop);
    const auto printOne = [&](Task then) {
        loop.when([&] { return printer.connected(); },
                  [&, then] {
                      printer.print({.id = "1", .elements = {PrintText{.text = "Soest"}}},
                                    [&, then](PrintOutcome outcome) {
                                        BOOST_TEST(std::holds_alternative<Printed>(outcome));
                                        then();
                                    });
                  });
    };
    printOne([&] {
        std::ifstream status("/proc/" + std::to_string(broker->pid()) + "/status");
        std::string line;
        bool noNewRights = false;
        while (std::getline(status, line))
            noNewRights = noNewRights || line == "NoNewPrivs:\t1";
        BOOST_TEST(noNewRights);
        BOOST_TEST(broker->end(SIGKILL) == -SIGKILL);
        loop.when([&] { return !printer.connected(); },
                  [&] {
                      broker = start("printer", {"--pipe", folder / "paper"});
                      printOne([&] { loop.stop(); });
                  });
    });
    loop.runToEnd();
    BOOST_TEST(server.with([](sim::SimPrinter& at) { return at.papers().size(); }) == 2u);
    BOOST_TEST(broker->end(SIGTERM) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_payment_is_approved_with_each_step_committed, House)
{
    sim::SimulatedTerminal terminal(loop, random);
    terminal.setBehaviour(quick());
    sim::TerminalServer server(loop, terminal, 0);
    const std::string settings = folder / "terminal.properties";
    std::ofstream(settings) << "password = 123456\ncharset = 2\n";
    const auto broker =
        start("payment", {"--terminal", "127.0.0.1:" + std::to_string(server.port()),
                          "--terminal-settings", settings});
    BrokerPaymentTerminal payment({folder / "payment", us}, loop);
    std::vector<PaymentEvidence> steps;
    bool approved = false;
    loop.when([&] { return payment.connected(); },
              [&] {
                  payment.authorise(order(terminal.lastReceipt()),
                                    {.status = {},
                                     .evidence =
                                         [&](PaymentEvidence step, std::optional<TerminalRecord>,
                                             std::function<void()> committed) {
                                             steps.push_back(step);
                                             committed();
                                         },
                                     .receipt = {},
                                     .done =
                                         [&](PaymentOutcome outcome) {
                                             approved =
                                                 std::holds_alternative<PaymentApproved>(outcome);
                                             loop.stop();
                                         }});
              });
    loop.runToEnd();
    BOOST_TEST(approved);
    BOOST_TEST((terminal.taken() == Money::cents(3070)));
    BOOST_TEST((steps == std::vector{PaymentEvidence::Sent, PaymentEvidence::Accepted,
                                     PaymentEvidence::Recorded, PaymentEvidence::Acknowledged}));
}

BOOST_FIXTURE_TEST_CASE(a_node_that_dies_before_its_commit_leaves_the_result_unacknowledged, House)
{
    sim::SimulatedTerminal terminal(loop, random);
    terminal.setBehaviour(quick());
    sim::TerminalServer server(loop, terminal, 0);
    const auto broker =
        start("payment", {"--terminal", "127.0.0.1:" + std::to_string(server.port())});
    auto payment =
        std::make_unique<BrokerPaymentTerminal>(BrokerAddress{folder / "payment", us}, loop);
    const int before = terminal.lastReceipt();
    loop.when([&] { return payment->connected(); },
              [&] {
                  payment->authorise(
                      order(before),
                      {.status = {},
                       .evidence =
                           [&](PaymentEvidence step, std::optional<TerminalRecord>,
                               std::function<void()> committed) {
                               if (step != PaymentEvidence::Recorded)
                                   return committed();
                               loop.post([&] { payment.reset(); }); // the power cut
                           },
                       .receipt = {},
                       .done = [](PaymentOutcome) { BOOST_ERROR("nobody hears it"); }});
              });
    // Nobody said 80 00 to its 04 0F, so this terminal takes the charge back.
    loop.when(
        [&] { return !terminal.ledger().empty() && terminal.ledger().back().reversed; },
        [&] {
            BOOST_TEST(!terminal.ledger().back().acknowledged);
            payment = std::make_unique<BrokerPaymentTerminal>(BrokerAddress{folder / "payment", us},
                                                              loop);
            loop.when([&] { return payment->connected(); },
                      [&] {
                          payment->resolve(
                              order(before),
                              {.status = {},
                               .evidence = [](PaymentEvidence, std::optional<TerminalRecord>,
                                              std::function<void()> committed) { committed(); },
                               .receipt = {},
                               .done =
                                   [&](PaymentOutcome outcome) {
                                       BOOST_TEST(std::holds_alternative<PaymentDeclined>(outcome));
                                       loop.stop();
                                   }});
                      });
        });
    loop.runToEnd();
    BOOST_TEST((terminal.taken() == Money()));
}

BOOST_FIXTURE_TEST_CASE(a_payment_whose_broker_is_killed_is_unresolved_until_the_next_one_asks,
                        House)
{
    sim::SimulatedTerminal terminal(loop, random);
    terminal.setBehaviour(quick());
    sim::TerminalServer server(loop, terminal, 0);
    const std::vector<std::string> where = {"--terminal",
                                            "127.0.0.1:" + std::to_string(server.port())};
    auto broker = start("payment", where);
    BrokerPaymentTerminal payment({folder / "payment", us}, loop);
    const int before = terminal.lastReceipt();
    loop.when(
        [&] { return payment.connected(); },
        [&] {
            payment.authorise(
                order(before),
                {.status = {},
                 .evidence =
                     [&](PaymentEvidence step, std::optional<TerminalRecord>,
                         std::function<void()> committed) {
                         committed();
                         if (step == PaymentEvidence::Accepted)
                             broker->end(SIGKILL);
                     },
                 .receipt = {},
                 .done =
                     [&](PaymentOutcome outcome) {
                         BOOST_TEST(std::holds_alternative<PaymentUnresolved>(outcome));
                         broker = start("payment", where);
                         loop.when(
                             [&] { return payment.connected(); },
                             [&] {
                                 payment.resolve(
                                     order(before),
                                     {.status = {},
                                      .evidence =
                                          [](PaymentEvidence, std::optional<TerminalRecord>,
                                             std::function<void()> committed) { committed(); },
                                      .receipt = {},
                                      .done =
                                          [&](PaymentOutcome known) {
                                              BOOST_TEST(
                                                  (std::holds_alternative<PaymentApproved>(known) ==
                                                   (terminal.taken() == Money::cents(3070))));
                                              BOOST_TEST(!std::holds_alternative<PaymentUnresolved>(
                                                  known));
                                              loop.stop();
                                          }});
                             });
                     }});
        });
    loop.runToEnd();
}

BOOST_FIXTURE_TEST_CASE(a_card_broker_ends_a_read_with_an_outcome, House)
{
    const auto broker = start("eid", {"--reader", "There is no such reader"});
    BrokerIdentityReader reader({folder / "eid", us}, loop);
    bool ended = false;
    loop.when([&] { return reader.connected(); },
              [&] {
                  IdentityRequest request;
                  request.pin = Secret("123456");
                  reader.read(request, Milliseconds(100),
                              {.step = {}, .sign = {}, .done = [&](IdentityOutcome outcome) {
                                   // Without pcscd the reader has failed, with it there is none of
                                   // that name.
                                   ended = std::holds_alternative<NoReader>(outcome) ||
                                           std::holds_alternative<DeviceFailed>(outcome);
                                   loop.stop();
                               }});
              });
    loop.runToEnd();
    BOOST_TEST(ended);
}

BOOST_FIXTURE_TEST_CASE(settings_that_no_scanner_has_end_the_start, House)
{
    constexpr int software = 70;
    const std::vector<std::string> refused[] = {
        {},
        {"--scanner", "0c2e:0200", "--pipe", folder / "codes"},
        {"--scanner", "c2e:200"},
        {"--scanner", "0c2e-0200"},
        {"--scanner", "0c2e:02xy"},
        {"--scanner", "0c2e:0200", "--layout", "fr"}};
    for (const auto& options : refused)
        BOOST_TEST(start("scanner", options)->wait() == software);
}

BOOST_FIXTURE_TEST_CASE(a_code_comes_from_the_scanner_to_the_node, House)
{
    sim::ScannerServer device(folder / "codes");
    const auto broker = start("scanner", {"--pipe", folder / "codes"});
    BrokerCodeScanner scanner({folder / "scanner", us}, loop);
    std::string code;
    loop.when([&] { return scanner.connected(); },
              [&] {
                  scanner.scan({.listening = [&] { device.type(sim::typed("ABCD-EFGH-2")); },
                                .done =
                                    [&](const ScanOutcome& outcome) {
                                        if (const auto* scanned =
                                                std::get_if<CodeScanned>(&outcome))
                                            code = scanned->code.reveal();
                                        loop.stop();
                                    }});
              });
    loop.runToEnd();
    BOOST_TEST(code == "ABCD-EFGH-2");
    BOOST_TEST(broker->end(SIGTERM) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_call_is_spoken_in_a_process_of_its_own, House)
{
    const auto broker = start("speech", {});
    BrokerSpeaker speaker({folder / "speech", us}, loop);
    Bytes sound;
    loop.when([&] { return speaker.connected(); },
              [&] {
                  speaker.speak({"de", "Nummer B 47, bitte zu Schalter 3."},
                                [&](const SpeechOutcome& outcome) {
                                    if (const auto* speech = std::get_if<Speech>(&outcome))
                                        sound = speech->sound;
                                    loop.stop();
                                });
              });
    loop.runToEnd();
    BOOST_TEST((Bytes(sound.begin(), sound.begin() + 4) == Bytes{'O', 'g', 'g', 'S'}));
    BOOST_TEST(broker->end(SIGTERM) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
