// SPDX-License-Identifier: EUPL-1.2
//
// Tickets as rows and as text.
#include "appliance/office/queue/ticket.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace amt::office {

namespace {

constexpr std::string_view ticketColumns =
    "id, day, letter, number, service_group, channel, services, minutes, appointment,"
    " appointment_at, punctuality, priority, state, desk, for_desk, calls, drawn_at, called_at,"
    " served_at, changed_at, last_event, version";

template <typename Value>
struct Named {
    Value value;
    std::string_view text;
};

constexpr TicketState states[] = {
    TicketState::Drawn,      TicketState::Waiting,   TicketState::Called,   TicketState::Serving,
    TicketState::Parked,     TicketState::ForPickUp, TicketState::NoShow,   TicketState::Finished,
    TicketState::Withdrawn,  TicketState::Expired,   TicketState::Unserved, TicketState::Unfinished,
    TicketState::Uncollected};
constexpr std::string_view stateTexts[] = {
    "Drawn",    "Waiting",   "Called",  "Serving",  "Parked",     "ForPickUp",  "NoShow",
    "Finished", "Withdrawn", "Expired", "Unserved", "Unfinished", "Uncollected"};
static_assert(std::size(states) == std::size(stateTexts));

constexpr TicketEvent events[] = {
    TicketEvent::Drawn,       TicketEvent::Printed,     TicketEvent::Noted,
    TicketEvent::PrintFailed, TicketEvent::Reprinted,   TicketEvent::Called,
    TicketEvent::Recalled,    TicketEvent::PutBack,     TicketEvent::Missed,
    TicketEvent::Returned,    TicketEvent::Served,      TicketEvent::Finished,
    TicketEvent::Parked,      TicketEvent::Resumed,     TicketEvent::Redirected,
    TicketEvent::Shelved,     TicketEvent::Prioritised, TicketEvent::Withdrawn,
    TicketEvent::Expired,     TicketEvent::DayEnded};
constexpr std::string_view eventTexts[] = {
    "Drawn",      "Printed", "Noted",       "PrintFailed", "Reprinted", "Called",  "Recalled",
    "PutBack",    "Missed",  "Returned",    "Served",      "Finished",  "Parked",  "Resumed",
    "Redirected", "Shelved", "Prioritised", "Withdrawn",   "Expired",   "DayEnded"};
static_assert(std::size(events) == std::size(eventTexts));

constexpr Named<Priority> priorities[] = {
    {Priority::Urgent, "Urgent"}, {Priority::Raised, "Raised"}, {Priority::Normal, "Normal"}};
constexpr Named<Channel> channels[] = {{Channel::Kiosk, "Kiosk"},
                                       {Channel::Reception, "Reception"}};
constexpr Named<Punctuality> punctualities[] = {
    {Punctuality::WalkIn, "WalkIn"}, {Punctuality::OnTime, "OnTime"}, {Punctuality::Late, "Late"}};

template <typename Value, std::size_t count>
std::string_view textOf(const Named<Value> (&names)[count], Value value)
{
    for (const auto& [known, text] : names) {
        if (known == value)
            return text;
    }
    AMT_ASSERT(false && "a word without a name");
}

template <typename Value, std::size_t count>
Value valueOf(const Named<Value> (&names)[count], const std::string& text)
{
    for (const auto& [value, known] : names) {
        if (known == text)
            return value;
    }
    throw Error(ErrorCode::StoreFailed, "a word of the queue that is not known");
}

} // namespace

std::string_view name(TicketState state)
{
    return stateTexts[static_cast<std::size_t>(state)];
}

std::string_view name(TicketEvent event)
{
    return eventTexts[static_cast<std::size_t>(event)];
}

TicketState ticketStateFromName(const std::string& text)
{
    const auto found = std::ranges::find(stateTexts, text);
    if (found == std::end(stateTexts))
        throw Error(ErrorCode::StoreFailed, "unknown ticket state");
    return states[found - std::begin(stateTexts)];
}

std::optional<TicketEvent> ticketEventFromName(std::string_view text)
{
    const auto found = std::ranges::find(eventTexts, text);
    if (found == std::end(eventTexts))
        return std::nullopt;
    return events[found - std::begin(eventTexts)];
}

