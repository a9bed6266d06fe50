// SPDX-License-Identifier: EUPL-1.2
//
// A scanner among the kernel's event devices, by its USB numbers; grabbed, so that nobody else
// hears what it types.
#pragma once

#include "drivers/scanner/key_source.h"

#include <cstdint>
#include <memory>

namespace amt::scanner {

/// open() takes the first device of these numbers that has letters and Enter, and none that
/// somebody else has grabbed.
std::unique_ptr<KeySource> makeEvdevSource(std::uint16_t vendor, std::uint16_t product);

} // namespace amt::scanner
