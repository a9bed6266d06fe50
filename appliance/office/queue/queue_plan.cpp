// SPDX-License-Identifier: EUPL-1.2
//
// Every change of the plan is a new row; what is not known is refused, never guessed.
#include "appliance/office/queue/queue_plan.h"

#include "appliance/office/queue/ticket.h"
#include "sync/outbox/sealing.h"

#include <algorithm>
#include <set>
#include <utility>

namespace amt::office {

namespace {

constexpr std::size_t keyBytesMax = 32;
constexpr std::size_t deskBytesMax = 16;
constexpr std::size_t nameBytesMax = 100;
constexpr std::size_t reasonBytesMax = 200;
constexpr std::size_t groupsMax = 23; // letters
constexpr std::size_t desksMax = 64;
constexpr std::chrono::minutes longest = std::chrono::hours(8);

void require(bool holds, const char* what)
{
    if (!holds)
        throw Error(ErrorCode::InputMalformed, what);
}

bool isWord(std::string_view text, std::size_t bytesMax)
{
    return !text.empty() && text.size() <= bytesMax && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}

bool isName(const std::string& text)
{
    return !text.empty() && text.size() <= nameBytesMax;
}

std::string_view name(Issuing issuing)
{
    switch (issuing) {
    case Issuing::Everywhere:
        return "Everywhere";
    case Issuing::ReceptionOnly:
        return "ReceptionOnly";
    }
    AMT_ASSERT(false && "an issuing without a name");
}

json::ArrayPtr arrayOf(const std::vector<std::string>& texts)
{
    json::ArrayPtr array = json::makeArray();
    for (const std::string& text : texts)
        array->add(text);
    return array;
}

int number(const json::Object& object, const std::string& key)
{
    const std::int64_t value = json::integer(object, key);
    require(std::in_range<int>(value), "a number that cannot be meant");
    return static_cast<int>(value);
}

std::chrono::minutes minutes(const json::Object& object, const std::string& key)
{
    return std::chrono::minutes(number(object, key));
}

json::ObjectPtr toJson(const ServiceGroup& group)
{
    json::ObjectPtr names = json::makeObject();
    for (const auto& [language, text] : group.name)
        names->set(language, text);
    json::ObjectPtr object = json::makeObject();
    object->set("key", group.key);
    object->set("letter", std::string(1, group.letter));
    object->set("name", names);
    object->set("services", arrayOf(group.services));
    object->set("plannedMinutes", static_cast<std::int64_t>(group.planned.count()));
    object->set("dailyLimit", group.dailyLimit);
    object->set("issuing", std::string(name(group.issuing)));
    return object;
}

ServiceGroup groupFromJson(const json::Object& object)
{
    json::onlyKeys(
        object, {"key", "letter", "name", "services", "plannedMinutes", "dailyLimit", "issuing"});
    const std::string letter = json::text(object, "letter");
    const std::string issuing = json::text(object, "issuing");
    require(letter.size() == 1, "a band that is not one letter");
    require(issuing == name(Issuing::Everywhere) || issuing == name(Issuing::ReceptionOnly),
            "an issuing that is not known");
    return {.key = json::text(object, "key"),
            .letter = letter[0],
            .name = textsFromJson(*json::object(object, "name")),
            .services = json::texts(object, "services"),
            .planned = minutes(object, "plannedMinutes"),
            .dailyLimit = number(object, "dailyLimit"),
            .issuing = issuing == name(Issuing::Everywhere) ? Issuing::Everywhere
                                                            : Issuing::ReceptionOnly};
}

void setWay(json::Object& object, const char* key, Way way)
{
    if (way != Way::Unsaid)
        object.set(key, std::string(name(way)));
}

Way wayIn(const json::Object& object, const char* key)
{
    const std::string text = json::optionalText(object, key).value_or("Unsaid");
    for (const Way way : {Way::Unsaid, Way::Left, Way::Right, Way::Straight, Way::Up, Way::Down}) {
        if (text == name(way))
            return way;
    }
    throw Error(ErrorCode::InputMalformed, "a way that no arrow shows");
}

json::ObjectPtr toJson(const PlannedDesk& desk)
{
    json::ObjectPtr object = json::makeObject();
    object->set("id", desk.id);
    object->set("name", desk.name);
    object->set("skills", arrayOf(desk.skills));
    if (!desk.nameEnglish.empty())
        object->set("nameEnglish", desk.nameEnglish);
    setWay(*object, "way", desk.way);
    return object;
}

PlannedDesk deskFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"id", "name", "skills", "nameEnglish", "way"});
    return {.id = json::text(object, "id"),
            .name = json::text(object, "name"),
            .skills = json::texts(object, "skills"),
            .nameEnglish = json::optionalText(object, "nameEnglish").value_or(""),
            .way = wayIn(object, "way")};
}

