// SPDX-License-Identifier: EUPL-1.2
//
// Long days by chance: the queue beside a plain model that says what each act must come to, and the
// log that derives every row again.
#include "appliance/office/queue/statistics.h"
#include "tests/office/queue/queue_town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <tuple>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::QueueTown;

namespace {

/// What the model knows of a ticket, in plain words.
struct Plain {
    std::string number, group, state = "Drawn", desk = "", forDesk = "", last = "Drawn";
    LocalDate day;
    UtcTime drawnAt;
    std::optional<UtcTime> start = {}; ///< of an appointment
    bool onTime = false;
    std::string appointment = {};
    int priority = 2, calls = 0, version = 1;

    bool operator==(const Plain&) const = default;
    bool atDesk() const { return state == "Called" || state == "Serving"; }
    bool open() const
    {
        return state == "Drawn" || state == "Waiting" || atDesk() || state == "Parked" ||
               state == "ForPickUp";
    }
};

/// "state event state", as it is meant.
const std::map<std::pair<std::string, std::string>, std::string> allowed = {
    {{"Waiting", "Called"}, "Called"},       {{"Parked", "Called"}, "Called"},
    {{"ForPickUp", "Called"}, "Called"},     {{"NoShow", "Called"}, "Called"},
    {{"Parked", "Resumed"}, "Serving"},      {{"ForPickUp", "Resumed"}, "Serving"},
    {{"Called", "Recalled"}, "Called"},      {{"Called", "PutBack"}, "Waiting"},
    {{"Called", "Missed"}, "NoShow"},        {{"Called", "Served"}, "Serving"},
    {{"Serving", "Finished"}, "Finished"},   {{"Parked", "Finished"}, "Finished"},
    {{"ForPickUp", "Finished"}, "Finished"}, {{"Called", "Parked"}, "Parked"},
    {{"Serving", "Parked"}, "Parked"},       {{"Serving", "Shelved"}, "ForPickUp"},
    {{"Waiting", "Redirected"}, "Waiting"},  {{"Called", "Redirected"}, "Waiting"},
    {{"Serving", "Redirected"}, "Waiting"},  {{"Parked", "Redirected"}, "Waiting"},
    {{"NoShow", "Returned"}, "Waiting"},     {{"Waiting", "Prioritised"}, "Waiting"},
    {{"Drawn", "Withdrawn"}, "Withdrawn"},   {{"Waiting", "Withdrawn"}, "Withdrawn"},
    {{"Called", "Withdrawn"}, "Withdrawn"},  {{"Parked", "Withdrawn"}, "Withdrawn"},
};

struct PlainDesk {
    std::string clerk;
    std::set<std::string> skills;
    bool appointmentsOnly = false;
    LocalDate day;
    bool emergency = false;
};

class Model {
public:
    std::map<std::string, Plain> tickets; ///< by id
    std::map<std::string, PlainDesk> desks;

    static std::set<std::string> planned(const std::string& desk)
    {
        if (desk == "1")
            return {"ausweise"};
        if (desk == "2")
            return {"ausweise", "wohnen"};
        return {"wohnen"};
    }

    void lapse(UtcTime now)
    {
        for (auto& [id, ticket] : tickets) {
            if (ticket.open() && ticket.day < localDate(now))
                end(ticket);
            if (ticket.state == "Drawn" && ticket.drawnAt + 10min <= now)
                step(ticket, "Expired", "Expired");
        }
        std::erase_if(desks, [&](const auto& desk) { return desk.second.day < localDate(now); });
    }
    static void end(Plain& ticket)
    {
        step(ticket, "DayEnded",
             ticket.state == "Drawn"                                 ? "Expired"
             : ticket.state == "Serving" || ticket.state == "Parked" ? "Unfinished"
             : ticket.state == "ForPickUp"                           ? "Uncollected"
                                                                     : "Unserved");
    }
    static void step(Plain& ticket, const std::string& event, const std::string& state)
    {
        ticket.last = event;
        ticket.state = state;
        ++ticket.version;
    }

