// SPDX-License-Identifier: EUPL-1.2
//
// A small simulation: desks that become free, people in the calling order, appointments that
// arrive or do not.
#include "appliance/office/queue/waiting_time.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>

namespace amt::office {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double eightyPercent = 0.8416212; ///< quantile of the normal distribution
constexpr minutes early{6}, earlySpread{4}; ///< how people come to appointments
constexpr UtcTime never = UtcTime::max();

/// The same on every machine: the distributions of the standard library are not.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : _engine(seed) {}
    double uniform() { return (static_cast<double>(_engine() >> 11) + 0.5) * 0x1p-53; }
    double normal()
    {
        return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
    }

private:
    std::mt19937_64 _engine;
};

/// Lognormal through median and 80 %.
struct Duration {
    double logMedian = 0, sigma = 0; ///< of seconds

    explicit Duration(const DurationModel& model)
        : logMedian(std::log(static_cast<double>(model.median.count()))),
          sigma((std::log(static_cast<double>(model.upper.count())) - logMedian) / eightyPercent)
    {}
    milliseconds sample(Chance& chance) const
    {
        const double length = std::exp(logMedian + sigma * chance.normal());
        return milliseconds(static_cast<std::int64_t>(1000 * std::min(length, 4 * 3600.0)));
    }
    /// What is left of one that lasts since `gone`.
    milliseconds rest(milliseconds gone, Chance& chance) const
    {
        for (int i = 0; i < 30; ++i) {
            if (const auto whole = sample(chance); whole > gone)
                return whole - gone;
        }
        // Longer than nearly all: about as long again, in the manner of such durations.
        return milliseconds(static_cast<std::int64_t>(static_cast<double>(gone.count()) * sigma *
                                                      0.5 * -std::log(chance.uniform())));
    }
};

struct Person {
    Claim claim;
    const std::string* group;
    const std::string* forDesk; ///< null: any
    std::size_t index;          ///< in Outlook::waiting; none for an appointment that comes
};
constexpr std::size_t notAsked = std::numeric_limits<std::size_t>::max();

class Round {
public:
    Round(const Outlook& outlook, const std::map<std::string, Duration>& durations,
          const std::set<std::string>& groups, Chance& chance)
        : _outlook(outlook), _durations(durations), _chance(chance)
    {
        for (const std::string& group : groups)
            newcomer[group] = never;
        called.assign(outlook.waiting.size(), never);
        for (std::size_t i = 0; i < outlook.waiting.size(); ++i) {
            const OutlookTicket& ticket = outlook.waiting[i];
            _waiting.push_back(
                {ticket.claim, &ticket.group, ticket.forDesk ? &*ticket.forDesk : nullptr, i});
        }
        for (const OutlookDesk& desk : outlook.desks) {
            UtcTime free = outlook.now;
            if (desk.busySince)
                free +=
                    duration(desk.busyGroup)
                        .rest(std::max(milliseconds(0), outlook.now - *desk.busySince), chance) +
                    outlook.between;
            _free.push_back(free);
        }
        for (const OutlookVisit& visit : outlook.expected)
            letArrive(visit);
        std::ranges::sort(_arriving, {}, [](const Person& person) { return person.claim.drawnAt; });
    }

    void run()
    {
        const UtcTime end = _outlook.now + waitHorizon;
        std::size_t arrived = 0;
        while (true) {
            const auto next = std::ranges::min_element(_free);
            if (next == _free.end() || *next >= end)
                return;
            const UtcTime now = *next;
            const OutlookDesk& desk = _outlook.desks[next - _free.begin()];
            if (desk.closes && now >= *desk.closes) {
                *next = never;
                continue;
            }
            for (; arrived < _arriving.size() && _arriving[arrived].claim.drawnAt <= now; ++arrived)
                _waiting.push_back(_arriving[arrived]);
            const auto [person, standing] = best(desk, now);
            // Whoever draws a number at the beginning stands behind all walk-ins of now.
            if (!person || standing == CallingClass::NotDue) {
                for (auto& [group, at] : newcomer) {
                    if (at == never && desk.mode == DeskMode::Everybody &&
                        desk.skills.contains(group))
                        at = now;
                }
            }
            if (!person) {
                *next = arrived < _arriving.size() ? _arriving[arrived].claim.drawnAt : never;
                continue;
            }
            if (person->index != notAsked)
                called[person->index] = now;
            *next = now + duration(*person->group).sample(_chance) + _outlook.between;
            _waiting.erase(_waiting.begin() + (person - _waiting.data()));
        }
    }

