// SPDX-License-Identifier: EUPL-1.2
//
// amt-csca: takes a country's signers out of a master list, as files that the node's settings name.
#include "appliance/core/error.h"
#include "appliance/core/real_event_loop.h"
#include "drivers/eid/crypto.h"
#include "drivers/eid/master_list.h"

#include <fstream>
#include <iostream>
#include <iterator>

namespace amt::eid {
namespace {

Bytes readFile(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw Error(ErrorCode::NotFound, path);
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

/// Named after the certificate's own fingerprint, so that a newer list adds and never overwrites.
void write(const std::string& folder, const Bytes& certificate)
{
    const std::string fingerprint = toHex(digest("SHA2-256", certificate));
    const std::string path = folder + "/csca-" + fingerprint.substr(0, 16) + ".der";
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(certificate.data()),
               static_cast<std::streamsize>(certificate.size()));
    if (!file.flush())
        throw Error(ErrorCode::SystemFailed, path);
    std::cout << path << "  SHA-256 " << fingerprint << '\n';
}

int run(const std::vector<std::string>& arguments)
{
    if (arguments.size() != 3) {
        std::cerr << "usage: amt-csca MASTER_LIST ANCHOR.der FOLDER\n"
                     "  writes the German country signers of a master list that was signed under\n"
                     "  ANCHOR, a country signer whose fingerprint two persons have compared\n";
        return 64;
    }
    const auto found = countrySignersOf(readFile(arguments[0]), "DE", readFile(arguments[1]),
                                        RealEventLoop().utcNow());
    for (const auto& certificate : found)
        write(arguments[2], certificate);
    return 0;
}

} // namespace
} // namespace amt::eid

int main(int argc, char** argv)
{
    try {
        return amt::eid::run({argv + 1, argv + argc});
    } catch (const amt::Error& failure) { // the door of main
        std::cerr << "amt-csca: " << failure.displayText() << '\n';
        return 1;
    }
}
