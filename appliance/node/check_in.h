// SPDX-License-Identifier: EUPL-1.2
//
// Check-in at the kiosk: an appointment becomes a waiting number, by a code that is typed or held
// before the scanner, or by names and date of birth of an identity card.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/secret.h"
#include "appliance/office/calendar/appointments.h"
#include "appliance/office/catalogue/catalogue.h"
#include "drivers/port/identity.h"
#include "drivers/port/scanning.h"
#include "kiosk/page/page.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::node {

class ExpectedNames;
class House;
struct Contact;
struct Visit;

/// What is read of a card for check-in, and what the citizen is told of it.
const office::Service& checkInByCard();

class CheckIn {
public:
    explicit CheckIn(House& house);
    ~CheckIn();
    CheckIn(const CheckIn&) = delete;
    CheckIn& operator=(const CheckIn&) = delete;

    /// One commit where it succeeds: the visit has its number then, and the page has no problem.
    /// Tries with wrong codes are counted, wherever they come from.
    page::CheckInPage byCode(Visit& visit, const std::string& code);

    /// The same with names and date of birth of a card that was read in the step Reading, and only
    /// where one appointment of today has them and no other may (one without a date of birth has
    /// any). The visit leaves that step.
    void byCard(Visit& visit, const IdentityData& card);
    bool readsCards() const;
    /// Names are in hand. Kept in memory as what nobody can read (expected_names.h), if it is for
    /// today or tomorrow; null: they cannot be read.
    void expect(const office::Appointment& appointment, const Contact* contact);
    /// A clerk works with an open desk key: what is still unknown of today and tomorrow is opened,
    /// one after the other on the loop.
    void learnNames(const Secret& token);
    /// What was for past days goes.
    void everyNight();

    /// A scanner is set up and, as far as is known, plugged in.
    bool hasScanner() const;
    /// The page of check-in stands on the screen: what is scanned is this visit's.
    void listen(Visit& visit);
    /// Another page does. Ignored when it did not stand there.
    void leave(Visit& visit);

private:
    page::CheckInPage admit(Visit& visit, const office::Appointment& appointment);
    /// Appointments of today and tomorrow that hold.
    std::vector<office::Appointment> ofTheseDays() const;
    void learnNext(const Secret& token, std::vector<std::string> appointments);
    void begin();
    void heard(std::uint64_t number, const ScanOutcome& outcome);
    void scanned(Visit& visit, const ScanOutcome& outcome);
    void cancel();
    void setAway(bool away);
    /// The page has something new to show.
    void tell(Visit& visit, const page::CheckInPage& said);

    House& _house;
    std::unique_ptr<ExpectedNames> _names;
    std::optional<Milliseconds> _learntAt; ///< since boot: when what is unknown was looked for
    std::string _visitHash;                ///< whose page is open; empty: nobody's
    std::uint64_t _lastNumber = 0;
    std::uint64_t _running = 0; ///< number of the scan that runs; 0: none
    std::string _begunFor;      ///< its visit
    bool _cancelled = false;
    bool _away = false; ///< the last scan found no scanner, or no broker
    TimerId _again = 0;
};

} // namespace amt::node
