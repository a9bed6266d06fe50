// SPDX-License-Identifier: EUPL-1.2
//
// amt-gateway: init, serve, import, subscribe, and the orders of whoever runs it.
#include "appliance/core/files.h"
#include "appliance/core/log.h"
#include "appliance/core/random.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/books.h"
#include "sync/gateway/enrolment.h"
#include "sync/gateway/gateway.h"
#include "sync/gateway/https_front.h"
#include "sync/gateway/import.h"
#include "sync/gateway/operator_pages.h"
#include "sync/gateway/operators.h"
#include "sync/gateway/quota_commands.h"
#include "sync/portal/exchange.h"

#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <thread>

namespace amt::gateway {
namespace {

constexpr std::size_t answerBytesMax = 92 * 1024 * 1024; ///< an attachment as JWE
constexpr int ownThreads = 4;                            ///< for whoever runs the gateway
constexpr std::size_t operatorsBodyMax = 16 * 1024;
constexpr std::size_t operatorsConnectionsMax = 256;
constexpr auto roundEvery = std::chrono::seconds(2);

/// A gateway with a loop, a thread and a connection to the database of its own. They know each
/// other through the database only.
struct Room {
    Room(const GatewaySettings& settings,
         const std::function<std::unique_ptr<Books>(const Clock&)>& open)
        : books(open(loop)), gateway(settings, *books, loop, random), thread([this] { loop.run(); })
    {}
    ~Room()
    {
        loop.stop();
        thread.join();
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    RealEventLoop loop;
    SystemRandom random;
    std::unique_ptr<Books> books;
    Gateway gateway;
    std::thread thread;
};

/// The operators' listener: on a loop of its own, for passwords take long; what concerns the books
/// is asked on the gateway's.
class OperatorsDoor {
public:
    /// `diskFailed`: the process has to end.
    OperatorsDoor(const FrontSettings& settings, OperatorPages& pages, EventLoop& gatewayLoop,
                  std::function<void()> diskFailed)
        : _pages(pages), _gatewayLoop(gatewayLoop), _diskFailed(std::move(diskFailed)),
          _thread([this] { _loop.run(); }),
          _front(std::in_place, settings, _loop,
                 [this](const HttpRequest& request) { return answer(request); })
    {}
    ~OperatorsDoor()
    {
        _front.reset(); // it waits for what is under way
        _loop.stop();
        _thread.join();
    }
    OperatorsDoor(const OperatorsDoor&) = delete;
    OperatorsDoor& operator=(const OperatorsDoor&) = delete;

private:
    template <typename Work>
    auto onGateway(Work work)
    {
        // shared with the task, which may come when nobody waits any more
        const auto promise = std::make_shared<std::promise<decltype(work())>>();
        auto future = promise->get_future();
        _gatewayLoop.post([this, promise, work = std::move(work)] {
            try {
                promise->set_value(work());
            } catch (const Error&) {
                _diskFailed();
                throw;
            }
        });
        return future.get(); // throws when the task ended without an answer: the disk
    }
    HttpResponse answer(const HttpRequest& request)
    {
        try {
            auto reply = onGateway([this, &request] { return _pages.answer(request); });
            if (auto* response = std::get_if<HttpResponse>(&reply))
                return *std::move(response);
            const auto& work = std::get<OperatorPages::LongWork>(reply);
            const auto stretched = office::stretch(work.order);
            return onGateway([&] { return work.then(stretched); });
        } catch (const std::future_error&) {
            throw Error(ErrorCode::StoreFailed, "no answer");
        }
    }

