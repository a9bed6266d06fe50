// SPDX-License-Identifier: EUPL-1.2
//
// A code scanner that types like a keyboard: its keys, and the socket behind which ./amt run puts
// it.
#pragma once

#include "appliance/core/bytes.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
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
    ~ScannerServer();
    ScannerServer(const ScannerServer&) = delete;
    ScannerServer& operator=(const ScannerServer&) = delete;

    bool isHeld() const { return _connection >= 0; }
    /// Nobody hears it while nobody is connected.
    void type(const std::vector<TypedEvent>& events);

private:
    void run();

    std::string _path;
    std::atomic<bool> _stopping{false};
    std::atomic<int> _connection{-1};
    int _listening = -1;
    std::thread _thread;
};

} // namespace amt::sim
