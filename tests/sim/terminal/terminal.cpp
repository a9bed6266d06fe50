// SPDX-License-Identifier: EUPL-1.2
//
// The simulated terminal. Its encoder is its own, so that driver and terminal do not share a
// mistake.
#include "tests/sim/terminal/terminal.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace amt::sim {

namespace {

constexpr Milliseconds replyTimeout = std::chrono::seconds(5); // T3
constexpr Milliseconds thinkTime(40);
constexpr Milliseconds reversalTime = std::chrono::seconds(4);
constexpr Milliseconds endOfDayTime = std::chrono::seconds(8);
constexpr Milliseconds patience = std::chrono::seconds(120);

std::string decimal(std::int64_t number, int digits)
{
    std::string text = std::to_string(number);
    return std::string(
               static_cast<std::size_t>(std::max(0, digits - static_cast<int>(text.size()))), '0') +
           text;
}

std::string hexOf(const std::string& text)
{
    return toHex(view(text));
}

std::string hexByte(std::size_t value)
{
    return toHex(Bytes{static_cast<std::uint8_t>(value)});
}

/// F0 F1 F9 for 19
std::string digitLength(std::size_t length, int digits)
{
    std::string hex;
    for (const char digit : decimal(static_cast<std::int64_t>(length), digits))
        hex += std::string("f") + digit;
    return hex;
}

/// `tag` and content, both hexadecimal, with a BER length.
std::string tlv(const std::string& tag, const std::string& content)
{
    const std::size_t size = content.size() / 2;
    std::string length = hexByte(size & 0xFF);
    if (size > 0xFF)
        length = "82" + hexByte(size >> 8) + length;
    else if (size > 0x7F)
        length = "81" + length;
    return tag + length + content;
}

/// `control` and data, both hexadecimal.
Bytes frame(const std::string& control, const std::string& data)
{
    const std::size_t size = data.size() / 2;
    if (size < 0xFF)
        return fromHex(control + hexByte(size) + data);
    return fromHex(control + "ff" + hexByte(size & 0xFF) + hexByte(size >> 8) + data);
}

/// Six bytes of digits as cents; -1 when there is another nibble.
std::int64_t centsOf(ByteView digits)
{
    std::int64_t cents = 0;
    for (const char digit : toHex(digits)) {
        if (digit < '0' || digit > '9')
            return -1;
        cents = cents * 10 + (digit - '0');
    }
    return cents;
}

} // namespace

SimulatedTerminal::SimulatedTerminal(EventLoop& loop, RandomSource& random, int firstReceipt)
    : _loop(loop), _random(random), _nextReceipt(firstReceipt), _alive(std::make_shared<int>(0))
{
    if (firstReceipt > 1)
        _memory.push_back({0, Money::cents(1), firstReceipt - 1, _nextTrace - 1, 0});
}

SimulatedTerminal::~SimulatedTerminal()
{
    _loop.cancel(_timer);
    _loop.cancel(_replyTimer);
}

void SimulatedTerminal::setBehaviour(TerminalBehaviour behaviour)
{
    _behaviour = behaviour;
    _dead = false;
}

Money SimulatedTerminal::taken() const
{
    Money sum;
    for (const Charge& charge : _ledger) {
        if (!charge.reversed)
            sum = sum + charge.amount;
    }
    return sum;
}

int SimulatedTerminal::lastReceipt() const
{
    return _memory.empty() ? 0 : _memory.back().receipt;
}

void SimulatedTerminal::connected(Line line)
{
    if (_line)
        disconnected();
    _line = std::move(line);
    ++_lineNumber;
    _received.clear();
}

void SimulatedTerminal::disconnected()
{
    _line.reset();
    _received.clear();
    if (_unheard) { // nobody will answer any more
        dropReply();
        return;
    }
    if (_busy && _cardStage && !_behaviour.goesOnWithoutLine && !_mute)
        abandon();
}

