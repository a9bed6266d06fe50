// SPDX-License-Identifier: EUPL-1.2
//
// 32 characters, five bits each: digits without 0 and 1, letters without I and O.
#include "appliance/office/people/codes.h"

#include <array>

namespace amt::office {

namespace {

constexpr std::string_view letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr int codeCharacters = 24;
constexpr int groupCharacters = 4;
static_assert(letters.size() == 32);

} // namespace

std::string randomLetters(RandomSource& random, int count)
{
    Bytes drawn = randomBytes(random, static_cast<std::size_t>(count));
    std::string text;
    for (const std::uint8_t byte : drawn)
        text.push_back(letters[byte % letters.size()]); // 256 is a multiple of 32: uniform
    wipe(drawn);
    return text;
}

Secret randomCode(RandomSource& random)
{
    std::string drawn = randomLetters(random, codeCharacters);
    std::string grouped;
    for (std::size_t at = 0; at < drawn.size(); at += groupCharacters)
        grouped += (at == 0 ? "" : "-") + drawn.substr(at, groupCharacters);
    Secret code{std::string_view(grouped)};
    wipe(drawn);
    wipe(grouped);
    return code;
}

std::optional<Secret> normalisedCode(std::string_view typed)
{
    std::array<char, codeCharacters> kept{};
    std::size_t count = 0;
    for (char character : typed) {
        if (character == ' ' || character == '-')
            continue;
        if (character >= 'a' && character <= 'z')
            character = static_cast<char>(character - 'a' + 'A');
        if (count == kept.size() || letters.find(character) == std::string_view::npos)
            return std::nullopt;
        kept[count++] = character;
    }
    if (count != kept.size())
        return std::nullopt;
    return Secret(std::string_view(kept.data(), kept.size()));
}

} // namespace amt::office
