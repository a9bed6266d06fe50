// SPDX-License-Identifier: EUPL-1.2
//
// iCalendar (RFC 5545) by libical: each event is taken as it stands, or the file is refused.
#include "appliance/core/error.h"
#include "appliance/office/calendar/brought_appointments.h"
#include "appliance/office/calendar/day_cells.h"

#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <set>

namespace amt::office {
namespace {

constexpr std::size_t fileBytesMax = 4 * 1024 * 1024;
constexpr std::size_t textBytesMax = 255;
constexpr std::chrono::minutes durationMax{480};
constexpr auto servicesName = "X-AMTSSTUBE-SERVICES";
constexpr auto familyName = "X-AMTSSTUBE-FAMILY-NAME";
constexpr auto givenNames = "X-AMTSSTUBE-GIVEN-NAMES";
constexpr auto phoneName = "X-AMTSSTUBE-PHONE";
constexpr auto tel = "tel:";

struct Free {
    void operator()(icalcomponent* component) const { icalcomponent_free(component); }
};
using Component = std::unique_ptr<icalcomponent, Free>;

[[noreturn]] void refuse(const std::string& what)
{
    throw Error(ErrorCode::InputMalformed, what);
}

/// Lines where events begin, in their order.
std::vector<std::size_t> linesOfEvents(std::string_view text)
{
    constexpr std::string_view begin = "BEGIN:VEVENT";
    std::vector<std::size_t> lines;
    for (std::size_t line = 1; !text.empty(); ++line) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto here = text.substr(0, end);
        if (here.size() >= begin.size() &&
            std::equal(begin.begin(), begin.end(), here.begin(), [](char wanted, char given) {
                return wanted == (given >= 'a' && given <= 'z' ? given - 'a' + 'A' : given);
            }))
            lines.push_back(line);
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return lines;
}

std::string textOf(const char* text)
{
    return text ? text : "";
}

std::string extension(icalcomponent* event, const char* name)
{
    for (auto* property = icalcomponent_get_first_property(event, ICAL_X_PROPERTY); property;
         property = icalcomponent_get_next_property(event, ICAL_X_PROPERTY)) {
        if (textOf(icalproperty_get_x_name(property)) == name)
            return textOf(icalproperty_get_x(property));
    }
    return {};
}

/// A moment of the property: by its own time zone, in UTC, or else at the town hall.
UtcTime momentOf(icalcomponent* calendar, icalproperty* property, icaltimetype time)
{
    const LocalDate day = std::chrono::year(time.year) / time.month / time.day;
    if (icaltime_is_null_time(time) || !day.ok() || time.year < 1990 || time.year > 2200 ||
        time.hour > 23 || time.minute > 59) // libical would carry them over
        refuse("a time that cannot be meant");
    if (time.is_date)
        refuse("a whole day is no appointment: closures belong into the opening hours");
    if (time.second != 0)
        refuse("a time between two minutes");
    if (icaltime_is_utc(time))
        return UtcTime(std::chrono::seconds(icaltime_as_timet(time)));
    auto* parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    if (!parameter) { // floating
        const WallTime clock = std::chrono::hours(time.hour) + std::chrono::minutes(time.minute);
        const DayCells cells(day);
        const int cell = cells.cellAt(clock);
        if (cell == cells.count() || localTime(cells.startOf(cell)) != toText(clock))
            refuse("a time that is not on the five-minute grid of that day");
        return cells.startOf(cell);
    }
    const char* name = icalparameter_get_tzid(parameter);
    icaltimezone* zone = icalcomponent_get_timezone(calendar, name);
    if (!zone)
        zone = icaltimezone_get_builtin_timezone(name);
    if (!zone)
        refuse("a time zone that is not known");
    return UtcTime(std::chrono::seconds(icaltime_as_timet_with_zone(time, zone)));
}

std::chrono::minutes durationOf(icalcomponent* calendar, icalcomponent* event, UtcTime start)
{
    std::chrono::seconds length{0};
    if (auto* end = icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY))
        length = std::chrono::duration_cast<std::chrono::seconds>(
            momentOf(calendar, end, icalproperty_get_dtend(end)) - start);
    else if (auto* duration = icalcomponent_get_first_property(event, ICAL_DURATION_PROPERTY))
        length = std::chrono::seconds(icaldurationtype_as_int(icalproperty_get_duration(duration)));
    else
        refuse("neither DTEND nor DURATION");
    if (length <= std::chrono::seconds(0) || length > durationMax || length.count() % 60 != 0)
        refuse("a duration that cannot be meant");
    return std::chrono::duration_cast<std::chrono::minutes>(length);
}

std::vector<WantedService> servicesOf(icalcomponent* event, const CalendarReading& reading)
{
    if (const std::string own = extension(event, servicesName); !own.empty())
        return wantedFromText(own);
    std::vector<WantedService> services;
    for (auto* property = icalcomponent_get_first_property(event, ICAL_CATEGORIES_PROPERTY);
         property; property = icalcomponent_get_next_property(event, ICAL_CATEGORIES_PROPERTY)) {
        const std::string name = textOf(icalproperty_get_categories(property));
        const auto known = reading.services.find(name);
        const bool isKey = std::ranges::any_of(
            reading.services, [&](const auto& entry) { return entry.second == name; });
        if (known == reading.services.end() && !isKey)
            continue; // colours and the like
        const WantedService wanted{isKey ? name : known->second, 1};
        if (std::ranges::find(services, wanted) == services.end())
            services.push_back(wanted);
    }
    if (!services.empty())
        return services;
    if (reading.otherwise.empty())
        refuse("CATEGORIES name no service of this town, and --service none for such events");
    return {{reading.otherwise, 1}};
}

/// Our own words, else the one who takes part: "Family, Given", or a name as a whole.
void setContact(BroughtAppointment& read, icalcomponent* event)
{
    read.familyName = extension(event, familyName);
    read.givenNames = extension(event, givenNames);
    read.phone = extension(event, phoneName);
    auto* attendee = icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
    if (!read.familyName.empty() || !attendee)
        return;
    if (icalcomponent_get_next_property(event, ICAL_ATTENDEE_PROPERTY))
        refuse("more than one ATTENDEE");
    if (auto* name = icalproperty_get_first_parameter(attendee, ICAL_CN_PARAMETER)) {
        const std::string whole = textOf(icalparameter_get_cn(name));
        const auto comma = whole.find(", ");
        read.familyName = whole.substr(0, comma);
        if (comma != std::string::npos)
            read.givenNames = whole.substr(comma + 2);
    }
    const std::string address = textOf(icalproperty_get_attendee(attendee));
    if (address.starts_with(tel))
        read.phone = address.substr(std::string_view(tel).size());
}

BroughtAppointment appointmentOf(icalcomponent* calendar, icalcomponent* event,
                                 const CalendarReading& reading)
{
    if (icalcomponent_count_errors(event) > 0)
        refuse("a line that cannot be read");
    for (const auto kind : {ICAL_RRULE_PROPERTY, ICAL_RDATE_PROPERTY, ICAL_EXRULE_PROPERTY,
                            ICAL_RECURRENCEID_PROPERTY}) {
        if (icalcomponent_get_first_property(event, kind))
            refuse("an event that is repeated is no appointment: closures belong into the opening"
                   " hours");
    }
    auto* start = icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
    if (!start)
        refuse("no DTSTART");
    BroughtAppointment read;
    read.uid = textOf(icalcomponent_get_uid(event));
    if (read.uid.empty() || read.uid.size() > textBytesMax)
        refuse("no UID, or one that is too long");
    read.start = momentOf(calendar, start, icalproperty_get_dtstart(start));
    read.duration = durationOf(calendar, event, read.start);
    read.services = servicesOf(event, reading);
    setContact(read, event);
    return read;
}

void addExtension(icalcomponent* event, const char* name, const std::string& value)
{
    if (value.empty())
        return;
    auto* property = icalproperty_new_x(value.c_str());
    icalproperty_set_x_name(property, name);
    icalcomponent_add_property(event, property);
}

icaltimetype utc(UtcTime time)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    return icaltime_from_timet_with_zone(seconds, 0, icaltimezone_get_utc_timezone());
}

} // namespace

