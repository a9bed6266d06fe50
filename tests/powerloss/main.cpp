// SPDX-License-Identifier: EUPL-1.2
//
// amt-powerloss [--images N] [--seed S] [--settings ours|normal|off|delete|psow]: as many images as
// wanted; ends with 1 when something was lost.
#include "appliance/core/log.h"
#include "tests/powerloss/powerloss.h"

#include <Poco/Exception.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>

using namespace amt::powerloss;

namespace {

constexpr std::uint64_t imagesADay = 2500;

const std::map<std::string, Settings> settingsByName = {{"ours", Settings::Ours},
                                                        {"normal", Settings::SynchronousNormal},
                                                        {"off", Settings::SynchronousOff},
                                                        {"delete", Settings::RollbackJournal},
                                                        {"psow", Settings::PowersafeOverwrite}};

int usage()
{
    std::fprintf(stderr, "amt-powerloss [--images N] [--seed S] "
                         "[--settings ours|normal|off|delete|psow]\n");
    return 2;
}

} // namespace

int main(int argc, char** argv)
{
    std::uint64_t images = 20000, seed = 1;
    Settings settings = Settings::Ours;
    try {
        for (int i = 1; i < argc; i += 2) {
            const std::string option = argv[i];
            if (i + 1 == argc)
                return usage();
            if (option == "--images")
                images = std::stoull(argv[i + 1]);
            else if (option == "--seed")
                seed = std::stoull(argv[i + 1]);
            else if (option == "--settings")
                settings = settingsByName.at(argv[i + 1]);
            else
                return usage();
        }
    } catch (const std::logic_error&) { // no number, no such name
        return usage();
    }
    amt::log::setEnabled(false);
    std::uint64_t tried = 0, points = 0, bad = 0;
    try {
        for (; tried < images; ++seed) {
            const auto found =
                tryImages(settings, seed, std::min(imagesADay, images - tried), Until::AllTried);
            tried += found.images;
            points += found.crashPoints;
            bad += found.bad();
            if (found.bad() > 0)
                std::printf("seed %llu: %llu lost, %llu corrupt, %llu chains broken, %llu payloads "
                            "back; first: %s\n",
                            static_cast<unsigned long long>(seed),
                            static_cast<unsigned long long>(found.lost),
                            static_cast<unsigned long long>(found.corrupt),
                            static_cast<unsigned long long>(found.broken),
                            static_cast<unsigned long long>(found.returned), found.first.c_str());
        }
    } catch (const Poco::Exception& failure) {
        std::fprintf(stderr, "amt-powerloss: %s\n", failure.displayText().c_str());
        return 1;
    }
    std::printf("%llu images at %llu crash points: %llu bad\n",
                static_cast<unsigned long long>(tried), static_cast<unsigned long long>(points),
                static_cast<unsigned long long>(bad));
    return bad == 0 ? 0 : 1;
}
