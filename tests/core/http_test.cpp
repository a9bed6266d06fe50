// SPDX-License-Identifier: EUPL-1.2
//
// Form bodies, cookies and UTF-8: what is refused, and with which code.
#include "appliance/core/error.h"
#include "appliance/core/http.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;

namespace {

struct Refusal {
    std::string body;
    ErrorCode code;
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal)
{
    return out << refusal.body;
}

const std::vector<Refusal> refusals = {
    {"a", ErrorCode::RequestMalformed},           {"=b", ErrorCode::RequestMalformed},
    {"a=%4", ErrorCode::RequestMalformed},        {"a=%zz", ErrorCode::RequestMalformed},
    {"a=%00", ErrorCode::RequestMalformed},       {"a=%c3", ErrorCode::RequestMalformed},
    {"a=%ed%a0%80", ErrorCode::RequestMalformed}, {"a=%c0%80", ErrorCode::RequestMalformed},
    {"a=1&a=2", ErrorCode::FormFieldUnexpected}};

} // namespace

BOOST_AUTO_TEST_SUITE(core_http)

BOOST_AUTO_TEST_CASE(a_form_comes_back_as_it_was_typed)
{
    const std::map<std::string, std::string> fields = {{"name", "Özm̂en & Söhne"},
                                                       {"plate", "DO A 1+1"}};
    BOOST_TEST(parseForm(writeForm(fields)) == fields);
    BOOST_TEST(parseForm("a=1+2&b=")["a"] == "1 2");
}

BOOST_DATA_TEST_CASE(a_broken_form_is_refused_whole, boost::unit_test::data::make(refusals),
                     refusal)
{
    BOOST_CHECK_EXCEPTION(parseForm(refusal.body), Error,
                          [&](const Error& e) { return e.errorCode() == refusal.code; });
}

BOOST_AUTO_TEST_CASE(a_doubled_cookie_counts_as_none)
{
    BOOST_TEST(cookieValue("x=1; amt=abc", "amt").value() == "abc");
    BOOST_TEST(!cookieValue("amt=1; amt=2", "amt").has_value());
    BOOST_TEST(!cookieValue("xamt=1", "amt").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
