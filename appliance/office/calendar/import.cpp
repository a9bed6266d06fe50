// SPDX-License-Identifier: EUPL-1.2
//
// Files of a town, read strictly: an unknown key or column is refused, not passed over.
#include "appliance/office/calendar/import.h"

#include "appliance/core/error.h"
#include "appliance/office/calendar/csv_table.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace amt::office {

namespace {

constexpr std::size_t servicesMax = 60;
constexpr std::int64_t minutesMax = 240;
constexpr std::int64_t quantityMax = 9;
constexpr std::size_t textBytesMax = 300;
constexpr auto german = "de";

constexpr std::pair<std::string_view, std::chrono::weekday> germanDays[] = {
    {"mo", std::chrono::Monday},   {"di", std::chrono::Tuesday}, {"mi", std::chrono::Wednesday},
    {"do", std::chrono::Thursday}, {"fr", std::chrono::Friday},  {"sa", std::chrono::Saturday},
    {"so", std::chrono::Sunday},
};

[[noreturn]] void refuse(const char* what)
{
    throw Error(ErrorCode::InputMalformed, what);
}

std::chrono::weekday germanDay(const std::string& text)
{
    const auto found =
        std::ranges::find(germanDays, text, [](const auto& day) { return day.first; });
    if (found == std::end(germanDays))
        refuse("a weekday that does not exist");
    return found->second;
}

int number(const std::string& text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        refuse("not a number");
    return value;
}

/// What `read` refuses is refused with its place in the file.
template <typename Read>
auto inField(const std::string& place, Read&& read)
{
    try {
        return read();
    } catch (const Error& failure) {
        throw Error(failure.errorCode(), place + ": " + failure.message());
    }
}

int small(const json::Object& object, const std::string& key)
{
    const std::int64_t value = json::integer(object, key);
    if (!std::in_range<int>(value))
        throw Error(ErrorCode::InputMalformed, key + ": a number that cannot be meant");
    return static_cast<int>(value);
}

WallTime timeIn(const json::Object& object, const std::string& key)
{
    const std::string text = json::text(object, key);
    return inField(key, [&] { return wallTimeFromText(text); });
}

LocalDate dayIn(const json::Object& object, const std::string& key)
{
    const std::string text = json::text(object, key);
    return inField(key, [&] { return localDateFromIso(text); });
}

OnHolidays onHolidays(const json::Object& object)
{
    return object.has("feiertags_offen") && json::boolean(object, "feiertags_offen")
               ? OnHolidays::Open
               : OnHolidays::Closed;
}

/// Calls `read` with each entry, which has to be an object; what is refused names it: "regeln[2]".
template <typename Read>
void eachOf(const json::Object& parent, const std::string& key, Read&& read)
{
    const json::ArrayPtr array = json::array(parent, key);
    for (unsigned i = 0; i < array->size(); ++i) {
        inField(key + "[" + std::to_string(i) + "]", [&] {
            const json::ObjectPtr object = array->getObject(i);
            if (object.isNull())
                refuse("an entry that is no object");
            read(*object, i);
        });
    }
}

OpenHours hours(const json::Object& object)
{
    OpenHours read{.from = timeIn(object, "von"), .until = timeIn(object, "bis")};
    const json::ObjectPtr capacity = json::object(object, "kapazitaet");
    inField("kapazitaet", [&] {
        json::onlyKeys(*capacity, {"intern", "oeffentlich"});
        read.lanes = small(*capacity, "intern");
        read.publicLanes = small(*capacity, "oeffentlich");
    });
    return read;
}

/// Alone, so that the place of what is refused can be named.
void checkAlone(const OpeningRule& rule)
{
    OpeningRules rules;
    rules.rules = {rule};
    check(rules);
}
void checkAlone(const OpeningException& exception)
{
    OpeningRules rules;
    rules.exceptions = {exception};
    check(rules);
}
void checkAlone(const Closure& closure)
{
    OpeningRules rules;
    rules.closures = {closure};
    check(rules);
}

std::vector<OpenHours> hoursList(const json::Object& object, const std::string& key)
{
    std::vector<OpenHours> list;
    eachOf(object, key, [&](const json::Object& each, unsigned) {
        json::onlyKeys(each, {"von", "bis", "kapazitaet"});
        list.push_back(hours(each));
    });
    return list;
}

OpeningRule rule(const json::Object& object, const std::string& id, LocalDate from)
{
    OpeningRule read{.id = json::optionalText(object, "kennung").value_or(id),
                     .weekdays = {},
                     .first = from,
                     .hours = hours(object),
                     .onHolidays = onHolidays(object)};
    for (const std::string& day : json::texts(object, "tage"))
        read.weekdays.push_back(inField("tage", [&] { return germanDay(day); }));
    if (object.has("alle_wochen"))
        read.everyWeeks = small(object, "alle_wochen");
    if (object.has("woche_im_monat"))
        read.weekInMonth = small(object, "woche_im_monat");
    if (object.has("start"))
        read.first = dayIn(object, "start");
    if (object.has("ende"))
        read.last = dayIn(object, "ende");
    return read;
}

void addRules(OpeningRules& rules, const json::Object& pattern, LocalDate from)
{
    json::onlyKeys(pattern, {"id", "einwohner", "schalter", "regeln"});
    const std::string id = json::text(pattern, "id");
    eachOf(pattern, "regeln", [&](const json::Object& object, unsigned i) {
        json::onlyKeys(object, {"art", "tage", "von", "bis", "kapazitaet", "raster_min",
                                "alle_wochen", "woche_im_monat", "start", "ende", "kennung",
                                "feiertags_offen", "tageskontingent"});
        const std::string kind = json::text(object, "art");
        if (kind == "spontan" || kind == "pause")
            return; // the queue's, or nobody's
        if (kind != "termin")
            refuse("art: hours of an unknown kind");
        if (object.has("raster_min") && small(object, "raster_min") != cellLength.count())
            refuse("raster_min: a grid that is not five minutes");
        rules.rules.push_back(rule(object, id + "-" + std::to_string(i + 1), from));
        checkAlone(rules.rules.back());
    });
}

/// One day, or the days from "von" to "bis"; then times are called otherwise.
struct Span {
    LocalDate first, last;
    std::string from, until; ///< keys of times
};
Span spanOf(const json::Object& object)
{
    if (object.has("datum")) {
        const LocalDate day = dayIn(object, "datum");
        return {day, day, "von", "bis"};
    }
    return {dayIn(object, "von"), dayIn(object, "bis"), "von_uhr", "bis_uhr"};
}

void addException(OpeningRules& rules, const json::Object& object, const std::string& id)
{
    json::onlyKeys(object, {"muster", "kennung", "datum", "von", "bis", "von_uhr", "bis_uhr",
                            "grund", "geschlossen", "ersetzt", "zusaetzlich", "weniger",
                            "kapazitaet_minus", "feiertags_offen"});
    const Span span = spanOf(object);
    const std::string reason = json::text(object, "grund");
    const std::string name = json::optionalText(object, "kennung").value_or(id);
    constexpr std::pair<const char*, ExceptionKind> kinds[] = {
        {"ersetzt", ExceptionKind::Instead},
        {"zusaetzlich", ExceptionKind::Besides},
        {"weniger", ExceptionKind::Fewer},
    };
    const auto given =
        std::ranges::count_if(kinds, [&](const auto& kind) { return object.has(kind.first); });
    if (object.has("geschlossen") + object.has("kapazitaet_minus") + given != 1)
        refuse("an exception that is not of one kind");
    if (object.has("geschlossen")) {
        if (!json::boolean(object, "geschlossen"))
            refuse("geschlossen: a closure that does not close");
        Closure closure{.id = name, .first = span.first, .last = span.last, .reason = reason};
        if (object.has(span.from) || object.has(span.until)) {
            closure.from = timeIn(object, span.from);
            closure.until = timeIn(object, span.until);
        }
        rules.closures.push_back(closure);
        checkAlone(closure);
        return;
    }
    OpeningException exception{.id = name,
                               .first = span.first,
                               .last = span.last,
                               .hours = {},
                               .onHolidays = onHolidays(object),
                               .reason = reason};
    if (object.has("kapazitaet_minus")) {
        exception.kind = ExceptionKind::Fewer;
        exception.hours = {{.from = timeIn(object, span.from),
                            .until = timeIn(object, span.until),
                            .lanes = small(object, "kapazitaet_minus"),
                            .publicLanes = 0}};
    }
    for (const auto& [key, kind] : kinds) {
        if (!object.has(key))
            continue;
        exception.kind = kind;
        exception.hours = hoursList(object, key);
    }
    rules.exceptions.push_back(exception);
    checkAlone(exception);
}

bool yes(const std::string& text)
{
    if (text != "0" && text != "1")
        refuse("neither 0 nor 1");
    return text == "1";
}

} // namespace

