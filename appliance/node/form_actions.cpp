// SPDX-License-Identifier: EUPL-1.2
//
// What the frame's buttons ask for while a form is open.
#include "appliance/node/form_actions.h"

#include "appliance/node/house.h"

#include <algorithm>

namespace amt::node {
namespace {

/// "part-2": another page of the same step, where larger letters need several.
std::optional<char> partIn(const std::string& wish)
{
    if (wish.size() != 6 || !wish.starts_with("part-") || wish[5] < '1' || wish[5] > '9')
        return std::nullopt;
    return wish[5];
}

} // namespace

void adjustFrame(const House& house, Visit& visit, const std::string& action)
{
    const std::string language = "language-";
    if (partIn(action))
        return;
    if (!action.starts_with(language)) {
        adjust(visit.access, action);
        return;
    }
    const auto offered = house.doors.pages.languages();
    const std::string wanted = action.substr(language.size());
    if (std::find(offered.begin(), offered.end(), wanted) == offered.end())
        throw Error(ErrorCode::RequestMalformed, "language not offered");
    visit.language = wanted;
}

std::string addressWithPart(const std::string& address, const std::string& action)
{
    const auto part = partIn(action);
    return part ? address + "?part=" + *part : address;
}

} // namespace amt::node
