// SPDX-License-Identifier: EUPL-1.2
//
// Stays at desks, from the log.
#include "appliance/office/queue/durations_seen.h"

#include <algorithm>

namespace amt::office {

namespace {

using std::chrono::seconds;

constexpr seconds shortest{10};
constexpr seconds longest{4 * 3600};
constexpr double planWeighs = 20; ///< as many samples
constexpr double planSpread = 1.5;
constexpr double absentPlanned = 0.1;

/// What an event means to the stay that runs.
enum class Effect { None, Begins, Ends, Voids };

Effect effectOf(TicketEvent event)
{
    switch (event) {
    case TicketEvent::Called:
    case TicketEvent::Resumed:
        return Effect::Begins;
    case TicketEvent::Missed:
    case TicketEvent::Finished:
    case TicketEvent::Parked:
    case TicketEvent::Redirected:
    case TicketEvent::Shelved:
        return Effect::Ends;
    case TicketEvent::PutBack:
    case TicketEvent::Withdrawn:
    case TicketEvent::DayEnded:
        return Effect::Voids;
    case TicketEvent::Drawn:
    case TicketEvent::Printed:
    case TicketEvent::Noted:
    case TicketEvent::PrintFailed:
    case TicketEvent::Reprinted:
    case TicketEvent::Recalled:
    case TicketEvent::Returned:
    case TicketEvent::Served:
    case TicketEvent::Prioritised:
    case TicketEvent::Expired:
        return Effect::None;
    }
    AMT_ASSERT(false && "an event without an effect");
}

seconds nearestRank(const std::vector<seconds>& sorted, double share)
{
    const auto rank =
        static_cast<std::size_t>(share * static_cast<double>(sorted.size()) + 0.999999);
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

seconds mixed(seconds seen, double weight, double planned)
{
    return seconds(static_cast<std::int64_t>(weight * static_cast<double>(seen.count()) +
                                             (1 - weight) * planned + 0.5));
}

} // namespace

std::map<std::string, std::vector<seconds>> stays(const std::vector<QueueEvent>& eventsOfOneDay)
{
    struct Running {
        std::string group;
        UtcTime since;
    };
    std::map<TicketNumber, Running> running;
    std::map<std::string, std::vector<seconds>> found;
    for (const QueueEvent& event : eventsOfOneDay) {
        const auto* kind = std::get_if<TicketEvent>(&event.kind);
        if (!kind || !event.ticket)
            continue;
        switch (effectOf(*kind)) {
        case Effect::Begins:
            running[*event.ticket] = {event.group, event.time};
            break;
        case Effect::Ends:
            if (const auto stay = running.find(*event.ticket); stay != running.end()) {
                const auto length =
                    std::chrono::duration_cast<seconds>(event.time - stay->second.since);
                if (length >= shortest && length <= longest)
                    found[stay->second.group].push_back(length);
                running.erase(stay);
            }
            break;
        case Effect::Voids:
            running.erase(*event.ticket);
            break;
        case Effect::None:
            break;
        }
    }
    return found;
}

DurationModel shrunkToPlan(std::vector<seconds> seen, std::chrono::minutes planned)
{
    const double plan = static_cast<double>(seconds(planned).count());
    std::ranges::sort(seen);
    const auto count = static_cast<double>(seen.size());
    const double weight = count / (count + planWeighs);
    DurationModel model{
        .median = mixed(seen.empty() ? seconds(0) : nearestRank(seen, 0.5), weight, plan),
        .upper =
            mixed(seen.empty() ? seconds(0) : nearestRank(seen, 0.8), weight, plan * planSpread),
        .samples = static_cast<int>(seen.size())};
    model.upper = std::max(model.upper, model.median + seconds(1));
    return model;
}

std::map<std::string, DurationModel> DurationsSeen::modelsAt(const QueuePlan& plan, LocalDate today)
{
    const LocalDate first = plusDays(today, -durationDays);
    std::erase_if(_days, [&](const auto& day) { return day.first < first || day.first >= today; });
    for (LocalDate day = first; day < today; day = plusDays(day, 1)) {
        if (!_days.contains(day))
            _days[day] = stays(readEvents(_database, day, day, EventDetails::LeftOut));
    }
    std::map<std::string, DurationModel> models;
    for (const ServiceGroup& group : plan.groups) {
        std::vector<seconds> seen;
        for (const auto& [day, groups] : _days) {
            if (const auto found = groups.find(group.key); found != groups.end())
                seen.insert(seen.end(), found->second.begin(), found->second.end());
        }
        models[group.key] = shrunkToPlan(std::move(seen), group.planned);
    }
    return models;
}

double DurationsSeen::absentShareAt(LocalDate today)
{
    if (_absentShare && _absentShare->first == today)
        return _absentShare->second;
    auto row = _database.prepare(
        "SELECT ifnull(sum(kind = 'NotArrived'), 0), ifnull(sum(kind = 'Drawn' AND"
        " instr(details, '\"WalkIn\"') = 0), 0) FROM queue_event WHERE day BETWEEN ? AND ?");
    row.bind(toIso(plusDays(today, -durationDays)), toIso(plusDays(today, -1))).step();
    const auto absent = static_cast<double>(row.integer(0));
    const double all = absent + static_cast<double>(row.integer(1));
    const double share =
        absent == 0 ? absentPlanned : (absent + absentPlanned * planWeighs) / (all + planWeighs);
    _absentShare = {today, share};
    return share;
}

} // namespace amt::office
