// SPDX-License-Identifier: EUPL-1.2
//
// Messages: key to text, one file for each language, with plural forms; and how a language writes
// days and money.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/local_date.h"
#include "appliance/core/money.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace amt::page {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class Texts {
public:
    /// Reads every *.json of `folder` and the German sentences of `errorsFile` (config/errors.tsv).
    /// Throws ConfigurationInvalid: unreadable, markup in a text, a key or plural form that one
    /// language lacks.
    Texts(const std::string& folder, const std::string& errorsFile);

    std::vector<std::string> languages() const;
    bool has(const std::string& language, const std::string& key) const;
    /// Throws ConfigurationInvalid when even German lacks the key.
    const std::string& raw(const std::string& language, const std::string& key) const;
    std::string get(const std::string& language, const std::string& key,
                    const Parameters& parameters = {}) const;
    /// The form of the text that fits `count`; {count} is the number.
    std::string plural(const std::string& language, const std::string& key,
                       std::int64_t count) const;

    /// "A, B, C"
    std::string listed(const std::string& language, const std::vector<std::string>& names) const;
    std::string money(const std::string& language, Money amount) const;
    /// "Sa, 21.11.2026"
    std::string day(const std::string& language, LocalDate day) const;
    /// "Sa, 21.11.2026 · 09:41 Uhr"
    std::string clock(const std::string& language, UtcTime time) const;

private:
    void readLanguage(const std::string& language, const std::string& path);
    void readErrors(const std::string& path);
    void compareLanguages() const;

    std::map<std::string, std::map<std::string, std::string>> _languages;
};

} // namespace amt::page