    OperatorPages& _pages;
    EventLoop& _gatewayLoop;
    const std::function<void()> _diskFailed;
    RealEventLoop _loop;
    std::thread _thread;
    std::optional<HttpsFront> _front;
};

class GatewayProgram : public Poco::Util::Application {
public:
    GatewayProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Poco::Util::Application::defineOptions(options);
        const auto add = [&](const char* name, const char* what, const char* argument) {
            Poco::Util::Option option(name, "", what);
            if (*argument)
                option.argument(argument);
            options.addOption(option.callback(
                Poco::Util::OptionCallback<GatewayProgram>(this, &GatewayProgram::keep)));
        };
        add("state", "folder of keys, database and enrolment files", "DIR");
        add("url", "init: https://HOST:PORT, the name this service signs with", "URL");
        add("quota-pages", "init: SQLite's quota in pages of 4 KiB (262144 = 1 GiB)", "N");
        add("database",
            "PostgreSQL, in libpq's words (postgresql://HOST,HOST/NAME); its password stands in "
            "libpq's password file; default: SQLite in the state folder",
            "URL");
        add("database-owner",
            "the same as the role that owns the tables and brings them up to date; --database is "
            "then of one that may only read and write",
            "URL");
        add("tenant",
            "client, node, quota release: its municipality, 12 digits; without: there is one only",
            "ARS");
        add("name", "client, node: for people", "TEXT");
        add("role", "client: sender (an online service) or office (a specialist procedure)",
            "ROLE");
        add("folder", "node: where its two enrolment files go", "DIR");
        add("destinations",
            "node: further destinations, divided by commas; those of its municipality are in",
            "IDS");
        add("client",
            "callback, code, approve, revoke: id of the client; destination: of its office", "ID");
        add("destination", "revoke: id of the destination", "ID");
        add("by", "who gives this order; quota: always; else by default the user's number", "NAME");
        add("reason", "revoke, quota: why", "TEXT");
        add("fingerprint", "approve, revoke: of a node's transport key, as the node shows it",
            "HEX");
        add("nodes-need-certificates",
            "serve: every node shows one, not only those that were given one", "");
        add("callback", "callback: https://HOST:PORT/PATH", "URL");
        add("authority", "callback: PEM of the authority that its certificate comes from", "FILE");
        add("port", "serve: port", "N");
        add("listen", "serve: address (127.0.0.1)", "ADDRESS");
        add("connections", "serve: at most (10000)", "N");
        add("per-address",
            "serve: connections of one address (64; on 127.0.0.1, behind a proxy, any number)",
            "N");
        add("metrics-port", "serve: port on 127.0.0.1 for GET /metrics and GET /health", "N");
        add("operators-port",
            "serve: port of the operators' pages (HTTPS); without: there are none", "N");
        add("operators-listen", "serve: address of the operators' pages (127.0.0.1)", "ADDRESS");
        add("operators-certificate",
            "serve: PEM, for the operators' pages; with --operators-key. Without: the gateway's "
            "own",
            "FILE");
        add("operators-key", "serve: PEM of its private key", "FILE");
        add("source", "serve: folder that holds kiosk/ and sync/gateway/page/ (.)", "DIR");
        add("workers", "serve: requests answered at a time before PostgreSQL (8)", "N");
        add("calls", "serve: calls a second of one client (30), 20 times as many at once", "N");
        add("file",
            "import: what a desk wrote for a data carrier; --client: the node's id. "
            "destination: JSON as in node-enrolment.json",
            "FILE");
        add("scope", "quota release: of which opening rules", "NAME");
        add("day", "quota release", "YYYY-MM-DD");
        add("lane", "quota release: counted from 0, as quota show says it", "N");
        add("from", "quota release", "HH:MM");
        add("until", "quota release", "HH:MM");
        add("inbox", "subscribe: folder for the cases", "DIR");
        add("reject", "subscribe: reject everything", "");
        add("once", "subscribe: one round, then end", "");
        add("help", "say this", "");
    }

    int main(const std::vector<std::string>& commands) override
    {
        const bool aboutQuota = commands.size() == 2 && commands[0] == "quota";
        const bool aboutOperator = isAboutOperator(commands);
        const std::string command =
            commands.size() == 1 || aboutQuota || aboutOperator ? commands[0] : std::string();
        try { // the door of main
            if (_options.contains("help") || command.empty())
                return usage();
            if (command == "init")
                return prepare();
            if (command == "serve")
                return serveRequests();
            if (command == "import")
                return importFile();
            if (command == "subscribe")
                return subscribe();
            if (aboutQuota && commands[1] != "revoke")
                return actOnQuota(commands[1]);
            if (aboutOperator) {
                _options["operator"] = commands[1];
                if (commands.size() == 3)
                    _options["name"] = commands[2];
                return giveOrder(command);
            }
            if (aboutQuota) // one act, whatever it is called
                return giveOrder("revoke");
            return isOrder(command) && command != "operator" ? giveOrder(command) : usage();
        } catch (const Error& failure) {
            log::error("gateway.failed", {{"code", failure.name()}, {"detail", failure.message()}});
            return EXIT_SOFTWARE;
        }
    }

private:
    void keep(const std::string& name, const std::string& value) { _options[name] = value; }

    const std::string& needed(const char* name) const
    {
        const auto found = _options.find(name);
        if (found == _options.end())
            throw Error(ErrorCode::ConfigurationInvalid, std::string("--") + name + " is needed");
        return found->second;
    }

