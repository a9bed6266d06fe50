// SPDX-License-Identifier: EUPL-1.2
//
// Messages of the socket pipe, from the printer's side.
#include "tests/sim/printer/socket_server.h"

#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace amt::sim {
namespace {

constexpr std::size_t headerBytes = 5;
constexpr std::size_t messageBytesMax = 64 * 1024;

Bytes message(char letter, ByteView content)
{
    const auto size = content.size();
    return concat(Bytes{static_cast<std::uint8_t>(letter), static_cast<std::uint8_t>(size >> 24),
                        static_cast<std::uint8_t>(size >> 16), static_cast<std::uint8_t>(size >> 8),
                        static_cast<std::uint8_t>(size)},
                  content);
}

} // namespace

PrinterServer::PrinterServer(SimPrinter& printer, const std::string& path)
    : _printer(printer), _socket(path, [this](int connection) { serve(connection); })
{}

void PrinterServer::serve(int connection)
{
    Bytes incoming;
    for (;;) {
        std::array<std::uint8_t, 4096> bytes; // NOLINT: filled by recv
        const auto count = ::recv(connection, bytes.data(), bytes.size(), 0);
        if (count <= 0)
            return;
        append(incoming, ByteView(bytes).first(static_cast<std::size_t>(count)));
        while (incoming.size() >= headerBytes) {
            const auto size = (static_cast<std::size_t>(incoming[1]) << 24) |
                              (static_cast<std::size_t>(incoming[2]) << 16) |
                              (static_cast<std::size_t>(incoming[3]) << 8) | incoming[4];
            if (size > messageBytesMax)
                return;
            if (incoming.size() < headerBytes + size)
                break;
            const auto end = incoming.begin() + static_cast<std::ptrdiff_t>(headerBytes + size);
            const Bytes content(incoming.begin() + headerBytes, end);
            const auto letter = static_cast<char>(incoming[0]);
            incoming.erase(incoming.begin(), end);
            Bytes reply;
            if (letter == 'W') {
                const auto [taken, said] = with([&](SimPrinter& printer) {
                    const auto all = static_cast<std::uint32_t>(printer.take(content));
                    return std::pair(all, printer.answers());
                });
                reply = message('w', Bytes{static_cast<std::uint8_t>(taken >> 24),
                                           static_cast<std::uint8_t>(taken >> 16),
                                           static_cast<std::uint8_t>(taken >> 8),
                                           static_cast<std::uint8_t>(taken)});
                if (!said.empty())
                    append(reply, message('r', said));
            } else if (letter == 'Q') {
                reply = message(
                    'q', Bytes{with([](SimPrinter& printer) { return printer.portStatus(); })});
            } else {
                return;
            }
            if (::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) !=
                static_cast<ssize_t>(reply.size()))
                return;
        }
    }
}

Tray::Tray(std::string folder) : _folder(std::move(folder))
{
    std::filesystem::create_directories(_folder);
    for (const auto& entry : std::filesystem::directory_iterator(_folder))
        _last = std::max(_last, std::atoi(entry.path().stem().c_str()));
}

void Tray::lay(const PrintedPaper& paper)
{
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), "%03d", ++_last);
    const auto base = (std::filesystem::path(_folder) / number.data()).string();
    std::ofstream(base + ".bin", std::ios::binary) << toText(paper.bytes);
    std::ofstream(base + ".svg", std::ios::binary) << paper.svg();
    std::ofstream(base + ".txt", std::ios::binary) << paper.text();
}

} // namespace amt::sim
