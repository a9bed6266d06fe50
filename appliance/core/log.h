// SPDX-License-Identifier: EUPL-1.2
//
// One line an event, "key=value", to standard error. Only what is passed here is written, so pass
// no personal data: Secret and Personal<T> do not convert to text.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace amt::log {

using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

/// `event`: a dotted name such as "case.sealed". Control characters in values are escaped.
void info(std::string_view event, Fields fields = {});
void warning(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

/// Name of the process in every line; once, in main.
void setProcess(std::string name);
/// Silent in tests that fail things on purpose.
void setEnabled(bool enabled);

} // namespace amt::log