void SimulatedTerminal::feed(ByteView bytes)
{
    append(_received, bytes);
    while (_line && _received.size() >= 3) {
        std::size_t header = 3;
        std::size_t size = _received[2];
        if (size == 0xFF) {
            if (_received.size() < 5)
                return;
            header = 5;
            size = static_cast<std::size_t>(_received[3] | _received[4] << 8);
        }
        if (_received.size() < header + size)
            return;
        const auto control = static_cast<std::uint16_t>(_received[0] << 8 | _received[1]);
        const Bytes data(_received.begin() + static_cast<std::ptrdiff_t>(header),
                         _received.begin() + static_cast<std::ptrdiff_t>(header + size));
        _received.erase(_received.begin(),
                        _received.begin() + static_cast<std::ptrdiff_t>(header + size));
        if (_dead)
            continue;
        if (control == 0x8000 || (control >> 8) == 0x84)
            acknowledged(control == 0x8000 || control == 0x8400);
        else
            command(control, data);
    }
}

void SimulatedTerminal::command(std::uint16_t control, ByteView data)
{
    switch (control) {
    case 0x0600: { // registration
        if (_busy)
            return answer("849c00");
        if (data.size() < 4)
            return answer("848300");
        _registered = true;
        _config = data[3];
        _offersUtf8 = toHex(data).find("1401fe") != std::string::npos;
        answer("800000");
        std::string completion = "1900"
                                 "2952523535"
                                 "490978";
        if (_offersUtf8)
            completion += tlv("06", tlv("27", tlv("14", "fe")));
        say(
            frame("060f", completion), [] {}, [] {});
        break;
    }
    case 0x0501: // status enquiry
        answer("800000");
        if (_busy) // in between, and without waiting: the payment goes on
            answer("060f019c");
        else
            say(
                frame("060f", "00"), [] {}, [] {});
        break;
    case 0x0601:
        startPayment(data);
        break;
    case 0x0620:
        repeatReceipt(data);
        break;
    case 0x0650:
        if (_busy)
            return answer("849c00");
        answer("800000");
        endOfDay();
        break;
    case 0x06B0:
        answer(abortPayment() ? "800000" : "848300");
        break;
    case 0x0602:
        _registered = false;
        answer("800000");
        break;
    default:
        answer("848300");
        break;
    }
}

void SimulatedTerminal::startPayment(ByteView data)
{
    using Payment = TerminalBehaviour::Payment;
    using Silence = TerminalBehaviour::Silence;
    if (!_registered)
        return answer("846b00");
    if (_busy || _behaviour.payment == Payment::RefuseBusy)
        return answer("849c00");
    if (data.size() < 7 || data[0] != 0x04)
        return answer("848300");
    const std::int64_t cents = centsOf(data.subspan(1, 6));
    if (cents <= 0)
        return answer("848300");
    ++_paymentsStarted;
    ++_job;
    _running = {0, Money::cents(cents), 0, 0, 0};
    _busy = true;
    _cardStage = true;
    _paymentLine = _lineNumber;
    _mute = _behaviour.silence == Silence::FromStart || _behaviour.silence == Silence::AfterAccept;
    if (_behaviour.silence != Silence::FromStart)
        answer("800000");
    if (_behaviour.payment == Payment::Garbage) {
        rest();
        return answer(toHex(view("\x02VER|APP 19.46.69|MODEL ")));
    }
    if (_mute) {
        _dead = _behaviour.staysDead;
        if (_behaviour.worksSilently)
            later(_behaviour.cardTime, [this] { cardShown(); });
        else
            rest();
        return;
    }
    if (_behaviour.payment == Payment::EndOfDayOpen) {
        _cardStage = false;
        return later(thinkTime, [this] {
            tell(
                statusFrame(0x0E, ""),
                [this] {
                    _running.result = 0xF0;
                    inform(_running, false);
                },
                [this] { abandon(); });
        });
    }
    later(thinkTime, [this] {
        tell(
            statusFrame(0x0E, ""), [this] { askForCard(); }, [this] { abandon(); });
    });
}

