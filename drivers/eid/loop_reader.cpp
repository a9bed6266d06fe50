// SPDX-License-Identifier: EUPL-1.2
//
// The reader on a loop: the two phases as tasks, waiting for the card by a timer.
#include "drivers/eid/eid.h"

#include <optional>

namespace amt::eid {
namespace {

constexpr Milliseconds lookAgain{200};

struct Reading {
    IdentityRequest request;
    IdentityReader::Callbacks callbacks;
    Milliseconds until{};
    TimerId timer = 0;
    std::unique_ptr<CardChannel> card; ///< outlives the session
    std::optional<TerminalSession> session;
};

class LoopIdentityReader : public IdentityReader {
public:
    LoopIdentityReader(EventLoop& loop, RandomSource& random, CardFinder findCard)
        : _loop(loop), _random(random), _findCard(std::move(findCard))
    {}

    ~LoopIdentityReader() override
    {
        if (_reading)
            _loop.cancel(_reading->timer);
        *_alive = false;
    }

    void read(IdentityRequest request, Milliseconds waitForCard, Callbacks callbacks) override
    {
        if (_reading) {
            post([done = std::move(callbacks.done)] {
                done(DeviceFailed{ErrorCode::StepOutOfOrder});
            });
            return;
        }
        _reading.emplace();
        _reading->request = std::move(request);
        _reading->callbacks = std::move(callbacks);
        _reading->until = _loop.sinceBoot() + waitForCard;
        ++_number;
        post([this, number = _number] {
            if (isCurrent(number)) {
                tell(IdentityStep::WaitingForCard);
                look();
            }
        });
    }

    void cancel() override
    {
        if (!_reading)
            return;
        _loop.cancel(_reading->timer);
        post([this, number = _number] {
            if (isCurrent(number))
                finish(ReadCancelled{});
        });
    }

private:
    /// Tasks that come after the reader's end do nothing.
    void post(Task task)
    {
        _loop.post([alive = _alive, task = std::move(task)] {
            if (*alive)
                task();
        });
    }

    bool isCurrent(std::uint64_t number) const { return _reading && _number == number; }

    void tell(IdentityStep step) const
    {
        if (_reading->callbacks.step)
            _reading->callbacks.step(step);
    }

    void finish(IdentityOutcome outcome)
    {
        auto done = std::move(_reading->callbacks.done);
        _loop.cancel(_reading->timer);
        _reading.reset();
        done(std::move(outcome));
    }

    void look()
    {
        auto found = _findCard();
        if (auto* card = std::get_if<std::unique_ptr<CardChannel>>(&found)) {
            _reading->card = std::move(*card);
            begin();
            return;
        }
        auto& outcome = std::get<IdentityOutcome>(found);
        if (_reading->request.purpose == IdentityPurpose::LookAtReader &&
            std::holds_alternative<NoCard>(outcome))
            outcome = ReaderReady{false}; // a keypad shows with a card, here
        if (!std::holds_alternative<NoCard>(outcome) || _loop.sinceBoot() >= _reading->until) {
            finish(std::move(outcome));
            return;
        }
        _reading->timer = _loop.after(lookAgain, [this, alive = _alive, number = _number] {
            if (*alive && isCurrent(number))
                look();
        });
    }

    void begin()
    {
        ReadHooks hooks;
        hooks.step = [this](IdentityStep step) { tell(step); };
        auto result = beginRead(*_reading->card, _random, _reading->request, std::move(hooks));
        if (auto* outcome = std::get_if<IdentityOutcome>(&result)) {
            finish(std::move(*outcome));
            return;
        }
        auto& needed = std::get<SignatureNeeded>(result);
        _reading->session.emplace(std::move(needed.session));
        _reading->request.pin = _reading->request.can = _reading->request.puk =
            _reading->request.newPin = Secret();
        // The answer may come at once or later, from the loop.
        _reading->callbacks.sign(
            std::move(needed.toBeSigned),
            [this, alive = _alive, number = _number](std::optional<Bytes> signature) {
                if (*alive)
                    post([this, number, given = std::move(signature)] { signedBy(number, given); });
            });
    }

    void signedBy(std::uint64_t number, const std::optional<Bytes>& signature)
    {
        if (!isCurrent(number) || !_reading->session)
            return;
        if (!signature) {
            finish(DeviceFailed{ErrorCode::CertificateUnusable});
            return;
        }
        auto session = std::exchange(_reading->session, std::nullopt);
        finish(session->finish(*signature));
    }

    EventLoop& _loop;
    RandomSource& _random;
    CardFinder _findCard;
    std::optional<Reading> _reading;
    std::uint64_t _number = 0;
    /// Shared with tasks and callbacks that may come after the reader is gone.
    std::shared_ptr<bool> _alive = std::make_shared<bool>(true);
};

} // namespace

std::unique_ptr<IdentityReader> makeLoopIdentityReader(EventLoop& loop, RandomSource& random,
                                                       CardFinder findCard)
{
    return std::make_unique<LoopIdentityReader>(loop, random, std::move(findCard));
}

} // namespace amt::eid
