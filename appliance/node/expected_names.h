// SPDX-License-Identifier: EUPL-1.2
//
// Who is expected, in memory only and not to be read: names and dates of birth as HMAC under a key
// that this process made by chance and that ends with it.
#pragma once

#include "appliance/core/random.h"
#include "appliance/core/secret.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace amt::node {

/// Names are the same where a clerk's comparison of card and case takes them for the same
/// (office::sameLetters), spaces tidied. On disk such a list would be open to guessing, so it never
/// goes there.
class ExpectedNames {
public:
    explicit ExpectedNames(RandomSource& random);

    /// `dateOfBirth`: ISO; empty: whoever has the names is the one.
    void note(const std::string& appointment, std::string_view familyName,
              std::string_view givenNames, std::string_view dateOfBirth);
    /// Nobody can open them: they match nobody's, and are known to be unknown.
    void noteUnreadable(const std::string& appointment) { _expected[appointment] = {}; }
    bool knows(const std::string& appointment) const { return _expected.contains(appointment); }
    bool isUnreadable(const std::string& appointment) const;
    bool matches(const std::string& appointment, std::string_view familyName,
                 std::string_view givenNames, std::string_view dateOfBirth) const;
    /// All others are forgotten.
    void keepOnly(const std::set<std::string>& appointments);
    std::size_t count() const { return _expected.size(); }

private:
    struct Expected {
        Bytes mark; ///< empty: unreadable
        bool isBornKnown = false;
    };
    Bytes mark(std::string_view familyName, std::string_view givenNames,
               std::string_view dateOfBirth) const;

    Secret _key;
    std::map<std::string, Expected> _expected; ///< by appointment
};

} // namespace amt::node
