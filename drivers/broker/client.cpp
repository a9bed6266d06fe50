// SPDX-License-Identifier: EUPL-1.2
//
// The device ports over a broker's socket. What is lost on the way has a name for each port.
#include "drivers/broker/client.h"

#include "appliance/core/error.h"
#include "drivers/broker/line.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace amt {
namespace {

using broker::Driver;
using broker::Line;
using broker::makeBody;
using broker::MakeLine;
using broker::Message;
using broker::MessageType;

// A broker that is silent for longer is taken for gone. Longer than everything the drivers wait for
// themselves.
constexpr Milliseconds readingMax = std::chrono::seconds(90); ///< after the wait for the card
constexpr Milliseconds paymentMax = std::chrono::minutes(25);
constexpr Milliseconds printingMax = std::chrono::seconds(90);
constexpr Milliseconds speakingMax = std::chrono::seconds(10);
constexpr Milliseconds cancellingMax = std::chrono::seconds(5); ///< a scan waits as long as it may

MakeLine overSocket(BrokerAddress address, EventLoop& loop)
{
    return [address = std::move(address), &loop](Driver driver, broker::LineCallbacks callbacks) {
        return std::make_unique<broker::SocketLine>(driver, address, loop, std::move(callbacks));
    };
}

int code(const json::Object& body)
{
    const auto value = json::integer(body, "code");
    if (value < 0 || value > 0xFFFF)
        throw Error(ErrorCode::JsonMalformed, "status code out of its range");
    return static_cast<int>(value);
}

} // namespace

// Identity

class BrokerIdentityReader::Impl {
public:
    Impl(const MakeLine& makeLine, EventLoop& loop)
        : _loop(loop),
          _line(makeLine(Driver::Eid,
                         {.heard = [this](const Message& message) { heard(message); },
                          .gone = [this] { finish(DeviceFailed{ErrorCode::BrokerGone}); }}))
    {}

    ~Impl()
    {
        *_alive = false;
        _loop.cancel(_watchdog);
    }

    void read(IdentityRequest request, Milliseconds waitForCard, Callbacks callbacks)
    {
        if (_running) {
            later([done = std::move(callbacks.done)] {
                done(DeviceFailed{ErrorCode::StepOutOfOrder});
            });
            return;
        }
        const auto id = _line->newId();
        auto body = makeBody(MessageType::Read, id);
        body->set("request", toJson(request));
        body->set("waitForCard", waitForCard.count());
        if (!_line->send(MessageType::Read, id, body)) {
            later(
                [done = std::move(callbacks.done)] { done(DeviceFailed{ErrorCode::BrokerGone}); });
            return;
        }
        _running = Running{id, std::move(callbacks)};
        _watchdog = _loop.after(waitForCard + readingMax, [this] { _line->hangUp(); });
    }

    void cancel()
    {
        if (!_running || std::exchange(_running->cancelled, true))
            return;
        _line->send(MessageType::Cancel, _running->id, makeBody(MessageType::Cancel, _running->id));
    }

    const Line& line() const { return *_line; }

private:
    struct Running {
        std::int64_t id;
        Callbacks callbacks;
        bool cancelled = false;
    };

    void heard(const Message& message)
    {
        if (!_running || message.id != _running->id)
            return;
        if (message.type == MessageType::Step) {
            const auto step = identityStepFromName(json::text(*message.body, "step"));
            if (const auto callback = _running->callbacks.step)
                callback(step);
        } else if (message.type == MessageType::Sign) {
            auto toBeSigned = json::bytes(*message.body, "toBeSigned");
            const auto callback = _running->callbacks.sign;
            if (!callback)
                return sign(message.id, std::nullopt);
            callback(std::move(toBeSigned),
                     [this, alive = _alive, id = message.id](std::optional<Bytes> signature) {
                         if (*alive)
                             sign(id, signature);
                     });
        } else if (message.type == MessageType::Identity) {
            finish(identityOutcomeFromJson(*json::object(*message.body, "outcome")));
        }
    }

