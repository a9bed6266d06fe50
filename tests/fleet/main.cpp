// SPDX-License-Identifier: EUPL-1.2
//
// amt-fleet day | failover: the nodes of a region with the real carrier before real gateways on a
// PostgreSQL: idle, a day, an outage and the return of all; or steady load while a script breaks
// things.
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "tests/fleet/census.h"
#include "tests/fleet/gateway_process.h"
#include "tests/fleet/paced_loop.h"
#include "tests/fleet/region.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace amt;
using namespace amt::fleet;
using std::chrono::seconds;

constexpr auto tickEvery = Milliseconds(50);
constexpr auto officeLooksWhenBusy = seconds(3);
constexpr auto officeLooksWhenIdle = seconds(60);
constexpr auto outageHours = std::chrono::hours(4);
/// Shares of a day's cases by the hour from 7 to 18 o'clock: 18 % in the busiest, 60 % in the
/// busiest four (facts/portal.md 6.3).
constexpr std::array<int, 12> dayShares = {2, 7, 13, 18, 16, 13, 5, 6, 8, 6, 4, 2};

struct Options {
    std::map<std::string, std::string> words;
    std::vector<std::string> steps; ///< NAME=COMMAND

    int number(const std::string& name, int missing) const
    {
        const auto found = words.find(name);
        return found == words.end() ? missing : std::stoi(found->second);
    }
    std::string text(const std::string& name) const
    {
        const auto found = words.find(name);
        if (found == words.end())
            throw Error(ErrorCode::ConfigurationInvalid, "--" + name + " is needed");
        return found->second;
    }
};

double cpuSeconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// A part of the run. Cases come at `arrivals` after its begin.
struct Phase {
    std::string name;
    Milliseconds length{0}; ///< 0: until everything is accepted
    std::vector<Milliseconds> arrivals;
    std::function<void()> begin;
};

