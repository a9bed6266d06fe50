// SPDX-License-Identifier: EUPL-1.2
//
// Drawings are SVG with attributes only, for pages allow no style of their own; whatever they show
// stands in a table as well.
#include "kiosk/page/planning.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace amt::page {
namespace {

const std::string german = "de";
constexpr int minutesOfHour = 60;
constexpr int minutesOfDay = 24 * minutesOfHour;

std::string number(std::int64_t value)
{
    return std::to_string(value);
}

/// "8:00"
std::string wallTime(int minutes)
{
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%d:%02d", minutes / minutesOfHour,
                  minutes % minutesOfHour);
    return text.data();
}

std::string moment(UtcTime time)
{
    return germanDate(localDate(time)) + ", " + localTime(time) + " Uhr";
}

std::string joined(const std::vector<std::string>& parts, const char* between = ", ")
{
    std::string text;
    for (const auto& part : parts)
        text += (text.empty() ? "" : between) + part;
    return text;
}

// --- the week grid ---

constexpr int axis = 52, head = 46, dayWidth = 152, dayGap = 10, hourHeight = 44, edge = 8;

struct Hours {
    int from = 8 * minutesOfHour, until = 16 * minutesOfHour; ///< at least so much is drawn
};

Hours hoursOf(const std::vector<HoursDay>& days)
{
    Hours hours;
    for (const auto& day : days) {
        for (const auto& run : day.runs) {
            hours.from = std::min(hours.from, run.from / minutesOfHour * minutesOfHour);
            hours.until = std::max(hours.until,
                                   (run.until + minutesOfHour - 1) / minutesOfHour * minutesOfHour);
        }
    }
    hours.until = std::min(hours.until, minutesOfDay);
    return hours;
}

const char* kindOf(HoursDay::Run::Kind kind)
{
    using Kind = HoursDay::Run::Kind;
    return kind == Kind::Public ? "public" : kind == Kind::Staff ? "staff" : "booked";
}

/// As much as fits over a column; the table has all of it.
std::string shortened(const std::string& note)
{
    constexpr int lettersShown = 21;
    std::size_t end = 0;
    for (int letters = 0; end < note.size(); ++end) {
        const bool begins = (static_cast<unsigned char>(note[end]) & 0xC0) != 0x80;
        if (begins && ++letters > lettersShown)
            return note.substr(0, end) + "…";
    }
    return note;
}

Data weekPicture(const Texts& texts, const std::vector<HoursDay>& days)
{
    const Hours hours = hoursOf(days);
    int lanes = 1;
    for (const auto& day : days) {
        for (const auto& run : day.runs)
            lanes = std::max(lanes, run.lane + 1);
    }
    const auto yOf = [&](int minutes) {
        return head + (minutes - hours.from) * hourHeight / minutesOfHour;
    };
    const int width = axis + static_cast<int>(days.size()) * dayWidth + edge;
    const int laneWidth = (dayWidth - dayGap) / lanes;
    Data picture;
    picture.set("width", number(width));
    picture.set("height", number(yOf(hours.until) + 2 * edge));
    Data lines{Data::type::list};
    for (int minutes = hours.from; minutes <= hours.until; minutes += minutesOfHour) {
        Data line;
        line.set("y", number(yOf(minutes)));
        line.set("labelY", number(yOf(minutes) + 5));
        line.set("x", number(axis - edge));
        line.set("label", wallTime(minutes));
        lines.push_back(line);
    }
    picture.set("lines", lines);
    Data columns{Data::type::list};
    int left = axis;
    for (const auto& day : days) {
        Data column;
        column.set("x", number(left + (dayWidth - dayGap) / 2));
        column.set("label", texts.day(german, day.day).substr(0, 10));
        column.set("note", shortened(day.holiday.empty() ? joined(day.reasons) : day.holiday));
        Data rects{Data::type::list};
        for (const auto& run : day.runs) {
            const bool booked = run.kind == HoursDay::Run::Kind::Booked;
            Data rect; // what is booked stands within what is open
            rect.set("x", number(left + run.lane * laneWidth + (booked ? 4 : 1)));
            rect.set("y", number(yOf(run.from) + 1));
            rect.set("width", number(std::max(2, laneWidth - (booked ? 8 : 2))));
            rect.set("height", number(std::max(2, yOf(run.until) - yOf(run.from) - 2)));
            rect.set("kind", std::string(kindOf(run.kind)));
            rects.push_back(rect);
        }
        column.set("rects", rects);
        columns.push_back(column);
        left += dayWidth;
    }
    picture.set("columns", columns);
    return picture;
}

