// SPDX-License-Identifier: EUPL-1.2
//
// The dialogue with a terminal as a state table: one order or one question at a time (PA00P015
// chapter 2, facts 1.8).
#pragma once

#include "appliance/core/state_table.h"
#include "drivers/zvt/commands.h"
#include "drivers/zvt/messages.h"
#include "drivers/zvt/zvt.h"

#include <memory>
#include <optional>
#include <vector>

namespace amt::zvt {

enum class DialogueState {
    Idle,
    Opening,
    Registering,            ///< 06 00 written
    Registered,             ///< its 80 00 seen; 06 0F follows
    Recalling,              ///< 06 20 written before an order: which transaction was the last one?
    Recalled,               ///< its 80 00 seen
    CommittingSent,         ///< the node commits that 06 01 will be written
    Starting,               ///< 06 01 written: from here on silence is Unresolved
    CommittingAccepted,     ///< the node commits that 80 00 came
    Working,                ///< card, PIN, host
    Expired,                ///< T4 is over, 06 B0 written; a last word is waited for
    CommittingRecorded,     ///< the node commits the 04 0F before it is acknowledged
    CommittingAcknowledged, ///< the node commits that it was acknowledged
    Finishing,              ///< prints and 06 0F or 06 1E
    Enquiring,              ///< 05 01 written
    Enquired,               ///< its 80 00 seen
    Pausing,                ///< the terminal is busy (9C)
    Asking,                 ///< 06 20 written
    Asked,                  ///< its 80 00 seen
};

enum class DialogueEvent {
    Ordered,
    Opened,
    Acked,   ///< 80 00
    Recall,  ///< registered, but no receipt number is known
    Order,   ///< registered, 06 01 comes next
    Enquire, ///< registered or paused, 05 01 comes next
    Ask,     ///< not busy, 06 20 comes next
    Busy,    ///< 9C
    Reopen,  ///< paused, and the line went away
    Committed,
    Informed, ///< 04 0F
    TimeOver, ///< T4
    Ended,    ///< the outcome is known, or known to be unknown
};

inline constexpr auto dialogueTable = stateTable<DialogueState, DialogueEvent>({
    {DialogueState::Idle, DialogueEvent::Ordered, DialogueState::Opening},
    {DialogueState::Opening, DialogueEvent::Opened, DialogueState::Registering},
    {DialogueState::Registering, DialogueEvent::Acked, DialogueState::Registered},
    {DialogueState::Registering, DialogueEvent::Busy, DialogueState::Pausing},
    {DialogueState::Registered, DialogueEvent::Order, DialogueState::CommittingSent},
    {DialogueState::Registered, DialogueEvent::Recall, DialogueState::Recalling},
    {DialogueState::Registered, DialogueEvent::Enquire, DialogueState::Enquiring},
    {DialogueState::Registered, DialogueEvent::Busy, DialogueState::Pausing},
    // an order
    {DialogueState::Recalling, DialogueEvent::Acked, DialogueState::Recalled},
    {DialogueState::Recalling, DialogueEvent::Order, DialogueState::CommittingSent},
    {DialogueState::Recalled, DialogueEvent::Order, DialogueState::CommittingSent},
    {DialogueState::CommittingSent, DialogueEvent::Committed, DialogueState::Starting},
    {DialogueState::Starting, DialogueEvent::Acked, DialogueState::CommittingAccepted},
    {DialogueState::CommittingAccepted, DialogueEvent::Committed, DialogueState::Working},
    {DialogueState::Working, DialogueEvent::Informed, DialogueState::CommittingRecorded},
    {DialogueState::Working, DialogueEvent::TimeOver, DialogueState::Expired},
    {DialogueState::Expired, DialogueEvent::Informed, DialogueState::CommittingRecorded},
    {DialogueState::CommittingRecorded, DialogueEvent::Committed,
     DialogueState::CommittingAcknowledged},
    {DialogueState::CommittingAcknowledged, DialogueEvent::Committed, DialogueState::Finishing},
    // a question
    {DialogueState::Enquiring, DialogueEvent::Acked, DialogueState::Enquired},
    {DialogueState::Enquiring, DialogueEvent::Busy, DialogueState::Pausing},
    {DialogueState::Enquiring, DialogueEvent::Ask, DialogueState::Asking},
    {DialogueState::Enquired, DialogueEvent::Busy, DialogueState::Pausing},
    {DialogueState::Enquired, DialogueEvent::Ask, DialogueState::Asking},
    {DialogueState::Pausing, DialogueEvent::Enquire, DialogueState::Enquiring},
    {DialogueState::Pausing, DialogueEvent::Reopen, DialogueState::Opening},
    {DialogueState::Asking, DialogueEvent::Acked, DialogueState::Asked},
    {DialogueState::Asking, DialogueEvent::Busy, DialogueState::Pausing},
    {DialogueState::Asked, DialogueEvent::Busy, DialogueState::Pausing},
    // the end, from everywhere
    {DialogueState::Opening, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Registering, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Registered, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Recalling, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Recalled, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::CommittingSent, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Starting, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::CommittingAccepted, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Working, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Expired, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::CommittingRecorded, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::CommittingAcknowledged, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Finishing, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Enquiring, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Enquired, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Pausing, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Asking, DialogueEvent::Ended, DialogueState::Idle},
    {DialogueState::Asked, DialogueEvent::Ended, DialogueState::Idle},
});

/// What the terminal's last transaction says about an order that got no answer. `lastReceipt`:
/// receipt number of the last transaction before the order, where it is known.
PaymentOutcome findOut(const PaymentOrder& order, std::optional<int> lastReceipt,
                       const TerminalRecord& last);

class Dialogue : public PaymentTerminal {
public:
    Dialogue(const ZvtSettings& settings, ByteStream& stream, EventLoop& loop);
    ~Dialogue() override;
    Dialogue(const Dialogue&) = delete;
    Dialogue& operator=(const Dialogue&) = delete;

