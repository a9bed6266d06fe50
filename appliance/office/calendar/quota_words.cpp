// SPDX-License-Identifier: EUPL-1.2
//
// Messages of the quota protocol as JSON: what is written here is what is read there, and nothing
// else is.
#include "appliance/office/calendar/quota_words.h"

#include "appliance/office/calendar/words_json.h"

#include <algorithm>
#include <charconv>

namespace amt::office::quota {
namespace {

constexpr std::size_t keyBytesMax = 4096;
constexpr int scopesMax = 64;
constexpr int daysMax = 366;
constexpr int countMax = 100'000;

json::ObjectPtr objectOf(const Mark& mark)
{
    auto object = json::makeObject();
    object->set("number", mark.number);
    object->set("hash", mark.hash);
    return object;
}

Mark readMark(const json::Object& parent, const std::string& key)
{
    const auto object = json::object(parent, key);
    json::onlyKeys(*object, {"number", "hash"});
    Mark mark{natural(*object, "number"), json::text(*object, "hash")};
    require(isHash(mark.hash), "no hash");
    return mark;
}

json::ObjectPtr objectOf(const Life& life)
{
    auto object = json::makeObject();
    object->set("epoch", life.epoch);
    object->set("id", life.id);
    return object;
}

Life readLife(const json::Object& parent)
{
    const auto object = json::object(parent, "portal");
    json::onlyKeys(*object, {"epoch", "id"});
    Life life{natural(*object, "epoch"), json::text(*object, "id")};
    require(life.epoch == 0 ? life.id.empty() : isUuid(life.id), "no life of a portal");
    return life;
}

/// A decimal number of a record's details, where everything is text.
std::int64_t numberFrom(std::string_view text)
{
    std::int64_t number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    require(error == std::errc() && end == text.data() + text.size() && number >= 0,
            "a number is no number");
    return number;
}

int smallFrom(const json::Object& object, const std::string& key)
{
    const std::int64_t number = numberFrom(json::text(object, key));
    require(number <= cellsMax, "a number out of range");
    return static_cast<int>(number);
}

std::vector<std::int64_t> leasesFrom(const std::string& text, int cells)
{
    std::vector<std::int64_t> leases;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        leases.push_back(numberFrom(std::string_view(text).substr(from, comma - from)));
        from = comma + 1;
    }
    if (leases.size() == 1)
        leases.assign(static_cast<std::size_t>(cells), leases.front());
    require(std::ssize(leases) == cells, "leases of other cells");
    return leases;
}

} // namespace

bool isOfCalendar(std::string_view kind)
{
    return kind == "BOOK" || kind == "CANCEL" || kind == "MOVE" || kind == "RETURN" ||
           kind == "RULES";
}

std::string bookingId(const std::string& incarnation, std::int64_t number)
{
    return incarnation + ":" + std::to_string(number);
}

void checkBookingId(const std::string& id)
{
    const std::size_t colon = id.find(':');
    if (colon == std::string::npos || !isUuid(id.substr(0, colon)))
        throw Error(ErrorCode::InputMalformed, "no booking id");
    const std::string digits = id.substr(colon + 1);
    if (digits.empty() || digits.size() > 18 ||
        digits.find_first_not_of("0123456789") != std::string::npos)
        throw Error(ErrorCode::InputMalformed, "no booking id");
}

