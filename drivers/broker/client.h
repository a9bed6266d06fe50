// SPDX-License-Identifier: EUPL-1.2
//
// The device ports as amt-node sees them: each speaks to its amt-broker over a Unix socket, by a
// reader thread of its own, and connects again whenever the broker comes back. PROTOCOL.md says
// what happens on the line.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/port/identity.h"
#include "drivers/port/payment.h"
#include "drivers/port/printing.h"
#include "drivers/port/scanning.h"
#include "drivers/port/speech.h"

#include <functional>
#include <memory>
#include <string>

namespace amt {

namespace broker {
enum class Driver;
class Line;
struct LineCallbacks;
/// Another line than the socket's, for the simulated world (line.h).
using MakeLine = std::function<std::unique_ptr<Line>(Driver, LineCallbacks)>;
} // namespace broker

struct BrokerAddress {
    std::string socket;    ///< path
    unsigned peerUser = 0; ///< the only user whose broker is spoken to; another one is logged
                           ///< (PeerForeign) and left
};

/// All methods on the loop, which must outlive it. No callback comes after its end.
class BrokerIdentityReader : public IdentityReader {
public:
    BrokerIdentityReader(BrokerAddress address, EventLoop& loop);
    BrokerIdentityReader(const broker::MakeLine& makeLine, EventLoop& loop);
    ~BrokerIdentityReader() override;

    /// Without a broker, or when it goes in the middle: DeviceFailed{BrokerGone}.
    void read(IdentityRequest request, Milliseconds waitForCard, Callbacks callbacks) override;
    void cancel() override;

    bool connected() const;
    bool emulated() const; ///< what the connected broker said of itself

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

class BrokerPaymentTerminal : public PaymentTerminal {
public:
    BrokerPaymentTerminal(BrokerAddress address, EventLoop& loop);
    BrokerPaymentTerminal(const broker::MakeLine& makeLine, EventLoop& loop);
    ~BrokerPaymentTerminal() override;

    /// PaymentNotStarted when the order never left; PaymentUnresolved when the broker goes after it
    /// has left.
    void authorise(PaymentOrder order, Callbacks callbacks) override;
    void abort() override;
    /// Without a broker the order stays PaymentUnresolved.
    void resolve(PaymentOrder order, Callbacks callbacks) override;

    bool connected() const;
    bool emulated() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

class BrokerReceiptPrinter : public ReceiptPrinter {
public:
    BrokerReceiptPrinter(BrokerAddress address, EventLoop& loop);
    BrokerReceiptPrinter(const broker::MakeLine& makeLine, EventLoop& loop);
    ~BrokerReceiptPrinter() override;

    /// One after the other. NoPrinter when the job never left, PrintInterrupted when the broker
    /// goes after it has left.
    void print(PrintJob job, std::function<void(PrintOutcome)> done) override;
    /// Waits behind running jobs.
    void state(std::function<void(PrinterState)> done) override;

    bool connected() const;
    bool emulated() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

class BrokerCodeScanner : public CodeScanner {
public:
    BrokerCodeScanner(BrokerAddress address, EventLoop& loop);
    BrokerCodeScanner(const broker::MakeLine& makeLine, EventLoop& loop);
    ~BrokerCodeScanner() override;

    /// Without a broker, or when it goes in the middle: DeviceFailed{BrokerGone}.
    void scan(Callbacks callbacks) override;
    void cancel() override;

    bool connected() const;
    bool emulated() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

class BrokerSpeaker : public Speaker {
public:
    BrokerSpeaker(BrokerAddress address, EventLoop& loop);
    BrokerSpeaker(const broker::MakeLine& makeLine, EventLoop& loop);
    ~BrokerSpeaker() override;

    /// One after the other. Without a broker, or when it goes meanwhile: DeviceFailed{BrokerGone}.
    void speak(Utterance utterance, std::function<void(SpeechOutcome)> done) override;

    bool connected() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

} // namespace amt
