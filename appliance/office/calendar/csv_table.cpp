// SPDX-License-Identifier: EUPL-1.2
//
// Read character by character: a quotation mark stands at the ends of a value or doubled inside
// one, and nowhere else.
#include "appliance/office/calendar/csv_table.h"

#include <Poco/UTF8Encoding.h>

#include <algorithm>
#include <utility>

namespace amt::office {
namespace {

constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF"; // spreadsheets put it there

[[noreturn]] void refuseLine(std::size_t line, const std::string& what)
{
    throw Error(ErrorCode::InputMalformed, "line " + std::to_string(line) + ": " + what);
}

bool isUtf8(std::string_view text)
{
    static const Poco::UTF8Encoding encoding;
    while (!text.empty()) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        const int length = encoding.sequenceLength(bytes, static_cast<int>(text.size()));
        if (length < 1 || static_cast<std::size_t>(length) > text.size() ||
            !Poco::UTF8Encoding::isLegal(bytes, length))
            return false;
        text.remove_prefix(static_cast<std::size_t>(length));
    }
    return true;
}

char separatorOf(std::string_view text)
{
    const std::string_view first = text.substr(0, text.find('\n'));
    const bool commas = first.find(',') != std::string_view::npos;
    return !commas && first.find(';') != std::string_view::npos ? ';' : ',';
}

} // namespace

CsvTable::CsvTable(std::string_view text, std::initializer_list<std::string_view> required,
                   std::size_t bytesMax)
{
    if (text.size() > bytesMax)
        throw Error(ErrorCode::InputTooLarge, "a table that is too large");
    if (text.starts_with(byteOrderMark))
        text.remove_prefix(byteOrderMark.size());
    const char separator = separatorOf(text);
    enum class At { Begin, Plain, Quoted, Closed } at = At::Begin;
    std::size_t line = 1;
    Row row{.line = 1, .values = {""}};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char character = text[i];
        const bool endsLine =
            character == '\n' || (character == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
        if (character == '\n')
            ++line;
        if (at == At::Quoted) {
            if (character != '"') {
                row.values.back().push_back(character);
            } else if (i + 1 < text.size() && text[i + 1] == '"') {
                row.values.back().push_back('"');
                ++i;
            } else {
                at = At::Closed;
            }
        } else if (endsLine) {
            if (character == '\r') {
                ++i;
                ++line;
            }
            add(std::exchange(row, Row{.line = line, .values = {""}}));
            at = At::Begin;
        } else if (character == separator) {
            row.values.emplace_back();
            at = At::Begin;
        } else if (character == '"' && at == At::Begin) {
            at = At::Quoted;
        } else if (character == '"' || at == At::Closed) {
            refuseLine(line, "a quotation mark inside a value");
        } else {
            row.values.back().push_back(character);
            at = At::Plain;
        }
    }
    if (at == At::Quoted)
        refuseLine(row.line, "a quotation without an end");
    add(std::move(row)); // the last line may lack its end
    if (_columns.empty())
        refuseLine(1, "a table without columns");
    for (const std::string_view column : required) {
        if (!has(column))
            refuseLine(1, "column " + std::string(column) + " is missing");
    }
}

void CsvTable::add(Row row)
{
    if (row.values.size() == 1 && row.values.front().empty())
        return; // an empty line
    for (const auto& value : row.values) {
        if (!isUtf8(value))
            refuseLine(row.line, "a character that is no UTF-8");
    }
    if (_columns.empty()) {
        _columns = std::move(row.values);
        for (auto column = _columns.begin(); column != _columns.end(); ++column) {
            if (std::find(_columns.begin(), column, *column) != column)
                refuseLine(row.line, "a column twice");
        }
        return;
    }
    if (row.values.size() != _columns.size())
        refuseLine(row.line, std::to_string(row.values.size()) + " values for " +
                                 std::to_string(_columns.size()) + " columns");
    _rows.push_back(std::move(row));
}

bool CsvTable::has(std::string_view column) const
{
    return std::ranges::find(_columns, column) != _columns.end();
}

const std::string& CsvTable::at(std::size_t row, std::string_view column) const
{
    static const std::string nothing;
    const auto found = std::ranges::find(_columns, column);
    return found == _columns.end()
               ? nothing
               : _rows[row].values[static_cast<std::size_t>(found - _columns.begin())];
}

void CsvTable::refuse(std::size_t row, std::string_view column, const std::string& what) const
{
    throw Error(ErrorCode::InputMalformed, "line " + std::to_string(lineOf(row)) + ", column " +
                                               std::string(column) + ": " + what);
}

std::string csvLine(const std::vector<std::string>& values)
{
    std::string line;
    for (const auto& value : values) {
        if (&value != &values.front())
            line += ',';
        if (value.find_first_of(",;\"\r\n") == std::string::npos) {
            line += value;
            continue;
        }
        line += '"';
        for (const char character : value) {
            if (character == '"')
                line += '"';
            line += character;
        }
        line += '"';
    }
    return line + "\r\n";
}

} // namespace amt::office
