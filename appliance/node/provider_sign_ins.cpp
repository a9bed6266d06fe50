// SPDX-License-Identifier: EUPL-1.2
//
// From the button to the provider's word, as a state table.
#include "appliance/node/provider_sign_ins.h"

#include "appliance/core/log.h"
#include "appliance/core/overloaded.h"
#include "appliance/core/state_table.h"
#include "sync/envelope/envelope.h"

#include <algorithm>

namespace amt::node {
namespace {

constexpr auto holds = std::chrono::minutes(5);
constexpr auto answerWithin = std::chrono::seconds(20); ///< amt-sync and the provider together
constexpr std::size_t arrivalsMax = 200;
constexpr std::size_t codeBytesMax = 2048;

enum class ArrivalEvent { CameBack, TakenAlong, Believed, Failed };

constexpr auto arrivalTable = stateTable<ArrivalState, ArrivalEvent>({
    {ArrivalState::Sent, ArrivalEvent::CameBack, ArrivalState::Waiting},
    {ArrivalState::Sent, ArrivalEvent::Failed, ArrivalState::Ended},
    {ArrivalState::Waiting, ArrivalEvent::TakenAlong, ArrivalState::Carried},
    {ArrivalState::Waiting, ArrivalEvent::Failed, ArrivalState::Ended},
    {ArrivalState::Carried, ArrivalEvent::Believed, ArrivalState::Known},
    {ArrivalState::Carried, ArrivalEvent::Failed, ArrivalState::Ended},
});

/// The caller knows that the table has the row.
void apply(ArrivalState& state, ArrivalEvent event)
{
    const auto next = arrivalTable.next(state, event);
    AMT_ASSERT(next.has_value());
    state = *next;
}

std::string hashOf(const std::string& cookie)
{
    return toHex(envelope::sha256(view(cookie)));
}

std::string valueOf(const std::map<std::string, std::string>& query, const std::string& name)
{
    const auto found = query.find(name);
    return found == query.end() ? std::string() : found->second;
}

bool same(const std::string& a, const std::string& b)
{
    return equalInConstantTime(view(a), view(b));
}

} // namespace

ProviderSignIns::ProviderSignIns(IdentityProvider provider, EventLoop& loop, RandomSource& random,
                                 std::function<void(const std::string&)> refused)
    : _provider(std::move(provider)), _loop(loop), _random(random), _refused(std::move(refused))
{}

std::string ProviderSignIns::randomText()
{
    return toBase64Url(randomBytes(_random, 32));
}

void ProviderSignIns::tidy()
{
    const auto now = _loop.sinceBoot();
    for (auto& [hash, arrival] : _arrivals) {
        const bool waits =
            arrival.state == ArrivalState::Waiting || arrival.state == ArrivalState::Carried;
        if (waits && now - arrival.cameBackAt >= answerWithin)
            end(arrival, ArrivalEnd::NotReachable);
    }
    std::erase_if(_arrivals,
                  [&](const auto& entry) { return now - entry.second.begunAt >= holds; });
}

ProviderSignIns::Arrival* ProviderSignIns::find(const std::string& cookie)
{
    tidy();
    const auto found = _arrivals.find(hashOf(cookie));
    return found == _arrivals.end() ? nullptr : &found->second;
}

void ProviderSignIns::end(Arrival& arrival, ArrivalEnd why)
{
    apply(arrival.state, ArrivalEvent::Failed);
    arrival.end = why;
    arrival.code = Secret();
    arrival.verifier = Secret();
}

ProviderSignIns::Begun ProviderSignIns::begin()
{
    tidy();
    if (_arrivals.size() >= arrivalsMax) {
        const auto oldest =
            std::min_element(_arrivals.begin(), _arrivals.end(), [](const auto& a, const auto& b) {
                const bool aRuns = a.second.state == ArrivalState::Carried;
                const bool bRuns = b.second.state == ArrivalState::Carried;
                return aRuns != bRuns ? bRuns : a.second.begunAt < b.second.begunAt;
            });
        _arrivals.erase(oldest);
    }
    const std::string cookie = randomText();
    Arrival arrival;
    arrival.begunAt = _loop.sinceBoot();
    arrival.stateToken = randomText();
    arrival.nonce = randomText();
    arrival.verifier = Secret(randomText()); // 43 characters (RFC 7636 4.1)
    Begun begun{Secret(cookie),
                authorisationAddress(_provider, {arrival.stateToken, arrival.nonce,
                                                 challengeOf(arrival.verifier.revealText())})};
    _arrivals[hashOf(cookie)] = std::move(arrival);
    return begun;
}

bool ProviderSignIns::cameBack(const std::string& cookie,
                               const std::map<std::string, std::string>& query)
{
    Arrival* const arrival = find(cookie);
    if (!arrival || arrival->state != ArrivalState::Sent)
        return false;
    // RFC 9207: an answer of another provider is nobody's.
    const auto issuer = query.find("iss");
    const bool fromIssuer =
        issuer == query.end() ? !_provider.saysIssuer : issuer->second == _provider.issuer;
    if (!same(valueOf(query, "state"), arrival->stateToken) || !fromIssuer) {
        forget(cookie);
        return false;
    }
    arrival->stateToken.clear();
    const std::string code = valueOf(query, "code");
    if (code.empty() || code.size() > codeBytesMax || query.contains("error")) {
        log::info("provider.cancelled");
        end(*arrival, ArrivalEnd::Cancelled);
        return true;
    }
    apply(arrival->state, ArrivalEvent::CameBack);
    arrival->cameBackAt = _loop.sinceBoot();
    arrival->code = Secret(code);
    arrival->errandId = randomUuid(_random);
    return true;
}

bool ProviderSignIns::hasErrand() const
{
    return std::any_of(_arrivals.begin(), _arrivals.end(), [](const auto& entry) {
        return entry.second.state == ArrivalState::Waiting;
    });
}

std::optional<ProviderSignIns::Errand> ProviderSignIns::nextErrand()
{
    tidy();
    Arrival* next = nullptr;
    for (auto& [hash, arrival] : _arrivals) {
        if (arrival.state == ArrivalState::Waiting &&
            (!next || arrival.cameBackAt < next->cameBackAt))
            next = &arrival;
    }
    if (!next)
        return std::nullopt;
    apply(next->state, ArrivalEvent::TakenAlong);
    Errand errand{next->errandId, std::string(next->code.revealText()),
                  std::string(next->verifier.revealText())};
    next->code = Secret();
    next->verifier = Secret();
    return errand;
}

bool ProviderSignIns::heard(const std::string& errandId, const Heard& what)
{
    tidy();
    const auto found = std::find_if(_arrivals.begin(), _arrivals.end(), [&](const auto& entry) {
        return entry.second.state == ArrivalState::Carried && entry.second.errandId == errandId;
    });
    if (found == _arrivals.end())
        return false;
    Arrival& arrival = found->second;
    std::visit(Overloaded{[&](const Silent&) {
                              log::warning("provider.silent");
                              end(arrival, ArrivalEnd::NotReachable);
                          },
                          [&](const NotGiven&) {
                              _refused("CodeNotTaken");
                              end(arrival, ArrivalEnd::Refused);
                          },
                          [&](const std::string& idToken) {
                              const envelope::TokenExpectation expected{
                                  _provider.issuer, _provider.clientId, arrival.nonce,
                                  _provider.required.acr, _provider.required.amr};
                              const auto result = envelope::verifyIdToken(idToken, _provider.keys,
                                                                          expected, _loop.utcNow());
                              if (const auto* fault = std::get_if<envelope::TokenFault>(&result)) {
                                  _refused(std::string(envelope::name(*fault)));
                                  using enum envelope::TokenFault;
                                  const bool aboutTime =
                                      *fault == Expired || *fault == TooEarly || *fault == TooOld;
                                  return end(arrival, aboutTime ? ArrivalEnd::ClockUnsure
                                                                : ArrivalEnd::Refused);
                              }
                              const auto& token = std::get<envelope::IdToken>(result);
                              apply(arrival.state, ArrivalEvent::Believed);
                              arrival.who = {_provider.issuer, token.subject};
                              arrival.factor = vouchesForSecondFactor(_provider, token)
                                                   ? office::FactorBy::Provider
                                                   : office::FactorBy::Us;
                          }},
               what);
    return true;
}

std::optional<ProviderSignIns::Standing> ProviderSignIns::standing(const std::string& cookie)
{
    const Arrival* const arrival = find(cookie);
    if (!arrival)
        return std::nullopt;
    return Standing{arrival->state, arrival->end, arrival->who, arrival->factor};
}

void ProviderSignIns::forget(const std::string& cookie)
{
    _arrivals.erase(hashOf(cookie));
}

} // namespace amt::node
