// SPDX-License-Identifier: EUPL-1.2
//
// The emulated devices obey the control line, and a node reaches them through a broker.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "drivers/broker/client.h"
#include "drivers/broker/server.h"
#include "drivers/escpos/escpos.h"
#include "drivers/escpos/socket_pipe.h"
#include "drivers/scanner/scanner.h"
#include "tests/drivers/broker/fakes.h"
#include "tests/sim/devices/control.h"
#include "tests/sim/devices/devices.h"

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <fstream>
#include <sstream>

using namespace amt;
using namespace amt::test;

namespace {

struct House {
    House() { log::setEnabled(false); }
    ~House() { log::setEnabled(true); }

    sim::DevicesSettings settings() const
    {
        sim::DevicesSettings settings;
        settings.state = folder / "";
        settings.printerSocket = folder / "printer.sock";
        settings.scannerSocket = folder / "scanner.sock";
        settings.vpcdPort = settings.deskVpcdPort = 1; // nobody listens
        settings.only = {"card", "desk-card", "terminal", "printer", "scanner"};
        return settings;
    }

    TestFolder folder;
    TestLoop loop;
    SystemRandom random;
};

} // namespace

BOOST_AUTO_TEST_SUITE(sim_devices)

BOOST_FIXTURE_TEST_CASE(devices_tell_what_can_be_done_with_them, House)
{
    sim::Devices devices(settings(), loop, random);
    BOOST_TEST(
        devices.obey("devices") ==
        R"({"devices":[{"kind":"card","detail":"devices.cardLaid","acts":["pull"]},)"
        R"({"kind":"desk-card","detail":"devices.cardLaid","acts":["pull"]},)"
        R"({"kind":"printer","detail":"devices.ready","acts":["paper-end"]},)"
        R"({"kind":"scanner","detail":"devices.ready","acts":["scan-strange","unplug"]},)"
        R"({"kind":"terminal","detail":"devices.terminalApproves","acts":["decline","silent"]}]})");
    BOOST_TEST(devices.obey("act card lay") == R"({"error":"no such command, or not now"})");
    BOOST_TEST(devices.obey("act card pull").find("devices.cardAway") != std::string::npos);
    BOOST_TEST(devices.obey("act card lay").find("devices.cardLaid") != std::string::npos);
    BOOST_TEST(devices.obey("act desk-card lay-expired").find("error") != std::string::npos);
    BOOST_TEST(
        devices.obey("act desk-card pull")
            .find(
                R"("devices.cardAway","acts":["lay","lay-blocked","lay-expired","lay-forged","lay-other"])") !=
        std::string::npos);
    BOOST_TEST(devices.obey("act desk-card lay-expired").find("devices.cardAway") ==
               std::string::npos);
    BOOST_TEST(devices.obey("act terminal silent").find("devices.terminalSilent") !=
               std::string::npos);
    BOOST_TEST(devices.obey("act terminal approve").find("devices.terminalApproves") !=
               std::string::npos);
    BOOST_TEST(devices.obey("act printer paper-end").find("devices.paperOut") != std::string::npos);
    BOOST_TEST(devices.obey("charges") == R"({"charges":[]})");
    BOOST_TEST(devices.obey("scan ABC") == R"({"error":"nobody hears a scanner"})");
    BOOST_TEST(devices.obey("act scanner unplug").find(R"("devices.missing","acts":["plug"])") !=
               std::string::npos);
    BOOST_TEST(devices.obey("act scanner plug").find("devices.missing") == std::string::npos);
    for (const auto* nonsense : {"", "act", "act card", "act card  pull", "quit", "DEVICES"})
        BOOST_TEST(devices.obey(nonsense) == R"({"error":"no such command, or not now"})");
}

