// SPDX-License-Identifier: EUPL-1.2
//
// The emulated scanner's keys: a Unix socket instead of an event device.
//
// Each event is 8 bytes, big endian: type (2), code (2), value (4), as linux/input.h numbers them.
// Nothing goes the other way. Who is connected has the scanner.
#pragma once

#include "drivers/scanner/key_source.h"

#include <memory>
#include <string>

namespace amt::scanner {

constexpr std::size_t keyEventBytes = 8;

/// open() throws ConfigurationInvalid for a path that no socket can have.
std::unique_ptr<KeySource> makeSocketSource(const std::string& path);

} // namespace amt::scanner
