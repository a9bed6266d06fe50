// SPDX-License-Identifier: EUPL-1.2
//
// Card payments between till and terminal: intent, evidence, outcome, and asking until it is known
// (sync.md 12).
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/office/till/till.h"
#include "drivers/port/payment.h"

#include <optional>
#include <string>

namespace amt::node {

class House;
struct Visit;

class Cashier {
public:
    explicit Cashier(House& house) : _house(house) {}
    ~Cashier();
    Cashier(const Cashier&) = delete;
    Cashier& operator=(const Cashier&) = delete;

    /// Whether an authorisation may be started: the terminal is free, and no other payment is
    /// unclear.
    bool ready() const;
    /// The visit is in step Pay. Intent on disk [tx], then the terminal hears of it. The visit goes
    /// to Paying, or stays in Pay when the terminal is taken.
    void start(Visit& visit);
    void abort(const Visit& visit);
    /// At start: what was authorising is unclear, and is asked for.
    void takeUp();
    /// Paid, but not sealed yet: seals from the visit's answers, or holds the case.
    void settlePaid(Visit& visit);
    /// A payment of this case stands at the terminal right now.
    bool isRunning(const std::string& caseId) const;
    /// There is an unclear payment: ask for it soon.
    void askSoon();

private:
    PaymentTerminal::Callbacks callbacks(const office::Payment& payment);
    void finished(const std::string& paymentId, const PaymentOutcome& outcome);
    void ask();

    House& _house;
    std::optional<office::Payment> _running; ///< at the terminal
    int _asked = 0;                          ///< questions in vain, for the back-off
    TimerId _timer = 0;
    std::optional<Milliseconds> _notStartedAt;
};

} // namespace amt::node
