// SPDX-License-Identifier: EUPL-1.2
//
// Files of a town, read strictly: an unknown key or column is refused, not passed over.
#include "appliance/office/calendar/import.h"

#include "appliance/core/error.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace amt::office {

namespace {

constexpr std::size_t csvBytesMax = 1024 * 1024;

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

int number(std::string_view text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        refuse("not a number");
    return value;
}

int small(const json::Object& object, const std::string& key)
{
    const std::int64_t value = json::integer(object, key);
    if (!std::in_range<int>(value))
        refuse("a number that cannot be meant");
    return static_cast<int>(value);
}

json::ObjectPtr entry(const json::ArrayPtr& array, unsigned at)
{
    json::ObjectPtr object = array->getObject(at);
    if (object.isNull())
        refuse("an entry that is no object");
    return object;
}

OpenHours hours(const json::Object& object)
{
    const json::ObjectPtr capacity = json::object(object, "kapazitaet");
    json::onlyKeys(*capacity, {"intern", "oeffentlich"});
    return {.from = wallTimeFromText(json::text(object, "von")),
            .until = wallTimeFromText(json::text(object, "bis")),
            .lanes = small(*capacity, "intern"),
            .publicLanes = small(*capacity, "oeffentlich")};
}

OpeningRule rule(const json::Object& object, const std::string& id, LocalDate from)
{
    OpeningRule read{.id = id, .weekdays = {}, .first = from, .hours = hours(object)};
    for (const std::string& day : json::texts(object, "tage"))
        read.weekdays.push_back(germanDay(day));
    if (object.has("alle_wochen"))
        read.everyWeeks = small(object, "alle_wochen");
    if (object.has("woche_im_monat"))
        read.weekInMonth = small(object, "woche_im_monat");
    if (const auto start = json::optionalText(object, "start"))
        read.first = localDateFromIso(*start);
    return read;
}

void addRules(OpeningRules& rules, const json::Object& pattern, LocalDate from)
{
    json::onlyKeys(pattern, {"id", "einwohner", "schalter", "regeln"});
    const std::string id = json::text(pattern, "id");
    const json::ArrayPtr array = json::array(pattern, "regeln");
    for (unsigned i = 0; i < array->size(); ++i) {
        const json::ObjectPtr object = entry(array, i);
        json::onlyKeys(*object, {"art", "tage", "von", "bis", "kapazitaet", "raster_min",
                                 "alle_wochen", "woche_im_monat", "start", "tageskontingent"});
        const std::string kind = json::text(*object, "art");
        if (kind == "spontan" || kind == "pause")
            continue; // the queue's, or nobody's
        if (kind != "termin")
            refuse("hours of an unknown kind");
        if (object->has("raster_min") && small(*object, "raster_min") != cellLength.count())
            refuse("a grid that is not five minutes");
        rules.rules.push_back(rule(*object, id + "-" + std::to_string(i + 1), from));
    }
}

/// "datum" is one day; "von" and "bis" are days where there is none, else times of that day.
void addException(OpeningRules& rules, const json::Object& object, const std::string& id)
{
    json::onlyKeys(object, {"muster", "datum", "von", "bis", "grund", "geschlossen", "ersetzt",
                            "kapazitaet_minus"});
    const auto oneDay = json::optionalText(object, "datum");
    const LocalDate first = localDateFromIso(oneDay ? *oneDay : json::text(object, "von"));
    const LocalDate last = oneDay ? first : localDateFromIso(json::text(object, "bis"));
    const std::string reason = json::text(object, "grund");
    const int kinds =
        object.has("geschlossen") + object.has("ersetzt") + object.has("kapazitaet_minus");
    if (kinds != 1)
        refuse("an exception that is not of one kind");
    if (object.has("geschlossen")) {
        if (!json::boolean(object, "geschlossen"))
            refuse("a closure that does not close");
        rules.closures.push_back({.id = id, .first = first, .last = last, .reason = reason});
        return;
    }
    OpeningException exception{
        .id = id, .first = first, .last = last, .hours = {}, .reason = reason};
    if (object.has("ersetzt")) {
        const json::ArrayPtr array = json::array(object, "ersetzt");
        for (unsigned i = 0; i < array->size(); ++i) {
            const json::ObjectPtr instead = entry(array, i);
            json::onlyKeys(*instead, {"von", "bis", "kapazitaet"});
            exception.hours.push_back(hours(*instead));
        }
    } else {
        if (!oneDay)
            refuse("hours of which day?");
        exception.kind = ExceptionKind::Fewer;
        exception.hours = {{.from = wallTimeFromText(json::text(object, "von")),
                            .until = wallTimeFromText(json::text(object, "bis")),
                            .lanes = small(object, "kapazitaet_minus"),
                            .publicLanes = 0}};
    }
    rules.exceptions.push_back(std::move(exception));
}

/// Rows of a table whose first line names the columns (RFC 4180). Every row has all of them.
class Table {
public:
    explicit Table(std::string_view csv)
    {
        if (csv.size() > csvBytesMax)
            throw Error(ErrorCode::InputTooLarge, "a table that is too large");
        if (csv.starts_with("\xEF\xBB\xBF")) // spreadsheets put it there
            csv.remove_prefix(3);
        std::vector<std::string> row(1);
        bool quoted = false;
        for (std::size_t i = 0; i < csv.size(); ++i) {
            const char character = csv[i];
            if (quoted) {
                if (character != '"')
                    row.back().push_back(character);
                else if (i + 1 < csv.size() && csv[i + 1] == '"')
                    row.back().push_back(csv[++i]);
                else
                    quoted = false;
            } else if (character == '"' && row.back().empty()) {
                quoted = true;
            } else if (character == ',') {
                row.emplace_back();
            } else if (character == '\n') {
                add(std::exchange(row, std::vector<std::string>(1)));
            } else if (character != '\r' || i + 1 == csv.size() || csv[i + 1] != '\n') {
                row.back().push_back(character);
            }
        }
        if (quoted)
            refuse("a quotation without an end");
        add(std::move(row)); // the last line may lack its end
        if (_columns.empty())
            refuse("a table without columns");
    }