OpeningRules importOpeningHours(std::string_view text, const std::string& pattern, LocalDate from,
                                OpeningRules base)
{
    const json::ObjectPtr file = json::parseObject(text);
    json::onlyKeys(*file, {"beschreibung", "zeitzone", "muster", "ausnahmen", "zeitumstellung"});
    base.rules.clear();
    base.exceptions.clear();
    base.closures.clear();
    bool found = false;
    eachOf(*file, "muster", [&](const json::Object& each, unsigned) {
        if (json::text(each, "id") != pattern)
            return;
        if (std::exchange(found, true))
            refuse("one pattern twice");
        addRules(base, each, from);
    });
    if (!found)
        throw Error(ErrorCode::NotFound, "no such pattern of opening hours");
    eachOf(*file, "ausnahmen", [&](const json::Object& each, unsigned i) {
        if (json::text(each, "muster") == pattern)
            addException(base, each, "exception-" + std::to_string(i + 1));
    });
    check(base);
    return base;
}

ImportedHolidays importHolidays(std::string_view csv)
{
    const CsvTable table(csv, {"datum", "wochentag", "name"});
    ImportedHolidays imported;
    std::set<LocalDate> listed;
    std::set<std::chrono::year> years;
    for (std::size_t row = 0; row < table.size(); ++row) {
        const LocalDate day = table.value(row, "datum", localDateFromIso);
        std::string weekday = table.at(row, "wochentag");
        std::ranges::transform(weekday, weekday.begin(), [](char letter) {
            return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        });
        if (table.value(row, "wochentag", [&](const std::string&) { return germanDay(weekday); }) !=
            std::chrono::weekday(std::chrono::sys_days(day)))
            table.refuse(row, "wochentag", "that day is another weekday");
        if (!listed.insert(day).second)
            table.refuse(row, "datum", "one day twice");
        years.insert(day.year());
        if (!isHoliday(day))
            imported.closures.push_back({.id = "day-" + toIso(day),
                                         .first = day,
                                         .last = day,
                                         .reason = table.at(row, "name")});
    }
    for (const std::chrono::year year : years) {
        for (const Holiday& holiday : holidaysOf(year)) {
            if (!listed.contains(holiday.day))
                imported.missing.push_back(holiday);
        }
    }
    return imported;
}