json::ObjectPtr toJson(const CallingRules& rules)
{
    json::ObjectPtr object = json::makeObject();
    const auto set = [&](const char* key, std::chrono::minutes value) {
        object->set(key, static_cast<std::int64_t>(value.count()));
    };
    set("dueBeforeMinutes", rules.dueBefore);
    set("lateAfterMinutes", rules.lateAfter);
    set("tooLateAfterMinutes", rules.tooLateAfter);
    set("checkInBeforeMinutes", rules.checkInBefore);
    set("confirmWithinMinutes", rules.confirmWithin);
    object->set("callsMax", rules.callsMax);
    return object;
}

CallingRules rulesFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"dueBeforeMinutes", "lateAfterMinutes", "tooLateAfterMinutes",
                            "checkInBeforeMinutes", "confirmWithinMinutes", "callsMax"});
    return {.dueBefore = minutes(object, "dueBeforeMinutes"),
            .lateAfter = minutes(object, "lateAfterMinutes"),
            .tooLateAfter = minutes(object, "tooLateAfterMinutes"),
            .checkInBefore = minutes(object, "checkInBeforeMinutes"),
            .confirmWithin = minutes(object, "confirmWithinMinutes"),
            .callsMax = number(object, "callsMax")};
}

template <typename Value>
std::vector<Value> entries(const json::Object& object, const std::string& key,
                           Value (*read)(const json::Object&))
{
    const json::ArrayPtr array = json::array(object, key);
    std::vector<Value> found;
    for (unsigned i = 0; i < array->size(); ++i) {
        const json::ObjectPtr entry = array->getObject(i);
        if (!entry)
            throw Error(ErrorCode::JsonMalformed, key + ": objects expected");
        found.push_back(read(*entry));
    }
    return found;
}

constexpr std::string_view columns = "SELECT version, plan, saved_at, saved_by, reason FROM "
                                     "queue_plan ORDER BY version DESC LIMIT ?";

} // namespace

std::string_view name(Way way)
{
    switch (way) {
    case Way::Unsaid:
        return "Unsaid";
    case Way::Left:
        return "Left";
    case Way::Right:
        return "Right";
    case Way::Straight:
        return "Straight";
    case Way::Up:
        return "Up";
    case Way::Down:
        return "Down";
    }
    AMT_ASSERT(false && "a way without a name");
}

const ServiceGroup* QueuePlan::group(const std::string& key) const
{
    const auto found = std::ranges::find(groups, key, &ServiceGroup::key);
    return found == groups.end() ? nullptr : &*found;
}

const ServiceGroup* QueuePlan::groupOfService(const std::string& serviceKey) const
{
    const auto found = std::ranges::find_if(groups, [&](const ServiceGroup& group) {
        return std::ranges::find(group.services, serviceKey) != group.services.end();
    });
    return found == groups.end() ? nullptr : &*found;
}

const PlannedDesk* QueuePlan::desk(const std::string& id) const
{
    const auto found = std::ranges::find(desks, id, &PlannedDesk::id);
    return found == desks.end() ? nullptr : &*found;
}

void check(const QueuePlan& plan)
{
    using std::chrono::minutes;
    require(plan.groups.size() <= groupsMax && plan.desks.size() <= desksMax,
            "more groups or desks than there can be");
    std::set<std::string> keys, services, desks;
    std::set<char> letters;
    for (const ServiceGroup& group : plan.groups) {
        require(isWord(group.key, keyBytesMax) && keys.insert(group.key).second,
                "a group whose key is none, or doubled");
        require(isBandLetter(group.letter) && letters.insert(group.letter).second,
                "a letter that is none, or doubled");
        require(group.name.contains("de") &&
                    std::ranges::all_of(group.name,
                                        [](const auto& entry) { return isName(entry.second); }),
                "a group without a name");
        for (const std::string& service : group.services)
            require(isWord(service, keyBytesMax) && services.insert(service).second,
                    "a service that is none, or in two groups");
        require(group.planned > minutes(0) && group.planned <= longest,
                "a duration that cannot be meant");
        require(group.dailyLimit >= 0 && group.dailyLimit <= ticketNumberMax,
                "a limit that cannot be meant");
    }
    for (const PlannedDesk& desk : plan.desks) {
        require(isWord(desk.id, deskBytesMax) && desks.insert(desk.id).second,
                "a desk whose id is none, or doubled");
        require(isName(desk.name), "a desk without a name");
        require(desk.nameEnglish.empty() || isName(desk.nameEnglish),
                "a desk with a name that is none");
        const std::set<std::string> skills(desk.skills.begin(), desk.skills.end());
        require(!skills.empty() && skills.size() == desk.skills.size() &&
                    std::ranges::includes(keys, skills),
                "a desk with a skill that is no group, or none at all");
    }
    const CallingRules& rules = plan.rules;
    for (const minutes each : {rules.dueBefore, rules.lateAfter, rules.tooLateAfter})
        require(each >= minutes(0) && each <= longest, "a rule that cannot be meant");
    require(rules.tooLateAfter == minutes(0) || rules.tooLateAfter >= rules.lateAfter,
            "too late before late");
    require(rules.checkInBefore >= rules.dueBefore && rules.checkInBefore <= minutes(24 * 60),
            "a check-in that begins after the appointment is due");
    require(rules.confirmWithin >= minutes(1) && rules.confirmWithin <= longest,
            "no time to take a number");
    require(rules.callsMax >= 1 && rules.callsMax <= 9, "a number of calls that cannot be meant");
}

