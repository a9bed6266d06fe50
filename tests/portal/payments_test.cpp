// SPDX-License-Identifier: EUPL-1.2
//
// XBezahldienste 1.0.0 to the letter: what is asked, and answers that are refused whole
// (facts/portal.md 3.1).
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "sync/portal/payments.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::portal;

namespace {

PaymentRequest request()
{
    return {.requestId = "0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10",
            .requestTimestamp = "2026-11-21T10:41:00.000+01:00",
            .grosAmount = Money::cents(3070),
            .purpose = "KZ-2026-7K3M-4Q",
            .description = "Gebühr",
            .redirectUrl = "https://stadt.example/danke",
            .items = {{.id = "1",
                       .reference = "KZ-2026-7K3M-4Q",
                       .description = "Gebühr",
                       .quantity = 1,
                       .single = Money::cents(3070),
                       .bookingData = {{"haushaltsstelle", "1.1100.1000"}}}}};
}

const std::string answerText =
    R"({"paymentInformation":{"transactionUrl":"https://epay.example/x/T-1",)"
    R"("transactionRedirectUrl":"https://bezahlen.example/p/T-1","transactionId":"T-1",)"
    R"("transactionReference":"EP-1","transactionTimestamp":"2026-11-21T10:42:17.123+01:00",)"
    R"("paymentMethod":"CREDITCARD","paymentMethodDetail":"visa","status":"PAYED",)"
    R"("statusDetail":"ok"},"paymentRequest":{"requestId":"0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10",)"
    R"("requestTimestamp":"2026-11-21T10:41:00Z","currency":"EUR","grosAmount":30.70,)"
    R"("purpose":"KZ-2026-7K3M-4Q","items":[]}})";

std::string with(const std::string& from, const std::string& to)
{
    std::string text = answerText;
    const auto at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

struct Broken {
    const char* what;
    std::function<void(PaymentRequest&)> how;
};
std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.what;
}
const Broken brokenRequests[] = {
    {"no id", [](auto& asked) { asked.requestId.clear(); }},
    {"an id of 37", [](auto& asked) { asked.requestId = std::string(37, 'a'); }},
    {"an id with a dot", [](auto& asked) { asked.requestId = "a.b"; }},
    {"no amount", [](auto& asked) { asked.grosAmount = asked.items[0].single = Money(); }},
    {"an amount below nothing",
     [](auto& asked) { asked.grosAmount = asked.items[0].single = Money::cents(-1); }},
    {"an amount over 999999",
     [](auto& asked) { asked.grosAmount = asked.items[0].single = Money::cents(99'999'901); }},
    {"a sum that is none", [](auto& asked) { asked.grosAmount = Money::cents(3071); }},
    {"no purpose", [](auto& asked) { asked.purpose.clear(); }},
    {"a purpose of 28", [](auto& asked) { asked.purpose = std::string(28, 'K'); }},
    {"a purpose with an umlaut", [](auto& asked) { asked.purpose = "Gebühr"; }},
    {"a purpose with a slash", [](auto& asked) { asked.purpose = "KZ/1"; }},
    {"a purpose with a line", [](auto& asked) { asked.purpose = "KZ\n1"; }},
    {"a description of 251", [](auto& asked) { asked.description = std::string(251, 'x'); }},
    {"a way back without TLS", [](auto& asked) { asked.redirectUrl = "http://stadt.example/"; }},
    {"a way back of 2083",
     [](auto& asked) { asked.redirectUrl = "https://stadt.example/" + std::string(2061, 'a'); }},
    {"no timestamp", [](auto& asked) { asked.requestTimestamp.clear(); }},
    {"no items", [](auto& asked) { asked.items.clear(); }},
    {"100 items",
     [](auto& asked) {
         asked.items.assign(100, asked.items[0]);
         asked.grosAmount = Money::cents(307'000);
     }},
    {"two items of one id",
     [](auto& asked) {
         asked.items.push_back(asked.items[0]);
         asked.grosAmount = Money::cents(6140);
     }},
    {"an item without a name", [](auto& asked) { asked.items[0].description.clear(); }},
    {"none of an item", [](auto& asked) { asked.items[0].quantity = 0; }},
    {"a key of booking data with a blank",
     [](auto& asked) { asked.items[0].bookingData["a b"] = "c"; }},
};

struct Forged {
    const char* what;
    std::string text;
};
std::ostream& operator<<(std::ostream& out, const Forged& forged)
{
    return out << forged.what;
}
const std::string id36(36, 'a'), id37(37, 'a');
const Forged forgedAnswers[] = {
    {"nothing", ""},
    {"a page", "<html>"},
    {"a list", "[]"},
    {"half of it", answerText.substr(0, answerText.size() / 2)},
    {"something behind it", answerText + "{}"},
    {"no information", R"({"paymentRequest":{"requestId":"a","currency":"EUR","grosAmount":1}})"},
    {"no request", R"({"paymentInformation":{"transactionId":"T-1","status":"PAYED"}})"},
    {"information that is text", R"({"paymentInformation":"","paymentRequest":{}})"},
    {"no status", with(R"("status":"PAYED",)", "")},
    {"PAID", with("PAYED", "PAID")},
    {"BOOKED", with("PAYED", "BOOKED")},
    {"payed", with("PAYED", "payed")},
    {"a status twice", with(R"("status":"PAYED")", R"("status":"INITIAL","status":"PAYED")")},
    {"a status that is a number", with(R"("PAYED")", "1")},
    {"a status in a list", with(R"("PAYED")", R"(["PAYED"])")},
    {"a status with a blank", with("PAYED", "PAYED ")},
    {"CANCELLED", with("PAYED", "CANCELLED")},
    {"INVOICE", with("CREDITCARD", "INVOICE")},
    {"another method", with("CREDITCARD", "WERO")},
    {"a method that is nothing", with(R"("CREDITCARD")", R"("")")},
    {"a method's detail with a blank", with(R"("visa")", R"("visa debit")")},
    {"a method's detail of 37", with(R"("visa")", "\"" + id37 + "\"")},
    {"no transaction id", with(R"("transactionId":"T-1",)", "")},
    {"an empty transaction id", with(R"("transactionId":"T-1")", R"("transactionId":"")")},
    {"a transaction id of 37",
     with(R"("transactionId":"T-1")", R"("transactionId":")" + id37 + "\"")},
    {"a transaction id that is a path",
     with(R"("transactionId":"T-1")", R"("transactionId":"../T-1")")},
    {"a transaction id with a blank", with(R"("transactionId":"T-1")", R"("transactionId":"T 1")")},
    {"a transaction id that is a number", with(R"("transactionId":"T-1")", R"("transactionId":1)")},
    {"a page without TLS", with("https://bezahlen", "http://bezahlen")},
    {"a page that is a script", with("https://bezahlen.example/p/T-1", "javascript:alert(1)")},
    {"a page at somebody's name", with("bezahlen.example", "bezahlen.example@evil.example")},
    {"a page behind a backslash", with("bezahlen.example", R"(evil.example\\bezahlen.example)")},
    {"a page with a line", with("/p/T-1", R"(/p/\nT-1)")},
    {"a page with an umlaut", with("/p/T-1", "/p/ü")},
    {"a page with a quote", with("/p/T-1", R"(/p/\")")},
    {"a page with angle brackets", with("/p/T-1", "/p/<b>")},
    {"a page without a host", with("https://bezahlen.example/p/T-1", "https:///p/T-1")},
    {"a page with an escaped host", with("bezahlen.example", "bezahlen%2eexample")},
    {"a page at port 0", with("bezahlen.example", "bezahlen.example:0")},
    {"a page at port 70000", with("bezahlen.example", "bezahlen.example:70000")},
    {"a page of 2083", with("/p/T-1", "/" + std::string(2083, 'a'))},
    {"a status address without TLS", with("https://epay", "ftp://epay")},
    {"a reference of 37", with("EP-1", id37)},
    {"a reference with a line", with("EP-1", R"(EP\r1)")},
    {"a time of words", with("2026-11-21T10:42:17.123+01:00", "gestern")},
    {"a detail of 251", with("\"ok\"", "\"" + std::string(251, 'x') + "\"")},
    {"no request id", with(R"("requestId":"0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10",)", "")},
    {"a request id of 37", with("0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10", id37)},
    {"no currency", with(R"("currency":"EUR",)", "")},
    {"dollars", with("EUR", "USD")},
    {"eur", with("EUR", "eur")},
    {"no amount", with(R"("grosAmount":30.70,)", "")},
    {"grossAmount", with("grosAmount", "grossAmount")},
    {"an amount as text", with("30.70", R"("30.70")")},
    {"an amount that is true", with("30.70", "true")},
    {"an amount of nothing", with("30.70", "0")},
    {"an amount below nothing", with("30.70", "-30.70")},
    {"parts of a cent", with("30.70", "30.705")},
    {"an amount without end", with("30.70", "1e400")},
    {"an amount over 999999", with("30.70", "1000000")},
    {"a purpose with a slash", with("KZ-2026", "KZ/2026")},
    {"over 64 KiB", answerText.substr(0, answerText.size() - 1) + R"(,"x":")" +
                        std::string(64 * 1024, 'a') + R"("})"},
};