namespace {

/// German as in the file. Other languages stay as long as they translate the same sentence.
Texts textsOf(const std::string& text, const Texts& before)
{
    const auto known = before.find(german);
    return known != before.end() && known->second == text ? before : Texts{{german, text}};
}

BookableService service(const CsvTable& table, std::size_t row)
{
    BookableService read;
    read.key = table.at(row, "leika_schluessel");
    if (read.key.size() != 14 || read.key.find_first_not_of("0123456789") != std::string::npos)
        table.refuse(row, "leika_schluessel", "not a service key of 14 digits");
    const auto inRange = [&](const char* column, std::int64_t most) {
        const int value = table.value(row, column, number);
        if (value < 1 || value > most)
            table.refuse(row, column, "1 to " + std::to_string(most));
        return value;
    };
    read.time = {.each = std::chrono::minutes(inRange("dauer_min", minutesMax)),
                 .quantityMax = inRange("max_anzahl", quantityMax)};
    for (const char* column : {"name", "mitbringen"}) {
        if (table.at(row, column).size() > textBytesMax)
            table.refuse(row, column, "a text that is too long");
    }
    if (table.at(row, "name").empty())
        table.refuse(row, "name", "a service without a name");
    return read;
}

} // namespace

std::vector<ImportedService> importServices(std::string_view csv,
                                            const std::vector<BookableService>& before)
{
    const CsvTable table(csv, {"leika_schluessel", "name", "dauer_min", "max_anzahl", "termin"});
    std::vector<ImportedService> services;
    for (std::size_t row = 0; row < table.size(); ++row) {
        BookableService read = service(table, row);
        if (!table.value(row, "termin", yes))
            continue;
        const auto same = std::ranges::find_if(
            services, [&](const auto& each) { return each.service.key == read.key; });
        if (same != services.end()) { // a variant, under the name of the first
            if (same->service.time != read.time)
                table.refuse(row, "dauer_min",
                             "another duration or quantity than in line " +
                                 std::to_string(same->line) + ", under the same key");
            continue;
        }
        const auto known = std::ranges::find(before, read.key, &BookableService::key);
        const BookableService& old = known == before.end() ? read : *known;
        read.name = textsOf(table.at(row, "name"), old.name);
        if (!table.at(row, "mitbringen").empty())
            read.bring = textsOf(table.at(row, "mitbringen"), old.bring);
        services.push_back({.service = std::move(read), .line = table.lineOf(row)});
        if (services.size() > servicesMax)
            table.refuse(row, "leika_schluessel",
                         "more than " + std::to_string(servicesMax) + " services");
    }
    if (services.empty())
        refuse("no service with appointments");
    return services;
}

} // namespace amt::office