ReadCalendar appointmentsFromCalendar(const std::string& text, const CalendarReading& reading)
{
    if (text.size() > fileBytesMax)
        throw Error(ErrorCode::InputTooLarge, "a calendar that is too large");
    if (text.find('\0') != std::string::npos)
        refuse("not an iCalendar file");
    icalerror_set_errors_are_fatal(0);
    const Component calendar(icalparser_parse_string(text.c_str()));
    if (!calendar || icalcomponent_isa(calendar.get()) != ICAL_VCALENDAR_COMPONENT)
        refuse("not one iCalendar file");
    const auto lines = linesOfEvents(text);
    ReadCalendar read;
    std::set<std::string> uids;
    std::size_t number = 0;
    for (auto* event = icalcomponent_get_first_component(calendar.get(), ICAL_VEVENT_COMPONENT);
         event; event = icalcomponent_get_next_component(calendar.get(), ICAL_VEVENT_COMPONENT)) {
        const std::size_t line = number < lines.size() ? lines[number] : 0;
        ++number;
        if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED) {
            ++read.cancelled;
            continue;
        }
        if (read.appointments.size() == broughtMax)
            throw Error(ErrorCode::InputTooLarge, "too many appointments for one file");
        try {
            read.appointments.push_back(appointmentOf(calendar.get(), event, reading));
            if (!uids.insert(read.appointments.back().uid).second)
                refuse("one UID twice");
        } catch (const Error& failure) { // with its place
            throw Error(failure.errorCode(),
                        "line " + std::to_string(line) + ", this event: " + failure.message());
        }
        read.appointments.back().line = line;
    }
    if (number != lines.size() || icalcomponent_count_errors(calendar.get()) > 0)
        refuse("an iCalendar file that is broken");
    return read;
}