void SimulatedTerminal::askForCard()
{
    using Payment = TerminalBehaviour::Payment;
    _display = "Karte vorhalten";
    tell(
        statusFrame(0x0A, "Karte vorhalten\neinstecken/durchziehen"),
        [this] {
            switch (_behaviour.payment) {
            case Payment::StopKey:
            case Payment::NoCard:
                later(_behaviour.payment == Payment::StopKey ? _behaviour.cardTime : patience,
                      [this] {
                          _cardStage = false;
                          _running.result = 0x6C;
                          inform(_running, false);
                      });
                break;
            default:
                later(_behaviour.cardTime, [this] { cardShown(); });
                break;
            }
        },
        [this] { abandon(); });
}

void SimulatedTerminal::cardShown()
{
    _cardStage = false;
    _display = "Bitte warten";
    const auto toHost = [this] { later(_behaviour.hostTime, [this] { hostAnswered(); }); };
    if (!heardByTill())
        return toHost();
    const auto wait = [this, toHost] { tell(statusFrame(0x0E, ""), toHost, toHost); };
    if (!_behaviour.wantsMoreTime)
        return wait();
    // The PIN is typed slowly: a message a minute keeps the till waiting.
    tell(
        statusFrame(0x01, "PIN-Eingabe"), [this, wait] { later(std::chrono::seconds(170), wait); },
        toHost);
}

void SimulatedTerminal::hostAnswered()
{
    if (_behaviour.payment == TerminalBehaviour::Payment::Decline) {
        _running.result = _behaviour.declineCode;
        return inform(_running, false);
    }
    if (_behaviour.payment == TerminalBehaviour::Payment::WrongAmount)
        _running.amount = Money::cents(_running.amount.inCents() * 10);
    _running.receipt = _nextReceipt;
    _running.trace = _nextTrace++;
    _nextReceipt = _nextReceipt % 9999 + 1;
    _ledger.push_back({_running.receipt, _running.trace, _running.amount, false, false});
    _memory.push_back(_running);
    if (_behaviour.silence == TerminalBehaviour::Silence::AfterCharge) {
        _mute = true;
        _dead = _behaviour.staysDead;
    }
    inform(_running, true);
}

void SimulatedTerminal::inform(const Transaction& transaction, bool charged)
{
    const auto unheard = [this, charged] {
        if (charged && _behaviour.reversesUnacknowledged)
            reverse();
        else
            rest();
    };
    const int result = transaction.result;
    if (!heardByTill()) {
        _display = result == 0 ? "Zahlung erfolgt" : "Abgelehnt";
        return unheard();
    }
    const auto after = [this, charged, result] {
        if (charged)
            _ledger.back().acknowledged = true;
        _display = result == 0 ? "Zahlung erfolgt" : "Abgelehnt";
        if (charged && (_config & 0x80) != 0 && (_behaviour.printsLines || _behaviour.printsBlocks))
            print(0);
        else
            later(thinkTime, [this, result] { finish(result); });
    };
    const Bytes information = informationFrame(transaction);
    if (!_behaviour.repeatsInformation)
        return tell(information, after, unheard);
    tell(
        information, [this, information, after] { tell(information, after, after); },
        [this, information, after, unheard] { tell(information, after, unheard); });
}

void SimulatedTerminal::print(std::size_t line)
{
    const std::vector<std::string> lines = {
        "40" + hexOf("Kundenbeleg"), "00" + hexOf("Betrag EUR " + _running.amount.decimal()),
        "10" + hexOf("Zahlung erfolgt"), "81" + hexOf("Beleg " + decimal(_running.receipt, 4))};
    // The till has the payment; paper that is not acknowledged does not undo it here.
    const auto done = [this] { finish(0); };
    if (_behaviour.printsBlocks) {
        std::string texts;
        for (const std::string& each : lines)
            texts += tlv("09", each.substr(0, 2) == "81" ? "00" : each.substr(0, 2)) +
                     tlv("07", each.substr(2));
        texts += tlv("09", "81");
        return tell(frame("06d3", tlv("06", tlv("1f07", "02") + tlv("25", texts))), done, done);
    }
    if (line == lines.size())
        return done();
    tell(
        frame("06d1", lines[line]), [this, line] { print(line + 1); }, done);
}

