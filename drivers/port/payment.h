// SPDX-License-Identifier: EUPL-1.2
//
// The port for card terminals: orders, evidence, outcomes. Silence is never "declined".
#pragma once

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/money.h"
#include "drivers/port/identity.h"

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt {

/// What to charge. `id` is our own reference (UUID) and names the intent for ever.
struct PaymentOrder {
    std::string id;
    Money amount;
    /// Receipt number (BMP 87) of the last transaction the node knows of this terminal, for the
    /// comparison after a cut.
    std::optional<int> lastReceipt;
};

/// What the terminal said about one transaction (Status-Information 04 0F). No card number beyond
/// what the terminal masks: at most the last four digits survive.
struct TerminalRecord {
    int result = 0;              ///< BMP 27; 0 is approved
    std::optional<Money> amount; ///< BMP 04
    int currency = 0;            ///< BMP 49, 978 is euro; 0 when not sent
    int trace = 0;               ///< BMP 0B
    int receipt = 0;             ///< BMP 87
    int originalTrace = 0;       ///< BMP 37; not 0: a reversal
    std::string terminalId;      ///< BMP 29, eight digits
    std::string date, time;      ///< BMP 0D MMDD, 0C HHMMSS
    std::string cardName;        ///< BMP 8B
    int cardType = 0;            ///< BMP 8A or tag 41
    std::string cardDigits;      ///< last four digits of BMP 22, or empty
    std::string additionalText;  ///< BMP 3C
    bool operator==(const TerminalRecord&) const = default;
};

/// Steps that the node commits before the terminal hears the next byte (facts/payment-usb.md 1.8).
enum class PaymentEvidence {
    Sent,        ///< 06 01 is about to be written
    Accepted,    ///< 80 00 seen: the terminal works on it
    Recorded,    ///< 04 0F seen, not yet acknowledged
    Acknowledged ///< 04 0F acknowledged
};

struct PaymentApproved {
    TerminalRecord record;
};
struct PaymentDeclined {
    TerminalRecord record; ///< result != 0
};
/// The terminal may have charged. Ask with resolve().
struct PaymentUnresolved {
    std::string reason; ///< for the log: "line lost after 06 01"
};
/// Nothing was charged, for certain: the order never reached the terminal, or it was refused before
/// a card was asked for.
struct PaymentNotStarted {
    ErrorCode code = ErrorCode::BrokerGone;
};
using PaymentOutcome =
    std::variant<PaymentApproved, PaymentDeclined, PaymentUnresolved, PaymentNotStarted>;

/// What the citizen should do now (04 FF); text as the terminal sent it, may be empty.
struct TerminalStatus {
    int code = 0;
    std::string text;
};

/// One line of the terminal's receipt (06 D1 / 06 D3).
struct ReceiptLine {
    std::string text; ///< UTF-8
    bool centred = false;
    bool wide = false;
    bool high = false;
    bool merchant = false; ///< belongs to the merchant's copy
    bool operator==(const ReceiptLine&) const = default;
};

class PaymentTerminal {
public:
    virtual ~PaymentTerminal() = default;

    struct Callbacks {
        std::function<void(TerminalStatus)> status;
        /// The driver waits until `committed` was called before it goes on.
        std::function<void(PaymentEvidence, std::optional<TerminalRecord>,
                           std::function<void()> committed)>
            evidence;
        std::function<void(std::vector<ReceiptLine>)> receipt;
        std::function<void(PaymentOutcome)> done; ///< exactly once, last
    };

    /// Registers where needed, then charges. One order at a time.
    virtual void authorise(PaymentOrder order, Callbacks callbacks) = 0;
    /// The citizen wants out (06 B0). The outcome still comes by `done`, and may be an approval.
    virtual void abort() = 0;
    /// Finds out about an unresolved order: 06 00, 05 01 until ready, 06 20 (service byte 03).
    /// Approved only if the last transaction matches the order's amount and follows
    /// `order.lastReceipt`; still unknown is PaymentUnresolved.
    virtual void resolve(PaymentOrder order, Callbacks callbacks) = 0;
};

// How these look on the wire (drivers/broker/PROTOCOL.md). Reading throws JsonMalformed.
json::ObjectPtr toJson(const PaymentOrder& order);
PaymentOrder paymentOrderFromJson(const json::Object& object);
json::ObjectPtr toJson(const TerminalRecord& record);
TerminalRecord terminalRecordFromJson(const json::Object& object);
json::ObjectPtr toJson(const PaymentOutcome& outcome);
PaymentOutcome paymentOutcomeFromJson(const json::Object& object);
json::ObjectPtr toJson(const ReceiptLine& line);
ReceiptLine receiptLineFromJson(const json::Object& object);
std::string_view name(PaymentEvidence evidence);
PaymentEvidence paymentEvidenceFromName(const std::string& text);

} // namespace amt
