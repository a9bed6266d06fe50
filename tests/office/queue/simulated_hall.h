// SPDX-License-Identifier: EUPL-1.2
//
// A hall full of people: arrivals, printers, clerks and those who walked away, played on the real
// queue in a time of its own. Whoever watches hears of each number that waits and of each call.
#pragma once

#include "appliance/office/calendar/day_cells.h"
#include "appliance/office/queue/queue.h"

#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace amt::test {

/// What people do; shares are of 1.
struct HallHabits {
    std::map<std::string, double> walkInsAnHour; ///< by group; half as many more before noon
    /// Service in minutes, as mean of a gamma distribution of the third order (skewed, and none
    /// that the estimate assumes).
    std::map<std::string, double> serviceMinutes;
    std::map<std::string, int> appointmentsADay;
    double appointmentNotThere = 0.1; ///< never checks in
    double calledInVain = 0.05;       ///< is not there when called
    double comesBack = 0.4;           ///< ... and turns up after all
    double printFails = 0.01;
    double notTaken = 0.01; ///< goes away before the number is printed
    double parked = 0.05, redirected = 0.03, shelved = 0.03, withdrawn = 0.01;
};

struct HallHours {
    office::WallTime from, until; ///< numbers are drawn; desks go on until nobody waits
};

struct HallDay {
    LocalDate day;
    std::vector<HallHours> hours;
    std::vector<std::string> desks;
};

class SimulatedHall {
public:
    /// A number began to wait; it was called for the first time; each act that changed anything.
    std::function<void(const office::Ticket&, UtcTime)> onWaiting, onCalled;
    std::function<void(UtcTime)> onAct;

    SimulatedHall(office::Queue& queue, HallHabits habits, std::uint64_t seed)
        : _queue(queue), _habits(std::move(habits)), _engine(seed)
    {}

    /// Appointments of the day that runs.
    const std::vector<office::BookedVisit>& booked() const { return _booked; }
    int acts() const { return _acts; }

    /// From the first opening to the end of the day. Returns when it ended.
    UtcTime play(const HallDay& day)
    {
        const office::DayCells cells(day.day);
        const auto at = [&](office::WallTime wall) { return cells.startOf(cells.cellAt(wall)); };
        _agenda = {};
        _booked.clear();
        _busy.clear();
        _closed = false;
        const UtcTime begin = at(day.hours.front().from);
        for (const std::string& desk : day.desks) {
            _busy[desk] = false;
            later(begin + seconds(below(60)), [this, desk](UtcTime now) {
                _queue.openDesk({.desk = desk, .clerk = "clerk-" + desk}, office::TakeOver::No,
                                now);
                free(desk, now);
            });
        }
        for (const HallHours& hours : day.hours) {
            for (const auto& [group, rate] : _habits.walkInsAnHour)
                walkIns(group, rate, at(hours.from), at(hours.until));
        }
        for (const auto& [group, count] : _habits.appointmentsADay) {
            for (int i = 0; i < count; ++i) {
                const HallHours& hours = day.hours[below(static_cast<int>(day.hours.size()))];
                const int cellsOpen = static_cast<int>((hours.until - hours.from).count()) / 5 - 3;
                appointment(group, at(hours.from) + below(cellsOpen) * office::cellLength);
            }
        }
        const UtcTime closing = at(day.hours.back().until);
        later(closing, [this](UtcTime) { _closed = true; });
        UtcTime now = begin;
        while (!_agenda.empty()) {
            const auto next = _agenda.top();
            _agenda.pop();
            now = std::max(now, next.at);
            next.what(now);
        }
        now = std::max(now, closing) + std::chrono::minutes(1);
        _queue.endDay("clerk-1", now);
        _queue.noteAbsent(day.day, _booked, now);
        return now;
    }

    /// Uniform below `bound`.
    int below(int bound) { return static_cast<int>(_engine() % static_cast<std::uint64_t>(bound)); }

private:
    using Ticket = office::Ticket;
    using Act = std::function<void(UtcTime)>;
    struct Entry {
        UtcTime at;
        std::uint64_t order;
        Act what;
        bool operator<(const Entry& other) const
        {
            return std::pair(other.at, other.order) < std::pair(at, order);
        }
    };

