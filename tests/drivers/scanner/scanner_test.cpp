// SPDX-License-Identifier: EUPL-1.2
//
// A scan waits for a whole code; what nobody asked for is nobody's; a scanner goes and comes back.
#include "appliance/core/log.h"
#include "appliance/core/overloaded.h"
#include "drivers/scanner/scanner.h"
#include "tests/drivers/broker/fakes.h"
#include "tests/sim/scanner/sim_scanner.h"

using namespace amt;
using namespace amt::scanner;
using namespace amt::test;

namespace {

/// "CODE", or the outcome's name.
std::string told(const ScanOutcome& outcome)
{
    return std::visit(
        Overloaded{[](const CodeScanned& scanned) { return scanned.code.reveal(); },
                   [](const CodeUnreadable&) { return std::string("unreadable"); },
                   [](const NoScanner&) { return std::string("no scanner"); },
                   [](const ScanCancelled&) { return std::string("cancelled"); },
                   [](const DeviceFailed& failed) { return std::string(name(failed.code)); }},
        outcome);
}

struct House {
    House() { log::setEnabled(false); }
    ~House() { log::setEnabled(true); }

    void plug() { device.emplace(folder / "scanner"); }
    void hold(ScannerSettings settings = {})
    {
        scanner = makeScanner(settings, makeSocketSource(folder / "scanner"), loop);
    }
    void scan(Task listening = {})
    {
        scanner->scan({.listening = std::move(listening), .done = [this](const ScanOutcome& said) {
                           story += told(said) + "; ";
                           if (then)
                               std::exchange(then, nullptr)();
                           else
                               loop.stop();
                       }});
    }

    TestFolder folder;
    TestLoop loop;
    std::optional<sim::ScannerServer> device;
    std::unique_ptr<CodeScanner> scanner;
    std::string story;
    Task then; ///< after the next outcome; else the loop stops
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(scanner_scanner, House)

BOOST_AUTO_TEST_CASE(a_code_comes_to_whoever_asks)
{
    plug();
    hold();
    loop.when([&] { return device->isHeld(); },
              [&] { scan([&] { device->type(sim::typed("ABCD-EFGH-2")); }); });
    loop.runToEnd();
    BOOST_TEST(story == "ABCD-EFGH-2; ");
}

BOOST_AUTO_TEST_CASE(a_code_without_enter_ends_by_a_pause)
{
    plug();
    hold({.pause = Milliseconds(30)});
    auto keys = sim::typed("ABC");
    keys.resize(keys.size() - 4); // Enter, down and up
    loop.when([&] { return device->isHeld(); }, [&] { scan([&] { device->type(keys); }); });
    loop.runToEnd();
    BOOST_TEST(story == "ABC; ");
}

BOOST_AUTO_TEST_CASE(what_is_scanned_while_nobody_asks_is_dropped)
{
    plug();
    hold({.pause = std::chrono::seconds(5)});
    loop.when([&] { return device->isHeld(); },
              [&] {
                  device->type(sim::typed("EARLY"));
                  auto begun = sim::typed("BEGUN-");
                  begun.resize(begun.size() - 4);
                  device->type(begun);
                  // The reader thread takes what comes in order, so an answer to this scan's code
                  // says that all before it was read.
                  loop.after(Milliseconds(50), [&] {
                      scan([&] {
                          device->type(sim::typed("BEFORE"));
                          device->type(sim::typed("ASKED"));
                      });
                  });
              });
    loop.runToEnd();
    BOOST_TEST(story == "ASKED; ");
}

BOOST_AUTO_TEST_CASE(a_cancelled_scan_ends_and_its_code_is_not_the_next_ones)
{
    plug();
    hold({.pause = std::chrono::seconds(5)});
    then = [&] {
        scan([&] {
            device->type(sim::typed("-REST"));
            device->type(sim::typed("NEXT"));
        });
    };
    loop.when([&] { return device->isHeld(); },
              [&] {
                  scan([&] {
                      auto begun = sim::typed("BEGUN");
                      begun.resize(begun.size() - 4);
                      device->type(begun);
                      loop.after(Milliseconds(50), [&] { scanner->cancel(); });
                  });
              });
    loop.runToEnd();
    BOOST_TEST(story == "cancelled; NEXT; ");
    scanner->cancel(); // none runs
}

BOOST_AUTO_TEST_CASE(two_scans_at_once_are_one_too_many)
{
    plug();
    hold();
    then = [&] { device->type(sim::typed("A")); };
    loop.when([&] { return device->isHeld(); },
              [&] {
                  scan();
                  scan();
              });
    loop.runToEnd();
    BOOST_TEST(story == "StepOutOfOrder; A; ");
}

BOOST_AUTO_TEST_CASE(a_scanner_that_is_pulled_out_ends_the_scan_and_is_found_again)
{
    plug();
    hold({.lookAgain = Milliseconds(5)});
    then = [&] {
        then = [&] {
            plug();
            loop.when([&] { return device->isHeld(); },
                      [&] {
                          loop.after(Milliseconds(50),
                                     [&] { scan([&] { device->type(sim::typed("AGAIN")); }); });
                      });
        };
        scan([] { BOOST_ERROR("nobody listens"); });
    };
    loop.when([&] { return device->isHeld(); }, [&] { scan([&] { device.reset(); }); });
    loop.runToEnd();
    BOOST_TEST(story == "no scanner; no scanner; AGAIN; ");
}

BOOST_AUTO_TEST_CASE(half_a_code_of_a_scanner_that_went_is_forgotten)
{
    plug();
    hold({.pause = std::chrono::seconds(5), .lookAgain = Milliseconds(5)});
    then = [&] {
        plug();
        loop.when([&] { return device->isHeld(); },
                  [&] {
                      loop.after(Milliseconds(50),
                                 [&] { scan([&] { device->type(sim::typed("WHOLE")); }); });
                  });
    };
    loop.when([&] { return device->isHeld(); },
              [&] {
                  scan([&] {
                      auto begun = sim::typed("HALF");
                      begun.resize(begun.size() - 4);
                      device->type(begun);
                      device.reset();
                  });
              });
    loop.runToEnd();
    BOOST_TEST(story == "no scanner; WHOLE; ");
}

BOOST_AUTO_TEST_SUITE_END()
