// SPDX-License-Identifier: EUPL-1.2
//
// The driver over a real socket: payments, a terminal that is switched, an address where nobody
// listens.
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "drivers/zvt/tcp_stream.h"
#include "drivers/zvt/zvt.h"
#include "tests/drivers/zvt/till.h"
#include "tests/sim/terminal/tcp_server.h"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace amt;

namespace {

/// Everything on one real loop. The terminal's citizen is quick, so that nobody waits.
struct Shop {
    explicit Shop(zvt::ZvtSettings settings = {})
    {
        log::setEnabled(false);
        terminal.setBehaviour(quick());
        stream.emplace(loop, zvt::TcpAddress{"127.0.0.1", server->port()});
        driver = zvt::makeZvtTerminal(settings, *stream, loop);
    }

    static sim::TerminalBehaviour quick()
    {
        return {.cardTime = Milliseconds(1), .hostTime = Milliseconds(1)};
    }

    PaymentTerminal::Callbacks callbacks(std::function<void(PaymentOutcome)> done)
    {
        PaymentTerminal::Callbacks callbacks;
        callbacks.evidence = [](PaymentEvidence, const std::optional<TerminalRecord>&,
                                const std::function<void()>& committed) { committed(); };
        callbacks.done = std::move(done);
        return callbacks;
    }
    /// The last question: then the loop ends.
    PaymentTerminal::Callbacks last()
    {
        return callbacks([this](PaymentOutcome given) {
            outcome = std::move(given);
            loop.stop();
        });
    }
    PaymentOrder order(std::int64_t cents) const
    {
        return {"c0ffee00-0000-4000-8000-000000000001", Money::cents(cents),
                terminal.lastReceipt()};
    }
    template <typename Work>
    PaymentOutcome run(Work work)
    {
        loop.post(std::move(work)); // a real loop runs once
        loop.run();
        return outcome;
    }

    RealEventLoop loop;
    test::SeededRandom random{1};
    sim::SimulatedTerminal terminal{loop, random};
    std::optional<sim::TerminalServer> server{std::in_place, loop, terminal, std::uint16_t{0}};
    std::optional<zvt::TcpStream> stream;
    std::unique_ptr<PaymentTerminal> driver;
    PaymentOutcome outcome;
};

} // namespace

BOOST_AUTO_TEST_SUITE(zvt_tcp)

BOOST_AUTO_TEST_CASE(a_payment_goes_over_a_real_socket)
{
    Shop shop;
    const auto outcome = shop.run([&] { shop.driver->authorise(shop.order(3070), shop.last()); });
    BOOST_REQUIRE(std::holds_alternative<PaymentApproved>(outcome));
    BOOST_TEST(shop.terminal.taken().inCents() == 3070);
}

BOOST_AUTO_TEST_CASE(an_address_where_nobody_listens_is_out_of_reach)
{
    Shop shop;
    shop.server.reset();
    const auto outcome = shop.run([&] { shop.driver->authorise(shop.order(3070), shop.last()); });
    const auto* notStarted = std::get_if<PaymentNotStarted>(&outcome);
    BOOST_REQUIRE(notStarted != nullptr);
    BOOST_TEST((notStarted->code == ErrorCode::TerminalUnreachable));
}

BOOST_AUTO_TEST_CASE(a_line_that_is_cut_on_the_way_is_unresolved_and_found_out)
{
    Shop shop;
    auto behaviour = Shop::quick();
    behaviour.hostTime = std::chrono::hours(1);
    shop.terminal.setBehaviour(behaviour);
    const PaymentOrder order = shop.order(3070);
    const std::uint16_t port = shop.server->port();
    bool unresolved = false;
    auto callbacks = shop.callbacks([&](const PaymentOutcome& outcome) {
        unresolved = std::holds_alternative<PaymentUnresolved>(outcome);
        shop.loop.post([&] {
            shop.terminal.setBehaviour(Shop::quick());
            shop.server.emplace(shop.loop, shop.terminal, port);
            shop.driver->resolve(order, shop.last());
        });
    });
    callbacks.evidence = [&](PaymentEvidence evidence, const std::optional<TerminalRecord>&,
                             const std::function<void()>& committed) {
        committed();
        if (evidence == PaymentEvidence::Accepted)
            shop.loop.post([&] { shop.server.reset(); });
    };
    const auto found = shop.run([&] { shop.driver->authorise(order, callbacks); });
    BOOST_TEST(unresolved);
    const auto* declined = std::get_if<PaymentDeclined>(&found);
    BOOST_REQUIRE(declined != nullptr);
    BOOST_TEST(declined->record.result == zvt::ResultCodes::NotPaid);
    BOOST_TEST(shop.terminal.taken().inCents() == 0);
}

BOOST_AUTO_TEST_CASE(streams_come_and_go_without_a_word)
{
    RealEventLoop loop;
    test::SeededRandom random(1);
    sim::SimulatedTerminal terminal(loop, random);
    sim::TerminalServer server(loop, terminal, 0);
    for (int i = 0; i < 20; ++i) {
        zvt::TcpStream stream(loop, {"127.0.0.1", server.port()});
        stream.open({[] { BOOST_ERROR("opened after its end"); }, [](ByteView) {},
                     [] { BOOST_ERROR("closed after close()"); }});
        stream.write(view("ignored: not open yet"));
        if (i % 2 == 0)
            stream.close();
    }
    loop.post([&] { loop.stop(); });
    loop.run();
}

BOOST_AUTO_TEST_SUITE_END()