    std::map<std::string, UtcTime> newcomer;
    std::vector<UtcTime> called;

private:
    const Duration& duration(const std::string& group) const
    {
        const auto found = _durations.find(group);
        if (found == _durations.end())
            throw Error(ErrorCode::InputMalformed, "a group without a duration");
        return found->second;
    }

    void letArrive(const OutlookVisit& visit)
    {
        if (_chance.uniform() < _outlook.noShow)
            return;
        const double before = static_cast<double>(seconds(early).count()) +
                              static_cast<double>(seconds(earlySpread).count()) * _chance.normal();
        UtcTime at = visit.start - seconds(static_cast<std::int64_t>(before));
        if (at <= _outlook.now) { // not here yet: later than most
            const UtcTime latest = visit.start + _outlook.rules.lateAfter;
            if (latest <= _outlook.now)
                return;
            at = _outlook.now +
                 milliseconds(static_cast<std::int64_t>(
                     static_cast<double>((latest - _outlook.now).count()) * _chance.uniform()));
        }
        const bool late = at > visit.start + _outlook.rules.lateAfter;
        _arriving.push_back(
            {.claim = {.priority = Priority::Normal,
                       .punctuality = late ? Punctuality::Late : Punctuality::OnTime,
                       .appointmentAt = visit.start,
                       .drawnAt = at,
                       .number = {}},
             .group = &visit.group,
             .forDesk = nullptr,
             .index = notAsked});
    }

    std::pair<const Person*, CallingClass> best(const OutlookDesk& desk, UtcTime now) const
    {
        const Person* found = nullptr;
        CallingRank rank;
        for (const Person& person : _waiting) {
            if (!desk.skills.contains(*person.group) ||
                (desk.mode == DeskMode::AppointmentsOnly && !person.claim.appointmentAt) ||
                (person.forDesk && *person.forDesk != desk.id))
                continue;
            const CallingRank each = rankAt(person.claim, _outlook.rules, now);
            if (!found || each < rank) {
                found = &person;
                rank = each;
            }
        }
        return {found, rank.standing};
    }

    const Outlook& _outlook;
    const std::map<std::string, Duration>& _durations;
    Chance& _chance;
    std::vector<Person> _waiting, _arriving;
    std::vector<UtcTime> _free;
};

WaitRange rangeOf(std::vector<UtcTime>& times, UtcTime now)
{
    std::ranges::sort(times);
    const auto wait = [&](double share) {
        const auto rank = static_cast<std::size_t>(share * static_cast<double>(times.size()));
        const UtcTime at = std::min(times[std::min(rank, times.size() - 1)], now + waitHorizon);
        return std::chrono::duration_cast<seconds>(at - now);
    };
    return roundedOutwards(wait(0.2), wait(0.8));
}

} // namespace

WaitRange roundedOutwards(seconds from, seconds until)
{
    constexpr auto step = seconds(minutes(5)).count();
    WaitRange range{.from = minutes(from.count() / step * 5),
                    .until = minutes((until.count() + step - 1) / step * 5)};
    range.from = std::clamp(range.from, minutes(0), waitHorizon);
    range.until = std::clamp(range.until, range.from, waitHorizon);
    range.orLonger = until >= waitHorizon;
    if (range.until == minutes(0))
        range.until = minutes(5);
    return range;
}