const char* const plainUrls[] = {"https://bezahlen.example", "https://bezahlen.example/",
                                 "https://bezahlen.example:8443/p?a=b&c=%20#d",
                                 "https://192.0.2.7/p/T-1"};

struct Authority {
    const char *url, *authority;
};
std::ostream& operator<<(std::ostream& out, const Authority& row)
{
    return out << row.url;
}
const Authority authorities[] = {{"https://Bezahlen.Example/p", "bezahlen.example"},
                                 {"https://bezahlen.example:443/p", "bezahlen.example"},
                                 {"https://bezahlen.example:8443/p", "bezahlen.example:8443"},
                                 {"https://bezahlen.example.evil/p", "bezahlen.example.evil"}};

constexpr int amounts[] = {1, 7, 510, 895, 1020, 1999, 3070, 99'999'900};

} // namespace

BOOST_AUTO_TEST_SUITE(portal_payments)

BOOST_AUTO_TEST_CASE(a_request_is_spelled_as_the_standard_spells_it)
{
    BOOST_TEST(
        writePaymentRequest(request()) ==
        R"({"requestId":"0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10",)"
        R"("requestTimestamp":"2026-11-21T10:41:00.000+01:00","currency":"EUR",)"
        R"("purpose":"KZ-2026-7K3M-4Q","description":"Gebühr",)"
        R"("redirectUrl":"https://stadt.example/danke","grosAmount":30.70,"items":[{"id":"1",)"
        R"("reference":"KZ-2026-7K3M-4Q","description":"Gebühr","taxRate":0,"quantity":1,)"
        R"("bookingData":{"haushaltsstelle":"1.1100.1000"},"totalNetAmount":30.70,)"
        R"("totalTaxAmount":0,"singleNetAmount":30.70,"singleTaxAmount":0}]})");
}

