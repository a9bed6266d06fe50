// SPDX-License-Identifier: EUPL-1.2
//
// Receipts on the simulated printer: what stands on them, and what is said when paper, cover or
// plug fail.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "drivers/escpos/escpos.h"
#include "drivers/escpos/socket_pipe.h"
#include "tests/sim/printer/sim_usb_pipe.h"
#include "tests/sim/printer/socket_server.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace amt;
using namespace amt::escpos;
using namespace amt::sim;

namespace {

struct Town {
    Town() { log::setEnabled(false); }
    ~Town() { log::setEnabled(true); }

    PrintOutcome print(const PrintJob& job)
    {
        std::optional<PrintOutcome> result;
        driver->print(job, [&](PrintOutcome outcome) {
            result = outcome;
            loop.stop();
        });
        BOOST_TEST(!result); // never from within the call
        run();
        return result.value();
    }
    PrinterState state()
    {
        PrinterState result;
        driver->state([&](PrinterState found) {
            result = found;
            loop.stop();
        });
        run();
        return result;
    }
    void run()
    {
        loop.run();
        loop.~RealEventLoop();
        new (&loop) RealEventLoop;
    }

    RealEventLoop loop;
    SimPrinter printer;
    SimUsbPipe pipe{printer};
    EscposSettings settings;
    std::unique_ptr<ReceiptPrinter> driver = makeEscposPrinter(settings, pipe, loop);
};

PrintJob receipt(const std::string& name = "Jörg Müller")
{
    return {
        .id = "0193",
        .elements = {PrintText{.text = "Stadt Soest", .centred = true, .bold = true, .large = true},
                     PrintText{.text = name}, PrintRule{},
                     PrintPair{.left = "Bewohnerparkausweis", .right = "30,70 €"},
                     PrintPair{.left = "Summe", .right = "30,70 €", .bold = true},
                     PrintQr{"https://example.org/v/AZ-2026-0001"},
                     PrintText{.text = "Danke für Ihren Besuch"}}};
}

template <typename Outcome>
bool is(const PrintOutcome& outcome)
{
    return std::holds_alternative<Outcome>(outcome);
}

} // namespace

BOOST_AUTO_TEST_SUITE(escpos_printer)