WaitingTimes waitingTimes(const Outlook& outlook, const std::set<std::string>& groups,
                          std::uint64_t seed, int rounds)
{
    AMT_ASSERT(rounds > 0);
    std::map<std::string, Duration> durations;
    for (const auto& [group, model] : outlook.durations) {
        if (model.median < seconds(1) || model.upper <= model.median)
            throw Error(ErrorCode::InputMalformed, "a duration that cannot be meant");
        durations.emplace(group, Duration(model));
    }
    Chance chance(seed);
    std::map<std::string, std::vector<UtcTime>> newcomer;
    std::vector<std::vector<UtcTime>> called(outlook.waiting.size());
    for (int i = 0; i < rounds; ++i) {
        Round round(outlook, durations, groups, chance);
        round.run();
        for (const auto& [group, at] : round.newcomer)
            newcomer[group].push_back(at);
        for (std::size_t j = 0; j < called.size(); ++j)
            called[j].push_back(round.called[j]);
    }
    WaitingTimes answer;
    const auto served = [&](const std::string& group, bool appointment) {
        return std::ranges::any_of(outlook.desks, [&](const OutlookDesk& desk) {
            return desk.skills.contains(group) &&
                   (appointment || desk.mode == DeskMode::Everybody) &&
                   (!desk.closes || *desk.closes > outlook.now);
        });
    };
    for (auto& [group, times] : newcomer) {
        if (served(group, false))
            answer.newcomer[group] = rangeOf(times, outlook.now);
    }
    for (std::size_t j = 0; j < called.size(); ++j) {
        const OutlookTicket& ticket = outlook.waiting[j];
        if (served(ticket.group, ticket.claim.appointmentAt.has_value()))
            answer.tickets[ticket.id] = rangeOf(called[j], outlook.now);
    }
    return answer;
}

Outlook outlookAt(const Queue& queue, DurationsSeen& durations,
                  const std::vector<BookedVisit>& booked, std::optional<UtcTime> closes,
                  UtcTime now)
{
    const LocalDate today = localDate(now);
    const auto plan = queue.plan();
    Outlook outlook{.now = now,
                    .desks = {},
                    .waiting = {},
                    .expected = {},
                    .durations = durations.modelsAt(plan->plan, today),
                    .noShow = durations.absentShareAt(today),
                    .rules = plan->plan.rules};
    const auto open = queue.openDesks();
    for (const OpenDesk& desk : open) {
        OutlookDesk each{.id = desk.id,
                         .skills = desk.skills,
                         .mode = desk.mode,
                         .busySince = {},
                         .busyGroup = {},
                         .closes = closes};
        if (const auto ticket = queue.atDesk(desk.id)) {
            each.busySince = ticket->calledAt;
            each.busyGroup = ticket->group;
        }
        outlook.desks.push_back(std::move(each));
    }
    const auto known = [&](const std::string& group) { return outlook.durations.contains(group); };
    for (OutlookDesk& desk : outlook.desks) {
        // A group that the plan has lost since: nobody says how long.
        if (desk.busySince && !known(desk.busyGroup))
            outlook.durations[desk.busyGroup] = DurationModel{};
    }
    for (const Ticket& ticket : queue.ofDay(today, {TicketState::Waiting})) {
        if (!known(ticket.group))
            outlook.durations[ticket.group] = DurationModel{};
        OutlookTicket each{.id = ticket.id,
                           .group = ticket.group,
                           .claim = claimOf(ticket),
                           .forDesk = ticket.forDesk};
        const auto desk = std::ranges::find_if(
            open, [&](const OpenDesk& other) { return other.id == ticket.forDesk; });
        if (desk == open.end() || !desk->skills.contains(ticket.group))
            each.forDesk.reset(); // anybody's
        outlook.waiting.push_back(std::move(each));
    }
    for (const BookedVisit& visit : booked) {
        if (localDate(visit.start) == today && known(visit.group) &&
            !queue.findByAppointment(visit.appointment))
            outlook.expected.push_back({visit.group, visit.start});
    }
    return outlook;
}

} // namespace amt::office
