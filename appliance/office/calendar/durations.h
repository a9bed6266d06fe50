// SPDX-License-Identifier: EUPL-1.2
//
// How long an appointment takes: minutes by service, combined and with quantities.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace amt::office {

struct ServiceTime {
    std::chrono::minutes each{0}; ///< for one person or document; need not be a multiple of five
    int quantityMax = 1;

    bool operator==(const ServiceTime&) const = default;
};

/// By service key (Leistungsschlüssel), for one scope.
using ServiceTimes = std::map<std::string, ServiceTime>;

struct WantedService {
    std::string serviceKey;
    int quantity = 1;

    bool operator==(const WantedService&) const = default;
};

/// Sum over all that is wanted; rounding to cells comes after the sum. Throws NotFound (a service
/// that is not offered here) and InputMalformed (nothing wanted, one service twice, a quantity
/// beyond its limit, longer than a working day of eight hours).
std::chrono::minutes durationOf(const ServiceTimes& times,
                                const std::vector<WantedService>& wanted);

} // namespace amt::office
