// SPDX-License-Identifier: EUPL-1.2
//
// Put, replaced or taken out, then checked as a whole.
#include "appliance/office/calendar/rule_change.h"

#include "appliance/core/error.h"

#include <algorithm>
#include <vector>

namespace amt::office {

namespace {

bool isTaken(const OpeningRules& rules, const std::string& id)
{
    const auto has = [&](const auto& layer) {
        return std::ranges::any_of(layer, [&](const auto& entry) { return entry.id == id; });
    };
    return has(rules.rules) || has(rules.exceptions) || has(rules.closures);
}

/// "closure-2026-12-24", "closure-2026-12-24-2", ...
std::string freeId(const OpeningRules& rules, const std::string& layer, LocalDate first)
{
    const std::string wanted = layer + "-" + toIso(first);
    std::string id = wanted;
    for (int number = 2; isTaken(rules, id); ++number)
        id = wanted + "-" + std::to_string(number);
    return id;
}

template <typename Entry>
void put(OpeningRules& rules, std::vector<Entry>& layer, const char* layerName, Entry entry)
{
    if (entry.id.empty()) {
        entry.id = freeId(rules, layerName, entry.first);
        layer.push_back(std::move(entry));
        return;
    }
    const auto before = std::ranges::find(layer, entry.id, &Entry::id);
    if (before == layer.end())
        throw Error(ErrorCode::NotFound, "an entry of the opening rules");
    *before = std::move(entry);
}

struct Apply {
    OpeningRules& rules;

    void operator()(const OpeningRule& rule) const { put(rules, rules.rules, "rule", rule); }
    void operator()(const OpeningException& exception) const
    {
        put(rules, rules.exceptions, "exception", exception);
    }
    void operator()(const Closure& closure) const
    {
        put(rules, rules.closures, "closure", closure);
    }
    void operator()(const RemovedEntry& removed) const
    {
        const auto drop = [&](auto& layer) {
            return std::erase_if(layer, [&](const auto& entry) { return entry.id == removed.id; });
        };
        if (drop(rules.rules) + drop(rules.exceptions) + drop(rules.closures) == 0)
            throw Error(ErrorCode::NotFound, "an entry of the opening rules");
    }
    void operator()(const BookingTerms& terms) const
    {
        rules.forPublic = terms.forPublic;
        rules.forStaff = terms.forStaff;
        rules.reservation = terms.reservation;
        rules.blockAfterCancel = terms.blockAfterCancel;
    }
};

} // namespace

OpeningRules changed(OpeningRules rules, const RuleChange& change)
{
    std::visit(Apply{rules}, change);
    check(rules);
    return rules;
}

} // namespace amt::office