    static bool isAboutOperator(const std::vector<std::string>& commands)
    {
        if (commands.size() < 2 || commands[0] != "operator")
            return false;
        const std::string& act = commands[1];
        return commands.size() == 2
                   ? act == "list"
                   : commands.size() == 3 && (act == "add" || act == "code" || act == "end");
    }

    std::unique_ptr<Books> openBooks(const std::filesystem::path& state, const Clock& clock) const
    {
        if (const auto address = _options.find("database"); address != _options.end())
            return makePostgresBooks(address->second, clock,
                                     _options.contains("database-owner") ? needed("database-owner")
                                                                         : std::string());
        store::DatabaseSettings file;
        file.path = databaseFile(state).string();
        file.pagesMax = _quotaPages > 0 ? _quotaPages : databasePages(state);
        file.grow = file.pagesMax > 0; // so that a full disk can still delete (sync.md 8)
        file.onDiskError = [] { std::_Exit(EXIT_IOERR); };
        return makeSqliteBooks(std::move(file));
    }

    int usage()
    {
        Poco::Util::HelpFormatter help(options());
        help.setUnixStyle(true);
        help.setCommand("amt-gateway");
        help.setUsage(
            "init|serve|import|subscribe|list|client|node|destination|revoke|callback|code|approve"
            "|operator add NAME|operator code NAME|operator end NAME|operator list|quota "
            "show|quota revoke|quota release|quota reconcile [options]");
        help.setHeader("The receiving side for sealed cases, FIT-Connect v2 in shape.");
        help.format(std::cout);
        return _options.contains("help") ? EXIT_OK : EXIT_USAGE;
    }

    int prepare()
    {
        SystemRandom random;
        const RealEventLoop clock;
        const std::filesystem::path state = needed("state");
        _quotaPages = number("quota-pages", 262'144, 1024, 500'000);
        const SetUp done = setUp(
            state, needed("url"), clock.utcNow(), random, [&] { return openBooks(state, clock); },
            _options.contains("database") ? 0 : _quotaPages);
        std::cout << (done == SetUp::Made ? "made " : "kept ") << state.string() << '\n';
        return EXIT_OK;
    }

    /// To the gateway that serves here; when none does, on the books.
    int giveOrder(const std::string& command)
    {
        return order([&](const AskRegistry& ask) {
            return carryOut({command, _options, needed("state"), ask}, std::cout);
        });
    }

    int actOnQuota(const std::string& command)
    {
        return order(
            [&](const AskRegistry& ask) { return askQuota(command, _options, ask, std::cout); });
    }

    int order(const std::function<Became(const AskRegistry&)>& given)
    {
        const std::filesystem::path state = needed("state");
        const auto carriedOut = [&](const AskRegistry& ask) {
            return given(ask) == Became::Done ? EXIT_OK : EXIT_DATAERR;
        };
        if (const auto served = askOverSocket(operatorsSocket(state)))
            return carriedOut(*served);
        RealEventLoop loop;
        SystemRandom random;
        const auto books = openBooks(state, loop);
        completeState(state, loop.utcNow());
        Gateway gateway(loadGateway(state), *books, loop, random);
        return carriedOut([&](const HttpRequest& request) { return gateway.operate(request); });
    }

