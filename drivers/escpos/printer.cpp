// SPDX-License-Identifier: EUPL-1.2
//
// The dialogue with a printer: status, commands, proof, status.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "drivers/escpos/escpos.h"
#include "drivers/escpos/receipt.h"

#include <algorithm>
#include <utility>

namespace amt::escpos {
namespace {

constexpr std::size_t chunkBytes = 4096;
constexpr std::size_t commandBytesMax = 4096; ///< no command of receipt.cpp is longer
constexpr int stallsMax = 3;

class EscposPrinter : public ReceiptPrinter {
public:
    EscposPrinter(const EscposSettings& settings, UsbPipe& pipe, EventLoop& loop)
        : _settings(settings), _pipe(pipe), _loop(loop), _drawing(settings.dots)
    {}

    ~EscposPrinter() override
    {
        *_alive = false;
        _pipe.close();
    }

    void print(PrintJob job, std::function<void(PrintOutcome)> done) override
    {
        later([done = std::move(done), outcome = printNow(job)] { done(outcome); });
    }

    void state(std::function<void(PrinterState)> done) override
    {
        PrinterState found;
        try {
            if (reach()) {
                const auto condition = ask();
                found = {.present = condition.answers,
                         .paperOut = condition.paperEnd,
                         .paperNearEnd = condition.paperNearEnd,
                         .coverOpen = condition.coverOpen};
            }
        } catch (const Error&) { // unplugged while we asked: not present
            leave();
        }
        later([done = std::move(done), found] { done(found); });
    }

private:
    struct Condition {
        bool answers = false; ///< to anything at all
        bool offline = false;
        bool coverOpen = false;
        bool paperEnd = false;
        bool paperNearEnd = false;
        bool error = false;
    };

    PrintOutcome printNow(const PrintJob& job)
    {
        bool begun = false;
        try {
            const auto commands = commandsOf(job, _drawing, _settings.columns);
            if (!reach())
                return NoPrinter{};
            if (const auto refused = whyNot(ask()))
                return *refused;
            begun = true;
            if (std::exchange(_interrupted, true)) { // until proved otherwise
                payOwed();
                send(recover());
            }
            for (const auto& command : commands) {
                AMT_ASSERT(command.size() <= commandBytesMax);
                if (!send(command))
                    return interrupted("printer takes no more bytes");
            }
            if (!isAllOnPaper())
                return interrupted("no proof that all is on paper");
            _interrupted = false;
            return Printed{};
        } catch (const Error& failure) { // the request's door
            if (failure.errorCode() == ErrorCode::InputMalformed ||
                failure.errorCode() == ErrorCode::InputTooLarge)
                return DeviceFailed{failure.errorCode()};
            leave();
            if (!begun)
                return NoPrinter{};
            return interrupted(failure.message());
        }
    }

    static PrintOutcome interrupted(const std::string& reason)
    {
        log::warning("print.interrupted", {{"reason", reason}});
        return PrintInterrupted{};
    }

    static std::optional<PrintOutcome> whyNot(const Condition& condition)
    {
        if (condition.coverOpen)
            return CoverOpen{};
        if (condition.paperEnd)
            return PaperOut{};
        if (!condition.answers || condition.offline || condition.error)
            return DeviceFailed{ErrorCode::PrinterFailed};
        return std::nullopt;
    }

    bool reach()
    {
        if (!_open) {
            _open = _pipe.open();
            _interrupted = _fresh = true;
        }
        return _open;
    }

    void leave()
    {
        _pipe.close();
        _open = false;
        _owed = 0; // a printer that was unplugged begins anew
    }

