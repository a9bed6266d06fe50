// SPDX-License-Identifier: EUPL-1.2
//
// Sign-ins by the identity provider that are under way: authorisation code with PKCE (RFC 6749,
// 7636, OpenID Connect Core 1.0). Kept in memory only, each bound to the cookie of one browser,
// five minutes, once. The token request goes out through amt-sync (sync/carrier/PROTOCOL.md).
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "appliance/node/identity_provider.h"
#include "appliance/office/people/people.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace amt::node {

enum class ArrivalState {
    Sent,    ///< the browser is at the provider
    Waiting, ///< it came back with a code; amt-sync has not asked for it yet
    Carried, ///< amt-sync is at the provider
    Known,   ///< the provider said who it is, and we believe it
    Ended    ///< for a reason that is told
};

/// Why a sign-in ended; each has its page.
enum class ArrivalEnd {
    Cancelled,    ///< the provider says no: the person gave up, or may not come here
    NotReachable, ///< no answer, or none that could be read, in time
    ClockUnsure,  ///< the token's times and our clock do not fit: one of the two clocks is wrong
    Refused       ///< an answer that we do not believe, or a code that the provider does not take
};

class ProviderSignIns {
public:
    /// `loop` and `random` must outlive it. `refused` hears why a token was not believed: a code,
    /// never the token.
    ProviderSignIns(IdentityProvider provider, EventLoop& loop, RandomSource& random,
                    std::function<void(const std::string& reason)> refused);

    const IdentityProvider& provider() const { return _provider; }

    struct Begun {
        Secret cookie; ///< 256 random bits as text
        std::string address;
    };
    /// More than 200 at a time push out the oldest that is not yet with amt-sync.
    Begun begin();

    /// The browser is back. False: no such state in this browser (another one, used, too late), or
    /// not the issuer that it was sent to; what stood there is forgotten.
    bool cameBack(const std::string& cookie, const std::map<std::string, std::string>& query);

    struct Errand {
        std::string id, code, verifier;
    };
    bool hasErrand() const;
    /// The oldest that waits, given out once.
    std::optional<Errand> nextErrand();
    /// What amt-sync brought: the ID token, or nothing. Unknown ids and second answers: false.
    struct Silent {};
    struct NotGiven {}; ///< the provider answered with an error
    using Heard = std::variant<std::string, NotGiven, Silent>;
    bool heard(const std::string& errandId, const Heard& what);

    struct Standing {
        ArrivalState state = ArrivalState::Sent;
        ArrivalEnd end = ArrivalEnd::NotReachable; ///< of Ended
        office::ProviderIdentity who;              ///< of Known
        office::FactorBy factor = office::FactorBy::Us;
    };
    /// Nothing: no such sign-in (any more).
    std::optional<Standing> standing(const std::string& cookie);
    void forget(const std::string& cookie);

private:
    struct Arrival {
        ArrivalState state = ArrivalState::Sent;
        Milliseconds begunAt{0};
        Milliseconds cameBackAt{0};
        std::string stateToken, nonce;
        Secret verifier, code;
        std::string errandId;
        ArrivalEnd end = ArrivalEnd::NotReachable;
        office::ProviderIdentity who;
        office::FactorBy factor = office::FactorBy::Us;
    };

    void tidy();
    Arrival* find(const std::string& cookie);
    void end(Arrival& arrival, ArrivalEnd why);
    std::string randomText();

    IdentityProvider _provider;
    EventLoop& _loop;
    RandomSource& _random;
    std::function<void(const std::string&)> _refused;
    std::map<std::string, Arrival> _arrivals; ///< by hash of the cookie
};

} // namespace amt::node
