// SPDX-License-Identifier: EUPL-1.2
//
// Names to marks.
#include "appliance/node/expected_names.h"

#include "appliance/office/form/text_rules.h"
#include "sync/envelope/envelope.h"

namespace amt::node {
namespace {

constexpr std::size_t keyBytes = 32;

} // namespace

ExpectedNames::ExpectedNames(RandomSource& random) : _key(randomBytes(random, keyBytes)) {}

Bytes ExpectedNames::mark(std::string_view familyName, std::string_view givenNames) const
{
    std::string both = office::folded(office::tidied(familyName));
    both.push_back('\0'); // in no name, so "Anna" + "Lena Meier" is not "Anna Lena" + "Meier"
    both += office::folded(office::tidied(givenNames));
    auto marked = envelope::hmacSha256(_key, view(both));
    wipe(both);
    return marked;
}

void ExpectedNames::note(const std::string& appointment, std::string_view familyName,
                         std::string_view givenNames)
{
    _names[appointment] = mark(familyName, givenNames);
}

bool ExpectedNames::isUnreadable(const std::string& appointment) const
{
    const auto found = _names.find(appointment);
    return found != _names.end() && found->second.empty();
}

bool ExpectedNames::matches(const std::string& appointment, std::string_view familyName,
                            std::string_view givenNames) const
{
    const auto found = _names.find(appointment);
    return found != _names.end() && !found->second.empty() &&
           equalInConstantTime(found->second, mark(familyName, givenNames));
}

void ExpectedNames::keepOnly(const std::set<std::string>& appointments)
{
    std::erase_if(_names, [&](const auto& entry) { return !appointments.contains(entry.first); });
}

} // namespace amt::node
