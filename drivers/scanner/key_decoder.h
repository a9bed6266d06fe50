// SPDX-License-Identifier: EUPL-1.2
//
// From a scanner's keys to its text: what it types, by the layout that it is set to.
#pragma once

#include "drivers/port/scanning.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace amt::scanner {

/// What the scanner is set to ("keyboard country"), not what the system's keyboard is.
enum class KeyLayout { Us, De };

/// One event as linux/input.h has it.
struct KeyEvent {
    std::uint16_t type = 0;
    std::uint16_t code = 0;
    std::int32_t value = 0; ///< of a key: 0 up, 1 down, 2 repeated by itself
};

/// A code that has come to its end: whole, or with something in it that no code of ours has.
using ScannedLine = std::variant<CodeScanned, CodeUnreadable>;

/// A code ends by Enter, or by a pause (whoever waits tells it). A key that types no printable
/// ASCII character spoils the code as a whole, and so do events that the kernel had to drop.
class KeyDecoder {
public:
    explicit KeyDecoder(KeyLayout layout) : _layout(layout) {}

    /// The code that ends with this event, if one does. Enter alone ends none.
    std::optional<ScannedLine> take(const KeyEvent& event);
    /// Nothing has come for a while.
    std::optional<ScannedLine> pause();
    /// Some of a code is here and its end is not.
    bool isAmidst() const { return _spoilt || !_text.empty(); }

private:
    void type(std::uint16_t key);
    std::optional<ScannedLine> end();

    KeyLayout _layout;
    bool _leftShift = false, _rightShift = false, _altGr = false;
    bool _spoilt = false;
    std::string _text;
};

} // namespace amt::scanner
