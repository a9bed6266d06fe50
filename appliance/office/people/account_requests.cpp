// SPDX-License-Identifier: EUPL-1.2
//
// Two persons for accounts that look after others: asked by one, confirmed by another within a day.
// Where nobody else could confirm, the paper half from the safe stands for the second person.
#include "appliance/core/log.h"
#include "appliance/office/people/codes.h"
#include "appliance/office/people/people.h"

#include <algorithm>

namespace amt::office {

std::string_view name(SharedAct act)
{
    switch (act) {
    case SharedAct::SetRoles:
        return "SetRoles";
    case SharedAct::ResetPassword:
        return "ResetPassword";
    case SharedAct::ResetFactor:
        return "ResetFactor";
    }
    AMT_ASSERT(false && "an act without a name");
}

namespace {

SharedAct actNamed(const std::string& wanted)
{
    for (const auto act : {SharedAct::SetRoles, SharedAct::ResetPassword, SharedAct::ResetFactor}) {
        if (name(act) == wanted)
            return act;
    }
    throw Error(ErrorCode::StoreFailed, "an act that nobody asks for");
}

/// Throws NotFound.
const AccountRequest& requestOf(const std::vector<AccountRequest>& waiting, const std::string& id)
{
    const auto found = std::find_if(waiting.begin(), waiting.end(),
                                    [&](const AccountRequest& each) { return each.id == id; });
    if (found == waiting.end())
        throw Error(ErrorCode::NotFound, "no such request any more");
    return *found;
}

} // namespace

bool People::hasSecondPerson(const Session& actor, const Account& target, Roles touched) const
{
    const auto all = accounts();
    return std::any_of(all.begin(), all.end(), [&](const Account& other) {
        const Roles reach = reachOf(other.roles);
        return other.clerk.id != actor.clerk.id && other.clerk.id != target.clerk.id &&
               target.roles.within(reach) && touched.within(reach);
    });
}

AccountChange People::paperSays(const Session& actor, std::string_view paperHalf, UtcTime now)
{
    if (paperHalf.empty())
        return AccountChange::PaperAsked;
    const std::string attempt =
        toHex(outbox::sha256(view("paper half by clerk " + actor.clerk.id)));
    const auto typed = normalisedCode(paperHalf);
    if (delayOf(attempt, now) || !typed || !unwrap("recovery", recoveryKey(*typed))) {
        failed(attempt, now);
        return AccountChange::PaperWrong;
    }
    succeeded(attempt);
    return AccountChange::Changed;
}

outbox::Details People::byPaper(const Wish& wish)
{
    if (wish.touched.empty())
        return {};
    return {{"confirmed", "paper-half"}};
}

AccountChange People::shared(const Session& actor, const Account& target, const Wish& wish,
                             std::string_view paperHalf, UtcTime now)
{
    if (wish.touched.empty())
        return AccountChange::Changed;
    if (!hasSecondPerson(actor, target, wish.touched))
        return paperSays(actor, paperHalf, now);
    _database.transact([&] { keepRequest(actor, target, wish, now); });
    return AccountChange::Waits;
}

void People::keepRequest(const Session& actor, const Account& target, const Wish& wish, UtcTime now)
{
    forgetLapsedRequests(now);
    const std::string& about = target.clerk.id;
    // The newest wish counts; a confirmation of the one before finds nothing.
    _database.prepare("DELETE FROM account_request WHERE clerk_id = ? AND act = ?")
        .bind(about, name(wish.act))
        .run();
    const std::string id = timedUuid(_random, now);
    _database
        .prepare("INSERT INTO account_request (id, clerk_id, act, roles, roles_before, reason,"
                 " asked_by, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(id, about, name(wish.act), toText(wish.roles), toText(target.roles), wish.reason,
              actor.clerk.id, now)
        .run();
    if (wish.password) {
        const auto key = wrapped("clerk:" + about, wish.password->key, _opened->dataKey);
        const auto& cost = wish.password->cost;
        _database
            .prepare("INSERT INTO account_request_password (request_id, salt, memory_kib, passes,"
                     " lanes, wrap_salt, wrapped) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(id, wish.password->salt, std::int64_t{cost.memoryKib}, std::int64_t{cost.passes},
                  std::int64_t{cost.lanes}, key.salt, key.wrapped)
            .run();
    }
    audit(actor, "ask-second-person", target.clerk,
          {{"wish", std::string(name(wish.act))}, {"roles", toText(wish.roles)}}, now);
}

void People::forgetLapsedRequests(UtcTime now)
{
    _database.prepare("DELETE FROM account_request WHERE asked_at <= ?")
        .bind(UtcTime(now - _settings.secondPersonWithin))
        .run();
}

std::vector<AccountRequest> People::requests(const Secret& token, UtcTime now)
{
    const Session actor = acting(token, now);
    const Roles reach = reachOf(actor.roles);
    if (reach.empty())
        throw Error(ErrorCode::NotAllowed, "looks after no accounts");
    std::vector<AccountRequest> waiting;
    auto rows = _database.prepare(
        "SELECT r.id, r.act, about.id, about.name, asker.id, asker.name, r.roles, r.asked_at,"
        " r.roles_before FROM account_request r JOIN clerk about ON about.id = r.clerk_id"
        " JOIN clerk asker ON asker.id = r.asked_by WHERE r.asked_at > ? ORDER BY r.asked_at, "
        "r.id");
    rows.bind(UtcTime(now - _settings.secondPersonWithin));
    while (rows.step()) {
        AccountRequest request{.id = rows.text(0),
                               .act = actNamed(rows.text(1)),
                               .about = {rows.text(2), rows.text(3)},
                               .askedBy = {rows.text(4), rows.text(5)},
                               .roles = rolesFrom(rows.text(6)),
                               .askedAt = rows.time(7),
                               .until = rows.time(7) + _settings.secondPersonWithin};
        const Roles touched = rolesFrom(rows.text(8)).differenceTo(request.roles);
        request.mayRefuse = rolesFrom(rows.text(8)).within(reach) && touched.within(reach);
        request.mayConfirm = request.mayRefuse && actor.clerk.id != request.askedBy.id &&
                             actor.clerk.id != request.about.id;
        waiting.push_back(std::move(request));
    }
    return waiting;
}

AccountChange People::confirmRequest(const Secret& token, const std::string& id, UtcTime now)
{
    const auto waiting = requests(token, now);
    const Session actor = acting(token, now);
    const AccountRequest& found = requestOf(waiting, id);
    if (!found.mayConfirm)
        throw Error(ErrorCode::NotAllowed, "nobody confirms her own, or out of reach");
    const Account target = account(found.about.id);
    const Account asker = account(found.askedBy.id);
    auto row = _database.prepare("SELECT roles_before, reason FROM account_request WHERE id = ?");
    row.bind(id).step();
    const std::string reason = row.text(1);
    // Two persons who look after it now, on an account that is as both have seen it.
    if (rolesFrom(row.text(0)) != target.roles || !target.roles.within(reachOf(asker.roles)) ||
        !found.roles.differenceTo(target.roles).within(reachOf(asker.roles)))
        throw Error(ErrorCode::StepOutOfOrder, "not as it was when it was asked for");
    if (found.act == SharedAct::SetRoles && isLastIt(target, found.roles))
        return AccountChange::LastIt;
    const std::string& about = target.clerk.id;
    _database.transact([&] {
        outbox::Details more = {{"askedBy", found.askedBy.name}};
        switch (found.act) {
        case SharedAct::SetRoles:
            carryOutRoles(actor, target, found.roles, more, now);
            break;
        case SharedAct::ResetPassword: {
            auto key = _database.prepare("SELECT salt, memory_kib, passes, lanes, wrap_salt,"
                                         " wrapped FROM account_request_password WHERE"
                                         " request_id = ?");
            if (!key.bind(id).step())
                throw Error(ErrorCode::StoreFailed, "a request without its password");
            _database
                .prepare("UPDATE clerk SET salt = ?, memory_kib = ?, passes = ?, lanes = ?"
                         " WHERE id = ?")
                .bind(key.blob(0), key.integer(1), key.integer(2), key.integer(3), about)
                .run();
            keepWrapped("clerk:" + about, {key.text(4), key.blob(5)});
            succeeded(passwordDelayKey(target.clerk.name));
            dropSessions(about);
            audit(actor, "reset-password", target.clerk, more, now);
            break;
        }
        case SharedAct::ResetFactor:
            dropFactor(about);
            dropSessions(about);
            more["reason"] = reason;
            audit(actor, "reset-second-factor", target.clerk, more, now);
            break;
        }
        _database.prepare("DELETE FROM account_request WHERE id = ?").bind(id).run();
    });
    endSessions(now);
    return AccountChange::Changed;
}

void People::refuseRequest(const Secret& token, const std::string& id, UtcTime now)
{
    const auto waiting = requests(token, now);
    const Session actor = acting(token, now);
    const AccountRequest& found = requestOf(waiting, id);
    if (!found.mayRefuse)
        throw Error(ErrorCode::NotAllowed, "out of reach");
    _database.transact([&] {
        _database.prepare("DELETE FROM account_request WHERE id = ?").bind(id).run();
        audit(actor, "refuse-request", found.about,
              {{"wish", std::string(name(found.act))}, {"askedBy", found.askedBy.name}}, now);
    });
}

} // namespace amt::office
