// SPDX-License-Identifier: EUPL-1.2
//
// Files under /assets/, held in memory, and what a page may load.
#pragma once

#include <map>
#include <string>

namespace amt::page {

struct Asset {
    std::string contentType;
    std::string body;
    std::string etag;
};
/// By address, "/assets/kern.css". Empty when the folder is missing: pages then come without
/// styles.
std::map<std::string, Asset> readAssets(const std::string& folder);

/// Sent with every page (ui.md 1).
extern const char* const contentSecurityPolicy;

} // namespace amt::page
