// SPDX-License-Identifier: EUPL-1.2
//
// What is written here is what is read there, and nothing else is.
#include "appliance/office/calendar/booking_words.h"

#include "appliance/office/calendar/words_json.h"

#include <algorithm>
#include <array>
#include <set>

namespace amt::office::quota {
namespace {

constexpr std::size_t codeBytesMax = 20;
constexpr std::size_t servicesBytesMax = 2048;
constexpr std::size_t refusalBytesMax = 64;
constexpr std::size_t kidBytesMax = 256;
constexpr std::size_t sealedBytesMax = 16 * 1024;
constexpr int minutesMax = 8 * 60;
constexpr int bookingsOfDayMax = lanesMax * cellsMax;

constexpr std::array<std::pair<PortalState, std::string_view>, 5> stateNames{{
    {PortalState::Reserved, "RESERVED"},
    {PortalState::Confirmed, "CONFIRMED"},
    {PortalState::Displaced, "DISPLACED"},
    {PortalState::Cancelled, "CANCELLED"},
    {PortalState::Lapsed, "LAPSED"},
}};

constexpr std::array<std::pair<WishAct, std::string_view>, 5> actNames{{
    {WishAct::Reserve, "reserve"},
    {WishAct::Confirm, "confirm"},
    {WishAct::Book, "book"},
    {WishAct::Move, "move"},
    {WishAct::Cancel, "cancel"},
}};

template <typename Value, std::size_t Count>
Value named(const std::array<std::pair<Value, std::string_view>, Count>& names,
            const std::string& text)
{
    for (const auto& [value, word] : names) {
        if (word == text)
            return value;
    }
    throw Error(ErrorCode::JsonMalformed, "a word that is not known here");
}

template <typename Value, std::size_t Count>
std::string_view wordFor(const std::array<std::pair<Value, std::string_view>, Count>& names,
                         Value value)
{
    for (const auto& [each, word] : names) {
        if (each == value)
            return word;
    }
    AMT_ASSERT(false && "a value without a word");
}

/// {"services": [{"service": "99008001012000", "quantity": 1}, ...]}
std::string servicesText(const json::Object& object)
{
    std::string text = json::text(object, "services");
    require(text.size() <= servicesBytesMax, "services");
    const auto services = parse(text);
    json::onlyKeys(*services, {"services"});
    each(*services, "services", 20, [](const json::Object& entry) {
        json::onlyKeys(entry, {"service", "quantity"});
        require(!json::text(entry, "service").empty(), "services");
        small(entry, "quantity", 1, 1000);
    });
    return text;
}

std::string bounded(const json::Object& object, const std::string& key, std::size_t most)
{
    std::string text = json::text(object, key);
    require(text.size() <= most, "a text that is too long");
    return text;
}

std::string sealedText(const json::Object& object, const std::string& key)
{
    std::string text = bounded(object, key, sealedBytesMax);
    require(std::ranges::count(text, '.') == 4, "no compact JWE");
    return text;
}

json::ObjectPtr objectOf(const PortalBooking& booking)
{
    auto object = objectOf(booking.run);
    object->set("id", booking.id);
    object->set("code", booking.code);
    object->set("state", std::string(name(booking.state)));
    object->set("minutes", booking.minutes);
    object->set("services", booking.services);
    if (booking.reservedUntil)
        object->set("reservedUntil", toMilliseconds(*booking.reservedUntil));
    object->set("version", booking.version);
    object->set("hasContact", booking.hasContact);
    return object;
}

PortalBooking readBooking(const json::Object& object)
{
    json::onlyKeys(object, {"scope", "day", "lane", "cell", "cells", "id", "code", "state",
                            "minutes", "services", "reservedUntil", "version", "hasContact"});
    PortalBooking booking{.id = uuid(object, "id"),
                          .code = bounded(object, "code", codeBytesMax),
                          .state = named(stateNames, json::text(object, "state")),
                          .run = readRunOf(object),
                          .minutes = small(object, "minutes", 1, minutesMax),
                          .services = servicesText(object)};
    booking.version = natural(object, "version");
    require(booking.version > 0, "a version");
    booking.hasContact = json::boolean(object, "hasContact");
    require(object.has("reservedUntil") == (booking.state == PortalState::Reserved),
            "the end of a reservation");
    if (object.has("reservedUntil"))
        booking.reservedUntil = fromMilliseconds(natural(object, "reservedUntil"));
    return booking;
}

} // namespace

std::string_view name(PortalState state)
{
    return wordFor(stateNames, state);
}

std::string summaryOf(const std::vector<PortalBooking>& bookings)
{
    std::vector<std::string> lines;
    for (const auto& each : bookings)
        lines.push_back(each.id + ' ' + std::to_string(each.version) + ' ' +
                        std::string(name(each.state)) + (each.hasContact ? " named\n" : "\n"));
    std::ranges::sort(lines);
    std::string summary;
    for (const auto& line : lines)
        summary += line;
    return summary;
}

std::string write(const BookingsQuestion& question)
{
    auto object = json::makeObject();
    object->set("scope", question.scope);
    object->set("from", toIso(question.from));
    object->set("digests",
                arrayOf(question.digests, [](const std::string& digest) { return digest; }));
    return json::write(*object);
}

BookingsQuestion readBookingsQuestion(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"scope", "from", "digests"});
    BookingsQuestion question{.scope = scope(*object),
                              .from = localDateFromIso(json::text(*object, "from")),
                              .digests = json::texts(*object, "digests")};
    require(!question.digests.empty() && question.digests.size() <= bookedDaysMax &&
                std::ranges::all_of(question.digests, isHash),
            "digests of days");
    return question;
}

