// SPDX-License-Identifier: EUPL-1.2
//
// Plan from the folder, estimates as they age, the state that everybody hears.
#include "appliance/node/queue_hall.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace amt::node {
namespace {

constexpr auto planFile = "queue.json";
/// Who has saved a plan that came with the set-up.
constexpr auto fromFolder = "config/municipality";
constexpr Milliseconds estimateStays = std::chrono::seconds(10);
/// So that the same hall is estimated alike on all pages.
constexpr std::uint64_t estimateSeed = 20261122;
constexpr int linkDays = 1;     ///< tickets keep their names and appointments: today and yesterday
constexpr int figureDays = 800; ///< the log without names, for two years' comparison

page::Wait shown(const office::WaitRange& range)
{
    return {static_cast<int>(range.from.count()), static_cast<int>(range.until.count()),
            range.orLonger};
}

} // namespace

QueueHall::QueueHall(House& house)
    : plans(house.doors.database, house.journal), queue(house.doors.database, house.journal, plans),
      _house(house), _durations(house.doors.database)
{}

void QueueHall::takeUp()
{
    const auto path = std::filesystem::path(_house.settings.municipalityFolder) / planFile;
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return; // a town without numbers
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    office::QueuePlan plan;
    try {
        plan = office::queuePlanFromJson(*json::parseObject(text));
    } catch (const Error& failure) { // with the file's name, for whoever wrote it
        throw Error(ErrorCode::ConfigurationInvalid,
                    std::string(planFile) + ": " + failure.message());
    }
    const auto current = plans.current();
    const bool isOurs = current->version == 0 || current->savedBy == fromFolder;
    if (isOurs && current->plan != plan)
        plans.save(plan, current->version, fromFolder, planFile, _house.now());
}

bool QueueHall::isOffered() const
{
    return !plans.current()->plan.groups.empty();
}

const office::WaitingTimes& QueueHall::estimates()
{
    const auto sequence = queue.sequence();
    const Milliseconds now = _house.doors.loop.sinceBoot();
    if (_estimatedFor == sequence && now - _estimatedAt < estimateStays)
        return _estimates;
    const auto outlook = office::outlookAt(queue, _durations, {}, std::nullopt, _house.now());
    std::set<std::string> groups;
    for (const auto& group : plans.current()->plan.groups)
        groups.insert(group.key);
    _estimates = office::waitingTimes(outlook, groups, estimateSeed);
    _estimatedFor = sequence;
    _estimatedAt = now;
    return _estimates;
}

std::optional<page::Wait> QueueHall::waitOf(const std::string& group)
{
    const auto& known = estimates().newcomer;
    const auto found = known.find(group);
    return found == known.end() ? std::nullopt : std::optional(shown(found->second));
}

std::optional<page::Wait> QueueHall::waitOfTicket(const std::string& id)
{
    const auto& known = estimates().tickets;
    const auto found = known.find(id);
    return found == known.end() ? std::nullopt : std::optional(shown(found->second));
}

int QueueHall::before(const office::Ticket& ticket)
{
    const auto plan = plans.current();
    const UtcTime now = _house.now();
    const auto rank = office::rankAt(office::claimOf(ticket), plan->plan.rules, now);
    int count = 0;
    for (const auto& other : queue.ofDay(ticket.day, {office::TicketState::Waiting}))
        count += other.id != ticket.id && other.group == ticket.group &&
                 office::rankAt(office::claimOf(other), plan->plan.rules, now) < rank;
    return count;
}

page::Hall QueueHall::hall()
{
    const auto board = office::boardAt(queue, _house.now());
    page::Hall hall{board.waiting, board.openDesks, std::nullopt};
    // Over all groups: the shortest beginning and the longest end.
    for (const auto& [group, range] : estimates().newcomer) {
        const auto wait = shown(range);
        if (!hall.wait)
            hall.wait = wait;
        hall.wait->from = std::min(hall.wait->from, wait.from);
        hall.wait->until = std::max(hall.wait->until, wait.until);
        hall.wait->orLonger = hall.wait->orLonger || wait.orLonger;
    }
    return hall;
}

page::DisplayPage QueueHall::board()
{
    const UtcTime now = _house.now();
    page::DisplayPage view;
    view.municipality = _house.municipality();
    view.now = now;
    view.offered = isOffered();
    if (!view.offered)
        return view;
    const auto board = office::boardAt(queue, now);
    view.sequence = board.sequence;
    view.hall = hall();
    view.desks = static_cast<int>(plans.current()->plan.desks.size());
    for (const auto& call : board.calls) {
        view.calls.push_back({office::toText(call.number), call.deskName, call.calls,
                              call.state == office::TicketState::Called});
        const auto* desk = plans.current()->plan.desk(call.desk);
        if (desk && desk->way != office::Way::Unsaid)
            view.calls.back().way = office::name(desk->way);
        if (_house.doors.speaker)
            view.calls.back().spoken = "/display/speech/" + office::compact(call.number);
    }
    return view;
}

void QueueHall::publish()
{
    const auto view = board();
    const auto words = _house.doors.pages.boardWords(view);
    auto lines = json::makeObject();
    lines->set("waiting", words.waiting);
    lines->set("wait", words.wait);
    lines->set("desks", words.desks);
    auto calls = json::makeArray();
    for (const auto& each : words.calls) {
        auto call = json::makeObject();
        call->set("call", each.call);
        call->set("number", each.number);
        call->set("desk", each.desk);
        call->set("spoken", each.spoken);
        call->set("way", each.way);
        call->set("wayLine", each.wayLine);
        call->set("waits", each.waits);
        calls->add(call);
    }
    auto state = json::makeObject();
    state->set("sequence", view.sequence);
    state->set("lines", lines);
    state->set("calls", calls);
    _house.doors.livePages.publish(topic, json::write(*state));
}

void QueueHall::everyMinute()
{
    if (queue.sweep(_house.now()) > 0)
        publish();
}

void QueueHall::everyNight()
{
    for (const auto& label : queue.unsound())
        log::error("queue.unsound", {{"what", label}});
    const LocalDate today = localDate(_house.now());
    queue.purge(plusDays(today, -linkDays), plusDays(today, -figureDays), _house.now());
}

} // namespace amt::node
