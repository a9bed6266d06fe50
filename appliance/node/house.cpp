// SPDX-License-Identifier: EUPL-1.2
//
// The house at work: frames of pages, steps of visits, taking up after a restart, the minute.
#include "appliance/node/house.h"

#include "appliance/core/log.h"
#include "appliance/node/gate.h"
#include "appliance/node/reply_reading.h"
#include "appliance/node/routes.h"
#include "sync/outbox/incarnation.h"

#include <algorithm>
#include <array>

namespace amt::node {

const char* const deskCookie = "amt_desk";
const char* const displayCookie = "amt_display";

namespace {

/// Time for browsers to come back with the key of a visit that a restart interrupted.
constexpr Milliseconds returnTime = std::chrono::minutes(2);
constexpr Milliseconds minute = std::chrono::minutes(1);
constexpr Milliseconds pauseWhenFull = std::chrono::seconds(1);
/// Free share of the store that stays, and what each visit may still take: form, desk copy,
/// envelope and journal of the largest case, in pages of 4 KiB (sync.md 8).
constexpr double freeShareMin = 0.10;
constexpr std::int64_t largestCasePages = 512;

/// The node ends a visit a little later than its pages would: this is for a browser that has gone.
VisitTimes visitTimes(const NodeSettings& settings)
{
    constexpr std::chrono::seconds grace{5};
    const auto warning = settings.idleEnd - settings.idleWarning;
    return {settings.idleEnd + grace, settings.formIdleWarning + warning + grace, warning + grace,
            warningAtEase + warning + grace};
}

office::PeopleSettings peopleSettings(const NodeSettings& settings)
{
    office::PeopleSettings made;
    made.secondFactorFor = settings.secondFactorFor;
    return made;
}

/// Sections of the desk, in their order: name and address. The first that somebody may see is where
/// she begins.
constexpr std::array<std::pair<const char*, const char*>, 10> sections = {{
    {"queue", "/desk/queue"},
    {"appointments", "/desk/appointments"},
    {"hours", "/desk/hours"},
    {"statistics", "/desk/statistics"},
    {"cases", "/desk"},
    {"held", "/desk/held"},
    {"status", "/desk/status"},
    {"devices", "/desk/devices"},
    {"pin", "/desk/pin"},
    {"clerks", "/desk/clerks"},
}};

std::string newFormKey(RandomSource& random)
{
    return toBase64Url(randomBytes(random, 16));
}

} // namespace

House::House(NodeSettings nodeSettings, NodeDoors nodeDoors)
    : settings(std::move(nodeSettings)), doors(nodeDoors),
      town(office::loadMunicipality(settings.municipalityFolder)), journal(doors.database),
      destinations(doors.database, journal), outbox(doors.database, journal, destinations),
      replies(doors.database, journal, destinations), till(doors.database, journal, doors.random),
      onlinePayments(doors.database, journal, till),
      cases(doors.database, journal, outbox, till, doors.random),
      drafts(doors.database, doors.random), printJobs(doors.database),
      people(doors.database, journal, doors.random, peopleSettings(settings)),
      helpCalls(doors.database, doors.random), feeds(doors.database, journal, doors.random),
      visits(drafts, doors.loop, doors.random, visitTimes(settings)), sessions(people),
      blockList(*this), cardReading(*this), deskIdentity(*this), cashier(*this),
      onlineCashier(*this), receipts(*this), hall(*this), callSpeech(*this), calendar(*this),
      checkIn(*this), backups(*this), attachments(*this)
{
    if (!settings.identityProvider.empty()) {
        providerSignIns.emplace(
            readIdentityProvider(settings.identityProvider), doors.loop, doors.random,
            [this](const std::string& reason) {
                log::warning("provider.refused", {{"reason", reason}});
                doors.database.transact([&] {
                    journal.append(outbox::RecordKind::Audit, providerSignIns->provider().id,
                                   {{"act", "refuse-provider"}, {"reason", reason}}, now());
                });
            });
    }
    if (!settings.portalCalendar.empty()) {
        rounds.emplace(*this);
        calendar.ledger.isOnHold = [this] { return rounds->needsClerk(); };
    }
    visits.onRestored = [this](Visit& visit) {
        log::info("visit.restored", {{"step", std::string(name(visit.step))}});
        reconcile(visit);
    };
    visits.holdsClock = [this](const Visit& visit) { return holdsClock(visit); };
    visits.onSilence = [this](Visit& visit) { endVisit(visit, "VisitEnded"); };
}

House::~House()
{
    doors.loop.cancel(_minuteTimer);
}

void House::takeUp()
{
    const UtcTime startedAt = now();
    try {
        journal.verify(outbox::Extent::Tail);
    } catch (const Error& broken) { // nobody writes behind a chain that was cut or changed
        if (broken.errorCode() != ErrorCode::JournalBroken)
            throw;
        log::error("journal.broken", {{"detail", broken.message()}, {"mode", "read only"}});
        doors.database.execute("PRAGMA query_only=ON");
        _readOnly = true;
        return;
    }
    outbox::takeIncarnation(doors.database, journal, doors.random, startedAt);
    doors.database.transact([&] { journal.started(startedAt); });
    printJobs.takeUp(startedAt);
    cashier.takeUp();
    onlineCashier.takeUp();
    outbox.purge(startedAt);
    attachments.takeUp();
    cases.purgeDeskCopies(town, startedAt);
    journal.watchClock(startedAt, doors.loop.sinceBoot());
    backups.takeUp();
    blockList.look();
    hall.takeUp();
    calendar.takeUp();
    if (rounds)
        rounds->takeUp();
    else
        QuotaRounds::refuseLeftOvers(doors.database, startedAt);
    _minuteTimer = doors.loop.after(minute, guarded([this] { everyMinute(); }));
    doors.loop.after(returnTime, [this, life = std::weak_ptr<int>(_life)] {
        if (!life.expired())
            keepTrying([this] { endInterrupted(); });
    });
}

void House::endInterrupted()
{
    onlineCashier.letGoAllBut();
    const int held = cases.holdInterrupted(visits.running(), now()); // who came back runs again
    const auto dropped = drafts.purgeAllBut(visits.running());
    if (held > 0 || !dropped.empty())
        log::info("start.interrupted",
                  {{"held", std::to_string(held)}, {"drafts", std::to_string(dropped.size())}});
}

void House::everyMinute()
{
    _minuteTimer = doors.loop.after(minute, guarded([this] { everyMinute(); }));
    askPrinter();
    journal.watchClock(now(), doors.loop.sinceBoot());
    people.endSessions(now());
    backups.everyMinute();
    blockList.look();
    hall.everyMinute();
    calendar.everyMinute();
    if (++_minutes % 60 == 0)
        keepAndLetGo();
}

/// The clocks of sync.md 7, each hour.
void House::keepAndLetGo()
{
    constexpr auto recordsMayStay = std::chrono::hours(24 * 90);
    outbox.purge(now());
    attachments.tidy();
    cases.purgeDeskCopies(town, now());
    replies.keepAndLetGo(
        [this](const std::string& envelopeId) { return replyRetention(*this, envelopeId); }, now());
    if (const int overdue = outbox.overview(now()).overdue; overdue > 0)
        log::error("envelope.overdue", {{"count", std::to_string(overdue)}, {"days", "14"}});
    if (_minutes % (24 * 60) != 60) // once a day, and soon after each start
        return;
    calendar.everyNight(); // whoever was absent, before the queue forgets the names
    checkIn.everyNight();
    hall.everyNight();
    const int forgotten = outbox.forget(now());
    const UtcTime before = now() - recordsMayStay;
    const int pruned =
        journal.prune(rounds ? rounds->pruneBefore(before) : before, cases.openIds(), now());
    if (forgotten > 0 || pruned > 0)
        log::info("retention.over",
                  {{"envelopes", std::to_string(forgotten)}, {"records", std::to_string(pruned)}});
}

Task House::guarded(Task task)
{
    return [this, life = std::weak_ptr<int>(_life), task = std::move(task)] {
        if (life.expired() || _failed)
            return;
        try {
            task();
        } catch (const Error& failure) { // the door of loop tasks: logged there, but a broken disk
                                         // ends the work here
            if (failure.errorCode() == ErrorCode::StoreFailed)
                stopWorking();
            throw;
        }
    };
}

void House::keepTrying(Task work)
{
    guarded([this, work = std::move(work)] {
        try {
            work();
        } catch (const Error& failure) { // the door of what may not be lost
            if (failure.errorCode() != ErrorCode::StoreFull)
                throw;
            log::warning("store.full", {{"detail", failure.message()}});
            doors.loop.after(pauseWhenFull, guarded([this, work] { keepTrying(work); }));
        }
    })();
}

void House::stopWorking()
{
    _failed = true;
    log::error("node.stopped", {{"reason", "error of the disk; start the process again"}});
}

// --- pages

page::Frame House::frame(const Exchange& exchange)
{
    page::Frame frame;
    const Visit* visit = exchange.visit;
    frame.language = visit ? visit->language : "de";
    frame.municipality = town.name;
    frame.now = now();
    frame.formKey = newFormKey(doors.random);
    frame.portalReachable = portalReachable();
    frame.inVisit = visit != nullptr;
    frame.idleWarning =
        visit && visit->step == Step::Form ? settings.formIdleWarning : settings.idleWarning;
    if (visit) {
        frame.access = visit->access;
        frame.checksInByCard = visit->checksInByCard;
        if (visit->access.lowReach)
            frame.idleWarning = std::max(frame.idleWarning, warningAtEase);
    }
    if (const auto part = exchange.query.find("part"); part != exchange.query.end())
        frame.part = part->second.size() == 1 ? part->second.front() - '0' : 0;
    frame.helpCalled = helpCalls.open(office::askedAtKiosk).has_value();
    frame.testModeLanguages = settings.testModeLanguages;
    return frame;
}

HttpResponse House::kioskPage(const Exchange& exchange, const page::KioskView& view, int status)
{
    if (exchange.visit && exchange.visit->atCheckIn &&
        !std::holds_alternative<page::CheckInPage>(view))
        checkIn.leave(*exchange.visit);
    return htmlAnswer(status, doors.pages.kiosk(frame(exchange), view));
}

HttpResponse House::deskPage(const Exchange& exchange, const page::DeskView& view, int status)
{
    page::DeskFrame frame;
    frame.municipality = town.name;
    frame.now = now();
    frame.formKey = newFormKey(doors.random);
    if (const DeskSession* session = exchange.clerk) {
        frame.clerk = session->clerk.name;
        frame.deskKeyOpen = session->deskKeyOpen;
        frame.arrived = session->proof == office::Proof::Complete && !session->roles.empty();
        if (frame.arrived && frame.deskKeyOpen) {
            checkIn.learnNames(session->token);
            judgeReplies(*this, session->token);
        }
        for (const auto& [section, address] : sections) {
            if (frame.arrived && mayUse(session->roles, Method::Get, address))
                frame.sections.push_back({section, address});
        }
    }
    frame.portalReachable = portalReachable();
    return htmlAnswer(status, doors.pages.desk(frame, view));
}

std::string House::beginningOf(const DeskSession& session)
{
    switch (session.proof) {
    case office::Proof::PasswordAsked:
        return "/desk/open";
    case office::Proof::CodeAsked:
        return "/desk/code";
    case office::Proof::SetUpAsked:
        return "/desk/factor";
    case office::Proof::Complete:
        break;
    }
    for (const char* address : {"/desk", "/desk/queue", "/desk/status"}) {
        if (mayUse(session.roles, Method::Get, address))
            return address;
    }
    return "/desk/account";
}

bool House::needsDate() const
{
    return journal.timeQuality() == outbox::TimeQuality::Doubtful ||
           (rounds && rounds->needsClerk());
}

std::string House::placeOf(const Exchange& exchange) const
{
    if (exchange.surface == Surface::Desk)
        return exchange.clerk ? beginningOf(*exchange.clerk) : "/desk/sign-in";
    return exchange.visit ? addressOf(exchange.visit->step) : "/";
}

void House::answerLater(const Exchange& exchange, const std::function<HttpResponse()>& work)
{
    if (_failed) {
        exchange.respond(refusedAnswer(*this, exchange, ErrorCode::StoreFailed));
        return;
    }
    HttpResponse response;
    try {
        response = work();
    } catch (const Error& failure) { // the HTTP handler's door, for answers that come later
        log::info("request.failure", {{"detail", failure.message()}});
        if (failure.errorCode() == ErrorCode::StoreFailed)
            stopWorking();
        response = refusedAnswer(*this, exchange, failure.errorCode());
    }
    exchange.respond(std::move(response));
}

// --- what is so

bool House::accepting()
{
    if (_readOnly || !destinations.enrolled() || !people.isSetUp())
        return false;
    const double share = doors.database.freeShare();
    const std::int64_t pages = doors.database.freePages();
    const double sharePerPage = pages > 0 ? share / static_cast<double>(pages) : 0;
    const auto wanted = static_cast<std::int64_t>(visits.count() + 1) * largestCasePages;
    if (pages < wanted || share - sharePerPage * static_cast<double>(wanted) < freeShareMin)
        return false;
    return std::any_of(town.services.begin(), town.services.end(),
                       [this](const office::Service& service) { return accepts(service); });
}

bool House::takesAttachment(std::int64_t bytes)
{
    constexpr double shareThatStays = 0.05;
    constexpr std::int64_t pageBytes = 4096;
    const double share = doors.database.freeShare();
    const std::int64_t pages = doors.database.freePages();
    const double sharePerPage = pages > 0 ? share / static_cast<double>(pages) : 0;
    const std::int64_t wanted = bytes * 3 / 2 / pageBytes; // four thirds as JWE, and its rows
    return pages > wanted && share - sharePerPage * static_cast<double>(wanted) > shareThatStays;
}

bool House::givesAppointments() const
{
    return !_readOnly && calendar.isOffered() && people.isSetUp() &&
           doors.database.freeShare() > freeShareMin;
}

bool House::accepts(const office::Service& service) const
{
    try {
        destinations.sealingKey(destinations.destinationFor(service.key), now());
        return true;
    } catch (const Error&) { // none, or too old: the services page leaves it out
        return false;
    }
}

bool House::holdsClock(const Visit& visit) const
{
    return visit.step == Step::Reading || visit.step == Step::Paying ||
           (!visit.caseId.empty() && receipts.isPrinting(visit.caseId)) ||
           (!visit.ticketId.empty() && receipts.isPrinting(visit.ticketId)) ||
           (!visit.appointmentId.empty() && receipts.isPrinting(visit.appointmentId));
}

// --- steps of a visit

void House::advance(Visit& visit, VisitEvent event)
{
    commit(visit, [&] { visit.apply(event); });
    publish(visit);
}

void House::publish(const Visit& visit)
{
    auto state = json::makeObject();
    state->set("at", addressOf(visit.step));
    state->set("step", std::string(name(visit.step)));
    if (visit.atCheckIn && visit.step == Step::Start) { // a page beside the steps
        state->set("at", "/visit/check-in");
        state->set("news", std::to_string(visit.checkInNews));
    }
    if (visit.step == Step::Reading)
        state->set("reading", std::string(amt::name(visit.identityStep)));
    if (visit.step == Step::Paying) {
        if (const auto order = onlineCashier.running(visit.caseId)) {
            state->set("online", order->redirectUrl.empty() ? "asking" : "ready");
        } else {
            state->set("terminalStatus", visit.terminalStatusCode);
            state->set("terminalText", visit.terminalStatusText);
        }
    }
    if (visit.step == Step::Done)
        state->set("printing", receipts.state(visit.caseId));
    if (const auto ticket =
            visit.step == Step::Ticket ? hall.queue.find(visit.ticketId) : std::nullopt)
        state->set("printing", receipts.ticketState(*ticket));
    if (visit.step == Step::Booked)
        state->set("printing", receipts.appointmentState(visit.appointmentId));
    doors.livePages.publish(visit.topic(), json::write(*state));
}

void House::endVisit(Visit& visit, const std::string& reason)
{
    cardReading.cancel(visit);
    checkIn.leave(visit);
    const std::string topic = visit.topic();
    const std::string caseId = visit.caseId, ticketId = visit.ticketId,
                      appointmentId = visit.appointmentId;
    doors.database.transact([&] {
        if (!caseId.empty())
            onlineCashier.letGo(caseId);
        if (const auto opened = caseId.empty() ? std::nullopt : cases.find(caseId);
            opened && opened->state == office::CaseState::Recorded) {
            const bool unclear =
                opened->payment && (opened->payment->state == office::PaymentState::Unresolved ||
                                    opened->payment->state == office::PaymentState::Authorising);
            cases.hold(caseId, unclear ? "PaymentUnresolved" : reason, now());
        }
        if (rounds && visit.step == Step::Asking)
            rounds->bookings.withdraw(visit.wish, now());
        calendar.letGo(appointmentId);
        drafts.remove(visit.idHash);
    });
    log::info("visit.ended", {{"step", std::string(name(visit.step))}, {"reason", reason}});
    visits.end(visit);
    receipts.forget(caseId);
    receipts.forget(ticketId);
    receipts.forget(appointmentId);
    doors.livePages.close(topic);
}

Visit& House::openVisit(const std::string& language, const std::string& press)
{
    for (const auto& [key, hash] : _openedByPress) {
        if (key == press) {
            if (Visit* opened = visits.byHash(hash))
                return *opened;
        }
    }
    Visit& opened = visits.open(language);
    visits.save(opened);
    _openedByPress.emplace_back(press, opened.idHash);
    if (_openedByPress.size() > 64)
        _openedByPress.pop_front();
    return opened;
}

void House::reconcile(Visit& visit)
{
    if (visit.caseId.empty()) {
        if (visit.step == Step::Reading && visit.readNumber == 0) // the read went with the process
            visit.step = Step::Card;
        if (visit.step == Step::Asking)
            visit.askedAt = doors.loop.sinceBoot();
        return;
    }
    const auto opened = cases.find(visit.caseId);
    if (!opened) {
        visit.step = Step::Done;
        return;
    }
    if (cashier.isRunning(visit.caseId) && visit.step == Step::Paying)
        return;
    if (opened->state != office::CaseState::Recorded) {
        visit.step = Step::Done;
        return;
    }
    visit.step = Step::Pay;
    if (!opened->payment)
        return;
    switch (opened->payment->state) {
    case office::PaymentState::Ordered:
    case office::PaymentState::Authorising:
    case office::PaymentState::Unresolved:
        visit.step = onlineCashier.running(visit.caseId) ? Step::Paying : Step::Unresolved;
        cashier.askSoon();
        return;
    case office::PaymentState::Approved:
        cashier.settlePaid(visit);
        visit.step = Step::Done;
        return;
    case office::PaymentState::Declined:
        if (opened->payment->record)
            visit.declinedCode = opened->payment->record->result;
        return;
    case office::PaymentState::Reversed:
    case office::PaymentState::NotStarted:
        return;
    }
}

bool House::isEmulated(const std::string& kind) const
{
    if (!doors.emulation)
        return false;
    const auto devices = doors.emulation->devices();
    return devices.empty() ||
           std::any_of(devices.begin(), devices.end(),
                       [&](const Emulation::Device& device) { return device.kind == kind; });
}

void House::askPrinter()
{
    doors.printer.state(guardedCall([this](const PrinterState& state) { _printerState = state; }));
}

// --- presses and displays

Presses* House::pressesOf(const std::string& visitHash, const std::string& sessionHash)
{
    if (Visit* visit = visitHash.empty() ? nullptr : visits.byHash(visitHash))
        return &visit->presses;
    if (DeskSession* session = sessionHash.empty() ? nullptr : sessions.byHash(sessionHash))
        return &session->presses;
    return nullptr;
}

std::string House::displayPass() const
{
    return toHex(envelope::hmacSha256(settings.displayToken, view("amt display")));
}

bool House::isDisplay(const std::string& cookieHeader, const Fields& query) const
{
    if (settings.displayToken.empty())
        return false;
    if (const auto token = query.find("token"); token != query.end())
        return Secret(std::string_view(token->second)) == settings.displayToken;
    const auto pass = cookieValue(cookieHeader, displayCookie);
    return pass && equalInConstantTime(view(*pass), view(displayPass()));
}

} // namespace amt::node
