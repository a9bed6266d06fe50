// SPDX-License-Identifier: EUPL-1.2
//
// QR codes by libqrencode: each row's dark modules in as few strokes as there are runs.
#include "kiosk/page/qr.h"

#include "appliance/core/error.h"

#include <qrencode.h>

#include <memory>

namespace amt::page {

QrDrawing qrDrawing(const std::string& text)
{
    constexpr int quietZone = 4;
    const std::unique_ptr<QRcode, decltype(&::QRcode_free)> code(
        ::QRcode_encodeData(static_cast<int>(text.size()),
                            reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M),
        &::QRcode_free);
    if (!code)
        throw Error(ErrorCode::InputTooLarge, "more than a QR code holds");
    QrDrawing drawing{.size = code->width + 2 * quietZone, .path = {}};
    for (int y = 0; y < code->width; ++y) {
        const unsigned char* row = code->data + static_cast<std::ptrdiff_t>(y) * code->width;
        const auto dark = [&](int x) { return x < code->width && (row[x] & 1U) != 0; };
        for (int x = 0; x < code->width; ++x) {
            if (!dark(x))
                continue;
            int run = 1;
            while (dark(x + run))
                ++run;
            drawing.path += "M" + std::to_string(x + quietZone) + " " +
                            std::to_string(y + quietZone) + "h" + std::to_string(run) + "v1h-" +
                            std::to_string(run) + "z";
            x += run;
        }
    }
    return drawing;
}

} // namespace amt::page
