// SPDX-License-Identifier: EUPL-1.2
//
// Foreign files are read here, where nothing is to be stolen; the node hears JSON.
#include "appliance/ctl/appointment_files.h"

#include "appliance/core/error.h"
#include "appliance/ctl/plan_files.h"

namespace fs = std::filesystem;

namespace amt::ctl {
namespace {

enum class Format { Table, Calendar };

Format formatOf(const fs::path& file)
{
    if (file.extension() == ".csv")
        return Format::Table;
    if (file.extension() == ".ics")
        return Format::Calendar;
    throw Error(ErrorCode::InputMalformed, "--file ends with .csv or .ics");
}

} // namespace

std::vector<office::BroughtAppointment>
readAppointments(const fs::path& file, const office::BookingPlan& plan, const std::string& service)
{
    const Format format = formatOf(file);
    return inFile(file, [&](const std::string& text) {
        if (format == Format::Table)
            return office::appointmentsFromCsv(text);
        office::CalendarReading reading{.services = {}, .otherwise = service};
        for (const auto& each : plan.services)
            reading.services.emplace(office::textIn(each.name, "de"), each.key);
        return office::appointmentsFromCalendar(text, reading).appointments;
    });
}

std::string request(const std::vector<office::BroughtAppointment>& brought, bool isDryRun,
                    bool takesRest)
{
    auto list = json::makeArray();
    for (const auto& each : brought)
        list->add(office::toJson(each));
    auto body = json::makeObject();
    body->set("appointments", list);
    body->set("dryRun", isDryRun);
    body->set("takeRest", takesRest);
    return json::write(*body);
}

json::ObjectPtr describe(const json::Object& answer,
                         const std::vector<office::BroughtAppointment>& brought)
{
    auto said = json::makeObject();
    for (const char* count : {"taken", "asked", "known", "past"})
        said->set(count, json::integer(answer, count));
    auto conflicts = json::makeArray();
    const auto found = json::array(answer, "conflicts");
    for (unsigned i = 0; i < found->size(); ++i) {
        const auto each = found->getObject(i);
        const auto& about = brought.at(static_cast<std::size_t>(json::integer(*each, "index")));
        auto conflict = json::makeObject();
        conflict->set("line", static_cast<std::int64_t>(about.line));
        conflict->set("uid", about.uid);
        conflict->set("start", toLocalIso(about.start));
        conflict->set("why", json::text(*each, "why"));
        conflicts->add(conflict);
    }
    said->set("conflicts", conflicts);
    said->set("kept", json::boolean(answer, "kept"));
    return said;
}

void writeAppointments(const json::Object& answer, const office::BookingPlan& plan,
                       const fs::path& file)
{
    const Format format = formatOf(file);
    std::vector<office::BroughtAppointment> given;
    const auto list = json::array(answer, "appointments");
    for (unsigned i = 0; i < list->size(); ++i)
        given.push_back(office::broughtFromJson(*list->getObject(i)));
    if (format == Format::Table)
        return writeNew(file, office::appointmentsCsv(given));
    std::map<std::string, std::string> names;
    for (const auto& each : plan.services)
        names.emplace(each.key, office::textIn(each.name, "de"));
    writeNew(file, office::appointmentsCalendar(given, names, fromIso(json::text(answer, "time"))));
}

} // namespace amt::ctl