std::string appointmentsCalendar(const std::vector<BroughtAppointment>& appointments,
                                 const std::map<std::string, std::string>& names, UtcTime made)
{
    const Component calendar(icalcomponent_new(ICAL_VCALENDAR_COMPONENT));
    icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
    icalcomponent_add_property(calendar.get(), icalproperty_new_prodid("-//Amtsstube//DE"));
    for (const auto& each : appointments) {
        auto* event = icalcomponent_new(ICAL_VEVENT_COMPONENT); // the calendar's from here on
        icalcomponent_add_component(calendar.get(), event);
        std::string summary = each.number.empty() ? "" : each.number + " · ";
        const std::size_t begin = summary.size();
        for (const auto& wanted : each.services) {
            const auto name = names.find(wanted.serviceKey);
            summary += summary.size() == begin ? "" : ", ";
            summary += wanted.quantity == 1 ? "" : std::to_string(wanted.quantity) + " × ";
            summary += name == names.end() ? wanted.serviceKey : name->second;
        }
        icalcomponent_add_property(event, icalproperty_new_uid(each.uid.c_str()));
        icalcomponent_add_property(event, icalproperty_new_dtstamp(utc(made)));
        icalcomponent_add_property(event, icalproperty_new_dtstart(utc(each.start)));
        icalcomponent_add_property(event, icalproperty_new_dtend(utc(each.start + each.duration)));
        icalcomponent_add_property(event, icalproperty_new_summary(summary.c_str()));
        addExtension(event, servicesName, wantedText(each.services));
        addExtension(event, familyName, each.familyName);
        addExtension(event, givenNames, each.givenNames);
        addExtension(event, phoneName, each.phone);
    }
    char* text = icalcomponent_as_ical_string_r(calendar.get());
    const std::string written = textOf(text);
    icalmemory_free_buffer(text);
    return written;
}

} // namespace amt::office
