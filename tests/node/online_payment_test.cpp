// SPDX-License-Identifier: EUPL-1.2
//
// Paying with a phone: the real node and the real carrier before a payment service that fails in
// all its ways. Nobody pays twice, nothing paid is lost, silence is never "declined".
#include "sync/carrier/carrier.h"
#include "sync/carrier/payments.h"
#include "sync/envelope/envelope.h"
#include "sync/portal/metadata.h"
#include "sync/portal/portal_link.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"
#include "tests/sim/payment/payment_service.h"
#include "tests/support/test_keys.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using node::Surface;
using Fault = sim::PaymentService::Fault;

namespace {

constexpr auto plan =
    R"({"format":1,"offered":true,"service":"epay","originatorId":"stadt-musterstadt",)"
    R"("endPointId":"059990999999","services":["99108001001000"],)"
    R"("redirectUrl":"https://stadt.example/danke","payPages":["bezahlen.example"],"minutes":10,)"
    R"("bookingData":{"haushaltsstelle":"1.1100.1000"}})";

constexpr auto endpoint =
    R"({"format":1,"id":"epay","address":"https://epay.example/xbezahldienste/v1",)"
    R"("caCertificate":"PEM","tokenEndpoint":"https://epay.example/oauth/token",)"
    R"("clientId":"amtsstube","clientSecret":"streng geheim"})";

/// Answers on the loop.
class Line : public HttpExchange {
public:
    using Serve = std::function<void(const HttpRequest&, const std::function<void(HttpAnswer)>&)>;
    Line(EventLoop& loop, Serve serve) : _loop(loop), _serve(std::move(serve)) {}
    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        _loop.post([this, request = std::move(request), done = std::move(done)] {
            _serve(request, done);
        });
    }

private:
    EventLoop& _loop;
    Serve _serve;
};

enum class Crash { Node, Carrier, Both };

class OnlineTown {
public:
    explicit OnlineTown(const std::string& text = plan)
    {
        town.paymentPlan = text;
        town.restart();
        startCarrier();
        pass(3);
    }
    ~OnlineTown() { carrier.reset(); }

    void startCarrier()
    {
        carrier.reset();
        payments.reset();
        link = portal::makeV2Link({}, silentPortal, town.loop);
        payments = std::make_unique<carrier::Payments>(
            carrier::PaymentTimes{}, carrier::readPaymentEndpoint(endpoint), nodeLine, serviceLine,
            serviceLine, town.loop, town.random);
        carrier =
            std::make_unique<carrier::Carrier>(carrier::CarrierSettings{}, nodeLine, *link,
                                               town.loop, town.random, nullptr, payments.get());
        carrier->start();
    }

    void pass(int seconds)
    {
        for (int i = 0; i < seconds; ++i)
            town.loop.advance(std::chrono::seconds(1));
    }

    /// Before and after each request of amt-sync, to the node and to the service.
    bool crashes()
    {
        if (++steps != crashAt)
            return false;
        if (crash != Crash::Carrier)
            town.restart();
        if (crash != Crash::Node)
            town.loop.post([this] { startCarrier(); });
        return true;
    }

    void walkToCode()
    {
        walkToPay(town, kiosk);
        BOOST_TEST(kiosk.shows("Mit dem Handy bezahlen"));
        kiosk.post("/visit/pay", {{"action", "online"}});
        BOOST_TEST(kiosk.location == "/visit/pay/running");
        pass(8);
        kiosk.get("/visit/pay/running");
    }

    /// The address behind the code on the screen, as the node keeps it.
    std::string address()
    {
        return town.text("SELECT redirect_url FROM online_payment ORDER BY rowid DESC LIMIT 1");
    }
    bool showsCode() const { return kiosk.shows("class=\"qr\""); }
    std::string state()
    {
        return town.text("SELECT state FROM payment ORDER BY rowid DESC LIMIT 1");
    }
    std::string heldReason() { return town.text("SELECT held_reason FROM cases"); }

    portal::Metadata sealedMetadata()
    {
        HttpRequest request;
        request.method = "GET";
        request.peer = "sync";
        request.path = "/sync/envelopes/" + town.text("SELECT id FROM envelope") + "/metadata";
        const auto jwe = town.handle(Surface::Sync, request).body;
        return portal::readMetadata(toText(envelope::open(jwe, rsaKey(1), "encryption-1").plain));
    }

