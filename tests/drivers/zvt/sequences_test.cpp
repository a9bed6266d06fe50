// SPDX-License-Identifier: EUPL-1.2
//
// Captured sessions played to the driver: the terminal's side as it was recorded, with its pauses.
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "drivers/zvt/frame.h"
#include "drivers/zvt/messages.h"
#include "drivers/zvt/zvt.h"
#include "tests/support/manual_loop.h"
#include "tests/support/skip.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <string>

using namespace amt;
namespace data = boost::unit_test::data;

namespace {

struct Spoken {
    Milliseconds pause; ///< before it, since the driver's last word
    Bytes frame;
};

/// Registers the till by itself, then says what was recorded: the next frame after each 80 00 of
/// the driver.
class PlayedTerminal : public ByteStream {
public:
    PlayedTerminal(EventLoop& loop, std::vector<Spoken> script)
        : _loop(loop), _script(std::move(script))
    {}

    void open(Callbacks callbacks) override
    {
        _callbacks = std::move(callbacks);
        _loop.post([this] { _callbacks.opened(); });
    }
    void write(ByteView bytes) override
    {
        const zvt::Frame frame = zvt::decodeFrame(bytes);
        switch (frame.control) {
        case zvt::control::Registration:
            return say({Milliseconds(10),
                        fromHex("800000060f0a19002929001006490978")}); // zvt-d-061, in one segment
        case zvt::control::StatusEnquiry:
            return say({Milliseconds(10), fromHex("800000060f0100")});
        case zvt::control::PositiveAck:
            if (_command == 0)
                return;
            break;
        case zvt::control::AbortByTill:
            return;
        default:
            _command = frame.control;
            ++commands;
            break;
        }
        playNext();
        if (_command == frame.control) // 80 00 needs no answer of ours
            playNext();
    }
    void close() override { _callbacks = {}; }

    int commands = 0; ///< 06 01 and 06 20
    std::size_t played() const { return _next; }

private:
    void playNext()
    {
        if (_next < _script.size())
            say(_script[_next++]);
    }
    void say(const Spoken& spoken)
    {
        _at = std::max(_at, _loop.sinceBoot()) + spoken.pause;
        _loop.after(_at - _loop.sinceBoot(), [this, frame = spoken.frame] {
            if (_callbacks.received)
                _callbacks.received(frame);
        });
    }

    EventLoop& _loop;
    std::vector<Spoken> _script;
    Callbacks _callbacks;
    std::uint16_t _command = 0;
    std::size_t _next = 0;
    Milliseconds _at{};
};

struct Session {
    std::string command;
    std::vector<Spoken> script;
};

/// The till's 05 01 in between are not ours, so their answers are left out.
Session session(const std::string& id)
{
    std::ifstream file(test::shared() / "samples" / "zvt" / "vectors.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto list = json::array(*json::parseObject(text), "vectors");
    Session found;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto vector = list->getObject(static_cast<unsigned>(i));
        if (json::text(*vector, "id") != id)
            continue;
        const auto steps = json::array(*vector, "steps");
        int skip = 0;
        std::int64_t before = 0;
        for (std::size_t k = 0; k < steps->size(); ++k) {
            const auto step = steps->getObject(static_cast<unsigned>(k));
            const std::string hex = json::text(*step, "hex");
            if (json::text(*step, "from") == "ECR") {
                if (found.command.empty())
                    found.command = hex;
                if (hex.substr(0, 4) == "0501")
                    skip = 2;
                continue;
            }
            std::int64_t at = before;
            if (step->has("at") && step->get("at").isNumeric())
                at = json::integer(*step, "at");
            if (skip > 0) {
                --skip;
                continue;
            }
            found.script.push_back({std::chrono::seconds(at - before), fromHex(hex)});
            before = at;
        }
    }
    return found;
}

struct Known {
    const char* id;
    const char* what;
    const char* outcome;
    int result; ///< of a decline
};
std::ostream& operator<<(std::ostream& out, const Known& known)
{
    return out << known.id;
}

const Known sessions[] = {
    {"zvt-d-058", "refused with F0, and the log ends early", "not started", 0},
    {"zvt-d-062", "chip and PIN, 50,50", "approved", 0},
    {"zvt-d-063", "contactless, 06 0F eight seconds later", "approved", 0},
    {"zvt-d-064", "stop key at the PIN", "declined", 0x6C},
    {"zvt-d-065", "no PIN for two minutes, announced as one", "declined", 0x6C},
    {"zvt-d-066", "PIN entered late", "approved", 0},
    {"zvt-d-069", "the log ends in the middle", "unresolved", 0},
    {"zvt-d-071", "message sequence ids, and the log ends", "unresolved", 0},
};

} // namespace

