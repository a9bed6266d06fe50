// SPDX-License-Identifier: EUPL-1.2
//
// One read: wait for the card, first phase, the node's signature, second phase; what happens is
// posted to the loop.
#include "drivers/broker/card_reader.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "drivers/eid/eid.h"
#include "drivers/eid/pcsc.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace amt::broker {
namespace {

class CardReader final : public IdentityReader {
public:
    CardReader(const std::string& reader, EventLoop& loop, RandomSource& random)
        : _loop(loop), _random(random), _pcsc({.reader = reader})
    {}

    ~CardReader() override
    {
        *_alive = false;
        cancel();
        if (_thread.joinable())
            _thread.join();
    }

    void read(IdentityRequest request, Milliseconds waitForCard, Callbacks callbacks) override
    {
        if (_callbacks) {
            post([done = std::move(callbacks.done)] {
                done(DeviceFailed{ErrorCode::StepOutOfOrder});
            });
            return;
        }
        if (_thread.joinable())
            _thread.join(); // it has posted its outcome, so it is at its end
        _callbacks = std::move(callbacks);
        _pcsc.resume();
        _signature.reset();
        _thread = std::thread([this, request = std::move(request), waitForCard] {
            auto outcome = readCard(request, waitForCard);
            post([this, outcome = std::move(outcome)] {
                const auto ended = std::exchange(_callbacks, std::nullopt);
                ended->done(outcome);
            });
        });
    }

    void cancel() override
    {
        _pcsc.cancel();
        const std::lock_guard lock(_mutex);
        _wake.notify_all();
    }

private:
    /// On the read's thread.
    IdentityOutcome readCard(const IdentityRequest& request, Milliseconds waitForCard)
    {
        try {
            if (request.purpose == IdentityPurpose::LookAtReader)
                return _pcsc.look();
            showStep(IdentityStep::WaitingForCard);
            auto found = _pcsc.connect(waitForCard);
            if (auto* outcome = std::get_if<IdentityOutcome>(&found))
                return std::move(*outcome);
            auto& card = *std::get<std::unique_ptr<CardChannel>>(found);
            auto begun = eid::beginRead(card, _random, request,
                                        {.step = [this](IdentityStep step) { showStep(step); },
                                         .isCancelled = [this] { return _pcsc.isCancelled(); }});
            if (auto* outcome = std::get_if<IdentityOutcome>(&begun))
                return std::move(*outcome);
            auto& needed = std::get<eid::SignatureNeeded>(begun);
            const auto signature = askForSignature(std::move(needed.toBeSigned));
            if (_pcsc.isCancelled())
                return ReadCancelled{};
            if (!signature)
                return DeviceFailed{ErrorCode::CertificateUnusable};
            return needed.session.finish(*signature);
        } catch (const Error& failure) { // the broker request's door, on this thread
            log::warning("read.failed", {{"code", failure.name()}, {"detail", failure.message()}});
            return DeviceFailed{failure.errorCode()};
        }
    }

    std::optional<Bytes> askForSignature(Bytes toBeSigned)
    {
        post([this, toBeSigned = std::move(toBeSigned)]() mutable {
            if (!_callbacks)
                return;
            _callbacks->sign(std::move(toBeSigned),
                             [this, alive = _alive](std::optional<Bytes> signature) {
                                 if (!*alive)
                                     return;
                                 const std::lock_guard lock(_mutex);
                                 _signature = std::move(signature);
                                 _wake.notify_all();
                             });
        });
        std::unique_lock lock(_mutex);
        _wake.wait(lock, [this] { return _signature.has_value() || _pcsc.isCancelled(); });
        return _signature.value_or(std::nullopt);
    }

    void showStep(IdentityStep step)
    {
        post([this, step] {
            if (_callbacks && _callbacks->step)
                _callbacks->step(step);
        });
    }

    void post(Task task)
    {
        _loop.post([alive = _alive, task = std::move(task)] {
            if (*alive)
                task();
        });
    }

    EventLoop& _loop;
    RandomSource& _random;
    eid::PcscReader _pcsc;

    // On the loop.
    std::shared_ptr<bool> _alive = std::make_shared<bool>(true); ///< shared with tasks on the loop
    std::optional<Callbacks> _callbacks;                         ///< of the running read

    // Between the loop and the read's thread.
    std::mutex _mutex;
    std::condition_variable _wake;
    std::optional<std::optional<Bytes>> _signature; ///< the node's answer; an empty one refuses

    std::thread _thread;
};

} // namespace

std::unique_ptr<IdentityReader> makeCardReader(const std::string& reader, EventLoop& loop,
                                               RandomSource& random)
{
    return std::make_unique<CardReader>(reader, loop, random);
}

} // namespace amt::broker
