// SPDX-License-Identifier: EUPL-1.2
//
// XBezahldienste 1.0.0 as both sides say it: what is asked of a payment service (Bezahldienst), and
// what it answers (facts/portal.md 3.1). Its spelling is the standard's: grosAmount, PAYED.
//
// The standard has a `requestor` for whoever pays; there is no such word here, so nobody can be
// named.
#pragma once

#include "appliance/core/money.h"
#include "sync/portal/metadata.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amt::portal {

// --- addresses, below the service's own ---------------------------------------------------------

/// POST here begins a transaction; GET with its id tells how it stands.
std::string paymentTransactionsPath(const std::string& originatorId, const std::string& endPointId);
std::string paymentTransactionPath(const std::string& originatorId, const std::string& endPointId,
                                   const std::string& transactionId);

/// 1 to 36 of letters, digits, '_', '-'
bool isPaymentId(std::string_view text);
/// Whether it can be a `purpose` (Verwendungszweck): 1 to 27 of letters, digits, '_', '-', blanks.
/// The standard's \w is read as ASCII.
bool isPurpose(std::string_view text);
/// https, no name of a user, nothing that a URL does not consist of, at most `charactersMax`.
bool isHttpsUrl(const std::string& text, std::size_t charactersMax);
/// "host" or "host:port" of such a URL, in lower case.
std::string authorityOf(const std::string& url);

// --- what is asked ------------------------------------------------------------------------------

constexpr int paymentItemsMax = 99;
constexpr std::int64_t paymentCentsMax = 99'999'900; ///< grosAmount <= 999999

/// Fees bear no tax (hoheitliche Gebühr): there is one amount for each item, and its tax is 0.
struct PaymentItem {
    std::string id;          ///< isPaymentId
    std::string reference;   ///< isPaymentId
    std::string description; ///< 1 to 250 characters
    int quantity = 1;        ///< at least 1
    Money single;            ///< of one piece, at least a cent
    std::map<std::string, std::string> bookingData;
};

struct PaymentRequest {
    std::string requestId;        ///< isPaymentId; the same for ever, the service knows it again
    std::string requestTimestamp; ///< ISO 8601 with offset
    Money grosAmount;             ///< the items' sum
    std::string purpose;          ///< isPurpose
    std::string description;      ///< at most 250 characters; may be empty
    std::string redirectUrl;      ///< isHttpsUrl, at most 2082 characters
    std::vector<PaymentItem> items;
};
/// JSON text, amounts as decimals. Throws InputMalformed when a field breaks a rule above.
std::string writePaymentRequest(const PaymentRequest& request);
/// Known keys only: a `requestor` is refused. Throws JsonMalformed.
PaymentRequest readPaymentRequest(const std::string& text);

// --- what is answered ---------------------------------------------------------------------------

enum class TransactionStatus { Initial, Payed, Failed, Canceled };
std::string_view name(TransactionStatus status); ///< as the standard spells it

/// PaymentTransaction: paymentInformation, and of the repeated paymentRequest what binds it to
/// ours.
struct PaymentTransaction {
    std::string transactionId;               ///< isPaymentId
    std::string transactionUrl, redirectUrl; ///< isHttpsUrl; may be empty
    std::string transactionReference;        ///< at most 36 printable characters; may be empty
    std::string transactionTimestamp;        ///< may be empty
    std::optional<PaymentMethod> method;     ///< once it is known; never Invoice
    std::string methodDetail;                ///< isPaymentId; may be empty
    TransactionStatus status = TransactionStatus::Initial;
    std::string statusDetail; ///< at most 250 printable characters; may be empty
    std::string requestId;
    Money grosAmount;
    std::string purpose; ///< may be empty: not repeated
};
/// JSON text in the standard's form. Throws InputMalformed.
std::string writePaymentTransaction(const PaymentTransaction& transaction);
/// Strict in what it knows and refused whole: types, words, lengths, currency EUR. Unknown keys are
/// skipped, never kept. Throws JsonMalformed, InputTooLarge.
PaymentTransaction readPaymentTransaction(const std::string& text);
/// The first field in which it does not speak of what was asked (request id, amount, and where it
/// is repeated the purpose); null where it does.
const char* differenceOf(const PaymentTransaction& said, const PaymentRequest& asked);

enum class FunctionalCode {
    NoValidOriginatorOrEndpoint,
    PaymentExists,
    CalculationError,
    BookingDataMissing,
    ValidationError,
    Unspecified,
    Forbidden
};
std::string_view name(FunctionalCode code); ///< as the standard spells it
/// Of an application/problem+json; Unspecified where there is none that we know.
FunctionalCode readFunctionalCode(const std::string& text);
FunctionalCode functionalCodeFromName(const std::string& text);
std::string writePaymentProblem(int status, FunctionalCode code);

} // namespace amt::portal