void SimulatedTerminal::finish(int abortCode)
{
    const Bytes last = abortCode == 0 ? frame("060f", "")
                                      : frame("061e", hexByte(static_cast<std::size_t>(abortCode)));
    tell(
        last, [this] { rest(); }, [this] { rest(); });
}

/// The transaction ends here without a charge.
void SimulatedTerminal::abandon()
{
    _display = "Abbruch";
    ++_job;
    rest();
}

void SimulatedTerminal::reverse()
{
    _display = "Autostorno";
    _cardStage = false;
    later(reversalTime, [this] {
        Charge& charge = _ledger.back();
        charge.reversed = true;
        if (_behaviour.remembersReversals) {
            _memory.push_back({0, charge.amount, _nextReceipt, _nextTrace++, charge.trace});
            _nextReceipt = _nextReceipt % 9999 + 1;
        } else {
            _memory.pop_back();
            _nextReceipt = charge.receipt;
        }
        rest();
    });
}

bool SimulatedTerminal::abortPayment()
{
    if (!_busy || !_cardStage || !_behaviour.takesAbort || _mute || _unheard)
        return false;
    ++_job;
    _cardStage = false;
    later(thinkTime, [this] {
        _running.result = 0x6C;
        inform(_running, false);
    });
    return true;
}

void SimulatedTerminal::repeatReceipt(ByteView data)
{
    if (_busy)
        return answer("849c00");
    if (!_registered)
        return answer("846b00");
    answer("800000");
    const bool wantsInformation = data.size() == 5 && data[3] == 0x03 && (data[4] & 1) != 0;
    const auto complete = [this] {
        say(
            frame("060f", ""), [] {}, [] {});
    };
    if (_memory.empty())
        say(
            frame("061e", "ff"), [] {}, [] {});
    else if (wantsInformation)
        say(informationFrame(_memory.back()), complete, [] {});
    else
        complete();
}

void SimulatedTerminal::endOfDay()
{
    ++_job;
    _busy = true;
    _paymentLine = _lineNumber;
    later(endOfDayTime, [this] {
        int count = 0;
        Money sum;
        for (std::size_t i = _batchStart; i < _ledger.size(); ++i) {
            if (_ledger[i].reversed)
                continue;
            ++count;
            sum = sum + _ledger[i].amount;
        }
        const int first = _batchStart < _ledger.size() ? _ledger[_batchStart].receipt : 0;
        const int last = _batchStart < _ledger.size() ? _ledger.back().receipt : 0;
        std::string totals = decimal(first, 4) + decimal(last, 4) +
                             hexByte(static_cast<std::size_t>(count)) + decimal(sum.inCents(), 12) +
                             std::string(6 * 14, '0');
        _batchStart = _ledger.size();
        if (_behaviour.payment == TerminalBehaviour::Payment::EndOfDayOpen)
            _behaviour.payment = TerminalBehaviour::Payment::Approve;
        say(
            frame("040f", "2700"
                          "04" +
                              decimal(sum.inCents(), 12) + "60" +
                              digitLength(totals.size() / 2, 3) + totals),
            [this] { finish(0); }, [this] { rest(); });
    });
}

void SimulatedTerminal::answer(const std::string& hex)
{
    if (_line && !_dead)
        _line->send(fromHex(hex));
}

