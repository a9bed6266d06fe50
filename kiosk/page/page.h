// SPDX-License-Identifier: EUPL-1.2
//
// Pages as HTML: typed views in, escaped text out. The node says what is so; texts, layout and
// languages live here.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/error.h"
#include "appliance/core/local_date.h"
#include "appliance/core/money.h"
#include "kiosk/page/assets.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::page {

/// How a citizen wants the screen (ui.md 5, access bar). Ends with the visit.
struct Access {
    int text = 0; ///< 0: normal, 1: larger (× 1.33), 2: very large (× 1.66; long pages scroll)
    bool highContrast = false;
    bool lowReach = false; ///< everything that is touched stands in the lower 45 % of an upright
                           ///< screen
    bool operator==(const Access&) const = default;
};

/// What stands around every kiosk page. Pages that wait or time out refresh themselves: by a meta
/// element within noscript, and by script otherwise (typing counts as being there), so the node
/// sends no Refresh header.
struct Frame {
    std::string language = "de"; ///< de, en, ar (test mode)
    std::string municipality;    ///< "Stadt Musterstadt"
    UtcTime now;
    std::string formKey; ///< key of this page load: goes into every form as field "key"; one press
                         ///< counts once
    bool portalReachable = true;
    bool inVisit = false;                 ///< shows "Beenden" and counts the idle time
    std::chrono::seconds idleWarning{45}; ///< then the page "still there?"
    Access access; ///< POST /access {set=text-0..2|contrast-on|contrast-off|reach-on|
                   ///< reach-off, back}; a form page posts it as its "action", so that
                   ///< what was typed stays
    bool checksInByCard = false; ///< the card is read for check-in, not for a service
    bool helpCalled = false;     ///< a call for help is open
    int part = 0; ///< ?part= of notice, certificate, card, form, review, done and ticket, which
                  ///< need more pages than one with larger letters; 0: not said
    bool testModeLanguages = false; ///< offers languages whose texts are not reviewed
};

// --- kiosk (citizen), in the order of the visit. Comment: address of the page; forms post to the
// same address unless said. ---

