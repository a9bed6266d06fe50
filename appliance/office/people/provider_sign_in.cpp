// SPDX-License-Identifier: EUPL-1.2
//
// Signing in by an identity provider: which account its word lets in, and the password that still
// opens the desk key.
#include "appliance/core/log.h"
#include "appliance/office/people/codes.h"
#include "appliance/office/people/people.h"

namespace amt::office {
namespace {

std::string hashOf(const Secret& code)
{
    return toHex(outbox::sha256(code.reveal()));
}

constexpr std::string_view byProvider = "sign-in-by-provider";

} // namespace

std::optional<Clerk> People::clerkOf(const ProviderIdentity& who) const
{
    auto row = _database.prepare("SELECT clerk.id, clerk.name FROM clerk_identity JOIN clerk ON "
                                 "clerk.id = clerk_id WHERE issuer = ? AND subject = ?");
    if (!row.bind(who.issuer, who.subject).step())
        return std::nullopt;
    return Clerk{row.text(0), row.text(1)};
}

std::variant<SignedIn, NotBound, AccountClosed> People::signInBy(const ProviderIdentity& who,
                                                                 FactorBy factor, UtcTime now,
                                                                 const std::string& place)
{
    const auto clerk = clerkOf(who);
    if (!clerk)
        return NotBound{};
    if (account(clerk->id).roles.empty()) {
        log::warning("signin.closed", {{"clerk", clerk->id}});
        return AccountClosed{};
    }
    return begin(*clerk, std::nullopt, {byProvider, true, factor == FactorBy::Provider}, place,
                 now);
}

std::optional<Clerk> People::clerkOfBinding(std::string_view code, UtcTime now) const
{
    const auto typed = normalisedCode(code);
    if (!typed)
        return std::nullopt;
    auto row = _database.prepare("SELECT clerk.id, clerk.name FROM binding_code JOIN clerk ON "
                                 "clerk.id = clerk_id WHERE code_hash = ? AND made_at > ?");
    if (!row.bind(hashOf(*typed), UtcTime(now - _settings.bindingCodeHolds)).step())
        return std::nullopt;
    return Clerk{row.text(0), row.text(1)};
}

StretchOrder People::orderForBinding(std::string_view code, Secret password, UtcTime now) const
{
    const auto clerk = clerkOfBinding(code, now);
    return clerk ? orderOf(*clerk, std::move(password)) : orderForNew(std::move(password));
}

std::variant<SignedIn, SignInRefused, SignInDelayed>
People::bind(const ProviderIdentity& who, FactorBy factor, std::string_view code,
             const Stretched& password, UtcTime now, const std::string& place)
{
    // Wrong codes wait for each identity, wrong passwords for each name as at the door.
    const std::string attempt = hashOf(Secret("binding " + who.issuer + " " + who.subject));
    if (const auto delay = delayOf(attempt, now))
        return *delay;
    const auto clerk = clerkOfBinding(code, now);
    if (!clerk || clerkOf(who) || boundAt(clerk->id) || account(clerk->id).roles.empty()) {
        failed(attempt, now);
        return SignInRefused{};
    }
    if (const auto delay = delayFor(clerk->name, now))
        return *delay;
    auto dataKey = unwrap("clerk:" + clerk->id, password.key);
    if (!dataKey) {
        failed(passwordDelayKey(clerk->name), now);
        return SignInRefused{};
    }
    Opened opened = openWith(std::move(*dataKey));
    return _database.transact([&] {
        succeeded(attempt);
        succeeded(passwordDelayKey(clerk->name));
        _database.prepare("DELETE FROM binding_code WHERE clerk_id = ?").bind(clerk->id).run();
        _database
            .prepare("INSERT INTO clerk_identity (clerk_id, issuer, subject, bound_at) VALUES "
                     "(?, ?, ?, ?)")
            .bind(clerk->id, who.issuer, who.subject, now)
            .run();
        _journal.append(outbox::RecordKind::Audit, clerk->id,
                        {{"clerk", clerk->name}, {"act", "bind-identity"}, {"issuer", who.issuer}},
                        now);
        return begin(*clerk, std::move(opened), {byProvider, true, factor == FactorBy::Provider},
                     place, now);
    });
}

std::variant<KeyOpened, SignInRefused, SignInDelayed>
People::openKey(const Secret& token, const Stretched& password, UtcTime now)
{
    const auto found = session(token, now);
    if (!found)
        throw Error(ErrorCode::NotSignedIn, "no session");
    const Clerk& clerk = found->clerk;
    if (const auto delay = delayFor(clerk.name, now))
        return *delay;
    auto dataKey = unwrap("clerk:" + clerk.id, password.key);
    if (!dataKey) {
        failed(passwordDelayKey(clerk.name), now);
        return SignInRefused{};
    }
    Opened opened = openWith(std::move(*dataKey));
    _database.transact([&] {
        succeeded(passwordDelayKey(clerk.name));
        audit(*found, "open-desk-key", clerk, {}, now);
    });
    _opened = std::move(opened);
    _live[hashOf(token)].openedDeskKey = true;
    return KeyOpened{};
}

// --- whoever looks after the account

std::optional<UtcTime> People::boundAt(const std::string& id) const
{
    auto row = _database.prepare("SELECT bound_at FROM clerk_identity WHERE clerk_id = ?");
    if (!row.bind(id).step())
        return std::nullopt;
    return row.time(0);
}

Secret People::makeBindingCode(const Secret& token, const std::string& id, UtcTime now)
{
    const Session actor = acting(token, now);
    const Account target = inReach(actor, id);
    if (target.roles.empty() || boundAt(id))
        throw Error(ErrorCode::StepOutOfOrder, "closed, or bound already");
    Secret code = randomCode(_random);
    _database.transact([&] {
        _database
            .prepare("INSERT INTO binding_code (clerk_id, code_hash, made_at) VALUES (?, ?, ?)"
                     " ON CONFLICT (clerk_id) DO UPDATE SET code_hash = excluded.code_hash,"
                     " made_at = excluded.made_at")
            .bind(id, hashOf(*normalisedCode(code.revealText())), now)
            .run();
        audit(actor, "make-binding-code", target.clerk, {}, now);
    });
    return code;
}

void People::unbind(const Secret& token, const std::string& id, UtcTime now)
{
    const Session actor = acting(token, now);
    const Account target = inReach(actor, id);
    if (!boundAt(id))
        throw Error(ErrorCode::StepOutOfOrder, "not bound");
    _database.transact([&] {
        _database.prepare("DELETE FROM clerk_identity WHERE clerk_id = ?").bind(id).run();
        _database
            .prepare("DELETE FROM clerk_session WHERE clerk_id = ? AND by_provider = 1"
                     " AND token_hash <> ?")
            .bind(id, hashOf(token))
            .run();
        audit(actor, "unbind-identity", target.clerk, {}, now);
    });
    endSessions(now);
}

} // namespace amt::office
