// SPDX-License-Identifier: EUPL-1.2
//
// amt-broker: one driver in a process of its own. The only file here that knows which
// implementation stands behind a port.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/random.h"
#include "appliance/core/real_event_loop.h"
#include "drivers/broker/card_reader.h"
#include "drivers/broker/server.h"
#include "drivers/escpos/escpos.h"
#include "drivers/escpos/socket_pipe.h"
#include "drivers/escpos/usb_pipe.h"
#include "drivers/scanner/scanner.h"
#include "drivers/speech/speech.h"
#include "drivers/zvt/tcp_stream.h"
#include "drivers/zvt/zvt.h"

#include <Poco/AutoPtr.h>
#include <Poco/NumberParser.h>
#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/IntValidator.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionSet.h>
#include <Poco/Util/PropertyFileConfiguration.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <iostream>
#include <limits>
#include <memory>

namespace amt::broker {
namespace {

/// What passes through here (PINs, data from cards) is never to lie in a file, and nothing started
/// from here gets more rights.
void harden()
{
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
#ifndef AMT_ADDRESS_SANITIZER // the leak check of developers' builds looks into its own process
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

zvt::TcpAddress terminalAddress(const std::string& text)
{
    zvt::TcpAddress address;
    const auto colon = text.rfind(':');
    address.host = text.substr(0, colon);
    if (colon != std::string::npos) {
        unsigned port = 0;
        if (!Poco::NumberParser::tryParseUnsigned(text.substr(colon + 1), port) || port == 0 ||
            port > 65535)
            throw Error(ErrorCode::ConfigurationInvalid, "--terminal: no port");
        address.port = static_cast<std::uint16_t>(port);
    }
    if (address.host.empty())
        throw Error(ErrorCode::ConfigurationInvalid, "--terminal: no host");
    return address;
}

int numberUpTo(int most, int number)
{
    if (number < 0 || number > most)
        throw Error(ErrorCode::ConfigurationInvalid, "terminal settings: number out of range");
    return number;
}

/// A file, because others read the command line of a process.
zvt::ZvtSettings terminalSettings(const std::string& path)
{
    const Poco::AutoPtr<Poco::Util::PropertyFileConfiguration> file(
        new Poco::Util::PropertyFileConfiguration(path));
    Poco::Util::AbstractConfiguration::Keys keys;
    file->keys(keys);
    zvt::ZvtSettings settings;
    for (const auto& key : keys) {
        if (key == "password")
            settings.password = file->getString(key);
        else if (key == "config-byte")
            settings.configByte = static_cast<std::uint8_t>(numberUpTo(255, file->getInt(key)));
        else if (key == "charset")
            settings.charset = numberUpTo(255, file->getInt(key));
        else
            throw Error(ErrorCode::ConfigurationInvalid, "terminal settings: unknown key " + key);
    }
    return settings;
}

/// "vendor:product" in hexadecimal, as lsusb shows it.
std::unique_ptr<scanner::KeySource> scannerAt(const std::string& text)
{
    const auto colon = text.find(':');
    unsigned vendor = 0;
    unsigned product = 0;
    if (colon != 4 || text.size() != 9 ||
        !Poco::NumberParser::tryParseHex(text.substr(0, colon), vendor) ||
        !Poco::NumberParser::tryParseHex(text.substr(colon + 1), product))
        throw Error(ErrorCode::ConfigurationInvalid, "--scanner: no VENDOR:PRODUCT");
    return scanner::makeEvdevSource(static_cast<std::uint16_t>(vendor),
                                    static_cast<std::uint16_t>(product));
}

scanner::KeyLayout keyLayout(const std::string& text)
{
    if (text != "us" && text != "de")
        throw Error(ErrorCode::ConfigurationInvalid, "--layout: neither us nor de");
    return text == "us" ? scanner::KeyLayout::Us : scanner::KeyLayout::De;
}

class BrokerProgram : public Poco::Util::Application {
public:
    BrokerProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Application::defineOptions(options);
        using Poco::Util::Option;
        const auto add = [&](const char* option, const char* what, const char* argument) {
            options.addOption(
                Option(option, "", what).argument(argument).binding(std::string("amt.") + option));
        };
        const auto addFlag = [&](const char* option, const char* what) {
            options.addOption(Option(option, "", what).binding(std::string("amt.") + option));
        };
        add("socket", "path of the socket on which the node is heard", "PATH");
        options.addOption(
            Option("peer-uid", "", "user id of amt-node")
                .argument("N")
                .validator(new Poco::Util::IntValidator(0, std::numeric_limits<int>::max()))
                .binding("amt.peer-uid"));
        add("reader", "eid: name of the card reader, or its beginning (default: the first)",
            "NAME");
        add("terminal", "payment: where the terminal listens", "HOST:PORT");
        add("terminal-settings",
            "payment: properties from the terminal's contract: password (six digits), config-byte, "
            "charset",
            "FILE");
        addFlag("usb", "printer: on USB");
        add("scanner", "scanner: its USB numbers as lsusb shows them, e.g. 0c2e:0200",
            "VENDOR:PRODUCT");
        add("layout", "scanner: the keyboard that it is set to, us (default) or de", "LAYOUT");
        add("pipe", "printer, scanner: the emulated one behind this socket", "SOCKET");
        addFlag("emulated", "the device is emulated, and the node may say so");
    }

    int main(const ArgVec& arguments) override
    {
        log::setProcess("amt-broker");
        harden();
        const auto driver = arguments.size() == 1 ? driverFromName(arguments[0]) : std::nullopt;
        if (!driver || !config().has("amt.socket") || !config().has("amt.peer-uid"))
            return usage();
        log::setProcess("amt-broker-" + arguments[0]);
        try {
            serve(*driver);
            return EXIT_OK;
        } catch (const Poco::Exception& failure) { // the door of main
            log::error("broker.ended", {{"code", failure.name()}, {"detail", failure.message()}});
            return EXIT_SOFTWARE;
        }
    }

private:
    int usage() const
    {
        Poco::Util::HelpFormatter help(options());
        help.setCommand("amt-broker");
        help.setUsage("eid|payment|printer|scanner|speech --socket PATH --peer-uid N OPTIONS");
        help.format(std::cerr);
        return EXIT_USAGE;
    }

    void serve(Driver driver)
    {
        RealEventLoop loop;
        const SignalWaiter waiter([&loop] { loop.stop(); });
        SystemRandom random;
        std::unique_ptr<ByteStream> line;
        std::unique_ptr<UsbPipe> pipe;
        std::unique_ptr<CodeScanner> codes;
        std::unique_ptr<Speaker> speaker;
        zvt::ZvtSettings terminal;
        Server::MakeService make;
        switch (driver) {
        case Driver::Eid:
            make = [&, reader = config().getString("amt.reader", "")](Say say) {
                return makeIdentityService(makeCardReader(reader, loop, random), std::move(say));
            };
            break;
        case Driver::Payment:
            line = std::make_unique<zvt::TcpStream>(
                loop, terminalAddress(config().getString("amt.terminal")));
            // Made once here, so that wrong settings end the start and not the first payment.
            terminal = config().has("amt.terminal-settings")
                           ? terminalSettings(config().getString("amt.terminal-settings"))
                           : zvt::ZvtSettings{};
            zvt::makeZvtTerminal(terminal, *line, loop);
            make = [&](Say say) {
                return makePaymentService(zvt::makeZvtTerminal(terminal, *line, loop),
                                          std::move(say));
            };
            break;
        case Driver::Printer:
            if (config().has("amt.pipe") == config().has("amt.usb"))
                throw Error(ErrorCode::ConfigurationInvalid,
                            "a printer is either --usb or --pipe SOCKET");
            pipe = config().has("amt.pipe") ? escpos::makeSocketPipe(config().getString("amt.pipe"))
                                            : escpos::makeUsbPipe();
            make = [&](Say say) {
                return makePrinterService(escpos::makeEscposPrinter({}, *pipe, loop),
                                          std::move(say));
            };
            break;
        case Driver::Scanner:
            if (config().has("amt.pipe") == config().has("amt.scanner"))
                throw Error(ErrorCode::ConfigurationInvalid,
                            "a scanner is either --scanner VENDOR:PRODUCT or --pipe SOCKET");
            codes = scanner::makeScanner(
                {.layout = keyLayout(config().getString("amt.layout", "us"))},
                config().has("amt.pipe") ? scanner::makeSocketSource(config().getString("amt.pipe"))
                                         : scannerAt(config().getString("amt.scanner")),
                loop);
            make = [&](Say say) { return makeScannerService(*codes, std::move(say)); };
            break;
        case Driver::Speech:
            speaker = speech::makeSpeaker();
            make = [&](Say say) { return makeSpeechService(*speaker, std::move(say)); };
            break;
        }
        const bool emulated = config().has("amt.emulated");
        const Server server({.driver = driver,
                             .socket = config().getString("amt.socket"),
                             .peerUser = config().getUInt("amt.peer-uid"),
                             .emulated = emulated},
                            loop, std::move(make));
        log::info("broker.listening", {{"emulated", emulated ? "yes" : "no"}});
        loop.run();
    }
};

} // namespace
} // namespace amt::broker

int main(int argc, char** argv)
{
    try {
        amt::broker::BrokerProgram program;
        program.init(argc, argv);
        return program.run();
    } catch (const Poco::Exception& failure) { // an option that is none
        std::cerr << "amt-broker: " << failure.displayText() << '\n';
        return Poco::Util::Application::EXIT_USAGE;
    }
}
