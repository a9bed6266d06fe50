// SPDX-License-Identifier: EUPL-1.2
//
// amt-node: wires the town hall. `init` makes the keys and takes the enrolment over; `serve`
// answers; `restore` puts a copy of the database back.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/random.h"
#include "appliance/core/real_event_loop.h"
#include "appliance/node/emulation_client.h"
#include "appliance/node/front.h"
#include "appliance/node/node.h"
#include "appliance/node/routes.h"
#include "appliance/node/signer_folder.h"
#include "appliance/store/store.h"
#include "drivers/broker/client.h"
#include "kiosk/page/page.h"

#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/String.h>
#include <Poco/StringTokenizer.h>
#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/OptionSet.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace {

using namespace amt;

std::string fileText(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw Error(ErrorCode::ConfigurationInvalid,
                    "cannot read " + std::filesystem::path(path).filename().string());
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Personal data must not come to rest in a core file.
void harden()
{
    ::prctl(PR_SET_DUMPABLE, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = std::min<rlim_t>(files.rlim_max, 16384);
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

class NodeProgram : public Poco::Util::Application {
public:
    NodeProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Application::defineOptions(options);
        const auto add = [&](const char* name, const char* what, const char* argument) {
            options.addOption(Poco::Util::Option(name, "", what)
                                  .required(false)
                                  .repeatable(false)
                                  .argument(argument)
                                  .binding(std::string("amt.") + name));
        };
        add("state", "folder of node.db", "DIR");
        add("enrolment", "init: what the gateway made for this node", "FILE");
        add("run", "folder of the sockets", "DIR");
        add("source", "folder that holds kiosk/ and config/", "DIR");
        add("municipality",
            "folder of services and fees (default: config/municipality of the source)", "DIR");
        add("kiosk-port", "loopback port of the kiosk", "N");
        add("desk-port", "port of desks and displays, TLS", "N");
        add("desk-address", "address of desks and displays (default 127.0.0.1)", "ADDRESS");
        add("desk-names",
            "names of that address, as browsers write them and desk.pem has them; blanks between",
            "NAMES");
        add("peer-uid", "user id of amt-sync and of the brokers", "N");
        add("eid-folder",
            "folder with link*.cvcert, dv.cvcert, terminal.cvcert, csca*.der, and terminal.pkcs8 "
            "or "
            "terminal.pkcs11",
            "DIR");
        add("block-list",
            "folder with sector.key and blocklist.txt: cards that were reported lost are refused",
            "DIR");
        add("desk-reader", "the broker of the card reader at the desk", "SOCKET");
        add("speech", "the broker that speaks the calls of the waiting hall", "SOCKET");
        add("desk-eid-folder", "the same files for reading on site: the certificate allows the CAN",
            "DIR");
        add("scanner", "the broker of the code scanner at the kiosk", "SOCKET");
        add("second-factor",
            "roles that need a code besides the password (default \"Clerk Lead Treasurer It\"), or "
            "none",
            "ROLES");
        add("identity-provider",
            "identity-provider.json: clerks may sign in by the town's identity provider", "FILE");
        add("emulation", "control socket of emulated devices", "SOCKET");
        add("portal-calendar",
            "the portal owns the calendar, and this is what it calls this node (clientId of "
            "sync-enrolment.json); without it, this node gives all appointments itself",
            "ID");
        add("backup", "second medium: hourly copies of the database, and one before an update",
            "DIR");
        add("backups-kept", "copies kept there (default 48)", "N");
        add("from", "restore: the copy", "FILE");
        add("quota-pages", "database quota in pages of 4 KiB (default 262144 = 1 GiB)", "N");
    }

    int main(const ArgVec& arguments) override
    {
        log::setProcess("amt-node");
        harden();
        try {
            if (arguments.size() == 1 && arguments[0] == "init")
                return setUp();
            if (arguments.size() == 1 && arguments[0] == "serve")
                return serve();
            if (arguments.size() == 1 && arguments[0] == "restore")
                return restore();
        } catch (const Poco::Exception& failure) { // the door of main
            log::error("node.ended", {{"code", failure.name()}, {"detail", failure.message()}});
            return EXIT_SOFTWARE;
        }
        Poco::Util::HelpFormatter help(options());
        help.setCommand("amt-node");
        help.setUsage("init|serve|restore OPTIONS");
        help.format(std::cerr);
        return EXIT_USAGE;
    }

private:
    std::string setting(const std::string& name) { return config().getString("amt." + name); }

    store::DatabaseSettings databaseSettings()
    {
        store::DatabaseSettings settings;
        settings.path = setting("state") + "/node.db";
        settings.pagesMax = config().getInt64("amt.quota-pages", 262144);
        settings.grow = true;
        // What a failed sync has lost, no retry brings back: end here, start again, look at the
        // chain (sync.md 3).
        settings.onDiskError = [] { std::_Exit(EXIT_IOERR); };
        return settings;
    }

    int setUp()
    {
        SystemRandom random;
        const RealEventLoop clock;
        ::umask(077);
        store::Database database(databaseSettings());
        node::migrate(database);
        const std::string code = node::setUp(database, random, clock.utcNow());
        if (config().has("amt.enrolment"))
            node::enrol(database, fileText(setting("enrolment")), clock.utcNow());
        if (!code.empty())
            std::printf("first-clerk-code: %s\n", code.c_str());
        return EXIT_OK;
    }

    int restore()
    {
        SystemRandom random;
        const RealEventLoop clock;
        ::umask(077);
        const int sentAgain =
            node::restore(setting("from"), databaseSettings().path, random, clock.utcNow());
        std::printf("restored; sent again: %d\n", sentAgain);
        return EXIT_OK;
    }

    /// Where copies go: the second medium, else beside the database.
    std::string copies() { return config().getString("amt.backup", setting("state")); }

    void chooseBackup(node::NodeSettings& settings)
    {
        if (!config().has("amt.backup"))
            return log::warning("backup.none");
        settings.backupFolder = setting("backup");
        settings.backupsKept = std::max(1, config().getInt("amt.backups-kept", 48));
        struct stat ours {};
        struct stat theirs {};
        settings.backupOnSameMedium = ::stat(setting("state").c_str(), &ours) == 0 &&
                                      ::stat(settings.backupFolder.c_str(), &theirs) == 0 &&
                                      ours.st_dev == theirs.st_dev;
        if (settings.backupOnSameMedium)
            log::warning("backup.same-medium");
    }

    void chooseSecondFactor(node::NodeSettings& settings)
    {
        if (!config().has("amt.second-factor"))
            return;
        const std::string roles = setting("second-factor");
        settings.secondFactorFor = roles == "none" ? office::Roles() : office::rolesFrom(roles);
        if (settings.secondFactorFor.empty())
            log::warning("second-factor.none");
    }

    int serve()
    {
        RealEventLoop loop;
        const SignalWaiter signals([&] { loop.stop(); });
        SystemRandom random;
        ::umask(077);
        store::Database database(databaseSettings());
        node::migrate(database, copies());

        const std::string source = config().getString("amt.source", ".");
        const page::Renderer pages(source + "/kiosk");
        const std::string run = setting("run");
        const auto peerUser = static_cast<unsigned>(config().getUInt("amt.peer-uid", ::getuid()));

        BrokerIdentityReader identityReader({run + "/eid.sock", peerUser}, loop);
        BrokerPaymentTerminal paymentTerminal({run + "/payment.sock", peerUser}, loop);
        BrokerReceiptPrinter printer({run + "/printing.sock", peerUser}, loop);
        const auto longWork = node::makeLongWork(loop);
        const auto copying = node::makeLongWork(loop);
        const auto signer = makeSigner("eid-folder");
        std::unique_ptr<BrokerIdentityReader> deskReader;
        if (config().has("amt.desk-reader"))
            deskReader = std::make_unique<BrokerIdentityReader>(
                BrokerAddress{setting("desk-reader"), peerUser}, loop);
        const auto deskSigner = makeSigner("desk-eid-folder");
        std::unique_ptr<BrokerSpeaker> speaker;
        if (config().has("amt.speech"))
            speaker =
                std::make_unique<BrokerSpeaker>(BrokerAddress{setting("speech"), peerUser}, loop);
        std::unique_ptr<BrokerCodeScanner> scanner;
        if (config().has("amt.scanner"))
            scanner = std::make_unique<BrokerCodeScanner>(
                BrokerAddress{setting("scanner"), peerUser}, loop);
        std::unique_ptr<node::EmulationClient> emulation;
        if (config().has("amt.emulation")) {
            emulation = std::make_unique<node::EmulationClient>(setting("emulation"));
            log::warning("devices.emulated", {{"control", "yes"}});
        }

        node::NodeSettings settings;
        settings.municipalityFolder =
            config().getString("amt.municipality", source + "/config/municipality");
        settings.deskHosts = {"127.0.0.1", "localhost",
                              config().getString("amt.desk-address", "127.0.0.1")};
        for (const auto& name : Poco::StringTokenizer(config().getString("amt.desk-names", ""), " ",
                                                      Poco::StringTokenizer::TOK_IGNORE_EMPTY))
            settings.deskHosts.push_back(Poco::toLower(name));
        settings.displayToken = Secret(Poco::trim(fileText(setting("state") + "/display.token")));
        chooseBackup(settings);
        chooseSecondFactor(settings);
        settings.portalCalendar = config().getString("amt.portal-calendar", "");
        settings.blockListFolder = config().getString("amt.block-list", "");
        if (config().has("amt.identity-provider"))
            settings.identityProvider = fileText(setting("identity-provider"));
        settings.testModeLanguages = config().getBool("amt.test-languages", true);

        // The front and the node know each other: requests go in, live pages come out.
        std::unique_ptr<node::Node> town;
        node::FrontSettings frontSettings;
        frontSettings.comesInPieces = node::comesInPieces;
        node::Front front(frontSettings, doors(run, peerUser), loop,
                          [&town](node::Surface surface, const HttpRequest& request,
                                  std::function<void(HttpResponse)> respond) {
                              // Displays hang on the desks' port and have a door of their own
                              // inside.
                              const bool display = surface == node::Surface::Desk &&
                                                   request.path.starts_with("/display");
                              town->handle(display ? node::Surface::Display : surface, request,
                                           std::move(respond));
                          });
        town = std::make_unique<node::Node>(
            std::move(settings),
            node::NodeDoors{loop, random, database, pages, identityReader, paymentTerminal, printer,
                            signer.get(), *longWork, front, emulation.get(), copying.get(),
                            deskReader.get(), deskSigner.get(), speaker.get(), scanner.get()});
        front.start();
        log::info("node.serves", {{"version", AMT_VERSION}});
        loop.run();
        log::info("node.stops");
        return EXIT_OK;
    }

    std::unique_ptr<node::TerminalSigner> makeSigner(const std::string& option)
    {
        if (!config().has("amt." + option))
            return nullptr;
        return node::makeFolderSigner(setting(option));
    }

    std::vector<node::Door> doors(const std::string& run, unsigned peerUser)
    {
        std::vector<node::Door> doors(4);
        const auto kioskPort = static_cast<Poco::UInt16>(config().getUInt("amt.kiosk-port", 8080));
        doors[0].surface = node::Surface::Kiosk;
        doors[0].socket =
            Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", kioskPort), 128);
        doors[0].peerName = "loopback";

        const std::string state = setting("state");
        Poco::Net::Context::Ptr tls(new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE,
                                                           state + "/desk.key", state + "/desk.pem",
                                                           "", Poco::Net::Context::VERIFY_NONE));
        tls->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_3);
        const auto deskPort = static_cast<Poco::UInt16>(config().getUInt("amt.desk-port", 8443));
        doors[1].surface = node::Surface::Desk;
        doors[1].socket = Poco::Net::SecureServerSocket(
            Poco::Net::SocketAddress(config().getString("amt.desk-address", "127.0.0.1"), deskPort),
            128, tls);
        doors[1].secure = true;
        doors[1].peerName = "lan";
        doors[1].tellsAddress = true;

        doors[2].surface = node::Surface::Sync;
        doors[2].socket = node::listenOnUnixSocket(run + "/sync.sock");
        doors[2].peerUser = peerUser;
        doors[2].peerName = "sync";

        doors[3].surface = node::Surface::Admin;
        doors[3].socket = node::listenOnUnixSocket(run + "/admin.sock");
        doors[3].peerUser = ::getuid();
        doors[3].peerName = "admin";
        return doors;
    }
};

} // namespace

int main(int argc, char** argv)
{
    try {
        NodeProgram program;
        program.init(argc, argv);
        return program.run();
    } catch (const Poco::Exception& failure) {
        std::fprintf(stderr, "amt-node: %s\n", failure.displayText().c_str());
        return 64;
    }
}
