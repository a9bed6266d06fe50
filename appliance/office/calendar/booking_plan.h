// SPDX-License-Identifier: EUPL-1.2
//
// What may be booked in a town hall: concerns (Anliegen) with their durations, and the opening
// rules to begin with, as calendar.json of the municipality's folder has them.
#pragma once

#include "appliance/core/json.h"
#include "appliance/office/calendar/durations.h"
#include "appliance/office/calendar/rules.h"
#include "appliance/office/catalogue/catalogue.h"

#include <string>
#include <vector>

namespace amt::office {

/// A service that is done at a counter. Whether it has an online form, too, is the catalogue's
/// knowledge.
struct BookableService {
    std::string key; ///< Leistungsschlüssel (LeiKa), 14 digits
    Texts name;
    Texts bring; ///< what to bring along, in one sentence; may be empty
    ServiceTime time;

    bool operator==(const BookableService&) const = default;
};

struct BookingPlan {
    std::string scope;                     ///< Standort, as the ledger names it
    Texts place;                           ///< where citizens come to
    std::vector<BookableService> services; ///< in the order of the pages
    OpeningRules rules;                    ///< until somebody changes them at a desk

    const BookableService* service(const std::string& key) const; ///< null when unknown
    ServiceTimes times() const;
    bool operator==(const BookingPlan&) const = default;
};

/// Strict. Throws JsonMalformed, InputMalformed.
BookingPlan bookingPlanFromJson(const json::Object& object);
json::ObjectPtr toJson(const BookingPlan& plan);

} // namespace amt::office