    int serveRequests()
    {
        const std::filesystem::path state = needed("state");
        RealEventLoop loop;
        SignalWaiter signals([&] { loop.stop(); });
        std::atomic<bool> failed = false;
        completeState(state, loop.utcNow());
        auto settings = loadGateway(state);
        settings.devicesNeedCertificates = _options.contains("nodes-need-certificates");
        settings.allowance.callsPerSecond =
            number("calls", settings.allowance.callsPerSecond, 1, 100'000);
        settings.allowance.callsAtOnce = settings.allowance.callsPerSecond * 20;
        settings.callbackDoor = [](const std::string& origin, const std::string& authority,
                                   EventLoop& of) {
            return portal::makeTlsExchange(origin, authority, of);
        };
        settings.counters = std::make_shared<Counters>();
        const auto guarded = [&](const auto& answer) {
            try {
                return answer();
            } catch (const Error&) { // the disk: end, and begin again from what is on it
                failed = true;
                loop.stop();
                throw;
            }
        };
        // SQLite has one writer; before PostgreSQL commits and signatures are done side by side.
        const int count = _options.contains("database") ? number("workers", 8, 1, 64) : 1;
        std::vector<std::unique_ptr<Room>> rooms;
        std::vector<Worker> workers;
        for (int i = 0; i < count; ++i) {
            if (i == 1)
                settings.callbackDoor = nullptr; // one of them sends
            auto& room = *rooms.emplace_back(std::make_unique<Room>(
                settings, [&](const Clock& clock) { return openBooks(state, clock); }));
            workers.push_back(
                {.loop = room.loop,
                 .answer =
                     [&](const HttpRequest& request, const BodyFile* body) {
                         return guarded([&] { return room.gateway.handleLong(request, body); });
                     },
                 .admit =
                     [&](const HttpRequest& head, std::optional<std::size_t> bytes) {
                         return guarded([&] { return room.gateway.admit(head, bytes); });
                     }});
        }

        FrontSettings front;
        front.port = static_cast<std::uint16_t>(number("port", 0, 1, 65535));
        const auto listen = _options.find("listen");
        if (listen != _options.end())
            front.address = listen->second;
        // On loopback stands a proxy, which counts addresses itself.
        front.connectionsOfAddressMax = static_cast<std::size_t>(
            number("per-address", listen == _options.end() ? 100'000 : 64, 1, 100'000));
        front.connectionsMax =
            static_cast<std::size_t>(number("connections", 10'000, 16, 1'000'000));
        front.certificateFile = serverCertificateFile(state);
        front.privateKeyFile = serverKeyFile(state);
        front.clientAuthorityFile = deviceAuthorityFile(state);
        front.bodyFolder = state / "bodies";
        makeFolder(front.bodyFolder);
        const HttpsFront doors(front, workers);
        Operations operations(*settings.counters, *rooms[0]->books, rooms[0]->loop);
        std::optional<HttpsFront> operatorsDoor;
        if (_options.contains("metrics-port")) {
            FrontSettings plain;
            plain.port = static_cast<std::uint16_t>(number("metrics-port", 0, 1, 65535));
            plain.bodyBytesMax = 0;
            plain.threads = ownThreads;
            operatorsDoor.emplace(plain, rooms[0]->loop, [&](const HttpRequest& request) {
                return operations.answer(request);
            });
        }
        std::optional<OperatorPages> pages;
        std::optional<OperatorsDoor> pagesDoor;
        if (_options.contains("operators-port")) {
            const std::filesystem::path folder =
                _options.contains("source") ? needed("source") : std::string(".");
            pages.emplace(
                OperatorPagesSettings{
                    .templates = folder / "sync/gateway/page",
                    .kiosk = folder / "kiosk",
                    .service = settings.url,
                    .fleet = {.nodesNeedCertificates = settings.devicesNeedCertificates},
                    .accounts = {}},
                *rooms[0]->books, rooms[0]->loop, rooms[0]->random,
                [&](const HttpRequest& order) { return rooms[0]->gateway.operate(order); });
            pagesDoor.emplace(operatorsFront(state), *pages, rooms[0]->loop, [&] {
                failed = true;
                loop.stop();
            });
        }
        std::optional<HttpsFront> socket;
        FrontSettings house;
        house.socketFile = operatorsSocket(state);
        house.threads = ownThreads;
        if (house.socketFile.string().size() > socketPathMax)
            log::warning("gateway.no_operators_socket", {{"why", "its path is too long"}});
        else
            socket.emplace(house, rooms[0]->loop, [&](const HttpRequest& request) {
                return guarded([&] { return rooms[0]->gateway.operate(request); });
            });
        log::info("gateway.up",
                  {{"port", std::to_string(front.port)}, {"workers", std::to_string(count)}});
        loop.run();
        log::info("gateway.down");
        return failed ? EXIT_IOERR : EXIT_OK;
    }

    FrontSettings operatorsFront(const std::filesystem::path& state) const
    {
        FrontSettings front;
        front.port = static_cast<std::uint16_t>(number("operators-port", 0, 1, 65535));
        if (_options.contains("operators-listen"))
            front.address = needed("operators-listen");
        front.certificateFile = serverCertificateFile(state);
        front.privateKeyFile = serverKeyFile(state);
        if (_options.contains("operators-certificate") || _options.contains("operators-key")) {
            front.certificateFile = needed("operators-certificate");
            front.privateKeyFile = needed("operators-key");
        }
        front.bodyBytesMax = operatorsBodyMax;
        front.threads = ownThreads;
        front.connectionsMax = operatorsConnectionsMax;
        return front;
    }

    /// Before SQLite while nothing serves; before PostgreSQL at any time. Says what became of each.
    int importFile()
    {
        const std::filesystem::path state = needed("state");
        const std::string& path = needed("file");
        std::ifstream carrier(path, std::ios::binary);
        if (!carrier)
            throw Error(ErrorCode::ConfigurationInvalid, "cannot read " + path);
        envelope::ExportReader file(carrier);
        std::cout << file.count() << " envelopes of " << file.node() << ", written at "
                  << toIso(file.writtenAt()) << '\n';
        RealEventLoop loop;
        SystemRandom random;
        auto settings = loadGateway(state);
        settings.allowance.callsPerSecond = settings.allowance.callsAtOnce = 1'000'000;
        const auto books = openBooks(state, loop);
        Gateway gateway(settings, *books, loop, random);
        const Imported result = import(gateway, settings, loop, needed("client"), file);
        std::cout << "taken " << result.taken << ", known before " << result.known << ", refused "
                  << result.refused.size() << '\n';
        for (const auto& refusal : result.refused)
            std::cout << refusal.envelopeId << ' ' << refusal.why << '\n';
        return result.refused.empty() ? EXIT_OK : EXIT_DATAERR;
    }

    /// Plays the specialist procedure, in a process of its own.
    int subscribe()
    {
        auto enrolment = loadSubscriber(std::filesystem::path(needed("state")) / "subscriber.json");
        if (_options.contains("reject"))
            enrolment.settings.policy = Policy::RejectAll;
        const std::filesystem::path inbox = needed("inbox");
        makeFolder(inbox);
        RealEventLoop loop;
        SignalWaiter signals([&] { loop.stop(); });
        SystemRandom random;
        portal::ExchangeLimits limits;
        limits.answerBytesMax = answerBytesMax;
        const auto exchange =
            portal::makeTlsExchange(enrolment.url, enrolment.caCertificate, loop, limits);
        std::function<void()> round;
        Subscriber subscriber(std::move(enrolment.settings), *exchange, loop, random,
                              folderInbox(inbox));
        RoundResult last;
        std::vector<std::filesystem::path> replies;
        std::function<void()> endRound = [&] {
            if (_options.contains("once"))
                loop.stop();
            else
                loop.after(roundEvery, round);
        };
        int notReplied = 0;
        std::function<void()> replyNext = [&] {
            if (replies.empty())
                return endRound();
            const auto folder = replies.back();
            replies.pop_back();
            try { // one reply that is not right does not keep back the others
                subscriber.reply(sealedReplyIn(folder, {}, random),
                                 [&, folder](const Subscriber::Replied& replied) {
                                     if (!replied.replyId.empty())
                                         closeReply(folder, "sent", replied.replyId);
                                     else if (replied.refused != 0)
                                         closeReply(folder, "refused",
                                                    std::to_string(replied.refused));
                                     else
                                         ++notReplied;
                                     log::info("subscriber.reply",
                                               {{"reply", replied.replyId},
                                                {"refused", std::to_string(replied.refused)}});
                                     replyNext();
                                 });
            } catch (const Error& failure) {
                log::error("subscriber.reply-wrong", {{"code", failure.name()}});
                closeReply(folder, "refused", std::string(failure.name()));
                loop.post(replyNext);
            }
        };
        round = [&] {
            subscriber.round([&](const RoundResult& result) {
                if (result.accepted + result.rejected + result.left > 0)
                    log::info("subscriber.round", {{"accepted", std::to_string(result.accepted)},
                                                   {"rejected", std::to_string(result.rejected)},
                                                   {"left", std::to_string(result.left)}});
                if (result.reachable != last.reachable)
                    log::info(result.reachable ? "subscriber.service_there"
                                               : "subscriber.service_gone");
                last = result;
                notReplied = 0;
                replies = repliesToSend(inbox);
                std::reverse(replies.begin(), replies.end()); // taken from the end
                replyNext();
            });
        };
        loop.post(round);
        loop.run();
        const bool all = last.reachable && last.left == 0 && notReplied == 0;
        return !_options.contains("once") || all ? EXIT_OK : EXIT_TEMPFAIL;
    }

    /// `missing`: 0 when the option is needed.
    int number(const std::string& name, int missing, int least, int most) const
    {
        if (missing != 0 && !_options.contains(name))
            return missing;
        const std::string& text = needed(name.c_str());
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < least ||
            value > most)
            throw Error(ErrorCode::ConfigurationInvalid, "--" + name + " is " +
                                                             std::to_string(least) + " to " +
                                                             std::to_string(most));
        return value;
    }

    std::map<std::string, std::string> _options;
    int _quotaPages = 0; ///< of a set-up
};

} // namespace
} // namespace amt::gateway

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN);
    ::umask(077);
    amt::log::setProcess("amt-gateway");
    amt::gateway::GatewayProgram program;
    try {
        program.init(argc, argv);
    } catch (const Poco::Exception& failure) {
        std::cerr << failure.displayText() << '\n';
        return Poco::Util::Application::EXIT_USAGE;
    }
    return program.run();
}