    Town town;
    sim::PaymentService service;
    Line nodeLine{town.loop, [this](const HttpRequest& request, const auto& done) {
                      const bool counts = request.path.starts_with("/sync/payments/");
                      if (counts && crashes())
                          return done(NoAnswer{});
                      auto copy = request;
                      copy.peer = "sync";
                      HttpAnswer answer = NoAnswer{};
                      town.node().handle(Surface::Sync, copy,
                                         [&](HttpResponse response) { answer = response; });
                      done(counts && crashes() ? HttpAnswer(NoAnswer{}) : answer);
                  }};
    Line serviceLine{town.loop, [this](const HttpRequest& request, const auto& done) {
                         if (crashes())
                             return done(NoAnswer{});
                         const auto answer = service.handle(request);
                         done(answer && !crashes() ? HttpAnswer(*answer) : HttpAnswer(NoAnswer{}));
                     }};
    Line silentPortal{town.loop, [](const HttpRequest&, const auto& done) { done(NoAnswer{}); }};
    std::unique_ptr<portal::PortalLink> link;
    std::unique_ptr<carrier::Payments> payments;
    std::unique_ptr<carrier::Carrier> carrier;
    Browser kiosk{town, Surface::Kiosk};
    int steps = 0, crashAt = 0;
    Crash crash = Crash::Node;
};

struct Ended {
    const char* status;
};
std::ostream& operator<<(std::ostream& out, const Ended& ended)
{
    return out << ended.status;
}
const Ended endings[] = {{"FAILED"}, {"CANCELED"}};

struct Forged {
    const char *what, *from, *to;
};
std::ostream& operator<<(std::ostream& out, const Forged& forged)
{
    return out << forged.what;
}
const Forged forgedBeginnings[] = {
    {"another amount", R"("grosAmount":30.70)", R"("grosAmount":3.07)"},
    {"another request's answer", R"("requestId":")", R"("requestId":"x)"},
    {"another purpose", R"("purpose":")", R"("purpose":"X)"},
    {"a page of another host", "https://bezahlen.example/", "https://evil.example/"},
    {"a page of a longer host", "https://bezahlen.example/", "https://bezahlen.example.evil/"},
    {"a page at another port", "https://bezahlen.example/", "https://bezahlen.example:8443/"},
    {"no page", "\"transactionRedirectUrl\"", "\"elsewhere\""},
};
const Forged forgedLooks[] = {
    {"another amount", R"("grosAmount":30.70)", R"("grosAmount":3.07)"},
    {"another request's answer", R"("requestId":")", R"("requestId":"x)"},
    {"another transaction", R"("transactionId":"T)", R"("transactionId":"U)"},
};

std::string changed(std::string text, const std::string& from, const std::string& to)
{
    const auto at = text.find(from);
    if (at == std::string::npos || (from == R"("requestId":")" && text.size() < at + 60))
        return text;
    text.replace(at, from.size(), to);
    if (from == R"("requestId":")") // as long as before
        text.erase(at + to.size(), 1);
    return text;
}

const char* const refusals[] = {"NO_VALID_ORIGINATOR_OR_ENDPOINT", "CALCULATION_ERROR",
                                "BOOKING_DATA_MISSING", "VALIDATION_ERROR", "FORBIDDEN"};

const char* const brokenPlans[] = {
    R"("format":1)",           R"("originatorId":"stadt-musterstadt")",
    R"("minutes":10)",         R"("https://stadt.example/danke")",
    R"(["bezahlen.example"])", R"(["99108001001000"])"};
const char* const brokenWords[] = {R"("format":2)",
                                   R"("originatorId":"Stadt Musterstadt")",
                                   R"("minutes":600)",
                                   R"("http://stadt.example/danke")",
                                   R"(["https://bezahlen.example/"])",
                                   R"([])"};

} // namespace

BOOST_AUTO_TEST_SUITE(node_online_payment)

