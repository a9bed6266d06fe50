// SPDX-License-Identifier: EUPL-1.2
//
// The dialogue: what is done on each transition, and what each ending means. Silence is never
// "declined".
#include "drivers/zvt/dialogue.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <algorithm>
#include <utility>

namespace amt::zvt {

namespace {

using State = DialogueState;
using Event = DialogueEvent;

constexpr int busyCode = 0x9C;
constexpr Milliseconds lastWordTimeout = std::chrono::seconds(15); ///< after T4 and 06 B0
constexpr std::size_t linesMax = 2000;

/// A 04 FF that says nothing about a card: the terminal, its host or its own business.
bool asksForCard(const TerminalStatus& status)
{
    switch (status.code) {
    case 0x06: // post-bookings
    case 0x0E: // please wait
    case 0x0F: // automatic end of day
    case 0x17: // please wait
    case 0xC9: // automatic diagnosis
    case 0xCA: // automatic initialisation
    case 0xCB: // journal full
    case 0xD2: // dialling
    case 0xD3:
    case 0xE0:
    case 0xE1:
    case 0xE2:
    case 0xF1:
    case 0xF2:
    case 0xF3:
        return false;
    default:
        return true;
    }
}

std::string hexCode(int code)
{
    return toHex(Bytes{static_cast<std::uint8_t>(code)});
}

/// Receipt numbers have four digits.
int followingReceipt(int receipt, int steps)
{
    return (receipt + steps) % 10000;
}

/// 9999 is followed by 0000 or 0001.
bool follows(int receipt, int before, int steps)
{
    return receipt == followingReceipt(before, steps) ||
           (before + steps > 9999 && receipt == followingReceipt(before, steps) + 1);
}

TerminalRecord notPaid(const TerminalRecord& last)
{
    TerminalRecord record;
    record.result = ResultCodes::NotPaid;
    record.receipt = last.receipt;
    record.terminalId = last.terminalId;
    return record;
}

} // namespace

PaymentOutcome findOut(const PaymentOrder& order, std::optional<int> lastReceipt,
                       const TerminalRecord& last)
{
    const bool sameAmount = last.amount == order.amount;
    const bool euros = last.currency == 0 || last.currency == euro;
    if (last.receipt == 0)
        return PaymentUnresolved{"the terminal's last transaction has no receipt number"};
    if (!lastReceipt) { // a transaction over another amount is certainly older: ours would be the
                        // last one
        if (last.result == 0 && last.amount && !sameAmount && !isReversal(last))
            return PaymentDeclined{notPaid(last)};
        return PaymentUnresolved{"the terminal's last receipt before the order is not known"};
    }
    if (last.receipt == *lastReceipt && last.result == 0)
        return PaymentDeclined{notPaid(last)};
    if (isReversal(last)) {
        const bool ours =
            follows(last.receipt, *lastReceipt, 1) || follows(last.receipt, *lastReceipt, 2);
        if (!ours || (last.amount && !sameAmount) || last.result != 0)
            return PaymentUnresolved{"a reversal that does not fit the order"};
        TerminalRecord reversal = last;
        reversal.result = ResultCodes::Reversed;
        return PaymentDeclined{std::move(reversal)};
    }
    if (!follows(last.receipt, *lastReceipt, 1))
        return PaymentUnresolved{"the terminal's last receipt does not follow the last known one"};
    if (!sameAmount || !euros)
        return PaymentUnresolved{"the terminal's last transaction has another amount or currency"};
    if (last.result != 0)
        return PaymentDeclined{last};
    return PaymentApproved{last};
}

Dialogue::Dialogue(const ZvtSettings& settings, ByteStream& stream, EventLoop& loop)
    : _settings(settings), _stream(stream), _loop(loop), _self(std::make_shared<Dialogue*>(this))
{
    registration(_settings.password, _settings.configByte); // throws for a password that cannot be
}

Dialogue::~Dialogue()
{
    _self.reset();
    _loop.cancel(_timer);
    if (_state != State::Idle)
        _stream.close();
}

void Dialogue::authorise(PaymentOrder order, Callbacks callbacks)
{
    begin(Purpose::Order, std::move(order), std::move(callbacks));
}

void Dialogue::resolve(PaymentOrder order, Callbacks callbacks)
{
    begin(Purpose::Question, std::move(order), std::move(callbacks));
}

void Dialogue::begin(Purpose purpose, PaymentOrder order, Callbacks callbacks)
{
    if (_state != State::Idle) {
        callbacks.done(PaymentNotStarted{ErrorCode::StepOutOfOrder});
        return;
    }
    if (order.amount <= Money() || order.amount > Money::cents(999999999999)) {
        callbacks.done(PaymentNotStarted{ErrorCode::InputMalformed});
        return;
    }
    _purpose = purpose;
    _order = std::move(order);
    if (_order.lastReceipt == 0) // the terminal sent none
        _order.lastReceipt.reset();
    _callbacks = std::move(callbacks);
    _charset = static_cast<Charset>(_settings.charset);
    _abortWanted = _cardAsked = _acknowledgementHeard = false;
    _record.reset();
    _lines.clear();
    _lineCount = 0;
    _deadline = _loop.sinceBoot() + _settings.dialogueTimeout;
    _busyDeadline = _loop.sinceBoot() + _settings.busyTimeout;
    apply(Event::Ordered);
}

void Dialogue::open()
{
    ++_run;
    _reader.clear();
    _lineUp = false;
    const auto ifCurrent = [self = std::weak_ptr(_self), run = _run](auto&& action) {
        const auto alive = self.lock();
        if (alive && (*alive)->_run == run)
            action(**alive);
    };
    _stream.open({
        .opened =
            [ifCurrent] {
                ifCurrent([](Dialogue& dialogue) {
                    dialogue._lineUp = true;
                    if (dialogue._state == State::Opening)
                        dialogue.apply(Event::Opened);
                });
            },
        .received =
            [ifCurrent](ByteView bytes) {
                ifCurrent([bytes](Dialogue& dialogue) {
                    dialogue._reader.push(bytes);
                    dialogue.pump();
                });
            },
        .closed =
            [ifCurrent] {
                ifCurrent([](Dialogue& dialogue) {
                    dialogue._lineUp = false;
                    dialogue.lost();
                });
            },
    });
}

void Dialogue::apply(Event event)
{
    const auto next = dialogueTable.next(_state, event);
    AMT_ASSERT(next.has_value()); // whoever calls knows the state
    _state = *next;
    enter(*next);
}

void Dialogue::enter(State state)
{
    switch (state) {
    case State::Idle:
        break;
    case State::Opening:
        setTimer(_settings.connectTimeout);
        open();
        break;
    case State::Registering:
        setTimer(_settings.ackTimeout);
        write(registration(_settings.password, _settings.configByte));
        break;
    case State::Recalling:
    case State::Asking:
        _record.reset();
        setTimer(_settings.ackTimeout);
        write(repeatReceipt(_settings.password));
        break;
    case State::Enquiring:
        setTimer(_settings.ackTimeout);
        write(statusEnquiry(_settings.password));
        break;
    case State::Registered:
    case State::Recalled:
    case State::Enquired:
    case State::Asked:
        setTimer(_settings.completionTimeout);
        break;
    case State::CommittingSent:
        setTimer(_settings.answerTimeout);
        giveEvidence(PaymentEvidence::Sent, std::nullopt);
        break;
    case State::Starting:
        setTimer(_settings.ackTimeout);
        write(authorisation(_order.amount));
        break;
    case State::CommittingAccepted:
        setTimer(_settings.answerTimeout);
        giveEvidence(PaymentEvidence::Accepted, std::nullopt);
        break;
    case State::Working:
        setTimer(_settings.answerTimeout);
        if (_abortWanted)
            write(abortByTill());
        break;
    case State::Expired:
        log::warning("zvt.time-over", {{"order", _order.id}});
        setTimer(lastWordTimeout);
        write(abortByTill());
        break;
    case State::CommittingRecorded:
        setTimer(_settings.answerTimeout);
        giveEvidence(PaymentEvidence::Recorded, _record);
        break;
    case State::CommittingAcknowledged:
        setTimer(_settings.answerTimeout);
        write(positiveAck());
        giveEvidence(PaymentEvidence::Acknowledged, _record);
        break;
    case State::Finishing:
        setTimer(_settings.completionTimeout);
        break;
    case State::Pausing:
        setTimer(_settings.busyInterval);
        break;
    }
}

void Dialogue::write(const Frame& frame)
{
    if (_lineUp)
        _stream.write(encodeFrame(frame));
}

void Dialogue::setTimer(Milliseconds delay)
{
    _loop.cancel(_timer);
    if (_state != State::Expired) // the last word has its own time
        delay = std::clamp(_deadline - _loop.sinceBoot(), Milliseconds(0), delay);
    _timer = _loop.after(delay, [self = std::weak_ptr(_self)] {
        const auto alive = self.lock();
        if (!alive)
            return;
        (*alive)->_timer = 0;
        (*alive)->timedOut();
    });
}

void Dialogue::timedOut()
{
    switch (_state) {
    case State::Idle:
        break;
    case State::Pausing:
        if (_loop.sinceBoot() >= std::min(_busyDeadline, _deadline))
            end(PaymentUnresolved{"the terminal stays busy"});
        else
            apply(_lineUp ? Event::Enquire : Event::Reopen);
        break;
    case State::Working:
        apply(Event::TimeOver);
        break;
    case State::Recalled:
    case State::Recalling: // it may still talk about the last transaction, so this line is of no
                           // use
        unusable(ErrorCode::TerminalUnreachable, "no answer to 06 20");
        break;
    case State::CommittingRecorded:
    case State::CommittingAcknowledged:
    case State::Finishing:
        endByRecord(false, "no completion after 04 0F");
        break;
    default:
        unusable(ErrorCode::TerminalUnreachable, "no answer in time");
        break;
    }
}

void Dialogue::lost()
{
    switch (_state) {
    case State::Idle:
    case State::Pausing: // opened again after the pause
    case State::CommittingSent:
    case State::CommittingAccepted:
    case State::CommittingRecorded:
    case State::CommittingAcknowledged: // what is being committed comes first: committed() looks at
                                        // the line
        break;
    case State::Finishing:
        endByRecord(false, "line lost before completion");
        break;
    case State::Asked:
        if (_record)
            end(findOut(_order, _order.lastReceipt, *_record));
        else
            unusable(ErrorCode::TerminalUnreachable, "line lost");
        break;
    default:
        unusable(ErrorCode::TerminalUnreachable, "line lost");
        break;
    }
}

void Dialogue::pump()
{
    const std::uint64_t run = _run;
    const std::weak_ptr<Dialogue*> self(_self); // `done` may end our life
    try {
        while (!self.expired() && _run == run && _state != State::Idle && !isCommitting()) {
            const auto frame = _reader.next();
            if (!frame)
                break;
            onFrame(*frame);
        }
    } catch (const Error& error) { // the stream's door: what is no ZVT ends the dialogue
        if (!self.expired() && _run == run && _state != State::Idle)
            unusable(error.errorCode(), "the terminal talks garbage");
    }
}

void Dialogue::onFrame(const Frame& frame)
{
    if (isPositiveAck(frame))
        return onAcked();
    if (isNegativeAck(frame))
        return onRefused(frame.control & 0xFF);
    if (!terminalIsMaster()) {
        // Nothing of ours: perhaps a late word about an older order, which is not ours to
        // acknowledge.
        log::warning("zvt.out-of-turn",
                     {{"control", toHex(encodeFrame({frame.control, {}})).substr(0, 4)}});
        return;
    }
    if (_state == State::Finishing && frame.control != control::StatusInformation)
        _acknowledgementHeard = true;
    const bool statusAnswer = _state == State::Enquiring || _state == State::Enquired;
    switch (frame.control) {
    case control::IntermediateStatus:
    case control::PrintLine:
    case control::PrintBlock:
        write(positiveAck());
        try {
            const Message message = decodeMessage(frame);
            frame.control == control::IntermediateStatus ? onStatus(message) : onPrint(message);
        } catch (const Error&) { // a broken text changes nothing
            log::warning("zvt.text-unreadable", {{"order", _order.id}});
        }
        break;
    case control::StatusInformation:
        onInformation(decodeMessage(frame));
        break;
    case control::Completion:
        write(positiveAck());
        onCompletion(
            decodeMessage(frame, statusAnswer ? control::StatusEnquiry : std::uint16_t{0}));
        break;
    case control::AbortByTerminal:
        write(positiveAck());
        onAbort(decodeMessage(frame).result.value());
        break;
    default:
        write(negativeAck(0x83)); // function not possible
        break;
    }
}

void Dialogue::onAcked()
{
    switch (_state) {
    case State::Registering:
    case State::Recalling:
    case State::Starting:
    case State::Enquiring:
    case State::Asking:
        apply(Event::Acked);
        break;
    default: // the answer to 06 B0, or one too many: neither ends anything
        break;
    }
}

void Dialogue::onRefused(int error)
{
    switch (_state) {
    case State::Registering:
        if (_purpose == Purpose::Question && error == busyCode)
            return busy();
        return unusable(ErrorCode::TerminalNotReady, "06 00 refused with " + hexCode(error));
    case State::Recalling:
        return apply(Event::Order);
    case State::Starting:
        log::warning("zvt.refused", {{"order", _order.id}, {"code", hexCode(error)}});
        return end(PaymentNotStarted{ErrorCode::TerminalNotReady});
    case State::Enquiring:
        return error == busyCode ? busy() : apply(Event::Ask);
    case State::Asking:
        return error == busyCode ? busy()
                                 : end(PaymentUnresolved{"06 20 refused with " + hexCode(error)});
    default: // the answer to 06 B0 (84 83: already online)
        break;
    }
}

void Dialogue::onStatus(const Message& message)
{
    if (_state != State::Working && _state != State::Expired && _state != State::Finishing) {
        setTimer(_settings.completionTimeout);
        return;
    }
    const TerminalStatus status = statusOf(message, _charset);
    if (_state == State::Working) {
        // A minute count shorter than T4 is no promise: terminals say 1 and are silent for two
        // (zvt-d-065).
        const auto minutes = message.timeout ? bcd(ByteView{&*message.timeout, 1}) : std::nullopt;
        setTimer(std::max<Milliseconds>(_settings.answerTimeout,
                                        std::chrono::minutes(minutes.value_or(0))));
    }
    _cardAsked = _cardAsked || asksForCard(status);
    if (_callbacks.status)
        _callbacks.status(status);
}

void Dialogue::onInformation(const Message& message)
{
    const TerminalRecord record = recordOf(message, _charset);
    switch (_state) {
    case State::Working:
    case State::Expired:
        _record = record;
        apply(Event::Informed);
        break;
    case State::Finishing:
        if (record != _record) { // it said yes and no: only a question can tell
            end(PaymentUnresolved{"a second status information contradicts the first"});
            break;
        }
        setTimer(_settings.completionTimeout);
        write(positiveAck());
        break;
    case State::Recalled:
    case State::Asked:
        _record = record;
        setTimer(_settings.completionTimeout);
        write(positiveAck());
        break;
    default: // not answered: it belongs to no question of ours
        break;
    }
}

void Dialogue::onPrint(const Message& message)
{
    if (_state != State::Expired)
        setTimer(_state == State::Working ? _settings.answerTimeout : _settings.completionTimeout);
    PrintedLines printed = linesOf(message, _charset);
    for (ReceiptLine& line : printed.lines) {
        if (++_lineCount <= linesMax)
            _lines.push_back(std::move(line));
    }
    if (printed.lastOfReceipt)
        giveLines();
}

void Dialogue::onCompletion(const Message& message)
{
    switch (_state) {
    case State::Registered: {
        const Charset agreed = agreedCharset(message);
        if (_charset == Charset::Unspoken)
            _charset = agreed;
        afterRegistration();
        break;
    }
    case State::Recalled:
        if (_record && _record->result == 0 && _record->receipt != 0)
            _recollection = Recollection{_order.id, _record->receipt};
        _record.reset();
        apply(Event::Order);
        break;
    case State::Enquiring:
    case State::Enquired:
        message.status == busyCode ? busy() : apply(Event::Ask);
        break;
    case State::Asked:
        if (_record)
            end(findOut(_order, _order.lastReceipt, *_record));
        else
            end(PaymentUnresolved{"06 20 gave no status information"});
        break;
    case State::Working:
    case State::Expired:
        end(PaymentUnresolved{"completion without status information"});
        break;
    case State::Finishing:
        endByRecord(true, "");
        break;
    default:
        break;
    }
}

void Dialogue::onAbort(int result)
{
    switch (_state) {
    case State::Registered:
        if (_purpose == Purpose::Question && result == busyCode)
            return busy();
        return unusable(ErrorCode::TerminalNotReady, "06 00 ended with " + hexCode(result));
    case State::Recalled:
        _record.reset();
        return apply(Event::Order);
    case State::Enquiring:
    case State::Enquired:
        return result == busyCode ? busy() : apply(Event::Ask);
    case State::Asked:
        return result == busyCode ? busy()
                                  : end(PaymentUnresolved{"06 20 ended with " + hexCode(result)});
    case State::Working:
    case State::Expired: {
        if (result == 0)
            return end(PaymentUnresolved{"abort without a reason"});
        TerminalRecord record;
        record.result = result;
        return endDeclined(std::move(record));
    }
    case State::Finishing:
        if (_record->result == 0)
            return end(PaymentUnresolved{"abort with " + hexCode(result) + " after an approval"});
        return endByRecord(true, "");
    default:
        break;
    }
}

void Dialogue::giveEvidence(PaymentEvidence evidence, std::optional<TerminalRecord> record)
{
    const std::uint64_t commit = ++_commit;
    _callbacks.evidence(
        evidence, std::move(record), [self = std::weak_ptr(_self), commit, loop = &_loop] {
            // through the loop: the node may say so from within the call
            loop->post([self, commit] {
                const auto alive = self.lock();
                if (alive && (*alive)->_commit == commit && (*alive)->isCommitting()) {
                    ++(*alive)->_commit;
                    (*alive)->committed();
                }
            });
        });
}

void Dialogue::committed()
{
    const std::uint64_t run = _run;
    const std::weak_ptr<Dialogue*> self(_self);
    switch (_state) {
    case State::CommittingSent:
        if (_abortWanted)
            return end(PaymentNotStarted{ErrorCode::StepOutOfOrder});
        if (!_lineUp)
            return end(PaymentNotStarted{ErrorCode::TerminalUnreachable});
        apply(Event::Committed);
        break;
    case State::CommittingAccepted:
        if (!_lineUp)
            return unusable(ErrorCode::TerminalUnreachable, "line lost after 80 00");
        apply(Event::Committed);
        break;
    case State::CommittingRecorded:
        if (!_lineUp)
            return endByRecord(false, "line lost before 04 0F was acknowledged");
        if (_record->result == 0 && !isExactlyOrdered(*_record))
            // Not acknowledged: a terminal that reverses may do so; what it did is found out later.
            return end(PaymentUnresolved{"approved, but not what was ordered"});
        apply(Event::Committed);
        break;
    case State::CommittingAcknowledged:
        apply(Event::Committed);
        pump();
        if (!self.expired() && _run == run && _state == State::Finishing && !_lineUp)
            endByRecord(false, "line lost before completion");
        return;
    default:
        return;
    }
    pump();
}

bool Dialogue::isCommitting() const
{
    return _state == State::CommittingSent || _state == State::CommittingAccepted ||
           _state == State::CommittingRecorded || _state == State::CommittingAcknowledged;
}

bool Dialogue::mayHaveCharged() const
{
    switch (_state) {
    case State::Starting:
    case State::CommittingAccepted:
    case State::Working:
    case State::Expired:
    case State::CommittingRecorded:
    case State::CommittingAcknowledged:
    case State::Finishing:
        return true;
    default:
        return false;
    }
}

bool Dialogue::terminalIsMaster() const
{
    switch (_state) {
    case State::Registered:
    case State::Recalled:
    case State::Working:
    case State::Expired:
    case State::Finishing:
    case State::Enquiring: // some answer 05 01 without 80 00
    case State::Enquired:
    case State::Asked:
        return true;
    default:
        return false;
    }
}

bool Dialogue::isExactlyOrdered(const TerminalRecord& record) const
{
    return record.amount == _order.amount && (record.currency == 0 || record.currency == euro) &&
           !isReversal(record);
}

void Dialogue::afterRegistration()
{
    if (_purpose == Purpose::Question) {
        if (!_order.lastReceipt && _recollection && _recollection->orderId == _order.id)
            _order.lastReceipt = _recollection->receipt;
        return apply(Event::Enquire);
    }
    apply(_order.lastReceipt ? Event::Order : Event::Recall);
}

void Dialogue::busy()
{
    if (_state == State::Registering || _state == State::Registered) { // has to be registered again
        ++_run;
        _lineUp = false;
        _stream.close();
    }
    apply(Event::Busy);
}

/// The line or the terminal is of no more use.
void Dialogue::unusable(ErrorCode code, const std::string& reason)
{
    if (_state == State::CommittingRecorded || _state == State::CommittingAcknowledged ||
        _state == State::Finishing)
        return endByRecord(false, reason);
    if (_purpose == Purpose::Question || mayHaveCharged())
        end(PaymentUnresolved{reason});
    else
        end(PaymentNotStarted{code});
}

/// After a 04 0F. `completed`: by 06 0F, or by 06 1E for a record that is no approval.
void Dialogue::endByRecord(bool completed, const std::string& reason)
{
    if (_record->result != 0)
        return endDeclined(*_record);
    const bool printsWithUs = (_settings.configByte & config::ReceiptsAsLines) != 0;
    // Without 06 0F the terminal may not have heard our 80 00, and reverse; while it prints with
    // us, too (facts 1.8).
    if (!isExactlyOrdered(*_record) || (!completed && (!_acknowledgementHeard || printsWithUs)))
        return end(
            PaymentUnresolved{reason.empty() ? "approved, but not what was ordered" : reason});
    end(PaymentApproved{*_record});
}

void Dialogue::endDeclined(TerminalRecord record)
{
    if (!_cardAsked && resultMeaning(record.result) == ResultMeaning::TerminalNotReady) {
        log::warning("zvt.not-ready", {{"order", _order.id}, {"code", hexCode(record.result)}});
        return end(PaymentNotStarted{ErrorCode::TerminalNotReady});
    }
    end(PaymentDeclined{std::move(record)});
}

void Dialogue::end(PaymentOutcome outcome)
{
    giveLines();
    _loop.cancel(_timer);
    _timer = 0;
    ++_run;
    ++_commit;
    _lineUp = false;
    _reader.clear();
    apply(Event::Ended);
    _stream.close();
    const auto done = std::exchange(_callbacks, {}).done;
    done(std::move(outcome)); // may order again at once, so nothing follows
}

void Dialogue::giveLines()
{
    if (!_lines.empty() && _callbacks.receipt)
        _callbacks.receipt(std::exchange(_lines, {}));
    _lines.clear();
}

void Dialogue::abort()
{
    if (_purpose == Purpose::Question)
        return;
    switch (_state) {
    case State::Opening:
    case State::Registering:
    case State::Registered:
    case State::Recalling:
    case State::Recalled:
        end(PaymentNotStarted{ErrorCode::StepOutOfOrder});
        break;
    case State::CommittingSent:
    case State::Starting:
    case State::CommittingAccepted:
        _abortWanted = true; // the terminal hears of it once it works on the order
        break;
    case State::Working:
        write(abortByTill());
        break;
    default: // too late: the outcome is on its way
        break;
    }
}

std::unique_ptr<PaymentTerminal> makeZvtTerminal(const ZvtSettings& settings, ByteStream& stream,
                                                 EventLoop& loop)
{
    return std::make_unique<Dialogue>(settings, stream, loop);
}

} // namespace amt::zvt
