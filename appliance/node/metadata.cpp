// SPDX-License-Identifier: EUPL-1.2
//
// Metadata 2.1.0. A card payment at the terminal is told as facts/portal.md 3.2 says.
#include "appliance/node/metadata.h"

#include "appliance/core/json.h"

#include <algorithm>
#include <cctype>

namespace amt::node {
namespace {

std::string lowerWord(const std::string& text)
{
    std::string word;
    for (const char letter : text) {
        if (std::isalnum(static_cast<unsigned char>(letter)) &&
            static_cast<unsigned char>(letter) < 128)
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    return word;
}

/// Card types of facts/payment-usb.md 1.5 that are credit or debit schemes; girocard and the rest
/// are OTHER.
bool isScheme(int cardType)
{
    constexpr int schemes[] = {6, 8, 10, 11, 12, 13, 14, 46, 198, 232};
    return std::find(std::begin(schemes), std::end(schemes), cardType) != std::end(schemes);
}

/// Local time of the terminal's receipt (MMDD, HHMMSS), or when our commit was, in the form of RFC
/// 3339.
std::string transactionTime(const office::Payment& payment)
{
    return toLocalIso(payment.changedAt);
}

json::ObjectPtr paymentInformation(const office::Payment& payment, const std::string& cashReference)
{
    auto object = json::makeObject();
    const TerminalRecord record = payment.record.value_or(TerminalRecord{});
    std::string day = toIso(localDate(payment.orderedAt));
    day.erase(std::remove(day.begin(), day.end(), '-'), day.end());
    std::string trace = std::to_string(record.trace);
    trace.insert(0, trace.size() < 6 ? 6 - trace.size() : 0, '0');
    std::string id = "POS-" + lowerWord(record.terminalId) + "-" + trace + "-" + day;
    if (id.size() > 36 || !payment.record)
        id = payment.id; // 36 characters: our own reference
    std::string detail = lowerWord(record.cardName);
    detail = detail.empty() ? "POS" : detail.substr(0, 32) + "-POS";
    object->set("transactionReference", cashReference);
    object->set("transactionId", id);
    object->set("paymentMethod", isScheme(record.cardType) ? "CREDITCARD" : "OTHER");
    object->set("paymentMethodDetail", detail);
    object->set("status", "BOOKED");
    object->set("transactionTimestamp", transactionTime(payment));
    object->set("grossAmount", static_cast<double>(payment.amount.inCents()) / 100.0);
    return object;
}

} // namespace

std::string metadataJson(const MetadataFacts& facts)
{
    auto hash = json::makeObject();
    hash->set("type", "sha512");
    hash->set("content", facts.dataSha512);
    auto schema = json::makeObject();
    schema->set("schemaUri", facts.schemaUri);
    schema->set("mimeType", "application/json");
    auto data = json::makeObject();
    data->set("hash", hash);
    data->set("submissionSchema", schema);
    auto structure = json::makeObject();
    structure->set("data", data);
    structure->set("attachments", json::makeArray());

    auto metadata = json::makeObject();
    metadata->set("$schema",
                  "https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json");
    metadata->set("contentStructure", structure);
    if (facts.payment)
        metadata->set("paymentInformation",
                      paymentInformation(*facts.payment, facts.cashReference));
    auto reference = json::makeObject();
    reference->set("senderReference", facts.reference);
    reference->set("applicationDate", toIso(facts.captureDay));
    if (facts.digitalNotice)
        reference->set("zustimmungZumDigitalenBescheid", *facts.digitalNotice);
    metadata->set("additionalReferenceInfo", reference);
    auto product = json::makeObject();
    product->set("name", "Amtsstube");
    product->set("version", AMT_VERSION);
    product->set("manufacturer", "Amtsstube");
    auto author = json::makeObject();
    author->set("name", facts.author);
    author->set("product", product);
    metadata->set("author", author);
    return json::write(*metadata);
}

} // namespace amt::node