/// How long somebody will wait, in minutes, multiples of five.
struct Wait {
    int from = 0, until = 0;
    bool orLonger = false;
};
/// What stands in the waiting hall.
struct Hall {
    int waiting = 0, openDesks = 0;
    std::optional<Wait> wait; ///< nothing: no estimate
};
/// GET /  K1. POST /language {language, back}. Links to /services, /queue and /appointments.
struct StartPage {
    bool accepting = true;         ///< false: no room, no key: says so and whom to ask
    std::optional<Hall> hall = {}; ///< nothing: nobody is called by number here
    bool appointments = false;     ///< besides numbers: booking and check-in
};
/// GET /appointments, POST {service}; K5. `adds`: GET /visit/booking/more, one more beside those
/// that are wanted, POST /visit/booking {service, change=add}.
struct ConcernsPage {
    struct Concern {
        std::string key, name;
        int minutes = 0;
    };
    std::vector<Concern> concerns;
    bool adds = false;
    /// By a word (?search=): what fits, or everything when nothing does.
    enum class Found { Everything, Some, Nothing };
    Found found = Found::Everything;
};
/// GET /appointments?search=, or /visit/booking/more?search= where one more is added: without a
/// word it is asked for.
struct ConcernSearchPage {
    bool adds = false;
};
/// GET /visit/booking, POST {service, change=more|less}; then link /visit/booking/days
struct BookingPage {
    struct Wanted {
        std::string key, name, bring;
        int quantity = 1, quantityMax = 1;
    };
    std::vector<Wanted> wanted;
    int minutes = 0;
    bool canAdd = false; ///< link /visit/booking/more
};
/// GET /visit/booking/days; K7. Links /visit/booking/times?day=
struct DaysPage {
    struct Day {
        LocalDate day;
        int free = 0;
        bool morning = false, afternoon = false;
    };
    std::vector<Day> days; ///< those with free times
    std::string problem;   ///< "taken", "lapsed" or empty
    std::string phone;
};
/// GET /visit/booking/times?day=, POST /visit/booking/times {day, cell}; K8
struct TimesPage {
    LocalDate day{};
    struct Time {
        int cell = 0;
        UtcTime start;
    };
    std::vector<Time> times;
};
/// GET /visit/booked (refreshes itself while it prints), POST /visit/booked/print {}, /visit/end {}
struct BookedPage {
    UtcTime start;
    std::string code, place;
    std::vector<std::string> concerns, bring;
    std::string printing; ///< as in DonePage
    std::chrono::seconds untilEnd{60};
};
/// GET /visit/check-in, POST {code}; K2
struct CheckInPage {
    enum class Problem {
        None,
        Unknown,
        TooOften,
        TooEarly,
        TooLate,
        OtherDay,
        NotByCard,   ///< none, several, or nobody knows: the code or the reception
        Strange,     ///< scanned, and no code of an appointment
        AskReception ///< the number was used already, or there are none left
    };
    Problem problem = Problem::None;
    std::string code;        ///< as typed
    UtcTime start;           ///< of the appointment, once it was found
    UtcTime from;            ///< TooEarly: when check-in begins
    bool readsCards = false; ///< POST /visit/check-in/card {}
    bool scans = false;      ///< a code may be held before the scanner as well
    std::string news = {};   ///< what of the live state this page tells
};
/// GET /queue, POST {group}: what is it about. Numbers that are not given out here are shown, too.
struct QueuePage {
    struct Group {
        std::string key, name;
        std::string state; ///< "open", "full" (no more today), "reception" (staff give them out)
        int waiting = 0;
        std::optional<Wait> wait;
    };
    std::vector<Group> groups;
};
/// GET /visit/ticket (refreshes itself while it prints), POST /visit/ticket/print {},
/// /visit/ticket/noted {}, /visit/end {}
struct TicketPage {
    std::string number; ///< "B 047"
    std::string group;
    bool waits = false; ///< printed or noted: only then it is called
    int before = 0;     ///< who wait for the same
    std::optional<Wait> wait;
    std::string printing; ///< as in DonePage; "notWanted": noted
    std::chrono::seconds untilEnd{60};
    std::optional<UtcTime> appointment = {}; ///< of who checked in
    std::string way = {}; ///< to the waiting hall: "Left", "Right", "Straight", "Up", "Down"
};
/// GET /services, POST {service}
struct ServicesPage {
    struct Entry {
        std::string key, name, summary;
        Money fee;
        std::vector<std::string> papers = {}; ///< to show at the desk
    };
    std::vector<Entry> services;
};
/// GET /visit/notice, POST {consent=yes}. What is read and why, who is responsible, how long.
struct NoticePage {
    std::string serviceName;
    std::vector<std::string> attributes; ///< names of DataGroup enumerators, e.g. "GivenNames"
    bool reviewedTranslation = true;     ///< legal text also in German when false
    std::string reads = {};              ///< whose certificate it is; empty: not said
};
/// GET /visit/notice/certificate: who reads the card (§ 18 (4) PAuswG), from its description.
struct CertificatePage {
    std::string subject, subjectUrl, issuer, issuerUrl;
    std::string terms; ///< plain text with line breaks; empty: it lies at the reception
    LocalDate validUntil{};
};
/// GET /visit/card, POST {pin, can}, POST /visit/card/skip {}. problem: what happened before.
struct CardPage {
    std::vector<std::string> attributes;
    std::optional<int> wrongPinTriesLeft = {};
    bool pinIncomplete = false; ///< what came was not six digits; no try was used
    bool asksCan = false;  ///< the PIN is suspended: the access number comes before the last try
    bool wrongCan = false; ///< costs no try
    std::optional<int> fewTriesLeft = {}; ///< told before one is spent
    bool atReader = false;                ///< the PIN is typed at the reader's keypad
};
/// GET /visit/card/reading (refreshes itself; live by /visit/events), POST /visit/card/cancel {}
struct ReadingPage {
    std::string step; ///< IdentityStep name
};
/// GET /visit/card/problem: every outcome that is not data and not a wrong PIN. Retry (link
/// /visit/card) where it helps, POST /visit/card/skip always.
struct CardProblemPage {
    std::string outcome; ///< "PinBlocked", "PinSuspended", "PinNotActivated", "CardRemoved",
                         ///< "NoCard", "NoReader", "NotAnIdentityCard", "CardExpired",
                         ///< "TransportPin", "CardRevoked", "CardNotGenuine", "DeviceFailed"
    bool canRetry = false;
};
/// One field of a form, as the form's definition in config/municipality says.
struct FieldView {
    std::string name; ///< form field
    std::string kind; ///< "text", "plate", "date", "choice", "yesno"
    std::string labelKey, helpKey;
    std::string value;
    std::string origin;      ///< "eid", "typed": shown; eid fields cannot be changed
    std::string errorKey;    ///< empty: fine
    std::string errorDetail; ///< the offending character, or the like
    bool optional = false;
    struct Option {
        std::string value, label;
    };
    std::vector<Option> options; ///< choice
};
/// GET /visit/form, POST {fields of the page, action=next|back, or part-N, language-CODE, or what
/// /access takes as "set"}; "back" is offered when step > 1.
/// "yesno" posts yes or no.
struct FormPage {
    std::string serviceName;
    std::vector<FieldView> fields;
    int step = 1, steps = 1;
    /// Contact: GET and POST /visit/booking/contact, the name for an appointment. "back" gives the
    /// time up, "longer" asks for more of it.
    enum class Kind { Service, Contact };
    Kind kind = Kind::Service;
    UtcTime appointment{};                 ///< Contact: its start
    std::optional<UtcTime> heldUntil = {}; ///< Contact: the reservation's end
    bool canHoldLonger = false;            ///< Contact: it may come later
};
/// GET /visit/booking/asking (refreshes itself; live by /visit/events), POST {} stops: the portal
/// is asked for a time, or to confirm it.
struct AskingPage {
    bool confirms = false;
};
/// GET /visit/review, POST {confirm=yes}; change: link /visit/form
struct ReviewPage {
    std::string serviceName;
    std::vector<FieldView> fields;
    Money fee;
};
/// GET /visit/pay, POST {action=start|desk}. declinedCode: a ZVT result that came before, with its
/// text.
struct PayPage {
    std::string serviceName;
    Money fee;
    std::optional<int> declinedCode;
    bool terminalReady = true;
    bool onlineReady = false;  ///< it may be paid with a phone, and that can begin now
    std::string onlineProblem; ///< of a try before: "failed", "notStarted"; empty: none
};
/// GET /visit/pay/running (refreshes itself; live by /visit/events), POST /visit/pay/abort {}
struct PayRunningPage {
    Money fee;
    int statusCode = 0;     ///< 04 FF, see facts; 0x0E "please wait"
    std::string statusText; ///< of the terminal, may be empty
    bool aborting = false;
};
/// GET /visit/pay/running where somebody pays with a phone (live by /visit/events), POST
/// /visit/pay/abort {}, POST /visit/pay {action=desk}
struct PayOnlinePage {
    Money fee;
    std::string address; ///< that the QR code leads to; empty: the payment service is being asked
    std::string host;    ///< of that address, to be compared on the phone
    UtcTime until;
    std::chrono::seconds left{0};
};
/// GET /visit/pay/unresolved (refreshes itself): we do not know yet; nothing is charged twice; a
/// person helps.
struct PayUnresolvedPage {
    Money fee;
    std::string reference;
    bool online = false; ///< paid with a phone, or not; POST /visit/pay {action=desk} is offered
};
/// GET /visit/done, POST /visit/receipt {} prints (again), POST /visit/end {}
struct DonePage {
    std::string reference; ///< Aktenzeichen
    std::string serviceName;
    Money fee;
    bool paid = false; ///< false: to be paid at the desk
    bool paidOnline = false;
    std::string printing; ///< "printing", "printed", "paperOut", "coverOpen", "noPrinter",
                          ///< "interrupted", "notWanted"
    std::chrono::seconds untilEnd{60};
    std::vector<std::string> papers = {}; ///< to show at the desk before it goes out
};
/// GET /visit/still-there, POST {} = more time. Refreshes to /visit/timeout.
struct StillTherePage {
    std::chrono::seconds left{30};
    std::string back; ///< address to go on at
};
/// GET /ended
struct EndedPage {
    bool timedOut = false;
};
/// GET /visit/state, POST {reference, code}: who has the receipt sees the state of the case, and
/// nothing else of it.
struct StatePage {
    enum class Answer { None, Found, Unknown, TooOften };
    Answer answer = Answer::None;
    std::string reference; ///< as it was typed, or as it is written
    std::string state;     ///< "Recorded", "HandedOver", "Accepted", "Rejected", "Held", "Settled",
                           ///< "PapersMissing"
    bool hasReply = false; ///< the authority has replied; what, only a person shows
};
/// GET /help?back=ADDRESS: who helps; POST calls a person {back}
struct HelpPage {
    std::string phone;
    bool called = false;
    std::string back = "/";
};
/// Any refusal: status and code; what happened, what to do, who helps.
struct ErrorPage {
    ErrorCode code = ErrorCode::NotFound;
    int status = 404;
};

