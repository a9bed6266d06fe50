// SPDX-License-Identifier: EUPL-1.2
//
// Presses of buttons, by the key of the page they stood on: a second press of the same page does
// nothing anew (ui.md 3.5).
#pragma once

#include <deque>
#include <string>
#include <utility>

namespace amt::node {

class Presses {
public:
    /// Location that the first press was answered with (empty: not known); null for a new press.
    const std::string* answer(const std::string& key) const
    {
        for (const auto& [known, location] : _presses) {
            if (known == key)
                return &location;
        }
        return nullptr;
    }

    void note(const std::string& key, std::string location = {})
    {
        _presses.emplace_back(key, std::move(location));
        if (_presses.size() > kept)
            _presses.pop_front();
    }

    void answered(const std::string& key, const std::string& location)
    {
        for (auto& press : _presses) {
            if (press.first == key)
                press.second = location;
        }
    }

    void forget(const std::string& key)
    {
        std::erase_if(_presses, [&](const auto& press) { return press.first == key; });
    }

    const std::deque<std::pair<std::string, std::string>>& all() const { return _presses; }

private:
    static constexpr std::size_t kept = 32;
    std::deque<std::pair<std::string, std::string>> _presses;
};

} // namespace amt::node