    void sign(std::int64_t id, const std::optional<Bytes>& signature)
    {
        if (!_running || _running->id != id)
            return;
        auto body = makeBody(MessageType::Signature, id);
        body->set("signature",
                  signature ? Poco::Dynamic::Var(toBase64Url(*signature)) : Poco::Dynamic::Var());
        _line->send(MessageType::Signature, id, body);
    }

    void finish(IdentityOutcome outcome)
    {
        if (!_running)
            return;
        const auto callbacks = std::move(_running->callbacks);
        _running.reset();
        _loop.cancel(_watchdog);
        callbacks.done(std::move(outcome));
    }

    void later(Task task)
    {
        _loop.post([alive = _alive, task = std::move(task)] {
            if (*alive)
                task();
        });
    }

    EventLoop& _loop;
    std::shared_ptr<bool> _alive =
        std::make_shared<bool>(true); ///< shared with tasks and answers under way
    std::optional<Running> _running;
    TimerId _watchdog = 0;
    std::unique_ptr<Line> _line;
};

BrokerIdentityReader::BrokerIdentityReader(BrokerAddress address, EventLoop& loop)
    : BrokerIdentityReader(overSocket(std::move(address), loop), loop)
{}

BrokerIdentityReader::BrokerIdentityReader(const MakeLine& makeLine, EventLoop& loop)
    : _impl(std::make_unique<Impl>(makeLine, loop))
{}

BrokerIdentityReader::~BrokerIdentityReader() = default;

void BrokerIdentityReader::read(IdentityRequest request, Milliseconds waitForCard,
                                Callbacks callbacks)
{
    _impl->read(std::move(request), waitForCard, std::move(callbacks));
}

void BrokerIdentityReader::cancel()
{
    _impl->cancel();
}

bool BrokerIdentityReader::connected() const
{
    return _impl->line().connected();
}

bool BrokerIdentityReader::emulated() const
{
    return _impl->line().emulated();
}

// Payment

class BrokerPaymentTerminal::Impl {
public:
    Impl(const MakeLine& makeLine, EventLoop& loop)
        : _loop(loop),
          _line(makeLine(
              Driver::Payment,
              {.heard = [this](const Message& message) { heard(message); },
               .gone = [this] { finish(PaymentUnresolved{"broker gone while the order ran"}); }}))
    {}

    ~Impl()
    {
        *_alive = false;
        _loop.cancel(_watchdog);
    }

    void start(MessageType type, const PaymentOrder& order, Callbacks callbacks)
    {
        AMT_ASSERT(callbacks.evidence && callbacks.done);
        const auto refuse = [&](ErrorCode why) {
            // What was never charged is certain; what was to be found out stays open.
            PaymentOutcome outcome = PaymentNotStarted{why};
            if (type == MessageType::Resolve)
                outcome = PaymentUnresolved{"broker not ready: " + std::string(name(why))};
            later([done = std::move(callbacks.done), outcome = std::move(outcome)] {
                done(outcome);
            });
        };
        if (_running)
            return refuse(ErrorCode::StepOutOfOrder);
        const auto id = _line->newId();
        auto body = makeBody(type, id);
        body->set("order", toJson(order));
        if (!_line->send(type, id, body))
            return refuse(ErrorCode::BrokerGone);
        _running = Running{id, std::move(callbacks)};
        _watchdog = _loop.after(paymentMax, [this] { _line->hangUp(); });
    }

    void abort()
    {
        constexpr int abortsMax = 16; // as in the table
        if (!_running || ++_running->aborts > abortsMax)
            return;
        _line->send(MessageType::Abort, _running->id, makeBody(MessageType::Abort, _running->id));
    }

    const Line& line() const { return *_line; }

private:
    struct Running {
        std::int64_t id;
        Callbacks callbacks;
        int aborts = 0;
    };

