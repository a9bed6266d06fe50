// SPDX-License-Identifier: EUPL-1.2
//
// As a table and as JSON; calendar_file.cpp has iCalendar.
#include "appliance/office/calendar/brought_appointments.h"

#include "appliance/core/random.h"
#include "appliance/office/calendar/appointment.h"
#include "appliance/office/calendar/csv_table.h"
#include "appliance/office/calendar/day_cells.h"
#include "sync/outbox/sealing.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace amt::office {
namespace {

constexpr std::size_t uidBytesMax = 255;
constexpr std::string_view ours = "@amtsstube";
constexpr int quantityMax = 9;
constexpr std::int64_t minutesMax = 480;
const std::vector<std::string> columns = {"uid",          "beginn",   "minuten", "dienste",
                                          "familienname", "vornamen", "telefon"};

void require(bool holds, const char* what)
{
    if (!holds)
        throw Error(ErrorCode::InputMalformed, what);
}

int number(std::string_view text, std::int64_t most)
{
    int value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    require(failed == std::errc() && end == text.data() + text.size() && 1 <= value &&
                value <= most,
            "not a number that can be meant");
    return value;
}

/// Before, clocks were set by the sun.
UtcTime inReason(UtcTime start)
{
    const LocalDate day = localDate(start);
    require(std::chrono::year(1990) <= day.year() && day.year() <= std::chrono::year(2200),
            "a year that cannot be meant");
    return start;
}

/// "2026-11-24T08:30" at the town hall; with Z or an offset at the end anywhere.
UtcTime startIn(const std::string& text)
{
    constexpr std::size_t localSize = 16;
    if (text.size() > localSize)
        return inReason(fromIso(text));
    require(text.size() == localSize && (text[10] == 'T' || text[10] == ' '),
            "not a day and a time");
    const LocalDate day = localDateFromIso(text.substr(0, 10));
    const WallTime time = wallTimeFromText(text.substr(11));
    const DayCells cells(day);
    const int cell = cells.cellAt(time);
    require(cell < cells.count() && localTime(cells.startOf(cell)) == text.substr(11),
            "a time that is not on the five-minute grid of that day");
    return inReason(cells.startOf(cell));
}

} // namespace

std::vector<WantedService> wantedFromText(std::string_view text)
{
    std::vector<WantedService> services;
    while (!text.empty()) {
        const auto entry = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        const auto star = entry.find('*');
        const std::string key(entry.substr(0, star));
        require(key.size() == 14 && key.find_first_not_of("0123456789") == std::string::npos,
                "not a service key of 14 digits");
        services.push_back({key, star == std::string_view::npos
                                     ? 1
                                     : number(entry.substr(star + 1), quantityMax)});
    }
    require(!services.empty(), "no service");
    return services;
}

std::string wantedText(const std::vector<WantedService>& services)
{
    std::string text;
    for (const auto& each : services) {
        text += (text.empty() ? "" : " ") + each.serviceKey;
        if (each.quantity != 1)
            text += "*" + std::to_string(each.quantity);
    }
    return text;
}

std::vector<BroughtAppointment> appointmentsFromCsv(std::string_view csv)
{
    const CsvTable table(csv, {"uid", "beginn", "minuten", "dienste"});
    if (table.size() > broughtMax)
        throw Error(ErrorCode::InputTooLarge, "too many appointments for one file");
    std::vector<BroughtAppointment> appointments;
    std::set<std::string> uids;
    for (std::size_t row = 0; row < table.size(); ++row) {
        BroughtAppointment read;
        read.uid = table.at(row, "uid");
        if (read.uid.empty() || read.uid.size() > uidBytesMax)
            table.refuse(row, "uid", "none, or one that is too long");
        if (!uids.insert(read.uid).second)
            table.refuse(row, "uid", "one twice");
        read.start = table.value(row, "beginn", startIn);
        read.duration = std::chrono::minutes(
            table.value(row, "minuten", [](const auto& text) { return number(text, minutesMax); }));
        read.services = table.value(row, "dienste", wantedFromText);
        read.familyName = table.at(row, "familienname");
        read.givenNames = table.at(row, "vornamen");
        read.phone = table.at(row, "telefon");
        read.line = table.lineOf(row);
        appointments.push_back(std::move(read));
    }
    return appointments;
}

std::string appointmentsCsv(const std::vector<BroughtAppointment>& appointments)
{
    std::string text = csvLine(columns);
    for (const auto& each : appointments)
        text += csvLine({each.uid, toLocalIso(each.start), std::to_string(each.duration.count()),
                         wantedText(each.services), each.familyName, each.givenNames, each.phone});
    return text;
}

json::ObjectPtr toJson(const BroughtAppointment& appointment)
{
    auto object = json::makeObject();
    object->set("uid", appointment.uid);
    object->set("start", toIso(appointment.start));
    object->set("minutes", static_cast<std::int64_t>(appointment.duration.count()));
    object->set("services", wantedText(appointment.services));
    object->set("familyName", appointment.familyName);
    object->set("givenNames", appointment.givenNames);
    object->set("phone", appointment.phone);
    return object;
}

BroughtAppointment broughtFromJson(const json::Object& object)
{
    json::onlyKeys(object,
                   {"uid", "start", "minutes", "services", "familyName", "givenNames", "phone"});
    BroughtAppointment read;
    read.uid = json::text(object, "uid");
    require(!read.uid.empty() && read.uid.size() <= uidBytesMax, "a uid that cannot be meant");
    read.start = inReason(fromIso(json::text(object, "start")));
    const auto minutes = json::integer(object, "minutes");
    require(1 <= minutes && minutes <= minutesMax, "a duration that cannot be meant");
    read.duration = std::chrono::minutes(minutes);
    read.services = wantedFromText(json::text(object, "services"));
    read.familyName = json::text(object, "familyName");
    read.givenNames = json::text(object, "givenNames");
    read.phone = json::text(object, "phone");
    return read;
}

std::string idOf(const BroughtAppointment& appointment)
{
    const std::string& uid = appointment.uid;
    if (uid.ends_with(ours) && isUuid(uid.substr(0, uid.size() - ours.size())))
        return uid.substr(0, uid.size() - ours.size());
    // RFC 9562, version 8: of our own making
    Bytes hash = outbox::sha256(view("amtsstube-appointment\n" + uid));
    hash[6] = static_cast<std::uint8_t>((hash[6] & 0x0F) | 0x80);
    hash[8] = static_cast<std::uint8_t>((hash[8] & 0x3F) | 0x80);
    std::string id = toHex(ByteView(hash).first(16));
    for (const std::size_t at : {8, 13, 18, 23})
        id.insert(at, 1, '-');
    return id;
}

std::string uidOf(const std::string& id)
{
    return id + std::string(ours);
}

} // namespace amt::office
