// SPDX-License-Identifier: EUPL-1.2
//
// The calendar plan of a municipality's folder (calendar.json): taken from the files of a town,
// compared with what was there, put in its place as a whole.
#pragma once

#include "appliance/core/error.h"
#include "appliance/office/calendar/booking_plan.h"

#include <filesystem>
#include <optional>
#include <string>

namespace amt::ctl {

/// Throws SystemFailed, naming the file.
std::string textOf(const std::filesystem::path& file);
/// Durably. Throws SystemFailed; also for a file that is there.
void writeNew(const std::filesystem::path& file, const std::string& text);
/// What `read` makes of the file's text; what it refuses is refused with the file's name.
template <typename Read>
auto inFile(const std::filesystem::path& file, Read&& read)
{
    const std::string text = textOf(file);
    try {
        return read(text);
    } catch (const Error& failure) {
        throw Error(failure.errorCode(), file.filename().string() + ": " + failure.message());
    }
}

/// What a town brings along; each file is taken or left as it was.
struct PlanFiles {
    std::filesystem::path municipality; ///< folder with calendar.json and queue.json
    std::optional<std::filesystem::path> services, hours, holidays;
    std::string pattern;           ///< of `hours`
    std::optional<LocalDate> from; ///< where a rule of `hours` names no first day
    std::string scope, place;      ///< where there is no calendar.json yet
    std::string group = {};        ///< of queue.json, for services that no group serves
};

struct PlanChange {
    std::optional<office::BookingPlan> before;
    office::BookingPlan after;
    std::vector<office::Holiday> missing; ///< by law, and not in the town's list
    json::ObjectPtr queue;                ///< another queue.json; null: it stays as it is
};
/// Reads all, writes nothing. Throws Error, naming the file and the line and column or the field;
/// InputMalformed also for services that no group of queue.json serves, where none is named.
PlanChange planChange(const PlanFiles& files);
/// What would be another one, by id: {"services": {"added": [...], "changed", "removed"}, "rules",
/// "exceptions", "closures", "holidaysNotListed": [...], "queueChanges": bool}
json::ObjectPtr describe(const PlanChange& change);
/// The old files stay as calendar.json.old and queue.json.old. After a power cut there is the old
/// plan or the new one. Throws SystemFailed.
void write(const PlanChange& change, const std::filesystem::path& municipality);

/// calendar.json, dienste.csv, oeffnungszeiten.json and feiertage.csv (of both years and between
/// them) of a plan, into `folder`. Throws SystemFailed; also for a file that is there.
void exportPlan(const office::BookingPlan& plan, const std::filesystem::path& folder,
                std::chrono::year first, std::chrono::year last);

/// JSON with line breaks, for people.
std::string forPeople(const json::Object& object);

} // namespace amt::ctl
