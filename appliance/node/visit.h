// SPDX-License-Identifier: EUPL-1.2
//
// Visits (Vorsprache): one citizen at the kiosk, from the service to the receipt. The key of a
// visit lives in its cookie and, while the visit runs, in memory; what is on disk is sealed under
// it (sync.md 1).
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "appliance/core/state_table.h"
#include "appliance/node/presses.h"
#include "appliance/office/calendar/durations.h"
#include "appliance/office/case/drafts.h"
#include "appliance/office/form/answers.h"
#include "drivers/port/identity.h"
#include "kiosk/page/page.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::node {

extern const char* const visitCookie; ///< amt_visit

enum class Step {
    Start,
    Notice,
    Card,
    Reading,
    CardProblem,
    Form,
    Review,
    Pay,
    Paying,
    Unresolved,
    Done,
    Ticket,  ///< a number was drawn
    Booking, ///< an appointment: concerns are chosen, no time is held
    Asking,  ///< the portal is asked for a time, or to confirm it
    Contact, ///< a time is held, the name is asked
    Booked
};
enum class VisitEvent {
    ServiceChosen,
    Consented,
    PinEntered,
    CardRead,
    CardWanted, ///< wrong PIN, or the citizen cancelled: once more
    CardFailed,
    Skipped,
    FormFilled,
    FormOpened, ///< a step of the form was changed after the review, others are to be looked at
                ///< again
    Submitted,
    PaymentStarted,
    PaymentApproved,
    PaymentDeclined,
    PaymentUnclear,
    DeskChosen,
    NothingToPay,
    NumberDrawn,
    BookingBegun,
    TimeReserved,
    TimeGivenUp, ///< by the citizen, or the reservation's time was out
    PortalAsked, ///< it alone can give this time
    Confirmed,
    CheckInByCard, ///< the card is to be read for its names only
    CheckInLeft    ///< read or not, that way has ended
};