std::string said(const Texts& texts, const OpenSpan& span)
{
    const std::string when =
        texts.get(german, "desk.hours.span",
                  {{"from", wallTime(span.from)}, {"until", wallTime(span.until)}});
    if (span.lanes == 0)
        return when;
    return when + ": " + texts.plural(german, "desk.hours.lanes", span.lanes) + ", " +
           texts.get(german, "desk.hours.publicLanes", {{"count", number(span.publicLanes)}});
}

Data listOf(const std::vector<std::string>& lines)
{
    Data items{Data::type::list};
    for (const auto& line : lines)
        items.push_back(Data(line));
    return items;
}

Data dayRows(const Texts& texts, const std::vector<HoursDay>& days)
{
    Data rows{Data::type::list};
    for (const auto& day : days) {
        std::vector<std::string> open, notes = day.reasons;
        for (const auto& span : day.open)
            open.push_back(said(texts, span));
        if (!day.holiday.empty())
            notes.insert(notes.begin(), day.holiday);
        if (day.offline)
            notes.push_back(texts.plural(german, "desk.hours.offline", *day.offline));
        Data row;
        row.set("day", texts.day(german, day.day));
        row.set("iso", toIso(day.day));
        row.set("isOpen", !open.empty());
        row.set("open", listOf(open));
        row.set("booked", number(day.booked));
        row.set("note", joined(notes));
        rows.push_back(row);
    }
    return rows;
}

/// "Mo, Di · alle 2 Wochen · ab 01.01.2026"
std::string rhythm(const Texts& texts, const HoursEntry& entry)
{
    std::vector<std::string> weekdays, parts;
    for (const int weekday : entry.weekdays)
        weekdays.push_back(texts.get(german, "format.weekday." + number(weekday)));
    parts.push_back(joined(weekdays));
    if (entry.weekInMonth > 0)
        parts.push_back(texts.get(german, "desk.hours.inMonth." + number(entry.weekInMonth)));
    else if (entry.everyWeeks > 1)
        parts.push_back(texts.plural(german, "desk.hours.everyWeeks", entry.everyWeeks));
    parts.push_back(texts.get(german, "desk.hours.since", {{"day", germanDate(entry.first)}}));
    if (entry.last)
        parts.push_back(texts.get(german, "desk.hours.to", {{"day", germanDate(*entry.last)}}));
    return joined(parts, " · ");
}

std::string when(const Texts& texts, const HoursEntry& entry)
{
    if (entry.kind == "rule")
        return rhythm(texts, entry);
    const std::string first = texts.day(german, entry.first);
    if (!entry.last || *entry.last == entry.first)
        return first;
    return texts.get(german, "desk.hours.range",
                     {{"first", first}, {"last", texts.day(german, *entry.last)}});
}

Data entryData(const Texts& texts, const HoursEntry& entry)
{
    std::vector<std::string> hours;
    for (const auto& span : entry.hours)
        hours.push_back(said(texts, span));
    Data item;
    item.set("id", entry.id);
    item.set("kind", texts.get(german, "desk.hours.kind." + entry.kind));
    item.set("when", when(texts, entry));
    item.set("hours", !hours.empty()          ? joined(hours, "; ")
                      : entry.kind == "close" ? texts.get(german, "desk.hours.allDay")
                                              : texts.get(german, "desk.hours.noHours"));
    item.set("openOnHolidays", entry.openOnHolidays);
    item.set("reason", entry.reason.empty() ? Data(false) : Data(entry.reason));
    return item;
}

Data entries(const Texts& texts, const std::vector<HoursEntry>& listed)
{
    Data items{Data::type::list};
    for (const auto& entry : listed)
        items.push_back(entryData(texts, entry));
    return items;
}

// --- the form of a change, as a list of what is asked ---

struct Asked {
    const char* name;
    const char* type; ///< "date", "time", "number", "text", "check", "rhythm", "weekdays"
    bool required = true;
    int least = 0, most = 0;
};

constexpr int lanesMost = 64;
constexpr Asked firstDay{"first", "date"}, lastDay{"last", "date"}, openEnd{"last", "date", false};
constexpr Asked from{"from", "time"}, until{"until", "time"};
constexpr Asked lanes{"lanes", "number", true, 1, lanesMost},
    publicLanes{"publicLanes", "number", true, 0, lanesMost};
