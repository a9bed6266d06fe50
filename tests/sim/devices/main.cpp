// SPDX-License-Identifier: EUPL-1.2
//
// amt-emulated: the devices of ./amt run where none is plugged in. README.md.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/random.h"
#include "appliance/core/real_event_loop.h"
#include "tests/sim/card/card.h"
#include "tests/sim/devices/control.h"
#include "tests/sim/devices/devices.h"

#include <Poco/StringTokenizer.h>
#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/IntValidator.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionSet.h>
#include <sys/stat.h>

#include <filesystem>
#include <iostream>

namespace amt::sim {
namespace {

class EmulatedProgram : public Poco::Util::Application {
public:
    EmulatedProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Application::defineOptions(options);
        using Poco::Util::Option;
        const auto add = [&](const char* option, const char* what, const char* argument) {
            options.addOption(
                Option(option, "", what).argument(argument).binding(std::string("amt.") + option));
        };
        const auto addPort = [&](const char* option, const char* what) {
            options.addOption(Option(option, "", what)
                                  .argument("N")
                                  .validator(new Poco::Util::IntValidator(1, 65535))
                                  .binding(std::string("amt.") + option));
        };
        add("state", "folder of the card's PKI and the printer's tray", "DIR");
        addPort("terminal-port", "port of the terminal on 127.0.0.1");
        add("printer-socket", "path of the printer's socket", "PATH");
        add("scanner-socket", "path of the scanner's socket", "PATH");
        addPort("vpcd-port", "port of pcscd's virtual reader (default 35963)");
        addPort("desk-vpcd-port",
                "port of its second slot, the reader at the desk (default 35964)");
        add("control", "path of the control socket", "PATH");
        add("only", "which to emulate (default: all), e.g. card,printer", "KINDS");
    }

    int main(const ArgVec& arguments) override
    {
        log::setProcess("amt-emulated");
        ::umask(077);
        const auto command = arguments.empty() ? std::string("serve") : arguments[0];
        try {
            if (arguments.size() <= 1 && config().has("amt.state") && command == "init")
                return makePki();
            if (arguments.size() <= 1 && config().has("amt.state") && command == "serve")
                return serve();
        } catch (const Poco::Exception& failure) { // the door of main
            log::error("emulated.ended", {{"code", failure.name()}, {"detail", failure.message()}});
            return EXIT_SOFTWARE;
        }
        Poco::Util::HelpFormatter help(options());
        help.setCommand("amt-emulated");
        help.setUsage("init|serve --state DIR OPTIONS");
        help.format(std::cerr);
        return EXIT_USAGE;
    }

private:
    int makePki()
    {
        SystemRandom random;
        const RealEventLoop clock;
        const auto folder = config().getString("amt.state");
        std::filesystem::create_directories(folder);
        (void)cardPkiIn(folder, random, clock.utcNow());
        (void)cardPkiIn(deskPki(folder), random, clock.utcNow());
        return EXIT_OK;
    }

    int serve()
    {
        RealEventLoop loop;
        const SignalWaiter waiter([&loop] { loop.stop(); });
        SystemRandom random;
        DevicesSettings settings;
        settings.state = config().getString("amt.state");
        const Poco::StringTokenizer kinds(
            config().getString("amt.only", "card,desk-card,terminal,printer,scanner"), ",",
            Poco::StringTokenizer::TOK_TRIM | Poco::StringTokenizer::TOK_IGNORE_EMPTY);
        settings.only.insert(kinds.begin(), kinds.end());
        if (settings.only.count("terminal") != 0)
            settings.terminalPort =
                static_cast<std::uint16_t>(config().getInt("amt.terminal-port"));
        if (settings.only.count("printer") != 0)
            settings.printerSocket = config().getString("amt.printer-socket");
        if (settings.only.count("scanner") != 0)
            settings.scannerSocket = config().getString("amt.scanner-socket");
        settings.vpcdPort = static_cast<std::uint16_t>(config().getInt("amt.vpcd-port", 35963));
        settings.deskVpcdPort =
            static_cast<std::uint16_t>(config().getInt("amt.desk-vpcd-port", 35964));
        std::filesystem::create_directories(settings.state);
        Devices devices(settings, loop, random);
        std::unique_ptr<ControlServer> control;
        if (config().has("amt.control"))
            control = std::make_unique<ControlServer>(
                config().getString("amt.control"), loop,
                [&](const std::string& line) { return devices.obey(line); });
        loop.run();
        return EXIT_OK;
    }
};

} // namespace
} // namespace amt::sim

int main(int argc, char** argv)
{
    try {
        amt::sim::EmulatedProgram program;
        program.init(argc, argv);
        return program.run();
    } catch (const Poco::Exception& failure) { // an option that is none
        std::cerr << "amt-emulated: " << failure.displayText() << '\n';
        return Poco::Util::Application::EXIT_USAGE;
    }
}
