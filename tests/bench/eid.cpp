// SPDX-License-Identifier: EUPL-1.2
//
// amt-bench-eid: reads of the shared rig's card through the real pcscd: commands, bytes, our own
// CPU time, wall time with a slow card, growth over a thousand reads. Rows as JSON lines.
#include "appliance/core/log.h"
#include "appliance/core/random.h"
#include "drivers/eid/pcsc.h"
#include "tests/bench/bench.h"
#include "tests/drivers/eid/reading.h"
#include "tests/drivers/eid/rig.h"
#include "tests/sim/card/counting_channel.h"

#include <Poco/NumberParser.h>

#include <fstream>

namespace {

using namespace amt;
using namespace amt::bench;

struct Figures {
    std::size_t commands = 0, bytesOut = 0, bytesIn = 0;
    double ownCpu = 0; ///< seconds of this process
    double wall = 0;   ///< seconds from asking for the reader to the outcome
};

/// A read that ends well. libeac, the rig's other side, fails in one of 256 (rig_test.cpp); then
/// once more.
Figures readWhole(const test::Rig& rig, const IdentityRequest& request, const std::string& terminal)
{
    SystemRandom random;
    for (int attempt = 0; attempt < 4; ++attempt) {
        Figures figures;
        const double wallBegin = seconds(CLOCK_MONOTONIC);
        const double cpuBegin = seconds(CLOCK_PROCESS_CPUTIME_ID);
        eid::PcscReader reader({"Virtual PCD 00 00"});
        auto connected = reader.connect(Milliseconds(5000));
        auto* channel = std::get_if<std::unique_ptr<CardChannel>>(&connected);
        if (channel == nullptr)
            throw Error(ErrorCode::ReaderFailed, "no card in the rig's reader");
        sim::CountingChannel counting(**channel);
        const auto outcome =
            test::readIdentity(counting, random, request, rig.terminalKey(terminal));
        figures.ownCpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpuBegin;
        figures.wall = seconds(CLOCK_MONOTONIC) - wallBegin;
        figures.commands = counting.commands;
        figures.bytesOut = counting.bytesOut;
        figures.bytesIn = counting.bytesIn;
        if (std::holds_alternative<IdentityRead>(outcome))
            return figures;
    }
    throw Error(ErrorCode::CardRefused, "the rig's card refused four times");
}

/// Median of each figure by itself.
Figures median(const test::Rig& rig, const IdentityRequest& request, const std::string& terminal,
               int reads)
{
    std::vector<double> cpu, wall;
    Figures figures;
    for (int i = 0; i < reads; ++i) {
        figures = readWhole(rig, request, terminal);
        cpu.push_back(figures.ownCpu);
        wall.push_back(figures.wall);
    }
    figures.ownCpu = bench::median(cpu);
    figures.wall = bench::median(wall);
    return figures;
}

double residentKiB()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.compare(0, 6, "VmRSS:") == 0)
            return std::strtod(line.c_str() + 6, nullptr);
    }
    throw Error(ErrorCode::SystemFailed, "/proc/self/status without VmRSS");
}

void measure(test::Rig& rig, int reads)
{
    if (!rig.lay("erika"))
        throw Error(ErrorCode::ReaderFailed, "the rig does not lay its card");
    const auto twelve = rig.request();
    auto all = rig.request("full");
    for (int group = 1; group <= 22; ++group) {
        if (group != 16) // reserved
            all.groups.insert(static_cast<DataGroup>(group));
    }
    const auto few = median(rig, twelve, "onsite", 15);
    const auto many = median(rig, all, "full", 5);
    const auto limited = [](const std::string& name, std::size_t value, const std::string& unit,
                            const std::string& npaTool, double limit) {
        row(name, static_cast<double>(value), unit, "limit (npa-tool of 2026: " + npaTool + ")",
            limit, 1.0, false);
    };
    limited("rig, 12 groups: commands", few.commands, "APDUs", "43", 29);
    limited("rig, all 21 groups: commands", many.commands, "APDUs", "55", 38);
    limited("rig, 12 groups: bytes to the card", few.bytesOut, "bytes", "1770", 1600);
    limited("rig, 12 groups: bytes from the card", few.bytesIn, "bytes", "2957", 2800);
    row("rig, 12 groups: own CPU time", few.ownCpu * 1e3, "ms", "", std::nullopt, 15.0, false);

    if (!rig.say("delay 10 94"))
        throw Error(ErrorCode::ReaderFailed, "the rig does not delay its card");
    // What the line alone takes, by the rig's own rule: no terminal can be quicker.
    const double line = static_cast<double>(few.commands) * 10e-3 +
                        static_cast<double>(few.bytesOut + few.bytesIn) * 94e-6;
    const auto slow = median(rig, twelve, "onsite", 9);
    row("rig, 12 groups, 10 ms + 94 us/B: wall", slow.wall * 1e3, "ms", "the line alone",
        line * 1e3, 760 / (line * 1e3), false);
    rig.say("delay 0 0");

    for (int i = 0; i < 50; ++i)
        readWhole(rig, twelve, "onsite"); // caches fill once
    const double before = residentKiB();
    for (int i = 0; i < reads; ++i)
        readWhole(rig, twelve, "onsite");
    row("rig: growth over " + std::to_string(reads) + " reads", residentKiB() - before, "KiB", "",
        std::nullopt, 2048.0, false);
}

} // namespace

int main(int argc, char** argv)
{
    log::setEnabled(false);
    int reads = 1000;
    if (argc > 1 && !Poco::NumberParser::tryParse(argv[1], reads)) {
        std::fprintf(stderr, "usage: amt-bench-eid [READS]\n");
        return 2;
    }
    try {
        std::string reason;
        const auto rig = test::Rig::start(reason);
        if (rig == nullptr) {
            std::fprintf(stderr, "amt-bench-eid: skipped: %s\n", reason.c_str());
            return 0;
        }
        measure(*rig, reads);
    } catch (const Poco::Exception& failure) {
        std::fprintf(stderr, "amt-bench-eid: %s\n", failure.displayText().c_str());
        return 1;
    }
    return 0;
}
