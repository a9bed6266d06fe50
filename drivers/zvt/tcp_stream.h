// SPDX-License-Identifier: EUPL-1.2
//
// The line to a terminal on the network: a ByteStream over TCP.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/port/transport.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace amt::zvt {

struct TcpAddress {
    std::string host;                       ///< name or address
    std::uint16_t port = 20007;             ///< the usual one of ZVT terminals
    std::chrono::seconds connectTimeout{8}; ///< for each address of the name
};

/// One thread waits for the socket and the name service; everything else, callbacks too, happens on
/// `loop`, which must outlive it. What was written before close() is still sent. A line without a
/// sign of life for half a minute closes.
class TcpStream : public ByteStream {
public:
    TcpStream(EventLoop& loop, TcpAddress address);
    ~TcpStream() override;
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;

    void open(Callbacks callbacks) override;
    void write(ByteView bytes) override;
    void close() override;

private:
    class Worker;

    std::unique_ptr<Worker> _worker;
};

} // namespace amt::zvt
