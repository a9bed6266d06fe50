// SPDX-License-Identifier: EUPL-1.2
//
// From messages to the port's calls, and from its callbacks to messages.
#include "drivers/broker/service.h"

#include "appliance/core/error.h"

#include <memory>
#include <optional>
#include <utility>

namespace amt::broker {
namespace {

class IdentityService : public Service {
public:
    IdentityService(std::unique_ptr<IdentityReader> reader, Say say)
        : _reader(std::move(reader)), _say(std::move(say))
    {}

    void hear(const Message& message) override
    {
        const auto& body = *message.body;
        if (message.type == MessageType::Read) {
            const auto wait = json::integer(body, "waitForCard");
            constexpr std::int64_t waitMax = 10 * 60 * 1000;
            if (wait < 0 || wait > waitMax)
                throw Error(ErrorCode::JsonMalformed, "a wait out of its range");
            read(message.id, identityRequestFromJson(*json::object(body, "request")),
                 Milliseconds(wait));
        } else if (message.type == MessageType::Signature) {
            std::optional<Bytes> signature;
            if (!body.isNull("signature"))
                signature = json::bytes(body, "signature");
            if (const auto given = std::exchange(_signatureGiven, nullptr))
                given(std::move(signature));
        } else if (message.type == MessageType::Cancel && _running) {
            _reader->cancel();
        }
    }

    void nodeGone(Task ended) override
    {
        if (!_running)
            return ended();
        _ended = std::move(ended);
        _say = nullptr;
        if (const auto given = std::exchange(_signatureGiven, nullptr))
            given(std::nullopt);
        else
            _reader->cancel();
    }

private:
    void read(std::int64_t id, IdentityRequest request, Milliseconds waitForCard)
    {
        _running = true;
        _reader->read(std::move(request), waitForCard,
                      {.step =
                           [this, id](IdentityStep step) {
                               auto body = makeBody(MessageType::Step, id);
                               body->set("step", std::string(name(step)));
                               say(MessageType::Step, id, body);
                           },
                       .sign =
                           [this, id](Bytes toBeSigned, SignatureGiven given) {
                               if (!_say)
                                   return given(std::nullopt);
                               _signatureGiven = std::move(given);
                               auto body = makeBody(MessageType::Sign, id);
                               body->set("toBeSigned", toBase64Url(toBeSigned));
                               say(MessageType::Sign, id, body);
                           },
                       .done =
                           [this, id](IdentityOutcome outcome) {
                               _running = false;
                               _signatureGiven = nullptr;
                               auto body = makeBody(MessageType::Identity, id);
                               body->set("outcome", toJson(outcome));
                               say(MessageType::Identity, id, body);
                               if (_ended)
                                   std::exchange(_ended, nullptr)();
                           }});
    }

    void say(MessageType type, std::int64_t id, const json::ObjectPtr& body)
    {
        if (_say)
            _say(type, id, body);
    }

    std::unique_ptr<IdentityReader> _reader;
    Say _say;
    Task _ended;
    bool _running = false;
    SignatureGiven _signatureGiven;
};

class PaymentService : public Service {
public:
    PaymentService(std::unique_ptr<PaymentTerminal> terminal, Say say)
        : _terminal(std::move(terminal)), _say(std::move(say))
    {}

    void hear(const Message& message) override
    {
        if (message.type == MessageType::Authorise || message.type == MessageType::Resolve) {
            auto order = paymentOrderFromJson(*json::object(*message.body, "order"));
            _running = true;
            if (message.type == MessageType::Authorise)
                _terminal->authorise(std::move(order), callbacks(message.id));
            else
                _terminal->resolve(std::move(order), callbacks(message.id));
        } else if (message.type == MessageType::Committed) {
            if (const auto committed = std::exchange(_committed, nullptr))
                committed();
        } else if (message.type == MessageType::Abort && _running) {
            _terminal->abort();
        }
    }

    void nodeGone(Task ended) override
    {
        if (!_running)
            return ended();
        _say = nullptr;
        _ended = std::move(ended);
        if (_committed && _waitingFor != PaymentEvidence::Accepted) {
            // The commit cannot come, so the next byte must not leave.
            end();
            return;
        }
        if (const auto committed = std::exchange(_committed, nullptr))
            committed();
        if (_running)
            _terminal->abort();
    }

private:
    PaymentTerminal::Callbacks callbacks(std::int64_t id)
    {
        return {
            .status =
                [this, id](TerminalStatus status) {
                    auto body = makeBody(MessageType::Status, id);
                    body->set("code", status.code);
                    body->set("text", status.text);
                    say(MessageType::Status, id, body);
                },
            .evidence =
                [this, id](PaymentEvidence evidence, std::optional<TerminalRecord> record,
                           std::function<void()> committed) {
                    if (!_say) {
                        // "Accepted" only says that the terminal works; all else must be on disk
                        // first.
                        if (evidence == PaymentEvidence::Accepted)
                            return committed();
                        return end();
                    }
                    _committed = std::move(committed);
                    _waitingFor = evidence;
                    auto body = makeBody(MessageType::Evidence, id);
                    body->set("evidence", std::string(name(evidence)));
                    if (record)
                        body->set("record", toJson(*record));
                    say(MessageType::Evidence, id, body);
                },
            .receipt =
                [this, id](std::vector<ReceiptLine> lines) {
                    auto array = json::makeArray();
                    for (const auto& line : lines)
                        array->add(toJson(line));
                    auto body = makeBody(MessageType::Receipt, id);
                    body->set("lines", array);
                    say(MessageType::Receipt, id, body);
                },
            .done =
                [this, id](PaymentOutcome outcome) {
                    _running = false;
                    _committed = nullptr;
                    auto body = makeBody(MessageType::Payment, id);
                    body->set("outcome", toJson(outcome));
                    say(MessageType::Payment, id, body);
                    end();
                },
        };
    }