using KioskView =
    std::variant<StartPage, ConcernSearchPage, ConcernsPage, BookingPage, DaysPage, TimesPage,
                 AskingPage, BookedPage, CheckInPage, QueuePage, TicketPage, ServicesPage,
                 NoticePage, CertificatePage, CardPage, ReadingPage, CardProblemPage, FormPage,
                 ReviewPage, PayPage, PayRunningPage, PayOnlinePage, PayUnresolvedPage, DonePage,
                 StillTherePage, EndedPage, StatePage, HelpPage, ErrorPage>;

// --- desk (clerk), German only. Frame of its own.

struct DeskFrame {
    std::string municipality;
    UtcTime now;
    std::string formKey;
    std::string clerk;    ///< empty: not signed in
    bool arrived = false; ///< all the way in, second factor and all
    struct Section {
        std::string name, address; ///< "desk.section.NAME" is what it is called
    };
    std::vector<Section> sections; ///< what this account may see
    bool portalReachable = true;
    bool deskKeyOpen = false;
};
/// GET /desk/sign-in, POST {name, password}. GET /desk/first, POST {code, name, password, again}.
/// GET /desk/recover, POST {name, recovery, password, again} (paper half).
struct SignInPage {
    enum class Kind { SignIn, First, Recover };
    Kind kind = Kind::SignIn;
    bool refused = false;
    std::chrono::seconds wait{0}; ///< lock-out by delay
    bool needsFirst = false;      ///< no clerk yet: link to /desk/first
    std::string provider = {};    ///< name of the town's identity provider; empty: there is none
};
/// GET /desk/provider/back, /desk/provider/arrival: on the way in by the identity provider. POST
/// /desk/provider/bind {code, password}.
struct ProviderPage {
    enum class Kind {
        Checking, ///< asks again by itself
        Bind,     ///< nobody's account is bound to whoever came
        Closed,
        NotReachable,
        Cancelled,
        Refused,
        Lost, ///< too late, used already, or another browser's
        ClockUnsure
    };
    Kind kind = Kind::Checking;
    std::string provider;
    bool refused = false; ///< of Bind
    std::chrono::seconds wait{0};
};
/// GET /desk/open, POST {password}: opens the desk key in a session that has it closed.
struct OpenKeyPage {
    bool required = false; ///< nothing else opens before
    bool refused = false;
    std::chrono::seconds wait{0};
};
/// GET /desk/code, POST {code}: the second factor, after the password.
struct CodePage {
    bool refused = false;
    std::chrono::seconds wait{0};
};
/// GET /desk/factor, POST {code} sets it up; POST /desk/factor/give-up {code}.
struct FactorPage {
    bool isOn = false;
    bool required = false;        ///< a role asks for it; nothing else opens before
    bool mayStart = true;         ///< false: the desk key is closed, sign in again first
    std::string address, written; ///< for the QR code, and for hands; while it is set up
    bool refused = false;
    std::chrono::seconds wait{0};
};
/// A place where somebody is signed in.
struct SessionRow {
    std::string id, place;
    UtcTime since, seenAt;
    bool own = false; ///< this very one
};
/// GET /desk/account: one's own. POST /desk/account/sessions/end {session}.
struct AccountPage {
    std::vector<std::string> roles;
    bool secondFactor = false;
    std::vector<SessionRow> sessions;
    std::string message; ///< message key, may be empty
};
/// Once, after the first sign-in: the paper half, to be printed and put into the safe. POST
/// /desk/paper {kept=yes}
struct PaperHalfPage {
    std::string code;
};
/// A call for a person; POST /desk/help/done {caller}
struct HelpCall {
    std::string caller; ///< "kiosk", "card-reader" (a card failed its proof)
    UtcTime since;
};
/// GET /desk: cases newest first
struct CasesPage {
    struct Row {
        std::string id, reference, service, state,
            payment; ///< state: "Recorded", "HandedOver", "Accepted", "Rejected", "Held"
        UtcTime createdAt;
        std::string heldReason;
        int replies = 0; ///< of the authority, that nobody has done with
    };
    std::vector<Row> cases;
    std::vector<HelpCall> calls;
    int replies = 0;      ///< in all cases
    int strayReplies = 0; ///< of these, refused because no case of ours fits
};
/// GET /desk/cases/ID, POST /desk/cases/ID/release {reason}, POST /desk/cases/ID/receipt {}
struct CasePage {
    std::string id, reference, serviceName, state, heldReason;
    std::vector<FieldView> fields; ///< with origin
    bool mayRead = true;           ///< false: what the citizen wrote is not for this account
    bool readable = true;          ///< false: desk key not open
    struct PaymentView {
        std::string state; ///< PaymentState
        Money amount;
        std::string terminalId, card;
        int trace = 0, receipt = 0;
        std::optional<UtcTime> at;
        bool online = false;     ///< at a payment service
        std::string requestId;   ///< our name for it there
        std::string transaction; ///< its name for it; may be empty
        std::string failure;     ///< what it said instead; may be empty
    };
    std::optional<PaymentView> payment;
    bool paidLate = false; ///< online, after the case went another way: POST
                           ///< /desk/cases/ID/payment {finding=repaid, reason}
    bool mayDecide = true; ///< about a payment that is not clear
    struct WayEntry {
        UtcTime at;
        std::string kind; ///< journal kind, e.g. "SEALED", "STORED", "ACCEPTED"
        std::string detail;
    };
    std::vector<WayEntry> way;
    bool canRelease = false;
    bool sendsAgain = false;    ///< released, the same envelope goes again; else it is sealed anew
    bool canPutOnPaper = false; ///< POST /desk/cases/ID/settle {how=paper, reason}
    bool canSettle = false;     ///< the same with how=dealt-with: a rejection
    std::vector<std::string> problems; ///< of a rejection, in the destination's words
    struct ReplyRow {
        std::string id;
        UtcTime receivedAt;
        std::string state; ///< "new", "read", "settled", "refused", "unreadable"
        std::string reason;
    };
    std::vector<ReplyRow> replies; ///< of the authority, oldest first
    int openReplies = 0;           ///< of these, not done with
    bool takesAttachments = false; ///< GET /desk/cases/ID/attachments
    int attachments = 0;
    std::vector<std::string> papers = {}; ///< that the service asks for
};
/// GET /desk/cases/ID/attachments; POST there {file}, as multipart/form-data; POST …/AID/remove {}
struct AttachmentsPage {
    std::string id, reference, serviceName;
    bool readable = true; ///< false: desk key not open
    struct Row {
        std::string id, name, mimeType;
        std::int64_t size = 0;
    };
    std::vector<Row> rows;
    std::vector<std::string> papers = {}; ///< that the service asks for
    std::int64_t left = 0;                ///< bytes that the case may still take
    bool canAdd = false, canRemove = false;
    bool isFull = false;
    std::string refusal; ///< of the last one: end of a key attachment.refused.; or empty
};
/// GET /desk/cases/ID/replies/RID, POST …/settle {}; attachments by GET …/attachments/AID
struct ReplyPage {
    std::string caseId, reference, serviceName, id;
    UtcTime receivedAt;
    bool readable = true; ///< false: desk key not open
    bool gone = false;    ///< its time is over
    bool settled = false, canSettle = false;
    std::vector<std::string> problems; ///< why it was refused; then there is no more
    std::string author, theirReference, subject, text;
    struct Attachment {
        std::string id, name, description;
    };
    std::vector<Attachment> attachments;
};
/// GET /desk/cases/ID/identity: a card is read at the desk by its access number (CAN), once the
/// photo was compared. POST …/photo {compared=yes, consent=yes}, …/read {can}, …/cancel {}, …/end
/// {}. Live by /desk/card/events while it reads.
struct DeskIdentityPage {
    enum class Stage { Unavailable, Photo, AccessNumber, Reading, Shown };
    enum class Agreement { Unknown, Same, SameLetters, Differs, CaseLacks, CardLacks };
    std::string id, reference, serviceName;
    Stage stage = Stage::Photo;
    std::string problem; ///< why not, or what came of it: name of an outcome, or "NotSetUp",
                         ///< "NoCertificate", "NoService", "NotCompared", "CanIncomplete",
                         ///< "ReaderBusy"; empty: nothing
    std::vector<FieldView> fields; ///< what will be read; without values
    std::string step;              ///< Reading: name() of the IdentityStep
    bool cancelling = false;
    struct Row {
        FieldView inCase, onCard;
        Agreement agreement = Agreement::Unknown;
    };
    std::vector<Row> rows;      ///< Shown
    bool caseIsReadable = true; ///< false: the case's own answers cannot be opened
    bool emulated = false;      ///< the card proves nobody
    bool goesAlong = false;     ///< a release of the case will say that the card was checked
};
/// GET /desk/pin: the PIN service; POST /desk/pin/look {}, /desk/pin/cancel {}. Each form at its
/// address: GET and POST /desk/pin/change {pin, newPin, again}, …/resume {can, pin}, …/unblock
/// {puk}, …/set {compared=yes, can, newPin, again}. Live like the page before.
struct DeskPinPage {
    enum class Stage { Unavailable, Menu, Form, Running };
    Stage stage = Stage::Menu;
    std::string act;       ///< "look", "change", "resume", "unblock", "set": of form or outcome
    std::string outcome;   ///< name of what came of it, or of what is wrong with the form
    int triesLeft = 0;     ///< of WrongPin and PinReady
    std::string step = {}; ///< Running: name() of the IdentityStep
    bool cancelling = false;
    bool hasCertificate = true; ///< for "set"; what it allows only the card's answer tells
};
/// GET /desk/place: where does the clerk sit. POST {desk, mode=everybody|appointments,
/// over=yes|no}.
struct PlacePage {
    struct Desk {
        std::string id, name, groups;
        std::string clerk; ///< who sits there; empty: nobody
        bool own = false;
    };
    std::vector<Desk> desks;
    std::string occupied;     ///< id of the desk that was chosen although a colleague sits there
    bool mayEndDay = false;   ///< POST /desk/queue/end {sure}
    std::string problem = {}; ///< "sure", "help" or empty: why the day did not end
};
/// GET /desk/queue: the clerk's desk, live by /desk/queue/events. POST /desk/queue/next {},
/// /desk/queue/act {ticket, version, act, group, note}, /desk/queue/draw {group},
/// /desk/queue/emergency {}, /desk/queue/emergency/answer {desk}, /desk/queue/sign {word},
/// /desk/place/leave {}.
struct QueueDeskPage {
    struct Row {
        std::string id, number, group;
        int version = 0;
        int minutes = 0; ///< waited, or since it was set aside
        std::string
            mark; ///< "urgent", "raised", "appointment", "late", "notDue", "forDesk" or empty
        bool callable = true; ///< at this desk, now
    };
    /// A word from desk to desk.
    struct Note {
        std::string text; ///< empty: the desk key is closed
        std::string by;
        UtcTime at;
    };
    struct Current {
        Row row;
        bool serving = false; ///< false: called, and nobody came yet
        UtcTime since;
        int calls = 0;
        std::vector<std::string> concerns = {};
        std::string appointment = {}; ///< id; empty: without one
        std::vector<Note> notes = {};
    };
    struct Group {
        std::string key, name;
    };
    std::string desk, deskName, skills;
    std::int64_t sequence = 0;
    std::optional<Current> current;
    std::vector<Row> waiting, parked, pickUp, missed, elsewhere; ///< elsewhere: at other desks
    std::vector<Group> groups;
    std::string problem;       ///< "nobody", "changed", "notHere": why the last act did nothing
    std::string issued;        ///< number that was just given out
    std::string sign = "None"; ///< at the door: "None", "BackSoon", "Break", "Knock"
    bool emergency = false;
    struct Call {
        std::string desk, name;
    };
    std::vector<Call> calls;         ///< colleagues who ask for help
    std::vector<HelpCall> help = {}; ///< and those who stand at the kiosk
};
/// GET /desk/held: what a person has to decide (held) or to deal with (rejected), oldest first
struct HeldPage {
    struct Row {
        std::string id, reference, service;
        std::string state, reason; ///< state: "Held", "Rejected"
        UtcTime createdAt;
        int days = 0; ///< since then
        bool canRetry = false, canPutOnPaper = false, canSettle = false;
    };
    std::vector<Row> rows;
};
/// GET /desk/status: for IT
struct StatusPage {
    enum class Level { Good, Info, Warning, Bad };
    struct Line {
        std::string key; ///< "portal", "oldest", ...: "desk.status.KEY" is its name
        Level level = Level::Info;
        std::string valueKey; ///< message key with {value}; empty: the value alone
        std::string value;
    };
    std::vector<Line> lines;
    /// POST /desk/status/export {reason}; then GET /desk/status/export/N for ten minutes.
    struct Export {
        int waiting = 0; ///< envelopes
        int files = 0;   ///< to be fetched now; 0 before a reason was given
    };
    Export exported = {};
    bool needsDate = false; ///< link to /desk/clock, where somebody is waited for
};
/// GET /desk/calendar: what of the appointments leaves the house. POST /desk/calendar/feeds {desk},
/// POST /desk/calendar/feeds/end {desk}; GET /desk/calendar/appointments?from=DAY&until=DAY&as=csv
struct CalendarFilesPage {
    struct Feed {
        std::string desk, name;
        std::optional<UtcTime> since = {}; ///< nothing: no address leads to it
    };
    bool offered = false; ///< the town gives appointments
    std::vector<Feed> feeds;
    std::string address;    ///< made just now, shown once; may be empty
    bool mayExport = false; ///< with names
    bool readable = false;  ///< names can be read: the desk key is open
    LocalDate from, until;  ///< proposed
};
/// One role that may be given or taken, as a box to tick. Fields are called as the role: "Clerk",
/// "Reception", "Lead", "Treasurer", "It".
struct RoleBox {
    std::string role;
    bool has = false;
};
/// GET /desk/clerks, POST {name, password, again, roles}: a colleague gets an account.
struct ClerksPage {
    struct Row {
        std::string id, name;
        std::vector<std::string> roles; ///< none: closed
        bool secondFactor = false;
        bool mayChange = false; ///< GET /desk/clerks/ID
    };
    std::vector<Row> rows;
    std::vector<RoleBox> roles; ///< of the form
    std::string message;        ///< message key, may be empty
    /// POST /desk/clerks/requests {request, answer=confirm|refuse}: waits for a second person.
    struct Request {
        std::string id, act; ///< "SetRoles", "ResetPassword", "ResetFactor"
        std::string about, askedBy;
        std::vector<std::string> roles = {}; ///< of SetRoles, as wished
        UtcTime askedAt, until;
        bool mayConfirm = false, mayRefuse = false;
    };
    std::vector<Request> requests = {};
    bool asksPaper = false; ///< the forms have a field "recovery": the paper half from the safe
};
/// GET /desk/clerks/ID: one account. POST …/roles {roles}; …/password {password, again};
/// …/factor {reason=Lost|Replaced|Broken|Stolen} takes a second factor away; …/sessions/end
/// {session}.
struct ClerkPage {
    std::string id, name;
    bool closed = false, own = false;
    std::vector<RoleBox> roles;
    std::string message; ///< message key, may be empty
    bool secondFactor = false, mayResetFactor = false;
    bool mayEndSessions = false;
    std::vector<SessionRow> sessions = {};
    std::string provider = {}; ///< name of the town's identity provider; empty: there is none
    std::optional<UtcTime> boundAt = {};
    std::string bindingCode = {}; ///< shown once
    bool asksPaper = false;       ///< as on the list
};
/// GET /desk/clock, POST {date}: what the node knows of the time, when its clock cannot be trusted.
struct ClockPage {
    enum class Result { None, Confirmed, NoDate, AnotherDay, Behind, NotNeeded };
    UtcTime now, lastKnown;
    std::optional<UtcTime> line; ///< the portal's clock
    bool needed = false;
    bool behind = false; ///< the clock stands before the last known time
    Result result = Result::None;
};
/// GET /desk/devices, POST /desk/devices {device, act}
struct DevicesPage {
    struct Device {
        std::string kind; ///< "card", "desk-card", "terminal", "printer", "scanner"
        bool present = false;
        bool emulated = false;
        std::string detail; ///< message key
        struct Act {
            std::string act, labelKey;
        };
        std::vector<Act>
            acts; ///< emulated only: "lay", "paper-end", … (tests/sim/devices/README.md)
    };
    std::vector<Device> devices;
    std::string portalDetail;
};
/// GET /desk/appointments?day=: who comes that day. Links /desk/appointments/ID, …/new.
struct AppointmentsPage {
    bool offered = true; ///< false: the town gives no appointments
    LocalDate day{};
    struct Row {
        std::string id, code, name, concerns;
        std::string ticket; ///< number, once somebody checked in
        std::string state;  ///< "expected", "late", "waiting", "atDesk", "served", "absent"
        UtcTime start;
        int minutes = 0;
        bool displaced = false; ///< its place was given to somebody else
    };
    std::vector<Row> rows;
    bool readable = false; ///< names: the desk key is open
    /// GET with ?state=&service=&search=: which of them are shown.
    struct Filter {
        std::string state, service, search;
        struct Service {
            std::string key, name;
        };
        std::vector<Service> services; ///< to choose from
        int left = 0;                  ///< of the day, that are not shown
    };
    Filter filter = {};
};
/// GET /desk/appointments/new, POST {quantity by service key}; GET with ?what=: a time; with ?at=,
/// too: who comes, POST /desk/appointments/book {id, what, at, familyNames, givenNames, phone,
/// dateOfBirth}; it goes on at AppointmentPage with what is to be told.
/// GET /desk/appointments/ID/move, POST {version, at}.
struct DeskBookingPage {
    enum class Stage { Concerns, Time, Name };
    Stage stage = Stage::Concerns;
    struct Concern {
        std::string key, name;
        int quantityMax = 1, minutes = 0;
    };
    std::vector<Concern> concerns;
    std::string what; ///< as in the address
    std::string summary;
    int minutes = 0;
    LocalDate from{};
    struct Day {
        LocalDate day{};
        std::vector<TimesPage::Time> times;
    };
    std::vector<Day> days;
    LocalDate day{};
    int cell = 0;
    UtcTime start; ///< chosen; of a move: where it is now
    std::string id, familyName, givenNames, phone;
    std::optional<std::string> dateOfBirth = {}; ///< as typed; nothing: not asked for
    std::string problem; ///< "nothing", "taken", "name", "phone", "born" or empty
    std::string moves;   ///< id of the appointment that gets another time; empty: a new one
    int version = 0;
};
/// GET /desk/appointments/ID (?tell=1: just booked for somebody on the phone), POST …/check-in {},
/// …/print {}, …/cancel {version, reason}
struct AppointmentPage {
    std::string id, code, state; ///< as in AppointmentsPage, and "cancelled"
    int version = 0;
    UtcTime start;
    int minutes = 0;
    std::vector<std::string> concerns;
    bool readable = false;
    std::string name, phone, ticket;
    std::string dateOfBirth; ///< ISO; for check-in by card; empty: was not given
    bool canChange = false, canCheckIn = false;
    std::string problem;    ///< "tooEarly", "tooLate", "full" or empty
    bool atPortal = false;  ///< booked at the portal, and changed there
    bool displaced = false; ///< its place was given to somebody else
    /// The last step of booking by phone: what the caller is told.
    struct Tell {
        std::string place;
        std::vector<std::string> bring;
    };
    std::optional<Tell> tell = {};
};
/// GET /desk/appointments/asked/N (refreshes itself), POST {} stops: the portal is asked to book,
/// to move or to cancel.
struct AskedPage {
    std::int64_t number = 0;
    bool waits = true;
    std::string problem;     ///< "taken", "changed", "portal" or empty
    std::string appointment; ///< id, where there is one to go back to
    bool tells = false;      ///< for AppointmentPage's ?tell=1 afterwards
};
/// Opening hours (C6). Times are minutes after midnight by the clock on the wall.
struct OpenSpan {
    int from = 0, until = 0;
    int lanes = 0, publicLanes = 0;
};
struct HoursDay {
    LocalDate day{};
    std::string holiday;              ///< its name, or empty
    std::vector<std::string> reasons; ///< of exceptions and closures
    std::vector<OpenSpan> open;       ///< what rules, exceptions and closures make of it
    struct Run {
        enum class Kind { Public, Staff, Booked };
        Kind kind = Kind::Public;
        int lane = 0, from = 0, until = 0;
    };
    std::vector<Run> runs; ///< of each lane; what is booked after what is open
    int booked = 0;        ///< appointments
    /// Minutes that could be booked here without a line; nothing: the calendar is the town's own.
    std::optional<int> offline = {};
};
/// An entry of one of the three layers.
struct HoursEntry {
    std::string id;
    std::string kind;          ///< "rule", "instead", "besides", "fewer", "close"
    std::vector<int> weekdays; ///< of a rule: 1 (Monday) to 7
    int everyWeeks = 1, weekInMonth = 0;
    LocalDate first{};
    std::optional<LocalDate> last; ///< always, but for a rule
    std::vector<OpenSpan> hours;   ///< of a closure: one without lanes; none: the whole day
    bool openOnHolidays = false;
    std::string reason;
};
/// GET /desk/hours {week: a day of it}
struct HoursPage {
    bool offered = true; ///< false: the town gives no appointments
    bool mayChange = false;
    bool isElsewhere = false;   ///< they are changed at another node of the town
    std::vector<HoursDay> days; ///< from Monday on
    std::vector<HoursEntry> rules, exceptions, closures; ///< of the latter two what is not over
    struct Terms {
        int leadMinutes = 0, days = 0; ///< for the public
        int reservationMinutes = 0, blockMinutes = 0;
    } terms;
    struct Version {
        int version = 0;
        std::optional<int> restores;
        UtcTime savedAt;
        std::string savedBy; ///< empty: it came with the set-up
        std::string reason;
    };
    std::vector<Version> history; ///< newest first
    bool canUndo = false;
    int kept = 0; ///< appointments that stand against the rules
};
/// GET /desk/hours/change {kind, id}: the form; with {first, ...}: what would come of it. POST
/// the same fields, basedOn and seen.
struct HoursChangePage {
    std::string kind; ///< as HoursEntry::kind, and "terms", "remove", "undo"
    std::vector<std::pair<std::string, std::string>> fields; ///< as typed, by name
    std::string problem;                                     ///< what cannot be meant, or empty
    std::optional<HoursEntry> removed;
    struct Conflict {
        std::string id, code, concerns;
        UtcTime start;
        int minutes = 0;
    };
    struct Preview {
        int basedOn = 0;
        std::string seen; ///< stands for the conflicts that the page shows
        std::vector<Conflict> conflicts;
        int shifts = 0;
        std::vector<HoursDay> days; ///< a week as it would be
    };
    std::optional<Preview> preview;
};
/// GET /desk/statistics {first, last} (C7); GET /desk/statistics/csv: the same as a file.
struct StatisticsPage {
    LocalDate first{}, last{}; ///< both included
    std::string problem;       ///< "dates" or empty: other days were asked for
    struct Spread {
        int count = 0;
        std::chrono::seconds median{0}, upper{0}; ///< upper: 80 % are at most this
    };
    struct Group {
        std::string name;
        int drawn = 0, walkIns = 0, served = 0, noShows = 0, notArrived = 0, leftOpen = 0;
        Spread wait, service;
    };
    Group all;
    std::vector<Group> groups;
    std::array<Spread, 24> waitByHour;
    std::array<std::array<Spread, 24>, 7> waitByWeekdayAndHour; ///< from Monday on
    struct Day {
        LocalDate day{};
        int served = 0;
        int offeredMinutes = 0, bookedMinutes = 0; ///< over all lanes
    };
    std::vector<Day> days; ///< on which anything was open, booked or served
};
struct DeskErrorPage {
    ErrorCode code = ErrorCode::NotFound;
    int status = 404;
};
using DeskView =
    std::variant<AppointmentsPage, DeskBookingPage, AppointmentPage, AskedPage, HoursPage,
                 HoursChangePage, StatisticsPage, SignInPage, ProviderPage, OpenKeyPage, CodePage,
                 FactorPage, AccountPage, PaperHalfPage, CasesPage, CasePage, AttachmentsPage,
                 ReplyPage, DeskIdentityPage, DeskPinPage, PlacePage, QueueDeskPage, HeldPage,
                 ClerksPage, ClerkPage, DevicesPage, StatusPage, ClockPage, CalendarFilesPage,
                 DeskErrorPage>;

