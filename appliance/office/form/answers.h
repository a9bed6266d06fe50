// SPDX-License-Identifier: EUPL-1.2
//
// What a citizen answered: values with their origin, taken page by page, checked field by field,
// written as data.
#pragma once

#include "appliance/core/json.h"
#include "appliance/office/catalogue/catalogue.h"

#include <map>
#include <string>
#include <vector>

namespace amt::office {

enum class Origin { Card, Typed };
std::string_view name(Origin origin); ///< "eid", "typed"

struct Answer {
    std::string value; ///< NFC; Date as ISO (parts that the card does not know are left out:
                       ///< "1964"), YesNo as "yes" or "no"
    Origin origin = Origin::Typed;
    bool operator==(const Answer&) const = default;
};
/// By field name. Personal: never logged.
using Answers = std::map<std::string, Answer>;

/// How the applicant's card was read.
struct Identification {
    enum class Way {
        Pin,   ///< by the citizen (§ 18 PAuswG); the answers came from the card
        OnSite ///< by a clerk who had compared the photo (§ 18a PAuswG); the answers agreed
    };
    UtcTime at;            ///< when the card had proved itself
    bool testCard = false; ///< of an emulated reader: says nothing of anybody
    Way way = Way::Pin;
    bool operator==(const Identification&) const = default;
};

struct FieldFault {
    std::string field;
    std::string errorKey; ///< message of kiosk/text: "form.error.missing", ... (see README)
    std::string detail;   ///< the offending character, or the like; for the page only
};

struct PageTaken {
    Answers answers; ///< those before, and what was posted; values with faults as typed, so that
                     ///< the page can show them
    std::vector<FieldFault> faults;
};

/// What the card gives for the fields of this service. A value that is empty on the card is left to
/// be typed.
Answers answersFromCard(const Service& service, const IdentityData& card);

/// The fields that this step asks for: all of the step, those from the card included.
std::vector<const Field*> fieldsOf(const Service& service, int step);

/// Whether this step has a field that the card did not give: the others need not be shown as a page
/// of their own.
bool asksAnything(const Service& service, int step, const Answers& answers);

/// Posted fields of one step (without the page's own, such as key and action). Refused whole
/// (FormFieldUnexpected): a field of another step or of none, a field that came from the card.
PageTaken takePage(const Service& service, int step, const Answers& before,
                   const std::map<std::string, std::string>& posted);

/// Faults over all steps: empty when the form may be submitted.
std::vector<FieldFault> faultsOf(const Service& service, const Answers& answers);

/// Data for the destination: same answers, same bytes (order of the form). `captureDay`: Tag der
/// Erfassung.
std::string dataJson(const Service& service, const Answers& answers, LocalDate captureDay);

json::ObjectPtr toJson(const Answers& answers);
/// Throws JsonMalformed.
Answers answersFromJson(const json::Object& object);
json::ObjectPtr toJson(const Identification& identification);
/// Throws JsonMalformed.
Identification identificationFromJson(const json::Object& object);

} // namespace amt::office
