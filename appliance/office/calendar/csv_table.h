// SPDX-License-Identifier: EUPL-1.2
//
// Tables as spreadsheets write them (CSV, RFC 4180): read strictly, with the line and column of
// what does not fit; written.
#pragma once

#include "appliance/core/error.h"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace amt::office {

/// The first line names the columns; every row has all of them. Separated by commas, or by
/// semicolons where the first line has those only. UTF-8, with or without byte order mark.
class CsvTable {
public:
    /// Throws InputMalformed, naming the line (also for a column of `required` that is missing, and
    /// for one that is there twice), and InputTooLarge.
    CsvTable(std::string_view text, std::initializer_list<std::string_view> required,
             std::size_t bytesMax = 1024 * 1024);

    std::size_t size() const { return _rows.size(); }
    bool has(std::string_view column) const;
    /// Empty where there is no such column.
    const std::string& at(std::size_t row, std::string_view column) const;
    /// Where the row begins; the columns' names are in line 1.
    std::size_t lineOf(std::size_t row) const { return _rows[row].line; }
    /// Throws InputMalformed: "line 7, column dauer_min: ..."
    [[noreturn]] void refuse(std::size_t row, std::string_view column,
                             const std::string& what) const;

    /// What `read` makes of a value; what it refuses is refused with line and column.
    template <typename Read>
    auto value(std::size_t row, std::string_view column, Read&& read) const
    {
        try {
            return read(at(row, column));
        } catch (const Error& failure) {
            refuse(row, column, failure.message());
        }
    }

private:
    struct Row {
        std::size_t line = 0;
        std::vector<std::string> values;
    };
    void add(Row row);

    std::vector<std::string> _columns;
    std::vector<Row> _rows;
};

/// One line with its end; quotation marks where a value needs them.
std::string csvLine(const std::vector<std::string>& values);

} // namespace amt::office
