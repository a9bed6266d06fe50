// SPDX-License-Identifier: EUPL-1.2
//
// How the applicant was identified: a data set of the metadata, after the IdentificationReport
// 2.0.0 of Governikus (facts/portal.md 1.7). It says who looked, when and how surely; what was read
// stands in the form.
#pragma once

#include "sync/portal/metadata.h"

namespace amt::portal {

/// By TR-03107-1, in the schema's words for national use.
enum class LevelOfAssurance {
    High,   ///< PIN and genuine card: possession and knowledge
    Unknown ///< nothing that a level is defined for: a test card
};

struct IdentificationReport {
    std::string id;                 ///< UUID
    std::string serverIdentity;     ///< who identified
    std::string reportTime;         ///< ISO 8601 with offset, as the next
    std::string identificationTime; ///< when the card proved itself
    LevelOfAssurance level = LevelOfAssurance::Unknown;
    std::string statement;            ///< for people
    std::vector<std::string> context; ///< service and reference
    Sha512Hex dataHash;               ///< of the form's data that the report belongs to
};

/// Valid against the schema, which is draft-07 whatever it says of itself. Throws InputMalformed
/// when a field breaks its rule. JSON text, as it stands in the data set and as it is hashed.
std::string writeIdentificationReport(const IdentificationReport& report);

/// `schemaUri` of a data set with such a report.
extern const char* const identificationSchema;

} // namespace amt::portal