BOOST_DATA_TEST_CASE(a_request_over_a_limit_is_not_written, data::make(brokenRequests), broken)
{
    auto asked = request();
    broken.how(asked);
    BOOST_CHECK_EXCEPTION(writePaymentRequest(asked), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::InputMalformed;
    });
}

BOOST_DATA_TEST_CASE(an_amount_comes_back_to_the_cent, data::make(amounts), cents)
{
    auto asked = request();
    asked.grosAmount = asked.items[0].single = Money::cents(cents);
    BOOST_TEST(readPaymentRequest(writePaymentRequest(asked)).grosAmount.inCents() == cents);
}

BOOST_AUTO_TEST_CASE(a_request_that_names_somebody_is_not_read)
{
    std::string text = writePaymentRequest(request());
    text.insert(1, R"("requestor":{"name":"Mustermann"},)");
    BOOST_CHECK_THROW(readPaymentRequest(text), Error);
}

BOOST_AUTO_TEST_CASE(an_answer_is_read_whole)
{
    const auto said = readPaymentTransaction(answerText);
    BOOST_TEST(said.transactionId == "T-1");
    BOOST_TEST(said.transactionUrl == "https://epay.example/x/T-1");
    BOOST_TEST(said.redirectUrl == "https://bezahlen.example/p/T-1");
    BOOST_TEST(said.transactionReference == "EP-1");
    BOOST_TEST((said.method == PaymentMethod::CreditCard));
    BOOST_TEST(said.methodDetail == "visa");
    BOOST_TEST((said.status == TransactionStatus::Payed));
    BOOST_TEST(said.statusDetail == "ok");
    BOOST_TEST(said.grosAmount.inCents() == 3070);
    BOOST_TEST(differenceOf(said, request()) == nullptr);
    BOOST_TEST(writePaymentTransaction(readPaymentTransaction(writePaymentTransaction(said))) ==
               writePaymentTransaction(said));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_yet_may_be_missing_or_null_and_unknown_words_are_skipped)
{
    const auto said = readPaymentTransaction(
        R"({"paymentInformation":{"transactionId":"T-1","status":"INITIAL","paymentMethod":null,)"
        R"("statusDetail":null,"new":{"deep":[1]}},"paymentRequest":{"requestId":"a",)"
        R"("currency":"EUR","grosAmount":30.7,"requestor":{"name":"Mustermann"}},"links":[]})");
    BOOST_TEST((said.status == TransactionStatus::Initial));
    BOOST_TEST(!said.method);
    BOOST_TEST(writePaymentTransaction(said).find("Mustermann") == std::string::npos);
}

