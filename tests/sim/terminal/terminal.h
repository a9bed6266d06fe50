// SPDX-License-Identifier: EUPL-1.2
//
// A card terminal byte by byte: its own encoder and decoder of ZVT, its citizen, its memory, and
// the truth about money.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/money.h"
#include "appliance/core/random.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::sim {

/// How the terminal, its citizen and its host treat the next payments.
struct TerminalBehaviour {
    enum class Payment {
        Approve,
        Decline,      ///< the host says no: `declineCode`
        StopKey,      ///< the citizen presses stop: 6C
        NoCard,       ///< nobody comes; the terminal gives up after two minutes: 6C
        EndOfDayOpen, ///< refused with F0 before a card is asked for
        RefuseBusy,   ///< 84 9C to 06 01
        WrongAmount,  ///< charges ten times the amount, and says so
        Garbage,      ///< 80 00, then bytes of another protocol; nothing is charged
    };
    enum class Silence {
        None,
        FromStart,   ///< no answer to 06 01
        AfterAccept, ///< 80 00 and nothing more
        AfterCharge, ///< charged, and not a word about it
    };
    Payment payment = Payment::Approve;
    Silence silence = Silence::None;
    /// Silent, but the payment goes on inside (FromStart and AfterAccept).
    bool worksSilently = false;
    /// Once silent it answers nothing at all, until it gets another behaviour.
    bool staysDead = false;
    int declineCode = 0x05;
    Milliseconds cardTime{3000}; ///< until the citizen holds the card to it
    Milliseconds hostTime{2000};
    bool printsLines = false;        ///< 06 D1 before 06 0F (if the till asked for lines, too)
    bool printsBlocks = false;       ///< 06 D3 instead
    bool repeatsInformation = false; ///< 04 0F twice, as if the first answer were late
    bool reversesUnacknowledged =
        true; ///< 04 0F without 80 00: takes it back; else it stays charged
    bool remembersReversals =
        true; ///< 06 20 then gives the reversal (BMP 37); else the transaction before it
    bool goesOnWithoutLine = false; ///< line gone before the card: the citizen pays nevertheless
    bool takesAbort = true;         ///< 06 B0 works until the card is there; else 84 83
    bool wantsMoreTime = false;     ///< 04 FF with minutes while the PIN is typed
};

/// What really happened to money. Only the terminal writes here.
struct Charge {
    int receipt = 0;
    int trace = 0;
    Money amount;
    bool reversed = false;
    bool acknowledged = false; ///< the till has said 80 00 to its 04 0F
};

class SimulatedTerminal {
public:
    struct Line {
        std::function<void(ByteView)> send; ///< one frame a call
        std::function<void()> hangUp;
    };

    /// It has sold before: the first receipt here is `firstReceipt`, the one before it was a
    /// technician's test over 0,01 €.
    SimulatedTerminal(EventLoop& loop, RandomSource& random, int firstReceipt = 21);
    ~SimulatedTerminal();
    SimulatedTerminal(const SimulatedTerminal&) = delete;
    SimulatedTerminal& operator=(const SimulatedTerminal&) = delete;

    void setBehaviour(TerminalBehaviour behaviour);
    const TerminalBehaviour& behaviour() const { return _behaviour; }

    /// A till connects; a line that was there before is dropped.
    void connected(Line line);
    void feed(ByteView bytes);
    void disconnected();

    const std::vector<Charge>& ledger() const { return _ledger; }
    /// Sum of what was charged and not reversed.
    Money taken() const;
    int lastReceipt() const;
    /// A payment, a reversal or an end of day runs.
    bool isBusy() const { return _busy; }
    /// How many 06 01 came that were not refused.
    int paymentsStarted() const { return _paymentsStarted; }
    /// What the terminal shows, for a device page.
    const std::string& display() const { return _display; }

private:
    struct Transaction {
        int result = 0;
        Money amount;
        int receipt = 0;
        int trace = 0;
        int originalTrace = 0;
    };
    using Step = std::function<void()>;

    void command(std::uint16_t control, ByteView data);
    void acknowledged(bool positive);
    void startPayment(ByteView data);
    void askForCard();
    void cardShown();
    void hostAnswered();
    void inform(const Transaction& transaction, bool charged);
    void print(std::size_t line);
    void finish(int abortCode);
    void abandon();
    void reverse();
    void repeatReceipt(ByteView data);
    void endOfDay();
    bool abortPayment();

    /// The line that ordered the payment is still there, and the terminal is to speak.
    bool heardByTill() const { return _line && _lineNumber == _paymentLine && !_mute; }
    /// As say(), for a payment; `unheard` at once when its line is gone.
    void tell(Bytes frame, Step then, Step unheard);
    void answer(const std::string& hex);
    void say(Bytes frame, Step then, Step unheard);
    void later(Milliseconds delay, Step step);
    void dropReply();
    void rest();
    Bytes statusFrame(int code, const std::string& text) const;
    Bytes informationFrame(const Transaction& transaction) const;

    EventLoop& _loop;
    RandomSource& _random;
    TerminalBehaviour _behaviour;
    std::optional<Line> _line;
    Bytes _received;
    bool _dead = false;
    int _lineNumber = 0;
    int _paymentLine = 0;

    bool _registered = false;
    int _config = 0;
    bool _offersUtf8 = false;
    bool _busy = false;
    bool _cardStage = false; ///< an abort still helps
    bool _mute = false;      ///< the payment goes on inside and says nothing
    Transaction _running;
    std::vector<Transaction> _memory; ///< newest last; 06 20 repeats it
    std::vector<Charge> _ledger;
    int _nextReceipt;
    int _nextTrace = 500;
    std::size_t _batchStart = 0;
    int _paymentsStarted = 0;
    std::string _display = "Bereit";

    std::uint64_t _job = 0; ///< steps of an older job are not taken
    TimerId _timer = 0;
    TimerId _replyTimer = 0;
    Step _heard, _unheard;
    std::shared_ptr<int> _alive; ///< shared with timers, which may outlive the terminal
};

} // namespace amt::sim