BOOST_AUTO_TEST_SUITE(zvt_sequences)

BOOST_DATA_TEST_CASE(a_captured_session_ends_as_it_ended, data::make(sessions), known)
{
    if (test::skipWithout(test::shared() / "samples" / "zvt" / "vectors.json", "no sample vectors"))
        return;
    log::setEnabled(false);
    const Session played = session(known.id);
    const auto ordered = zvt::decodeMessage(zvt::decodeFrame(fromHex(played.command)));
    const auto cents = zvt::bcd(zvt::find(ordered.fields, zvt::bmp::Amount)->value);
    test::ManualLoop loop;
    PlayedTerminal terminal(loop, played.script);
    const auto driver = zvt::makeZvtTerminal({.password = "123456"}, terminal, loop);
    std::vector<PaymentOutcome> outcomes;
    std::size_t statuses = 0;
    PaymentTerminal::Callbacks callbacks;
    callbacks.status = [&](const TerminalStatus&) { ++statuses; };
    callbacks.evidence = [](PaymentEvidence, const std::optional<TerminalRecord>&,
                            const std::function<void()>& committed) { committed(); };
    callbacks.done = [&](PaymentOutcome outcome) { outcomes.push_back(std::move(outcome)); };
    driver->authorise({"c0ffee00-0000-4000-8000-000000000001", Money::cents(*cents), 160},
                      callbacks);
    BOOST_TEST(loop.runAll());

    BOOST_REQUIRE(outcomes.size() == 1U);
    const char* names[] = {"approved", "declined", "unresolved", "not started"};
    BOOST_TEST(names[outcomes[0].index()] == std::string(known.outcome));
    BOOST_TEST(terminal.commands == 1);
    BOOST_TEST(terminal.played() == played.script.size());
    BOOST_TEST(statuses > 0U);
    if (const auto* declined = std::get_if<PaymentDeclined>(&outcomes[0]))
        BOOST_TEST(declined->record.result == known.result);
    if (const auto* approved = std::get_if<PaymentApproved>(&outcomes[0])) {
        BOOST_TEST(approved->record.amount->inCents() == *cents);
        BOOST_TEST(approved->record.cardDigits.size() == 4U);
        BOOST_TEST(approved->record.terminalId == "29001006");
    }
}

BOOST_AUTO_TEST_CASE(a_repeated_receipt_without_status_information_proves_nothing)
{
    log::setEnabled(false);
    test::ManualLoop loop;
    PlayedTerminal terminal(loop, {{{}, fromHex("800000")}, {{}, fromHex("060f00")}}); // zvt-d-070
    const auto driver = zvt::makeZvtTerminal({}, terminal, loop);
    std::optional<PaymentOutcome> outcome;
    PaymentTerminal::Callbacks callbacks;
    callbacks.done = [&](PaymentOutcome given) { outcome = std::move(given); };
    driver->resolve({"c0ffee00-0000-4000-8000-000000000001", Money::cents(1200), 160}, callbacks);
    loop.runAll();
    BOOST_REQUIRE(outcome.has_value());
    BOOST_TEST(std::get<PaymentUnresolved>(*outcome).reason == "06 20 gave no status information");
}

BOOST_AUTO_TEST_SUITE_END()
