// SPDX-License-Identifier: EUPL-1.2
//
// The port for receipt printers: a receipt as content, not as bytes.
#pragma once

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "drivers/port/payment.h"

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt {

struct PrintText {
    std::string text; ///< UTF-8, one line; control characters are not printed
    bool centred = false;
    bool bold = false;
    bool large = false; ///< double width and height
    bool huge = false;  ///< eightfold: a waiting number, over 20 mm high
};
/// Left and right in one line, e.g. a fee and its amount.
struct PrintPair {
    std::string left, right;
    bool bold = false;
};
struct PrintRule {};
struct PrintQr {
    std::string content;
};
using PrintElement = std::variant<PrintText, PrintPair, PrintRule, PrintQr>;

struct PrintJob {
    std::string id; ///< UUID; the same id is never printed twice by itself
    std::vector<PrintElement> elements;
};

struct Printed {};
struct PaperOut {};
struct CoverOpen {};
struct NoPrinter {};
/// Part of it may be on paper.
struct PrintInterrupted {};
using PrintOutcome =
    std::variant<Printed, PaperOut, CoverOpen, NoPrinter, PrintInterrupted, DeviceFailed>;

struct PrinterState {
    bool present = false;
    bool paperOut = false;
    bool paperNearEnd = false;
    bool coverOpen = false;
};

class ReceiptPrinter {
public:
    virtual ~ReceiptPrinter() = default;
    /// `done` once, on the loop. Printed only after the printer's status said so.
    virtual void print(PrintJob job, std::function<void(PrintOutcome)> done) = 0;
    virtual void state(std::function<void(PrinterState)> done) = 0;
};

// How these look on the wire (drivers/broker/PROTOCOL.md). Reading throws JsonMalformed.
json::ObjectPtr toJson(const PrintJob& job);
PrintJob printJobFromJson(const json::Object& object);
json::ObjectPtr toJson(const PrintOutcome& outcome);
PrintOutcome printOutcomeFromJson(const json::Object& object);
json::ObjectPtr toJson(const PrinterState& state);
PrinterState printerStateFromJson(const json::Object& object);

} // namespace amt
