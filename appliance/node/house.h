// SPDX-License-Identifier: EUPL-1.2
//
// What the handlers share: the rooms of the office, running visits and sessions, the work at the
// devices.
#pragma once

#include "appliance/node/attachment_desk.h"
#include "appliance/node/backups.h"
#include "appliance/node/block_list_file.h"
#include "appliance/node/calendar_hall.h"
#include "appliance/node/call_speech.h"
#include "appliance/node/card_reading.h"
#include "appliance/node/cashier.h"
#include "appliance/node/check_in.h"
#include "appliance/node/desk_identity.h"
#include "appliance/node/desk_session.h"
#include "appliance/node/exchange.h"
#include "appliance/node/kiosk_state.h"
#include "appliance/node/online_cashier.h"
#include "appliance/node/provider_sign_ins.h"
#include "appliance/node/queue_hall.h"
#include "appliance/node/quota_rounds.h"
#include "appliance/node/receipt_desk.h"
#include "appliance/node/visit.h"
#include "appliance/office/calendar/feeds.h"
#include "appliance/office/case/case_book.h"
#include "appliance/office/case/drafts.h"
#include "appliance/office/case/print_jobs.h"
#include "appliance/office/catalogue/catalogue.h"
#include "appliance/office/people/help_calls.h"
#include "appliance/office/people/people.h"
#include "appliance/office/till/online.h"
#include "appliance/office/till/till.h"
#include "kiosk/page/page.h"
#include "sync/outbox/destinations.h"
#include "sync/outbox/journal.h"
#include "sync/outbox/outbox.h"
#include "sync/outbox/replies.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace amt::node {

extern const char* const deskCookie;    ///< amt_desk
extern const char* const displayCookie; ///< amt_display

class House {
public:
    House(NodeSettings settings, NodeDoors doors);
    ~House();

    /// Takes up what the run before left open; last act of the constructor of Node.
    void takeUp();

    // --- pages ---
    page::Frame frame(const Exchange& exchange);
    HttpResponse kioskPage(const Exchange& exchange, const page::KioskView& view, int status = 200);
    HttpResponse deskPage(const Exchange& exchange, const page::DeskView& view, int status = 200);
    /// Where the one who asks stands: the page to go on at.
    std::string placeOf(const Exchange& exchange) const;
    /// Where a clerk begins: what is missing to be in, else the first page that her roles show.
    static std::string beginningOf(const DeskSession& session);
    /// Answers later, from a task on the loop; what `work` throws becomes the refusal's page.
    void answerLater(const Exchange& exchange, const std::function<HttpResponse()>& work);
    /// `task`, unless the house has gone when its time comes.
    Task guarded(Task task);
    /// The same for callbacks of devices: `call` with what the device says, unless the house has
    /// gone. A device says it once, so it is kept until the disk takes it (keepTrying).
    template <typename Call>
    auto guardedCall(Call call)
    {
        return
            [this, life = std::weak_ptr<int>(_life), call = std::move(call)](const auto&... said) {
                if (!life.expired())
                    keepTrying([call, said...] { call(said...); });
            };
    }
    /// Guarded, now; while the disk is full, again each second until it is done. What `work` does
    /// before it throws must bear repetition.
    void keepTrying(Task work);

    // --- what is so ---
    UtcTime now() const { return doors.loop.utcNow(); }
    const std::string& municipality() const { return town.name; }
    /// Null when the town does not offer it (any more). For a card that is read for check-in: that.
    const office::Service* serviceOf(const Visit& visit) const
    {
        return visit.checksInByCard ? &checkInByCard() : town.service(visit.service);
    }
    /// Room for one more case beside those that run, a desk key, and a destination key for one
    /// service at least (sync.md 8).
    bool accepting();
    /// Room for an attachment of so many bytes: below 95 % of the quota with it (sync.md 8).
    bool takesAttachment(std::int64_t bytes);
    /// Room in the store, and a desk key for names.
    bool givesAppointments() const;
    /// Its destination has a key that is not too old.
    bool accepts(const office::Service& service) const;
    bool portalReachable() const { return outbox.portalReachable(now()); }

    // --- steps of a visit ---
    /// One commit of `work` and the draft; when it fails, the visit stands where it stood. In a
    /// commit of its own unless one runs.
    template <typename Work>
    auto commit(Visit& visit, Work&& work)
    {
        const Step before = visit.step;
        const std::string caseBefore = visit.caseId;
        try {
            return doors.database.transact([&] {
                if constexpr (std::is_void_v<decltype(work())>) {
                    work();
                    visits.save(visit);
                } else {
                    auto result = work();
                    visits.save(visit);
                    return result;
                }
            });
        } catch (...) { // memory follows the disk, then the failure goes on
            visit.step = before;
            visit.caseId = caseBefore;
            throw;
        }
    }
    /// The visit goes a step on: table, draft [tx], live page. Throws StepOutOfOrder.
    void advance(Visit& visit, VisitEvent event);
    void publish(const Visit& visit);
    /// Ends it: the running read is cancelled, an unsettled case is held, memory and draft are
    /// wiped.
    void endVisit(Visit& visit, const std::string& reason);
    /// After a restart: where the case really stands.
    void reconcile(Visit& visit);
    bool holdsClock(const Visit& visit) const;

