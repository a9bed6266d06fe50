// SPDX-License-Identifier: EUPL-1.2
//
// Accounts: roles, the second factor, the list of sessions. Each act is one commit with its record
// in the journal, which names accounts and nothing else of a person.
#include "appliance/core/log.h"
#include "appliance/office/people/people.h"
#include "appliance/office/people/second_factor.h"

#include <algorithm>
#include <limits>

namespace amt::office {

namespace {

constexpr std::int64_t noStep = std::numeric_limits<std::int64_t>::min();

std::string hashOf(const Secret& token)
{
    return toHex(outbox::sha256(token.reveal()));
}

/// Wrong codes are counted apart from wrong passwords, else the right password would wipe them out.
std::string codeDelayKey(const std::string& clerkId)
{
    return toHex(outbox::sha256(view("second factor " + clerkId)));
}

std::string factorContext(const std::string& clerkId)
{
    return "second factor of clerk:" + clerkId;
}

} // namespace

std::string_view name(FactorLoss loss)
{
    switch (loss) {
    case FactorLoss::Lost:
        return "Lost";
    case FactorLoss::Replaced:
        return "Replaced";
    case FactorLoss::Broken:
        return "Broken";
    case FactorLoss::Stolen:
        return "Stolen";
    }
    AMT_ASSERT(false && "a loss without a name");
}

// --- who acts, on whom

Session People::acting(const Secret& token, UtcTime now)
{
    auto found = session(token, now);
    if (!found)
        throw Error(ErrorCode::NotSignedIn, "no session");
    if (found->proof != Proof::Complete)
        throw Error(ErrorCode::NotAllowed, "the second factor is missing");
    return *std::move(found);
}

Session People::actingWithKey(const Secret& token, UtcTime now)
{
    auto found = acting(token, now);
    if (!found.deskKeyOpen)
        throw Error(ErrorCode::NotAllowed, "the desk key is not open in this session");
    return found;
}

Account People::inReach(const Session& actor, const std::string& id) const
{
    const Roles reach = reachOf(actor.roles);
    if (reach.empty()) // before the look-up: nobody learns from it which ids there are
        throw Error(ErrorCode::NotAllowed, "looks after no accounts");
    auto found = account(id);
    if (!found.roles.within(reach))
        throw Error(ErrorCode::NotAllowed, "an account out of reach");
    return found;
}

void People::audit(const Session& actor, std::string_view act, const Clerk& about,
                   outbox::Details more, UtcTime now)
{
    more["clerk"] = actor.clerk.name;
    more["act"] = std::string(act);
    if (about.id != actor.clerk.id)
        more["name"] = about.name;
    _journal.append(outbox::RecordKind::Audit, about.id, more, now);
}

// --- accounts

namespace {

constexpr std::string_view accountColumns =
    "SELECT id, name, EXISTS (SELECT 1 FROM second_factor f WHERE f.clerk_id = clerk.id),"
    " coalesce((SELECT group_concat(role, ' ') FROM clerk_role r WHERE r.clerk_id = clerk.id), '')"
    " FROM clerk";

Account accountIn(const store::Statement& row)
{
    return {.clerk = {row.text(0), row.text(1)},
            .roles = rolesFrom(row.text(3)),
            .secondFactor = row.integer(2) != 0};
}

} // namespace

std::vector<Account> People::accounts() const
{
    std::vector<Account> accounts;
    auto rows = _database.prepare(std::string(accountColumns) + " ORDER BY name");
    while (rows.step())
        accounts.push_back(accountIn(rows));
    return accounts;
}

Account People::account(const std::string& id) const
{
    auto row = _database.prepare(std::string(accountColumns) + " WHERE id = ?");
    if (!row.bind(id).step())
        throw Error(ErrorCode::NotFound, "no such account");
    return accountIn(row);
}

std::variant<Clerk, NameTaken, PaperNeeded> People::addClerk(const Secret& token,
                                                             const std::string& name, Roles roles,
                                                             const Stretched& password, UtcTime now,
                                                             std::string_view paperHalf)
{
    const Session actor = actingWithKey(token, now);
    const auto kept = clerkName(name);
    if (!kept)
        throw Error(ErrorCode::TextNotAllowed, "not a clerk's name");
    if (roles.empty())
        throw Error(ErrorCode::RequestMalformed, "an account without a role");
    if (!roles.within(reachOf(actor.roles)))
        throw Error(ErrorCode::NotAllowed, "a role out of reach");
    if (clerkNamed(*kept))
        return NameTaken{};
    using Result = std::variant<Clerk, NameTaken, PaperNeeded>;
    return _database.transact([&]() -> Result {
        const Roles shares = roles.commonWith(secondPersonFor);
        const Roles atOnce = roles.differenceTo(shares);
        // Made with the roles of one person; the others follow from here or by the second person.
        const Account none{.clerk = {timedUuid(_random, now), *kept}, .roles = atOnce};
        const Wish wish{.act = SharedAct::SetRoles, .touched = shares, .roles = roles};
        const bool waits = !shares.empty() && hasSecondPerson(actor, none, shares);
        if (!shares.empty() && !waits) {
            const auto paper = paperSays(actor, paperHalf, now);
            if (paper != AccountChange::Changed)
                return PaperNeeded{paper == AccountChange::PaperWrong};
        }
        const Clerk clerk =
            insertClerk(none.clerk, waits ? atOnce : roles, password, _opened->dataKey, now);
        outbox::Details more = {{"roles", toText(waits ? atOnce : roles)}};
        if (!shares.empty() && !waits)
            more["confirmed"] = "paper-half";
        audit(actor, "add-clerk", clerk, std::move(more), now);
        if (waits)
            keepRequest(actor, none, wish, now);
        return clerk;
    });
}

AccountChange People::resetPassword(const Secret& token, const std::string& id,
                                    const Stretched& password, UtcTime now,
                                    std::string_view paperHalf)
{
    const Session actor = actingWithKey(token, now);
    const Account target = inReach(actor, id);
    if (target.roles.empty())
        throw Error(ErrorCode::StepOutOfOrder, "the account is closed");
    const Wish wish{.act = SharedAct::ResetPassword,
                    .touched = target.roles.commonWith(secondPersonFor),
                    .roles = target.roles,
                    .password = &password};
    const auto change = shared(actor, target, wish, paperHalf, now);
    if (change != AccountChange::Changed)
        return change;
    _database.transact([&] {
        setPassword(target.clerk, password, _opened->dataKey);
        succeeded(passwordDelayKey(target.clerk.name));
        dropSessions(id);
        audit(actor, "reset-password", target.clerk, byPaper(wish), now);
    });
    endSessions(now);
    return change;
}

void People::keepRoles(const std::string& id, Roles roles)
{
    _database.prepare("DELETE FROM clerk_role WHERE clerk_id = ?").bind(id).run();
    for (const Role role : allRoles) {
        if (roles.has(role))
            _database.prepare("INSERT INTO clerk_role (clerk_id, role) VALUES (?, ?)")
                .bind(id, office::name(role))
                .run();
    }
}

bool People::isLastIt(const Account& target, Roles roles) const
{
    if (!target.roles.has(Role::It) || roles.has(Role::It))
        return false;
    auto others = _database.prepare("SELECT 1 FROM clerk_role WHERE role = 'It' AND clerk_id <> ?");
    return !others.bind(target.clerk.id).step(); // nobody could ever give it again
}

AccountChange People::setRoles(const Secret& token, const std::string& id, Roles roles, UtcTime now,
                               std::string_view paperHalf)
{
    const Session actor = acting(token, now);
    const Account target = inReach(actor, id);
    const Roles changing = roles.differenceTo(target.roles);
    if (!changing.within(reachOf(actor.roles)))
        throw Error(ErrorCode::NotAllowed, "a role out of reach");
    if (isLastIt(target, roles))
        return AccountChange::LastIt;
    const Wish wish{.act = SharedAct::SetRoles,
                    .touched = changing.commonWith(secondPersonFor),
                    .roles = roles};
    const auto change = shared(actor, target, wish, paperHalf, now);
    if (change != AccountChange::Changed)
        return change;
    _database.transact([&] { carryOutRoles(actor, target, roles, byPaper(wish), now); });
    endSessions(now);
    return change;
}

void People::carryOutRoles(const Session& actor, const Account& target, Roles roles,
                           outbox::Details more, UtcTime now)
{
    const std::string& id = target.clerk.id;
    keepRoles(id, roles);
    if (roles.empty()) {
        _database.prepare("DELETE FROM data_key_wrap WHERE holder = ?").bind("clerk:" + id).run();
        dropFactor(id);
        dropSessions(id);
    }
    more["roles"] = toText(roles);
    audit(actor, roles.empty() ? "close-account" : "set-roles", target.clerk, std::move(more), now);
}

// --- the second factor

bool People::hasFactor(const std::string& id) const
{
    auto row = _database.prepare("SELECT 1 FROM second_factor WHERE clerk_id = ?");
    return row.bind(id).step();
}

void People::dropFactor(const std::string& id)
{
    _database.prepare("DELETE FROM second_factor WHERE clerk_id = ?").bind(id).run();
    succeeded(codeDelayKey(id));
}

std::optional<std::int64_t> People::rightStep(const Clerk& clerk, std::string_view code,
                                              UtcTime now)
{
    auto row = _database.prepare("SELECT sealed, last_step FROM second_factor WHERE clerk_id = ?");
    if (!row.bind(clerk.id).step() || !_opened)
        throw Error(ErrorCode::StepOutOfOrder, "there is no second factor");
    const Secret secret(outbox::openWith(_opened->dataKey, row.blob(0), factorContext(clerk.id)));
    const auto step = acceptedStep(secret, code, now, row.integer(1));
    if (!step)
        failed(codeDelayKey(clerk.id), now);
    return step;
}

std::variant<FactorRight, SignInRefused, SignInDelayed>
People::proveFactor(const Secret& token, std::string_view code, UtcTime now)
{
    const auto found = session(token, now);
    if (!found)
        throw Error(ErrorCode::NotSignedIn, "no session");
    if (found->proof != Proof::CodeAsked)
        throw Error(ErrorCode::StepOutOfOrder, "no code is asked for");
    const Clerk& clerk = found->clerk;
    if (const auto delay = delayOf(codeDelayKey(clerk.id), now))
        return *delay;
    const auto step = rightStep(clerk, code, now);
    if (!step)
        return SignInRefused{};
    _database.transact([&] {
        _database.prepare("UPDATE second_factor SET last_step = ? WHERE clerk_id = ?")
            .bind(*step, clerk.id)
            .run();
        _database.prepare("UPDATE clerk_session SET proven_at = ? WHERE token_hash = ?")
            .bind(now, hashOf(token))
            .run();
        succeeded(codeDelayKey(clerk.id));
        audit(*found, "sign-in-completed", clerk, {}, now);
    });
    return FactorRight{};
}

std::variant<FactorRight, SignInRefused>
People::setUpFactor(const Secret& token, const Secret& secret, std::string_view code, UtcTime now)
{
    const auto found = session(token, now);
    if (!found)
        throw Error(ErrorCode::NotSignedIn, "no session");
    const Clerk& clerk = found->clerk;
    if (found->secondFactor)
        throw Error(ErrorCode::StepOutOfOrder, "there is a second factor already");
    const auto live = _live.find(hashOf(token));
    if (!_opened || live == _live.end() || !live->second.openedDeskKey)
        throw Error(ErrorCode::NotAllowed, "the desk key is not open in this session");
    // Nobody's secret is guessed here, so a slip of the finger costs nothing.
    const auto step = acceptedStep(secret, code, now, noStep);
    if (!step)
        return SignInRefused{};
    _database.transact([&] {
        _database
            .prepare("INSERT INTO second_factor (clerk_id, sealed, last_step, set_up_at) VALUES "
                     "(?, ?, ?, ?)")
            .bind(clerk.id,
                  outbox::sealWith(_opened->dataKey, secret.reveal(), factorContext(clerk.id),
                                   _random),
                  *step, now)
            .run();
        _database.prepare("UPDATE clerk_session SET proven_at = ? WHERE token_hash = ?")
            .bind(now, hashOf(token))
            .run();
        audit(*found, "set-up-second-factor", clerk, {}, now);
    });
    return FactorRight{};
}

std::variant<FactorRight, SignInRefused, SignInDelayed>
People::giveUpFactor(const Secret& token, std::string_view code, UtcTime now)
{
    const Session actor = actingWithKey(token, now);
    const Clerk& clerk = actor.clerk;
    if (!actor.secondFactor)
        throw Error(ErrorCode::StepOutOfOrder, "there is no second factor");
    if (const auto delay = delayOf(codeDelayKey(clerk.id), now))
        return *delay;
    if (!rightStep(clerk, code, now))
        return SignInRefused{};
    _database.transact([&] {
        dropFactor(clerk.id);
        audit(actor, "give-up-second-factor", clerk, {}, now);
    });
    return FactorRight{};
}

AccountChange People::resetFactor(const Secret& token, const std::string& id, FactorLoss loss,
                                  UtcTime now, std::string_view paperHalf)
{
    const Session actor = acting(token, now);
    const Account target = inReach(actor, id);
    if (target.clerk.id == actor.clerk.id)
        throw Error(ErrorCode::NotAllowed, "one's own second factor needs its code");
    if (!target.secondFactor)
        throw Error(ErrorCode::StepOutOfOrder, "there is no second factor");
    const Wish wish{.act = SharedAct::ResetFactor,
                    .touched = target.roles.commonWith(secondPersonFor),
                    .roles = target.roles,
                    .reason = std::string(office::name(loss))};
    const auto change = shared(actor, target, wish, paperHalf, now);
    if (change != AccountChange::Changed)
        return change;
    _database.transact([&] {
        dropFactor(id);
        dropSessions(id);
        auto more = byPaper(wish);
        more["reason"] = wish.reason;
        audit(actor, "reset-second-factor", target.clerk, std::move(more), now);
    });
    endSessions(now);
    return change;
}

// --- sessions

void People::dropSessions(const std::string& id)
{
    _database.prepare("DELETE FROM clerk_session WHERE clerk_id = ?").bind(id).run();
}

std::vector<SessionEntry> People::sessionsOf(const Secret& token, const std::string& id,
                                             UtcTime now)
{
    const Session actor = acting(token, now);
    if (actor.clerk.id != id && !actor.roles.has(Role::It))
        throw Error(ErrorCode::NotAllowed, "another's sessions");
    endSessions(now);
    const std::string own = hashOf(token);
    std::vector<SessionEntry> entries;
    auto rows = _database.prepare("SELECT token_hash, place, created_at, seen_at FROM clerk_session"
                                  " WHERE clerk_id = ? ORDER BY created_at DESC, token_hash");
    rows.bind(id);
    while (rows.step())
        entries.push_back(
            {rows.text(0), rows.text(1), rows.time(2), rows.time(3), rows.text(0) == own});
    return entries;
}

void People::endSession(const Secret& token, const std::string& sessionId, UtcTime now)
{
    const Session actor = acting(token, now);
    auto row = _database.prepare("SELECT clerk.id, clerk.name FROM clerk_session JOIN clerk ON "
                                 "clerk.id = clerk_id WHERE token_hash = ?");
    const bool there = row.bind(sessionId).step();
    const Clerk owner = there ? Clerk{row.text(0), row.text(1)} : Clerk{};
    if (!there || (owner.id != actor.clerk.id && !actor.roles.has(Role::It)))
        throw Error(ErrorCode::NotFound, "no such session");
    _database.transact([&] {
        _database.prepare("DELETE FROM clerk_session WHERE token_hash = ?").bind(sessionId).run();
        audit(actor, "end-session", owner, {}, now);
    });
    forget(sessionId);
}

} // namespace amt::office
