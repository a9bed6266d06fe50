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

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: amt-page-gallery FOLDER\n";
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const amt::page::Renderer renderer(AMT_SOURCE_DIR "/kiosk");
    for (const auto& language : renderer.languages())
        for (const auto& sample : amt::test::kioskSamples())
            write(folder / "kiosk" / language / (sample.name + ".html"),
                  renderer.kiosk(amt::test::sampleFrame(language, sample), sample.view));
    for (const auto& sample : amt::test::deskSamples())
        write(folder / "desk" / (sample.name + ".html"),
              renderer.desk(amt::test::sampleDeskFrame(sample), sample.view));
    write(folder / "display" / "board.html",
          renderer.display({"Stadt Musterstadt", amt::test::sampleTime()}));
    write(folder / "csp.txt", amt::page::contentSecurityPolicy);
    return 0;
}
