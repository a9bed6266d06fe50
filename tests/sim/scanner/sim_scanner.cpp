// SPDX-License-Identifier: EUPL-1.2
//
// Keys by their rows on the keyboard, and the socket.
#include "tests/sim/scanner/sim_scanner.h"

#include <sys/socket.h>

#include <array>

namespace amt::sim {
namespace {

constexpr std::uint16_t synType = 0, keyType = 1;
constexpr std::uint16_t leftShift = 42, enter = 28;

/// A row of keys: the first one's code, what they type alone and with Shift. The kernel numbers
/// them along the rows of a US keyboard.
struct Row {
    std::uint16_t first;
    std::string_view plain, shifted;
};
constexpr Row rows[] = {
    {2, "1234567890-=", "!@#$%^&*()_+"},
    {16, "qwertyuiop[]", "QWERTYUIOP{}"},
    {30, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
    {43, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
    {57, " ", ""},
};

void press(std::vector<TypedEvent>& events, std::uint16_t key, std::int32_t value)
{
    events.push_back({keyType, key, value});
    events.push_back({synType, 0, 0});
}

void stroke(std::vector<TypedEvent>& events, std::uint16_t key)
{
    press(events, key, 1);
    press(events, key, 0);
}

} // namespace

std::vector<TypedEvent> typed(std::string_view text)
{
    std::vector<TypedEvent> events;
    for (const char letter : text) {
        for (const auto& row : rows) {
            if (const auto at = row.plain.find(letter); at != std::string_view::npos) {
                stroke(events, static_cast<std::uint16_t>(row.first + at));
            } else if (const auto up = row.shifted.find(letter); up != std::string_view::npos) {
                press(events, leftShift, 1);
                stroke(events, static_cast<std::uint16_t>(row.first + up));
                press(events, leftShift, 0);
            }
        }
    }
    stroke(events, enter);
    return events;
}

Bytes onSocket(const std::vector<TypedEvent>& events)
{
    Bytes bytes;
    for (const auto& event : events) {
        const auto value = static_cast<std::uint32_t>(event.value);
        const std::uint64_t whole =
            std::uint64_t{event.type} << 48 | std::uint64_t{event.code} << 32 | value;
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes.push_back(static_cast<std::uint8_t>(whole >> shift));
    }
    return bytes;
}

ScannerServer::ScannerServer(const std::string& path)
    : _socket(path, [](int connection) {
          std::array<std::uint8_t, 64> nothing; // NOLINT: filled by recv
          while (::recv(connection, nothing.data(), nothing.size(), 0) > 0)
              ;
      })
{}

void ScannerServer::type(const std::vector<TypedEvent>& events)
{
    const auto bytes = onSocket(events);
    if (const int connection = _socket.connection(); connection >= 0)
        ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

} // namespace amt::sim
