// SPDX-License-Identifier: EUPL-1.2
//
// Forms with a file, in pieces of every length: the same is heard, and what is broken is refused.
#include "appliance/core/error.h"
#include "appliance/core/multipart.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace amt;
namespace data = boost::unit_test::data;

namespace {

const std::string type = "multipart/form-data; boundary=AaB03x";

std::string heard(const std::string& body, std::size_t piece, const std::string& contentType = type)
{
    std::string said;
    FormReader reader(
        contentType,
        {.field = [&](const auto& name, const auto& value) { said += name + "=" + value + ";"; },
         .fileBegins = [&](const auto& name, const auto& file) { said += name + "<" + file + ">"; },
         .fileBytes =
             [&](ByteView bytes) {
                 said.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
             }});
    for (std::size_t at = 0; at < body.size(); at += piece)
        reader.add(std::string_view(body).substr(at, piece));
    reader.finish();
    return said;
}

struct Form {
    std::string what, body, said; ///< said: nothing when it is refused
};
std::ostream& operator<<(std::ostream& out, const Form& form)
{
    return out << form.what;
}

const std::string field = "--AaB03x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n";
std::string fileOf(const std::string& disposition, const std::string& bytes)
{
    return "--AaB03x\r\nContent-Disposition: form-data; " + disposition +
           "\r\nContent-Type: text/plain\r\n\r\n" + bytes + "\r\n--AaB03x--\r\n";
}
const std::string aFile = "name=\"file\"; filename=\"a.txt\"";

const Form forms[] = {
    {"RFC 7578: a field and a file", field + fileOf(aFile, "bytes"), "key=k;file<a.txt>bytes"},
    {"a file with what looks like an end",
     field + fileOf(aFile, "\r\n--AaB03\r\n--AaB03\r\n\r\r\n-"),
     "key=k;file<a.txt>\r\n--AaB03\r\n--AaB03\r\n\r\r\n-"},
    {"an empty file", field + fileOf(aFile, ""), "key=k;file<a.txt>"},
    {"no file chosen", field + fileOf("name=\"file\"; filename=\"\"", ""), "key=k;file<>"},
    {"a name as browsers escape it", fileOf("name=\"file\"; filename=\"a%22;b.txt\"", "x"),
     "file<a%22;b.txt>x"},
    {"umlauts", fileOf("name=\"file\"; filename=\"Größe.txt\"", "x"), "file<Größe.txt>x"},
    {"blanks and capitals in headers",
     "--AaB03x\r\ncontent-DISPOSITION:form-data;  NAME=key\r\n\r\nk\r\n--AaB03x--", "key=k;"},
    {"nothing", "", ""},
    {"no boundary before", "x--AaB03x--\r\n", ""},
    {"cut in the headers", "--AaB03x\r\nContent-Disposition: form-data", ""},
    {"cut in the file",
     field + "--AaB03x\r\nContent-Disposition: form-data; " + aFile + "\r\n\r\nbytes", ""},
    {"cut in the last boundary", field + "--AaB03x-", ""},
    {"words behind the end", field + "--AaB03x--\r\nmore", ""},
    {"no name", "--AaB03x\r\nContent-Disposition: form-data\r\n\r\nk\r\n--AaB03x--\r\n", ""},
    {"no headers", "--AaB03x\r\n\r\nk\r\n--AaB03x--\r\n", ""},
    {"two dispositions",
     "--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; "
     "name=\"b\"\r\n\r\nk\r\n--AaB03x--\r\n",
     ""},
    {"a doubled name", fileOf("name=\"file\"; name=\"key\"; filename=\"a\"", "x"), ""},
    {"an open quotation mark", fileOf("name=\"file", "x"), ""},
    {"a value that is no text",
     "--AaB03x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n\xC3\x28\r\n--AaB03x--\r\n",
     ""},
    {"an attachment, not a form",
     "--AaB03x\r\nContent-Disposition: attachment; name=\"key\"\r\n\r\nk\r\n--AaB03x--\r\n", ""},
    {"endless headers", "--AaB03x\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", ""},
};

} // namespace

BOOST_AUTO_TEST_SUITE(core_multipart)

BOOST_DATA_TEST_CASE(a_form_says_the_same_in_pieces_of_every_length, data::make(forms), form)
{
    const std::size_t lengths[] = {1, 2, 3, 7, 64, 4096, 1'000'000};
    for (const std::size_t piece : lengths) {
        if (!form.said.empty())
            BOOST_TEST(heard(form.body, piece) == form.said);
        else
            BOOST_CHECK_EXCEPTION(heard(form.body, piece), Error, [](const Error& error) {
                return error.errorCode() == ErrorCode::RequestMalformed;
            });
    }
}

BOOST_AUTO_TEST_CASE(a_field_that_is_too_long_is_refused)
{
    const std::string body = "--AaB03x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n" +
                             std::string(5000, 'k') + "\r\n--AaB03x--\r\n";
    BOOST_CHECK_EXCEPTION(heard(body, 1000), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::InputTooLarge;
    });
}

BOOST_AUTO_TEST_CASE(a_boundary_is_needed)
{
    for (const std::string& wrong :
         {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
          std::string("multipart/mixed; boundary=AaB03x"),
          "multipart/form-data; boundary=" + std::string(71, 'b')})
        BOOST_CHECK_THROW(heard(field, 1, wrong), Error);
    BOOST_TEST(heard(field + "--AaB03x--\r\n", 5,
                     "multipart/form-data; charset=utf-8; boundary=\"AaB03x\"") == "key=k;");
}

BOOST_AUTO_TEST_SUITE_END()