BOOST_DATA_TEST_CASE(a_forged_answer_is_refused_whole, data::make(forgedAnswers), forged)
{
    BOOST_CHECK_EXCEPTION(readPaymentTransaction(forged.text), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::JsonMalformed ||
               error.errorCode() == ErrorCode::InputTooLarge;
    });
}

BOOST_AUTO_TEST_CASE(an_answer_to_something_else_is_told_apart)
{
    auto said = readPaymentTransaction(answerText);
    said.requestId = "another";
    BOOST_TEST(differenceOf(said, request()) == std::string("requestId"));
    said = readPaymentTransaction(answerText);
    said.grosAmount = Money::cents(3071);
    BOOST_TEST(differenceOf(said, request()) == std::string("grosAmount"));
    said = readPaymentTransaction(answerText);
    said.purpose = "KZ-2026-0000-00";
    BOOST_TEST(differenceOf(said, request()) == std::string("purpose"));
    said.purpose.clear();
    BOOST_TEST(differenceOf(said, request()) == nullptr);
}

BOOST_DATA_TEST_CASE(a_plain_address_is_one, data::make(plainUrls), url)
{
    BOOST_TEST(isHttpsUrl(url, 2082));
}

BOOST_DATA_TEST_CASE(the_host_is_what_a_browser_would_go_to, data::make(authorities), row)
{
    BOOST_TEST(authorityOf(row.url) == row.authority);
}

BOOST_AUTO_TEST_CASE(a_refusal_has_a_code_or_is_one_without)
{
    BOOST_TEST((readFunctionalCode(R"({"type":"about:blank","functionalCode":"PAYMENT_EXISTS"})") ==
                FunctionalCode::PaymentExists));
    for (const char* text : {"", "<html>", "{}", R"({"functionalCode":"NEW"})",
                             R"({"functionalCode":7})", R"({"functionalCode":"payment_exists"})"})
        BOOST_TEST((readFunctionalCode(text) == FunctionalCode::Unspecified), text);
    for (const auto code :
         {FunctionalCode::NoValidOriginatorOrEndpoint, FunctionalCode::PaymentExists,
          FunctionalCode::CalculationError, FunctionalCode::BookingDataMissing,
          FunctionalCode::ValidationError, FunctionalCode::Unspecified, FunctionalCode::Forbidden})
        BOOST_TEST((readFunctionalCode(writePaymentProblem(400, code)) == code));
}

BOOST_AUTO_TEST_CASE(addresses_are_the_standards)
{
    BOOST_TEST(paymentTransactionsPath("stadt", "0599") == "/paymenttransaction/stadt/0599");
    BOOST_TEST(paymentTransactionPath("stadt", "0599", "T-1") ==
               "/paymenttransaction/stadt/0599/T-1");
    BOOST_TEST(isPaymentId(id36));
    BOOST_TEST(isPurpose("KZ 2026-7K3M_4Q"));
}

BOOST_AUTO_TEST_SUITE_END()
