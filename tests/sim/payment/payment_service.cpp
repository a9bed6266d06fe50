// SPDX-License-Identifier: EUPL-1.2
//
// The standard's addresses and words, each spelled here and nowhere taken from the client.
#include "tests/sim/payment/payment_service.h"

#include "appliance/core/bytes.h"
#include "appliance/core/error.h"
#include "appliance/core/json.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace amt::sim {
namespace {

constexpr const char* base = "/xbezahldienste/v1/paymenttransaction/stadt-musterstadt/059990999999";

HttpResponse answer(int status, const std::string& body, const std::string& type)
{
    return {status, {{"Content-Type", type}}, body, std::nullopt};
}

HttpResponse problem(int status, const std::string& code)
{
    return answer(status,
                  R"({"type":"about:blank","title":"Fehler","status":)" + std::to_string(status) +
                      R"(,"detail":"","functionalCode":")" + code + R"("})",
                  "application/problem+json");
}

std::string headerOf(const HttpRequest& request, const std::string& name)
{
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
}

int centsOf(const json::Object& object, const std::string& key)
{
    const auto value = object.get(key);
    if (!value.isNumeric() || value.isString())
        throw Error(ErrorCode::JsonMalformed, key);
    return static_cast<int>(std::lround(value.convert<double>() * 100));
}

bool isPattern(const std::string& text, std::size_t most, bool blanks)
{
    return !text.empty() && text.size() <= most &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || (blanks && c == ' ');
           });
}

/// The functional code of the first rule that is broken; empty when none is.
std::string faultOf(const std::string& text)
{
    try {
        const auto object = json::parseObject(text);
        json::onlyKeys(*object, {"requestId", "requestTimestamp", "currency", "grosAmount",
                                 "purpose", "description", "redirectUrl", "items"});
        const auto items = json::array(*object, "items");
        if (!isPattern(json::text(*object, "requestId"), 36, false) ||
            !isPattern(json::text(*object, "purpose"), 27, true) ||
            json::text(*object, "currency") != "EUR" ||
            json::text(*object, "requestTimestamp").empty() ||
            json::text(*object, "description").size() > 250 ||
            json::text(*object, "redirectUrl").size() > 2082 || items->size() < 1 ||
            items->size() > 99 || centsOf(*object, "grosAmount") > 99'999'900)
            return "VALIDATION_ERROR";
        int sum = 0;
        for (const auto& entry : *items) {
            const auto item = entry.extract<json::ObjectPtr>();
            json::onlyKeys(*item, {"id", "reference", "description", "taxRate", "quantity",
                                   "totalNetAmount", "totalTaxAmount", "singleNetAmount",
                                   "singleTaxAmount", "bookingData"});
            json::text(*item, "id");
            json::text(*item, "reference");
            json::text(*item, "description");
            json::integer(*item, "taxRate");
            const auto quantity = static_cast<int>(json::integer(*item, "quantity"));
            if (centsOf(*item, "singleNetAmount") * quantity != centsOf(*item, "totalNetAmount") ||
                centsOf(*item, "singleTaxAmount") * quantity != centsOf(*item, "totalTaxAmount"))
                return "CALCULATION_ERROR";
            sum += centsOf(*item, "totalNetAmount") + centsOf(*item, "totalTaxAmount");
            if (!json::object(*item, "bookingData")->has("haushaltsstelle"))
                return "BOOKING_DATA_MISSING";
        }
        return sum == centsOf(*object, "grosAmount") ? "" : "CALCULATION_ERROR";
    } catch (const Error&) { // the door of this service
        return "VALIDATION_ERROR";
    }
}

} // namespace

std::optional<HttpResponse> PaymentService::handle(const HttpRequest& request)
{
    if (request.path == "/oauth/token")
        return tokenAnswer(request);
    asked.push_back(request);
    std::optional<Fault> fault;
    if (!faults.empty()) {
        fault = faults.front();
        faults.pop_front();
    }
    if (fault == Fault::RequestLost)
        return std::nullopt;
    if (fault == Fault::ServerError)
        return problem(500, "UNSPECIFIED");
    if (fault == Fault::Unavailable)
        return HttpResponse{503, {{"Retry-After", "3"}}, "<html>", std::nullopt};
    if (fault == Fault::Redirected)
        return HttpResponse{302, {{"Location", "https://evil.example/"}}, "", std::nullopt};
    auto response = transactionAnswer(request);
    if (fault == Fault::AnswerLost)
        return std::nullopt;
    return response;
}

