// SPDX-License-Identifier: EUPL-1.2
//
// Devices that do what a test tells them, and a loop that ends when the test is satisfied.
#pragma once

#include "appliance/core/real_event_loop.h"
#include "drivers/port/identity.h"
#include "drivers/port/payment.h"
#include "drivers/port/printing.h"
#include "drivers/port/scanning.h"
#include "drivers/port/speech.h"

#include <boost/test/unit_test.hpp>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace amt::test {

struct FakeReader : IdentityReader {
    explicit FakeReader(FakeReader** made) { *made = this; }

    void read(IdentityRequest given, Milliseconds wait, Callbacks given2) override
    {
        request = std::move(given);
        waitForCard = wait;
        callbacks = std::move(given2);
        if (onRead)
            onRead();
    }
    void cancel() override
    {
        ++cancels;
        if (callbacks.done)
            std::exchange(callbacks.done, nullptr)(ReadCancelled{});
    }

    IdentityRequest request;
    Milliseconds waitForCard{0};
    Callbacks callbacks;
    int cancels = 0;
    std::function<void()> onRead;
};

struct FakeTerminal : PaymentTerminal {
    explicit FakeTerminal(FakeTerminal** made) { *made = this; }

    void authorise(PaymentOrder given, Callbacks given2) override
    {
        order = std::move(given);
        callbacks = std::move(given2);
        if (onOrder)
            onOrder();
    }
    void abort() override { ++aborts; }
    void resolve(PaymentOrder given, Callbacks given2) override
    {
        resolving = true;
        authorise(std::move(given), std::move(given2));
    }

    PaymentOrder order;
    Callbacks callbacks;
    bool resolving = false;
    int aborts = 0;
    std::function<void()> onOrder;
};

struct FakePrinter : ReceiptPrinter {
    explicit FakePrinter(FakePrinter** made) { *made = this; }

    void print(PrintJob given, std::function<void(PrintOutcome)> given2) override
    {
        job = std::move(given);
        done = std::move(given2);
        if (onPrint)
            onPrint();
    }
    void state(std::function<void(PrinterState)> answer) override
    {
        answer({.present = true, .paperNearEnd = true});
    }

    PrintJob job;
    std::function<void(PrintOutcome)> done;
    std::function<void()> onPrint;
};

struct FakeScanner : CodeScanner {
    void scan(Callbacks given) override
    {
        callbacks = std::move(given);
        if (onScan)
            onScan();
    }
    void cancel() override
    {
        ++cancels;
        end(ScanCancelled{});
    }
    void end(ScanOutcome outcome)
    {
        if (callbacks.done)
            std::exchange(callbacks.done, nullptr)(std::move(outcome));
    }

    Callbacks callbacks;
    int cancels = 0;
    std::function<void()> onScan;
};

class FakeSpeaker : public Speaker {
public:
    void speak(Utterance utterance, std::function<void(SpeechOutcome)> given) override
    {
        said.push_back(std::move(utterance));
        done = std::move(given);
        if (onSpeak)
            onSpeak();
    }

    std::vector<Utterance> said;
    std::function<void(SpeechOutcome)> done;
    std::function<void()> onSpeak;
};

/// Runs the loop until stop() is called; a test that is never satisfied ends after ten seconds and
/// fails.
class TestLoop : public RealEventLoop {
public:
    void runToEnd()
    {
        const auto guard = after(std::chrono::seconds(10), [this] {
            BOOST_ERROR("the test waits for something that does not happen");
            stop();
        });
        run();
        cancel(guard);
    }
    /// Calls `then` as soon as `condition` holds.
    void when(std::function<bool()> condition, Task then)
    {
        if (condition())
            then();
        else
            after(Milliseconds(5), [this, condition, then] { when(condition, then); });
    }
};

/// A folder that goes with the test.
class TestFolder {
public:
    TestFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "amt-test-XXXXXX").string();
        _path = ::mkdtemp(pattern.data());
    }
    ~TestFolder() { std::filesystem::remove_all(_path); }
    std::string operator/(const std::string& name) const { return (_path / name).string(); }

private:
    std::filesystem::path _path;
};

} // namespace amt::test
