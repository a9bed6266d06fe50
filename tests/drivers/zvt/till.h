// SPDX-License-Identifier: EUPL-1.2
//
// A till for the tests: driver, line and simulated terminal in one loop, and everything the driver
// said.
#pragma once

#include "appliance/core/log.h"
#include "drivers/zvt/zvt.h"
#include "tests/sim/terminal/line.h"
#include "tests/sim/terminal/terminal.h"
#include "tests/support/manual_loop.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace amt::test {

/// SplitMix64.
class SeededRandom : public RandomSource {
public:
    explicit SeededRandom(std::uint64_t seed) : _state(seed) {}
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (std::uint8_t& byte : bytes) {
            std::uint64_t z = (_state += 0x9E3779B97F4A7C15U);
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
            z = (z ^ z >> 27) * 0x94D049BB133111EBU;
            byte = static_cast<std::uint8_t>(z >> 56);
        }
    }

private:
    std::uint64_t _state;
};

/// What one order or question gave.
struct Heard {
    std::vector<PaymentEvidence> evidence;
    std::vector<std::optional<TerminalRecord>> records;
    std::vector<TerminalStatus> statuses;
    std::vector<ReceiptLine> lines;
    std::vector<PaymentOutcome> outcomes;

    template <typename Outcome>
    const Outcome* outcome() const
    {
        return outcomes.size() == 1 ? std::get_if<Outcome>(&outcomes[0]) : nullptr;
    }
};

struct Till {
    explicit Till(std::uint64_t seed = 1, zvt::ZvtSettings settings = {})
        : random(seed), terminal(loop, random), stream(loop, loop, random, terminal),
          _settings(settings)
    {
        log::setEnabled(false); // things fail here on purpose
        restart();
    }

    /// The broker's process is a new one.
    void restart() { driver = zvt::makeZvtTerminal(_settings, stream, loop); }

    PaymentOrder order(std::int64_t cents, bool receiptKnown = true)
    {
        const std::optional<int> receipt =
            receiptKnown ? std::optional(terminal.lastReceipt()) : std::nullopt;
        return {"c0ffee00-0000-4000-8000-000000000001", Money::cents(cents), receipt};
    }

    PaymentTerminal::Callbacks callbacks(Heard& heard)
    {
        return {
            .status =
                [&heard](TerminalStatus status) { heard.statuses.push_back(std::move(status)); },
            .evidence =
                [this, &heard](PaymentEvidence evidence, std::optional<TerminalRecord> record,
                               std::function<void()> committed) {
                    heard.evidence.push_back(evidence);
                    heard.records.push_back(std::move(record));
                    if (onEvidence)
                        onEvidence(evidence);
                    if (commits)
                        loop.after(commitTime, std::move(committed));
                },
            .receipt =
                [&heard](std::vector<ReceiptLine> lines) {
                    heard.lines.insert(heard.lines.end(), lines.begin(), lines.end());
                },
            .done =
                [&heard](PaymentOutcome outcome) { heard.outcomes.push_back(std::move(outcome)); },
        };
    }

    Heard authorise(const PaymentOrder& order)
    {
        Heard heard;
        driver->authorise(order, callbacks(heard));
        loop.runAll();
        return heard;
    }
    Heard resolve(const PaymentOrder& order)
    {
        Heard heard;
        driver->resolve(order, callbacks(heard));
        loop.runAll();
        return heard;
    }

    ManualLoop loop;
    SeededRandom random;
    sim::SimulatedTerminal terminal;
    sim::SimulatedByteStream stream;
    std::unique_ptr<PaymentTerminal> driver;
    Milliseconds commitTime{5};
    bool commits = true;
    std::function<void(PaymentEvidence)> onEvidence;

private:
    zvt::ZvtSettings _settings;
};

} // namespace amt::test