    /// Only between whole commands.
    Condition ask()
    {
        Condition condition;
        if (_owed ==
            0) { // else our question would be swallowed, or executed in the middle of a picture
            while (!_pipe.read(chunkBytes, Milliseconds(1)).empty()) {
                // Answers to questions that nobody waits for any more.
            }
            if (const auto answer = answerTo(askNow(1))) {
                condition.answers = true;
                condition.offline = printerStatus(*answer)->offline;
            }
            if (!condition.answers)
                return askPort();
            if (const auto answer = answerTo(askNow(2))) {
                const auto cause = *offlineCause(*answer);
                condition.coverOpen = cause.coverOpen;
                condition.paperEnd = cause.paperEnd;
                condition.error = cause.error;
            }
            if (const auto answer = answerTo(askNow(4))) {
                const auto paper = *paperStatus(*answer);
                condition.paperEnd |= paper.end;
                condition.paperNearEnd = paper.nearEnd;
            }
            return condition;
        }
        return askPort();
    }

    /// The control endpoint, for printers that say nothing in their data stream.
    Condition askPort()
    {
        Condition condition;
        if (const auto status = _pipe.portStatus()) {
            condition.answers = true;
            condition.paperEnd = (*status & 0x20) != 0;
            condition.error = (*status & 0x08) == 0 && !condition.paperEnd;
        }
        return condition;
    }

    std::optional<std::uint8_t> answerTo(ByteView question)
    {
        if (_pipe.write(question, _settings.statusTimeout).count != question.size()) {
            _owed = 0; // three bytes at most, and no command waits for the rest
            return std::nullopt;
        }
        for (int i = 0; i < 16; ++i) { // unsolicited bytes are passed over
            const auto answer = _pipe.read(1, _settings.statusTimeout);
            if (answer.empty())
                return std::nullopt;
            if (printerStatus(answer[0]))
                return answer[0];
        }
        return std::nullopt;
    }

    /// False when the printer has stopped taking bytes; `_owed` is then what the cut command still
    /// expects.
    bool send(ByteView command)
    {
        int stalls = 0;
        while (!command.empty()) {
            const auto written = _pipe.write(command.first(std::min(command.size(), chunkBytes)),
                                             _settings.writeTimeout);
            command = command.subspan(written.count);
            stalls = written.count > 0 ? 0 : stalls + 1;
            if (stalls == stallsMax) {
                _owed = command.size();
                return false;
            }
        }
        return true;
    }

    /// A command that was cut off in an earlier job takes blank bytes to its end, so that what
    /// follows is a command again. How much a printer expects that we have just found (perhaps
    /// after a crash of ours) we do not know. Blank bytes that no command takes do nothing.
    void payOwed()
    {
        const Bytes blanks(
            std::max(std::exchange(_owed, 0), std::exchange(_fresh, false) ? commandBytesMax : 0),
            0);
        send(blanks);
    }

    bool isAllOnPaper()
    {
        const auto question = askAfterAll();
        if (!send(question))
            return false;
        for (int i = 0; i < 16; ++i) {
            const auto answer = _pipe.read(1, _settings.printedTimeout);
            if (answer.empty())
                break; // a printer that does not know the question, or one that has stopped: its
                       // status says which
            if (paperAfterAll(answer[0]))
                break;
        }
        return !whyNot(ask());
    }

    void later(Task task)
    {
        _loop.post([alive = _alive, task = std::move(task)] {
            if (*alive)
                task();
        });
    }

    EscposSettings _settings;
    UsbPipe& _pipe;
    EventLoop& _loop;
    Drawing _drawing;
    std::shared_ptr<bool> _alive = std::make_shared<bool>(true); ///< shared with tasks on the loop
    bool _open = false;
    bool _fresh = false;       ///< nothing was sent since it was found
    bool _interrupted = false; ///< the printer may hold a part of an earlier job
    std::size_t _owed = 0;     ///< bytes that it still takes for part of a command
};

} // namespace

std::unique_ptr<ReceiptPrinter> makeEscposPrinter(const EscposSettings& settings, UsbPipe& pipe,
                                                  EventLoop& loop)
{
    return std::make_unique<EscposPrinter>(settings, pipe, loop);
}

} // namespace amt::escpos