BOOST_AUTO_TEST_CASE(who_pays_with_a_phone_is_done_and_the_envelope_says_how)
{
    OnlineTown way;
    way.walkToCode();
    BOOST_TEST(way.showsCode());
    BOOST_TEST(way.kiosk.shows("bezahlen.example"));
    BOOST_TEST(way.kiosk.shows("30,70"));
    BOOST_TEST(way.service.payAt(way.address()));
    way.pass(8);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/done");
    BOOST_TEST(way.kiosk.shows("mit dem Handy"));
    BOOST_TEST(way.state() == "Approved");
    BOOST_TEST(way.town.text("SELECT state FROM envelope") == "SEALED");
    const auto payment = way.sealedMetadata().payment.value();
    BOOST_TEST(payment.transactionId == "T-100001");
    BOOST_TEST(payment.transactionReference == "EP-T-100001");
    BOOST_TEST((payment.method == portal::PaymentMethod::CreditCard));
    BOOST_TEST(payment.methodDetail == "visa");
    BOOST_TEST((payment.status == portal::PaymentStatus::Booked));
    BOOST_TEST(payment.grossAmount->inCents() == 3070);
    // nothing is asked of the service any more
    const auto asked = way.service.asked.size();
    way.pass(60);
    BOOST_TEST(way.service.asked.size() == asked);
    BOOST_TEST(way.town.terminal.authorisations == 0);
    BOOST_REQUIRE(!way.town.printer.jobs.empty());
    BOOST_TEST(ScriptedPrinter::textOf(way.town.printer.jobs.back()).find("mit dem Handy") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_of_the_citizen_goes_to_the_payment_service)
{
    OnlineTown way;
    way.walkToCode();
    BOOST_REQUIRE(!way.service.asked.empty());
    const std::string& sent = way.service.asked.front().body;
    for (const char* word :
         {"Mustermann", "Łukasiewicz", "KLE", "requestor", "Parkausweis", "99108001001000", "BP-"})
        BOOST_TEST(sent.find(word) == std::string::npos, word);
    BOOST_TEST(sent.find(way.town.text("SELECT cash_reference FROM cases")) != std::string::npos);
    BOOST_TEST(sent.find(way.town.text("SELECT envelope_id FROM cases")) == std::string::npos);
    BOOST_TEST(sent.find(onlyCase(way.town)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_intent_is_on_disk_before_the_service_hears_of_it)
{
    OnlineTown way;
    std::string state = "-";
    way.service.forged = [&](std::string text) {
        state = way.state();
        return text;
    };
    walkToPay(way.town, way.kiosk);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    BOOST_TEST(way.state() == "Ordered");
    way.pass(8);
    BOOST_TEST(state == "Authorising");
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE shown_at IS NULL") == 1);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE shown_at IS NULL") == 0);
    way.service.forged = nullptr;
}

BOOST_DATA_TEST_CASE(who_does_not_pay_chooses_anew, data::make(endings), ended)
{
    OnlineTown way;
    way.walkToCode();
    way.service.end(ended.status);
    way.pass(8);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/pay");
    BOOST_TEST(way.kiosk.shows("abgebrochen oder abgelehnt"));
    BOOST_TEST(way.state() == "Declined");
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope") == 0);
    way.kiosk.post("/visit/pay", {{"action", "start"}});
    way.town.terminal.approve();
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/done");
    BOOST_TEST(way.town.count("SELECT count(*) FROM payment WHERE state = 'Approved'") == 1);
}

BOOST_AUTO_TEST_CASE(a_failed_payment_that_is_paid_after_all_counts_while_nobody_has_paid_otherwise)
{
    OnlineTown way;
    way.walkToCode();
    way.service.end("FAILED");
    way.pass(8);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/pay");
    BOOST_TEST(way.service.payAt(way.address()));
    for (int i = 0; i < 6 && way.state() != "Approved"; ++i) {
        way.pass(20);
        way.kiosk.post("/visit/still-there");
    }
    BOOST_TEST(way.state() == "Approved");
    way.kiosk.get("/visit/pay");
    BOOST_TEST(way.kiosk.location == "/visit/done");
    BOOST_TEST(way.town.text("SELECT state FROM envelope") == "SEALED");
}

BOOST_AUTO_TEST_CASE(a_late_payment_beside_a_card_is_shown_to_a_clerk_until_she_has_dealt_with_it)
{
    OnlineTown way;
    way.walkToCode();
    way.service.end("CANCELED");
    way.pass(8);
    way.kiosk.get("/visit/pay/running");
    way.kiosk.post("/visit/pay", {{"action", "start"}});
    way.town.terminal.approve();
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/done");
    BOOST_TEST(way.service.payAt(way.address()));
    way.pass(1500);
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE late_at IS NOT NULL") ==
               1);
    BOOST_TEST(way.town.count("SELECT count(*) FROM payment WHERE state = 'Approved'") == 1);
    Browser desk(way.town, Surface::Desk);
    signInFirst(way.town, desk);
    desk.get("/desk/held");
    BOOST_TEST(desk.shows("erst jetzt eine Zahlung"));
    const std::string page = "/desk/cases/" + onlyCase(way.town);
    desk.get(page);
    BOOST_TEST(desk.shows("Nachträglich online bezahlt"));
    desk.post(page + "/payment", {{"finding", "repaid"}, {"reason", "Rückzahlung angewiesen"}});
    BOOST_TEST(!desk.shows("Nachträglich online bezahlt"));
    desk.get("/desk/held");
    BOOST_TEST(!desk.shows("erst jetzt eine Zahlung"));
}

