// SPDX-License-Identifier: EUPL-1.2
//
// Whatever stands in a receipt: the printer prints one paper and understands every command.
#include "appliance/core/error.h"
#include "drivers/escpos/receipt.h"
#include "tests/sim/printer/sim_printer.h"

using namespace amt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const escpos::Drawing drawing(576);
    if (size < 1 || size > 400)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const bool bold = (data[0] & 1) != 0;
    const PrintJob job{
        .id = "1",
        .elements = {PrintText{.text = text,
                               .centred = bold,
                               .bold = bold,
                               .large = (data[0] & 2) != 0,
                               .huge = (data[0] & 4) != 0},
                     PrintPair{.left = text, .right = text.substr(0, data[0]), .bold = bold},
                     PrintQr{(data[0] & 4) != 0 ? text : std::string("https://example.org")}}};
    try {
        sim::SimPrinter printer;
        for (const auto& command : escpos::commandsOf(job, drawing, 48)) {
            AMT_ASSERT(command.size() <= 4096);
            AMT_ASSERT(printer.take(command) == command.size());
        }
        AMT_ASSERT(printer.papers().size() == 1);
        AMT_ASSERT(printer.misunderstood() == 0);
        AMT_ASSERT(printer.answers().empty());
    } catch (const Error&) {
        // refused whole
    }
    return 0;
}
