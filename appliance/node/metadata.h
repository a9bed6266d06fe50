// SPDX-License-Identifier: EUPL-1.2
//
// Metadata 2.1.0 of a submission (facts/portal.md 1.7): hash and schema of the data, payment,
// references, author.
#pragma once

#include "appliance/core/local_date.h"
#include "appliance/office/till/till.h"

#include <optional>
#include <string>

namespace amt::node {

struct MetadataFacts {
    std::string dataSha512;                 ///< lower-case hex, over the data as sealed
    std::string schemaUri;                  ///< of the data
    std::string reference;                  ///< Aktenzeichen: senderReference
    std::string cashReference;              ///< Kassenzeichen: transactionReference
    LocalDate captureDay;                   ///< applicationDate
    std::optional<bool> digitalNotice;      ///< a refusal is sent as false, not left out
    std::string author;                     ///< who captured it: the town
    std::optional<office::Payment> payment; ///< approved
};
std::string metadataJson(const MetadataFacts& facts);

} // namespace amt::node