inline constexpr auto visitTable = stateTable<Step, VisitEvent>({
    {Step::Start, VisitEvent::NumberDrawn, Step::Ticket},
    {Step::Start, VisitEvent::BookingBegun, Step::Booking},
    {Step::Booking, VisitEvent::TimeReserved, Step::Contact},
    {Step::Booking, VisitEvent::PortalAsked, Step::Asking},
    {Step::Contact, VisitEvent::PortalAsked, Step::Asking},
    {Step::Asking, VisitEvent::TimeReserved, Step::Contact},
    {Step::Asking, VisitEvent::Confirmed, Step::Booked},
    {Step::Asking, VisitEvent::TimeGivenUp, Step::Booking},
    {Step::Contact, VisitEvent::TimeGivenUp, Step::Booking},
    {Step::Contact, VisitEvent::Confirmed, Step::Booked},
    {Step::Start, VisitEvent::CheckInByCard, Step::Notice},
    {Step::Notice, VisitEvent::CheckInLeft, Step::Start},
    {Step::Card, VisitEvent::CheckInLeft, Step::Start},
    {Step::Reading, VisitEvent::CheckInLeft, Step::Start},
    {Step::CardProblem, VisitEvent::CheckInLeft, Step::Start},
    {Step::Start, VisitEvent::ServiceChosen, Step::Notice},
    {Step::Notice, VisitEvent::ServiceChosen, Step::Notice},
    {Step::Notice, VisitEvent::Consented, Step::Card},
    {Step::Notice, VisitEvent::Skipped, Step::Form},
    {Step::Card, VisitEvent::ServiceChosen, Step::Notice},
    {Step::Card, VisitEvent::Consented, Step::Card},
    {Step::Card, VisitEvent::PinEntered, Step::Reading},
    {Step::Card, VisitEvent::CardFailed, Step::CardProblem},
    {Step::Card, VisitEvent::Skipped, Step::Form},
    {Step::Reading, VisitEvent::CardRead, Step::Form},
    {Step::Reading, VisitEvent::CardWanted, Step::Card},
    {Step::Reading, VisitEvent::CardFailed, Step::CardProblem},
    {Step::CardProblem, VisitEvent::ServiceChosen, Step::Notice},
    {Step::CardProblem, VisitEvent::Consented, Step::Card},
    {Step::CardProblem, VisitEvent::PinEntered, Step::Reading},
    {Step::CardProblem, VisitEvent::CardFailed, Step::CardProblem},
    {Step::CardProblem, VisitEvent::Skipped, Step::Form},
    {Step::Form, VisitEvent::ServiceChosen, Step::Notice},
    {Step::Form, VisitEvent::Consented, Step::Card},
    {Step::Form, VisitEvent::PinEntered, Step::Reading},
    {Step::Form, VisitEvent::CardFailed, Step::CardProblem},
    {Step::Form, VisitEvent::Skipped, Step::Form},
    {Step::Form, VisitEvent::FormFilled, Step::Review},
    {Step::Review, VisitEvent::ServiceChosen, Step::Notice},
    {Step::Review, VisitEvent::FormFilled, Step::Review},
    {Step::Review, VisitEvent::FormOpened, Step::Form},
    {Step::Review, VisitEvent::Submitted, Step::Pay},
    {Step::Pay, VisitEvent::PaymentStarted, Step::Paying},
    {Step::Pay, VisitEvent::DeskChosen, Step::Done},
    {Step::Pay, VisitEvent::NothingToPay, Step::Done},
    {Step::Pay, VisitEvent::PaymentApproved, Step::Done},   // a payment service's second thoughts
    {Step::Paying, VisitEvent::DeskChosen, Step::Done},     // with a phone, not at the terminal
    {Step::Unresolved, VisitEvent::DeskChosen, Step::Done}, // the same
    {Step::Paying, VisitEvent::PaymentApproved, Step::Done},
    {Step::Paying, VisitEvent::PaymentDeclined, Step::Pay},
    {Step::Paying, VisitEvent::PaymentUnclear, Step::Unresolved},
    {Step::Unresolved, VisitEvent::PaymentApproved, Step::Done},
    {Step::Unresolved, VisitEvent::PaymentDeclined, Step::Pay},
});

/// Where a citizen in this step stands.
std::string addressOf(Step step);
std::string_view name(Step step);

struct Visit {
    std::string idHash; ///< of the cookie's id (SHA-256, cut to the form of a UUID): what the
                        ///< server knows it by
    std::string cookie; ///< id.key, to answer a repeated first press
    Secret key;
    std::string envelopeId; ///< UUID v4, the case's for ever (sync.md 2)
    std::string language = "de";
    page::Access access; ///< how this citizen wants the screen; ends with the visit
    Step step = Step::Start;
    std::string service; ///< key of the service
    office::Answers answers;
    std::optional<office::Identification> identification; ///< of those answers that a card gave
    std::vector<office::FieldFault> faults;               ///< of the page that was posted last
    int formStep = 1;
    std::string caseId;
    std::string ticketId; ///< of the number that this visit drew, or is about to
    std::vector<office::WantedService> wanted; ///< of an appointment
    std::string appointmentId;                 ///< held or booked
    std::int64_t wish = 0;                     ///< of the portal, while it is asked; 0: none

