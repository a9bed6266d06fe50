// SPDX-License-Identifier: EUPL-1.2
//
// amt-sync: between the node's Unix socket and the portal.
#include "appliance/core/bytes.h"
#include "appliance/core/files.h"
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "sync/carrier/carrier.h"
#include "sync/carrier/enrolment.h"
#include "sync/carrier/payments.h"
#include "sync/carrier/renewal.h"
#include "sync/carrier/sign_ins.h"
#include "sync/carrier/transport_key.h"
#include "sync/portal/exchange.h"

#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <sys/stat.h>

#include <charconv>
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>

namespace amt::carrier {
namespace {

constexpr auto askAgain = std::chrono::seconds(2);
/// Somebody waits at the desk.
constexpr auto askedWithSignIns = std::chrono::seconds(1);
constexpr portal::ExchangeLimits providerLimits{.connect = std::chrono::seconds(5),
                                                .noProgress = std::chrono::seconds(10),
                                                .answerBytesMax = 64 * 1024};
constexpr std::size_t answerBytesMax = 90 * 1024 * 1024; ///< an attachment as JWE

class SyncProgram : public Poco::Util::Application {
public:
    SyncProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Poco::Util::Application::defineOptions(options);
        const auto add = [&](const char* name, const char* what, const char* argument) {
            Poco::Util::Option option(name, "", what);
            if (*argument)
                option.argument(argument);
            options.addOption(
                option.callback(Poco::Util::OptionCallback<SyncProgram>(this, &SyncProgram::keep)));
        };
        add("node-socket", "the node's Unix socket", "PATH");
        add("node-uid", "the user that the node runs as", "N");
        add("enrolment", "sync-enrolment.json", "FILE");
        add("probe-seconds-max",
            "longest wait between probes of a silent portal (900); a quiet one is probed as often",
            "N");
        add("identity", "folder of the transport key; without: none is shown", "DIR");
        add("identity-provider",
            "identity-provider.json: where clerks' sign-ins are confirmed; without: nowhere",
            "FILE");
        add("payment-service",
            "payment-service.json: where fees are paid with a phone; without: nowhere", "FILE");
        add("help", "say this", "");
    }

