// SPDX-License-Identifier: EUPL-1.2
//
// Skipping by name: what needs the shared folder (rig, samples, schemata), root or a device says so
// and is counted.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace amt::test {

inline std::vector<std::string>& skippedCases()
{
    static std::vector<std::string> cases;
    return cases;
}

/// The folder with samples, standards and rigs beside the project; AMT_SHARED overrides. May not
/// exist.
inline std::filesystem::path shared()
{
    if (const char* set = std::getenv("AMT_SHARED"))
        return set;
    return std::filesystem::path(AMT_SOURCE_DIR) / ".." / "shared";
}

/// True, and the running case is noted as skipped with `reason`, when the file or folder is not
/// there.
inline bool skipWithout(const std::filesystem::path& needed, const std::string& reason)
{
    if (std::filesystem::exists(needed))
        return false;
    skippedCases().push_back(boost::unit_test::framework::current_test_case().full_name() + ": " +
                             reason);
    return true;
}

/// True, and the running case is noted as skipped with `reason`, when `condition` does not hold.
inline bool skipUnless(bool condition, const std::string& reason)
{
    if (condition)
        return false;
    skippedCases().push_back(boost::unit_test::framework::current_test_case().full_name() + ": " +
                             reason);
    return true;
}

} // namespace amt::test
