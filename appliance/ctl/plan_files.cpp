// SPDX-License-Identifier: EUPL-1.2
//
// All is read before anything is written; what is written is read back first, as the node would.
#include "appliance/ctl/plan_files.h"

#include "appliance/office/calendar/export.h"
#include "appliance/office/calendar/import.h"
#include "appliance/office/queue/queue_plan.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <sstream>

namespace fs = std::filesystem;

namespace amt::ctl {
namespace {

constexpr auto planName = "calendar.json";
constexpr auto queueName = "queue.json";

[[noreturn]] void fail(const std::string& what)
{
    throw Error(ErrorCode::SystemFailed, what + ": " + std::strerror(errno));
}

/// Owns a file descriptor.
class Descriptor {
public:
    Descriptor(const fs::path& file, int flags) : _number(::open(file.c_str(), flags, 0644))
    {
        if (_number < 0)
            fail(file.string());
    }
    ~Descriptor() { ::close(_number); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    void write(std::string_view text)
    {
        while (!text.empty()) {
            const ssize_t written = ::write(_number, text.data(), text.size());
            if (written < 0 && errno != EINTR)
                fail("write");
            if (written > 0)
                text.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void sync()
    {
        if (::fsync(_number) != 0)
            fail("fsync");
    }

private:
    int _number;
};

std::optional<office::BookingPlan> planIn(const fs::path& folder)
{
    if (!fs::exists(folder / planName))
        return std::nullopt;
    return inFile(folder / planName, [](const std::string& text) {
        return office::bookingPlanFromJson(*json::parseObject(text));
    });
}

/// The node would not start with a service that nobody calls: `group` takes those that no other
/// one serves. Nothing: queue.json stays as it is.
json::ObjectPtr queueFor(const office::BookingPlan& plan, const fs::path& folder,
                         const std::string& group)
{
    return inFile(folder / queueName, [&](const std::string& text) -> json::ObjectPtr {
        auto object = json::parseObject(text);
        const auto queue = office::queuePlanFromJson(*object);
        std::vector<std::string> missing;
        for (const auto& service : plan.services) {
            if (!queue.groupOfService(service.key))
                missing.push_back(service.key);
        }
        if (missing.empty())
            return nullptr;
        if (group.empty())
            throw Error(ErrorCode::InputMalformed,
                        std::accumulate(missing.begin(), missing.end(),
                                        std::string("no group serves (--group names one)"),
                                        [](auto all, const auto& key) { return all + " " + key; }));
        const auto groups = json::array(*object, "groups");
        for (unsigned i = 0; i < groups->size(); ++i) {
            const auto each = groups->getObject(i);
            if (json::text(*each, "key") != group)
                continue;
            for (const auto& key : missing)
                json::array(*each, "services")->add(key);
            office::queuePlanFromJson(*object); // as the node will read it
            return object;
        }
        throw Error(ErrorCode::NotFound, "no such group: " + group);
    });
}

template <typename Entries, typename Key>
json::ObjectPtr difference(const Entries& before, const Entries& after, Key&& key)
{
    std::map<std::string, const typename Entries::value_type*> old;
    for (const auto& each : before)
        old.emplace(key(each), &each);
    auto added = json::makeArray();
    auto changed = json::makeArray();
    auto removed = json::makeArray();
    for (const auto& each : after) {
        const auto known = old.find(key(each));
        if (known == old.end()) {
            added->add(key(each));
            continue;
        }
        if (!(*known->second == each))
            changed->add(key(each));
        old.erase(known);
    }
    for (const auto& [name, ignored] : old)
        removed->add(name);
    auto object = json::makeObject();
    object->set("added", added);
    object->set("changed", changed);
    object->set("removed", removed);
    return object;
}

/// A list of holidays has the last word about its days, and about no other.
void addClosures(office::OpeningRules& rules, const std::vector<office::Closure>& closures)
{
    for (const auto& closure : closures) {
        std::erase_if(rules.closures, [&](const auto& each) { return each.id == closure.id; });
        rules.closures.push_back(closure);
    }
}

/// At no moment there is no file, or half of one.
void replace(const fs::path& file, const json::Object& content)
{
    const fs::path beside = file.string() + ".new";
    fs::remove(beside); // of an import that a power cut ended
    writeNew(beside, forPeople(content));
    if (fs::exists(file)) {
        const fs::path old = file.string() + ".old";
        fs::remove(old);
        fs::create_hard_link(file, old);
    }
    fs::rename(beside, file);
    Descriptor(file.parent_path(), O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync();
}

} // namespace

std::string textOf(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in || in.bad())
        throw Error(ErrorCode::SystemFailed, "cannot read " + file.string());
    return text;
}

void writeNew(const fs::path& file, const std::string& text)
{
    Descriptor descriptor(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
    descriptor.write(text);
    descriptor.sync();
}

PlanChange planChange(const PlanFiles& files)
{
    PlanChange change{
        .before = planIn(files.municipality), .after = {}, .missing = {}, .queue = {}};
    auto& plan = change.after;
    if (change.before) {
        plan = *change.before;
    } else {
        plan.scope = files.scope;
        plan.place = {{"de", files.place}};
    }
    if (files.services) {
        const auto imported = inFile(*files.services, [&](const std::string& text) {
            return office::importServices(text, plan.services);
        });
        plan.services.clear();
        for (const auto& each : imported)
            plan.services.push_back(each.service);
    }
    if (files.hours)
        plan.rules = inFile(*files.hours, [&](const std::string& text) {
            return office::importOpeningHours(text, files.pattern, *files.from, plan.rules);
        });
    if (files.holidays) {
        auto imported = inFile(
            *files.holidays, [](const std::string& text) { return office::importHolidays(text); });
        addClosures(plan.rules, imported.closures);
        change.missing = std::move(imported.missing);
    }
    // As the node will read it.
    const auto again =
        office::bookingPlanFromJson(*json::parseObject(json::write(*office::toJson(plan))));
    AMT_ASSERT(again == plan);
    change.queue = queueFor(plan, files.municipality, files.group);
    return change;
}

json::ObjectPtr describe(const PlanChange& change)
{
    const auto before = change.before.value_or(office::BookingPlan());
    const auto id = [](const auto& each) { return each.id; };
    auto object = json::makeObject();
    object->set("changes", !change.before || !(*change.before == change.after));
    object->set("services", difference(before.services, change.after.services,
                                       [](const auto& each) { return each.key; }));
    object->set("rules", difference(before.rules.rules, change.after.rules.rules, id));
    object->set("exceptions",
                difference(before.rules.exceptions, change.after.rules.exceptions, id));
    object->set("closures", difference(before.rules.closures, change.after.rules.closures, id));
    auto missing = json::makeArray();
    for (const auto& holiday : change.missing)
        missing->add(toIso(holiday.day) + " " + std::string(holiday.name));
    object->set("holidaysNotListed", missing);
    object->set("queueChanges", !change.queue.isNull());
    return object;
}

void write(const PlanChange& change, const fs::path& municipality)
{
    if (change.queue) // first: groups may serve more than the plan offers, and not less
        replace(municipality / queueName, *change.queue);
    replace(municipality / planName, *office::toJson(change.after));
}

void exportPlan(const office::BookingPlan& plan, const fs::path& folder, std::chrono::year first,
                std::chrono::year last)
{
    writeNew(folder / planName, forPeople(*office::toJson(plan)));
    writeNew(folder / "dienste.csv", office::exportServices(plan.services));
    writeNew(folder / "oeffnungszeiten.json",
             forPeople(*office::exportOpeningHours(plan.rules, plan.scope)));
    writeNew(folder / "feiertage.csv", office::exportHolidays(first, last));
}

std::string forPeople(const json::Object& object)
{
    std::ostringstream text;
    object.stringify(text, 2);
    return text.str() + "\n";
}

} // namespace amt::ctl
