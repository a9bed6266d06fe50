// SPDX-License-Identifier: EUPL-1.2
//
// amt-sim: lives seeds of the simulated world and tells which sentence broke, with the seed that
// replays it.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "tests/sim/world/world.h"

#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/OptionSet.h>

#include <cstdio>
#include <iostream>

namespace {

using namespace amt;

class SimProgram : public Poco::Util::Application {
public:
    SimProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Application::defineOptions(options);
        const auto add = [&](const char* name, const char* what, const char* argument) {
            options.addOption(Poco::Util::Option(name, "", what)
                                  .required(false)
                                  .repeatable(false)
                                  .argument(argument)
                                  .binding(std::string("sim.") + name));
        };
        add("seeds", "how many (default 300)", "N");
        add("from", "first seed (default 1)", "SEED");
        add("plant", "live with a planted fault and end with 0 when it was found", "FAULT");
        options.addOption(
            Poco::Util::Option("story", "", "tell what happens").binding("sim.story"));
        options.addOption(
            Poco::Util::Option("log", "", "show the processes' logs").binding("sim.log"));
    }

    int main(const ArgVec&) override
    {
        const auto from = config().getUInt64("sim.from", 1);
        const auto seeds = config().getUInt64("sim.seeds", 300);
        log::setEnabled(config().has("sim.log"));
        const sim::Plant plant = sim::plantFromName(config().getString("sim.plant", "none"));
        int bad = 0;
        sim::WorldResult sum;
        for (auto seed = from; seed < from + seeds; ++seed) {
            const auto result =
                sim::liveWorld({seed, plant, AMT_SOURCE_DIR, config().has("sim.story")});
            sum.visits += result.visits;
            sum.submitted += result.submitted;
            sum.accepted += result.accepted;
            sum.charges += result.charges;
            sum.powerCuts += result.powerCuts;
            sum.kills += result.kills;
            sum.held += result.held;
            sum.cardFaults += result.cardFaults;
            sum.diskFaults += result.diskFaults;
            sum.paperEnds += result.paperEnds;
            sum.receipts += result.receipts;
            sum.deskCards += result.deskCards;
            sum.wrongCards += result.wrongCards;
            sum.onSite += result.onSite;
            if (result.broken.empty())
                continue;
            ++bad;
            std::printf("seed %llu:\n", static_cast<unsigned long long>(seed));
            if (!config().has("sim.story")) {
                for (const auto& line : result.story)
                    std::printf("    %s\n", line.c_str());
            }
            for (const auto& sentence : result.broken)
                std::printf("  BROKEN: %s\n", sentence.c_str());
            std::fflush(stdout);
            if (plant != sim::Plant::None) {
                std::printf("planted fault found after %llu seeds\n",
                            static_cast<unsigned long long>(seed - from + 1));
                return EXIT_OK;
            }
        }
        std::printf("%llu seeds: %d visits, %d cases kept, %d accepted, %d charges, %d power cuts, "
                    "%d kills, %d card faults, %d disk faults, %d ends of paper, %d receipts, "
                    "%d releases, %d cards at the desk, %d of them others', %d on-site reports; %d "
                    "seeds broken\n",
                    static_cast<unsigned long long>(seeds), sum.visits, sum.submitted, sum.accepted,
                    sum.charges, sum.powerCuts, sum.kills, sum.cardFaults, sum.diskFaults,
                    sum.paperEnds, sum.receipts, sum.held, sum.deskCards + sum.wrongCards,
                    sum.wrongCards, sum.onSite, bad);
        return (plant == sim::Plant::None) == (bad == 0) ? EXIT_OK : EXIT_SOFTWARE;
    }
};

} // namespace

int main(int argc, char** argv)
{
    try {
        SimProgram program;
        program.init(argc, argv);
        return program.run();
    } catch (const Poco::Exception& failure) {
        std::cerr << "amt-sim: " << failure.displayText() << '\n';
        return 64;
    }
}