    void heard(const Message& message)
    {
        if (!_running || message.id != _running->id)
            return;
        const auto& body = *message.body;
        const auto callbacks = _running->callbacks; // a callback may end the order
        if (message.type == MessageType::Status) {
            TerminalStatus status{.code = code(body), .text = json::text(body, "text")};
            if (callbacks.status)
                callbacks.status(std::move(status));
        } else if (message.type == MessageType::Evidence) {
            const auto evidence = paymentEvidenceFromName(json::text(body, "evidence"));
            std::optional<TerminalRecord> record;
            if (body.has("record"))
                record = terminalRecordFromJson(*json::object(body, "record"));
            callbacks.evidence(evidence, std::move(record),
                               [this, alive = _alive, id = message.id] {
                                   if (*alive && _running && _running->id == id)
                                       _line->send(MessageType::Committed, id,
                                                   makeBody(MessageType::Committed, id));
                               });
        } else if (message.type == MessageType::Receipt) {
            std::vector<ReceiptLine> lines;
            for (const auto& entry : *json::array(body, "lines")) {
                if (entry.type() != typeid(json::ObjectPtr))
                    throw Error(ErrorCode::JsonMalformed, "a receipt line is an object");
                lines.push_back(receiptLineFromJson(*entry.extract<json::ObjectPtr>()));
            }
            if (callbacks.receipt)
                callbacks.receipt(std::move(lines));
        } else if (message.type == MessageType::Payment) {
            finish(paymentOutcomeFromJson(*json::object(body, "outcome")));
        }
    }

    void finish(PaymentOutcome outcome)
    {
        if (!_running)
            return;
        const auto callbacks = std::move(_running->callbacks);
        _running.reset();
        _loop.cancel(_watchdog);
        callbacks.done(std::move(outcome));
    }

    void later(Task task)
    {
        _loop.post([alive = _alive, task = std::move(task)] {
            if (*alive)
                task();
        });
    }

    EventLoop& _loop;
    std::shared_ptr<bool> _alive =
        std::make_shared<bool>(true); ///< shared with tasks and commits under way
    std::optional<Running> _running;
    TimerId _watchdog = 0;
    std::unique_ptr<Line> _line;
};

BrokerPaymentTerminal::BrokerPaymentTerminal(BrokerAddress address, EventLoop& loop)
    : BrokerPaymentTerminal(overSocket(std::move(address), loop), loop)
{}

BrokerPaymentTerminal::BrokerPaymentTerminal(const MakeLine& makeLine, EventLoop& loop)
    : _impl(std::make_unique<Impl>(makeLine, loop))
{}

BrokerPaymentTerminal::~BrokerPaymentTerminal() = default;

void BrokerPaymentTerminal::authorise(PaymentOrder order, Callbacks callbacks)
{
    _impl->start(MessageType::Authorise, order, std::move(callbacks));
}

void BrokerPaymentTerminal::abort()
{
    _impl->abort();
}

void BrokerPaymentTerminal::resolve(PaymentOrder order, Callbacks callbacks)
{
    _impl->start(MessageType::Resolve, order, std::move(callbacks));
}

bool BrokerPaymentTerminal::connected() const
{
    return _impl->line().connected();
}

bool BrokerPaymentTerminal::emulated() const
{
    return _impl->line().emulated();
}

// Printing

namespace {

/// Requests that each have one answer, one after the other.
class Requests {
public:
    struct Request {
        MessageType type;
        std::function<void(json::Object&)> fill;
        /// What there is to do once the last message was understood. Throws JsonMalformed.
        std::function<Task(const Message&)> read;
        std::function<void(bool hadLeft)> lost;
        std::int64_t id = 0; ///< once it has left
    };

    Requests(const MakeLine& makeLine, Driver driver, EventLoop& loop, Milliseconds patience)
        : _loop(loop), _patience(patience),
          _line(makeLine(driver, {.heard = [this](const Message& message) { heard(message); },
                                  .gone = [this] { gone(); }}))
    {}
    ~Requests()
    {
        *_alive = false;
        _loop.cancel(_watchdog);
    }
    Requests(const Requests&) = delete;
    Requests& operator=(const Requests&) = delete;

    void ask(Request request)
    {
        _requests.push_back(std::move(request));
        startNext();
    }

