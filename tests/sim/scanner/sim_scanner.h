// SPDX-License-Identifier: EUPL-1.2
//
// A code scanner that types like a keyboard: its keys, and the socket behind which ./amt run puts
// it.
#pragma once

#include "appliance/core/bytes.h"
#include "tests/sim/socket/device_socket.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace amt::sim {

/// As linux/input.h has them.
struct TypedEvent {
    std::uint16_t type = 0, code = 0;
    std::int32_t value = 0;
};

/// What a scanner that is set to a US layout types for `text` (printable ASCII) and Enter: each key
/// down and up, reports between them.
std::vector<TypedEvent> typed(std::string_view text);

/// Events as drivers/scanner/socket_source.h has them.
Bytes onSocket(const std::vector<TypedEvent>& events);

/// One scanner, plugged in for as long as it lives.
class ScannerServer {
public:
    /// Listens at `path` (mode 0600), one connection at a time. Throws SystemFailed.
    explicit ScannerServer(const std::string& path);

    bool isHeld() const { return _socket.connection() >= 0; }
    /// Nobody hears it while nobody is connected.
    void type(const std::vector<TypedEvent>& events);

private:
    DeviceSocket _socket;
};

} // namespace amt::sim