BOOST_FIXTURE_TEST_CASE(a_receipt_is_printed_as_a_person_would_write_it, Town)
{
    BOOST_TEST(is<Printed>(print(receipt())));
    BOOST_REQUIRE(printer.papers().size() == 1u);
    std::string rule;
    for (int i = 0; i < 48; ++i)
        rule += "─";
    BOOST_TEST(printer.papers()[0].text() ==
               "             Stadt Soest\n"
               "Jörg Müller\n" +
                   rule +
                   "\n"
                   "Bewohnerparkausweis                      30,70 €\n"
                   "Summe                                    30,70 €\n"
                   "\n"
                   "[QR: https://example.org/v/AZ-2026-0001]\n"
                   "\n"
                   "Danke für Ihren Besuch\n"
                   "\n");
    BOOST_TEST(printer.misunderstood() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_name_outside_the_code_page_is_printed_as_a_picture, Town)
{
    BOOST_TEST(is<Printed>(print(receipt("Žaneta Łukaszewicz"))));
    const auto& items = printer.papers().at(0).items;
    BOOST_TEST(items.at(0).texts.size() == 1u);
    BOOST_TEST(items.at(1).picture.has_value());
    BOOST_TEST(items.at(1).picture->width == 576);
    BOOST_TEST(printer.misunderstood() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_name_full_of_commands_does_nothing, Town)
{
    BOOST_TEST(
        is<Printed>(print(receipt("Jörg\x1b@\x1dV\x42\x01\x10\x04\x01\x1b\x74\x02 Müller"))));
    BOOST_REQUIRE(printer.papers().size() == 1u);
    BOOST_TEST(printer.papers()[0].text().find("Jörg@VBt Müller\n") != std::string::npos);
    BOOST_TEST(printer.misunderstood() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_very_long_name_is_broken_not_cut, Town)
{
    const std::string name =
        "Xavier-Alexander-Alexander-Alexander-Alexander-Alexander-Alexander-Maximilian";
    BOOST_TEST(is<Printed>(print(
        {.id = "1",
         .elements = {PrintText{.text = name}, PrintPair{.left = name, .right = "1,00 €"}}})));
    BOOST_TEST(printer.papers().at(0).text() == "Xavier-Alexander-Alexander-Alexander-Alexander-\n"
                                                "Alexander-Alexander-Maximilian\n"
                                                "Xavier-Alexander-Alexander-Alexander-\n"
                                                "Alexander-Alexander-Alexander-Maximilian  1,00 €\n"
                                                "\n");
}

BOOST_FIXTURE_TEST_CASE(without_paper_nothing_is_begun, Town)
{
    printer.setPaper(false);
    BOOST_TEST(is<PaperOut>(print(receipt())));
    const auto found = state();
    BOOST_TEST(found.present);
    BOOST_TEST(found.paperOut);
    printer.setPaper(true);
    BOOST_TEST(is<Printed>(print(receipt())));
    BOOST_TEST(printer.papers().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_open_cover_is_told_from_missing_paper, Town)
{
    printer.setCover(true);
    BOOST_TEST(is<CoverOpen>(print(receipt())));
    BOOST_TEST(state().coverOpen);
}

BOOST_FIXTURE_TEST_CASE(paper_that_ends_in_the_middle_interrupts_and_the_next_job_is_whole, Town)
{
    printer.setPaperLeft(100);
    BOOST_TEST(is<PrintInterrupted>(print(receipt())));
    BOOST_TEST(state().paperOut);
    printer.setPaper(true);
    BOOST_TEST(is<Printed>(print(receipt())));
    // What was left of the first job comes out before, then all of the second.
    BOOST_TEST(printer.papers().back().text().find("Stadt Soest") != std::string::npos);
    BOOST_TEST(printer.misunderstood() == 0);
}

BOOST_FIXTURE_TEST_CASE(paper_that_ends_in_a_picture_longer_than_the_buffer_leaves_no_rubbish, Town)
{
    PrintJob tall{.id = "1", .elements = {}};
    for (int i = 0; i < 10; ++i)
        tall.elements.push_back(PrintText{.text = "Łódź Žarko", .large = true});
    printer.setPaperLeft(60);
    BOOST_TEST(is<PrintInterrupted>(print(tall)));
    printer.setPaper(true);
    BOOST_TEST(is<Printed>(print(receipt())));
    BOOST_TEST(printer.misunderstood() == 0);
    const auto text = printer.papers().back().text();
    BOOST_TEST(text.find("Bewohnerparkausweis                      30,70 €\n") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_printer_that_is_not_there_prints_nothing, Town)
{
    pipe.setPlugged(false);
    BOOST_TEST(is<NoPrinter>(print(receipt())));
    BOOST_TEST(!state().present);
    pipe.setPlugged(true);
    BOOST_TEST(state().present);
    BOOST_TEST(is<Printed>(print(receipt())));
}

BOOST_FIXTURE_TEST_CASE(
    a_plug_pulled_before_the_job_is_no_printer_and_in_the_middle_an_interruption, Town)
{
    BOOST_TEST(state().present);
    pipe.setPlugged(false);
    BOOST_TEST(is<NoPrinter>(print(receipt())));
    pipe.setPlugged(true);
    BOOST_TEST(is<Printed>(print(receipt())));
    pipe.unplugAfter(60);
    BOOST_TEST(is<PrintInterrupted>(print(receipt())));
    pipe.setPlugged(true);
    BOOST_TEST(is<Printed>(print(receipt())));
}

BOOST_FIXTURE_TEST_CASE(a_mute_printer_is_believed_by_its_port, Town)
{
    pipe.setMute(true);
    BOOST_TEST(is<Printed>(print(receipt())));
    printer.setPaper(false);
    BOOST_TEST(is<PaperOut>(print(receipt())));
}

BOOST_FIXTURE_TEST_CASE(paper_that_is_near_its_end_prints_and_is_told, Town)
{
    printer.setNearEnd(true);
    BOOST_TEST(is<Printed>(print(receipt())));
    BOOST_TEST(state().paperNearEnd);
}

BOOST_FIXTURE_TEST_CASE(a_job_that_cannot_be_printed_is_refused_whole, Town)
{
    const auto outcome = print(
        {.id = "1", .elements = {PrintText{.text = "Soest"}, PrintQr{std::string(2000, 'x')}}});
    BOOST_TEST((std::get<DeviceFailed>(outcome).code == ErrorCode::InputTooLarge));
    BOOST_TEST(
        (std::get<DeviceFailed>(print({.id = "1", .elements = {PrintText{.text = "J\xF6rg"}}}))
             .code == ErrorCode::InputMalformed));
    BOOST_TEST(printer.papers().empty());
}

BOOST_FIXTURE_TEST_CASE(every_name_of_the_samples_stands_on_a_receipt, Town)
{
    const auto file = test::shared() / "samples/ui/personen-din91379.csv";
    if (test::skipWithout(file, "samples of names"))
        return;
    std::ifstream lines(file);
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream cells(line);
        std::string family;
        std::string given;
        std::getline(cells, family, ',');
        std::getline(cells, given, ',');
        BOOST_TEST(is<Printed>(print(receipt(given + " " + family))));
    }
    BOOST_TEST(printer.papers().size() == 36u);
    BOOST_TEST(printer.misunderstood() == 0);
}

BOOST_AUTO_TEST_CASE(the_emulated_printer_prints_over_its_socket)
{
    std::string folder = (std::filesystem::temp_directory_path() / "amt-printer-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(folder.data()));
    {
        Tray tray(folder + "/tray");
        SimPrinter printer([&](const PrintedPaper& paper) { tray.lay(paper); });
        PrinterServer server(printer, folder + "/printer");
        const auto pipe = makeSocketPipe(folder + "/printer");
        RealEventLoop loop;
        const auto driver = makeEscposPrinter({}, *pipe, loop);
        std::vector<std::size_t> outcomes;
        const auto note = [&](PrintOutcome outcome) { outcomes.push_back(outcome.index()); };
        driver->print(receipt("Żaneta Łukaszewicz"), note);
        server.with([](SimPrinter& at) { at.setPaper(false); });
        driver->print(receipt(), note);
        server.with([](SimPrinter& at) { at.setPaper(true); });
        driver->print(receipt(), [&](PrintOutcome outcome) {
            note(outcome);
            loop.stop();
        });
        loop.run();
        const std::vector<std::size_t> expected = {PrintOutcome(Printed{}).index(),
                                                   PrintOutcome(PaperOut{}).index(),
                                                   PrintOutcome(Printed{}).index()};
        BOOST_TEST(outcomes == expected, boost::test_tools::per_element());
        for (const auto* name : {"001.bin", "001.svg", "001.txt", "002.svg"})
            BOOST_TEST(std::filesystem::file_size(folder + "/tray/" + name) > 100u);
        Tray again(folder + "/tray");
        again.lay(printer.papers()[0]);
        BOOST_TEST(std::filesystem::exists(folder + "/tray/003.svg"));
    }
    std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(without_an_emulated_printer_there_is_none)
{
    const auto pipe = makeSocketPipe("/nonexistent/printer");
    BOOST_TEST(!pipe->open());
    BOOST_CHECK_THROW(pipe->portStatus(), Error);
}

BOOST_AUTO_TEST_SUITE_END()
