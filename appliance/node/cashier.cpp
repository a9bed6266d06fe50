// SPDX-License-Identifier: EUPL-1.2
//
// What is committed before the terminal hears the next byte, and what follows from its outcomes.
#include "appliance/node/cashier.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"

#include <algorithm>

namespace amt::node {
namespace {

constexpr Milliseconds restAfterNotStarted = std::chrono::seconds(10);
constexpr Milliseconds longestPause = std::chrono::seconds(60);

std::string_view name(const PaymentOutcome& outcome)
{
    constexpr std::string_view names[] = {"approved", "declined", "unresolved", "not started"};
    return names[outcome.index()];
}

} // namespace

Cashier::~Cashier()
{
    _house.doors.loop.cancel(_timer);
}

bool Cashier::ready() const
{
    if (_running || !_house.till.unresolved().empty())
        return false;
    return !_notStartedAt || _house.doors.loop.sinceBoot() - *_notStartedAt >= restAfterNotStarted;
}

bool Cashier::isRunning(const std::string& caseId) const
{
    return _running && _running->caseId == caseId;
}

void Cashier::start(Visit& visit)
{
    if (!ready())
        return;
    const auto opened = _house.cases.find(visit.caseId);
    if (!opened)
        throw Error(ErrorCode::NotFound, "case of a visit");
    const auto ordered = _house.commit(visit, [&] {
        auto result = _house.till.order(visit.caseId, opened->fee, _house.now());
        if (std::holds_alternative<office::Payment>(result)) {
            visit.declinedCode.reset();
            visit.onlineProblem.clear();
            visit.terminalStatusCode = 0x0E; // please wait
            visit.terminalStatusText.clear();
            visit.aborting = false;
            visit.apply(VisitEvent::PaymentStarted);
        }
        return result;
    });
    if (const auto* payment = std::get_if<office::Payment>(&ordered)) {
        _running = *payment;
        _house.publish(visit);
        _house.doors.paymentTerminal.authorise(payment->order(), callbacks(*payment));
    } else if (std::holds_alternative<office::CaseHasPayment>(ordered)) {
        _house.reconcile(visit);
    } else {
        askSoon();
    }
}

void Cashier::abort(const Visit& visit)
{
    if (isRunning(visit.caseId))
        _house.doors.paymentTerminal.abort();
}

PaymentTerminal::Callbacks Cashier::callbacks(const office::Payment& payment)
{
    const std::string id = payment.id;
    const std::string caseId = payment.caseId;
    PaymentTerminal::Callbacks callbacks;
    callbacks.status = _house.guardedCall([this, caseId](const TerminalStatus& status) {
        Visit* visit = _house.visits.byCase(caseId);
        if (!visit || visit->step != Step::Paying)
            return;
        visit->terminalStatusCode = status.code;
        visit->terminalStatusText =
            isValidUtf8(status.text) && status.text.size() <= 200 ? status.text : "";
        _house.publish(*visit);
    });
    callbacks.evidence = _house.guardedCall([this, id](PaymentEvidence evidence,
                                                       const std::optional<TerminalRecord>& record,
                                                       const std::function<void()>& committed) {
        if (!_running || _running->id != id)
            return; // kept too late, the disk was full: the order has ended
        _house.till.evidence(id, evidence, record, _house.now());
        committed();
    });
    callbacks.receipt = _house.guardedCall([this, caseId](const std::vector<ReceiptLine>& lines) {
        _house.receipts.keepTerminalLines(caseId, lines);
    });
    callbacks.done =
        _house.guardedCall([this, id](const PaymentOutcome& outcome) { finished(id, outcome); });
    return callbacks;
}

void Cashier::finished(const std::string& paymentId, const PaymentOutcome& outcome)
{
    _running.reset();
    const auto payment = _house.till.find(paymentId);
    AMT_ASSERT(payment.has_value());
    Visit* visit = _house.visits.byCase(payment->caseId);

    // Sealed before the commit, so that outcome and envelope are one.
    std::optional<House::WayOut> way;
    if (const auto* approved = std::get_if<PaymentApproved>(&outcome); approved && visit) {
        office::Payment paid = *payment;
        paid.state = office::PaymentState::Approved;
        paid.record = approved->record;
        way = _house.wayOut(*visit, paid);
    }

    office::PaymentState state = payment->state;
    const auto settle = [&] {
        state = _house.till.outcome(paymentId, outcome, _house.now());
        if (state == office::PaymentState::Approved && way)
            _house.take(payment->caseId, *way, office::Settlement::Card);
    };
    if (visit) {
        _house.commit(*visit, [&] {
            settle();
            switch (state) {
            case office::PaymentState::Approved:
                visit->apply(VisitEvent::PaymentApproved);
                break;
            case office::PaymentState::Declined:
            case office::PaymentState::NotStarted:
            case office::PaymentState::Reversed:
                visit->apply(VisitEvent::PaymentDeclined);
                break;
            case office::PaymentState::Ordered:
            case office::PaymentState::Authorising:
            case office::PaymentState::Unresolved:
                if (visit->allows(VisitEvent::PaymentUnclear))
                    visit->apply(VisitEvent::PaymentUnclear);
                break;
            }
        });
    } else {
        _house.doors.database.transact(settle);
    }
    log::info("payment.outcome", {{"payment", paymentId},
                                  {"outcome", std::string(name(outcome))},
                                  {"state", std::string(office::name(state))}});

    _notStartedAt.reset();
    if (state == office::PaymentState::NotStarted)
        _notStartedAt = _house.doors.loop.sinceBoot();
    if (visit) {
        visit->declinedCode.reset();
        if (const auto* declined = std::get_if<PaymentDeclined>(&outcome))
            visit->declinedCode = declined->record.result;
        visit->aborting = false;
        if (state != payment->state) // asked in vain is no news: the visit ends in its time
            _house.visits.touch(*visit);
        _house.publish(*visit);
        if (state == office::PaymentState::Approved)
            _house.keepTrying([this, caseId = payment->caseId] { _house.receipts.print(caseId); });
    }
    if (state == office::PaymentState::Unresolved)
        askSoon();
    else
        _asked = 0;
}

void Cashier::settlePaid(Visit& visit)
{
    const auto opened = _house.cases.find(visit.caseId);
    if (!opened || opened->state != office::CaseState::Recorded || !opened->payment ||
        opened->payment->state != office::PaymentState::Approved)
        return;
    _house.take(visit.caseId, _house.wayOut(visit, opened->payment), office::Settlement::Card);
}

void Cashier::takeUp()
{
    const auto unresolved = _house.till.takeUp(_house.now());
    if (!unresolved.empty())
        askSoon();
}

void Cashier::askSoon()
{
    if (_timer != 0)
        return;
    const Milliseconds pause =
        _asked == 0 ? Milliseconds(500)
                    : std::min(longestPause, Milliseconds(1000) * (1 << std::min(_asked, 6)));
    _timer = _house.doors.loop.after(pause, _house.guarded([this] {
        _timer = 0;
        ask();
    }));
}

void Cashier::ask()
{
    if (_running)
        return; // its end asks again
    const auto unresolved = _house.till.unresolved();
    if (unresolved.empty())
        return;
    ++_asked;
    _running = unresolved.front();
    _house.doors.paymentTerminal.resolve(_running->order(), callbacks(*_running));
}

} // namespace amt::node