    const Line& line() const { return *_line; }

private:
    void startNext()
    {
        if (_requests.empty() || _requests.front().id != 0 || _answering)
            return;
        auto& request = _requests.front();
        const auto id = _line->newId();
        auto body = makeBody(request.type, id);
        request.fill(*body);
        if (_line->send(request.type, id, body)) {
            request.id = id;
            _watchdog = _loop.after(_patience, [this] { _line->hangUp(); });
            return;
        }
        _answering = true; // not from within the caller's own call
        _loop.post([this, alive = _alive] {
            if (!*alive)
                return;
            _answering = false;
            const auto lost = _requests.front().lost;
            answered([lost] { lost(false); });
        });
    }

    void heard(const Message& message)
    {
        if (!_requests.empty() && message.id == _requests.front().id)
            answered(_requests.front().read(message));
    }

    void gone()
    {
        if (_requests.empty() || _requests.front().id == 0)
            return;
        const auto lost = _requests.front().lost;
        answered([lost] { lost(true); });
    }

    void answered(const Task& tell)
    {
        _requests.pop_front();
        _loop.cancel(_watchdog);
        startNext();
        tell();
    }

    EventLoop& _loop;
    const Milliseconds _patience;
    std::shared_ptr<bool> _alive = std::make_shared<bool>(true); ///< shared with tasks under way
    std::deque<Request> _requests; ///< the first one is with the broker if it has an id
    bool _answering = false;
    TimerId _watchdog = 0;
    std::unique_ptr<Line> _line;
};

} // namespace

class BrokerReceiptPrinter::Impl {
public:
    Impl(const MakeLine& makeLine, EventLoop& loop)
        : _requests(makeLine, Driver::Printer, loop, printingMax)
    {}

    void print(PrintJob job, std::function<void(PrintOutcome)> done)
    {
        _requests.ask(
            {.type = MessageType::Print,
             .fill = [job = std::move(job)](json::Object& body) { body.set("job", toJson(job)); },
             .read = [done](const Message& message) -> Task {
                 return [done, outcome = printOutcomeFromJson(
                                   *json::object(*message.body, "outcome"))] { done(outcome); };
             },
             .lost =
                 [done](bool hadLeft) {
                     done(hadLeft ? PrintOutcome(PrintInterrupted{}) : PrintOutcome(NoPrinter{}));
                 }});
    }

    void state(std::function<void(PrinterState)> done)
    {
        _requests.ask({.type = MessageType::State,
                       .fill = [](json::Object&) {},
                       .read = [done](const Message& message) -> Task {
                           return [done, state = printerStateFromJson(*json::object(
                                             *message.body, "state"))] { done(state); };
                       },
                       .lost = [done](bool) { done(PrinterState{}); }});
    }

    const Line& line() const { return _requests.line(); }

private:
    Requests _requests;
};

BrokerReceiptPrinter::BrokerReceiptPrinter(BrokerAddress address, EventLoop& loop)
    : BrokerReceiptPrinter(overSocket(std::move(address), loop), loop)
{}

BrokerReceiptPrinter::BrokerReceiptPrinter(const MakeLine& makeLine, EventLoop& loop)
    : _impl(std::make_unique<Impl>(makeLine, loop))
{}

BrokerReceiptPrinter::~BrokerReceiptPrinter() = default;

void BrokerReceiptPrinter::print(PrintJob job, std::function<void(PrintOutcome)> done)
{
    _impl->print(std::move(job), std::move(done));
}

void BrokerReceiptPrinter::state(std::function<void(PrinterState)> done)
{
    _impl->state(std::move(done));
}

bool BrokerReceiptPrinter::connected() const
{
    return _impl->line().connected();
}

bool BrokerReceiptPrinter::emulated() const
{
    return _impl->line().emulated();
}

// Scanning

class BrokerCodeScanner::Impl {
public:
    Impl(const MakeLine& makeLine, EventLoop& loop)
        : _loop(loop),
          _line(makeLine(Driver::Scanner,
                         {.heard = [this](const Message& message) { heard(message); },
                          .gone = [this] { finish(DeviceFailed{ErrorCode::BrokerGone}); }}))
    {}

    ~Impl()
    {
        *_alive = false;
        _loop.cancel(_watchdog);
    }

