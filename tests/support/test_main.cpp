// SPDX-License-Identifier: EUPL-1.2
//
// The main of every test binary: skipped cases are named, and a binary in which nothing ran says so
// (exit code 77).
#define BOOST_TEST_NO_MAIN
#include "tests/support/skip.h"

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdio>

namespace {

bool initialise()
{
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    const int status = boost::unit_test::unit_test_main(&initialise, argc, argv);
    for (const auto& skipped : amt::test::skippedCases())
        std::printf("SKIPPED: %s\n", skipped.c_str());
    const auto& results = boost::unit_test::results_collector.results(
        boost::unit_test::framework::master_test_suite().p_id);
    const std::size_t ran =
        results.p_test_cases_passed + results.p_test_cases_failed + results.p_test_cases_aborted;
    if (status == 0 && ran <= amt::test::skippedCases().size() &&
        !amt::test::skippedCases().empty())
        return 77;
    return status;
}