std::string write(const Bookings& bookings)
{
    auto object = json::makeObject();
    object->set("scope", bookings.scope);
    object->set("more", bookings.more);
    object->set("days", arrayOf(bookings.days, [](const Bookings::Day& day) {
                    auto entry = json::makeObject();
                    entry->set("day", toIso(day.day));
                    entry->set("bookings", arrayOf(day.bookings, [](const PortalBooking& booking) {
                                   return objectOf(booking);
                               }));
                    return entry;
                }));
    return json::write(*object);
}

Bookings readBookings(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"scope", "days", "more"});
    Bookings bookings{.scope = scope(*object), .days = {}, .more = json::boolean(*object, "more")};
    std::set<LocalDate> days;
    std::set<std::string> ids;
    each(*object, "days", bookedDaysMax, [&](const json::Object& entry) {
        json::onlyKeys(entry, {"day", "bookings"});
        Bookings::Day day{.day = localDateFromIso(json::text(entry, "day")), .bookings = {}};
        require(days.insert(day.day).second, "a day twice");
        each(entry, "bookings", bookingsOfDayMax, [&](const json::Object& one) {
            day.bookings.push_back(readBooking(one));
            const auto& booking = day.bookings.back();
            require(booking.run.day == day.day && booking.run.scope == bookings.scope,
                    "an appointment of another day");
            require(booking.state == PortalState::Confirmed ||
                        booking.state == PortalState::Displaced,
                    "an appointment that does not stand");
            require(ids.insert(booking.id).second, "an appointment twice");
        });
        bookings.days.push_back(std::move(day));
    });
    return bookings;
}

std::string write(const ContactsQuestion& question)
{
    auto object = json::makeObject();
    object->set("ids", arrayOf(question.ids, [](const std::string& id) { return id; }));
    return json::write(*object);
}

ContactsQuestion readContactsQuestion(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"ids"});
    ContactsQuestion question{.ids = json::texts(*object, "ids")};
    require(!question.ids.empty() && question.ids.size() <= contactsMax &&
                std::ranges::all_of(question.ids, isUuid),
            "ids of appointments");
    return question;
}

