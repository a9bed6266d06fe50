// SPDX-License-Identifier: EUPL-1.2
//
// Block lists of lost identity cards, and what they do to a read.
#include "drivers/port/identity.h"

namespace amt {

BlockList BlockList::parse(std::string_view text)
{
    BlockList list;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        if (line.empty() || line.front() == '#')
            continue;
        list._marks.insert(fromHex(line));
    }
    return list;
}

bool BlockList::contains(ByteView mark) const
{
    return _marks.count(Bytes(mark.begin(), mark.end())) != 0;
}

IdentityOutcome judge(IdentityOutcome outcome, const BlockList& list)
{
    if (const auto* read = std::get_if<IdentityRead>(&outcome)) {
        if (read->revocationMark.reveal().empty())
            return DeviceFailed{ErrorCode::CertificateUnusable};
        if (list.contains(read->revocationMark.reveal()))
            return CardRevoked{};
    }
    return outcome;
}

} // namespace amt
