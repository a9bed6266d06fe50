// SPDX-License-Identifier: EUPL-1.2
//
// Buttons of the frame that a form page posts as its action, so that what was typed stays.
#pragma once

#include <string>

namespace amt::node {

class House;
struct Visit;

/// Language or look of the page, pressed while a form is open ("language-en", "text-1");
/// "part-2" changes nothing. Throws RequestMalformed.
void adjustFrame(const House& house, Visit& visit, const std::string& action);

/// Where the page goes on: "part-2" is another part of it.
std::string addressWithPart(const std::string& address, const std::string& action);

} // namespace amt::node
