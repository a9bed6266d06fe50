// SPDX-License-Identifier: EUPL-1.2
//
// The characters and sequences of DIN 91379 as data: din91379.txt says where they come from.
#pragma once

#include <string_view>

namespace amt::office {

/// Lines of group (bll, bnlreq, bnl) and code points in hexadecimal; '#' begins a comment line.
extern const std::string_view din91379List;

} // namespace amt::office