Body readBody(std::string_view kind, const std::string& details)
{
    const auto object = parse(details);
    Body body;
    if (kind == "RULES") {
        json::onlyKeys(*object, {"version", "sha256.rules", "restores"});
        body.version = numberFrom(json::text(*object, "version"));
        body.rulesDigest = json::text(*object, "sha256.rules");
        require(isHash(body.rulesDigest), "no digest");
        return body;
    }
    json::onlyKeys(*object, {"scope", "day", "lane", "cell", "cells", "leases", "booking",
                             "fromDay", "fromLane", "fromCell"});
    body.run = {.scope = scope(*object),
                .day = localDateFromIso(json::text(*object, "day")),
                .lane = smallFrom(*object, "lane"),
                .first = smallFrom(*object, "cell"),
                .count = smallFrom(*object, "cells")};
    check(body.run);
    if (object->has("leases"))
        body.leases = leasesFrom(json::text(*object, "leases"), body.run.count);
    require(object->has("booking") == (kind == "CANCEL" || kind == "MOVE"), "booking");
    if (object->has("booking")) {
        body.booking = json::text(*object, "booking");
        checkBookingId(body.booking);
    }
    require(object->has("fromDay") == (kind == "MOVE"), "a place that was left");
    if (kind == "MOVE") {
        body.from = Run{.scope = body.run.scope,
                        .day = localDateFromIso(json::text(*object, "fromDay")),
                        .lane = smallFrom(*object, "fromLane"),
                        .first = smallFrom(*object, "fromCell"),
                        .count = body.run.count};
        check(*body.from);
    }
    return body;
}

std::string write(const Lease& lease)
{
    auto object = json::makeObject();
    object->set("node", lease.node);
    object->set("incarnation", lease.incarnation);
    object->set("number", lease.number);
    object->set("serial", lease.serial);
    object->set("portalLife", lease.portalLife);
    object->set("sellUntil", toMilliseconds(lease.sellUntil));
    object->set("runs", arrayOf(lease.runs, [](const Run& run) { return objectOf(run); }));
    return json::write(*object);
}

Lease readLease(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object,
                   {"node", "incarnation", "number", "serial", "portalLife", "sellUntil", "runs"});
    Lease lease{.node = json::text(*object, "node"),
                .incarnation = uuid(*object, "incarnation"),
                .number = natural(*object, "number"),
                .serial = natural(*object, "serial"),
                .portalLife = uuid(*object, "portalLife"),
                .sellUntil = fromMilliseconds(natural(*object, "sellUntil")),
                .runs = {}};
    each(*object, "runs", runsMax,
         [&](const json::Object& run) { lease.runs.push_back(readRun(run)); });
    require(!lease.runs.empty() && lease.serial > 0, "a lease of nothing");
    return lease;
}

std::string write(const Register& message)
{
    auto object = json::makeObject();
    object->set("node", message.node);
    object->set("incarnation", message.incarnation);
    object->set("publicKey", message.publicKey);
    object->set("from", objectOf(message.from));
    object->set("head", objectOf(message.head));
    object->set("grants", message.grants);
    object->set("portal", objectOf(message.portal));
    object->set("challenge", message.challenge);
    return json::write(*object);
}

Register readRegister(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"node", "incarnation", "publicKey", "from", "head", "grants", "portal",
                             "challenge"});
    Register message{.node = json::text(*object, "node"),
                     .incarnation = uuid(*object, "incarnation"),
                     .publicKey = json::text(*object, "publicKey"),
                     .from = readMark(*object, "from"),
                     .head = readMark(*object, "head"),
                     .grants = natural(*object, "grants"),
                     .portal = readLife(*object),
                     .challenge = json::text(*object, "challenge")};
    require(!message.node.empty() && message.publicKey.size() <= keyBytesMax &&
                message.from.number <= message.head.number,
            "a registration that cannot be meant");
    return message;
}

std::string write(const Report& message)
{
    auto object = json::makeObject();
    object->set("incarnation", message.incarnation);
    object->set("records", arrayOf(message.records, [](const Record& record) {
                    auto entry = json::makeObject();
                    entry->set("number", record.number);
                    entry->set("hash", record.hash);
                    if (!record.kind.empty()) {
                        entry->set("kind", record.kind);
                        entry->set("id", record.id);
                        entry->set("time", toMilliseconds(record.time));
                        entry->set("timeQuality", record.timeQuality);
                        entry->set("details", record.details);
                    }
                    if (!record.rules.empty())
                        entry->set("rules", record.rules);
                    return entry;
                }));
    return json::write(*object);
}

