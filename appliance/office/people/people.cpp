// SPDX-License-Identifier: EUPL-1.2
//
// Signing in is unwrapping: whoever has the right key gets the data key, and with it the desk key.
#include "appliance/office/people/people.h"

#include "appliance/core/log.h"
#include "appliance/office/form/text_rules.h"
#include "appliance/office/people/codes.h"

#include <algorithm>

namespace amt::office {

namespace {

constexpr std::size_t keyBytes = 32;
constexpr std::size_t saltBytes = 16;
constexpr std::string_view setUpHolder = "setup";
constexpr std::string_view recoveryHolder = "recovery";
constexpr std::string_view deskKeyContext = "desk key";
constexpr auto failuresForgotten = std::chrono::hours(24);
constexpr auto seenWrittenEvery = std::chrono::minutes(1);

std::string holderOf(const Clerk& clerk)
{
    return "clerk:" + clerk.id;
}

std::string hashOf(const Secret& token)
{
    return toHex(outbox::sha256(token.reveal()));
}

std::string hashOf(const std::string& name)
{
    return toHex(outbox::sha256(view("sign-in " + name)));
}

/// ASCII only, like NOCASE in the table: other letters are compared as they are.
std::string folded(std::string name)
{
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

} // namespace

std::optional<std::string> clerkName(std::string_view typed)
{
    std::string name;
    try {
        name = tidied(typed);
    } catch (const Error&) {
        return std::nullopt; // not UTF-8: nobody's name
    }
    const int characters = charactersIn(name);
    if (characters < 2 || characters > 64 || offending(name, CharacterSet::TextB))
        return std::nullopt;
    return name;
}

People::People(store::Database& database, outbox::Journal& journal, RandomSource& random,
               PeopleSettings settings)
    : _database(database), _journal(journal), _random(random), _settings(settings)
{}

bool People::isSetUp() const
{
    auto row = _database.prepare("SELECT 1 FROM desk_key");
    return row.step();
}

bool People::hasClerk() const
{
    auto row = _database.prepare("SELECT 1 FROM clerk LIMIT 1");
    return row.step();
}

Secret People::setUp(const outbox::RsaKey& deskKey, UtcTime now)
{
    Secret code = randomCode(_random);
    _database.transact([&] {
        auto copies = _database.prepare("SELECT 1 FROM desk_copy LIMIT 1");
        if (hasClerk() || copies.step())
            throw Error(ErrorCode::StepOutOfOrder,
                        "the set-up was done: there is a clerk or a case");
        _database.execute("DELETE FROM desk_key; DELETE FROM data_key_wrap; DELETE FROM "
                          "setup_code; DELETE FROM recovery_half");
        const Secret dataKey(randomBytes(_random, keyBytes));
        const std::string kid = "desk-" + deskKey.fingerprint().substr(0, 24);
        _database
            .prepare("INSERT INTO desk_key (id, kid, public_key, sealed_private, made_at) VALUES "
                     "(1, ?, ?, ?, ?)")
            .bind(kid, deskKey.publicDer(),
                  outbox::sealWith(dataKey, deskKey.privateDer().reveal(), deskKeyContext, _random),
                  now)
            .run();
        _database.prepare("INSERT INTO setup_code (id, made_at) VALUES (1, ?)").bind(now).run();
        wrap(std::string(setUpHolder), *normalisedCode(code.revealText()), dataKey);
        _journal.append(outbox::RecordKind::KeySet, kid,
                        {{"fingerprint", deskKey.fingerprint()}, {"use", "desk"}}, now);
    });
    _opened.reset();
    return code;
}

outbox::DeskSeal People::deskSeal() const
{
    auto row = _database.prepare("SELECT public_key, kid FROM desk_key");
    if (!row.step())
        throw Error(ErrorCode::KeyUnusable, "there is no desk key yet");
    return {outbox::RsaKey::fromPublicDer(row.blob(0)), row.text(1)};
}

std::string People::passwordDelayKey(const std::string& name)
{
    return hashOf(folded(clerkName(name).value_or(std::string())));
}

std::optional<SignInDelayed> People::delayFor(const std::string& name, UtcTime now) const
{
    return delayOf(passwordDelayKey(name), now);
}

std::optional<SignInDelayed> People::delayOf(const std::string& key, UtcTime now) const
{
    auto row = _database.prepare("SELECT failures, last_at FROM sign_in_delay WHERE name_hash = ?");
    if (!row.bind(key).step())
        return std::nullopt;
    const auto wait = delayAfter(row.integer(0), now - row.time(1), _settings.delayMax);
    return wait ? std::optional(SignInDelayed{*wait}) : std::nullopt;
}

void People::failed(const std::string& key, UtcTime now)
{
    _database.transact([&] {
        _database.prepare("DELETE FROM sign_in_delay WHERE last_at < ?")
            .bind(UtcTime(now - failuresForgotten))
            .run();
        _database
            .prepare("INSERT INTO sign_in_delay (name_hash, failures, last_at) VALUES (?, 1, ?)"
                     " ON CONFLICT (name_hash) DO UPDATE SET failures = failures + 1, last_at = "
                     "excluded.last_at")
            .bind(key, now)
            .run();
    });
    log::warning("signin.refused");
}

void People::succeeded(const std::string& key)
{
    _database.prepare("DELETE FROM sign_in_delay WHERE name_hash = ?").bind(key).run();
}

std::optional<Clerk> People::clerkNamed(const std::string& name) const
{
    const auto kept = clerkName(name);
    if (!kept)
        return std::nullopt;
    auto row = _database.prepare("SELECT id, name FROM clerk WHERE name = ?");
    if (!row.bind(*kept).step())
        return std::nullopt;
    return Clerk{row.text(0), row.text(1)};
}

StretchOrder People::orderFor(const std::string& name, Secret password) const
{
    if (const auto clerk = clerkNamed(name))
        return orderOf(*clerk, std::move(password));
    return orderForNew(std::move(password)); // the same work for a name that nobody has
}

StretchOrder People::orderOf(const Clerk& clerk, Secret password) const
{
    auto row = _database.prepare("SELECT salt, memory_kib, passes, lanes FROM clerk WHERE id = ?");
    row.bind(clerk.id).step();
    return {.password = std::move(password),
            .salt = row.blob(0),
            .cost = {.memoryKib = static_cast<std::uint32_t>(row.integer(1)),
                     .passes = static_cast<std::uint32_t>(row.integer(2)),
                     .lanes = static_cast<std::uint32_t>(row.integer(3))}};
}

StretchOrder People::orderForNew(Secret password) const
{
    return {.password = std::move(password),
            .salt = randomBytes(_random, saltBytes),
            .cost = _settings.cost};
}

People::WrappedKey People::wrapped(const std::string& holder, const Secret& key,
                                   const Secret& dataKey) const
{
    const std::string salt = toHex(randomBytes(_random, saltBytes));
    const Secret wrapping = outbox::deriveKey(key, salt, "amt data key");
    return {salt, outbox::sealWith(wrapping, dataKey.reveal(), holder, _random)};
}

void People::keepWrapped(const std::string& holder, const WrappedKey& key)
{
    _database
        .prepare(
            "INSERT INTO data_key_wrap (holder, salt, wrapped) VALUES (?, ?, ?)"
            " ON CONFLICT (holder) DO UPDATE SET salt = excluded.salt, wrapped = excluded.wrapped")
        .bind(holder, key.salt, key.wrapped)
        .run();
}

void People::wrap(const std::string& holder, const Secret& key, const Secret& dataKey)
{
    keepWrapped(holder, wrapped(holder, key, dataKey));
}

std::optional<Secret> People::unwrap(const std::string& holder, const Secret& key) const
{
    auto row = _database.prepare("SELECT salt, wrapped FROM data_key_wrap WHERE holder = ?");
    if (!row.bind(holder).step())
        return std::nullopt;
    try {
        return Secret(outbox::openWith(outbox::deriveKey(key, row.text(0), "amt data key"),
                                       row.blob(1), holder));
    } catch (const Error& error) {
        // A wrong password is an ordinary outcome; that it does not open is how we know.
        if (error.errorCode() != ErrorCode::EnvelopeMalformed)
            throw;
        return std::nullopt;
    }
}

Secret People::recoveryKey(const Secret& paperHalf) const
{
    auto row = _database.prepare("SELECT half FROM recovery_half");
    const Bytes half = row.step() ? row.blob(0) : Bytes();
    return Secret(concat(paperHalf.reveal(), half));
}

People::Opened People::openWith(Secret dataKey) const
{
    auto row = _database.prepare("SELECT sealed_private FROM desk_key");
    if (!row.step())
        throw Error(ErrorCode::KeyUnusable, "there is no desk key");
    auto deskKey = outbox::RsaKey::fromPrivateDer(
        Secret(outbox::openWith(dataKey, row.blob(0), deskKeyContext)));
    return {std::move(dataKey), std::move(deskKey)};
}

void People::setPassword(const Clerk& clerk, const Stretched& password, const Secret& dataKey)
{
    _database
        .prepare("UPDATE clerk SET salt = ?, memory_kib = ?, passes = ?, lanes = ? WHERE id = ?")
        .bind(password.salt, std::int64_t{password.cost.memoryKib},
              std::int64_t{password.cost.passes}, std::int64_t{password.cost.lanes}, clerk.id)
        .run();
    wrap(holderOf(clerk), password.key, dataKey);
}

Clerk People::insertClerk(const Clerk& clerk, Roles roles, const Stretched& password,
                          const Secret& dataKey, UtcTime now)
{
    _database
        .prepare("INSERT INTO clerk (id, name, salt, memory_kib, passes, lanes, created_at) VALUES "
                 "(?, ?, ?, ?, ?, ?, ?)")
        .bind(clerk.id, clerk.name, password.salt, std::int64_t{password.cost.memoryKib},
              std::int64_t{password.cost.passes}, std::int64_t{password.cost.lanes}, now)
        .run();
    keepRoles(clerk.id, roles);
    wrap(holderOf(clerk), password.key, dataKey);
    return clerk;
}

SignedIn People::begin(const Clerk& clerk, std::optional<Opened> opened, const Way& way,
                       const std::string& place, UtcTime now)
{
    Bytes drawn = randomBytes(_random, keyBytes);
    std::string text = toBase64Url(drawn);
    wipe(drawn);
    const Secret token{std::string_view(text)};
    wipe(text);
    const std::string hash = hashOf(token);
    _database.transact([&] {
        _database
            .prepare("INSERT INTO clerk_session (token_hash, clerk_id, created_at, seen_at, place,"
                     " by_provider, provider_factor) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(hash, clerk.id, now, now, place, std::int64_t{way.byProvider},
                  std::int64_t{way.providerFactor})
            .run();
        // Half-way in is told apart: the code is still to come.
        const bool halfWay = hasFactor(clerk.id) && !way.providerFactor;
        _journal.append(
            outbox::RecordKind::Audit, clerk.id,
            {{"clerk", clerk.name}, {"act", std::string(way.act) + (halfWay ? "-begun" : "")}},
            now);
    });
    _live[hash] = {.seenAt = now, .writtenAt = now, .openedDeskKey = opened.has_value()};
    if (opened)
        _opened = std::move(opened);
    return {token, clerk};
}

std::variant<FirstClerkIn, SignInRefused, SignInDelayed, NameTaken>
People::firstClerk(std::string_view code, const std::string& name, const Stretched& password,
                   UtcTime now, const std::string& place)
{
    const auto kept = clerkName(name);
    const std::string attempt = "first clerk";
    if (const auto delay = delayFor(attempt, now))
        return *delay;
    const auto typed = normalisedCode(code);
    auto dataKey =
        typed && kept && !hasClerk() ? unwrap(std::string(setUpHolder), *typed) : std::nullopt;
    if (!dataKey) {
        failed(passwordDelayKey(attempt), now);
        return SignInRefused{};
    }
    Opened opened = openWith(std::move(*dataKey));
    return _database.transact(
        [&]() -> std::variant<FirstClerkIn, SignInRefused, SignInDelayed, NameTaken> {
            const Secret paperHalf = randomCode(_random);
            _database.execute("DELETE FROM recovery_half");
            _database.prepare("INSERT INTO recovery_half (id, half, made_at) VALUES (1, ?, ?)")
                .bind(randomBytes(_random, keyBytes), now)
                .run();
            wrap(std::string(recoveryHolder), recoveryKey(*normalisedCode(paperHalf.revealText())),
                 opened.dataKey);
            const Clerk clerk = insertClerk({timedUuid(_random, now), *kept},
                                            {Role::Lead, Role::It}, password, opened.dataKey, now);
            _database.prepare("DELETE FROM data_key_wrap WHERE holder = ?").bind(setUpHolder).run();
            _database.prepare("UPDATE setup_code SET used_at = ?").bind(now).run();
            succeeded(passwordDelayKey(attempt));
            return FirstClerkIn{begin(clerk, std::move(opened), {"first-clerk"}, place, now),
                                paperHalf};
        });
}

std::variant<SignedIn, SignInRefused, SignInDelayed> People::signIn(const std::string& name,
                                                                    const Stretched& password,
                                                                    UtcTime now,
                                                                    const std::string& place)
{
    if (const auto delay = delayFor(name, now))
        return *delay;
    const auto clerk = clerkNamed(name);
    auto dataKey = clerk ? unwrap(holderOf(*clerk), password.key) : std::nullopt;
    if (!dataKey) {
        failed(passwordDelayKey(name), now);
        return SignInRefused{};
    }
    Opened opened = openWith(std::move(*dataKey));
    return _database.transact([&] {
        succeeded(passwordDelayKey(name));
        return begin(*clerk, std::move(opened), {"sign-in"}, place, now);
    });
}

std::variant<SignedIn, SignInRefused, SignInDelayed>
People::recover(const std::string& name, std::string_view paperHalf, const Stretched& password,
                UtcTime now, const std::string& place)
{
    if (const auto delay = delayFor(name, now))
        return *delay;
    const auto clerk = clerkNamed(name);
    const auto typed = normalisedCode(paperHalf);
    auto dataKey = clerk && typed && !account(clerk->id).roles.empty()
                       ? unwrap(std::string(recoveryHolder), recoveryKey(*typed))
                       : std::nullopt;
    if (!dataKey) {
        failed(passwordDelayKey(name), now);
        return SignInRefused{};
    }
    Opened opened = openWith(std::move(*dataKey));
    return _database.transact([&] {
        succeeded(passwordDelayKey(name));
        setPassword(*clerk, password, opened.dataKey);
        dropFactor(clerk->id);
        dropSessions(clerk->id);
        return begin(*clerk, std::move(opened), {"recover"}, place, now);
    });
}

std::variant<PasswordChanged, SignInRefused, SignInDelayed>
People::changePassword(const Secret& token, const Stretched& current, const Stretched& next,
                       UtcTime now)
{
    const Session actor = acting(token, now);
    const Clerk& clerk = actor.clerk;
    if (const auto delay = delayFor(clerk.name, now))
        return *delay;
    const auto dataKey = unwrap(holderOf(clerk), current.key);
    if (!dataKey) {
        failed(passwordDelayKey(clerk.name), now);
        return SignInRefused{};
    }
    _database.transact([&] {
        setPassword(clerk, next, *dataKey);
        succeeded(passwordDelayKey(clerk.name));
        _database.prepare("DELETE FROM clerk_session WHERE clerk_id = ? AND token_hash <> ?")
            .bind(clerk.id, hashOf(token))
            .run();
        audit(actor, "change-password", clerk, {}, now);
    });
    endSessions(now);
    return PasswordChanged{};
}

void People::signOut(const Secret& token, UtcTime now)
{
    const auto found = session(token, now);
    if (!found)
        return;
    const std::string hash = hashOf(token);
    _database.transact([&] {
        _database.prepare("DELETE FROM clerk_session WHERE token_hash = ?").bind(hash).run();
        _journal.append(outbox::RecordKind::Audit, found->clerk.id,
                        {{"clerk", found->clerk.name}, {"act", "sign-out"}}, now);
    });
    forget(hash);
}

void People::forget(const std::string& tokenHash)
{
    _live.erase(tokenHash);
    closeDeskKeyIfUnused();
}

void People::closeDeskKeyIfUnused()
{
    const bool used = std::any_of(_live.begin(), _live.end(),
                                  [](const auto& entry) { return entry.second.openedDeskKey; });
    if (!used)
        _opened.reset();
}

std::optional<Session> People::session(const Secret& token, UtcTime now, AskedBy askedBy)
{
    const std::string hash = hashOf(token);
    auto row = _database.prepare(
        "SELECT clerk.id, clerk.name, s.created_at, s.seen_at, s.proven_at IS NOT NULL,"
        " EXISTS (SELECT 1 FROM second_factor f WHERE f.clerk_id = clerk.id),"
        " coalesce((SELECT group_concat(role, ' ') FROM clerk_role r WHERE r.clerk_id = clerk.id),"
        " ''), s.by_provider, s.provider_factor"
        " FROM clerk_session s JOIN clerk ON clerk.id = s.clerk_id WHERE token_hash = ?");
    if (!row.bind(hash).step()) {
        forget(hash);
        return std::nullopt;
    }
    Session found{.clerk = {row.text(0), row.text(1)}, .roles = rolesFrom(row.text(6))};
    found.secondFactor = row.integer(5) != 0;
    const bool proven = row.integer(4) != 0;
    const bool byProvider = row.integer(7) != 0;
    const bool vouchedFor = row.integer(8) != 0;
    found.proof = vouchedFor                                     ? Proof::Complete
                  : found.secondFactor && !proven                ? Proof::CodeAsked
                  : found.secondFactor                           ? Proof::Complete
                  : found.roles.meets(_settings.secondFactorFor) ? Proof::SetUpAsked
                                                                 : Proof::Complete;
    const UtcTime begunAt = row.time(2);
    const UtcTime writtenAt = row.time(3);
    const auto known = _live.find(hash);
    const UtcTime seenAt =
        known == _live.end() ? writtenAt : std::max(writtenAt, known->second.seenAt);
    const bool opened = known != _live.end() && known->second.openedDeskKey && _opened;
    // Half-way in one needs the key that the password opened: after a restart the way begins anew,
    // unless it began without a password.
    const bool late = found.proof == Proof::CodeAsked && now - begunAt > _settings.codeWithin;
    const bool closed = found.proof != Proof::Complete && !opened;
    const bool lost = closed && !byProvider;
    if (closed && byProvider)
        found.proof = Proof::PasswordAsked;
    if (lost || late || now - begunAt > _settings.sessionEnds ||
        now - seenAt > _settings.sessionIdles) {
        _database.transact([&] {
            _database.prepare("DELETE FROM clerk_session WHERE token_hash = ?").bind(hash).run();
        });
        forget(hash);
        return std::nullopt;
    }
    Live& live =
        _live
            .try_emplace(hash,
                         Live{.seenAt = seenAt, .writtenAt = writtenAt, .openedDeskKey = false})
            .first->second;
    if (askedBy == AskedBy::Person)
        live.seenAt = std::max(seenAt, now);
    if (live.seenAt - live.writtenAt >= seenWrittenEvery) { // not a commit for each page
        _database.transact([&] {
            _database.prepare("UPDATE clerk_session SET seen_at = ? WHERE token_hash = ?")
                .bind(live.seenAt, hash)
                .run();
        });
        live.writtenAt = live.seenAt;
    }
    found.deskKeyOpen = opened && found.proof == Proof::Complete;
    return found;
}

void People::endSessions(UtcTime now)
{
    const UtcTime oldestBegin = now - _settings.sessionEnds;
    const UtcTime oldestSeen = now - _settings.sessionIdles;
    const UtcTime oldestPassword = now - _settings.codeWithin;
    for (auto& [hash, live] : _live) {
        // What memory knows and the table does not yet.
        if (live.seenAt > live.writtenAt) {
            _database.transact([&, &tokenHash = hash, &seenAt = live.seenAt] {
                _database.prepare("UPDATE clerk_session SET seen_at = ? WHERE token_hash = ?")
                    .bind(seenAt, tokenHash)
                    .run();
            });
            live.writtenAt = live.seenAt;
        }
    }
    const std::string over = "created_at < ? OR seen_at < ? OR (created_at < ? AND proven_at IS "
                             "NULL AND provider_factor = 0"
                             " AND clerk_id IN (SELECT clerk_id FROM second_factor))";
    auto ended = _database.prepare("SELECT 1 FROM clerk_session WHERE " + over + " LIMIT 1");
    if (ended.bind(oldestBegin, oldestSeen, oldestPassword).step()) {
        _database.transact([&] {
            _database.prepare("DELETE FROM clerk_session WHERE " + over)
                .bind(oldestBegin, oldestSeen, oldestPassword)
                .run();
        });
    }
    for (auto entry = _live.begin(); entry != _live.end();) {
        auto row = _database.prepare("SELECT 1 FROM clerk_session WHERE token_hash = ?");
        entry = row.bind(entry->first).step() ? std::next(entry) : _live.erase(entry);
    }
    closeDeskKeyIfUnused();
}

std::optional<outbox::RsaKey> People::openDeskKey(const Secret& token, UtcTime now)
{
    const auto found = session(token, now);
    if (!found || !found->deskKeyOpen)
        return std::nullopt;
    return _opened->deskKey;
}

} // namespace amt::office
