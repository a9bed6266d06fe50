// SPDX-License-Identifier: EUPL-1.2
//
// Secret: bytes that are wiped and cannot be printed. Personal<T>: a value that cannot be printed
// by accident.
#pragma once

#include "appliance/core/bytes.h"

#include <string>
#include <string_view>
#include <utility>

namespace amt {

/// PINs, keys, passwords. Wiped when it goes; moving leaves the source empty.
class Secret {
public:
    Secret() = default;
    explicit Secret(Bytes bytes) : _bytes(std::move(bytes)) {}
    explicit Secret(std::string_view text) : _bytes(toBytes(text)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : _bytes(std::exchange(other._bytes, {})) {}
    Secret& operator=(const Secret& other)
    {
        if (this != &other) {
            wipe(_bytes);
            _bytes = other._bytes;
        }
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept
    {
        if (this != &other) {
            wipe(_bytes);
            _bytes = std::exchange(other._bytes, {});
        }
        return *this;
    }
    ~Secret() { wipe(_bytes); }

    /// To be used and forgotten, never stored or printed.
    ByteView reveal() const { return _bytes; }
    std::string_view revealText() const
    {
        return {reinterpret_cast<const char*>(_bytes.data()), _bytes.size()};
    }
    std::size_t size() const { return _bytes.size(); }
    bool empty() const { return _bytes.empty(); }
    bool operator==(const Secret& other) const { return equalInConstantTime(_bytes, other._bytes); }

private:
    Bytes _bytes;
};

/// Something about a person. It has no operator<<, so a log line with it does not compile.
template <typename Value>
class Personal {
public:
    Personal() = default;
    explicit Personal(Value value) : _value(std::move(value)) {}
    /// For pages, printers and envelopes; never for logs and errors.
    const Value& reveal() const { return _value; }
    bool operator==(const Personal&) const = default;

private:
    Value _value;
};

} // namespace amt