    void authorise(PaymentOrder order, Callbacks callbacks) override;
    void abort() override;
    void resolve(PaymentOrder order, Callbacks callbacks) override;

private:
    enum class Purpose { Order, Question };

    void begin(Purpose purpose, PaymentOrder order, Callbacks callbacks);
    void open();
    void apply(DialogueEvent event);
    void enter(DialogueState state);
    void write(const Frame& frame);
    void setTimer(Milliseconds delay);
    void timedOut();
    void lost();
    void pump();

    void onFrame(const Frame& frame);
    void onAcked();
    void onRefused(int error);
    void onStatus(const Message& message);
    void onInformation(const Message& message);
    void onPrint(const Message& message);
    void onCompletion(const Message& message);
    void onAbort(int result);

    void giveEvidence(PaymentEvidence evidence, std::optional<TerminalRecord> record);
    void committed();
    bool isCommitting() const;
    /// 06 01 may have been written: from here on only the terminal's word ends the order.
    bool mayHaveCharged() const;
    bool terminalIsMaster() const;
    bool isExactlyOrdered(const TerminalRecord& record) const;

    void afterRegistration();
    void busy();
    void unusable(ErrorCode code, const std::string& reason);
    void endByRecord(bool completed, const std::string& reason);
    void endDeclined(TerminalRecord record);
    void end(PaymentOutcome outcome);
    void giveLines();

    const ZvtSettings _settings;
    ByteStream& _stream;
    EventLoop& _loop;
    /// Shared with callbacks that the loop, the stream or the node still hold when the dialogue
    /// goes.
    std::shared_ptr<Dialogue*> _self;

    DialogueState _state = DialogueState::Idle;
    Purpose _purpose = Purpose::Order;
    std::uint64_t _run =
        0; ///< counts dialogues and connections: what belongs to an older one is ignored
    std::uint64_t _commit = 0;
    PaymentOrder _order;
    Callbacks _callbacks;
    FrameReader _reader;
    Charset _charset = Charset::Unspoken;
    TimerId _timer = 0;
    Milliseconds _deadline{}; ///< of the whole dialogue, by the boot clock
    Milliseconds _busyDeadline{};
    bool _lineUp = false;
    bool _abortWanted = false;
    bool _cardAsked = false;            ///< the citizen was asked for a card, or worse
    bool _acknowledgementHeard = false; ///< the terminal went on after our 80 00 to its 04 0F
    std::optional<TerminalRecord> _record;
    std::vector<ReceiptLine> _lines;
    std::size_t _lineCount = 0;

    /// The terminal's last transaction before an order whose `lastReceipt` the node did not know.
    struct Recollection {
        std::string orderId;
        int receipt;
    };
    std::optional<Recollection> _recollection;
};

} // namespace amt::zvt