    const Plain* at(const std::string& desk) const
    {
        for (const auto& [id, ticket] : tickets) {
            if (ticket.atDesk() && ticket.desk == desk)
                return &ticket;
        }
        return nullptr;
    }

    std::string draw(const std::string& id, const std::string& group, UtcTime now)
    {
        lapse(now);
        add(id, group, now);
        return tickets[id].number;
    }
    std::string checkIn(const std::string& id, const std::string& group,
                        const std::string& appointment, UtcTime start, UtcTime now)
    {
        lapse(now);
        for (const auto& [other, ticket] : tickets) {
            if (ticket.appointment == appointment)
                return "again " + ticket.number;
        }
        if (localDate(start) != localDate(now))
            return "other day";
        if (start - now > 120min)
            return "early";
        add(id, group, now);
        tickets[id].start = start;
        tickets[id].onTime = now - start <= 10min;
        tickets[id].appointment = appointment;
        return tickets[id].number;
    }
    std::string confirm(const std::string& id, const std::string& event, UtcTime now)
    {
        lapse(now);
        Plain& ticket = tickets.at(id);
        const bool first = ticket.state == "Drawn" || ticket.state == "Expired";
        if (event == "PrintFailed") {
            if (ticket.state == "Drawn")
                step(ticket, event, "Drawn");
            return ticket.state;
        }
        if (first && ticket.day != localDate(now))
            return "StepOutOfOrder";
        if (first) {
            step(ticket, event, "Waiting");
            return ticket.state;
        }
        if (!ticket.open() && ticket.state != "NoShow")
            return "StepOutOfOrder";
        if (event == "Printed") {
            if (ticket.day != localDate(now))
                return "StepOutOfOrder";
            step(ticket, "Reprinted", ticket.state);
        }
        return ticket.state;
    }
    /// Whether `left` is called before `right`: urgent, due appointments and raised ones, walk-ins,
    /// those who are early.
    static bool before(const Plain& left, const Plain& right, UtcTime now)
    {
        const auto rank = [&](const Plain& ticket) {
            const bool due = ticket.onTime && *ticket.start - 2min <= now;
            const int standing = ticket.priority == 0   ? 0
                                 : ticket.onTime        ? (due ? 1 : 3)
                                 : ticket.priority == 1 ? 1
                                                        : 2;
            const UtcTime key = standing != 0 && ticket.onTime ? *ticket.start : ticket.drawnAt;
            return std::tuple(standing, key, ticket.drawnAt, ticket.number);
        };
        return rank(left) < rank(right);
    }
    std::string callNext(const std::string& desk, UtcTime now)
    {
        lapse(now);
        if (!desks.contains(desk))
            return "StepOutOfOrder";
        if (const Plain* busy = at(desk))
            return "busy " + busy->number;
        Plain* next = nullptr;
        const PlainDesk& open = desks.at(desk);
        for (auto& [id, ticket] : tickets) {
            if (ticket.state != "Waiting" || ticket.day != localDate(now) ||
                !open.skills.contains(ticket.group) || (open.appointmentsOnly && !ticket.start))
                continue;
            const bool elsewhere = !ticket.forDesk.empty() && ticket.forDesk != desk &&
                                   desks.contains(ticket.forDesk) &&
                                   desks.at(ticket.forDesk).skills.contains(ticket.group);
            if (!elsewhere && (!next || before(ticket, *next, now)))
                next = &ticket;
        }
        if (!next)
            return "nobody";
        toDesk(*next, "Called", desk);
        return next->number;
    }
    std::string act(const std::string& id, int version, const std::string& wished,
                    const std::string& desk, UtcTime now, const std::string& group = "",
                    const std::string& forDesk = "", int priority = 2)
    {
        lapse(now);
        std::string event = wished;
        const bool callsToDesk = event == "Called" || event == "Resumed";
        if (callsToDesk && !desks.contains(desk))
            return "StepOutOfOrder";
        if (event == "Redirected" && !forDesk.empty() &&
            (!desks.contains(forDesk) || !desks.at(forDesk).skills.contains(group)))
            return "InputMalformed";
        Plain& ticket = tickets.at(id);
        if (event == "Recalled" && ticket.version == version && ticket.calls >= 3)
            event = "Missed";
        if (event == "Returned" && ticket.day != localDate(now))
            return "StepOutOfOrder";
        const bool again =
            ticket.version == version + 1 &&
            (ticket.last == event || (event == "Recalled" && ticket.last == "Missed"));
        if (again && (!callsToDesk || ticket.desk == desk) &&
            (event != "Redirected" || (ticket.group == group && ticket.forDesk == forDesk)) &&
            (event != "Prioritised" || ticket.priority == priority))
            return ticket.state;
        if (ticket.version != version)
            return "VersionConflict";
        if (callsToDesk) {
            if (ticket.day != localDate(now))
                return "StepOutOfOrder";
            if (!planned(desk).contains(ticket.group))
                return "NotAllowed";
            if (const Plain* busy = at(desk))
                return "busy " + busy->number;
        } else if (ticket.atDesk() && ticket.desk != desk)
            return "NotAllowed";
        const auto next = allowed.find({ticket.state, event});
        if (next == allowed.end())
            return "StepOutOfOrder";
        if (callsToDesk)
            toDesk(ticket, event, desk);
        else
            step(ticket, event, next->second);
        if (event == "Recalled")
            ++ticket.calls;
        if (event == "PutBack" || event == "Returned" || event == "Redirected")
            ticket.calls = 0;
        if (event == "Redirected") {
            ticket.group = group;
            ticket.forDesk = forDesk;
        }
        if (event == "Prioritised")
            ticket.priority = priority;
        return ticket.state;
    }

private:
    void add(const std::string& id, const std::string& group, UtcTime now)
    {
        const char letter = group == "ausweise" ? 'A' : 'B';
        int highest = 0;
        for (const auto& [other, ticket] : tickets) {
            if (ticket.day == localDate(now) && ticket.number[0] == letter)
                highest = std::max(highest, std::stoi(ticket.number.substr(2)));
        }
        tickets[id] = {.number = toText(TicketNumber{letter, highest + 1}),
                       .group = group,
                       .day = localDate(now),
                       .drawnAt = now};
    }
    static void toDesk(Plain& ticket, const std::string& event, const std::string& desk)
    {
        step(ticket, event, allowed.at({ticket.state, event}));
        ticket.desk = desk;
        ticket.calls = 1;
        if (event == "Called")
            ticket.forDesk = "";
    }
};

Plain plain(const Ticket& ticket)
{
    return {.number = toText(ticket.number),
            .group = ticket.group,
            .state = std::string(name(ticket.state)),
            .desk = ticket.desk.value_or(""),
            .forDesk = ticket.forDesk.value_or(""),
            .last = std::string(name(ticket.lastEvent)),
            .day = ticket.day,
            .drawnAt = ticket.drawnAt,
            .start = ticket.appointmentAt,
            .onTime = ticket.punctuality == Punctuality::OnTime,
            .appointment = ticket.appointment.value_or(""),
            .priority = static_cast<int>(ticket.priority),
            .calls = ticket.calls,
            .version = ticket.version};
}

std::ostream& operator<<(std::ostream& out, const Plain& ticket)
{
    return out << ticket.number << " " << ticket.group << " " << ticket.state << " desk '"
               << ticket.desk << "' for '" << ticket.forDesk << "' " << ticket.last << " calls "
               << ticket.calls << " v" << ticket.version;
}

/// A day, or some, in the hall.
class Run {
public:
    explicit Run(std::uint64_t seed) : _chance(seed) {}