std::span<const TicketState> allTicketStates()
{
    return states;
}

std::span<const TicketEvent> allTicketEvents()
{
    return events;
}

std::string_view name(Priority priority)
{
    return textOf(priorities, priority);
}

Priority priorityFromName(const std::string& text)
{
    return valueOf(priorities, text);
}

std::string_view name(Channel channel)
{
    return textOf(channels, channel);
}

Channel channelFromName(const std::string& text)
{
    return valueOf(channels, text);
}

std::string_view name(Punctuality punctuality)
{
    return textOf(punctualities, punctuality);
}

Punctuality punctualityFromName(const std::string& text)
{
    return valueOf(punctualities, text);
}

bool isBandLetter(char letter)
{
    return letter >= 'A' && letter <= 'Z' && letter != 'I' && letter != 'O' && letter != 'Q';
}

std::string compact(const TicketNumber& number)
{
    const std::string digits = std::to_string(number.number);
    return std::string(1, number.letter) +
           std::string(3 - std::min<std::size_t>(3, digits.size()), '0') + digits;
}

std::string toText(const TicketNumber& number)
{
    std::string text = compact(number);
    text.insert(1, " ");
    return text;
}

std::optional<TicketNumber> ticketNumberFromText(std::string_view text)
{
    std::string word;
    for (const char c : text) {
        if (c != ' ' && c != '-')
            word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    if (word.size() < 2 || word.size() > 4 || !isBandLetter(word[0]))
        return std::nullopt;
    int number = 0;
    for (const char c : word.substr(1)) {
        if (c < '0' || c > '9')
            return std::nullopt;
        number = 10 * number + (c - '0');
    }
    return number == 0 ? std::nullopt : std::optional(TicketNumber{word[0], number});
}

std::string journalId(const Ticket& ticket)
{
    return toIso(ticket.day) + "/" + compact(ticket.number);
}

std::string toText(const std::vector<WantedService>& services)
{
    std::string text;
    for (const auto& [key, quantity] : services)
        text += (text.empty() ? "" : " ") + key + "*" + std::to_string(quantity);
    return text;
}

std::vector<WantedService> servicesFromText(std::string_view text)
{
    std::vector<WantedService> services;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        const auto star = word.find('*');
        int quantity = 0;
        if (star == std::string_view::npos ||
            std::from_chars(word.data() + star + 1, word.data() + word.size(), quantity).ec !=
                std::errc())
            throw Error(ErrorCode::StoreFailed, "services that cannot be read");
        services.push_back({std::string(word.substr(0, star)), quantity});
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return services;
}

bool isAtDesk(const Ticket& ticket)
{
    return ticket.state == TicketState::Called || ticket.state == TicketState::Serving;
}

std::string selectTickets(std::string_view query)
{
    return "SELECT " + std::string(ticketColumns) + " FROM ticket " + std::string(query);
}

Ticket readTicket(const store::Statement& row)
{
    const auto event = ticketEventFromName(row.text(20));
    if (!event)
        throw Error(ErrorCode::StoreFailed, "unknown ticket event");
    return {.id = row.text(0),
            .day = localDateFromIso(row.text(1)),
            .number = {row.text(2).at(0), static_cast<int>(row.integer(3))},
            .group = row.text(4),
            .channel = channelFromName(row.text(5)),
            .services = servicesFromText(row.text(6)),
            .planned = std::chrono::minutes(row.integer(7)),
            .appointment = row.optionalText(8),
            .appointmentAt = row.optionalTime(9),
            .punctuality = punctualityFromName(row.text(10)),
            .priority = priorityFromName(row.text(11)),
            .state = ticketStateFromName(row.text(12)),
            .desk = row.optionalText(13),
            .forDesk = row.optionalText(14),
            .calls = static_cast<int>(row.integer(15)),
            .drawnAt = row.time(16),
            .calledAt = row.optionalTime(17),
            .servedAt = row.optionalTime(18),
            .changedAt = row.time(19),
            .lastEvent = *event,
            .version = static_cast<int>(row.integer(21))};
}

std::vector<Ticket> readTickets(store::Statement& rows)
{
    std::vector<Ticket> found;
    while (rows.step())
        found.push_back(readTicket(rows));
    return found;
}

} // namespace amt::office
