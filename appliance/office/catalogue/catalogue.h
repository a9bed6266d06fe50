// SPDX-License-Identifier: EUPL-1.2
//
// What the town offers: municipality, services, fees, forms, zones, read from config/municipality.
#pragma once

#include "appliance/core/json.h"
#include "appliance/core/local_date.h"
#include "appliance/core/money.h"
#include "drivers/port/identity.h"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::office {

/// A short text in some languages; German always.
using Texts = std::map<std::string, std::string>;
/// Falls back to German.
const std::string& textIn(const Texts& texts, const std::string& language);
/// By language. Throws InputMalformed (no German), JsonMalformed.
Texts textsFromJson(const json::Object& object);

enum class FieldKind {
    Name,       ///< DIN 91379 data type A
    Text,       ///< DIN 91379 data type B: streets, places
    PostalCode, ///< five digits
    Date,       ///< a day that exists; typed as 21.11.1964 or 1964-11-21
    Plate,      ///< German Kennzeichen
    Choice,
    YesNo
};

/// Where the identity card has the value.
enum class CardSource {
    GivenNames,
    FamilyNames,
    AcademicTitle,
    DateOfBirth,
    Street,
    PostalCode,
    City
};

struct Option {
    std::string value;
    Texts label;
};

struct Field {
    std::string name; ///< of the form field and in the data for the destination
    FieldKind kind = FieldKind::Text;
    std::string labelKey, helpKey; ///< messages of kiosk/text; helpKey may be empty
    bool optional = false;
    int step = 1;
    int charactersMax = 120;
    std::optional<CardSource> card;
    std::vector<Option> options; ///< Choice
};

/// Retention clock of a service, from the destination's accept event on (sync.md 7).
struct Retention {
    std::chrono::hours deskCopyAfterAcceptance{0};
};

/// Gebühr, and when it changes: the newest that began on or before the day holds.
struct FeeRow {
    LocalDate from;
    Money amount;
};

/// Verwaltungsleistung
struct Service {
    std::string key;             ///< Leistungsschlüssel (LeiKa), 14 digits
    std::string referencePrefix; ///< of the file reference: "BP"
    Texts name, summary;
    std::vector<FeeRow> fees;
    std::set<DataGroup> groups; ///< read from the card, nothing else
    std::vector<Field> fields;  ///< in the order of the form and of the data
    std::string schemaUri;      ///< of the data for the destination
    Retention retention;
    std::vector<Texts> papers; ///< what a clerk sees and scans before a case goes out; often none

    const Field* field(const std::string& fieldName) const; ///< null when unknown
    int steps() const;
};
/// Names of what a clerk sees and scans.
std::vector<std::string> papersOf(const Service& service, const std::string& language);
/// Gebühr on this day; throws ConfigurationInvalid when no fee had begun.
Money feeFor(const Service& service, LocalDate day);

/// Gemeinde
struct Municipality {
    std::string name;
    std::string regionKey; ///< Amtlicher Regionalschlüssel, 12 digits
    std::string phone;     ///< of the people who help
    std::vector<Service> services;

    const Service* service(const std::string& key) const; ///< null when unknown
};

/// Reads municipality.json and services/*.json of the folder. Throws ConfigurationInvalid, naming
/// file and key.
Municipality loadMunicipality(const std::string& folder);

} // namespace amt::office
