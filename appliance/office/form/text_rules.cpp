// SPDX-License-Identifier: EUPL-1.2
//
// Text is normalised once, at the door, and then only judged: no case is changed, nothing is
// transliterated.
#include "appliance/office/form/text_rules.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/office/form/din91379.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <set>

namespace amt::office {

namespace {

constexpr std::size_t sequenceMax = 3;        // longest entry of the list, in code points
constexpr std::size_t plateCharactersMax = 8; // FZV, without blank and hyphen

std::u32string codePoints(std::string_view text)
{
    const auto wide = icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    std::u32string points;
    for (int32_t at = 0; at < wide.length(); at = wide.moveIndex32(at, 1))
        points.push_back(static_cast<char32_t>(wide.char32At(at)));
    return points;
}

std::string toUtf8(std::u32string_view points)
{
    icu::UnicodeString wide;
    for (const char32_t point : points)
        wide.append(static_cast<UChar32>(point));
    std::string text;
    wide.toUTF8String(text);
    return text;
}

bool isMark(char32_t point)
{
    return (U_GET_GC_MASK(static_cast<UChar32>(point)) & U_GC_M_MASK) != 0;
}

std::set<std::u32string> readList(CharacterSet set)
{
    std::set<std::u32string> entries;
    std::string_view rest = din91379List;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const std::size_t blank = line.find(' ');
        const std::string_view group = line.substr(0, blank);
        const bool wanted =
            group == "bll" || group == "bnlreq" || (group == "bnl" && set == CharacterSet::TextB);
        if (!wanted || blank == std::string_view::npos)
            continue;
        std::u32string entry;
        for (std::size_t at = blank + 1; at < line.size(); at += 5)
            entry.push_back(
                static_cast<char32_t>(std::stoul(std::string(line.substr(at, 4)), nullptr, 16)));
        entries.insert(entry);
    }
    return entries;
}

const std::set<std::u32string>& entriesOf(CharacterSet set)
{
    static const std::set<std::u32string> names = readList(CharacterSet::NamesA);
    static const std::set<std::u32string> texts = readList(CharacterSet::TextB);
    return set == CharacterSet::NamesA ? names : texts;
}

bool isBlank(char32_t point)
{
    return point == U' ' || point == U'\t' || point == U'\u00A0' || point == U'\u202F';
}

bool isDigit(char32_t point)
{
    return point >= U'0' && point <= U'9';
}

bool isPlateLetter(char32_t point)
{
    return (point >= U'A' && point <= U'Z') || point == U'Ä' || point == U'Ö' || point == U'Ü';
}

char32_t upper(char32_t point)
{
    if (point >= U'a' && point <= U'z')
        return point - U'a' + U'A';
    switch (point) {
    case U'ä':
        return U'Ä';
    case U'ö':
        return U'Ö';
    case U'ü':
        return U'Ü';
    default:
        return point;
    }
}

/// Takes letters or digits from the front.
template <typename Predicate>
std::u32string take(std::u32string_view& from, Predicate belongs)
{
    const auto end = std::find_if_not(from.begin(), from.end(), belongs);
    std::u32string taken(from.begin(), end);
    from.remove_prefix(taken.size());
    return taken;
}

PlateJudged notAPlate(const std::string& errorKey, std::string detail = {})
{
    return {.plate = {}, .errorKey = errorKey, .detail = std::move(detail)};
}

} // namespace

std::string nfc(std::string_view text)
{
    if (!isValidUtf8(std::string(text)))
        throw Error(ErrorCode::TextNotAllowed, "not UTF-8");
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normaliser = icu::Normalizer2::getNFCInstance(status);
    icu::UnicodeString normal;
    if (U_SUCCESS(status)) {
        normal = normaliser->normalize(icu::UnicodeString::fromUTF8(icu::StringPiece(
                                           text.data(), static_cast<int32_t>(text.size()))),
                                       status);
    }
    if (U_FAILURE(status))
        throw Error(ErrorCode::SystemFailed, "normalisation is not available");
    std::string result;
    normal.toUTF8String(result);
    return result;
}