    int main(const std::vector<std::string>& words) override
    {
        try { // the door of main
            const bool enrols = words.size() == 1 && words[0] == "enrol";
            if (_options.contains("help") || (!words.empty() && !enrols))
                return usage();
            if (enrols)
                return enrol();
            return carry();
        } catch (const Error& failure) {
            log::error("sync.failed", {{"code", failure.name()}, {"detail", failure.message()}});
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

    std::uint32_t number(const char* name) const
    {
        const std::string& text = needed(name);
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
            throw Error(ErrorCode::ConfigurationInvalid, std::string("--") + name + " is a number");
        return value;
    }

    int usage()
    {
        Poco::Util::HelpFormatter help(options());
        help.setUnixStyle(true);
        help.setCommand("amt-sync");
        help.setUsage("--node-socket PATH --node-uid N --enrolment FILE [--identity DIR], or "
                      "enrol --enrolment FILE --identity DIR < CODE");
        help.setHeader("Carries sealed cases to the portal and its signed answers back.");
        help.format(std::cout);
        return _options.contains("help") ? EXIT_OK : EXIT_USAGE;
    }

    SyncEnrolment readEnrolment() const
    {
        return readSyncEnrolment(toText(readSmallFile(needed("enrolment"))));
    }

    /// Shows the key's fingerprint and waits until an operator has compared it.
    int enrol()
    {
        const auto enrolment = readEnrolment();
        std::string code;
        std::getline(std::cin, code); // not an option: those are seen by whoever lists processes
        TransportKey key(needed("identity"));
        RealEventLoop loop;
        SignalWaiter signals([&] { loop.stop(); });
        const auto service = portal::makeTlsExchange(enrolment.url, enrolment.caCertificate, loop);
        key.request(enrolment.clientId);
        std::cout << "client " << enrolment.clientId << "\nfingerprint " << key.fingerprint()
                  << std::endl; // now: somebody compares it while this waits
        Enrolled became = Enrolled::Waits;
        std::function<void()> ask = [&] {
            askForCertificate(*service, key, enrolment.clientId, code, [&](Enrolled now) {
                became = now;
                if (now == Enrolled::Yes || now == Enrolled::Refused)
                    return loop.stop();
                loop.after(askAgain, ask);
            });
        };
        loop.post(ask);
        loop.run();
        std::cout << (became == Enrolled::Yes       ? "enrolled"
                      : became == Enrolled::Refused ? "refused"
                                                    : "not yet; the same command goes on")
                  << '\n';
        return became == Enrolled::Yes       ? EXIT_OK
               : became == Enrolled::Refused ? EXIT_NOPERM
                                             : EXIT_TEMPFAIL;
    }

    int carry()
    {
        const std::uint32_t nodeUser = number("node-uid");
        auto enrolment = readEnrolment();
        CarrierSettings settings;
        if (_options.contains("probe-seconds-max")) {
            settings.probe.most = std::chrono::seconds(std::max(1U, number("probe-seconds-max")));
            settings.probeWhenQuiet = std::min(settings.probeWhenQuiet, settings.probe.most);
        }

        RealEventLoop loop;
        SignalWaiter signals([&] { loop.stop(); });
        SystemRandom random;
        portal::ExchangeLimits limits;
        limits.answerBytesMax = answerBytesMax;
        const auto node = portal::makeUnixExchange(needed("node-socket"), nodeUser, loop, limits);
        std::optional<TransportKey> key;
        if (_options.contains("identity"))
            key.emplace(needed("identity"));
        const bool isEnrolled = key && key->validity();
        const auto service =
            portal::makeTlsExchange(enrolment.url, enrolment.caCertificate, loop, limits,
                                    isEnrolled ? key->file() : std::filesystem::path());
        std::optional<Renewal> renewal;
        if (isEnrolled)
            renewal.emplace(*service, *key, enrolment.clientId, loop);
        portal::V2Settings client;
        client.clientId = enrolment.clientId;
        client.clientSecret = std::move(enrolment.clientSecret);
        const auto link = portal::makeV2Link(std::move(client), *service, loop);
        std::unique_ptr<HttpExchange> provider;
        std::optional<SignIns> signIns;
        if (_options.contains("identity-provider")) {
            auto endpoint =
                readProviderEndpoint(toText(readSmallFile(needed("identity-provider"))));
            provider = portal::makeTlsExchange(endpoint.origin, endpoint.caCertificate, loop,
                                               providerLimits);
            signIns.emplace(std::move(endpoint), *node, *provider);
            settings.askNodeEvery = askedWithSignIns;
        }
        std::unique_ptr<HttpExchange> payment, tokens;
        std::optional<Payments> payments;
        if (_options.contains("payment-service")) {
            auto endpoint = readPaymentEndpoint(toText(readSmallFile(needed("payment-service"))));
            // Told now, not with the first payment; cases go on their way all the same.
            if (std::ifstream file(endpoint.clientCertificate);
                !endpoint.clientCertificate.empty() && !file)
                log::error("payment.certificate-unreadable");
            const auto line = [&](const std::string& origin) {
                return portal::makeTlsExchange(origin, endpoint.caCertificate, loop, providerLimits,
                                               endpoint.clientCertificate);
            };
            payment = line(endpoint.origin);
            tokens = line(endpoint.asksForToken() ? endpoint.tokenOrigin : endpoint.origin);
            payments.emplace(PaymentTimes{}, std::move(endpoint), *node, *payment, *tokens, loop,
                             random);
            settings.askNodeEvery = askedWithSignIns;
        }
        Carrier carrier(settings, *node, *link, loop, random, signIns ? &*signIns : nullptr,
                        payments ? &*payments : nullptr);
        loop.post([&] {
            carrier.start();
            if (renewal)
                renewal->start();
        });
        log::info("sync.up");
        loop.run();
        log::info("sync.down");
        return EXIT_OK;
    }

    std::map<std::string, std::string> _options;
};

} // namespace
} // namespace amt::carrier

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN);
    ::umask(077);
    amt::log::setProcess("amt-sync");
    amt::carrier::SyncProgram program;
    try {
        program.init(argc, argv);
    } catch (const Poco::Exception& failure) {
        std::cerr << failure.displayText() << '\n';
        return Poco::Util::Application::EXIT_USAGE;
    }
    return program.run();
}
