// SPDX-License-Identifier: EUPL-1.2
//
// The npm package jose as a second implementation: tests/envelope/jose_peer.mjs with one request.
#pragma once

#include "appliance/core/json.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace amt::test {

inline bool skipWithoutJose()
{
    static const bool there =
        std::system("node --version >/dev/null 2>&1") == 0 &&
        std::filesystem::exists(AMT_SOURCE_DIR "/node_modules/jose/package.json");
    return skipUnless(there, "node or node_modules/jose is missing (npm ci)");
}

/// Runs jose_peer.mjs with one request.
inline json::ObjectPtr askJose(const json::ObjectPtr& request)
{
    const auto file = std::filesystem::path(AMT_BINARY_DIR) /
                      ("jose-request-" + std::to_string(::getpid()) + ".json");
    std::ofstream(file) << json::write(*request);
    const std::string command =
        "node '" AMT_SOURCE_DIR "/tests/envelope/jose_peer.mjs' '" + file.string() + "'";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    BOOST_REQUIRE(pipe != nullptr);
    std::string answer;
    std::array<char, 65536> part;
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get()))
        answer.append(part.data(), size);
    std::filesystem::remove(file);
    return json::parseObject(answer, 4 * json::textBytesMax);
}

} // namespace amt::test