    /// A new visit, or the one that the same press has opened before. To be saved by the caller's
    /// next step.
    Visit& openVisit(const std::string& language, const std::string& press);

    // --- sealing ---
    /// The envelope for the destination. `payment`: approved, or nothing when the fee is settled
    /// otherwise. Throws KeyUnusable.
    /// `attachments`: all that the case has.
    outbox::NewEnvelope
    sealForDestination(const office::OpenedCase& opened,
                       const std::optional<office::Payment>& payment,
                       const std::vector<DescribedAttachment>& attachments = {});
    /// A case whose fee is settled: sealed, or why it waits for a person.
    struct WayOut {
        std::optional<outbox::NewEnvelope> sealed;
        std::string held = {}; ///< as in CaseBook::hold()
    };
    /// From the answers of a running visit. Held when papers are asked for, or no key is usable.
    WayOut wayOut(const Visit& visit, const std::optional<office::Payment>& payment);
    /// Part of the caller's commit.
    void take(const std::string& caseId, const WayOut& way, office::Settlement settlement);

    // --- presses ---
    Presses* pressesOf(const std::string& visitHash, const std::string& sessionHash);
    /// Sign-ins that run: all presses of one page get the first one's answer.
    std::map<std::string, std::vector<Node::Respond>> runningSignIns;

    // --- devices ---
    const PrinterState& printerState() const { return _printerState; }
    /// The answer comes later and is kept.
    void askPrinter();
    /// Whether a device of this kind ("card", "desk-card") is one of `./amt run`'s, whose cards
    /// prove nobody. So it is held to be while the emulation does not answer.
    bool isEmulated(const std::string& kind) const;

    // --- displays ---
    bool isDisplay(const std::string& cookieHeader, const Fields& query) const;
    std::string displayPass() const;

    /// After an error of the disk nothing works any more; the process is to be started again
    /// (sync.md 3).
    bool failed() const { return _failed; }
    void stopWorking();
    /// The journal's chain does not verify: nothing is written any more, pages that only show are
    /// left (sync.md 3).
    bool readOnly() const { return _readOnly; }
    /// How the gateway took the journal's head; empty: well, or not told yet.
    std::string headAlarm;
    /// The portal's clock as amt-sync told it last, and when that was (since boot).
    std::optional<std::pair<UtcTime, Milliseconds>> lineTime;
    /// Somebody at the desk has to look at the date: nothing sold by the clock is given before.
    bool needsDate() const;
    /// The gateway's word on our credentials, since the last contact.
    bool notAuthorised = false;

    NodeSettings settings;
    NodeDoors doors;
    office::Municipality town;
    outbox::Journal journal;
    outbox::Destinations destinations;
    outbox::Outbox outbox;
    outbox::Replies replies;
    office::Till till;
    office::OnlinePayments onlinePayments;
    office::CaseBook cases;
    office::Drafts drafts;
    office::PrintJobs printJobs;
    office::People people;
    office::HelpCalls helpCalls;
    office::Feeds feeds;

    Visits visits;
    DeskSessions sessions;
    std::optional<ProviderSignIns> providerSignIns; ///< where the town has an identity provider
    BlockListFile blockList;
    CardReading cardReading;
    DeskIdentity deskIdentity;
    Cashier cashier;
    OnlineCashier onlineCashier;
    ReceiptDesk receipts;
    QueueHall hall;
    CallSpeech callSpeech;
    CalendarHall calendar;
    CheckIn checkIn;
    std::optional<QuotaRounds> rounds; ///< where a portal owns the calendar
    Backups backups;
    AttachmentDesk attachments;
    QuestionGuard questions;

private:
    void everyMinute();
    void keepAndLetGo();
    /// What the run before left open, and nobody came back for.
    void endInterrupted();

    bool _failed = false;
    bool _readOnly = false;
    PrinterState _printerState;
    std::deque<std::pair<std::string, std::string>>
        _openedByPress; ///< key of a press before any visit, and whose visit it made
    int _minutes = 0;
    TimerId _minuteTimer = 0;
    std::shared_ptr<int> _life =
        std::make_shared<int>(0); // shared with tasks on the loop: gone means do nothing
};

} // namespace amt::node
