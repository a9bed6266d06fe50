// SPDX-License-Identifier: EUPL-1.2
//
// A thread waits for keys, because only whoever reads them knows that none are left when a pause
// ends a code; whole codes come to the loop.
#include "drivers/scanner/scanner.h"

#include "appliance/core/log.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <thread>
#include <utility>

namespace amt::scanner {
namespace {

constexpr Milliseconds forever{-1};

class Scanner final : public CodeScanner {
public:
    Scanner(const ScannerSettings& settings, std::unique_ptr<KeySource> source, EventLoop& loop)
        : _settings(settings), _source(std::move(source)), _loop(loop),
          _wake(::eventfd(0, EFD_CLOEXEC))
    {
        if (_wake < 0)
            throw Error(ErrorCode::SystemFailed, "eventfd");
        _present = _source->open();
        log::info("scanner.present", {{"present", _present ? "yes" : "no"}});
        _reader = std::thread([this] { run(); });
    }

    ~Scanner() override
    {
        *_alive = false;
        _stopping = true;
        ::eventfd_write(_wake, 1);
        _reader.join();
        ::close(_wake);
    }

    void scan(Callbacks callbacks) override
    {
        if (_running)
            return later([done = std::move(callbacks.done)] {
                done(DeviceFailed{ErrorCode::StepOutOfOrder});
            });
        _running = std::move(callbacks);
        const auto number = ++_lastNumber;
        _asked = number;
        later([this, number] {
            if (_asked == number)
                tell();
        });
    }

    void cancel() override
    {
        if (_running)
            later([this, number = _asked.load()] {
                if (_asked == number)
                    finish(ScanCancelled{});
            });
    }

private:
    // On the loop

    void tell()
    {
        if (!_present)
            return finish(NoScanner{});
        if (_running && _running->listening)
            _running->listening();
    }

    void heard(std::uint64_t begunIn, const ScannedLine& line)
    {
        if (_running && begunIn == _asked)
            std::visit([this](const auto& ended) { finish(ended); }, line);
    }

    void finish(ScanOutcome outcome)
    {
        if (!_running)
            return;
        const auto callbacks = *std::exchange(_running, std::nullopt);
        _asked = 0;
        callbacks.done(std::move(outcome));
    }

    // On the reader thread

    void run()
    {
        bool present = _present;
        while (!_stopping) {
            if (present)
                listen();
            const bool was = std::exchange(present, !_stopping && look());
            if (was || present)
                later([this, present] { changed(present); });
        }
    }

    /// Whether there is a scanner, after a while if not.
    bool look()
    {
        if (_source->open())
            return true;
        waitFor({}, _settings.lookAgain);
        return false;
    }

    void changed(bool present)
    {
        if (std::exchange(_present, present) != present)
            log::info("scanner.present", {{"present", present ? "yes" : "no"}});
        if (!present)
            finish(NoScanner{});
    }

    void listen()
    {
        KeyDecoder decoder(_settings.layout);
        std::uint64_t begunIn = 0;
        const auto say = [&](const std::optional<ScannedLine>& line) {
            if (line)
                later([this, begunIn, ended = *line] { heard(begunIn, ended); });
        };
        while (!_stopping) {
            if (!waitFor(_source->handle(), decoder.isAmidst() ? _settings.pause : forever)) {
                say(decoder.pause());
                continue;
            }
            const auto events = _stopping ? std::nullopt : _source->take();
            if (!events)
                break;
            for (const auto& event : *events) {
                const bool wasAmidst = decoder.isAmidst();
                const auto line = decoder.take(event);
                if (!wasAmidst && decoder.isAmidst())
                    begunIn = _asked;
                say(line);
            }
        }
        _source->close();
    }

    /// False when the time is over and there is nothing to read.
    bool waitFor(std::optional<int> handle, Milliseconds most) const
    {
        pollfd waiting[] = {{_wake, POLLIN, 0}, {handle.value_or(-1), POLLIN, 0}};
        const int ready = ::poll(waiting, 2, static_cast<int>(most.count()));
        return ready > 0 || (ready < 0 && errno == EINTR);
    }

    void later(Task task)
    {
        _loop.post([alive = _alive, task = std::move(task)] {
            if (*alive)
                task();
        });
    }

    const ScannerSettings _settings;
    std::unique_ptr<KeySource> _source; ///< of the reader thread, once it runs
    EventLoop& _loop;
    std::shared_ptr<bool> _alive = std::make_shared<bool>(true); ///< shared with tasks on the loop
    const int _wake;

    // On the loop
    std::optional<Callbacks> _running;
    std::uint64_t _lastNumber = 0;
    bool _present = false;

    std::atomic<std::uint64_t> _asked{0}; ///< the running scan's number: a code that began in
                                          ///< another one, or in none, is nobody's
    std::atomic<bool> _stopping{false};
    std::thread _reader;
};

} // namespace

std::unique_ptr<CodeScanner> makeScanner(const ScannerSettings& settings,
                                         std::unique_ptr<KeySource> source, EventLoop& loop)
{
    return std::make_unique<Scanner>(settings, std::move(source), loop);
}

} // namespace amt::scanner