json::ObjectPtr toJson(const QueuePlan& plan)
{
    json::ArrayPtr groups = json::makeArray(), desks = json::makeArray();
    for (const ServiceGroup& group : plan.groups)
        groups->add(toJson(group));
    for (const PlannedDesk& desk : plan.desks)
        desks->add(toJson(desk));
    json::ObjectPtr object = json::makeObject();
    object->set("format", 1);
    object->set("groups", groups);
    object->set("desks", desks);
    object->set("rules", toJson(plan.rules));
    setWay(*object, "wayToWaiting", plan.wayToWaiting);
    return object;
}

QueuePlan queuePlanFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"format", "groups", "desks", "rules", "wayToWaiting"});
    require(json::integer(object, "format") == 1, "a format of another program");
    QueuePlan plan{.groups = entries<ServiceGroup>(object, "groups", groupFromJson),
                   .desks = entries<PlannedDesk>(object, "desks", deskFromJson),
                   .rules = rulesFromJson(*json::object(object, "rules")),
                   .wayToWaiting = wayIn(object, "wayToWaiting")};
    check(plan);
    return plan;
}

QueuePlans::QueuePlans(store::Database& database, outbox::Journal& journal)
    : _database(database), _journal(journal)
{}

std::vector<QueuePlanVersion> QueuePlans::history(int limit) const
{
    auto rows = _database.prepare(columns);
    rows.bind(limit);
    std::vector<QueuePlanVersion> found;
    while (rows.step())
        found.push_back({.version = static_cast<int>(rows.integer(0)),
                         .plan = queuePlanFromJson(*json::parseObject(rows.text(1))),
                         .savedAt = rows.time(2),
                         .savedBy = rows.text(3),
                         .reason = rows.text(4)});
    return found;
}

std::shared_ptr<const QueuePlanVersion> QueuePlans::current() const
{
    if (_current)
        return _current;
    auto newest = history(1);
    auto shared = std::make_shared<const QueuePlanVersion>(
        newest.empty() ? QueuePlanVersion{} : std::move(newest.front()));
    if (!_database.inTransaction()) // what is not committed may never be
        _current = shared;
    return shared;
}

QueuePlanVersion QueuePlans::save(const QueuePlan& plan, int basedOn, const std::string& by,
                                  const std::string& reason, UtcTime now)
{
    check(plan);
    require(reason.size() <= reasonBytesMax, "a reason that is too long");
    const QueuePlanVersion saved{
        .version = basedOn + 1, .plan = plan, .savedAt = now, .savedBy = by, .reason = reason};
    _current.reset(); // whatever comes of this commit, the next reader looks
    _database.transact([&] {
        if (current()->version != basedOn)
            throw Error(ErrorCode::VersionConflict, "the plan was changed meanwhile");
        const std::string text = json::write(*toJson(plan));
        _database
            .prepare("INSERT INTO queue_plan (version, plan, saved_at, saved_by, reason) VALUES"
                     " (?, ?, ?, ?, ?)")
            .bind(saved.version, text, now, by, reason)
            .run();
        _journal.append(outbox::RecordKind::Audit, "queue-plan",
                        {{"clerk", by},
                         {"act", "change-queue-plan"},
                         {"version", std::to_string(saved.version)},
                         {"sha256.plan", toHex(outbox::sha256(view(text)))},
                         {"reason", reason}},
                        now);
    });
    return saved;
}

} // namespace amt::office