    void say(MessageType type, std::int64_t id, const json::ObjectPtr& body)
    {
        if (_say)
            _say(type, id, body);
    }

    void end()
    {
        if (const auto ended = std::exchange(_ended, nullptr))
            ended();
    }

    std::unique_ptr<PaymentTerminal> _terminal;
    Say _say;
    Task _ended; ///< set once the node is gone
    bool _running = false;
    std::function<void()> _committed; ///< the driver waits for it
    PaymentEvidence _waitingFor = PaymentEvidence::Sent;
};

class PrinterService : public Service {
public:
    PrinterService(std::unique_ptr<ReceiptPrinter> printer, Say say)
        : _printer(std::move(printer)), _say(std::move(say))
    {}

    void hear(const Message& message) override
    {
        if (message.type == MessageType::Print) {
            auto job = printJobFromJson(*json::object(*message.body, "job"));
            _running = true;
            _printer->print(std::move(job), [this, id = message.id](PrintOutcome outcome) {
                auto body = makeBody(MessageType::Printed, id);
                body->set("outcome", toJson(outcome));
                answer(MessageType::Printed, id, body);
            });
        } else if (message.type == MessageType::State) {
            _running = true;
            _printer->state([this, id = message.id](PrinterState state) {
                auto body = makeBody(MessageType::State, id);
                body->set("state", toJson(state));
                answer(MessageType::State, id, body);
            });
        }
    }

    void nodeGone(Task ended) override
    {
        if (!_running)
            return ended();
        _say = nullptr;
        _ended = std::move(ended);
    }

private:
    void answer(MessageType type, std::int64_t id, const json::ObjectPtr& body)
    {
        _running = false;
        if (_say)
            _say(type, id, body);
        if (const auto ended = std::exchange(_ended, nullptr))
            ended();
    }

    std::unique_ptr<ReceiptPrinter> _printer;
    Say _say;
    Task _ended;
    bool _running = false;
};

class ScannerService : public Service {
public:
    ScannerService(CodeScanner& scanner, Say say) : _scanner(scanner), _say(std::move(say)) {}

    void hear(const Message& message) override
    {
        if (message.type == MessageType::Scan)
            scan(message.id);
        else if (message.type == MessageType::Cancel && _running)
            _scanner.cancel();
    }

    void nodeGone(Task ended) override
    {
        if (!_running)
            return ended();
        _say = nullptr;
        _ended = std::move(ended);
        _scanner.cancel();
    }

private:
    void scan(std::int64_t id)
    {
        _running = true;
        _scanner.scan({.listening =
                           [this, id] {
                               if (_say)
                                   _say(MessageType::Listening, id,
                                        makeBody(MessageType::Listening, id));
                           },
                       .done =
                           [this, id](const ScanOutcome& outcome) {
                               _running = false;
                               auto body = makeBody(MessageType::Scanned, id);
                               body->set("outcome", toJson(outcome));
                               if (_say)
                                   _say(MessageType::Scanned, id, body);
                               if (const auto ended = std::exchange(_ended, nullptr))
                                   ended();
                           }});
    }

    CodeScanner& _scanner;
    Say _say;
    Task _ended;
    bool _running = false;
};

class SpeechService : public Service {
public:
    SpeechService(Speaker& speaker, Say say) : _speaker(speaker), _say(std::move(say)) {}

    void hear(const Message& message) override
    {
        if (message.type != MessageType::Speak)
            return;
        _running = true;
        _speaker.speak(utteranceFromJson(*json::object(*message.body, "utterance")),
                       [this, id = message.id](const SpeechOutcome& outcome) {
                           _running = false;
                           auto body = makeBody(MessageType::Spoken, id);
                           body->set("outcome", toJson(outcome));
                           if (_say)
                               _say(MessageType::Spoken, id, body);
                           if (const auto ended = std::exchange(_ended, nullptr))
                               ended();
                       });
    }

    void nodeGone(Task ended) override
    {
        if (!_running)
            return ended();
        _say = nullptr;
        _ended = std::move(ended);
    }

private:
    Speaker& _speaker;
    Say _say;
    Task _ended;
    bool _running = false;
};

} // namespace

std::unique_ptr<Service> makeIdentityService(std::unique_ptr<IdentityReader> reader, Say say)
{
    return std::make_unique<IdentityService>(std::move(reader), std::move(say));
}

std::unique_ptr<Service> makePaymentService(std::unique_ptr<PaymentTerminal> terminal, Say say)
{
    return std::make_unique<PaymentService>(std::move(terminal), std::move(say));
}

std::unique_ptr<Service> makePrinterService(std::unique_ptr<ReceiptPrinter> printer, Say say)
{
    return std::make_unique<PrinterService>(std::move(printer), std::move(say));
}

std::unique_ptr<Service> makeScannerService(CodeScanner& scanner, Say say)
{
    return std::make_unique<ScannerService>(scanner, std::move(say));
}

std::unique_ptr<Service> makeSpeechService(Speaker& speaker, Say say)
{
    return std::make_unique<SpeechService>(speaker, std::move(say));
}

} // namespace amt::broker