HttpResponse PaymentService::tokenAnswer(const HttpRequest& request)
{
    const auto form = parseForm(request.body);
    const bool right = headerOf(request, "authorization") ==
                       "Basic " + toBase64(view("amtsstube:streng%20geheim"));
    if (refusesClients || !right || form.at("grant_type") != "client_credentials")
        return answer(401, R"({"error":"invalid_client"})", "application/json");
    ++tokensGiven;
    return answer(200,
                  R"({"access_token":"token-)" + std::to_string(tokensGiven) +
                      R"(","token_type":"Bearer","expires_in":600})",
                  "application/json");
}

HttpResponse PaymentService::transactionAnswer(const HttpRequest& request)
{
    const std::string proof =
        asksForToken ? "Bearer token-" + std::to_string(tokensGiven) : std::string();
    if (refusesTokens || headerOf(request, "authorization") != proof)
        return answer(401, "{}", "application/json");
    const std::string prefix = std::string(base) + "/";
    if (request.method == "POST" && request.path == base)
        return begin(request);
    if (request.method != "GET" || !request.path.starts_with(prefix))
        return problem(404, "NO_VALID_ORIGINATOR_OR_ENDPOINT");
    const std::string id = request.path.substr(prefix.size());
    return transactions.contains(id) ? good(200, id) : problem(404, "UNSPECIFIED");
}

HttpResponse PaymentService::begin(const HttpRequest& request)
{
    if (!refusesWith.empty())
        return problem(refusesWith == "FORBIDDEN" ? 403 : 400, refusesWith);
    if (const std::string fault = faultOf(request.body); !fault.empty())
        return problem(400, fault);
    const std::string requestId = json::text(*json::parseObject(request.body), "requestId");
    for (const auto& [id, transaction] : transactions) {
        if (transaction.requestId != requestId)
            continue;
        return answersAgain ? good(200, id) : problem(409, "PAYMENT_EXISTS");
    }
    _newest = "T-" + std::to_string(100'000 + ++_count);
    transactions[_newest] = {requestId, request.body, "INITIAL", "", 0};
    return good(201, _newest);
}

HttpResponse PaymentService::good(int status, const std::string& id)
{
    const auto& transaction = transactions.at(id);
    auto information = json::makeObject();
    information->set("transactionUrl", "https://epay.example" + std::string(base) + "/" + id);
    information->set("transactionRedirectUrl", payPage + id);
    information->set("transactionId", id);
    information->set("transactionReference", "EP-" + id);
    information->set("transactionTimestamp", "2026-11-21T10:42:17.123+01:00");
    if (!transaction.method.empty()) {
        information->set("paymentMethod", transaction.method);
        information->set("paymentMethodDetail", "visa");
    }
    information->set("status", transaction.status);
    information->set("statusDetail", "");
    std::string text = R"({"paymentInformation":)" + json::write(*information) +
                       R"(,"paymentRequest":)" + transaction.request + "}";
    if (forged)
        text = forged(text);
    return answer(status, text, "application/json");
}

bool PaymentService::payAt(const std::string& redirectUrl)
{
    if (!redirectUrl.starts_with(payPage))
        return false;
    const auto found = transactions.find(redirectUrl.substr(payPage.size()));
    if (found == transactions.end() || found->second.status == "PAYED")
        return false;
    found->second.status = "PAYED";
    found->second.method = "CREDITCARD";
    ++found->second.payments;
    return true;
}

void PaymentService::end(const std::string& status)
{
    transactions.at(_newest).status = status;
}

int PaymentService::payments() const
{
    int sum = 0;
    for (const auto& [id, transaction] : transactions)
        sum += transaction.payments;
    return sum;
}

} // namespace amt::sim