BOOST_AUTO_TEST_CASE(silence_is_never_declined_and_the_case_is_held_until_the_service_says)
{
    OnlineTown way;
    way.walkToCode();
    way.service.faults.assign(2000, Fault::RequestLost);
    way.pass(601);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/pay/unresolved");
    BOOST_TEST(way.kiosk.shows("Bezahlseite auf Ihrem Handy"));
    BOOST_TEST(way.state() == "Unresolved");
    way.kiosk.post("/visit/end");
    BOOST_TEST(way.heldReason() == "PaymentUnresolved");
    BOOST_TEST(way.service.payAt(way.address()));
    way.service.faults.clear();
    way.pass(1500);
    BOOST_TEST(way.state() == "Approved"); // and a clerk releases it
    BOOST_TEST(way.town.text("SELECT state FROM cases") == "Held");
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE late_at IS NOT NULL") ==
               0);
    BOOST_TEST(way.town.terminal.questions == 0); // no terminal is asked about it
}

BOOST_AUTO_TEST_CASE(an_open_page_on_a_phone_keeps_no_terminal_from_others)
{
    OnlineTown way;
    way.walkToCode();
    way.kiosk.post("/visit/end");
    BOOST_TEST(way.state() == "Unresolved");
    Browser other(way.town, Surface::Kiosk);
    walkToPay(way.town, other);
    other.post("/visit/pay", {{"action", "start"}});
    way.town.terminal.approve();
    other.get("/visit/pay/running");
    BOOST_TEST(other.location == "/visit/done");
}

BOOST_AUTO_TEST_CASE(who_gives_up_before_the_code_is_shown_chooses_anew_and_no_code_comes)
{
    OnlineTown way;
    way.service.faults.assign(3, Fault::AnswerLost);
    walkToPay(way.town, way.kiosk);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    way.pass(3);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(!way.showsCode());
    way.kiosk.post("/visit/pay/abort");
    BOOST_TEST(way.kiosk.location == "/visit/pay");
    BOOST_TEST(way.state() == "NotStarted");
    way.pass(20);
    way.kiosk.get("/visit/pay");
    way.kiosk.post("/visit/pay", {{"action", "start"}});
    way.town.terminal.approve();
    way.pass(20);
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE shown_at IS NOT NULL") ==
               0);
    BOOST_TEST(way.town.count("SELECT count(*) FROM payment WHERE state = 'Approved'") == 1);
}

BOOST_AUTO_TEST_CASE(who_gives_up_before_a_code_waits_for_the_services_word)
{
    OnlineTown way;
    way.walkToCode();
    way.kiosk.post("/visit/pay/abort");
    BOOST_TEST(way.kiosk.location == "/visit/pay/unresolved");
    way.kiosk.post("/visit/pay", {{"action", "start"}}); // no card beside an open page
    BOOST_TEST(way.town.terminal.authorisations == 0);
    way.kiosk.get("/visit/pay/unresolved");
    way.service.end("CANCELED");
    way.pass(30);
    way.kiosk.get("/visit/pay/unresolved");
    BOOST_TEST(way.kiosk.location == "/visit/pay");
}