constexpr Asked holidays{"holidays", "check", false}, reason{"reason", "text"};

std::vector<Asked> askedFor(const std::string& kind)
{
    if (kind == "close")
        return {firstDay, lastDay, {"from", "time", false}, {"until", "time", false}, reason};
    if (kind == "fewer")
        return {firstDay, lastDay, from, until, lanes, publicLanes, reason};
    if (kind == "besides")
        return {firstDay, lastDay, from, until, lanes, publicLanes, holidays, reason};
    if (kind == "instead")
        return {firstDay,
                lastDay,
                from,
                until,
                lanes,
                publicLanes,
                {"from2", "time", false},
                {"until2", "time", false},
                {"lanes2", "number", false, 1, lanesMost},
                {"publicLanes2", "number", false, 0, lanesMost},
                holidays,
                reason};
    if (kind == "rule")
        return {{"weekdays", "weekdays"},
                {"rhythm", "rhythm"},
                firstDay,
                openEnd,
                from,
                until,
                lanes,
                publicLanes,
                holidays,
                reason};
    if (kind == "terms")
        return {{"leadMinutes", "number", true, 0, 7 * minutesOfDay},
                {"days", "number", true, 0, 730},
                {"reservationMinutes", "number", true, 5, 120},
                {"blockMinutes", "number", true, 0, minutesOfDay},
                reason};
    return {reason};
}

constexpr std::array<const char*, 7> weekdayFields = {"mo", "tu", "we", "th", "fr", "sa", "su"};
constexpr std::array<const char*, 9> rhythms = {"1w", "2w", "3w", "4w", "1m",
                                                "2m", "3m", "4m", "5m"};

Data input(const Texts& texts, const HoursChangePage& view, const Asked& asked)
{
    const auto typed = [&](const std::string& name) {
        const auto found =
            std::ranges::find(view.fields, name, [](const auto& field) { return field.first; });
        return found == view.fields.end() ? std::string() : found->second;
    };
    const std::string name = asked.name, type = asked.type;
    Data item;
    item.set("name", name);
    const bool takesAway = view.kind == "fewer" && type == "number";
    const std::string label =
        texts.get(german, "desk.hours.field." + name + (takesAway ? ".fewer" : ""));
    item.set("label", asked.required || type == "check"
                          ? label
                          : texts.get(german, "desk.hours.optional", {{"label", label}}));
    const std::string hint = "desk.hours.field." + name + ".hint";
    item.set("hint", texts.has(german, hint) ? Data(texts.get(german, hint)) : Data(false));
    item.set("value", typed(name));
    item.set("required", asked.required);
    for (const char* each : {"date", "time", "number", "text", "check", "rhythm", "weekdays"})
        item.set(each, type == each);
    item.set("checked", !typed(name).empty());
    item.set("least", number(asked.least));
    item.set("most", number(asked.most));
    Data choices{Data::type::list};
    if (type == "weekdays") {
        for (std::size_t i = 0; i < weekdayFields.size(); ++i) {
            Data choice;
            choice.set("key", std::string(weekdayFields[i]));
            choice.set("label", texts.get(german, "format.weekday." + number(std::int64_t(i) + 1)));
            choice.set("chosen", !typed(weekdayFields[i]).empty());
            choices.push_back(choice);
        }
    }
    if (type == "rhythm") {
        for (const std::string each : rhythms) {
            Data choice;
            choice.set("key", each);
            const int count = each[0] - '0';
            choice.set("label", each[1] == 'm'
                                    ? texts.get(german, "desk.hours.inMonth." + number(count))
                                    : texts.plural(german, "desk.hours.everyWeeks", count));
            choice.set("chosen", typed(name) == each);
            choices.push_back(choice);
        }
    }
    item.set("choices", choices);
    return item;
}

Data previewData(const Texts& texts, const HoursChangePage::Preview& preview)
{
    Data data;
    data.set("basedOn", number(preview.basedOn));
    data.set("seen", preview.seen);
    data.set("hasConflicts", !preview.conflicts.empty());
    data.set("conflictLine", texts.plural(german, "desk.hours.conflicts",
                                          static_cast<std::int64_t>(preview.conflicts.size())));
    data.set("shiftLine", preview.shifts == 0
                              ? Data(false)
                              : Data(texts.plural(german, "desk.hours.shifts", preview.shifts)));
    Data rows{Data::type::list};
    for (const auto& conflict : preview.conflicts) {
        Data row;
        row.set("id", conflict.id);
        row.set("code", conflict.code);
        row.set("when", moment(conflict.start));
        row.set("minutes", texts.plural(german, "desk.queue.minutes", conflict.minutes));
        row.set("concerns", conflict.concerns);
        rows.push_back(row);
    }
    data.set("conflicts", rows);
    data.set("picture", weekPicture(texts, preview.days));
    data.set("rows", dayRows(texts, preview.days));
    return data;
}

