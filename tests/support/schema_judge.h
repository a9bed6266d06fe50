// SPDX-License-Identifier: EUPL-1.2
//
// A second opinion on JSON: Python's jsonschema, with the schemata of ../shared/standards.
#pragma once

#include "tests/support/skip.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace amt::test {

constexpr auto metadataSchema = "fit-connect-metadata-2.1.0.schema.json";

/// Exit code of the validator: 0 valid, 1 not, 2 it or the schema is missing.
inline int judgedBySchema(const std::string& text, const char* schemaFile = metadataSchema)
{
    const auto file =
        std::filesystem::path(AMT_BINARY_DIR) / ("judged-" + std::to_string(::getpid()) + ".json");
    std::ofstream(file) << text;
    const auto schema = shared() / "standards" / schemaFile;
    const std::string command = "python3 '" AMT_SOURCE_DIR "/tests/portal/validate.py' '" +
                                schema.string() + "' '" + file.string() + "'";
    const int status = std::system(command.c_str());
    std::filesystem::remove(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

/// Skips by name.
inline bool skipWithoutJudge()
{
    if (skipWithout(shared() / "standards" / metadataSchema, "the schema is not here"))
        return true;
    return skipUnless(std::system("python3 -c 'import jsonschema' 2>/dev/null") == 0,
                      "python3-jsonschema is missing");
}

} // namespace amt::test