class Fleet {
public:
    Fleet(const Options& options, RealEventLoop& loop)
        : _loop(loop),
          _clock(loop), _region{options.number("towns", 396), options.number("nodes", 2000)},
          _attachments(options.number("attachments", 2)), _bytes(options.number("bytes", 16384)),
          _drainMax(seconds(options.number("drain-max", 3600))), _database(options.text("database"))
    {
        const std::filesystem::path state = options.text("state");
        writeState(state);
        fillBooks(_database, _region);
        GatewayProcess::Settings settings{options.text("program"), _database, state,
                                          options.number("workers", 8),
                                          options.number("calls", 30)};
        for (int i = 0; i < options.number("gateways", 2); ++i) {
            gateways.push_back(std::make_unique<GatewayProcess>(settings, i));
            _addresses.urls.push_back(gateways.back()->url());
        }
        _addresses.authority = authorityOf(state);
        LightNode::Settings node;
        node.carrier.probe.most = seconds(options.number("probe-max", 900));
        node.carrier.retry.most = seconds(options.number("retry-max", 900));
        node.carrier.look.most = seconds(options.number("look-max", 300));
        node.carrier.destinationPause =
            std::min(node.carrier.destinationPause, node.carrier.retry.most);
        node.carrier.probeWhenQuiet =
            std::min(node.carrier.probeWhenQuiet, node.carrier.probe.most);
        node.carrier.askNodeEvery = seconds(options.number("ask-node", 10));
        for (int i = 0; i < _region.nodes; ++i) {
            node.number = i;
            node.town = _region.townOf(i);
            _nodes.push_back(std::make_unique<LightNode>(node, _addresses,
                                                         static_cast<std::size_t>(i), _clock, _loop,
                                                         _random, _told, _meter));
            // not all in one moment, as boxes are not switched on in one
            _loop.post([this, i] {
                _loop.after(Milliseconds(static_cast<std::int64_t>(randomBelow(_random, 10'000))),
                            [this, i] { _nodes[static_cast<std::size_t>(i)]->start(); });
            });
        }
        for (int town = 0; town < _region.towns; ++town)
            _offices.push_back(std::make_unique<Office>(
                town, _addresses, static_cast<std::size_t>(town), _loop, _random, _told, _meter));
        for (int town = 0; town < _region.towns; ++town)
            _officeLooked.push_back(
                _loop.sinceBoot() - officeLooksWhenIdle +
                Milliseconds(static_cast<std::int64_t>(randomBelow(_random, 10'000))));
    }

    PacedLoop& clock() { return _clock; }
    Register& told() { return _told; }
    void add(Phase phase) { _phases.push_back(std::move(phase)); }

    /// Runs the phases; the loop ends with the last.
    void run()
    {
        std::printf("%-24s %6s %7s %8s %7s %7s %8s %7s %7s %7s %7s %7s  %s\n", "phase", "s",
                    "calls", "calls/s", "p50 ms", "p99 ms", "most ms", "sealed", "stored",
                    "accept.", "gw cpu", "own cpu",
                    "longest pause between two stored, calls without an answer by status");
        _loop.post([this] { beginPhase(); });
        _loop.run();
    }

    /// What must never be, as sentences.
    std::vector<std::string> judge()
    {
        auto found = contradictions(_database, _told, _offices);
        found.insert(found.end(), _told.wrongs().begin(), _told.wrongs().end());
        if (_told.open() > 0)
            found.push_back(std::to_string(_told.open()) + " cases were not accepted in time");
        for (const auto& gateway : gateways) {
            if (gateway->endedByItself())
                found.push_back(gateway->url() + " ended by itself");
        }
        return found;
    }

    std::vector<std::unique_ptr<GatewayProcess>> gateways;
    Milliseconds longestPause{0}; ///< of all phases with arrivals

private:
    double gatewayCpu() const
    {
        double all = 0;
        for (const auto& gateway : gateways)
            all += gateway->cpuSeconds();
        return all;
    }

    void beginPhase()
    {
        if (_phase == _phases.size())
            return _loop.stop();
        auto& phase = _phases[_phase];
        _begun = _loop.sinceBoot();
        _nextArrival = 0;
        _sealedBefore = _told.all().size();
        _storedBefore = _told.storedCount();
        _acceptedBefore = _told.acceptedCount();
        _gatewayCpuBefore = gatewayCpu();
        _ownCpuBefore = cpuSeconds();
        _told.longestPause(_begun);
        _milestones.clear();
        _openAtBegin = _told.all().size() - _storedBefore;
        if (phase.begin)
            phase.begin();
        tick();
    }

    void tick()
    {
        auto& phase = _phases[_phase];
        const Milliseconds passed = _loop.sinceBoot() - _begun;
        while (_nextArrival < phase.arrivals.size() && phase.arrivals[_nextArrival] <= passed) {
            ++_nextArrival;
            _nodes[randomBelow(_random, _nodes.size())]->capture(_attachments,
                                                                 static_cast<std::size_t>(_bytes));
        }
        if (passed >= _officesLooked + Milliseconds(1000) || passed < _officesLooked)
            lookAtOffices(passed);
        noteMilestones(passed);
        const bool drains = phase.length == Milliseconds(0);
        if (drains ? _told.open() == 0 || passed > _drainMax : passed >= phase.length) {
            endPhase(passed);
            ++_phase;
            return beginPhase();
        }
        _loop.after(tickEvery, [this] { tick(); });
    }

    void lookAtOffices(Milliseconds passed)
    {
        _officesLooked = passed;
        std::vector<std::size_t> open(_offices.size());
        for (std::size_t i = 0; i < _nodes.size(); ++i)
            open[static_cast<std::size_t>(_region.townOf(static_cast<int>(i)))] +=
                _nodes[i]->waiting();
        const Milliseconds now = _loop.sinceBoot();
        for (std::size_t town = 0; town < _offices.size(); ++town) {
            // An idle office that has work is due at once.
            const Milliseconds rest = open[town] > 0 ? officeLooksWhenBusy : officeLooksWhenIdle;
            if (now < _officeLooked[town] + rest)
                continue;
            _officeLooked[town] =
                now - Milliseconds(static_cast<std::int64_t>(randomBelow(_random, 1000)));
            _offices[town]->look();
        }
    }

    /// When of a queue these shares were stored.
    void noteMilestones(Milliseconds passed)
    {
        if (_openAtBegin == 0)
            return;
        const std::size_t done = _told.storedCount() - _storedBefore;
        for (const int percent : {50, 90, 99, 100}) {
            if (!_milestones.contains(percent) &&
                done * 100 >= _openAtBegin * static_cast<std::size_t>(percent))
                _milestones[percent] = passed;
        }
    }

    void endPhase(Milliseconds passed)
    {
        const auto& phase = _phases[_phase];
        const auto reading = _meter.take();
        const double length = static_cast<double>(passed.count()) / 1000;
        const Milliseconds pause = _told.longestPause(_loop.sinceBoot());
        if (!phase.arrivals.empty())
            longestPause = std::max(longestPause, pause);
        std::printf(
            "%-24s %6.1f %7zu %8.1f %7.0f %7.0f %8.0f %7zu %7zu %7zu %7.2f %7.2f  %.1f s",
            phase.name.c_str(), length, reading.calls, static_cast<double>(reading.calls) / length,
            reading.p50, reading.p99, reading.most, _told.all().size() - _sealedBefore,
            _told.storedCount() - _storedBefore, _told.acceptedCount() - _acceptedBefore,
            (gatewayCpu() - _gatewayCpuBefore) / length, (cpuSeconds() - _ownCpuBefore) / length,
            static_cast<double>(pause.count()) / 1000);
        for (const auto& [status, times] : reading.notAnswered)
            std::printf(" %d:%zu", status, times);
        std::printf("\n");
        if (phase.length == Milliseconds(0)) {
            for (const auto& [percent, when] : _milestones)
                std::printf("    %d %% of %zu stored after %.1f s\n", percent, _openAtBegin,
                            static_cast<double>(when.count()) / 1000);
        }
        std::fflush(stdout);
    }

    RealEventLoop& _loop;
    PacedLoop _clock;
    SystemRandom _random;
    const Region _region;
    const int _attachments, _bytes;
    const Milliseconds _drainMax;
    const std::string _database;
    Addresses _addresses;
    Register _told;
    Meter _meter;
    std::vector<std::unique_ptr<LightNode>> _nodes;
    std::vector<std::unique_ptr<Office>> _offices;
    std::vector<Milliseconds> _officeLooked;
    Milliseconds _officesLooked{0};

    std::vector<Phase> _phases;
    std::size_t _phase = 0, _nextArrival = 0;
    Milliseconds _begun{0};
    std::size_t _sealedBefore = 0, _storedBefore = 0, _acceptedBefore = 0, _openAtBegin = 0;
    double _gatewayCpuBefore = 0, _ownCpuBefore = 0;
    std::map<int, Milliseconds> _milestones;
};

std::vector<Milliseconds> evenly(Milliseconds length, int count)
{
    std::vector<Milliseconds> all;
    for (int i = 0; i < count; ++i)
        all.push_back(length * i / count);
    return all;
}

/// A day of twelve hours in `length`.
std::vector<Milliseconds> likeADay(Milliseconds length, int count)
{
    std::vector<Milliseconds> all;
    const Milliseconds hour = length / static_cast<int>(dayShares.size());
    for (std::size_t i = 0; i < dayShares.size(); ++i) {
        for (const auto at : evenly(hour, count * dayShares[i] / 100))
            all.push_back(hour * static_cast<int>(i) + at);
    }
    return all;
}

void planDay(Fleet& fleet, const Options& options)
{
    const auto inSeconds = [&](const char* name, int missing) {
        return Milliseconds(seconds(options.number(name, missing)));
    };
    const int pace = options.number("pace", 60);
    const Milliseconds day = inSeconds("day", 240);
    const Milliseconds outage = Milliseconds(outageHours) / pace;
    fleet.add({"begin: all sign in", inSeconds("begin", 90), {}, {}});
    fleet.add({"idle", inSeconds("idle", 120), {}, {}});
    fleet.add({"a day", day, likeADay(day, options.number("day-cases", 2880)), {}});
    fleet.add({"the day's rest", Milliseconds(0), {}, {}});
    fleet.add({"four hours' outage", outage, evenly(outage, options.number("outage-cases", 1728)),
               [&fleet, pace] {
                   for (auto& gateway : fleet.gateways)
                       gateway->end(SIGTERM);
                   fleet.clock().setPace(pace);
               }});
    fleet.add({"the return of all",
               Milliseconds(0),
               {},
               [&fleet, back = options.number("return-pace", 1)] {
                   for (auto& gateway : fleet.gateways)
                       gateway->start();
                   fleet.clock().setPace(back);
               }});
}

/// Runs `command` by the shell, beside us. Empty: nothing.
void runBeside(const std::string& command)
{
    if (command.empty())
        return;
    const char* arguments[] = {"sh", "-c", command.c_str(), nullptr};
    pid_t child = 0;
    if (::posix_spawn(&child, "/bin/sh", nullptr, nullptr, const_cast<char**>(arguments),
                      environ) != 0)
        throw Error(ErrorCode::SystemFailed, "cannot run " + command);
}

void planFailover(Fleet& fleet, const Options& options)
{
    const Milliseconds between = seconds(options.number("between", 40));
    const auto load =
        evenly(between, static_cast<int>(between.count() / 1000) * options.number("rate", 10));
    fleet.add({"begin", Milliseconds(seconds(12)), {}, {}});
    fleet.add({"before",
               Milliseconds(seconds(15)),
               evenly(seconds(15), 15 * options.number("rate", 10)),
               {}});
    for (const auto& step : options.steps) {
        const auto mark = step.find('=');
        const std::string command = mark == std::string::npos ? "" : step.substr(mark + 1);
        fleet.add({step.substr(0, mark), between, load, [&fleet, command] {
                       if (command == "@kill-gateway")
                           fleet.gateways.front()->end(SIGKILL);
                       else if (command == "@start-gateway")
                           fleet.gateways.front()->start();
                       else
                           runBeside(command);
                   }});
    }
    fleet.add({"until all is accepted", Milliseconds(0), {}, {}});
}

int usage()
{
    std::fprintf(stderr,
                 "amt-fleet day|failover --program AMT-GATEWAY --state DIR --database URL\n"
                 "  [--nodes 2000] [--towns 396] [--gateways 2] [--workers 8] [--calls 30]\n"
                 "  [--attachments 2] [--bytes 16384] [--probe-max 900] [--retry-max 900]\n"
                 "  [--look-max 300] [--drain-max 3600] (s)\n"
                 "  day: [--begin 90] [--idle 120] [--day 240] (s) [--day-cases 2880]\n"
                 "       [--outage-cases 1728] [--pace 60] [--return-pace 1]\n"
                 "  failover: [--rate 10] [--between 40] [--pause-max 30] --step NAME=COMMAND ...\n"
                 "       (@kill-gateway, @start-gateway: the first of them)\n");
    return 64;
}

} // namespace

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || argc % 2 != 0)
        return usage();
    const std::string command = argv[1];
    Options options;
    for (int i = 2; i < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--step")
            options.steps.push_back(argv[i + 1]);
        else if (name.starts_with("--"))
            options.words[name.substr(2)] = argv[i + 1];
        else
            return usage();
    }
    log::setEnabled(options.words.contains("log"));
    log::setProcess("amt-fleet");
    try {
        RealEventLoop loop;
        Fleet fleet(options, loop);
        if (command == "day")
            planDay(fleet, options);
        else if (command == "failover")
            planFailover(fleet, options);
        else
            return usage();
        fleet.run();
        auto found = fleet.judge();
        const Milliseconds most = seconds(options.number("pause-max", 1'000'000));
        if (fleet.longestPause > most)
            found.push_back("nothing was stored for " + std::to_string(fleet.longestPause.count()) +
                            " ms");
        std::printf("%zu cases sealed, %zu stored, %zu accepted: %s\n", fleet.told().all().size(),
                    fleet.told().storedCount(), fleet.told().acceptedCount(),
                    found.empty() ? "none lost, none doubled" : "WRONG");
        for (const auto& each : found)
            std::printf("  %s\n", each.c_str());
        return found.empty() ? 0 : 1;
    } catch (const Poco::Exception& failure) {
        std::fprintf(stderr, "amt-fleet: %s\n", failure.displayText().c_str());
        return 1;
    }
}
