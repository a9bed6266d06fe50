// SPDX-License-Identifier: EUPL-1.2
//
// A hostile terminal: any bytes, any pauses, any cuts. The driver says `done` exactly once, writes
// 06 01 at most once and only after its commit, acknowledges nothing before its commit, and never
// approves what the terminal has not approved.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "drivers/zvt/frame.h"
#include "drivers/zvt/zvt.h"
#include "tests/support/manual_loop.h"

#include <optional>
#include <string>

using namespace amt;

namespace {

class HostileTerminal : public ByteStream {
public:
    void open(Callbacks given) override
    {
        callbacks = std::move(given);
        callbacks->opened();
    }
    void write(ByteView bytes) override
    {
        const zvt::Frame frame = zvt::decodeFrame(bytes); // what we send is always whole
        if (frame.control == zvt::control::Authorisation) {
            ++orders;
            AMT_ASSERT(intentCommitted);
        }
    }
    void close() override { callbacks.reset(); }

    void say(ByteView bytes)
    {
        append(said, bytes);
        if (callbacks) {
            const auto received = callbacks->received; // may close in between
            received(bytes);
        }
    }
    void cut()
    {
        if (callbacks) {
            const auto closed = callbacks->closed;
            callbacks.reset();
            closed();
        }
    }

    std::optional<Callbacks> callbacks;
    Bytes said;
    int orders = 0;
    bool intentCommitted = false;
};

// Words that a terminal might say; the amount is the order's 30,70, or not.
const char* const words[] = {
    "800000",
    "060f00",
    "04ff010e",
    "04ff010a",
    "04ff020a99",
    "061e016c",
    "061e01f0",
    "849c00",
    "848300",
    "060f019c",
    "060f0100",
    "040f0f27000400000000307049097887"
    "0022",
    "040f0927000400000000"
    "9999",
    "040f022705",
    "040f022700",
    "040f14270004000000003070370000010b00000287"
    "0022",
    "06d1028141",
    "0401"
    "00",
    "060f1119002900000000490978060527031401fe",
    "040f0c270004000000003070870021",
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    log::setEnabled(false);
    if (size < 2 || size > 4096)
        return 0;
    test::ManualLoop loop;
    HostileTerminal terminal;
    const bool question = (data[0] & 1) != 0;
    const bool lateCommits = (data[0] & 2) != 0;
    PaymentOrder order{"c0ffee00-0000-4000-8000-000000000001", Money::cents(3070), 21};
    if ((data[0] & 4) != 0)
        order.lastReceipt.reset();
    zvt::ZvtSettings settings;
    settings.configByte = (data[0] & 8) != 0 ? 0xBE : 0x3E;
    const auto driver = zvt::makeZvtTerminal(settings, terminal, loop);

    std::vector<PaymentOutcome> outcomes;
    std::vector<PaymentEvidence> evidence;
    PaymentTerminal::Callbacks callbacks;
    callbacks.status = [](const TerminalStatus&) {};
    callbacks.receipt = [](const std::vector<ReceiptLine>&) {};
    callbacks.evidence = [&](PaymentEvidence given, const std::optional<TerminalRecord>&,
                             const std::function<void()>& committed) {
        AMT_ASSERT(outcomes.empty());
        AMT_ASSERT(static_cast<std::size_t>(given) == evidence.size()); // each once, in order
        evidence.push_back(given);
        const auto commit = [&terminal, given, committed] {
            terminal.intentCommitted = terminal.intentCommitted || given == PaymentEvidence::Sent;
            committed();
        };
        if (lateCommits)
            loop.after(Milliseconds(50), commit);
        else
            commit();
    };
    callbacks.done = [&](PaymentOutcome outcome) { outcomes.push_back(std::move(outcome)); };
    question ? driver->resolve(order, callbacks) : driver->authorise(order, callbacks);

    for (std::size_t at = 1; at < size;) {
        const std::uint8_t choice = data[at++];
        if (choice < 0x80) { // a word, and whatever becomes due at once
            terminal.say(fromHex(words[choice % std::size(words)]));
            loop.runFor(Milliseconds(0));
        } else if (choice < 0xC0) {
            const std::size_t length = std::min<std::size_t>(choice & 0x3FU, size - at);
            terminal.say(ByteView{data + at, length});
            at += length;
        } else if (choice < 0xE0) {
            loop.runFor(Milliseconds(1 << (choice & 0x0F)));
        } else if (choice < 0xF0) {
            loop.runNext();
        } else if (choice < 0xF8) {
            driver->abort();
        } else {
            terminal.cut();
        }
    }
    AMT_ASSERT(loop.runAll());
    AMT_ASSERT(outcomes.size() == 1);
    AMT_ASSERT(terminal.orders <= (question ? 0 : 1));
    if (const auto* approved = std::get_if<PaymentApproved>(&outcomes[0])) {
        AMT_ASSERT(approved->record.result == 0);
        AMT_ASSERT(approved->record.amount == order.amount);
        AMT_ASSERT(approved->record.originalTrace == 0);
        AMT_ASSERT(question || evidence.size() == 4);
        const std::string said = toHex(terminal.said);
        AMT_ASSERT(said.find("2700") != std::string::npos);
        AMT_ASSERT(said.find("04000000003070") != std::string::npos);
    }
    if (const auto* declined = std::get_if<PaymentDeclined>(&outcomes[0]))
        AMT_ASSERT(declined->record.result != 0);
    if (std::holds_alternative<PaymentNotStarted>(outcomes[0]))
        AMT_ASSERT(!question);
    return 0;
}