BOOST_FIXTURE_TEST_CASE(the_desk_has_certificates_of_its_own, House)
{
    const sim::Devices devices(settings(), loop, random);
    const auto textOf = [](const std::filesystem::path& path) {
        std::ifstream file(path, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    };
    const auto kiosk = textOf(folder / "terminal.cvcert");
    const auto desk = textOf(sim::deskPki(folder / "") / "terminal.cvcert");
    BOOST_TEST(!desk.empty());
    BOOST_TEST((kiosk != desk));
}

BOOST_FIXTURE_TEST_CASE(only_what_is_wanted_is_emulated, House)
{
    auto wanted = settings();
    wanted.only = {"printer"};
    sim::Devices devices(wanted, loop, random);
    BOOST_TEST(devices.obey("devices") ==
               R"({"devices":[{"kind":"printer","detail":"devices.ready","acts":["paper-end"]}]})");
    wanted.only = {"coffee"};
    BOOST_CHECK_EXCEPTION(sim::Devices(wanted, loop, random), Error, [](const Error& e) {
        return e.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_FIXTURE_TEST_CASE(the_control_socket_answers_line_by_line, House)
{
    sim::ControlServer control(folder / "control", loop,
                               [](const std::string& line) { return "{" + line + "}"; });
    std::string heard;
    std::thread person([&] {
        Poco::Net::StreamSocket socket;
        socket.connect(
            Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, folder / "control"));
        socket.sendBytes("one\ntw", 6);
        socket.sendBytes("o\n", 2);
        while (heard.size() < 12) {
            char part[64];
            const int count = socket.receiveBytes(part, sizeof part);
            if (count <= 0)
                break;
            heard.append(part, static_cast<std::size_t>(count));
        }
        loop.stop();
    });
    loop.runToEnd();
    person.join();
    BOOST_TEST(heard == "{one}\n{two}\n");
}

BOOST_FIXTURE_TEST_CASE(a_receipt_goes_from_the_node_through_the_broker_onto_the_emulated_paper,
                        House)
{
    sim::Devices devices(settings(), loop, random);
    const auto pipe = escpos::makeSocketPipe(folder / "printer.sock");
    broker::Server server({.driver = broker::Driver::Printer,
                           .socket = folder / "broker",
                           .peerUser = ::getuid(),
                           .emulated = true},
                          loop, [&](broker::Say say) {
                              return broker::makePrinterService(
                                  escpos::makeEscposPrinter({}, *pipe, loop), std::move(say));
                          });
    BrokerReceiptPrinter printer({folder / "broker", ::getuid()}, loop);
    std::string story;
    loop.when([&] { return printer.connected(); },
              [&] {
                  BOOST_TEST(printer.emulated());
                  printer.print({.id = "1",
                                 .elements = {PrintText{.text = "Quittung für Żaneta"},
                                              PrintPair{.left = "Gebühr", .right = "30,70 €"}}},
                                [&](PrintOutcome outcome) {
                                    story += std::holds_alternative<Printed>(outcome)
                                                 ? "printed "
                                                 : "not printed ";
                                    devices.obey("act printer paper-end");
                                });
                  printer.print({.id = "2", .elements = {PrintRule{}}}, [&](PrintOutcome outcome) {
                      story += std::holds_alternative<PaperOut>(outcome) ? "paper out "
                                                                         : "something else ";
                  });
                  printer.state([&](PrinterState state) {
                      story += state.present && state.paperOut ? "still out" : "?";
                      loop.stop();
                  });
              });
    loop.runToEnd();
    BOOST_TEST(story == "printed paper out still out");
    std::ifstream file(folder / "printer/001.txt");
    std::ostringstream text;
    text << file.rdbuf();
    BOOST_TEST(text.str().find("Gebühr                                   30,70 €\n") !=
               std::string::npos);
    std::ifstream svg(folder / "printer/001.svg");
    BOOST_TEST(svg.good());
}

BOOST_FIXTURE_TEST_CASE(the_code_that_was_printed_last_is_held_before_the_scanner, House)
{
    sim::Devices devices(settings(), loop, random);
    const auto pipe = escpos::makeSocketPipe(folder / "printer.sock");
    const auto printer = escpos::makeEscposPrinter({}, *pipe, loop);
    const auto scanner =
        scanner::makeScanner({}, scanner::makeSocketSource(folder / "scanner.sock"), loop);
    std::string code;
    printer->print({.id = "1", .elements = {PrintQr{"TE-2026-ABCD-EF"}}}, [&](PrintOutcome) {
        scanner->scan({.listening = [&] { devices.obey("act scanner scan-last"); },
                       .done =
                           [&](const ScanOutcome& outcome) {
                               if (const auto* scanned = std::get_if<CodeScanned>(&outcome))
                                   code = scanned->code.reveal();
                               loop.stop();
                           }});
    });
    loop.runToEnd();
    BOOST_TEST(code == "TE-2026-ABCD-EF");
}

BOOST_AUTO_TEST_SUITE_END()
