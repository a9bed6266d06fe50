// SPDX-License-Identifier: EUPL-1.2
//
// The simulated printer keeps to the manual, so that what it prints can be believed.
#include "tests/sim/printer/sim_printer.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::sim;

namespace {

Bytes hex(std::string text)
{
    std::erase(text, ' ');
    return fromHex(text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(sim_printer)

BOOST_AUTO_TEST_CASE(it_prints_the_euro_only_with_its_code_page)
{
    SimPrinter printer;
    printer.take(hex("1b40 d5 0a 1b7413 d5 0a 1d564200"));
    BOOST_TEST(printer.papers().at(0).text() == "?\n€\n");
    BOOST_TEST(printer.misunderstood() == 1);
}

BOOST_AUTO_TEST_CASE(it_understands_commands_in_single_bytes)
{
    SimPrinter printer;
    for (const auto byte : hex("1b40 1b6101 4142 0a 1b6100 1d76300001000200 ff81 1d564200"))
        printer.take(ByteView{&byte, 1});
    const auto& paper = printer.papers().at(0);
    BOOST_TEST(paper.items.size() == 2u);
    BOOST_TEST(paper.items[0].texts.at(0).x == (576 - 24) / 2);
    BOOST_TEST(paper.items[1].picture->dark(0, 1));
    BOOST_TEST(!paper.items[1].picture->dark(1, 1));
    BOOST_TEST(printer.misunderstood() == 0);
}

BOOST_AUTO_TEST_CASE(it_answers_at_once_even_without_paper)
{
    SimPrinter printer;
    printer.take(hex("100401 100402 100404"));
    BOOST_TEST(toHex(printer.answers()) == "121212");
    printer.setPaper(false);
    printer.take(hex("100401 100402 100404"));
    BOOST_TEST(toHex(printer.answers()) == "1a327e");
    printer.setPaper(true);
    printer.setCover(true);
    printer.take(hex("100401 100402 100404"));
    BOOST_TEST(toHex(printer.answers()) == "1a1612");
    BOOST_TEST(printer.portStatus() == 0x10);
}

BOOST_AUTO_TEST_CASE(it_executes_a_status_question_in_the_middle_of_a_picture)
{
    SimPrinter printer;
    printer.take(hex("1d76300003000100 100401"));
    BOOST_TEST(toHex(printer.answers()) == "12");
    printer.take(hex("1d564200"));
    BOOST_TEST(printer.papers().at(0).items.at(0).picture->width == 24);
}

BOOST_AUTO_TEST_CASE(it_answers_a_queued_question_only_after_all_before_it)
{
    SimPrinter printer;
    printer.setPaper(false);
    printer.take(hex("41 0a 1d7201"));
    BOOST_TEST(printer.answers().empty());
    printer.setPaper(true);
    BOOST_TEST(toHex(printer.answers()) == "00");
}

BOOST_AUTO_TEST_CASE(it_takes_four_kilobytes_when_it_cannot_print)
{
    SimPrinter printer;
    printer.setPaper(false);
    BOOST_TEST(printer.take(Bytes(5000, 'x')) == 4096u);
    BOOST_TEST(printer.take(Bytes(1, 'x')) == 0u);
    BOOST_TEST(printer.take(hex("100401")) == 3u);
    BOOST_TEST(printer.answers().size() == 1u);
}

BOOST_AUTO_TEST_CASE(it_draws_a_qr_code_itself)
{
    SimPrinter printer;
    printer.take(hex("1d286b040031413200 1d286b0300314306 1d286b0300314531 1d286b05003150304142 "
                     "1d286b0300315130 1d5600"));
    const auto& item = printer.papers().at(0).items.at(0);
    BOOST_TEST(item.qrContent.value() == "AB");
    BOOST_TEST(item.height == 21 * 6); // version 1
    BOOST_TEST(printer.papers().at(0).text() == "[QR: AB]\n");
}

BOOST_AUTO_TEST_CASE(it_counts_what_it_does_not_understand)
{
    SimPrinter printer;
    printer.take(hex("1b51 07 1d76300090000100"));
    printer.take(Bytes(0x90, 0));
    BOOST_TEST(printer.misunderstood() >= 3);
}

BOOST_AUTO_TEST_CASE(its_svg_escapes_text)
{
    SimPrinter printer;
    printer.take(concat(toBytes("<a & \"b\">"), hex("0a 1d564200")));
    const auto svg = printer.papers().at(0).svg();
    BOOST_TEST(svg.find("&lt;a &amp; &quot;b&quot;&gt;") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
