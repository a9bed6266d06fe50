// SPDX-License-Identifier: EUPL-1.2
//
// What of the calendar leaves the house at a desk: appointments with names, for whoever answers for
// it, and calendars of desks without any, for other programs.
#include "appliance/core/log.h"
#include "appliance/node/calendar_files.h"
#include "appliance/node/desk.h"
#include "appliance/node/house.h"
#include "appliance/node/routes.h"

#include <algorithm>

namespace amt::node {
namespace {

constexpr int daysAhead = 90; ///< that a subscriber sees

const office::PlannedDesk& requiredDesk(const office::QueuePlan& plan, const std::string& id)
{
    const auto* desk = plan.desk(id);
    if (!desk)
        throw Error(ErrorCode::NotFound, "desk");
    return *desk;
}

LocalDate queriedDay(const Exchange& exchange, const std::string& name)
{
    const auto found = exchange.query.find(name);
    if (found == exchange.query.end())
        throw Error(ErrorCode::RequestMalformed, name);
    return localDateFromIso(found->second);
}

bool servesAny(const office::QueuePlan& plan, const office::PlannedDesk& desk,
               const std::vector<office::WantedService>& services)
{
    return std::ranges::any_of(services, [&](const auto& wanted) {
        const auto* group = plan.groupOfService(wanted.serviceKey);
        return group && std::ranges::find(desk.skills, group->key) != desk.skills.end();
    });
}

/// The same as long as nothing changes: a day is when the calendar was made.
std::string feedOf(House& house, const office::QueuePlan& plan, const office::PlannedDesk& desk)
{
    const LocalDate today = localDate(house.now());
    auto given = appointmentsBetween(house, today, plusDays(today, daysAhead), nullptr);
    std::erase_if(given, [&](const auto& each) { return !servesAny(plan, desk, each.services); });
    for (auto& each : given) {
        const auto ticket = house.hall.queue.findByAppointment(office::idOf(each));
        each.number = ticket ? office::toText(ticket->number) : std::string();
    }
    return office::appointmentsCalendar(given, germanNames(house),
                                        office::DayCells(today).startOf(0));
}

} // namespace

Reply showCalendarFiles(House& house, Exchange& exchange)
{
    page::CalendarFilesPage view;
    view.offered = house.calendar.isOffered();
    const auto feeds = house.feeds.all();
    for (const auto& desk : house.hall.plans.current()->plan.desks) {
        const auto made = std::ranges::find(feeds, desk.id, &office::Feeds::Feed::desk);
        view.feeds.push_back(
            {desk.id, desk.name, made == feeds.end() ? std::nullopt : std::optional(made->since)});
    }
    view.address = std::exchange(exchange.clerk->feedAddress, {});
    view.mayExport = mayUse(exchange.clerk->roles, Method::Get, "/desk/calendar/appointments");
    view.readable = exchange.clerk->deskKeyOpen;
    view.from = localDate(house.now());
    view.until = plusDays(view.from, daysAhead);
    return house.deskPage(exchange, view);
}

Reply makeFeed(House& house, Exchange& exchange)
{
    const auto plan = house.hall.plans.current();
    const auto& desk = requiredDesk(plan->plan, exchange.field("desk"));
    const std::string secret = house.feeds.make(desk.id, exchange.clerk->clerk.name, house.now());
    const auto host = exchange.request.headers.find("host"); // the gate has looked at it
    exchange.clerk->feedAddress = "https://" +
                                  (host == exchange.request.headers.end() ? "" : host->second) +
                                  "/calendar/" + secret;
    log::info("calendar.feed-made", {{"desk", desk.id}});
    return redirect("/desk/calendar");
}

Reply endFeed(House& house, Exchange& exchange)
{
    house.feeds.end(exchange.field("desk"), exchange.clerk->clerk.name, house.now());
    log::info("calendar.feed-ended", {{"desk", exchange.field("desk")}});
    return redirect("/desk/calendar");
}

Reply giveFeed(House& house, Exchange& exchange)
{
    const auto id = house.feeds.deskOf(exchange.segments.at(0));
    const auto plan = house.hall.plans.current();
    const auto* desk = id ? plan->plan.desk(*id) : nullptr;
    if (!desk || !house.calendar.isOffered())
        throw Error(ErrorCode::NotFound, "calendar");
    HttpResponse answer;
    answer.body = feedOf(house, plan->plan, *desk);
    const std::string etag = "\"" + toHex(outbox::sha256(view(answer.body))) + "\"";
    answer.headers = {{"Content-Type", "text/calendar; charset=utf-8"},
                      {"ETag", etag},
                      {"Cache-Control", "private, no-cache"}};
    const auto known = exchange.request.headers.find("if-none-match");
    if (known != exchange.request.headers.end() && known->second == etag) {
        answer.status = 304;
        answer.body.clear();
    }
    return answer;
}

Reply giveAppointmentsWithNames(House& house, Exchange& exchange)
{
    const LocalDate from = queriedDay(exchange, "from");
    const LocalDate until = queriedDay(exchange, "until");
    const auto as = exchange.query.find("as");
    const bool isTable = as == exchange.query.end() || as->second == "csv";
    if (!isTable && as->second != "ics")
        throw Error(ErrorCode::RequestMalformed, "as");
    const auto deskKey = house.people.openDeskKey(exchange.clerk->token, house.now());
    if (!deskKey || !house.calendar.isOffered())
        throw Error(ErrorCode::NotAllowed, "names without the desk key");
    const auto given = appointmentsBetween(house, from, until, &*deskKey);
    house.doors.database.transact([&] {
        house.journal.append(outbox::RecordKind::Audit, house.calendar.plan().scope,
                             {{"clerk", exchange.clerk->clerk.name},
                              {"act", "export-appointments"},
                              {"from", toIso(from)},
                              {"until", toIso(until)},
                              {"count", std::to_string(given.size())}},
                             house.now());
    });
    HttpResponse answer;
    answer.body = isTable ? office::appointmentsCsv(given)
                          : office::appointmentsCalendar(given, germanNames(house), house.now());
    answer.headers = {
        {"Content-Type", isTable ? "text/csv; charset=utf-8" : "text/calendar; charset=utf-8"},
        {"Content-Disposition",
         "attachment; filename=\"termine-" + toIso(from) + (isTable ? ".csv\"" : ".ics\"")}};
    return answer;
}

} // namespace amt::node