    void go(int steps)
    {
        for (int i = 0; i < steps; ++i) {
            town.pass(std::chrono::seconds(below(90)));
            if (below(400) == 0)
                town.pass(std::chrono::hours(below(20)));
            step();
            if (i % 25 == 0)
                compare();
        }
        compare();
    }

    /// Quick, and what a refused act had written before it was refused would stay.
    void goInOneTransaction(int steps)
    {
        town.database->transact([&] { go(steps); });
    }

    /// Rows beside the model, and the log beside both.
    void compare()
    {
        model.lapse(town.now); // a refused act takes back what it had let go
        town.queue->sweep(town.now);
        QueueState derived;
        const LocalDate first = localDateFromIso("2026-01-01"), last = plusDays(town.today(), 1);
        const auto events = town.queue->events(first, last);
        for (const QueueEvent& event : events)
            derived.apply(event);
        BOOST_TEST(derived.tickets.size() == model.tickets.size());
        std::set<std::string> atDesks;
        for (const auto& [id, expected] : model.tickets) {
            const auto row = town.queue->find(id);
            BOOST_REQUIRE(row.has_value());
            BOOST_TEST(plain(*row) == expected);
            BOOST_TEST((derived.tickets.at({row->day, row->number}) == withoutLinks(*row)));
            if (expected.atDesk())
                BOOST_TEST(atDesks.insert(expected.desk).second); // one person at a desk
        }
        const auto open = town.queue->openDesks();
        BOOST_TEST(open.size() == derived.desks.size());
        for (const OpenDesk& desk : open)
            BOOST_TEST((derived.desks.at(desk.id) == desk));
        BOOST_TEST(town.queue->unsound().empty());
        // Every figure accounts for every ticket.
        const QueueFigures figures = figuresOf(events, first, last);
        std::map<std::string, int> states;
        for (const auto& [id, ticket] : model.tickets)
            ++states[ticket.state];
        BOOST_TEST(figures.all.noShows == states["NoShow"]);
        BOOST_TEST(figures.all.withdrawn == states["Withdrawn"]);
        BOOST_TEST(figures.all.leftOpen ==
                   states["Unserved"] + states["Unfinished"] + states["Uncollected"]);
        BOOST_TEST(figures.all.expired == states["Expired"]);
        // What the hall shows is what the model says.
        const Board board = boardAt(*town.queue, town.now);
        const auto isWaiting = [&](const auto& entry) {
            return entry.second.state == "Waiting" && entry.second.day == town.today();
        };
        BOOST_TEST(board.waiting == std::ranges::count_if(model.tickets, isWaiting));
        BOOST_TEST(board.sequence == (events.empty() ? 0 : events.back().number));
    }

