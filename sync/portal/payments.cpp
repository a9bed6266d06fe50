// SPDX-License-Identifier: EUPL-1.2
//
// Requests and transactions written and read under one set of rules.
#include "sync/portal/payments.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/core/json.h"

#include <Poco/URI.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

namespace amt::portal {
namespace {

constexpr std::size_t bytesMax = 64 * 1024;
constexpr std::size_t textCharactersMax = 250;
constexpr std::size_t urlCharactersMax = 2082;
constexpr int quantityMax = 10'000;
constexpr std::size_t bookingDataMax = 50;

template <typename Value>
struct Word {
    Value value;
    std::string_view text;
};
constexpr Word<TransactionStatus> statuses[] = {{TransactionStatus::Initial, "INITIAL"},
                                                {TransactionStatus::Payed, "PAYED"},
                                                {TransactionStatus::Failed, "FAILED"},
                                                {TransactionStatus::Canceled, "CANCELED"}};
constexpr Word<PaymentMethod> methods[] = {{PaymentMethod::Giropay, "GIROPAY"},
                                           {PaymentMethod::Paydirect, "PAYDIRECT"},
                                           {PaymentMethod::CreditCard, "CREDITCARD"},
                                           {PaymentMethod::PayPal, "PAYPAL"},
                                           {PaymentMethod::Other, "OTHER"}};
constexpr Word<FunctionalCode> codes[] = {
    {FunctionalCode::NoValidOriginatorOrEndpoint, "NO_VALID_ORIGINATOR_OR_ENDPOINT"},
    {FunctionalCode::PaymentExists, "PAYMENT_EXISTS"},
    {FunctionalCode::CalculationError, "CALCULATION_ERROR"},
    {FunctionalCode::BookingDataMissing, "BOOKING_DATA_MISSING"},
    {FunctionalCode::ValidationError, "VALIDATION_ERROR"},
    {FunctionalCode::Unspecified, "UNSPECIFIED"},
    {FunctionalCode::Forbidden, "FORBIDDEN"}};

template <typename Words, typename Value>
std::string_view wordFor(const Words& words, Value value)
{
    const auto found = std::find_if(std::begin(words), std::end(words),
                                    [&](const auto& word) { return word.value == value; });
    AMT_ASSERT(found != std::end(words));
    return found->text;
}

template <typename Words>
auto valueOf(const Words& words, const std::string& text, const char* field)
{
    const auto found = std::find_if(std::begin(words), std::end(words),
                                    [&](const auto& word) { return word.text == text; });
    if (found == std::end(words))
        throw Error(ErrorCode::JsonMalformed, std::string(field) + " is another word");
    return found->value;
}

bool isWordLetter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
}

template <typename Allowed>
bool consistsOf(std::string_view text, std::size_t most, Allowed allowed)
{
    return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), allowed);
}

/// UTF-8 without controls, counted in characters.
bool isText(const std::string& text, std::size_t most)
{
    std::size_t characters = 0;
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if (value < 0x20 || value == 0x7F)
            return false;
        characters += (value & 0xC0) != 0x80;
    }
    return characters <= most && isValidUtf8(text);
}

/// 2026-11-21T10:41:00+01:00, with or without a fraction: only what it consists of. We print it
/// nowhere and count with it nowhere.
bool isTimestamp(const std::string& text)
{
    return consistsOf(text, 40, [](char letter) {
        return (letter >= '0' && letter <= '9') ||
               std::string_view("-:.+TZ").find(letter) != std::string_view::npos;
    });
}

bool isAmount(Money money)
{
    return money.inCents() > 0 && money.inCents() <= paymentCentsMax;
}

/// The first field that breaks a rule; null when none does.
const char* faultOf(const PaymentItem& item)
{
    if (!isPaymentId(item.id))
        return "items.id";
    if (!isPaymentId(item.reference))
        return "items.reference";
    if (item.description.empty() || !isText(item.description, textCharactersMax))
        return "items.description";
    if (item.quantity < 1 || item.quantity > quantityMax)
        return "items.quantity";
    if (!isAmount(item.single))
        return "items.singleNetAmount";
    if (item.bookingData.size() > bookingDataMax)
        return "items.bookingData";
    for (const auto& [key, value] : item.bookingData) {
        if (!isPaymentId(key) || !isText(value, textCharactersMax))
            return "items.bookingData";
    }
    return nullptr;
}

