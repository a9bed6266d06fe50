// SPDX-License-Identifier: EUPL-1.2
//
// The claims of a Security Event Token, once its signature holds. Of this module's own files and
// its fuzzer only.
#pragma once

#include "sync/envelope/envelope.h"

namespace amt::envelope {

enum class Speaker { Service, Destination };

/// Throws EventRefused, EventEarly.
SecurityEvent readClaims(const json::Object& claims, Speaker speaker, UtcTime now);

} // namespace amt::envelope
