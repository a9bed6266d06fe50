// SPDX-License-Identifier: EUPL-1.2
//
// JSON is read strictly; every error code has its sentence in config/errors.tsv.
#include "appliance/core/error.h"
#include "appliance/core/json.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>
#include <sstream>

using namespace amt;

namespace {

const std::vector<std::string> broken = {R"({"a":1,"a":2})",
                                         R"({"a":{"b":1,"b":2}})",
                                         R"([1])",
                                         R"({"a":1} x)",
                                         R"({"a":1}{"b":2})",
                                         R"({)",
                                         "",
                                         R"({"a":01})"};

} // namespace

BOOST_AUTO_TEST_SUITE(core_json)

BOOST_DATA_TEST_CASE(broken_json_is_refused_whole, boost::unit_test::data::make(broken), text)
{
    BOOST_CHECK_EXCEPTION(json::parseObject(text), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::JsonMalformed; });
}

BOOST_AUTO_TEST_CASE(deep_json_is_refused)
{
    std::string deep;
    for (int i = 0; i < 40; ++i)
        deep += "{\"a\":";
    deep += "1" + std::string(40, '}');
    BOOST_CHECK_THROW(json::parseObject(deep), Error);
}

BOOST_AUTO_TEST_CASE(values_are_taken_only_in_their_own_type)
{
    const auto object = json::parseObject(R"({"n":12,"t":"x","b":true,"f":1.5})");
    BOOST_TEST(json::integer(*object, "n") == 12);
    BOOST_TEST(json::text(*object, "t") == "x");
    BOOST_CHECK_THROW(json::text(*object, "n"), Error);
    BOOST_CHECK_THROW(json::integer(*object, "b"), Error);
    BOOST_CHECK_THROW(json::integer(*object, "f"), Error);
    BOOST_CHECK_THROW(json::onlyKeys(*object, {"n", "t", "b"}), Error);
}

BOOST_AUTO_TEST_CASE(every_error_code_has_a_row_and_every_row_a_code)
{
    std::ifstream file(std::string(AMT_SOURCE_DIR) + "/config/errors.tsv");
    std::set<std::string> rows;
    std::string line;
    std::getline(file, line);
    BOOST_TEST(line == "code\tcitizen\tclerk\tit");
    while (std::getline(file, line)) {
        std::vector<std::string> cells;
        std::istringstream cellsIn(line);
        for (std::string cell; std::getline(cellsIn, cell, '\t');)
            cells.push_back(cell);
        BOOST_REQUIRE_MESSAGE(cells.size() == 4, line);
        for (const auto& cell : cells)
            BOOST_TEST(!cell.empty());
        BOOST_TEST(rows.insert(cells[0]).second);
    }
    std::set<std::string> codes;
    for (const ErrorCode code : allErrorCodes())
        codes.insert(std::string(name(code)));
    BOOST_TEST(rows == codes, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