Report readReport(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"incarnation", "records"});
    Report message{.incarnation = uuid(*object, "incarnation"), .records = {}};
    each(*object, "records", recordsMax, [&](const json::Object& entry) {
        Record record{.number = natural(entry, "number"),
                      .hash = json::text(entry, "hash"),
                      .kind = {},
                      .id = {},
                      .time = {},
                      .timeQuality = {},
                      .details = {},
                      .rules = {}};
        require(isHash(record.hash), "no hash");
        require(message.records.empty() || record.number == message.records.back().number + 1,
                "records that are not in a row");
        if (entry.has("kind")) {
            json::onlyKeys(
                entry, {"number", "hash", "kind", "id", "time", "timeQuality", "details", "rules"});
            record.kind = json::text(entry, "kind");
            require(isOfCalendar(record.kind), "a record that is not the portal's business");
            record.id = json::text(entry, "id");
            record.time = fromMilliseconds(natural(entry, "time"));
            record.timeQuality = json::text(entry, "timeQuality");
            record.details = json::text(entry, "details");
            readBody(record.kind, record.details); // whole, or not at all
            require(entry.has("rules") == (record.kind == "RULES"), "rules");
            if (record.kind == "RULES") {
                record.rules = json::text(entry, "rules");
                openingRulesFromJson(*parse(record.rules));
                require(!record.id.empty() && record.id.size() <= scopeBytesMax, "no scope");
            }
        } else {
            json::onlyKeys(entry, {"number", "hash"});
        }
        message.records.push_back(std::move(record));
    });
    require(!message.records.empty(), "a report of nothing");
    return message;
}

std::string write(const GrantsQuestion& message)
{
    auto object = json::makeObject();
    object->set("incarnation", message.incarnation);
    object->set("from", message.from);
    return json::write(*object);
}

GrantsQuestion readGrantsQuestion(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"incarnation", "from"});
    return {uuid(*object, "incarnation"), natural(*object, "from")};
}

std::string write(const Leases& message)
{
    auto object = json::makeObject();
    object->set("incarnation", message.incarnation);
    object->set("portal", objectOf(message.portal));
    object->set("head", message.head);
    object->set("grants", message.grants);
    object->set("owned", arrayOf(message.owned, [](const Leases::Owned& owned) {
                    auto entry = objectOf(owned.run);
                    entry->set("serial", owned.serial);
                    return entry;
                }));
    return json::write(*object);
}

Leases readLeases(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"incarnation", "portal", "head", "grants", "owned"});
    Leases message{.incarnation = uuid(*object, "incarnation"),
                   .portal = readLife(*object),
                   .head = natural(*object, "head"),
                   .grants = natural(*object, "grants"),
                   .owned = {}};
    each(*object, "owned", runsMax, [&](const json::Object& entry) {
        json::onlyKeys(entry, {"scope", "day", "lane", "cell", "cells", "serial"});
        message.owned.push_back({readRunOf(entry), natural(entry, "serial")});
        require(message.owned.back().serial > 0, "a lease without a serial");
    });
    return message;
}

std::string write(const Want& message)
{
    const auto day = [](const Want::Day& each) {
        auto entry = json::makeObject();
        entry->set("day", toIso(each.day));
        entry->set("count", each.count);
        return entry;
    };
    auto object = json::makeObject();
    object->set("incarnation", message.incarnation);
    object->set("scopes", arrayOf(message.scopes, [&](const Want::Scope& scope) {
                    auto entry = json::makeObject();
                    entry->set("scope", scope.scope);
                    entry->set("runCells", scope.runCells);
                    entry->set("left", arrayOf(scope.left, day));
                    entry->set("used", arrayOf(scope.used, day));
                    return entry;
                }));
    return json::write(*object);
}