const char* faultOf(const PaymentRequest& request)
{
    if (!isPaymentId(request.requestId))
        return "requestId";
    if (!isTimestamp(request.requestTimestamp))
        return "requestTimestamp";
    if (!isAmount(request.grosAmount))
        return "grosAmount";
    if (!isPurpose(request.purpose))
        return "purpose";
    if (!isText(request.description, textCharactersMax))
        return "description";
    if (!isHttpsUrl(request.redirectUrl, urlCharactersMax))
        return "redirectUrl";
    if (request.items.empty() || request.items.size() > paymentItemsMax)
        return "items";
    Money sum;
    std::set<std::string> ids;
    for (const auto& item : request.items) {
        if (const char* fault = faultOf(item))
            return fault;
        if (!ids.insert(item.id).second)
            return "items.id";
        sum = sum + Money::cents(item.single.inCents() * item.quantity);
    }
    return sum == request.grosAmount ? nullptr : "grosAmount";
}

const char* faultOf(const PaymentTransaction& transaction)
{
    if (!isPaymentId(transaction.transactionId))
        return "transactionId";
    for (const auto* url : {&transaction.transactionUrl, &transaction.redirectUrl}) {
        if (!url->empty() && !isHttpsUrl(*url, urlCharactersMax))
            return url == &transaction.redirectUrl ? "transactionRedirectUrl" : "transactionUrl";
    }
    if (!isText(transaction.transactionReference, 36))
        return "transactionReference";
    if (!transaction.transactionTimestamp.empty() && !isTimestamp(transaction.transactionTimestamp))
        return "transactionTimestamp";
    if (transaction.method == PaymentMethod::Invoice)
        return "paymentMethod";
    if (!transaction.methodDetail.empty() && !isPaymentId(transaction.methodDetail))
        return "paymentMethodDetail";
    if (!isText(transaction.statusDetail, textCharactersMax))
        return "statusDetail";
    if (!isPaymentId(transaction.requestId))
        return "requestId";
    if (!isAmount(transaction.grosAmount))
        return "grosAmount";
    if (!transaction.purpose.empty() && !isPurpose(transaction.purpose))
        return "purpose";
    return nullptr;
}

template <typename Value>
void require(const Value& value, ErrorCode code)
{
    if (const char* fault = faultOf(value))
        throw Error(code, std::string(fault) + " breaks its rule");
}

/// `object` with members whose values are JSON text already: decimals that no double has touched.
std::string with(const json::Object& object,
                 std::initializer_list<std::pair<const char*, std::string>> members)
{
    std::string text = json::write(object);
    text.pop_back();
    for (const auto& [key, value] : members)
        text += (text.size() > 1 ? ",\"" : "\"") + std::string(key) + "\":" + value;
    return text + '}';
}

std::string itemText(const PaymentItem& item)
{
    auto object = json::makeObject();
    object->set("id", item.id);
    object->set("reference", item.reference);
    object->set("description", item.description);
    object->set("taxRate", 0);
    object->set("quantity", item.quantity);
    auto booking = json::makeObject();
    for (const auto& [key, value] : item.bookingData)
        booking->set(key, value);
    object->set("bookingData", booking);
    return with(*object,
                {{"totalNetAmount", Money::cents(item.single.inCents() * item.quantity).decimal()},
                 {"totalTaxAmount", "0"},
                 {"singleNetAmount", item.single.decimal()},
                 {"singleTaxAmount", "0"}});
}

/// A JSON number of whole cents; 19.99 is no multiple of 0.01 among doubles, and yet an amount.
Money amountIn(const json::Object& object, const std::string& key)
{
    const auto value = object.get(key);
    if (!value.isNumeric() || value.isString() || value.isBoolean())
        throw Error(ErrorCode::JsonMalformed, key + " is no number");
    const double amount = value.convert<double>();
    if (!(amount >= 0 && amount <= paymentCentsMax / 100.0))
        throw Error(ErrorCode::JsonMalformed, key + " is out of range");
    const double cents = std::round(amount * 100);
    if (std::abs(amount * 100 - cents) > 1e-4)
        throw Error(ErrorCode::JsonMalformed, key + " has parts of a cent");
    return Money::cents(static_cast<std::int64_t>(cents));
}

std::string optional(const json::Object& object, const char* key)
{
    return json::optionalText(object, key).value_or("");
}

