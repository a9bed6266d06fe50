// SPDX-License-Identifier: EUPL-1.2
//
// Files under /assets/, held in memory.
#pragma once

#include "kiosk/page/page.h"

#include <map>
#include <string>

namespace amt::page {

/// By address, "/assets/kern.css". Empty when the folder is missing: pages then come without
/// styles.
std::map<std::string, Renderer::Asset> readAssets(const std::string& folder);

} // namespace amt::page