// --- charts of the figures ---

constexpr int chartHeight = 220, chartFoot = 26, chartAxis = 56, barStep = 44;

double minutesIn(std::chrono::seconds time)
{
    return static_cast<double>(time.count()) / minutesOfHour;
}

std::string oneDecimal(double value)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    std::string written = text.data();
    std::ranges::replace(written, '.', ',');
    return written;
}

/// The end of the scale and its step: 1, 2 or 5 times a power of ten, four to eight lines.
std::pair<int, int> scaleFor(double most)
{
    int step = 1;
    for (int power = 1;; power *= 10) {
        for (const int each : {1, 2, 5}) {
            step = each * power;
            if (most <= 6.0 * step)
                return {std::max(4, static_cast<int>(most / step) + 1) * step, step};
        }
    }
}

Data scaleLines(int end, int step)
{
    Data lines{Data::type::list};
    for (int value = 0; value <= end; value += step) {
        const int y = chartHeight - value * (chartHeight - 10) / end;
        Data line;
        line.set("y", number(y));
        line.set("labelY", number(y + 5));
        line.set("label", number(value));
        lines.push_back(line);
    }
    return lines;
}

/// The hours in which anybody began to wait, and those between.
std::pair<int, int> hoursWith(const StatisticsPage& view)
{
    int first = 24, last = -1;
    for (int hour = 0; hour < 24; ++hour) {
        if (view.waitByHour[hour].count > 0) {
            first = std::min(first, hour);
            last = hour;
        }
    }
    return {first, last};
}

std::string hourName(int hour)
{
    return number(hour) + "–" + number(hour + 1) + " Uhr";
}

/// Bars for the median, a line up to what 80 % waited at most.
Data waitChart(const StatisticsPage& view, std::pair<int, int> hours)
{
    double most = 1;
    for (int hour = hours.first; hour <= hours.second; ++hour)
        most = std::max(most, minutesIn(view.waitByHour[hour].upper));
    const auto [end, step] = scaleFor(most);
    const auto yOf = [end = end](double value) {
        return chartHeight - static_cast<int>(value * (chartHeight - 10) / end);
    };
    Data chart;
    chart.set("width",
              number(chartAxis + std::max(1, hours.second - hours.first + 1) * barStep + 10));
    chart.set("height", number(chartHeight + chartFoot));
    chart.set("labelsY", number(chartHeight + 18));
    chart.set("lines", scaleLines(end, step));
    Data bars{Data::type::list};
    for (int hour = hours.first; hour <= hours.second; ++hour) {
        const auto& wait = view.waitByHour[hour];
        const int left = chartAxis + (hour - hours.first) * barStep;
        const int top = yOf(minutesIn(wait.median));
        Data bar;
        bar.set("x", number(left + 6));
        bar.set("middle", number(left + barStep / 2));
        bar.set("y", number(top));
        bar.set("width", number(barStep - 12));
        bar.set("height", number(chartHeight - top));
        bar.set("upperY", number(yOf(minutesIn(wait.upper))));
        bar.set("upperLeft", number(left + 12));
        bar.set("upperRight", number(left + barStep - 12));
        bar.set("any", wait.count > 0);
        bar.set("label", number(hour));
        bars.push_back(bar);
    }
    chart.set("bars", bars);
    return chart;
}

