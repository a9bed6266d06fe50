// SPDX-License-Identifier: EUPL-1.2
//
// amt-page-gallery FOLDER: writes a sample of every page as a file, for eyes and for tests/e2e.
#include "tests/page/samples.h"

#include <filesystem>
#include <fstream>
#include <iostream>

namespace {

void write(const std::filesystem::path& path, const std::string& content)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

/// The screen as the access bar can make it; each has a folder.
struct Mode {
    std::string folder;
    amt::page::Access access;
};
const Mode modes[] = {{"kiosk", {}},
                      {"kiosk-large", {1, false, false}},
                      {"kiosk-largest", {2, false, false}},
                      {"kiosk-contrast", {0, true, false}},
                      {"kiosk-low", {0, false, true}}};

void writeKiosk(const std::filesystem::path& folder, const amt::page::Renderer& renderer,
                const std::string& language, const amt::test::KioskSample& sample,
                const amt::page::Access& access)
{
    auto frame = amt::test::sampleFrame(language, sample);
    frame.access = access;
    auto html = renderer.kiosk(frame, sample.view);
    write(folder / (sample.name + ".html"), html);
    if (access == amt::page::Access{})
        return;
    for (frame.part = 1; frame.part < 9; ++frame.part) { // those that there are differ
        auto other = renderer.kiosk(frame, sample.view);
        if (other == html)
            continue;
        html = std::move(other);
        write(folder / (sample.name + "-part-" + std::to_string(frame.part) + ".html"), html);
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: amt-page-gallery FOLDER\n";
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const amt::page::Renderer renderer(AMT_SOURCE_DIR "/kiosk");
    for (const auto& mode : modes)
        for (const auto& language : renderer.languages())
            for (const auto& sample : amt::test::kioskSamples())
                writeKiosk(folder / mode.folder / language, renderer, language, sample,
                           mode.access);
    for (const auto& sample : amt::test::deskSamples())
        write(folder / "desk" / (sample.name + ".html"),
              renderer.desk(amt::test::sampleDeskFrame(sample), sample.view));
    for (const auto& sample : amt::test::displaySamples())
        write(folder / "display" / (sample.name + ".html"), renderer.display(sample.view));
    write(folder / "csp.txt", amt::page::contentSecurityPolicy);
    return 0;
}