void requireEuro(const json::Object& object)
{
    if (json::text(object, "currency") != "EUR")
        throw Error(ErrorCode::JsonMalformed, "another currency");
}

PaymentItem readItem(const json::Object& object)
{
    json::onlyKeys(object,
                   {"id", "reference", "description", "taxRate", "quantity", "totalNetAmount",
                    "totalTaxAmount", "singleNetAmount", "singleTaxAmount", "bookingData"});
    const std::int64_t quantity = json::integer(object, "quantity");
    if (quantity < 1 || quantity > quantityMax)
        throw Error(ErrorCode::JsonMalformed, "items.quantity");
    PaymentItem item{.id = json::text(object, "id"),
                     .reference = json::text(object, "reference"),
                     .description = json::text(object, "description"),
                     .quantity = static_cast<int>(quantity),
                     .single = amountIn(object, "singleNetAmount"),
                     .bookingData = {}};
    if (json::integer(object, "taxRate") != 0 || amountIn(object, "totalTaxAmount") != Money() ||
        amountIn(object, "singleTaxAmount") != Money() ||
        amountIn(object, "totalNetAmount") != Money::cents(item.single.inCents() * quantity))
        throw Error(ErrorCode::JsonMalformed, "amounts of an item");
    const auto booking = json::object(object, "bookingData");
    for (const auto& key : booking->getNames())
        item.bookingData[key] = json::text(*booking, key);
    return item;
}

} // namespace

std::string paymentTransactionsPath(const std::string& originatorId, const std::string& endPointId)
{
    AMT_ASSERT(isPaymentId(originatorId) && isPaymentId(endPointId));
    return "/paymenttransaction/" + originatorId + "/" + endPointId;
}

std::string paymentTransactionPath(const std::string& originatorId, const std::string& endPointId,
                                   const std::string& transactionId)
{
    AMT_ASSERT(isPaymentId(transactionId));
    return paymentTransactionsPath(originatorId, endPointId) + "/" + transactionId;
}

bool isPaymentId(std::string_view text)
{
    return consistsOf(text, 36, isWordLetter);
}

bool isPurpose(std::string_view text)
{
    return consistsOf(text, 27, [](char letter) { return isWordLetter(letter) || letter == ' '; });
}

bool isHttpsUrl(const std::string& text, std::size_t charactersMax)
{
    // What RFC 3986 lets a URL consist of: so no reader can see another host in it than we do.
    const auto allowed = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') ||
               std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(letter) != std::string_view::npos;
    };
    constexpr std::string_view scheme = "https://";
    if (!consistsOf(text, charactersMax, allowed) || !text.starts_with(scheme))
        return false;
    const std::string_view rest = std::string_view(text).substr(scheme.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (!consistsOf(authority, 255, [](char letter) {
            return isWordLetter(letter) || letter == '.' || letter == ':';
        }))
        return false; // a user's name, an escape, an address in brackets
    try {
        const Poco::URI url(text);
        return !url.getHost().empty() && url.getPort() != 0;
    } catch (const Poco::Exception&) { // the door to Poco's reader: what it cannot read is none
        return false;
    }
}