/// Weekday × hour; each field has its number, so that colour alone says nothing.
Data heatMap(const Texts& texts, const StatisticsPage& view, std::pair<int, int> hours)
{
    constexpr int cellWidth = 64, cellHeight = 40, left = 44, top = 28, shades = 5;
    double most = 1;
    for (const auto& weekday : view.waitByWeekdayAndHour) {
        for (const auto& wait : weekday)
            most = std::max(most, minutesIn(wait.median));
    }
    Data map;
    map.set("width", number(left + std::max(1, hours.second - hours.first + 1) * cellWidth + 4));
    map.set("height", number(top + 7 * cellHeight + 4));
    Data headings{Data::type::list};
    for (int hour = hours.first; hour <= hours.second; ++hour) {
        Data heading;
        heading.set("x", number(left + (hour - hours.first) * cellWidth + cellWidth / 2));
        heading.set("y", number(top - 8));
        heading.set("label", number(hour) + " Uhr");
        headings.push_back(heading);
    }
    map.set("headings", headings);
    Data cells{Data::type::list}, rows{Data::type::list};
    for (int weekday = 0; weekday < 7; ++weekday) {
        const int y = top + weekday * cellHeight;
        Data row;
        row.set("y", number(y + cellHeight / 2 + 5));
        row.set("label", texts.get(german, "format.weekday." + number(weekday + 1)));
        rows.push_back(row);
        for (int hour = hours.first; hour <= hours.second; ++hour) {
            const auto& wait = view.waitByWeekdayAndHour[weekday][hour];
            const int x = left + (hour - hours.first) * cellWidth;
            const double share = minutesIn(wait.median) / most;
            Data cell;
            cell.set("x", number(x + 1));
            cell.set("y", number(y + 1));
            cell.set("width", number(cellWidth - 2));
            cell.set("height", number(cellHeight - 2));
            cell.set("shade", wait.count == 0
                                  ? std::string("none")
                                  : number(std::min(shades - 1, static_cast<int>(share * shades))));
            cell.set("textX", number(x + cellWidth / 2));
            cell.set("textY", number(y + cellHeight / 2 + 5));
            cell.set("label", wait.count == 0 ? "" : oneDecimal(minutesIn(wait.median)));
            cells.push_back(cell);
        }
    }
    map.set("rows", rows);
    map.set("cells", cells);
    return map;
}

/// Two bars a day, in hours over all lanes.
Data useChart(const StatisticsPage& view)
{
    constexpr int step = 26;
    double most = 1;
    for (const auto& day : view.days)
        most = std::max({most, day.offeredMinutes / 60.0, day.bookedMinutes / 60.0});
    const auto [end, lineStep] = scaleFor(most);
    const auto yOf = [end = end](int minutes) {
        return chartHeight - minutes * (chartHeight - 10) / minutesOfHour / end;
    };
    Data chart;
    chart.set("width",
              number(chartAxis +
                     static_cast<int>(std::max<std::size_t>(1, view.days.size())) * step + 10));
    chart.set("height", number(chartHeight + chartFoot));
    chart.set("labelsY", number(chartHeight + 18));
    chart.set("lines", scaleLines(end, lineStep));
    Data bars{Data::type::list};
    int left = chartAxis;
    std::size_t index = 0;
    for (const auto& day : view.days) {
        Data bar;
        bar.set("x", number(left + 2));
        bar.set("middle", number(left + step / 2));
        bar.set("width", number(step - 4));
        bar.set("innerX", number(left + 6));
        bar.set("innerWidth", number(step - 12));
        bar.set("offeredY", number(yOf(day.offeredMinutes)));
        bar.set("offeredHeight", number(chartHeight - yOf(day.offeredMinutes)));
        bar.set("bookedY", number(yOf(day.bookedMinutes)));
        bar.set("bookedHeight", number(chartHeight - yOf(day.bookedMinutes)));
        // Days stand too close for a label each.
        bar.set("label", index++ % 3 == 0 ? germanDate(day.day).substr(0, 6) : std::string());
        bars.push_back(bar);
        left += step;
    }
    chart.set("bars", bars);
    return chart;
}

Data groupRow(const StatisticsPage::Group& group)
{
    const auto minutes = [](const StatisticsPage::Spread& spread, std::chrono::seconds value) {
        return spread.count == 0 ? std::string("–") : oneDecimal(minutesIn(value));
    };
    Data row;
    row.set("name", group.name);
    row.set("drawn", number(group.drawn));
    row.set("walkIns", number(group.walkIns));
    row.set("served", number(group.served));
    row.set("noShows", number(group.noShows));
    row.set("notArrived", number(group.notArrived));
    row.set("leftOpen", number(group.leftOpen));
    row.set("wait", minutes(group.wait, group.wait.median));
    row.set("waitUpper", minutes(group.wait, group.wait.upper));
    row.set("service", minutes(group.service, group.service.median));
    return row;
}

} // namespace

