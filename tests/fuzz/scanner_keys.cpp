// SPDX-License-Identifier: EUPL-1.2
//
// Any events of a scanner, in both layouts, with pauses: codes are printable and never too long,
// and what one code spoils is the next one's no more.
#include "appliance/core/error.h"
#include "drivers/scanner/key_decoder.h"

#include <linux/input.h>

#include <algorithm>

using namespace amt;
using namespace amt::scanner;

namespace {

void check(const ScannedLine& line)
{
    const auto* const scanned = std::get_if<CodeScanned>(&line);
    if (!scanned)
        return;
    const auto& code = scanned->code.reveal();
    AMT_ASSERT(!code.empty() && code.size() <= scannedCodeMax);
    AMT_ASSERT(std::ranges::all_of(code, [](char each) { return each >= ' ' && each <= '~'; }));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const auto layout = data[0] % 2 == 0 ? KeyLayout::Us : KeyLayout::De;
    KeyDecoder decoder(layout);
    for (std::size_t at = 1; at + 1 < size; at += 2) {
        const auto kind = data[at] % 16;
        if (kind == 15) {
            const bool wasAmidst = decoder.isAmidst();
            const auto line = decoder.pause();
            AMT_ASSERT(line.has_value() == wasAmidst);
            if (line)
                check(*line);
            continue;
        }
        const KeyEvent event{kind == 14 ? std::uint16_t{EV_SYN} : std::uint16_t{EV_KEY},
                             static_cast<std::uint16_t>(data[at + 1] | (data[at] / 128) << 8),
                             kind == 13 ? -1 : kind % 3};
        if (const auto line = decoder.take(event))
            check(*line);
    }
    decoder.take({EV_KEY, KEY_LEFTSHIFT, 0});
    decoder.take({EV_KEY, KEY_RIGHTSHIFT, 0});
    decoder.take({EV_KEY, KEY_RIGHTALT, 0});
    decoder.pause();
    decoder.take({EV_KEY, KEY_B, 1});
    const auto whole = decoder.take({EV_KEY, KEY_ENTER, 1});
    AMT_ASSERT(whole && std::get<CodeScanned>(*whole).code.reveal() == "b");
    return 0;
}
