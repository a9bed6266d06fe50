// SPDX-License-Identifier: EUPL-1.2
//
// Metadata written and read under one set of rules.
#include "sync/portal/metadata.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

namespace amt::portal {
namespace {

constexpr const char* schema =
    "https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json";
constexpr std::string_view schemaStem = "https://schema.fitko.de/fit-connect/metadata/2.";
constexpr std::string_view schemaEnd = "/metadata.schema.json";
/// No fee of a town hall comes near; doubles are exact to the cent far beyond.
constexpr double amountMax = 1e9;

template <typename Value>
struct Word {
    Value value;
    const char* text;
};
constexpr Word<Purpose> purposes[] = {{Purpose::Form, "form"},
                                      {Purpose::Attachment, "attachment"},
                                      {Purpose::Report, "report"},
                                      {Purpose::Data, "data"}};
constexpr Word<PaymentMethod> methods[] = {
    {PaymentMethod::Giropay, "GIROPAY"},       {PaymentMethod::Paydirect, "PAYDIRECT"},
    {PaymentMethod::CreditCard, "CREDITCARD"}, {PaymentMethod::PayPal, "PAYPAL"},
    {PaymentMethod::Invoice, "INVOICE"},       {PaymentMethod::Other, "OTHER"}};
constexpr Word<PaymentStatus> statuses[] = {{PaymentStatus::Initial, "INITIAL"},
                                            {PaymentStatus::Booked, "BOOKED"},
                                            {PaymentStatus::Failed, "FAILED"},
                                            {PaymentStatus::Canceled, "CANCELED"}};

template <typename Words, typename Value>
const char* wordFor(const Words& words, Value value)
{
    return std::find_if(std::begin(words), std::end(words),
                        [&](const auto& word) { return word.value == value; })
        ->text;
}

[[noreturn]] void malformed(const char* field)
{
    throw Error(ErrorCode::JsonMalformed, std::string(field) + " breaks the metadata schema");
}

void require(bool condition, const char* field)
{
    if (!condition)
        malformed(field);
}

template <typename Words>
auto valueOf(const Words& words, const std::string& text, const char* field)
{
    const auto found = std::find_if(std::begin(words), std::end(words),
                                    [&](const auto& word) { return text == word.text; });
    require(found != std::end(words), field);
    return found->value;
}

bool isAlphanumeric(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

template <typename Allowed>
bool consistsOf(std::string_view text, Allowed allowed)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

/// ^[\w\d-]+$ of 1 to 36
bool isTransactionWord(const std::string& text)
{
    return text.size() <= 36 && consistsOf(text, [](char letter) {
               return isAlphanumeric(letter) || letter == '_' || letter == '-';
           });
}

/// ^[-\w.]+/[-\w.+]+$
bool isMimeType(const std::string& text)
{
    const auto slash = text.find('/');
    if (slash == std::string::npos)
        return false;
    const auto plain = [](char letter) {
        return isAlphanumeric(letter) || letter == '_' || letter == '-' || letter == '.';
    };
    return consistsOf(std::string_view(text).substr(0, slash), plain) &&
           consistsOf(std::string_view(text).substr(slash + 1),
                      [&](char letter) { return plain(letter) || letter == '+'; });
}

/// A scheme and something behind it, in the letters of RFC 3986.
bool isUri(const std::string& text)
{
    const auto colon = text.find(':');
    return colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
           ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z')) &&
           consistsOf(std::string_view(text).substr(0, colon),
                      [](char letter) {
                          return isAlphanumeric(letter) || letter == '+' || letter == '-' ||
                                 letter == '.';
                      }) &&
           consistsOf(text, [](char letter) {
               return isAlphanumeric(letter) ||
                      std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(letter) !=
                          std::string_view::npos;
           });
}

bool isHash(const std::string& text)
{
    return text.size() == 128 && consistsOf(text, [](char letter) {
               return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
           });
}

bool isDataType(const std::string& text)
{
    return text == "application/json" || text == "application/xml";
}

bool isTimestamp(const std::string& text)
{
    try {
        fromIso(text);
        return true;
    } catch (const Error&) { // a question here, not a failure
        return false;
    }
}

/// One place for the rules: the writer obeys them, the reader demands them.
void check(const Metadata& metadata)
{
    require(isHash(metadata.data.hash), "data.hash");
    require(isUri(metadata.data.schemaUri), "data.schemaUri");
    require(isDataType(metadata.data.mimeType), "data.mimeType");
    std::set<std::string> ids;
    for (const auto& attachment : metadata.attachments) {
        require(isUuid(attachment.id) && ids.insert(attachment.id).second, "attachmentId");
        require(isHash(attachment.hash), "attachment.hash");
        require(isMimeType(attachment.mimeType), "attachment.mimeType");
    }
    if (const auto& payment = metadata.payment) {
        require(isTransactionWord(payment->transactionId), "transactionId");
        require(payment->methodDetail.empty() || isTransactionWord(payment->methodDetail),
                "paymentMethodDetail");
        require(payment->transactionTimestamp.empty() || isTimestamp(payment->transactionTimestamp),
                "transactionTimestamp");
        require(!payment->grossAmount || payment->grossAmount->inCents() > 0, "grossAmount");
    }
    std::set<std::string> setIds;
    for (const auto& set : metadata.dataSets) {
        require(isUuid(set.id) && setIds.insert(set.id).second, "dataSetId");
        require(isUri(set.schemaUri), "dataSet.schemaUri");
        require(isDataType(set.mimeType) || set.mimeType == "application/jose", "dataSet.mimeType");
        require(isHash(set.hash), "dataSet.hash");
    }
}

json::ObjectPtr hashObject(const Sha512Hex& hash)
{
    auto object = json::makeObject();
    object->set("type", "sha512");
    object->set("content", hash);
    return object;
}

Sha512Hex readHash(const json::Object& parent)
{
    const auto object = json::object(parent, "hash");
    require(json::text(*object, "type") == "sha512", "hash.type");
    return json::text(*object, "content");
}

json::ObjectPtr schemaObject(const std::string& uri, const std::string& mimeType)
{
    auto object = json::makeObject();
    object->set("schemaUri", uri);
    object->set("mimeType", mimeType);
    return object;
}

void setUnlessEmpty(json::Object& object, const char* key, const std::string& text)
{
    if (!text.empty())
        object.set(key, text);
}

json::ObjectPtr contentStructure(const Metadata& metadata)
{
    auto data = json::makeObject();
    data->set("hash", hashObject(metadata.data.hash));
    data->set("submissionSchema", schemaObject(metadata.data.schemaUri, metadata.data.mimeType));
    auto attachments = json::makeArray();
    for (const auto& each : metadata.attachments) {
        auto attachment = json::makeObject();
        attachment->set("attachmentId", each.id);
        attachment->set("hash", hashObject(each.hash));
        attachment->set("purpose", wordFor(purposes, each.purpose));
        attachment->set("mimeType", each.mimeType);
        setUnlessEmpty(*attachment, "filename", each.filename);
        setUnlessEmpty(*attachment, "description", each.description);
        attachments->add(attachment);
    }
    auto structure = json::makeObject();
    structure->set("data", data);
    structure->set("attachments", attachments);
    return structure;
}

/// `object` with one more member whose value is JSON text already: a decimal that no double has
/// touched, or content that has been hashed as it is.
std::string with(const json::Object& object, const char* key, const std::string& value)
{
    std::string text = json::write(object);
    text.pop_back();
    return text + (object.size() > 0 ? ",\"" : "\"") + key + "\":" + value + '}';
}

std::string paymentText(const PaymentInformation& payment)
{
    auto object = json::makeObject();
    object->set("transactionReference", payment.transactionReference);
    object->set("transactionId", payment.transactionId);
    object->set("paymentMethod", wordFor(methods, payment.method));
    setUnlessEmpty(*object, "paymentMethodDetail", payment.methodDetail);
    object->set("status", wordFor(statuses, payment.status));
    setUnlessEmpty(*object, "transactionTimestamp", payment.transactionTimestamp);
    if (!payment.grossAmount)
        return json::write(*object);
    return with(*object, "grossAmount", payment.grossAmount->decimal());
}

std::string dataSetText(const DataSet& set)
{
    auto object = json::makeObject();
    object->set("dataSetId", set.id);
    object->set("schema", schemaObject(set.schemaUri, set.mimeType));
    object->set("hash", hashObject(set.hash));
    setUnlessEmpty(*object, "description", set.description);
    if (set.mimeType == "application/json") {
        json::parseObject(set.content);
        return with(*object, "content", set.content);
    }
    object->set("content", set.content);
    return json::write(*object);
}

Money readAmount(const json::Object& payment)
{
    const auto value = payment.get("grossAmount");
    require(value.isNumeric() && !value.isString() && !value.isBoolean(), "grossAmount");
    const double amount = value.convert<double>();
    require(amount > 0 && amount <= amountMax, "grossAmount");
    // multipleOf 0.01 by decimals: 19.99 is no multiple of 0.01 among doubles, and yet an amount
    const double cents = std::round(amount * 100);
    require(std::abs(amount * 100 - cents) < 1e-4, "grossAmount");
    return Money::cents(static_cast<std::int64_t>(cents));
}

std::string optional(const json::Object& object, const char* key)
{
    return json::optionalText(object, key).value_or("");
}

PaymentInformation readPayment(const json::Object& object)
{
    PaymentInformation payment;
    payment.transactionReference = json::text(object, "transactionReference");
    payment.transactionId = json::text(object, "transactionId");
    payment.method = valueOf(methods, json::text(object, "paymentMethod"), "paymentMethod");
    payment.methodDetail = optional(object, "paymentMethodDetail");
    payment.status = valueOf(statuses, json::text(object, "status"), "status");
    payment.transactionTimestamp = optional(object, "transactionTimestamp");
    if (object.has("grossAmount"))
        payment.grossAmount = readAmount(object);
    return payment;
}

ReferenceInformation readReference(const json::Object& object)
{
    json::onlyKeys(object, {"senderReference", "applicationDate", "idBundDeApplicationId",
                            "zustimmungZumDigitalenBescheid"});
    ReferenceInformation reference;
    reference.senderReference = optional(object, "senderReference");
    if (object.has("applicationDate"))
        reference.applicationDate = localDateFromIso(json::text(object, "applicationDate"));
    if (object.has("zustimmungZumDigitalenBescheid"))
        reference.digitalNotice = json::boolean(object, "zustimmungZumDigitalenBescheid");
    return reference;
}

DataSet readDataSet(const json::Object& object)
{
    const auto about = json::object(object, "schema");
    DataSet set;
    set.id = json::text(object, "dataSetId");
    set.schemaUri = json::text(*about, "schemaUri");
    set.mimeType = json::text(*about, "mimeType");
    set.hash = readHash(object);
    set.description = optional(object, "description");
    set.content = set.mimeType == "application/json" ? json::write(*json::object(object, "content"))
                                                     : json::text(object, "content");
    return set;
}

template <typename Read>
void readEach(const json::Object& parent, const char* key, Read read)
{
    for (const auto& entry : *json::array(parent, key)) {
        require(entry.type() == typeid(json::ObjectPtr), key);
        read(*entry.extract<json::ObjectPtr>());
    }
}

void requireSchema(const std::string& uri)
{
    require(uri.starts_with(schemaStem) && uri.ends_with(schemaEnd) &&
                uri.size() > schemaStem.size() + schemaEnd.size(),
            "$schema");
    const auto version = std::string_view(uri).substr(
        schemaStem.size(), uri.size() - schemaStem.size() - schemaEnd.size());
    const auto digit = [](char letter) { return letter >= '0' && letter <= '9'; };
    const auto dot = version.find('.');
    require(dot != std::string_view::npos && consistsOf(version.substr(0, dot), digit) &&
                consistsOf(version.substr(dot + 1), digit),
            "$schema");
}

std::optional<ReplyChannel> readReplyChannel(const json::Object& object)
{
    if (!object.has("fitConnect"))
        return std::nullopt;
    const auto channel = json::object(object, "fitConnect");
    return ReplyChannel{json::texts(*channel, "processStandards"),
                        json::write(*json::object(*channel, "encryptionPublicKey"))};
}

Metadata readFields(const std::string& text)
{
    const auto root = json::parseObject(text);
    requireSchema(json::text(*root, "$schema"));
    const auto structure = json::object(*root, "contentStructure");
    const auto data = json::object(*structure, "data");
    const auto dataSchema = json::object(*data, "submissionSchema");
    Metadata metadata;
    metadata.data = {readHash(*data), json::text(*dataSchema, "schemaUri"),
                     json::text(*dataSchema, "mimeType")};
    readEach(*structure, "attachments", [&](const json::Object& each) {
        metadata.attachments.push_back({json::text(each, "attachmentId"), readHash(each),
                                        valueOf(purposes, json::text(each, "purpose"), "purpose"),
                                        json::text(each, "mimeType"), optional(each, "filename"),
                                        optional(each, "description")});
    });
    if (root->has("paymentInformation"))
        metadata.payment = readPayment(*json::object(*root, "paymentInformation"));
    if (root->has("additionalReferenceInfo"))
        metadata.reference = readReference(*json::object(*root, "additionalReferenceInfo"));
    if (root->has("author")) {
        const auto author = json::object(*root, "author");
        const auto product = json::object(*author, "product");
        metadata.author =
            Author{json::text(*author, "name"), json::text(*product, "name"),
                   json::text(*product, "version"), json::text(*product, "manufacturer")};
    }
    if (root->has("replyChannel"))
        metadata.replyChannel = readReplyChannel(*json::object(*root, "replyChannel"));
    if (root->has("dataSets"))
        readEach(*root, "dataSets",
                 [&](const json::Object& each) { metadata.dataSets.push_back(readDataSet(each)); });
    return metadata;
}

} // namespace

std::string writeMetadata(const Metadata& metadata)
{
    try {
        check(metadata);
        auto root = json::makeObject();
        root->set("$schema", schema);
        root->set("contentStructure", contentStructure(metadata));
        if (const auto& reference = metadata.reference) {
            auto object = json::makeObject();
            setUnlessEmpty(*object, "senderReference", reference->senderReference);
            if (reference->applicationDate)
                object->set("applicationDate", toIso(*reference->applicationDate));
            if (reference->digitalNotice)
                object->set("zustimmungZumDigitalenBescheid", *reference->digitalNotice);
            root->set("additionalReferenceInfo", object);
        }
        if (const auto& author = metadata.author) {
            auto product = json::makeObject();
            product->set("name", author->productName);
            product->set("version", author->productVersion);
            product->set("manufacturer", author->manufacturer);
            auto object = json::makeObject();
            object->set("name", author->name);
            object->set("product", product);
            root->set("author", object);
        }
        if (const auto& replies = metadata.replyChannel) {
            require(!replies->processStandards.empty(), "processStandards");
            auto standards = json::makeArray();
            for (const auto& uri : replies->processStandards)
                standards->add(uri);
            auto channel = json::makeObject();
            channel->set("processStandards", standards);
            channel->set("encryptionPublicKey", json::parseObject(replies->encryptionPublicKey));
            auto object = json::makeObject();
            object->set("fitConnect", channel);
            root->set("replyChannel", object);
        }
        std::string text = json::write(*root);
        text.pop_back();
        if (metadata.payment)
            text += ",\"paymentInformation\":" + paymentText(*metadata.payment);
        if (!metadata.dataSets.empty()) {
            text += ",\"dataSets\":[";
            for (const auto& set : metadata.dataSets)
                text += (text.back() == '[' ? "" : ",") + dataSetText(set);
            text += ']';
        }
        return text + '}';
    } catch (const Error& error) { // the rules' words are the reader's
        throw Error(ErrorCode::InputMalformed, error.message());
    }
}

Metadata readMetadata(const std::string& text)
{
    try {
        Metadata metadata = readFields(text);
        check(metadata);
        return metadata;
    } catch (const Error& error) { // dates and sizes have words of their own
        throw Error(ErrorCode::JsonMalformed, error.message());
    } catch (const Poco::Exception&) {
        throw Error(ErrorCode::JsonMalformed, "a number is out of range");
    }
}

} // namespace amt::portal
