// SPDX-License-Identifier: EUPL-1.2
//
// Appointments that the portal has given (CITIZENS.md), as node and portal speak of them: which
// there are, who comes (sealed), and what a node asks the portal to do with one. Only core, so that
// a gateway takes it. Every read function throws JsonMalformed or InputMalformed, and takes nothing
// of a bad message.
#pragma once

#include "appliance/office/calendar/quota_words.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amt::office::quota {

// --- addresses at the gateway; POST, and may be repeated
inline constexpr std::string_view bookingsPath = "/v2/quota/bookings";
inline constexpr std::string_view contactsPath = "/v2/quota/contacts";
inline constexpr std::string_view wishPath = "/v2/quota/wish";

inline constexpr int bookedDaysMax = 100; ///< of one question
inline constexpr int bookingsMax = 1000;  ///< of one answer, but for its first day
inline constexpr int contactsMax = 32;    ///< of one question: each at most 16 KiB

/// Displaced: the portal was put back from a copy, and a node had given the place to somebody else.
enum class PortalState { Reserved, Confirmed, Displaced, Cancelled, Lapsed };
std::string_view name(PortalState state); ///< "RESERVED" ...

struct PortalBooking {
    std::string id;   ///< UUID v4
    std::string code; ///< "TP-2026-7K3M-4Q": what the citizen shows at the kiosk
    PortalState state = PortalState::Confirmed;
    Run run;
    int minutes = 0;
    std::string services; ///< JSON: {"services": [{"service", "quantity"}]}
    std::optional<UtcTime> reservedUntil = {};
    std::int64_t version = 0;
    bool hasContact = false; ///< who comes is told by CONTACTS; it never changes
};
/// Of one day; its SHA-256 in hexadecimal digits is the day's digest. The order does not count.
std::string summaryOf(const std::vector<PortalBooking>& bookings);

/// Which days are not what the node knows? `digests`: of `from` and the days after it.
struct BookingsQuestion {
    std::string scope;
    LocalDate from;
    std::vector<std::string> digests;
};
/// Days that differ, whole, with what stands (confirmed or displaced).
struct Bookings {
    struct Day {
        LocalDate day;
        std::vector<PortalBooking> bookings;
    };
    std::string scope;
    std::vector<Day> days;
    bool more = false; ///< days differ that did not fit in here
};

struct ContactsQuestion {
    std::vector<std::string> ids;
};
struct Contacts {
    struct Contact {
        std::string id, kid, sealed;
    };
    std::vector<Contact> contacts; ///< of those that have one
};

/// What somebody at a node wants of the portal. Each may be said twice and happens once.
enum class WishAct {
    Reserve,
    Confirm, ///< what was reserved, with who comes
    Book,    ///< both at once
    Move,
    Cancel
};
struct Wish {
    WishAct act = WishAct::Reserve;
    std::string id;               ///< of the appointment
    std::string scope = {};       ///< Reserve, Book
    std::optional<UtcTime> start; ///< Reserve, Book, Move
    int minutes = 0;              ///< Reserve, Book
    std::string services = {};    ///< Reserve, Book; as in PortalBooking
    std::int64_t version = 0;     ///< Confirm, Move, Cancel; Cancel: 0 for any
    std::string contact = {};     ///< Confirm, Book: compact JWE for the desk key
    bool atOnce = false;          ///< Cancel: the place is free again at once
    bool isOfStaff = false;       ///< Reserve, Book, Move: a clerk's, who may book what staff may
};
struct WishAnswer {
    std::string refusal; ///< problem type, "time-taken"; empty: it has happened
    std::optional<PortalBooking> booking;
};

std::string write(const BookingsQuestion& question);
std::string write(const Bookings& bookings);
std::string write(const ContactsQuestion& question);
std::string write(const Contacts& contacts);
std::string write(const Wish& wish);
std::string write(const WishAnswer& answer);
BookingsQuestion readBookingsQuestion(const std::string& text);
Bookings readBookings(const std::string& text);
ContactsQuestion readContactsQuestion(const std::string& text);
Contacts readContacts(const std::string& text);
Wish readWish(const std::string& text);
WishAnswer readWishAnswer(const std::string& text);

} // namespace amt::office::quota
