// SPDX-License-Identifier: EUPL-1.2
//
// QR codes as drawings of a page.
#pragma once

#include <string>

namespace amt::page {

struct QrDrawing {
    int size = 0;     ///< modules of one side, with the quiet zone of four around
    std::string path; ///< "d" of an SVG path: the dark modules
};
/// Bytes as they are, error correction M. Throws InputTooLarge.
QrDrawing qrDrawing(const std::string& text);

} // namespace amt::page