Data hoursData(const Texts& texts, const HoursPage& view)
{
    Data data;
    data.set("offered", view.offered);
    if (!view.offered)
        return data;
    const LocalDate monday = view.days.front().day;
    data.set("mayChange", view.mayChange);
    data.set("isElsewhere", view.isElsewhere);
    data.set("week", toIso(monday));
    data.set("before", toIso(plusDays(monday, -7)));
    data.set("after", toIso(plusDays(monday, 7)));
    data.set("picture", weekPicture(texts, view.days));
    data.set("rows", dayRows(texts, view.days));
    data.set("rules", entries(texts, view.rules));
    data.set("exceptions", entries(texts, view.exceptions));
    data.set("closures", entries(texts, view.closures));
    data.set("anySpecial", !view.exceptions.empty() || !view.closures.empty());
    data.set("terms", texts.get(german, "desk.hours.terms",
                                {{"lead", number(view.terms.leadMinutes)},
                                 {"days", number(view.terms.days)},
                                 {"reservation", number(view.terms.reservationMinutes)},
                                 {"block", number(view.terms.blockMinutes)}}));
    data.set("kept", view.kept == 0 ? Data(false)
                                    : Data(texts.plural(german, "desk.hours.kept", view.kept)));
    data.set("canUndo", view.canUndo);
    Data versions{Data::type::list};
    for (const auto& version : view.history) {
        Data item;
        item.set("version", number(version.version));
        item.set("at", moment(version.savedAt));
        item.set("by", version.savedBy.empty() ? texts.get(german, "desk.hours.withSetUp")
                                               : version.savedBy);
        item.set("reason", version.restores ? texts.get(german, "desk.hours.restored",
                                                        {{"version", number(*version.restores)}})
                                            : version.reason);
        versions.push_back(item);
    }
    data.set("history", versions);
    return data;
}

Data hoursChangeData(const Texts& texts, const HoursChangePage& view)
{
    Data data;
    data.set("kind", view.kind);
    data.set("isForm", !view.preview);
    data.set("isUndo", view.kind == "undo");
    data.set("lead", texts.get(german, "desk.hours.lead." + view.kind));
    data.set("removed", view.removed ? Data(entryData(texts, *view.removed)) : Data(false));
    Data inputs{Data::type::list};
    for (const auto& asked : askedFor(view.kind))
        inputs.push_back(input(texts, view, asked));
    data.set("inputs", inputs);
    Data fields{Data::type::list};
    for (const auto& [name, value] : view.fields) {
        Data field;
        field.set("name", name);
        field.set("value", value);
        fields.push_back(field);
    }
    data.set("fields", fields);
    const auto id =
        std::ranges::find(view.fields, "id", [](const auto& field) { return field.first; });
    data.set("id", id == view.fields.end() ? Data(false) : Data(id->second));
    data.set("preview", view.preview ? previewData(texts, *view.preview) : Data(false));
    return data;
}

Data statisticsData(const Texts& texts, const StatisticsPage& view)
{
    Data data;
    data.set("first", toIso(view.first));
    data.set("last", toIso(view.last));
    const auto hours = hoursWith(view);
    const bool anyWaits = hours.second >= 0;
    data.set("anyWaits", anyWaits);
    data.set("any", !view.days.empty());
    data.set("waits", anyWaits ? waitChart(view, hours) : Data(false));
    data.set("heat", anyWaits ? heatMap(texts, view, hours) : Data(false));
    data.set("use", view.days.empty() ? Data(false) : useChart(view));
    Data hourRows{Data::type::list};
    for (int hour = hours.first; hour <= hours.second; ++hour) {
        const auto& wait = view.waitByHour[hour];
        Data row;
        row.set("hour", hourName(hour));
        row.set("count", number(wait.count));
        row.set("median", wait.count == 0 ? "–" : oneDecimal(minutesIn(wait.median)));
        row.set("upper", wait.count == 0 ? "–" : oneDecimal(minutesIn(wait.upper)));
        hourRows.push_back(row);
    }
    data.set("hours", hourRows);
    Data groups{Data::type::list};
    for (const auto& group : view.groups)
        groups.push_back(groupRow(group));
    data.set("groups", groups);
    data.set("all", groupRow(view.all));
    Data days{Data::type::list};
    for (const auto& day : view.days) {
        Data row;
        row.set("day", texts.day(german, day.day));
        row.set("served", number(day.served));
        row.set("offered", oneDecimal(day.offeredMinutes / 60.0));
        row.set("booked", oneDecimal(day.bookedMinutes / 60.0));
        row.set("share", day.offeredMinutes == 0
                             ? "–"
                             : number(day.bookedMinutes * 100 / day.offeredMinutes) + " %");
        days.push_back(row);
    }
    data.set("days", days);
    return data;
}

} // namespace amt::page