Want readWant(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"incarnation", "scopes"});
    Want message{.incarnation = uuid(*object, "incarnation"), .scopes = {}};
    each(*object, "scopes", scopesMax, [&](const json::Object& entry) {
        json::onlyKeys(entry, {"scope", "runCells", "left", "used"});
        Want::Scope wanted{.scope = scope(entry),
                           .runCells = small(entry, "runCells", 1, cellsMax),
                           .left = {},
                           .used = {}};
        for (const auto& [key, into] : {std::pair{"left", &wanted.left}, {"used", &wanted.used}})
            each(entry, key, daysMax, [&, into = into](const json::Object& day) {
                json::onlyKeys(day, {"day", "count"});
                into->push_back(
                    {localDateFromIso(json::text(day, "day")), small(day, "count", 0, countMax)});
            });
        message.scopes.push_back(std::move(wanted));
    });
    return message;
}

std::string write(const Answer& answer)
{
    auto object = json::makeObject();
    object->set("incarnation", answer.incarnation);
    object->set("portal", objectOf(answer.portal));
    object->set("portalTime", toMilliseconds(answer.portalTime));
    object->set("challenge", answer.challenge);
    object->set("fenced", answer.fenced);
    object->set("showLeases", answer.showLeases);
    object->set("next", answer.next);
    object->set("grants", answer.grants);
    object->set("recall", arrayOf(answer.recall, [](const Run& run) { return objectOf(run); }));
    object->set("leases", arrayOf(answer.leases, [](const std::string& token) { return token; }));
    return json::write(*object);
}

Answer readAnswer(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"incarnation", "portal", "portalTime", "challenge", "fenced",
                             "showLeases", "next", "grants", "recall", "leases"});
    Answer answer{.incarnation = uuid(*object, "incarnation"),
                  .portal = readLife(*object),
                  .portalTime = fromMilliseconds(natural(*object, "portalTime")),
                  .challenge = json::text(*object, "challenge"),
                  .fenced = json::boolean(*object, "fenced"),
                  .showLeases = json::boolean(*object, "showLeases"),
                  .next = natural(*object, "next"),
                  .grants = natural(*object, "grants"),
                  .recall = {},
                  .leases = json::texts(*object, "leases")};
    each(*object, "recall", runsMax,
         [&](const json::Object& run) { answer.recall.push_back(readRun(run)); });
    require(answer.leases.size() <= grantsMax && answer.portal.epoch > 0, "an answer");
    return answer;
}

std::string write(const CalendarQuestion& question)
{
    auto object = json::makeObject();
    object->set("scope", question.scope);
    object->set("from", toIso(question.from));
    object->set("days", question.days);
    return json::write(*object);
}

CalendarQuestion readCalendarQuestion(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"scope", "from", "days"});
    return {scope(*object), localDateFromIso(json::text(*object, "from")),
            small(*object, "days", 1, calendarDaysMax)};
}

std::string write(const Calendar& calendar)
{
    auto object = json::makeObject();
    object->set("asOf", toMilliseconds(calendar.asOf));
    object->set("scope", calendar.scope);
    object->set("version", calendar.version);
    object->set("rules", calendar.rules);
    object->set("taken", arrayOf(calendar.taken, [](const Run& run) { return objectOf(run); }));
    if (calendar.isElsewhere)
        object->set("elsewhere", true);
    return json::write(*object);
}

Calendar readCalendar(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"asOf", "scope", "version", "rules", "taken", "elsewhere"});
    Calendar calendar{.asOf = fromMilliseconds(natural(*object, "asOf")),
                      .scope = scope(*object),
                      .version = natural(*object, "version"),
                      .rules = json::text(*object, "rules"),
                      .taken = {},
                      .isElsewhere =
                          object->has("elsewhere") && json::boolean(*object, "elsewhere")};
    openingRulesFromJson(*parse(calendar.rules));
    each(*object, "taken", runsMax * 4,
         [&](const json::Object& run) { calendar.taken.push_back(readRun(run)); });
    return calendar;
}

int target(std::vector<int> bookings)
{
    constexpr int least = 2;
    if (bookings.empty())
        return least;
    std::ranges::sort(bookings);
    const std::size_t rank = (bookings.size() * 95 + 99) / 100; // nearest rank
    const int high = bookings[rank - 1];
    return std::max(least, (3 * high + 1) / 2);
}

} // namespace amt::office::quota
