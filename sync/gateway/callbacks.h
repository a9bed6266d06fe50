// SPDX-License-Identifier: EUPL-1.2
//
// Callbacks: who has an address is told that something is new, with an HMAC, until it answers
// (facts/portal.md 1.9). They say ids only, and polling works without them.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/books.h"
#include "sync/gateway/metrics.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace amt::gateway {

struct CallbackEntry {
    std::string clientId;
    std::string url;       ///< https://host[:port]/path
    std::string authority; ///< PEM; the only one that is believed at this address
    Secret secret;         ///< text, of at least 256 random bits
};

/// A line to https://host:port that believes this authority alone.
using CallbackDoor = std::function<std::unique_ptr<HttpExchange>(
    const std::string& origin, const std::string& authority, EventLoop& loop)>;

/// Where no key of its own was kept.
Secret callbackKeyFrom(const envelope::RsaKey& signingKey);

enum class CallbackKind { NewSubmissions, NewEvents };

class Callbacks {
public:
    /// `key`, 32 bytes that no database holds: secrets are sealed under it. Without a door nothing
    /// is sent, but all is noted: another gateway has one. What is passed by reference must outlive
    /// it.
    Callbacks(Books& books, EventLoop& loop, RandomSource& random, Secret key, CallbackDoor door,
              Counters& counters, std::chrono::seconds every = std::chrono::seconds(2));
    ~Callbacks();
    Callbacks(const Callbacks&) = delete;
    Callbacks& operator=(const Callbacks&) = delete;

    /// In place of an address that was there. Throws ConfigurationInvalid for what is not https.
    void enter(const CallbackEntry& entry);
    /// Its address, and what it has still to be told.
    void forget(const std::string& clientId);
    /// Secrets that an older program entered as they are. The schema is up to date.
    void sealOld();

    struct News {
        std::string destinationId, submissionId, caseId;
    };
    /// Part of the commit that makes the news; nothing for clients without an address.
    void tellClient(const std::string& clientId, CallbackKind kind, const News& news, UtcTime now);
    void tellOwner(CallbackKind kind, const News& news, UtcTime now); ///< of news.destinationId

    /// What nobody wanted to hear for a fortnight: by then the submission was decided on.
    void dropOld(UtcTime now);

private:
    class Sender;
    Books& _books;
    RandomSource& _random;
    const Secret _key;
    std::unique_ptr<Sender> _sender; ///< null without a door
};

/// Lower-case hex of HMAC-SHA-512 over "timestamp.body".
std::string callbackAuthentication(const Secret& secret, const std::string& timestamp,
                                   std::string_view body);
/// What a receiver checks: that the secret made it, within five minutes of `now`.
bool isGenuineCallback(const Secret& secret, const std::string& timestamp,
                       std::string_view authentication, std::string_view body, UtcTime now);

} // namespace amt::gateway
