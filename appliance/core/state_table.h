// SPDX-License-Identifier: EUPL-1.2
//
// State machines as tables: rows of state, event, next state. Two rows for one state and event do
// not compile.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

namespace amt {

template <typename State, typename Event>
struct Transition {
    State from;
    Event event;
    State to;
};

template <typename State, typename Event, std::size_t rows>
class StateTable {
public:
    consteval explicit StateTable(const Transition<State, Event> (&table)[rows])
    {
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (table[i].from == table[j].from && table[i].event == table[j].event)
                    throw "two rows for one state and event";
            }
            _rows[i] = table[i];
        }
    }

    /// The next state, or nothing where the table has no row.
    constexpr std::optional<State> next(State from, Event event) const
    {
        for (const auto& row : _rows) {
            if (row.from == from && row.event == event)
                return row.to;
        }
        return std::nullopt;
    }

    constexpr const auto& transitions() const { return _rows; }

private:
    std::array<Transition<State, Event>, rows> _rows{};
};

template <typename State, typename Event, std::size_t rows>
consteval auto stateTable(const Transition<State, Event> (&table)[rows])
{
    return StateTable<State, Event, rows>(table);
}

} // namespace amt
