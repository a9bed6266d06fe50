// SPDX-License-Identifier: EUPL-1.2
//
// Names of files that others chose, made plain.
#pragma once

#include <string>

namespace amt::node {

/// A name that no file system takes for a path, a command or another type: letters and digits of
/// any language, blanks, '.', '-', '_'; the ending of its type.
std::string plainFileName(const std::string& filename, const std::string& mimeType);

} // namespace amt::node