    void scan(Callbacks callbacks)
    {
        const auto refuse = [&](ErrorCode why) {
            _loop.post([alive = _alive, done = std::move(callbacks.done), why] {
                if (*alive)
                    done(DeviceFailed{why});
            });
        };
        if (_running)
            return refuse(ErrorCode::StepOutOfOrder);
        const auto id = _line->newId();
        if (!_line->send(MessageType::Scan, id, makeBody(MessageType::Scan, id)))
            return refuse(ErrorCode::BrokerGone);
        _running = Running{id, std::move(callbacks)};
    }

    void cancel()
    {
        if (!_running || std::exchange(_running->cancelled, true))
            return;
        _line->send(MessageType::Cancel, _running->id, makeBody(MessageType::Cancel, _running->id));
        _watchdog = _loop.after(cancellingMax, [this] { _line->hangUp(); });
    }

    const Line& line() const { return *_line; }

private:
    struct Running {
        std::int64_t id;
        Callbacks callbacks;
        bool cancelled = false;
    };

    void heard(const Message& message)
    {
        if (!_running || message.id != _running->id)
            return;
        if (message.type == MessageType::Listening) {
            if (const auto callback = _running->callbacks.listening)
                callback();
        } else if (message.type == MessageType::Scanned) {
            finish(scanOutcomeFromJson(*json::object(*message.body, "outcome")));
        }
    }

    void finish(ScanOutcome outcome)
    {
        if (!_running)
            return;
        const auto callbacks = std::move(_running->callbacks);
        _running.reset();
        _loop.cancel(_watchdog);
        callbacks.done(std::move(outcome));
    }

    EventLoop& _loop;
    std::shared_ptr<bool> _alive = std::make_shared<bool>(true); ///< shared with tasks under way
    std::optional<Running> _running;
    TimerId _watchdog = 0;
    std::unique_ptr<Line> _line;
};

BrokerCodeScanner::BrokerCodeScanner(BrokerAddress address, EventLoop& loop)
    : BrokerCodeScanner(overSocket(std::move(address), loop), loop)
{}

BrokerCodeScanner::BrokerCodeScanner(const MakeLine& makeLine, EventLoop& loop)
    : _impl(std::make_unique<Impl>(makeLine, loop))
{}

BrokerCodeScanner::~BrokerCodeScanner() = default;

void BrokerCodeScanner::scan(Callbacks callbacks)
{
    _impl->scan(std::move(callbacks));
}

void BrokerCodeScanner::cancel()
{
    _impl->cancel();
}

bool BrokerCodeScanner::connected() const
{
    return _impl->line().connected();
}

bool BrokerCodeScanner::emulated() const
{
    return _impl->line().emulated();
}

// Speaking

class BrokerSpeaker::Impl {
public:
    Impl(const MakeLine& makeLine, EventLoop& loop)
        : requests(makeLine, Driver::Speech, loop, speakingMax)
    {}
    Requests requests;
};

BrokerSpeaker::BrokerSpeaker(BrokerAddress address, EventLoop& loop)
    : BrokerSpeaker(overSocket(std::move(address), loop), loop)
{}

BrokerSpeaker::BrokerSpeaker(const MakeLine& makeLine, EventLoop& loop)
    : _impl(std::make_unique<Impl>(makeLine, loop))
{}

BrokerSpeaker::~BrokerSpeaker() = default;

void BrokerSpeaker::speak(Utterance utterance, std::function<void(SpeechOutcome)> done)
{
    _impl->requests.ask(
        {.type = MessageType::Speak,
         .fill = [utterance = std::move(utterance)](
                     json::Object& body) { body.set("utterance", toJson(utterance)); },
         .read = [done](const Message& message) -> Task {
             return
                 [done, outcome = speechOutcomeFromJson(*json::object(*message.body, "outcome"))] {
                     done(outcome);
                 };
         },
         .lost = [done](bool) { done(DeviceFailed{ErrorCode::BrokerGone}); }});
}

bool BrokerSpeaker::connected() const
{
    return _impl->requests.line().connected();
}

} // namespace amt