BOOST_AUTO_TEST_CASE(who_goes_to_the_desk_is_held_and_the_clerk_sees_the_open_page)
{
    OnlineTown way;
    way.walkToCode();
    way.kiosk.post("/visit/pay", {{"action", "desk"}});
    BOOST_TEST(way.kiosk.location == "/visit/done");
    BOOST_TEST(way.heldReason() == "DeskAfterOnline");
    BOOST_TEST(way.state() == "Unresolved");
    BOOST_TEST(way.service.payAt(way.address()));
    way.pass(30);
    BOOST_TEST(way.state() == "Approved");
    BOOST_TEST(way.town.text("SELECT state FROM cases") == "Held"); // by a person only
}

BOOST_AUTO_TEST_CASE(a_payment_after_the_clerks_word_is_late_even_while_the_case_is_held)
{
    OnlineTown way;
    way.walkToCode();
    way.kiosk.post("/visit/pay", {{"action", "desk"}});
    Browser desk(way.town, Surface::Desk);
    signInFirst(way.town, desk);
    const std::string page = "/desk/cases/" + onlyCase(way.town);
    desk.get(page);
    BOOST_TEST(desk.shows("T-100001"));
    BOOST_TEST(desk.shows("Suchen Sie dort nach unserer Nummer"));
    desk.post(page + "/payment", {{"finding", "unpaid"}, {"reason", "bar bezahlt"}});
    BOOST_TEST(way.state() == "Declined");
    BOOST_TEST(way.service.payAt(way.address()));
    way.pass(1500);
    BOOST_TEST(way.state() == "Declined");
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE late_at IS NOT NULL") ==
               1);
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_begin_in_a_minute_lets_the_citizen_pay_otherwise)
{
    OnlineTown way;
    way.service.faults.assign(200, Fault::ServerError);
    walkToPay(way.town, way.kiosk);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    way.pass(66);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/pay");
    BOOST_TEST(way.kiosk.shows("gerade nicht möglich"));
    BOOST_TEST(!way.kiosk.shows("value=\"online\"")); // not offered again at once
    BOOST_TEST(way.state() == "NotStarted");
}

BOOST_AUTO_TEST_CASE(a_known_request_without_a_transaction_is_for_a_clerk_and_paid_no_second_time)
{
    OnlineTown way;
    way.service.answersAgain = false;
    way.service.faults = {Fault::AnswerLost};
    walkToPay(way.town, way.kiosk);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    way.pass(15);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/pay/unresolved");
    BOOST_TEST(way.state() == "Unresolved");
    BOOST_TEST(way.town.text("SELECT failure FROM online_payment") == "PAYMENT_EXISTS");
    way.kiosk.post("/visit/end");
    BOOST_TEST(way.heldReason() == "PaymentUnresolved");
    way.pass(120);
    BOOST_TEST(way.service.transactions.size() == 1U);
}

BOOST_DATA_TEST_CASE(a_refused_order_lets_the_citizen_pay_otherwise, data::make(refusals), code)
{
    OnlineTown way;
    way.service.refusesWith = code;
    walkToPay(way.town, way.kiosk);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    way.pass(8);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/pay");
    BOOST_TEST(way.state() == "NotStarted");
    BOOST_TEST(way.town.text("SELECT failure FROM online_payment") == code);
}

BOOST_DATA_TEST_CASE(a_beginning_that_does_not_fit_shows_no_code, data::make(forgedBeginnings),
                     forged)
{
    OnlineTown way;
    way.service.forged = [&](const std::string& text) {
        return changed(text, forged.from, forged.to);
    };
    walkToPay(way.town, way.kiosk);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    way.pass(8);
    way.kiosk.get("/visit/pay/running");
    BOOST_TEST(way.kiosk.location == "/visit/pay");
    BOOST_TEST(way.state() == "NotStarted");
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE shown_at IS NOT NULL") ==
               0);
}

BOOST_DATA_TEST_CASE(a_paid_that_does_not_fit_is_not_believed, data::make(forgedLooks), forged)
{
    OnlineTown way;
    way.walkToCode();
    way.service.forged = [&](const std::string& text) {
        return changed(text, forged.from, forged.to);
    };
    BOOST_TEST(way.service.payAt(way.address()));
    way.pass(8);
    BOOST_TEST(way.state() == "Unresolved");
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope") == 0);
    way.service.forged = nullptr; // it comes to its senses
    way.pass(60);
    BOOST_TEST(way.state() == "Approved");
}

