// SPDX-License-Identifier: EUPL-1.2
//
// Reading an identity card for a visit: one read at a time, one signature in it, outcomes become
// steps.
#pragma once

#include "appliance/core/secret.h"
#include "drivers/port/identity.h"

#include <cstdint>
#include <optional>
#include <string>

namespace amt::node {

class House;
struct Visit;

class CardReading {
public:
    explicit CardReading(House& house) : _house(house) {}

    /// The visit is in step Reading. `pin` goes to the card and nowhere else; it is empty where the
    /// citizen types it at the reader's keypad. `can`, too; it is empty unless the PIN is
    /// suspended.
    void start(Visit& visit, Secret pin, Secret can);
    /// The visit's running read ends soon, with its own outcome.
    void cancel(const Visit& visit);
    /// True when there is no terminal key: no card can be read.
    bool impossible() const;
    /// Asks the reader whether it has a keypad of its own. While nothing else runs there; until it
    /// answers the last answer holds.
    void lookAtReader();
    /// The PIN is typed at the reader (IdentityPurpose::LookAtReader).
    bool hasKeypad() const { return _hasKeypad; }

private:
    struct Waiting {
        std::string visitHash;
        Secret pin;
        Secret can;
    };

    void begin(Visit& visit, Secret pin, Secret can);
    void sign(const std::string& visitHash, std::uint64_t number, const Bytes& toBeSigned,
              const SignatureGiven& given);
    void finished(const std::string& visitHash, std::uint64_t number,
                  const IdentityOutcome& outcome);
    void beginWaiting();

    House& _house;
    std::uint64_t _lastNumber = 0;
    std::uint64_t _running = 0; ///< number of the read, or the look, at the reader; 0: none
    bool _hasKeypad = false;
    std::optional<Waiting> _waiting; ///< until the read of a visit that has ended is over
};

/// Whether laying the card once more can help.
bool canRetry(const std::string& cardProblem);

} // namespace amt::node
