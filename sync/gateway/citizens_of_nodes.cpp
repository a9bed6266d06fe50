// SPDX-License-Identifier: EUPL-1.2
//
// What the portal has given, told to the town's nodes, and citizens who stand before one
// (booking_words.h).
#include "appliance/core/json.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/citizens.h"
#include "sync/gateway/citizens_statements.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/quota_statements.h"

namespace amt::gateway {

using office::quota::PortalBooking;
using office::quota::PortalState;

namespace {

std::string digest(const std::string& text)
{
    return toHex(envelope::sha256(view(text)));
}

PortalState stateOf(const std::string& state, bool stands)
{
    if (state == "RESERVED")
        return PortalState::Reserved;
    if (state == "CONFIRMED")
        return stands ? PortalState::Confirmed : PortalState::Displaced;
    return state == "CANCELLED" ? PortalState::Cancelled : PortalState::Lapsed;
}

/// "time-taken" of ".../problems/time-taken"; empty where it is no problem.
std::string refusalIn(const HttpResponse& response)
{
    if (response.status < 400)
        return {};
    const std::string type = json::text(*json::parseObject(response.body), "type");
    return type.substr(type.rfind('/') + 1);
}

} // namespace

/// A node that the portal knows and has not revoked: a stolen one is told no more.
void Citizens::checkNode(const QuotaClient& node)
{
    auto known = _books.prepare(sql::quotaNode).bind(node.id);
    if (!known.step() || known.text(0) != node.tenantId || known.text(1) != "open")
        throw Error(ErrorCode::StepOutOfOrder, "no node of this calendar");
}

PortalBooking Citizens::told(const Row& row)
{
    const PortalState state = stateOf(row.state, row.stands);
    return {.id = row.id,
            .code = row.code,
            .state = state,
            .run = row.run,
            .minutes = row.minutes,
            .services = row.services,
            .reservedUntil = state == PortalState::Reserved ? row.due : std::nullopt,
            .version = row.version,
            .hasContact = !row.sealed.empty()};
}

std::string Citizens::bookings(const QuotaClient& node, const std::string& body, UtcTime)
{
    const auto question = office::quota::readBookingsQuestion(body);
    checkNode(node);
    const LocalDate end = plusDays(question.from, static_cast<int>(question.digests.size()));
    std::map<LocalDate, std::vector<PortalBooking>> days;
    auto rows = _books.prepare(sql::citizenBookingsOfDays)
                    .bind(node.tenantId, question.scope, toIso(question.from), toIso(end));
    while (rows.step()) {
        const LocalDate day = localDateFromIso(rows.text(7));
        days[day].push_back(
            {.id = rows.text(0),
             .code = rows.text(1),
             .state = stateOf("CONFIRMED", rows.text(6) == "BOOKED"),
             .run = {question.scope, day, static_cast<int>(rows.integer(8)),
                     static_cast<int>(rows.integer(9)), static_cast<int>(rows.integer(10))},
             .minutes = static_cast<int>(rows.integer(2)),
             .services = rows.text(3),
             .reservedUntil = std::nullopt,
             .version = rows.integer(4),
             .hasContact = rows.integer(5) != 0});
    }
    office::quota::Bookings answer{.scope = question.scope, .days = {}, .more = false};
    std::size_t count = 0;
    LocalDate day = question.from;
    for (const auto& known : question.digests) {
        const auto& bookings = days[day];
        if (digest(office::quota::summaryOf(bookings)) != known) {
            answer.more =
                !answer.days.empty() && count + bookings.size() > office::quota::bookingsMax;
            if (answer.more)
                break; // the node asks again
            count += bookings.size();
            answer.days.push_back({day, bookings});
        }
        day = plusDays(day, 1);
    }
    return write(answer);
}

std::string Citizens::contacts(const QuotaClient& node, const std::string& body, UtcTime)
{
    const auto question = office::quota::readContactsQuestion(body);
    checkNode(node);
    office::quota::Contacts answer;
    for (const auto& id : question.ids) {
        const auto found = rowOf(id, {.capability = {}, .node = node.tenantId});
        if (found && !found->sealed.empty())
            answer.contacts.push_back({found->id, found->kid, found->sealed});
    }
    return write(answer);
}

std::string Citizens::wish(const QuotaClient& node, const std::string& body, UtcTime now)
{
    using office::quota::WishAct;
    const auto wish = office::quota::readWish(body);
    checkNode(node);
    const Asker asker{.capability = {},
                      .node = node.tenantId,
                      .booker = wish.isOfStaff ? office::Booker::Staff : office::Booker::Public};
    const Version version{.seen = wish.version, .any = wish.version == 0};
    const auto reserve = [&] {
        const std::string town = node.tenantId.empty() ? "-" : node.tenantId;
        return reserveFor(
            asker, town, wish.scope, wish.id,
            {.start = *wish.start, .minutes = wish.minutes, .services = wish.services}, now);
    };
    const auto answered = [&]() -> HttpResponse {
        switch (wish.act) {
        case WishAct::Reserve:
            return reserve();
        case WishAct::Confirm:
            return confirmFor(asker, wish.id, version, wish.contact, now);
        case WishAct::Book: {
            const auto known = rowOf(wish.id, asker);
            if (!known || known->state != "CONFIRMED") {
                if (auto made = reserve(); made.status >= 400)
                    return made;
            }
            auto booked = confirmFor(asker, wish.id, {.seen = 0, .any = true}, wish.contact, now);
            if (booked.status >= 400 && !known) // both or nothing
                cancelFor(asker, wish.id, {.seen = 0, .any = true}, true, now);
            return booked;
        }
        case WishAct::Move:
            return moveFor(asker, wish.id, version, *wish.start, now);
        case WishAct::Cancel:
            return cancelFor(asker, wish.id, version, wish.atOnce, now);
        }
        AMT_ASSERT(false && "an act without an answer");
    }();
    office::quota::WishAnswer answer{.refusal = refusalIn(answered), .booking = {}};
    if (answer.refusal.empty()) {
        const auto found = row(wish.id);
        AMT_ASSERT(found.has_value());
        answer.booking = told(*found);
    }
    return write(answer);
}

} // namespace amt::gateway