std::string authorityOf(const std::string& url)
{
    const Poco::URI read(url);
    std::string host = read.getHost();
    std::transform(host.begin(), host.end(), host.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return read.getPort() == 443 ? host : host + ":" + std::to_string(read.getPort());
}

std::string writePaymentRequest(const PaymentRequest& request)
{
    require(request, ErrorCode::InputMalformed);
    auto object = json::makeObject();
    object->set("requestId", request.requestId);
    object->set("requestTimestamp", request.requestTimestamp);
    object->set("currency", "EUR");
    object->set("purpose", request.purpose);
    if (!request.description.empty())
        object->set("description", request.description);
    object->set("redirectUrl", request.redirectUrl);
    std::string items;
    for (const auto& item : request.items)
        items += (items.empty() ? "[" : ",") + itemText(item);
    return with(*object, {{"grosAmount", request.grosAmount.decimal()}, {"items", items + "]"}});
}

PaymentRequest readPaymentRequest(const std::string& text)
{
    const auto object = json::parseObject(text, bytesMax);
    json::onlyKeys(*object, {"requestId", "requestTimestamp", "currency", "grosAmount", "purpose",
                             "description", "redirectUrl", "items"});
    requireEuro(*object);
    PaymentRequest request{.requestId = json::text(*object, "requestId"),
                           .requestTimestamp = json::text(*object, "requestTimestamp"),
                           .grosAmount = amountIn(*object, "grosAmount"),
                           .purpose = json::text(*object, "purpose"),
                           .description = optional(*object, "description"),
                           .redirectUrl = json::text(*object, "redirectUrl"),
                           .items = {}};
    for (const auto& entry : *json::array(*object, "items")) {
        if (entry.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "items");
        request.items.push_back(readItem(*entry.extract<json::ObjectPtr>()));
    }
    require(request, ErrorCode::JsonMalformed);
    return request;
}

std::string_view name(TransactionStatus status)
{
    return wordFor(statuses, status);
}

std::string writePaymentTransaction(const PaymentTransaction& transaction)
{
    require(transaction, ErrorCode::InputMalformed);
    auto information = json::makeObject();
    const auto set = [&](const char* key, const std::string& value) {
        if (!value.empty())
            information->set(key, value);
    };
    set("transactionUrl", transaction.transactionUrl);
    set("transactionRedirectUrl", transaction.redirectUrl);
    set("transactionId", transaction.transactionId);
    set("transactionReference", transaction.transactionReference);
    set("transactionTimestamp", transaction.transactionTimestamp);
    if (transaction.method)
        set("paymentMethod", std::string(wordFor(methods, *transaction.method)));
    set("paymentMethodDetail", transaction.methodDetail);
    set("status", std::string(name(transaction.status)));
    set("statusDetail", transaction.statusDetail);
    auto request = json::makeObject();
    request->set("requestId", transaction.requestId);
    request->set("currency", "EUR");
    if (!transaction.purpose.empty())
        request->set("purpose", transaction.purpose);
    return R"({"paymentInformation":)" + json::write(*information) + R"(,"paymentRequest":)" +
           with(*request, {{"grosAmount", transaction.grosAmount.decimal()}}) + "}";
}

PaymentTransaction readPaymentTransaction(const std::string& text)
{
    const auto object = json::parseObject(text, bytesMax);
    const auto information = json::object(*object, "paymentInformation");
    const auto request = json::object(*object, "paymentRequest");
    requireEuro(*request);
    PaymentTransaction transaction;
    transaction.transactionId = json::text(*information, "transactionId");
    transaction.transactionUrl = optional(*information, "transactionUrl");
    transaction.redirectUrl = optional(*information, "transactionRedirectUrl");
    transaction.transactionReference = optional(*information, "transactionReference");
    transaction.transactionTimestamp = optional(*information, "transactionTimestamp");
    if (const auto method = json::optionalText(*information, "paymentMethod"))
        transaction.method = valueOf(methods, *method, "paymentMethod");
    transaction.methodDetail = optional(*information, "paymentMethodDetail");
    transaction.status = valueOf(statuses, json::text(*information, "status"), "status");
    transaction.statusDetail = optional(*information, "statusDetail");
    transaction.requestId = json::text(*request, "requestId");
    transaction.grosAmount = amountIn(*request, "grosAmount");
    transaction.purpose = optional(*request, "purpose");
    require(transaction, ErrorCode::JsonMalformed);
    return transaction;
}

const char* differenceOf(const PaymentTransaction& said, const PaymentRequest& asked)
{
    if (said.requestId != asked.requestId)
        return "requestId";
    if (said.grosAmount != asked.grosAmount)
        return "grosAmount";
    if (!said.purpose.empty() && said.purpose != asked.purpose)
        return "purpose";
    return nullptr;
}

std::string_view name(FunctionalCode code)
{
    return wordFor(codes, code);
}

FunctionalCode functionalCodeFromName(const std::string& text)
{
    return valueOf(codes, text, "functionalCode");
}

FunctionalCode readFunctionalCode(const std::string& text)
{
    try {
        const auto object = json::parseObject(text, bytesMax);
        return functionalCodeFromName(json::text(*object, "functionalCode"));
    } catch (const Error&) { // the door to a refusal's words: it is a refusal without them, too
        return FunctionalCode::Unspecified;
    }
}

std::string writePaymentProblem(int status, FunctionalCode code)
{
    auto object = json::makeObject();
    object->set("type", "about:blank");
    object->set("title", std::string(name(code)));
    object->set("status", status);
    object->set("functionalCode", std::string(name(code)));
    return json::write(*object);
}

} // namespace amt::portal
