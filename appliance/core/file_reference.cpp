// SPDX-License-Identifier: EUPL-1.2
//
// "BP-2026-7K3M-4Q": a weighted sum over the random characters finds every misread and every
// swapped neighbour.
#include "appliance/core/file_reference.h"

namespace amt {

namespace {

// No 0 O, 1 I L, B, U. 29 is a prime, so two different characters never weigh the same.
constexpr std::string_view letters = "23456789ACDEFGHJKMNPQRSTVWXYZ";
static_assert(letters.size() == 29);
constexpr std::size_t randomCharacters = 5;
constexpr std::size_t questionCharacters = 9;

char checkCharacter(std::string_view random)
{
    std::size_t sum = 0;
    for (std::size_t i = 0; i < random.size(); ++i)
        sum += (i + 1) * letters.find(random[i]);
    return letters[sum % letters.size()];
}

} // namespace

std::string makeFileReference(const std::string& prefix, LocalDate day, RandomSource& random)
{
    std::string drawn;
    for (std::size_t i = 0; i < randomCharacters; ++i)
        drawn.push_back(letters[randomBelow(random, letters.size())]);
    drawn.push_back(checkCharacter(drawn));
    return prefix + '-' + toIso(day).substr(0, 4) + '-' + drawn.substr(0, 4) + '-' +
           drawn.substr(4);
}

std::string readFileReference(std::string_view typed)
{
    std::string plain;
    for (char character : typed) {
        if (character == ' ' || character == '-')
            continue;
        if (character >= 'a' && character <= 'z')
            character = static_cast<char>(character - 'a' + 'A');
        plain.push_back(character);
    }
    if (plain.size() != 12)
        return {};
    const std::string prefix = plain.substr(0, 2), year = plain.substr(2, 4),
                      random = plain.substr(6, randomCharacters);
    if (prefix.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos ||
        year.find_first_not_of("0123456789") != std::string::npos ||
        random.find_first_not_of(letters) != std::string::npos ||
        plain.back() != checkCharacter(random))
        return {};
    return prefix + '-' + year + '-' + random.substr(0, 4) + '-' + random.substr(4) + plain.back();
}

std::string makeQuestionCode(RandomSource& random)
{
    std::string code;
    for (std::size_t i = 0; i < questionCharacters; ++i) {
        if (i > 0 && i % 3 == 0)
            code.push_back('-');
        code.push_back(letters[randomBelow(random, letters.size())]);
    }
    return code;
}

std::string readQuestionCode(std::string_view typed)
{
    std::string code;
    std::size_t count = 0;
    for (const char character : typed) {
        if (character == ' ' || character == '-')
            continue;
        const char upper = character >= 'a' && character <= 'z'
                               ? static_cast<char>(character - 'a' + 'A')
                               : character;
        if (letters.find(upper) == std::string_view::npos || count == questionCharacters)
            return {};
        if (count > 0 && count % 3 == 0)
            code.push_back('-');
        code.push_back(upper);
        ++count;
    }
    return count == questionCharacters ? code : std::string();
}

} // namespace amt