/// GET /display: call board, live by /display/events.
struct DisplayPage {
    std::string municipality;
    UtcTime now;
    bool offered = false; ///< people are called by numbers
    std::int64_t sequence = 0;
    struct Call {
        std::string number, desk;
        int calls = 1;
        bool waits = true;       ///< nobody came to the desk yet
        std::string spoken = {}; ///< address of what is said, without the language; may be empty
        std::string way = {};    ///< as in TicketPage, seen from the board; may be empty
    };
    std::vector<Call> calls; ///< newest first
    Hall hall = {};
    int desks = 0; ///< that there are
};

/// A call board in its words.
struct BoardWords {
    std::string waiting, wait, desks;
    struct Call {
        std::string call; ///< what a gong sounds for: somebody else, somewhere else, or once more
        std::string number, desk, spoken, way, wayLine;
        bool waits = true;
    };
    std::vector<Call> calls; ///< newest first
};

/// GET /display/desk/ID: the sign at one desk or door (D2), live by /display/events.
struct DeskSignPage {
    std::string municipality;
    UtcTime now;
    std::int64_t sequence = 0;
    std::string desk; ///< name
    bool open = false;
    std::string number;        ///< called or served there; empty: nobody
    bool waits = false;        ///< called, and nobody came yet
    std::string word = "None"; ///< as QueueDeskPage::sign
};
using DisplayView = std::variant<DisplayPage, DeskSignPage>;

/// HTML of whole pages. Templates, texts and styles are read once, from `folder` (kiosk/ in the
/// source tree, or where it was installed); a missing template or text throws ConfigurationInvalid.
class Renderer {
public:
    explicit Renderer(const std::string& folder);
    ~Renderer();
    std::string kiosk(const Frame& frame, const KioskView& view) const;
    std::string desk(const DeskFrame& frame, const DeskView& view) const;
    std::string display(const DisplayView& view) const;
    /// What a call board says just now: its page shows it, and each event brings it.
    BoardWords boardWords(const DisplayPage& view) const;

    /// A message of a language, e.g. for receipts. Parameters replace {name}. Falls back to German.
    std::string text(const std::string& language, const std::string& key,
                     const std::vector<std::pair<std::string, std::string>>& parameters = {}) const;
    /// "Sa, 21.11.2026", as that language writes it.
    std::string day(const std::string& language, LocalDate day) const;
    /// Whether there is a German text; lets the node check the keys of forms at start.
    bool hasText(const std::string& key) const;
    std::vector<std::string> languages() const;

    using Asset = page::Asset;
    /// Files under /assets/: KERN, own styles, scripts, fonts, icons. Null when there is none.
    const Asset* asset(const std::string& path) const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

} // namespace amt::page