    QueueTown town;
    Model model;

private:
    int below(int bound)
    {
        return static_cast<int>(randomBelow(_chance, static_cast<std::uint64_t>(bound)));
    }
    template <typename Work>
    std::string told(Work&& work)
    {
        try {
            return work();
        } catch (const Error& error) {
            return std::string(name(error.errorCode()));
        }
    }
    static std::string told(const CallOutcome& outcome, bool number)
    {
        if (const auto* busy = std::get_if<DeskBusy>(&outcome))
            return "busy " + toText(busy->ticket.number);
        if (const auto* ticket = std::get_if<Ticket>(&outcome))
            return number ? toText(ticket->number) : std::string(name(ticket->state));
        return "nobody";
    }

    void step()
    {
        const int what = below(100);
        const std::string desk = std::to_string(1 + below(3));
        const Actor actor{"clerk", below(8) == 0 ? "" : desk};
        if (what < 14)
            draw();
        else if (what < 22)
            checkIn();
        else if (what < 36)
            confirm();
        else if (what < 42)
            openOrClose(desk);
        else if (what < 58)
            agree("callNext", model.callNext(desk, town.now), told([&] {
                      return told(town.queue->callNext({"clerk", desk}, town.now), true);
                  }));
        else if (what < 98)
            act(actor);
        else if (below(12) == 0)
            endDay();
        else {
            model.lapse(town.now);
            town.queue->sweep(town.now);
        }
    }
    void agree(const std::string& what, const std::string& expected, const std::string& got)
    {
        BOOST_TEST(got == expected, what << ": " << got << ", not " << expected);
    }
    void draw()
    {
        const std::string group = below(3) ? "ausweise" : "wohnen";
        const TicketWish wish = town.wish(group);
        _ids.push_back(wish.id);
        agree("draw", model.draw(wish.id, group, town.now), told([&] {
                  return toText(
                      std::get<Ticket>(town.queue->draw(wish, town.kiosk, town.now)).number);
              }));
    }
    void checkIn()
    {
        const std::string group = below(2) ? "ausweise" : "wohnen";
        CheckIn visit = town.visit(std::chrono::minutes(below(180) - 40), group);
        if (!_appointments.empty() && below(5) == 0)
            visit.appointment = _appointments[below(static_cast<int>(_appointments.size()))];
        _appointments.push_back(visit.appointment);
        const std::string expected =
            model.checkIn(visit.id, group, visit.appointment, visit.start, town.now);
        if (model.tickets.contains(visit.id))
            _ids.push_back(visit.id);
        const auto outcome = town.queue->checkIn(visit, town.kiosk, town.now);
        std::string got;
        if (const auto* ticket = std::get_if<Ticket>(&outcome))
            got = toText(ticket->number);
        else if (const auto* again = std::get_if<AlreadyCheckedIn>(&outcome))
            got = "again " + toText(again->ticket.number);
        else if (std::holds_alternative<OtherDay>(outcome))
            got = "other day";
        else if (std::holds_alternative<TooEarly>(outcome))
            got = "early";
        agree("checkIn", expected, got);
    }
    /// Rather one of the newest.
    std::string someId()
    {
        const int count = static_cast<int>(_ids.size());
        return _ids[below(10) == 0 ? below(count) : count - 1 - below(std::min(count, 25))];
    }
    void confirm()
    {
        if (_ids.empty())
            return;
        const std::string id = below(4) ? _ids.back() : someId();
        const int how = below(5);
        const std::string event = how == 0 ? "PrintFailed" : how == 1 ? "Noted" : "Printed";
        agree("confirm " + event, model.confirm(id, event, town.now), told([&] {
                  Queue& queue = *town.queue;
                  const Ticket ticket = how == 0   ? queue.printFailed(id, town.kiosk, town.now)
                                        : how == 1 ? queue.noted(id, town.kiosk, town.now)
                                                   : queue.printed(id, town.kiosk, town.now);
                  return std::string(name(ticket.state));
              }));
    }
    void openOrClose(const std::string& desk)
    {
        model.lapse(town.now);
        if (below(4) == 0) {
            std::string expected = "closed";
            if (model.desks.contains(desk) && model.at(desk))
                expected = "StepOutOfOrder";
            else
                model.desks.erase(desk);
            agree("close", expected, told([&] {
                      town.queue->closeDesk(desk, "clerk", town.now);
                      return std::string("closed");
                  }));
            return;
        }
        DeskOpening opening{.desk = desk, .clerk = below(2) ? "Anna" : "Bert"};
        if (desk == "2" && below(2))
            opening.skills = {below(2) ? "ausweise" : "wohnen"};
        if (below(6) == 0)
            opening.mode = DeskMode::AppointmentsOnly;
        const auto takeOver = below(3) ? TakeOver::Yes : TakeOver::No;
        const auto known = model.desks.find(desk);
        const bool taken = known != model.desks.end() && known->second.clerk != opening.clerk &&
                           takeOver == TakeOver::No;
        if (!taken)
            model.desks[desk] = {.clerk = opening.clerk,
                                 .skills =
                                     opening.skills.empty() ? Model::planned(desk) : opening.skills,
                                 .appointmentsOnly = opening.mode == DeskMode::AppointmentsOnly,
                                 .day = town.today()};
        const auto outcome = town.queue->openDesk(opening, takeOver, town.now);
        BOOST_TEST(std::holds_alternative<DeskOccupied>(outcome) == taken);
    }
    void act(const Actor& actor)
    {
        if (_ids.empty())
            return;
        std::string id = someId();
        if (below(2)) { // what is at the desk
            if (const Plain* at = model.at(actor.desk)) {
                for (const auto& [each, ticket] : model.tickets) {
                    if (&ticket == at)
                        id = each;
                }
            }
        }
        const SeenTicket seen{id, model.tickets.at(id).version - (below(6) == 0 ? 1 : 0)};
        static const std::vector<std::string> events = {
            "Called",   "Resumed", "Recalled",   "PutBack", "Missed",   "Served",      "Served",
            "Finished", "Parked",  "Redirected", "Shelved", "Returned", "Prioritised", "Withdrawn",
            "Finished", "Served",  "Recalled",   "Called",  "Finished", "Served"};
        const std::string event = events[below(static_cast<int>(events.size()))];
        const std::string group = below(2) ? "ausweise" : "wohnen";
        const std::string forDesk = below(2) ? std::to_string(1 + below(3)) : "";
        const int priority = below(3);
        const std::string expected =
            model.act(id, seen.version, event, actor.desk, town.now, group, forDesk, priority);
        agree(event, expected, told([&] {
                  Queue& queue = *town.queue;
                  const UtcTime now = town.now;
                  if (event == "Called")
                      return told(queue.callThis(seen, actor, now), false);
                  if (event == "Resumed")
                      return told(queue.resume(seen, actor, now), false);
                  const Ticket ticket =
                      event == "Recalled"   ? queue.recall(seen, actor, now)
                      : event == "PutBack"  ? queue.putBack(seen, actor, now)
                      : event == "Missed"   ? queue.miss(seen, actor, now)
                      : event == "Served"   ? queue.serve(seen, actor, now)
                      : event == "Finished" ? queue.finish(seen, actor, now)
                      : event == "Parked"   ? queue.park(seen, actor, now)
                      : event == "Shelved"  ? queue.shelve(seen, actor, now)
                      : event == "Returned" ? queue.returnToQueue(seen, actor, now)
                      : event == "Prioritised"
                          ? queue.prioritise(seen, static_cast<Priority>(priority), actor, now)
                      : event == "Withdrawn"
                          ? queue.withdraw(seen, actor, now)
                          : queue.redirect(
                                seen,
                                {.group = group,
                                 .desk = forDesk.empty() ? std::nullopt : std::optional(forDesk)},
                                actor, now);
                  return std::string(name(ticket.state));
              }));
    }
    void endDay()
    {
        model.lapse(town.now);
        for (auto& [id, ticket] : model.tickets) {
            if (ticket.open())
                Model::end(ticket);
        }
        model.desks.clear();
        town.queue->endDay("Lead", town.now);
    }

    test::SameRandom _chance;
    std::vector<std::string> _ids, _appointments;
};

} // namespace

BOOST_AUTO_TEST_SUITE(office_queue_random)

BOOST_DATA_TEST_CASE(long_days_go_as_the_plain_model_says, data::xrange(1, 31), seed)
{
    Run run(static_cast<std::uint64_t>(seed));
    run.goInOneTransaction(700);
    // No run in which nothing happens.
    std::set<std::string> seen;
    for (const auto& [id, ticket] : run.model.tickets)
        seen.insert(ticket.state);
    BOOST_TEST(seen.size() >= 6u);
}

BOOST_AUTO_TEST_CASE(a_day_of_single_commits_survives_every_restart)
{
    Run run(4711);
    for (int i = 0; i < 12; ++i) {
        run.go(40);
        run.town.restart();
        run.compare();
    }
}

BOOST_AUTO_TEST_SUITE_END()
