// SPDX-License-Identifier: EUPL-1.2
//
// Any bytes on the simulated printer, with paper that ends and comes back.
#include "tests/sim/printer/sim_printer.h"

using namespace amt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    sim::SimPrinter printer([](const sim::PrintedPaper& paper) {
        (void)paper.text();
        (void)paper.svg();
    });
    printer.setPaperLeft(data[0] * 8);
    const auto bytes = ByteView(data, size).subspan(2);
    const std::size_t piece = 1 + data[1];
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        printer.take(bytes.subspan(at, std::min(piece, bytes.size() - at)));
        (void)printer.answers();
    }
    printer.setPaper(true);
    (void)printer.portStatus();
    return 0;
}
