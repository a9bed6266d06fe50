// SPDX-License-Identifier: EUPL-1.2
//
// FIT-Connect metadata 2.1.0: what the destination reads first (facts/portal.md 1.7). Written for
// the envelope, read back by the subscriber.
#pragma once

#include "appliance/core/local_date.h"
#include "appliance/core/money.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::portal {

/// SHA-512 of the plain text as sealed, padding included; 128 lower-case hexadecimal digits.
using Sha512Hex = std::string;

struct DataDescription {
    Sha512Hex hash;
    std::string schemaUri;                     ///< absolute URI, of the form's schema
    std::string mimeType = "application/json"; ///< or application/xml
};

enum class Purpose { Form, Attachment, Report, Data };

struct AttachmentDescription {
    std::string id; ///< UUID, as announced
    Sha512Hex hash;
    Purpose purpose = Purpose::Attachment;
    std::string mimeType;
    std::string filename;    ///< may be empty
    std::string description; ///< may be empty
};

enum class PaymentMethod { Giropay, Paydirect, CreditCard, PayPal, Invoice, Other };
enum class PaymentStatus { Initial, Booked, Failed, Canceled };

struct PaymentInformation {
    std::string transactionReference; ///< Kassenzeichen
    std::string transactionId;        ///< 1 to 36 of letters, digits, '_', '-'
    PaymentMethod method = PaymentMethod::Other;
    std::string methodDetail; ///< as transactionId, "girocard-POS"; may be empty
    PaymentStatus status = PaymentStatus::Booked;
    std::string transactionTimestamp; ///< ISO 8601 with offset; may be empty
    std::optional<Money> grossAmount; ///< at least one cent
};

struct ReferenceInformation {
    std::string senderReference;              ///< Aktenzeichen; may be empty
    std::optional<LocalDate> applicationDate; ///< day of capture, not of sending
    /// Zustimmung zum digitalen Bescheid: a refusal is sent as false, never left out.
    std::optional<bool> digitalNotice;
};

struct Author {
    std::string name; ///< of the sending system
    std::string productName, productVersion, manufacturer;
};

struct DataSet {
    std::string id; ///< UUID
    std::string schemaUri;
    std::string mimeType = "application/jose"; ///< or application/json, application/xml
    Sha512Hex hash;      ///< over `content`; of an application/json one there is no canonical form
    std::string content; ///< the text; of application/json the JSON object
    std::string description; ///< may be empty
};

/// Where replies go: to whoever has the private half of this key (facts/portal.md 1.10).
struct ReplyChannel {
    std::vector<std::string>
        processStandards;            ///< URIs, of the data that are understood; at least 1
    std::string encryptionPublicKey; ///< JWK as JSON text, without a chain
};

struct Metadata {
    DataDescription data;
    std::vector<AttachmentDescription> attachments;
    std::optional<PaymentInformation> payment;
    std::optional<ReferenceInformation> reference;
    std::optional<Author> author;
    std::vector<DataSet> dataSets;
    std::optional<ReplyChannel> replyChannel; ///< fitConnect; any other kind is not read
};

/// JSON text, valid against the schema; amounts as decimals to the cent. Throws InputMalformed when
/// a field breaks the schema's rule for it.
std::string writeMetadata(const Metadata& metadata);
/// Known fields by the schema's rules, unknown ones skipped where the schema leaves it open.
/// `content` of application/json data sets is written anew. Throws JsonMalformed.
Metadata readMetadata(const std::string& text);

} // namespace amt::portal
