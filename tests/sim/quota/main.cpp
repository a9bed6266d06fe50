// SPDX-License-Identifier: EUPL-1.2
//
// amt-quota-sim: lives seeds of the quota protocol and tells which invariant broke, with the seed
// that replays it.
#include "appliance/core/log.h"
#include "tests/sim/quota/quota_world.h"

#include <Poco/Exception.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

int main(int argc, char** argv)
{
    using namespace amt;
    std::uint64_t from = 1, seeds = 500;
    sim::QuotaWorldSettings settings;
    try {
        log::setEnabled(false);
        for (int i = 1; i < argc; ++i) {
            const std::string option = argv[i];
            if (option == "--story") {
                settings.story = true;
                continue;
            }
            if (option == "--log") {
                log::setEnabled(true);
                continue;
            }
            if (i + 1 == argc)
                throw Poco::InvalidArgumentException(
                    "[--from SEED] [--seeds N] [--steps N] [--fault NAME] [--story] [--log]");
            const std::string value = argv[++i];
            if (option == "--from")
                from = std::stoull(value);
            else if (option == "--seeds")
                seeds = std::stoull(value);
            else if (option == "--steps")
                settings.steps = std::stoi(value);
            else if (option == "--fault")
                settings.fault = sim::quotaFaultFromName(value);
            else
                throw Poco::InvalidArgumentException(option);
        }
        int bad = 0;
        sim::QuotaWorldResult sum;
        for (settings.seed = from; settings.seed < from + seeds; ++settings.seed) {
            const auto result = sim::liveQuotaWorld(settings);
            sum.nodeBookings += result.nodeBookings;
            sum.portalBookings += result.portalBookings;
            sum.moves += result.moves;
            sum.cancels += result.cancels;
            sum.leases += result.leases;
            sum.returned += result.returned;
            sum.crashes += result.crashes;
            sum.restores += result.restores;
            sum.portalRestores += result.portalRestores;
            sum.revocations += result.revocations;
            sum.clockJumps += result.clockJumps;
            sum.messages += result.messages;
            sum.forgotten += result.forgotten;
            sum.conflicts += result.conflicts;
            if (result.broken.empty())
                continue;
            ++bad;
            std::printf("seed %llu:\n", static_cast<unsigned long long>(settings.seed));
            if (!settings.story && seeds == 1) {
                for (const auto& line : result.story)
                    std::printf("    %s\n", line.c_str());
            }
            for (const auto& sentence : result.broken)
                std::printf("  BROKEN: %s\n", sentence.c_str());
            std::fflush(stdout);
            if (settings.fault != office::quota::Fault::None) {
                std::printf("fault found after %llu seeds\n",
                            static_cast<unsigned long long>(settings.seed - from + 1));
                return EXIT_SUCCESS;
            }
        }
        std::printf("%llu seeds: %d bookings at nodes, %d at the portal, %d moves, %d "
                    "cancellations, %d leases, %d cells returned, %d power cuts, %d nodes restored,"
                    " %d portals restored (%d bookings known to nobody else), %d revocations, %d "
                    "clock jumps, %d messages astray, %d conflicts; %d seeds broken\n",
                    static_cast<unsigned long long>(seeds), sum.nodeBookings, sum.portalBookings,
                    sum.moves, sum.cancels, sum.leases, sum.returned, sum.crashes, sum.restores,
                    sum.portalRestores, sum.forgotten, sum.revocations, sum.clockJumps,
                    sum.messages, sum.conflicts, bad);
        const bool wantedFault = settings.fault != office::quota::Fault::None;
        return wantedFault || bad > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    } catch (const std::exception& failure) {
        std::cerr << "amt-quota-sim: " << failure.what() << '\n';
        return 64;
    }
}
