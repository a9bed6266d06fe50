// SPDX-License-Identifier: EUPL-1.2
//
// Every key that the import reads is written where it says something.
#include "appliance/office/calendar/export.h"

#include "appliance/office/calendar/csv_table.h"

namespace amt::office {
namespace {

constexpr const char* germanDays[] = {"so", "mo", "di", "mi", "do", "fr", "sa"};

void setHours(json::Object& object, const OpenHours& hours)
{
    object.set("von", toText(hours.from));
    object.set("bis", toText(hours.until));
    auto capacity = json::makeObject();
    capacity->set("intern", hours.lanes);
    capacity->set("oeffentlich", hours.publicLanes);
    object.set("kapazitaet", capacity);
}

json::ObjectPtr ruleOf(const OpeningRule& rule)
{
    auto object = json::makeObject();
    object->set("kennung", rule.id);
    object->set("art", "termin");
    auto days = json::makeArray();
    for (const auto weekday : rule.weekdays)
        days->add(germanDays[weekday.c_encoding()]);
    object->set("tage", days);
    if (rule.everyWeeks != 1)
        object->set("alle_wochen", rule.everyWeeks);
    if (rule.weekInMonth != 0)
        object->set("woche_im_monat", rule.weekInMonth);
    object->set("start", toIso(rule.first));
    if (rule.last)
        object->set("ende", toIso(*rule.last));
    setHours(*object, rule.hours);
    object->set("raster_min", static_cast<int>(cellLength.count()));
    if (rule.onHolidays == OnHolidays::Open)
        object->set("feiertags_offen", true);
    return object;
}

/// Dates as days even where it is one day only, so that the times have keys of their own.
json::ObjectPtr dated(const std::string& pattern, const std::string& id, LocalDate first,
                      LocalDate last, const std::string& reason)
{
    auto object = json::makeObject();
    object->set("muster", pattern);
    object->set("kennung", id);
    object->set("von", toIso(first));
    object->set("bis", toIso(last));
    object->set("grund", reason);
    return object;
}

json::ObjectPtr exceptionOf(const OpeningException& exception, const std::string& pattern)
{
    auto object = dated(pattern, exception.id, exception.first, exception.last, exception.reason);
    auto list = json::makeArray();
    for (const auto& hours : exception.hours) {
        auto each = json::makeObject();
        setHours(*each, hours);
        list->add(each);
    }
    switch (exception.kind) {
    case ExceptionKind::Instead:
        object->set("ersetzt", list);
        break;
    case ExceptionKind::Besides:
        object->set("zusaetzlich", list);
        break;
    case ExceptionKind::Fewer:
        object->set("weniger", list);
        break;
    }
    if (exception.onHolidays == OnHolidays::Open)
        object->set("feiertags_offen", true);
    return object;
}

json::ObjectPtr closureOf(const Closure& closure, const std::string& pattern)
{
    auto object = dated(pattern, closure.id, closure.first, closure.last, closure.reason);
    object->set("geschlossen", true);
    if (closure.from != WallTime(0) || closure.until != std::chrono::hours(24)) {
        object->set("von_uhr", toText(closure.from));
        object->set("bis_uhr", toText(closure.until));
    }
    return object;
}

} // namespace

std::string exportServices(const std::vector<BookableService>& services)
{
    std::string text =
        csvLine({"leika_schluessel", "name", "dauer_min", "max_anzahl", "termin", "mitbringen"});
    for (const auto& service : services)
        text += csvLine({service.key, textIn(service.name, "de"),
                         std::to_string(service.time.each.count()),
                         std::to_string(service.time.quantityMax), "1",
                         service.bring.empty() ? "" : textIn(service.bring, "de")});
    return text;
}

json::ObjectPtr exportOpeningHours(const OpeningRules& rules, const std::string& id)
{
    auto pattern = json::makeObject();
    pattern->set("id", id);
    auto list = json::makeArray();
    for (const auto& rule : rules.rules)
        list->add(ruleOf(rule));
    pattern->set("regeln", list);
    auto patterns = json::makeArray();
    patterns->add(pattern);
    auto dates = json::makeArray();
    for (const auto& exception : rules.exceptions)
        dates->add(exceptionOf(exception, id));
    for (const auto& closure : rules.closures)
        dates->add(closureOf(closure, id));
    auto file = json::makeObject();
    file->set("zeitzone", "Europe/Berlin");
    file->set("muster", patterns);
    file->set("ausnahmen", dates);
    return file;
}

std::string exportHolidays(std::chrono::year first, std::chrono::year last)
{
    constexpr const char* days[] = {"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"};
    std::string text = csvLine({"datum", "wochentag", "name"});
    for (auto year = first; year <= last; ++year) {
        for (const Holiday& holiday : holidaysOf(year)) {
            const std::chrono::weekday weekday{std::chrono::sys_days(holiday.day)};
            text += csvLine(
                {toIso(holiday.day), days[weekday.c_encoding()], std::string(holiday.name)});
        }
    }
    return text;
}

} // namespace amt::office