std::string tidied(std::string_view text)
{
    std::u32string kept;
    for (const char32_t point : codePoints(nfc(text))) {
        if (!isBlank(point))
            kept.push_back(point);
        else if (!kept.empty() && kept.back() != U' ')
            kept.push_back(U' ');
    }
    if (!kept.empty() && kept.back() == U' ')
        kept.pop_back();
    return toUtf8(kept);
}

std::optional<std::string> offending(std::string_view text, CharacterSet set)
{
    const std::set<std::u32string>& entries = entriesOf(set);
    const std::u32string points = codePoints(text);
    std::size_t at = 0;
    std::size_t before = 0; // where the last match began
    while (at < points.size()) {
        std::size_t length = std::min(sequenceMax, points.size() - at);
        while (length > 0 && entries.find(points.substr(at, length)) == entries.end())
            --length;
        if (length > 0) {
            before = at;
            at += length;
            continue;
        }
        // A mark is shown with the letter that it stands on.
        const std::size_t from = isMark(points[at]) ? before : at;
        std::size_t end = at + 1;
        while (end < points.size() && isMark(points[end]))
            ++end;
        return toUtf8(points.substr(from, end - from));
    }
    return std::nullopt;
}

bool sameLetters(std::string_view left, std::string_view right)
{
    return folded(left) == folded(right);
}

std::string folded(std::string_view text)
{
    std::string utf8;
    icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())))
        .foldCase()
        .toUTF8String(utf8);
    return utf8;
}

int charactersIn(std::string_view text)
{
    return static_cast<int>(codePoints(text).size());
}

PlateJudged judgePlate(std::string_view text)
{
    std::u32string typed;
    for (const char32_t point : codePoints(tidied(text))) {
        const char32_t letter = upper(point);
        if (!isPlateLetter(letter) && !isDigit(letter) && letter != U'-' && letter != U' ')
            return notAPlate("form.error.character", toUtf8({&point, 1}));
        typed.push_back(letter);
    }
    std::u32string_view rest = typed;
    const auto separator = [](char32_t point) { return point == U'-' || point == U' '; };
    const std::u32string district = take(rest, isPlateLetter);
    // Without hyphen or blank nobody can tell MS-A from M-SA.
    const std::u32string gap = take(rest, separator);
    const std::u32string letters = take(rest, isPlateLetter);
    take(rest, separator);
    const std::u32string digits = take(rest, isDigit);
    take(rest, separator);
    const std::u32string ending = take(rest, isPlateLetter);
    const bool endingGood = ending.empty() || ending == U"E" || ending == U"H";
    if (!rest.empty() || district.empty() || district.size() > 3 || gap.empty() ||
        letters.empty() || letters.size() > 2 || digits.empty() || digits.size() > 4 ||
        digits.front() == U'0' || !endingGood)
        return notAPlate("form.error.plate");
    if (district.size() + letters.size() + digits.size() + ending.size() > plateCharactersMax)
        return notAPlate("form.error.tooLong");
    return {.plate = toUtf8(district + U"-" + letters + U" " + digits + ending),
            .errorKey = {},
            .detail = {}};
}

std::optional<LocalDate> typedDay(std::string_view text)
{
    const std::string typed = tidied(text);
    std::string iso = typed;
    const auto allDigits = [](std::string_view part) {
        return !part.empty() &&
               std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    const std::size_t first = typed.find('.');
    if (first != std::string::npos) {
        const std::size_t second = typed.find('.', first + 1);
        if (second == std::string::npos)
            return std::nullopt;
        const std::string day = typed.substr(0, first);
        const std::string month = typed.substr(first + 1, second - first - 1);
        const std::string year = typed.substr(second + 1);
        if (!allDigits(day) || !allDigits(month) || !allDigits(year) || day.size() > 2 ||
            month.size() > 2 || year.size() != 4)
            return std::nullopt;
        iso = year + '-' + (month.size() < 2 ? "0" : "") + month + '-' +
              (day.size() < 2 ? "0" : "") + day;
    }
    try {
        return localDateFromIso(iso);
    } catch (const Error&) {
        return std::nullopt; // a typing mistake is an ordinary outcome
    }
}

} // namespace amt::office
