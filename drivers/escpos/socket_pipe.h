// SPDX-License-Identifier: EUPL-1.2
//
// The emulated printer's pipe: a Unix socket instead of USB.
//
// Each message is a letter, a length (4 bytes, big endian) and that many bytes. We send `W` (bytes
// for the printer) and `Q` (port status wanted, empty). The printer answers each W with `w` (4
// bytes, big endian: how many of them it took; fewer is what NAK is on USB), each Q with `q` (1
// byte, GET_PORT_STATUS), and sends `r` (bytes for us) whenever it has something to say. No message
// is over 64 KiB.
#pragma once

#include "drivers/port/transport.h"

#include <memory>
#include <string>

namespace amt::escpos {

std::unique_ptr<UsbPipe> makeSocketPipe(const std::string& path);

} // namespace amt::escpos
