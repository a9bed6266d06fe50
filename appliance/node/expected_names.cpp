// SPDX-License-Identifier: EUPL-1.2
//
// Names and dates of birth to marks.
#include "appliance/node/expected_names.h"

#include "appliance/office/form/text_rules.h"
#include "sync/envelope/envelope.h"

namespace amt::node {
namespace {

constexpr std::size_t keyBytes = 32;

} // namespace

ExpectedNames::ExpectedNames(RandomSource& random) : _key(randomBytes(random, keyBytes)) {}

Bytes ExpectedNames::mark(std::string_view familyName, std::string_view givenNames,
                          std::string_view dateOfBirth) const
{
    std::string all = office::folded(office::tidied(familyName));
    all.push_back('\0'); // in no name, so "Anna" + "Lena Meier" is not "Anna Lena" + "Meier"
    all += office::folded(office::tidied(givenNames));
    all.push_back('\0');
    all += dateOfBirth;
    auto marked = envelope::hmacSha256(_key, view(all));
    wipe(all);
    return marked;
}

void ExpectedNames::note(const std::string& appointment, std::string_view familyName,
                         std::string_view givenNames, std::string_view dateOfBirth)
{
    _expected[appointment] = {mark(familyName, givenNames, dateOfBirth), !dateOfBirth.empty()};
}

bool ExpectedNames::isUnreadable(const std::string& appointment) const
{
    const auto found = _expected.find(appointment);
    return found != _expected.end() && found->second.mark.empty();
}

bool ExpectedNames::matches(const std::string& appointment, std::string_view familyName,
                            std::string_view givenNames, std::string_view dateOfBirth) const
{
    const auto found = _expected.find(appointment);
    if (found == _expected.end() || found->second.mark.empty())
        return false;
    const auto born = found->second.isBornKnown ? dateOfBirth : std::string_view();
    return equalInConstantTime(found->second.mark, mark(familyName, givenNames, born));
}

void ExpectedNames::keepOnly(const std::set<std::string>& appointments)
{
    std::erase_if(_expected,
                  [&](const auto& entry) { return !appointments.contains(entry.first); });
}

} // namespace amt::node