    double uniform() { return (static_cast<double>(_engine() >> 11) + 0.5) * 0x1p-53; }
    bool happens(double share) { return uniform() < share; }
    double exponential() { return -std::log(uniform()); }
    static std::chrono::milliseconds seconds(double count)
    {
        return std::chrono::milliseconds(static_cast<std::int64_t>(count * 1000));
    }
    std::chrono::milliseconds between(double least, double most)
    {
        return seconds(least + (most - least) * uniform());
    }
    void later(UtcTime at, Act what) { _agenda.push({at, ++_order, std::move(what)}); }
    std::string newId()
    {
        Bytes bytes(8);
        char text[40];
        std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012llx",
                      static_cast<unsigned>(_engine()), static_cast<unsigned long long>(++_order));
        return text;
    }
    void acted(UtcTime now)
    {
        ++_acts;
        if (onAct)
            onAct(now);
    }
    static office::SeenTicket seen(const Ticket& ticket) { return {ticket.id, ticket.version}; }
    office::Actor clerkAt(const std::string& desk) const { return {"clerk-" + desk, desk}; }

    void walkIns(const std::string& group, double rate, UtcTime from, UtcTime until)
    {
        const office::DayCells cells(localDate(from));
        const UtcTime noon = cells.startOf(cells.cellAt(std::chrono::hours(12)));
        for (UtcTime at = from;;) {
            const double busier = at < noon ? 1.5 : 1;
            at += seconds(exponential() * 3600 / (rate * busier));
            if (at >= until)
                return;
            later(at, [this, group](UtcTime now) {
                const auto outcome = _queue.draw({.id = newId(), .group = group}, {"kiosk"}, now);
                acted(now);
                if (const auto* ticket = std::get_if<Ticket>(&outcome))
                    print(ticket->id, now);
            });
        }
    }

    void appointment(const std::string& group, UtcTime start)
    {
        const office::BookedVisit visit{newId(), group, start, std::chrono::minutes(15)};
        _booked.push_back(visit);
        if (happens(_habits.appointmentNotThere))
            return;
        const UtcTime comes =
            start - seconds(360) + seconds(300 * (uniform() + uniform() + uniform() - 1.5));
        later(comes, [this, visit](UtcTime now) {
            const auto outcome = _queue.checkIn({.id = newId(),
                                                 .appointment = visit.appointment,
                                                 .start = visit.start,
                                                 .group = visit.group},
                                                {"kiosk"}, now);
            acted(now);
            if (const auto* ticket = std::get_if<Ticket>(&outcome))
                print(ticket->id, now);
        });
    }

    void print(const std::string& id, UtcTime now)
    {
        if (happens(_habits.notTaken))
            return;
        later(now + between(2, 6), [this, id](UtcTime at) {
            if (happens(_habits.printFails)) {
                _queue.printFailed(id, {"kiosk"}, at);
                waits(_queue.noted(id, {"kiosk"}, at + seconds(5)), at + seconds(5));
            } else {
                waits(_queue.printed(id, {"kiosk"}, at), at);
            }
        });
    }

    void waits(const Ticket& ticket, UtcTime now)
    {
        acted(now);
        if (onWaiting)
            onWaiting(ticket, now);
        if (happens(_habits.withdrawn))
            later(now + between(300, 1800), [this, id = ticket.id](UtcTime at) {
                const auto known = _queue.find(id);
                if (known && known->state == office::TicketState::Waiting) {
                    _queue.withdraw(seen(*known), {"reception"}, at);
                    acted(at);
                }
            });
        wake(now);
    }

    /// Idle desks look; whose clerk is quicker is chance.
    void wake(UtcTime now)
    {
        std::vector<std::string> idle;
        for (const auto& [desk, busy] : _busy) {
            if (!busy)
                idle.push_back(desk);
        }
        std::shuffle(idle.begin(), idle.end(), _engine);
        for (const std::string& desk : idle)
            later(now + between(1, 4), [this, desk](UtcTime at) { free(desk, at); });
    }

    void free(const std::string& desk, UtcTime now)
    {
        if (_busy[desk] || !isOpen(desk))
            return;
        const auto outcome = _queue.callNext(clerkAt(desk), now);
        const auto* ticket = std::get_if<Ticket>(&outcome);
        if (!ticket)
            return;
        acted(now);
        _busy[desk] = true;
        if (onCalled)
            onCalled(*ticket, now);
        called(*ticket, now);
    }
    bool isOpen(const std::string& desk) const
    {
        for (const auto& open : _queue.openDesks()) {
            if (open.id == desk)
                return true;
        }
        return false;
    }

    void called(const Ticket& ticket, UtcTime now)
    {
        if (happens(_habits.calledInVain)) {
            later(now + between(45, 75), [this, ticket](UtcTime at) { recall(ticket, at); });
            return;
        }
        later(now + between(20, 80), [this, ticket](UtcTime at) {
            serve(_queue.serve(seen(ticket), clerkAt(*ticket.desk), at), at);
        });
    }

    void recall(const Ticket& ticket, UtcTime now)
    {
        const Ticket after = _queue.recall(seen(ticket), clerkAt(*ticket.desk), now);
        acted(now);
        if (after.state == office::TicketState::Called) {
            later(now + between(30, 60), [this, after](UtcTime at) { recall(after, at); });
            return;
        }
        if (happens(_habits.comesBack))
            later(now + between(120, 900), [this, id = after.id](UtcTime at) {
                const auto known = _queue.find(id);
                if (known && known->state == office::TicketState::NoShow && !_closed) {
                    _queue.returnToQueue(seen(*known), {"reception"}, at);
                    acted(at);
                    wake(at);
                }
            });
        leave(*after.desk, now);
    }

    void serve(const Ticket& ticket, UtcTime now)
    {
        acted(now);
        const double mean = _habits.serviceMinutes.at(ticket.group) * 60;
        const double length = mean / 3 * (exponential() + exponential() + exponential());
        later(now + seconds(std::max(20.0, length)),
              [this, ticket](UtcTime at) { end(ticket, at); });
    }

    void end(const Ticket& ticket, UtcTime now)
    {
        const std::string desk = *ticket.desk;
        const auto clerk = clerkAt(desk);
        double share = uniform();
        const auto falls = [&](double part) {
            share -= part;
            return share < 0;
        };
        if (falls(_habits.parked)) {
            const Ticket parked = _queue.park(seen(ticket), clerk, now);
            later(now + between(300, 1200), [this, id = parked.id](UtcTime at) { fetch(id, at); });
        } else if (falls(_habits.redirected)) {
            // Where else is another group with a desk of its own.
            std::string group = ticket.group;
            for (const auto& [other, minutes] : _habits.serviceMinutes) {
                if (other != ticket.group)
                    group = other;
            }
            _queue.redirect(seen(ticket), {.group = group}, clerk, now);
            wake(now);
        } else if (falls(_habits.shelved)) {
            const Ticket shelved = _queue.shelve(seen(ticket), clerk, now);
            if (happens(0.9))
                later(now + between(600, 3000), [this, id = shelved.id](UtcTime at) {
                    const auto known = _queue.find(id);
                    if (known && known->state == office::TicketState::ForPickUp) {
                        _queue.finish(seen(*known), {"reception"}, at);
                        acted(at);
                    }
                });
        } else {
            _queue.finish(seen(ticket), clerk, now);
        }
        acted(now);
        leave(desk, now);
    }

    /// Whoever was parked is there again: the first idle desk takes them back.
    void fetch(const std::string& id, UtcTime now)
    {
        const auto known = _queue.find(id);
        if (!known || known->state != office::TicketState::Parked)
            return;
        const auto plan = _queue.plan();
        for (auto& [desk, busy] : _busy) {
            const office::PlannedDesk* planned = plan->plan.desk(desk);
            if (busy || !isOpen(desk) || !planned ||
                std::find(planned->skills.begin(), planned->skills.end(), known->group) ==
                    planned->skills.end())
                continue;
            const auto outcome = _queue.resume(seen(*known), clerkAt(desk), now);
            busy = true;
            serve(std::get<Ticket>(outcome), now);
            return;
        }
        later(now + seconds(60), [this, id](UtcTime at) { fetch(id, at); });
    }

    void leave(const std::string& desk, UtcTime now)
    {
        later(now + between(10, 30), [this, desk](UtcTime at) {
            _busy[desk] = false;
            free(desk, at);
        });
    }

    office::Queue& _queue;
    HallHabits _habits;
    std::mt19937_64 _engine;
    std::priority_queue<Entry> _agenda;
    std::uint64_t _order = 0;
    std::vector<office::BookedVisit> _booked;
    std::map<std::string, bool> _busy;
    bool _closed = false;
    int _acts = 0;
};

} // namespace amt::test
