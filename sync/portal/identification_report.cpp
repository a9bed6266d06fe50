// SPDX-License-Identifier: EUPL-1.2
//
// The report as JSON.
#include "sync/portal/identification_report.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"

namespace amt::portal {
namespace {

const char* levelWord(LevelOfAssurance level)
{
    return level == LevelOfAssurance::High ? "http://bsi.bund.de/eID/LoA/hoch" : "unknown";
}

void requireTime(const std::string& time)
{
    try {
        fromIso(time);
    } catch (const Error&) {
        throw Error(ErrorCode::InputMalformed, "time of an identification report");
    }
}

} // namespace

const char* const identificationSchema = "https://raw.githubusercontent.com/Governikus/"
                                         "IdentificationReport/2.0.0/schema/"
                                         "identification-report.json";

std::string writeIdentificationReport(const IdentificationReport& report)
{
    if (!isUuid(report.id) || report.serverIdentity.empty())
        throw Error(ErrorCode::InputMalformed, "identification report without id or server");
    requireTime(report.reportTime);
    requireTime(report.identificationTime);
    auto object = json::makeObject();
    object->set("$schema", identificationSchema);
    object->set("reportId", report.id);
    object->set("serverIdentity", report.serverIdentity);
    object->set("reportTime", report.reportTime);
    object->set("identificationTime", report.identificationTime);
    object->set("idStatus", "success"); // there is no report of a failure: the form is typed then
    object->set("idStatement", report.statement);
    object->set("trustFramework", "eid");
    auto context = json::makeArray();
    for (const auto& line : report.context)
        context->add(line);
    object->set("contextInformation", context);
    auto reference = json::makeObject();
    reference->set("documentName", "data");
    reference->set("digestAlgorithm", "SHA-512");
    reference->set("digest", report.dataHash);
    auto references = json::makeArray();
    references->add(reference);
    object->set("documentReferences", references);
    object->set("levelOfAssurance", levelWord(report.level));
    return json::write(*object);
}

} // namespace amt::portal
