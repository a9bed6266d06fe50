// SPDX-License-Identifier: EUPL-1.2
//
// The port for code scanners: somebody holds a code before the glass, and its text comes.
#pragma once

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/secret.h"
#include "drivers/port/payment.h"

#include <functional>
#include <string>
#include <variant>

namespace amt {

constexpr std::size_t scannedCodeMax = 512;

/// People hold anything before a scanner, so this may be anything they carry.
struct CodeScanned {
    Personal<std::string> code; ///< printable ASCII, 1 to scannedCodeMax characters
};
/// Something was scanned, but it is longer, or has other characters, or a part was lost.
struct CodeUnreadable {};
/// None is plugged in, or it was pulled out meanwhile.
struct NoScanner {};
struct ScanCancelled {};
using ScanOutcome =
    std::variant<CodeScanned, CodeUnreadable, NoScanner, ScanCancelled, DeviceFailed>;

class CodeScanner {
public:
    virtual ~CodeScanner() = default;

    struct Callbacks {
        std::function<void()> listening; ///< at most once: a scanner is there
        std::function<void(ScanOutcome)> done;
    };
    /// Waits for a whole code, as long as it takes; what was begun before counts for nothing.
    /// Both callbacks on the loop, never from within this call; `done` once.
    virtual void scan(Callbacks callbacks) = 0;
    /// The running scan ends with ScanCancelled. Ignored when none runs.
    virtual void cancel() = 0;
};

// How it looks on the wire (drivers/broker/PROTOCOL.md). Reading throws JsonMalformed.
json::ObjectPtr toJson(const ScanOutcome& outcome);
ScanOutcome scanOutcomeFromJson(const json::Object& object);

} // namespace amt