    Presses presses;
    std::optional<int> wrongPinTriesLeft;
    std::optional<int> fewTriesLeft; ///< the card had lost tries before; none was spent now
    int triesTold = 3;               ///< what the citizen knows to be left
    bool needsCan = false; ///< the PIN is suspended: the last try needs the access number, too
    bool wrongCan = false;
    bool pinIncomplete = false; ///< what came was not six digits: said, and no try was used
    std::string cardProblem;    ///< name of the outcome
    IdentityStep identityStep = IdentityStep::WaitingForCard;
    std::uint64_t readNumber = 0; ///< of the read that runs for this visit; 0: none
    bool signedOnce = false;      ///< the terminal's signature was given in this read
    std::optional<int> declinedCode;
    std::string
        onlineProblem; ///< "failed", "notStarted": said once, where the way to pay is chosen
    int terminalStatusCode = 0x0E;
    std::string terminalStatusText;
    bool aborting = false;
    Milliseconds lastTouch{0};
    bool checksInByCard = false;   ///< what the card is read for, instead of a service
    bool atCheckIn = false;        ///< its page stands on the screen
    page::CheckInPage checkInSaid; ///< by a scanned code: said once, on that page
    int checkInNews = 0;           ///< how often something was
    std::string bookingProblem;    ///< "taken", "lapsed", "portal": said once, where the day is
                                   ///< chosen
    Milliseconds askedAt{0};       ///< the portal, since boot
    TimerId timer = 0;
    bool warned = false; ///< the page "still there?" stands on the screen

    std::string topic() const { return "visit/" + idHash; }
    bool allows(VisitEvent event) const { return visitTable.next(step, event).has_value(); }
    /// Nothing is said of the card any more, and nothing asked for it.
    void forgetCard();
    /// Throws StepOutOfOrder where the table has no row.
    void apply(VisitEvent event);
};

/// Takes a wish of the access bar ("text-1", "contrast-on", "reach-off"). Throws RequestMalformed.
void adjust(page::Access& access, const std::string& wish);

/// How long a visit goes on without an input. Pages tell of typing (kiosk/script/idle.js).
struct VisitTimes {
    std::chrono::seconds idle;
    std::chrono::seconds onForms;
    std::chrono::seconds afterWarning;
    std::chrono::seconds atEase; ///< with controls low: who sits needs longer (ui.md 3.7)
};

/// How long nobody need touch the screen before the page asks whether somebody is still there.
constexpr std::chrono::seconds warningAtEase{120};

class Visits {
public:
    Visits(office::Drafts& drafts, EventLoop& loop, RandomSource& random, VisitTimes times);
    ~Visits();
    Visits(const Visits&) = delete;
    Visits& operator=(const Visits&) = delete;

    /// The visit of the Cookie header: from memory, or opened from its draft after a restart. Null:
    /// none, or a wrong key.
    Visit* find(const std::string& cookieHeader);
    /// By hash, for work that came back from a device. Null when it has ended.
    Visit* byHash(const std::string& idHash);
    Visit* byCase(const std::string& caseId);
    /// Whose case, number or appointment a paper is about.
    Visit* byPaper(const std::string& id);

    Visit& open(const std::string& language);
    /// Writes the draft. Joins a running transaction.
    void save(const Visit& visit);
    /// An input of the citizen: the clock starts anew.
    void touch(Visit& visit);
    /// The warning stands on the screen: from now on it is short.
    void warn(Visit& visit);
    /// Wipes memory and draft. The reference is dead afterwards.
    void end(Visit& visit);
    /// Whether this cookie's visit has ended a moment ago: a second press of "Beenden" is not an
    /// error.
    bool hasEnded(const std::string& cookieHeader) const;

    /// Hashes of those that run.
    std::set<std::string> running() const;
    /// Those that ask the portal.
    std::vector<Visit*> asking();
    std::size_t count() const { return _visits.size(); }

    std::function<void(Visit&)> onRestored;       ///< came back after a restart
    std::function<bool(const Visit&)> holdsClock; ///< a step runs that must not be cut off
    std::function<void(Visit&)> onSilence;        ///< ends it

private:
    Visit* restore(const std::string& idHash, const std::string& cookie, Secret key);
    void arm(Visit& visit, std::chrono::seconds delay);

    office::Drafts& _drafts;
    EventLoop& _loop;
    RandomSource& _random;
    VisitTimes _times;
    std::map<std::string, std::unique_ptr<Visit>>
        _visits;                    // by hash; pointers stay while the map grows
    std::deque<std::string> _ended; // hashes
};

} // namespace amt::node