    std::size_t size() const { return _rows.size(); }
    const std::string& at(std::size_t row, std::string_view column) const
    {
        const auto found = std::ranges::find(_columns, column);
        if (found == _columns.end())
            refuse("a column is missing");
        return _rows[row][found - _columns.begin()];
    }

private:
    void add(std::vector<std::string> row)
    {
        if (row.size() == 1 && row.front().empty())
            return; // an empty line
        if (_columns.empty()) {
            _columns = std::move(row);
            return;
        }
        if (row.size() != _columns.size())
            refuse("a row with too few or too many columns");
        _rows.push_back(std::move(row));
    }

    std::vector<std::string> _columns;
    std::vector<std::vector<std::string>> _rows;
};

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
    const json::ArrayPtr patterns = json::array(*file, "muster");
    for (unsigned i = 0; i < patterns->size(); ++i) {
        const json::ObjectPtr object = entry(patterns, i);
        if (json::text(*object, "id") != pattern)
            continue;
        if (std::exchange(found, true))
            refuse("one pattern twice");
        addRules(base, *object, from);
    }
    if (!found)
        throw Error(ErrorCode::NotFound, "no such pattern of opening hours");
    const json::ArrayPtr exceptions = json::array(*file, "ausnahmen");
    for (unsigned i = 0; i < exceptions->size(); ++i) {
        const json::ObjectPtr object = entry(exceptions, i);
        if (json::text(*object, "muster") == pattern)
            addException(base, *object, "exception-" + std::to_string(i + 1));
    }
    check(base);
    return base;
}

ImportedHolidays importHolidays(std::string_view csv)
{
    const Table table(csv);
    ImportedHolidays imported;
    std::set<LocalDate> listed;
    std::set<std::chrono::year> years;
    for (std::size_t row = 0; row < table.size(); ++row) {
        const LocalDate day = localDateFromIso(table.at(row, "datum"));
        std::string weekday = table.at(row, "wochentag");
        std::ranges::transform(weekday, weekday.begin(), [](char letter) {
            return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        });
        if (germanDay(weekday) != std::chrono::weekday(std::chrono::sys_days(day)))
            refuse("a day that is another weekday");
        if (!listed.insert(day).second)
            refuse("one day twice");
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

ServiceTimes importServiceTimes(std::string_view csv)
{
    const Table table(csv);
    ServiceTimes times;
    for (std::size_t row = 0; row < table.size(); ++row) {
        const std::string& key = table.at(row, "leika_schluessel");
        if (key.size() != 14 || key.find_first_not_of("0123456789") != std::string::npos)
            refuse("not a service key");
        const ServiceTime time{.each = std::chrono::minutes(number(table.at(row, "dauer_min"))),
                               .quantityMax = number(table.at(row, "max_anzahl"))};
        if (time.each < std::chrono::minutes(1) || time.each > std::chrono::hours(8) ||
            time.quantityMax < 1 || time.quantityMax > 99)
            refuse("a duration or quantity that cannot be meant");
        if (!yes(table.at(row, "termin")))
            continue;
        // Variants of a service share its key; they may not differ in time.
        const auto [known, fresh] = times.emplace(key, time);
        if (!fresh && known->second != time)
            refuse("one service with two durations");
    }
    return times;
}

} // namespace amt::office