std::string write(const Contacts& contacts)
{
    auto object = json::makeObject();
    object->set("contacts", arrayOf(contacts.contacts, [](const Contacts::Contact& contact) {
                    auto entry = json::makeObject();
                    entry->set("id", contact.id);
                    entry->set("kid", contact.kid);
                    entry->set("sealed", contact.sealed);
                    return entry;
                }));
    return json::write(*object);
}

Contacts readContacts(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"contacts"});
    Contacts contacts;
    each(*object, "contacts", contactsMax, [&](const json::Object& entry) {
        json::onlyKeys(entry, {"id", "kid", "sealed"});
        contacts.contacts.push_back({.id = uuid(entry, "id"),
                                     .kid = bounded(entry, "kid", kidBytesMax),
                                     .sealed = sealedText(entry, "sealed")});
        require(!contacts.contacts.back().kid.empty(), "a contact for no key");
    });
    return contacts;
}

std::string write(const Wish& wish)
{
    auto object = json::makeObject();
    object->set("act", std::string(wordFor(actNames, wish.act)));
    object->set("id", wish.id);
    const bool makes = wish.act == WishAct::Reserve || wish.act == WishAct::Book;
    if (makes) {
        object->set("scope", wish.scope);
        object->set("minutes", wish.minutes);
        object->set("services", wish.services);
    } else {
        object->set("version", wish.version);
    }
    if (wish.start)
        object->set("start", toMilliseconds(*wish.start));
    if (!wish.contact.empty())
        object->set("contact", wish.contact);
    if (wish.act == WishAct::Cancel)
        object->set("atOnce", wish.atOnce);
    if (wish.isOfStaff) // left out otherwise, so that an older portal understands
        object->set("staff", true);
    return json::write(*object);
}

Wish readWish(const std::string& text)
{
    const auto object = parse(text);
    Wish wish{
        .act = named(actNames, json::text(*object, "act")), .id = uuid(*object, "id"), .start = {}};
    using Keys = std::initializer_list<std::string_view>;
    const auto only = [&](Keys keys) { json::onlyKeys(*object, keys); };
    switch (wish.act) {
    case WishAct::Reserve:
        only({"act", "id", "scope", "minutes", "services", "start", "staff"});
        break;
    case WishAct::Book:
        only({"act", "id", "scope", "minutes", "services", "start", "contact", "staff"});
        break;
    case WishAct::Confirm:
        only({"act", "id", "version", "contact"});
        break;
    case WishAct::Move:
        only({"act", "id", "version", "start", "staff"});
        break;
    case WishAct::Cancel:
        only({"act", "id", "version", "atOnce"});
        break;
    }
    if (wish.act == WishAct::Reserve || wish.act == WishAct::Book) {
        wish.scope = scope(*object);
        wish.minutes = small(*object, "minutes", 1, minutesMax);
        wish.services = servicesText(*object);
    } else {
        wish.version = natural(*object, "version");
    }
    if (wish.act != WishAct::Confirm && wish.act != WishAct::Cancel)
        wish.start = fromMilliseconds(natural(*object, "start"));
    if (wish.act == WishAct::Confirm || wish.act == WishAct::Book)
        wish.contact = sealedText(*object, "contact");
    if (wish.act == WishAct::Cancel)
        wish.atOnce = json::boolean(*object, "atOnce");
    wish.isOfStaff = object->has("staff") && json::boolean(*object, "staff");
    return wish;
}

std::string write(const WishAnswer& answer)
{
    auto object = json::makeObject();
    object->set("refusal", answer.refusal);
    if (answer.booking)
        object->set("booking", objectOf(*answer.booking));
    return json::write(*object);
}

WishAnswer readWishAnswer(const std::string& text)
{
    const auto object = parse(text);
    json::onlyKeys(*object, {"refusal", "booking"});
    WishAnswer answer{.refusal = bounded(*object, "refusal", refusalBytesMax), .booking = {}};
    if (object->has("booking"))
        answer.booking = readBooking(*json::object(*object, "booking"));
    require(answer.refusal.empty() == answer.booking.has_value(),
            "what has happened is told, and nothing else");
    return answer;
}

} // namespace amt::office::quota