/// Sends and waits for 80 00 or 84 xx; `unheard` for the latter, for silence and for a lost line.
void SimulatedTerminal::say(Bytes message, Step then, Step unheard)
{
    _loop.cancel(_replyTimer);
    _replyTimer = 0;
    if (!_line || _dead) {
        _heard = _unheard = nullptr;
        return unheard();
    }
    _heard = std::move(then);
    _unheard = std::move(unheard);
    _replyTimer = _loop.after(replyTimeout, [this, alive = std::weak_ptr(_alive)] {
        if (alive.expired())
            return;
        _replyTimer = 0;
        if (_line) // the whole process counts as aborted
            _line->hangUp();
        _line.reset();
        dropReply();
    });
    _line->send(message);
}

void SimulatedTerminal::tell(Bytes message, Step then, Step unheard)
{
    if (heardByTill())
        say(std::move(message), std::move(then), std::move(unheard));
    else
        unheard();
}

void SimulatedTerminal::acknowledged(bool positive)
{
    if (!_heard)
        return; // one too many
    _loop.cancel(_replyTimer);
    _replyTimer = 0;
    const Step heard = std::exchange(_heard, nullptr);
    const Step unheard = std::exchange(_unheard, nullptr);
    positive ? heard() : unheard();
}

void SimulatedTerminal::dropReply()
{
    _loop.cancel(_replyTimer);
    _replyTimer = 0;
    _heard = nullptr;
    if (const Step unheard = std::exchange(_unheard, nullptr))
        unheard();
}

void SimulatedTerminal::later(Milliseconds delay, Step step)
{
    _loop.cancel(_timer);
    const auto jitter = Milliseconds(static_cast<long>(randomBelow(_random, 20)));
    _timer = _loop.after(delay + jitter,
                         [this, step = std::move(step), job = _job, alive = std::weak_ptr(_alive)] {
                             if (!alive.expired() && job == _job)
                                 step();
                         });
}

void SimulatedTerminal::rest()
{
    _busy = _cardStage = _mute = false;
    if (_display == "Bitte warten" || _display == "Karte vorhalten")
        _display = "Bereit";
}

Bytes SimulatedTerminal::statusFrame(int code, const std::string& text) const
{
    std::string data = hexByte(static_cast<std::size_t>(code));
    if (!text.empty())
        data += "01" + tlv("06", tlv("24", tlv("07", hexOf(text))));
    return frame("04ff", data);
}

Bytes SimulatedTerminal::informationFrame(const Transaction& transaction) const
{
    std::string data = "27" + hexByte(static_cast<std::size_t>(transaction.result));
    if (transaction.result != 0) {
        const std::string text = transaction.result == 0x6C ? "Abbruch durch Kunde" : "Abgelehnt";
        data += "2952523535"
                "3c" +
                digitLength(text.size(), 3) + hexOf(text);
        return frame("040f", data);
    }
    const auto now = _loop.utcNow();
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now - day).count();
    const std::string cardName = std::string("girocard") + '\0';
    const std::string approval = "GEN.NR.:123456";
    data += "04" + decimal(transaction.amount.inCents(), 12);
    data += "0b" + decimal(transaction.trace, 6);
    if (transaction.originalTrace != 0)
        data += "37" + decimal(transaction.originalTrace, 6);
    data += "0c" + decimal(seconds / 3600 * 10000 + seconds / 60 % 60 * 100 + seconds % 60, 6);
    data += "0d" + decimal(unsigned(date.month()) * 100 + unsigned(date.day()), 4);
    data += "170001"
            "1970"
            "22f0f8"
            "eeeeeeeeeeee4711"
            "2952523535";
    data += "3c" + digitLength(approval.size(), 3) + hexOf(approval);
    data += "490978"
            "87" +
            decimal(transaction.receipt, 4) + "88" + decimal(transaction.receipt, 6);
    data += "8a05"
            "8b" +
            digitLength(cardName.size(), 2) + hexOf(cardName);
    data += tlv("06", tlv("1f10", "02") + tlv("1f12", "01"));
    return frame("040f", data);
}

} // namespace amt::sim
