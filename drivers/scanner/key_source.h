// SPDX-License-Identifier: EUPL-1.2
//
// Where a scanner's keys come from: an event device of the kernel, or the emulated scanner's
// socket.
#pragma once

#include "drivers/scanner/key_decoder.h"

#include <optional>
#include <vector>

namespace amt::scanner {

/// Used by one thread at a time.
class KeySource {
public:
    virtual ~KeySource() = default;

    /// Looks for the scanner anew, takes it for us alone. False when there is none.
    virtual bool open() = 0;
    virtual void close() = 0;
    /// While open: readable as soon as there are keys, or the scanner has gone.
    virtual int handle() const = 0;
    /// What has come, without waiting. Nothing: the scanner has gone.
    virtual std::optional<std::vector<KeyEvent>> take() = 0;
};

} // namespace amt::scanner
