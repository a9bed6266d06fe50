// SPDX-License-Identifier: EUPL-1.2
//
// What stands against what is told.
#include "sync/gateway/heads.h"

#include "sync/gateway/statements.h"

namespace amt::gateway {

std::optional<portal::HeadBody> Heads::known(const std::string& clientId)
{
    auto row = _books.prepare(sql::openHead).bind(clientId);
    if (!row.step())
        return std::nullopt;
    return portal::HeadBody{row.text(0), {row.integer(1), row.text(2)}, std::nullopt};
}

HeadVerdict Heads::take(const std::string& clientId, const portal::HeadBody& head, UtcTime now)
{
    return _books.transact([&] {
        if (const auto& report = head.report)
            _books.prepare(sql::keepReport)
                .bind(clientId, now, report->version, report->waiting, report->held,
                      report->oldestWaiting)
                .run();
        return judge(clientId, head, now);
    });
}

HeadVerdict Heads::judge(const std::string& clientId, const portal::HeadBody& head, UtcTime now)
{
    const auto standing = known(clientId);
    if (standing && standing->incarnation == head.incarnation) {
        const auto& before = standing->head;
        if (head.head.number < before.number)
            return HeadVerdict::Behind;
        if (head.head.number == before.number && head.head.hash != before.hash)
            return HeadVerdict::Beside;
        if (head.head.number > before.number) {
            if (!head.known || head.known->number != before.number)
                return HeadVerdict::Unlinked;
            if (head.known->hash != before.hash)
                return HeadVerdict::Beside;
        }
        _books.prepare(sql::moveHead)
            .bind(head.head.number, head.head.hash, now, clientId, head.incarnation)
            .run();
        return HeadVerdict::Taken;
    }
    if (_books.prepare(sql::headOf).bind(clientId, head.incarnation).step())
        return HeadVerdict::Closed;
    _books.prepare(sql::closeHeads).bind(now, clientId).run();
    _books.prepare(sql::addHead)
        .bind(clientId, head.incarnation, head.head.number, head.head.hash, now)
        .run();
    return HeadVerdict::Taken;
}

} // namespace amt::gateway
