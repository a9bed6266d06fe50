// SPDX-License-Identifier: EUPL-1.2
//
// Views into template data, one function for each surface; inside the module only.
#pragma once

#include "kiosk/page/page.h"
#include "kiosk/page/templates.h"
#include "kiosk/page/texts.h"

#include <string>

namespace amt::page {

struct Filled {
    std::string name; ///< of the template
    Data data;
};

Filled fillKiosk(const Texts& texts, const Frame& frame, const KioskView& view);
Filled fillDesk(const Texts& texts, const DeskFrame& frame, const DeskView& view);
Filled fillDisplay(const Texts& texts, const DisplayView& view);
BoardWords boardWords(const Texts& texts, const DisplayPage& view);

/// A value as people read it: the label of a choice, not its key; a day as 21.11.1964.
std::string shownValue(const Texts& texts, const std::string& language, const FieldView& field);

} // namespace amt::page
