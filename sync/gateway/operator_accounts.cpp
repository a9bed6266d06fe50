// SPDX-License-Identifier: EUPL-1.2
//
// Operators come in with three things at once, so nobody learns which of them was wrong.
#include "sync/gateway/operator_accounts.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/core/log.h"
#include "appliance/office/people/codes.h"
#include "appliance/office/people/second_factor.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/fleet_statements.h"
#include "sync/gateway/statements.h"

#include <algorithm>
#include <limits>

namespace amt::gateway {
namespace {

constexpr std::size_t nameBytesMin = 2, nameBytesMax = 64;
constexpr std::size_t saltBytes = 16;
constexpr std::size_t tokenBytes = 32;
constexpr std::size_t pendingMax = 64; ///< who sets up at one time
constexpr auto failuresForgotten = std::chrono::hours(24);
constexpr auto seenWrittenEvery = std::chrono::minutes(1);
constexpr std::int64_t noStep = std::numeric_limits<std::int64_t>::min();

std::string hashOf(ByteView bytes)
{
    return toHex(envelope::sha256(bytes));
}

std::string hashOfCode(std::string_view typed)
{
    const auto code = office::normalisedCode(typed);
    return code ? hashOf(code->reveal()) : std::string();
}

Secret factorKey(const office::Stretched& password)
{
    return envelope::deriveKey(password.key, "", "amt gateway operator second factor");
}

std::string factorContext(const std::string& id)
{
    return "second factor of operator " + id;
}

/// Throws InputMalformed.
void checkName(const std::string& name)
{
    const bool plain = std::all_of(
        name.begin(), name.end(), [](char each) { return static_cast<unsigned char>(each) >= 32; });
    if (name.size() < nameBytesMin || name.size() > nameBytesMax || !plain || !isValidUtf8(name) ||
        name.front() == ' ' || name.back() == ' ')
        throw Error(ErrorCode::InputMalformed, "an operator's name has 2 to 64 characters");
}

} // namespace

// --- orders

std::optional<std::string> OperatorAccounts::enter(const std::string& name, UtcTime now)
{
    checkName(name);
    const std::string id = randomUuid(_random);
    const int added = _books.prepare(sql::addOperator).bind(id, name, now).run();
    return added == 1 ? std::optional(id) : std::nullopt;
}

Secret OperatorAccounts::giveCode(const std::string& id, UtcTime now)
{
    Secret code = office::randomCode(_random);
    _books.prepare(sql::giveOperatorCode)
        .bind(hashOfCode(code.revealText()), now + _settings.codeLife, id)
        .run();
    _books.prepare(sql::dropSessionsOfOperator).bind(id).run();
    return code;
}

void OperatorAccounts::end(const std::string& id, UtcTime now)
{
    // The name is free again; who did what under it stands in the acts.
    _books.prepare(sql::endOperator).bind(now, id, id).run();
    _books.prepare(sql::dropSessionsOfOperator).bind(id).run();
}

std::optional<std::string> OperatorAccounts::idOf(const std::string& name)
{
    auto row = _books.prepare(sql::operatorByName).bind(name);
    return row.step() ? std::optional(row.text(0)) : std::nullopt;
}

json::ArrayPtr OperatorAccounts::list()
{
    auto list = json::makeArray();
    auto row = _books.prepare(sql::everyOperator);
    while (row.step()) {
        const bool ended = !row.isNull(5), set = row.integer(3) != 0;
        auto entry = json::makeObject();
        entry->set("operatorId", row.text(0));
        entry->set("name", ended ? "" : row.text(1));
        entry->set("enteredAt", toIso(row.time(2)));
        entry->set("state", ended ? "ended" : set ? "active" : "invited");
        entry->set("codeUntil", ended || set ? "" : toIso(row.time(4)));
        list->add(entry);
    }
    return list;
}

// --- signing in

std::optional<OperatorAccounts::Delayed> OperatorAccounts::delayFor(const std::string& name,
                                                                    UtcTime now)
{
    auto row = _books.prepare(sql::operatorDelay).bind(hashOf(view(name)));
    if (!row.step())
        return std::nullopt;
    const auto wait = office::delayAfter(row.integer(0), now - row.time(1), _settings.delayMax);
    return wait ? std::optional(Delayed{*wait}) : std::nullopt;
}

void OperatorAccounts::failed(const std::string& name, UtcTime now)
{
    const auto id = idOf(name);
    _books.transact([&] {
        _books.prepare(sql::dropOldOperatorDelays).bind(now - failuresForgotten).run();
        _books.prepare(sql::countOperatorFailure).bind(hashOf(view(name)), now).run();
        if (id) // what else is typed may be anything, a password too
            note("sign-in-refused", *id, name, now);
    });
    log::warning("operator.sign_in_refused");
}

office::StretchOrder OperatorAccounts::orderFor(const std::string& name, Secret password)
{
    auto row = _books.prepare(sql::operatorByName).bind(name);
    if (row.step() && !row.text(7).empty())
        return {.password = std::move(password),
                .salt = fromHex(row.text(3)),
                .cost = {static_cast<std::uint32_t>(row.integer(4)),
                         static_cast<std::uint32_t>(row.integer(5)),
                         static_cast<std::uint32_t>(row.integer(6))}};
    return orderForNew(std::move(password));
}

office::StretchOrder OperatorAccounts::orderForNew(Secret password)
{
    return {.password = std::move(password),
            .salt = randomBytes(_random, saltBytes),
            .cost = _settings.cost};
}

std::variant<OperatorAccounts::SignedIn, OperatorAccounts::Refused, OperatorAccounts::Delayed>
OperatorAccounts::signIn(const std::string& name, const office::Stretched& password,
                         std::string_view code, UtcTime now, const std::string& place)
{
    if (const auto delayed = delayFor(name, now)) // others tried while this was worked out
        return *delayed;
    auto row = _books.prepare(sql::operatorByName).bind(name);
    const bool known = row.step() && !row.text(7).empty();
    std::optional<std::int64_t> step;
    if (known && toHex(password.salt) == row.text(3)) {
        try { // right is what opens
            const Secret secret(envelope::openWith(factorKey(password), fromBase64Url(row.text(7)),
                                                   factorContext(row.text(0))));
            step = office::acceptedStep(secret, code, now, row.integer(8));
        } catch (const Error& failure) {
            if (failure.errorCode() != ErrorCode::EnvelopeMalformed)
                throw;
        }
    }
    if (!step) {
        failed(name, now);
        return Refused{};
    }
    const Operator who{row.text(0), name};
    std::optional<SignedIn> in;
    _books.transact([&] {
        in.reset();
        if (_books.prepare(sql::moveOperatorStep).bind(*step, who.id).run() != 1)
            return; // the code was used at another gateway meanwhile
        _books.prepare(sql::dropOperatorDelay).bind(hashOf(view(name))).run();
        in = letIn(who, place, now);
        note("sign-in", who.id, name, now);
    });
    if (!in)
        return Refused{};
    return *std::move(in);
}

/// Within the caller's commit.
OperatorAccounts::SignedIn OperatorAccounts::letIn(const Operator& who, const std::string& place,
                                                   UtcTime now)
{
    _books.prepare(sql::dropOldOperatorSessions)
        .bind(now - _settings.sessionEnds, now - _settings.sessionIdles)
        .run();
    const std::string token = toBase64Url(randomBytes(_random, tokenBytes));
    _books.prepare(sql::addOperatorSession).bind(hashOf(view(token)), who.id, place, now).run();
    return {.token = Secret(std::string_view(token)), .who = who};
}

// --- the first time

std::variant<OperatorAccounts::Offer, OperatorAccounts::Refused, OperatorAccounts::Delayed>
OperatorAccounts::begin(const std::string& name, std::string_view code,
                        const office::Stretched& password, UtcTime now)
{
    if (const auto delayed = delayFor(name, now))
        return *delayed;
    auto row = _books.prepare(sql::operatorByName).bind(name);
    const std::string hash = hashOfCode(code);
    if (!row.step() || hash.empty() || row.text(1) != hash || row.time(2) <= now) {
        failed(name, now);
        return Refused{};
    }
    std::erase_if(_pending, [&](const auto& each) {
        return now - each.second.begunAt > _settings.setUpWithin || each.second.id == row.text(0);
    });
    if (_pending.size() >= pendingMax)
        throw Error(ErrorCode::Overloaded, "too many set up at one time");
    const std::string token = toBase64Url(randomBytes(_random, tokenBytes));
    const Offer offer{.token = Secret(std::string_view(token)),
                      .name = name,
                      .secret = office::newFactorSecret(_random)};
    _pending.insert_or_assign(hashOf(view(token)), Pending{.offer = offer,
                                                           .id = row.text(0),
                                                           .codeHash = hash,
                                                           .password = password,
                                                           .begunAt = now});
    return offer;
}

const OperatorAccounts::Offer* OperatorAccounts::offered(const Secret& token, UtcTime now)
{
    const auto found = _pending.find(hashOf(token.reveal()));
    if (found == _pending.end() || now - found->second.begunAt > _settings.setUpWithin)
        return nullptr;
    return &found->second.offer;
}

std::variant<OperatorAccounts::SignedIn, OperatorAccounts::Refused>
OperatorAccounts::finish(const Secret& token, std::string_view code, UtcTime now,
                         const std::string& place)
{
    if (!offered(token, now))
        throw Error(ErrorCode::NotSignedIn, "nothing is being set up");
    const Pending& pending = _pending.at(hashOf(token.reveal()));
    // Nobody's secret is guessed here, so a slip of the finger costs nothing.
    const auto step = office::acceptedStep(pending.offer.secret, code, now, noStep);
    if (!step)
        return Refused{};
    const Operator who{pending.id, pending.offer.name};
    const std::string sealed =
        toBase64Url(envelope::sealWith(factorKey(pending.password), pending.offer.secret.reveal(),
                                       factorContext(who.id), _random));
    std::optional<SignedIn> in;
    _books.transact([&] {
        in.reset();
        auto row = _books.prepare(sql::operatorByName).bind(who.name);
        if (!row.step() || row.text(0) != who.id || row.text(1) != pending.codeHash)
            return; // another code was given, or the account ended
        const auto& cost = pending.password.cost;
        _books.prepare(sql::keepOperatorProof)
            .bind(toHex(pending.password.salt), std::int64_t{cost.memoryKib},
                  std::int64_t{cost.passes}, std::int64_t{cost.lanes}, sealed, *step, who.id)
            .run();
        _books.prepare(sql::dropOperatorDelay).bind(hashOf(view(who.name))).run();
        in = letIn(who, place, now);
        note("set-up-operator", who.id, who.name, now);
    });
    _pending.erase(hashOf(token.reveal()));
    if (!in)
        throw Error(ErrorCode::NotSignedIn, "the code is another by now");
    return *std::move(in);
}

// --- sessions

std::optional<Operator> OperatorAccounts::session(const Secret& token, UtcTime now)
{
    const std::string hash = hashOf(token.reveal());
    auto row = _books.prepare(sql::operatorSession).bind(hash);
    if (!row.step())
        return std::nullopt;
    const UtcTime seenAt = row.time(3);
    if (now - row.time(2) > _settings.sessionEnds || now - seenAt > _settings.sessionIdles) {
        _books.transact([&] { _books.prepare(sql::dropOperatorSession).bind(hash).run(); });
        return std::nullopt;
    }
    if (now - seenAt >= seenWrittenEvery) // not a commit for each page
        _books.transact([&] { _books.prepare(sql::seenOperatorSession).bind(now, hash).run(); });
    return Operator{row.text(0), row.text(1)};
}

std::vector<OperatorAccounts::SessionEntry> OperatorAccounts::sessions(const Secret& token,
                                                                       UtcTime now)
{
    const std::string own = hashOf(token.reveal());
    std::vector<SessionEntry> entries;
    auto row = _books.prepare(sql::operatorSessions);
    while (row.step()) {
        const bool holds = now - row.time(3) <= _settings.sessionEnds &&
                           now - row.time(4) <= _settings.sessionIdles;
        if (holds)
            entries.push_back({row.text(0), row.text(1), row.text(2), row.time(3), row.time(4),
                               row.text(0) == own});
    }
    return entries;
}

void OperatorAccounts::signOut(const Secret& token, UtcTime now)
{
    const auto who = session(token, now);
    _books.transact([&] {
        _books.prepare(sql::dropOperatorSession).bind(hashOf(token.reveal())).run();
        if (who)
            note("sign-out", who->id, who->name, now);
    });
}

bool OperatorAccounts::endSession(const std::string& sessionId, const Operator& by, UtcTime now)
{
    return _books.transact([&] {
        auto row = _books.prepare(sql::operatorSession).bind(sessionId);
        if (!row.step())
            return false;
        _books.prepare(sql::dropOperatorSession).bind(sessionId).run();
        note("end-session", row.text(0), by.name, now);
        return true;
    });
}

void OperatorAccounts::note(std::string_view act, const std::string& subject, const std::string& by,
                            UtcTime now)
{
    _books.prepare(sql::noteAct).bind(now, act, subject, by, std::string_view()).run();
}

} // namespace amt::gateway