BOOST_AUTO_TEST_CASE(the_transaction_of_another_payment_is_not_taken)
{
    OnlineTown way;
    way.walkToCode();
    way.kiosk.post("/visit/end");
    way.service.forged = [](const std::string& text) { // under the same name, of another request
        return changed(text, R"("transactionId":"T-100002")", R"("transactionId":"T-100001")");
    };
    Browser other(way.town, Surface::Kiosk);
    walkToPay(way.town, other);
    other.post("/visit/pay", {{"action", "online"}});
    way.pass(10);
    other.get("/visit/pay/running");
    BOOST_TEST(!other.shows("class=\"qr\""));
    BOOST_TEST(way.town.count("SELECT count(*) FROM online_payment WHERE transaction_id IS NOT "
                              "NULL") == 1);
}

BOOST_DATA_TEST_CASE(a_crash_at_any_step_loses_nothing_and_lets_nobody_pay_twice,
                     data::xrange(1, 25) * data::make({0, 1, 2}) * data::make({true, false}), step,
                     who, again)
{
    OnlineTown way;
    way.service.answersAgain = again;
    walkToPay(way.town, way.kiosk);
    way.steps = 0;
    way.crashAt = step;
    way.crash = static_cast<Crash>(who);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    bool paid = false;
    for (int second = 0; second < 90; ++second) {
        way.pass(1);
        way.kiosk.get("/visit/pay/running"); // the browser keeps asking, and somebody is there
        if (way.kiosk.location == "/visit/still-there")
            way.kiosk.post("/visit/still-there");
        if (way.showsCode() && !paid && second > 10)
            paid = way.service.payAt(way.address());
    }
    BOOST_TEST(way.service.payments() <= 1);
    BOOST_TEST(way.service.transactions.size() <= 1U);
    if (paid) {
        BOOST_TEST(way.kiosk.location == "/visit/done");
        BOOST_TEST(way.state() == "Approved");
        BOOST_TEST(way.town.count("SELECT count(*) FROM envelope WHERE state = 'SEALED'") == 1);
    } else { // only where the service will not say again what it has begun
        BOOST_TEST(!again);
        BOOST_TEST(way.state() == "Unresolved");
        BOOST_TEST(way.kiosk.location == "/visit/pay/unresolved");
    }
    way.kiosk.post("/visit/end");
    way.pass(5);
    BOOST_TEST((paid || way.heldReason() == "PaymentUnresolved"));
}

BOOST_AUTO_TEST_CASE(whoever_does_not_come_back_after_a_crash_is_held_with_what_the_service_says)
{
    OnlineTown way;
    way.walkToCode();
    way.town.restart();
    BOOST_TEST(way.service.payAt(way.address()));
    way.pass(900);
    BOOST_TEST(way.state() == "Approved");
    BOOST_TEST(way.town.text("SELECT state FROM cases") == "Held");
    BOOST_TEST(way.town.count("SELECT count(*) FROM draft") == 0);
}

BOOST_AUTO_TEST_CASE(without_amt_sync_or_a_plan_nobody_is_offered_it)
{
    OnlineTown way;
    way.carrier.reset();
    way.pass(20);
    walkToPay(way.town, way.kiosk);
    BOOST_TEST(!way.kiosk.shows("Mit dem Handy bezahlen"));
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    BOOST_TEST(way.kiosk.location == "/visit/pay");
    BOOST_TEST(way.town.count("SELECT count(*) FROM payment") == 0);

    OnlineTown off(changed(plan, "\"offered\":true", "\"offered\":false"));
    walkToPay(off.town, off.kiosk);
    BOOST_TEST(!off.kiosk.shows("Mit dem Handy bezahlen"));
}

BOOST_AUTO_TEST_CASE(an_older_program_may_open_the_file_until_somebody_pays_with_a_phone)
{
    OnlineTown way;
    const auto reader = [&] {
        return way.town.text("SELECT value FROM meta WHERE key = 'min_reader'");
    };
    const std::string before = reader();
    walkToPay(way.town, way.kiosk);
    BOOST_TEST(reader() == before);
    way.kiosk.post("/visit/pay", {{"action", "online"}});
    BOOST_TEST(reader() == "14");
}

BOOST_DATA_TEST_CASE(a_broken_plan_stops_the_start,
                     data::make(brokenPlans) ^ data::make(brokenWords), from, to)
{
    BOOST_CHECK_EXCEPTION(OnlineTown(changed(plan, from, to)), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_AUTO_TEST_SUITE_END()
