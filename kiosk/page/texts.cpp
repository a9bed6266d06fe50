// SPDX-License-Identifier: EUPL-1.2
//
// Reading message files, choosing plural forms, filling in parameters.
#include "kiosk/page/texts.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/local_date.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace amt::page {
namespace {

const std::string fallback = "de";

std::string readFile(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    if (!file || !(content << file.rdbuf()))
        throw Error(ErrorCode::ConfigurationInvalid, "cannot read " + path);
    return content.str();
}

void noMarkup(const std::string& text, const std::string& where)
{
    if (text.empty() || text.find_first_of("<>[]") != std::string::npos)
        throw Error(ErrorCode::ConfigurationInvalid, "text is empty or holds markup: " + where);
}

/// Plural categories that a language needs (CLDR 44).
std::set<std::string> formsOf(const std::string& language)
{
    if (language == "ar")
        return {"zero", "one", "two", "few", "many", "other"};
    return {"one", "other"};
}

std::string formFor(const std::string& language, std::int64_t count)
{
    if (language != "ar")
        return count == 1 ? "one" : "other";
    if (count >= 0 && count <= 2)
        return count == 0 ? "zero" : count == 1 ? "one" : "two";
    const auto rest = count % 100;
    return rest >= 3 && rest <= 10 ? "few" : rest >= 11 ? "many" : "other";
}

/// The key without its plural form: "tries#one" is "tries".
std::string stem(const std::string& key)
{
    return key.substr(0, key.find('#'));
}

} // namespace

Texts::Texts(const std::string& folder, const std::string& errorsFile)
{
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure))
        if (entry.path().extension() == ".json")
            readLanguage(entry.path().stem(), entry.path());
    if (!_languages.contains(fallback))
        throw Error(ErrorCode::ConfigurationInvalid, "no German texts in " + folder);
    compareLanguages();
    readErrors(errorsFile);
}

void Texts::readLanguage(const std::string& language, const std::string& path)
{
    auto& texts = _languages[language];
    try {
        const auto object = json::parseObject(readFile(path));
        for (const auto& [key, value] : *object) {
            if (value.isString()) {
                texts[key] = value.convert<std::string>();
                noMarkup(texts[key], language + " " + key);
                continue;
            }
            const auto forms = json::object(*object, key);
            for (const auto& form : formsOf(language)) {
                auto& text = texts[key + "#" + form];
                text = json::text(*forms, form);
                noMarkup(text, language + " " + key);
            }
        }
    } catch (const Error& error) {
        throw Error(ErrorCode::ConfigurationInvalid, path + ": " + error.message());
    }
}

/// The sentences of config/errors.tsv are the German ones: "error.X" for citizens, "deskError.X"
/// for clerks.
void Texts::readErrors(const std::string& path)
{
    std::istringstream rows(readFile(path));
    auto& texts = _languages[fallback];
    for (std::string row; std::getline(rows, row);) {
        std::istringstream columns(row);
        std::string code;
        std::string citizen;
        std::string clerk;
        std::getline(columns, code, '\t');
        std::getline(columns, citizen, '\t');
        std::getline(columns, clerk, '\t');
        texts["error." + code] = citizen;
        texts["deskError." + code] = clerk;
    }
}

/// Every language has what German has, but for the desk, which speaks German; and nothing else.
void Texts::compareLanguages() const
{
    const auto stemsOf = [](const auto& texts) {
        std::set<std::string> stems;
        for (const auto& [key, text] : texts)
            if (!key.starts_with("desk.") && !key.starts_with("error."))
                stems.insert(stem(key));
        return stems;
    };
    const auto german = stemsOf(_languages.at(fallback));
    for (const auto& [language, texts] : _languages) {
        const auto other = stemsOf(texts);
        for (const auto& key : german)
            if (!other.contains(key))
                throw Error(ErrorCode::ConfigurationInvalid, language + " lacks text " + key);
        for (const auto& key : other)
            if (!german.contains(key))
                throw Error(ErrorCode::ConfigurationInvalid, "German lacks text " + key);
    }
}

std::vector<std::string> Texts::languages() const
{
    std::vector<std::string> names;
    for (const auto& [language, texts] : _languages)
        names.push_back(language);
    return names;
}

bool Texts::has(const std::string& language, const std::string& key) const
{
    const auto texts = _languages.find(language);
    return texts != _languages.end() && texts->second.contains(key);
}

const std::string& Texts::raw(const std::string& language, const std::string& key) const
{
    if (has(language, key))
        return _languages.at(language).at(key);
    if (has(fallback, key))
        return _languages.at(fallback).at(key);
    throw Error(ErrorCode::ConfigurationInvalid, "no text for " + key);
}

std::string Texts::get(const std::string& language, const std::string& key,
                       const Parameters& parameters) const
{
    const auto& pattern = raw(language, key);
    std::string text;
    for (std::size_t at = 0; at < pattern.size();) {
        const auto open = pattern.find('{', at);
        const auto close = open == std::string::npos ? open : pattern.find('}', open);
        text += pattern.substr(at, open - at);
        if (close == std::string::npos)
            break;
        const auto name = pattern.substr(open + 1, close - open - 1);
        const auto given = std::find_if(parameters.begin(), parameters.end(),
                                        [&](const auto& each) { return each.first == name; });
        if (given != parameters.end())
            text += given->second;
        at = close + 1;
    }
    return text;
}

std::string Texts::plural(const std::string& language, const std::string& key,
                          std::int64_t count) const
{
    const auto spoken = has(language, key + "#other") ? language : fallback;
    return get(spoken, key + "#" + formFor(spoken, count), {{"count", std::to_string(count)}});
}

std::string Texts::money(const std::string& language, Money amount) const
{
    if (language == fallback)
        return amount.german();
    return get(language, "format.money", {{"amount", amount.decimal()}});
}

std::string Texts::listed(const std::string& language, const std::vector<std::string>& names) const
{
    std::string all;
    for (const auto& each : names)
        all += (all.empty() ? "" : raw(language, "list.comma")) + each;
    return all;
}

std::string Texts::day(const std::string& language, LocalDate date) const
{
    const std::chrono::weekday weekday{std::chrono::sys_days(date)};
    return get(
        language, "format.day",
        {{"weekday", get(language, "format.weekday." + std::to_string(weekday.iso_encoding()))},
         {"date", germanDate(date)}});
}

std::string Texts::clock(const std::string& language, UtcTime time) const
{
    return get(language, "format.clock",
               {{"day", day(language, localDate(time))}, {"time", localTime(time)}});
}

} // namespace amt::page
