// SPDX-License-Identifier: EUPL-1.2
//
// What a town that is cut off sent on a data carrier (sync/envelope/export_file.h), taken in as if
// its node had sent it: the same steps, the same rules, the same ids for ever.
#pragma once

#include "sync/envelope/export_file.h"
#include "sync/gateway/gateway.h"

#include <iosfwd>
#include <string>
#include <vector>

namespace amt::gateway {

struct Imported {
    int taken = 0; ///< submitted by this call
    int known = 0; ///< had been submitted before, by a file or by the node itself
    struct Refusal {
        std::string envelopeId, why; ///< last part of the problem's URI, or a status
    };
    std::vector<Refusal> refused;
};

/// Envelopes of the node that is known as `clientId`, one after the other; what is refused stays
/// out, and the rest is taken. Again with the same file nothing is taken twice. Throws NotFound for
/// a client that is not known, EnvelopeMalformed for the file, StoreFailed.
Imported import(Gateway& gateway, const GatewaySettings& settings, EventLoop& loop,
                const std::string& clientId, envelope::ExportReader& file);

} // namespace amt::gateway
