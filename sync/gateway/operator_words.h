// SPDX-License-Identifier: EUPL-1.2
//
// What the operators' pages say in German where a number or a state decides on the words.
#pragma once

#include "sync/gateway/fleet.h"

#include <string>

namespace amt::gateway {

/// "vor 3 Minuten", "vor 2 Tagen"; within a minute, or later than now: "gerade eben".
std::string agoInGerman(UtcTime then, UtcTime now);
/// "3 Minuten", "1 Stunde", "12 Tage".
std::string durationInGerman(Milliseconds duration);
/// "noch 12 Tage", "noch 1 Tag", "endet heute", "seit 3 Tagen abgelaufen".
std::string daysLeftInGerman(UtcTime ends, UtcTime now);
/// "21.11.2026, 10:41 Uhr"
std::string momentInGerman(UtcTime time);
/// What is wrong, short enough for a badge.
std::string inGerman(Trouble trouble);
/// "1 Knoten", "3 Knoten", "1 Anfrage".
std::string countInGerman(std::size_t count, const std::string& one, const std::string& several);
/// Of a row of operator_act, a transport key's state, and a line of a node's history.
std::string actInGerman(const std::string& act);
std::string keyStateInGerman(const std::string& state);
std::string inGerman(const NodeHistory::Event& event);

} // namespace amt::gateway
