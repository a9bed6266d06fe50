// SPDX-License-Identifier: EUPL-1.2
//
// Card readers through pcsc-lite: find one, wait for a card, hold it alone until the read is over.
#pragma once

#include "drivers/port/identity.h"
#include "drivers/port/transport.h"

#include <atomic>
#include <memory>
#include <string>
#include <variant>

namespace amt::eid {

struct PcscSettings {
    std::string reader; ///< its name, or the beginning of it; empty: the first there is
};

/// One reader. connect() waits on the thread that calls; cancel() may come from any other.
class PcscReader {
public:
    explicit PcscReader(PcscSettings settings);

    /// A card, held exclusively and within one transaction until the channel goes (then it is
    /// reset); or NoCard after `wait`, NoReader, ReadCancelled, or DeviceFailed{ReaderFailed} when
    /// pcscd is not there or another program keeps the card for two seconds. Cancelled also when
    /// cancel() came since the last resume().
    std::variant<std::unique_ptr<CardChannel>, IdentityOutcome> connect(Milliseconds wait);

    /// What the reader itself offers, with a card or without: ReaderReady; or NoReader, or
    /// DeviceFailed{ReaderFailed}.
    IdentityOutcome look() const;

    /// Ends a wait; connect() answers ReadCancelled until resume().
    void cancel();
    void resume();
    bool isCancelled() const { return _cancelled; }

private:
    PcscSettings _settings;
    std::atomic<bool> _cancelled{false};
    std::atomic<long> _waiting{0}; ///< handle of the context that waits, 0 for none
};

} // namespace amt::eid
