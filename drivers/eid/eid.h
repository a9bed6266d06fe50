// SPDX-License-Identifier: EUPL-1.2
//
// eid.h: German identity cards by PIN, CAN or PUK (TR-03110, EAC 2): PACE, terminal authentication,
// passive and chip authentication, data groups, and the PIN itself. One read has two phases with
// the terminal's signature between them; whoever reads waits.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"
#include "drivers/port/identity.h"
#include "drivers/port/transport.h"

#include <functional>
#include <memory>
#include <variant>

namespace amt::eid {

/// Both may be empty. Called by the thread that reads.
struct ReadHooks {
    std::function<void(IdentityStep)> step;
    std::function<bool()>
        isCancelled; ///< asked before each command; true ends the read with ReadCancelled
};

/// A card that has taken the password and our certificates and waits for the proof that we own
/// their key. The card channel and the random source must outlive it.
class TerminalSession {
public:
    class Impl;
    explicit TerminalSession(std::unique_ptr<Impl> impl);
    ~TerminalSession();
    TerminalSession(TerminalSession&&) noexcept;
    TerminalSession& operator=(TerminalSession&&) noexcept;

    /// Second phase. `signature`: plain r||s over what the first phase gave. Once; never throws
    /// amt::Error.
    IdentityOutcome finish(ByteView signature);

private:
    std::unique_ptr<Impl> _impl;
};

struct SignatureNeeded {
    Bytes toBeSigned; ///< to be hashed and signed with ECDSA as the terminal certificate's OID says
    TerminalSession session;
};

/// First phase: EF.CardAccess, PACE, certificates, challenge. A retry counter that shows one try
/// left ends the read before the PIN is spent, unless the request has the CAN. Purposes that need
/// no terminal (IdentityPurpose) end here, with their outcome. Never throws amt::Error: failures
/// are DeviceFailed, a card that left is CardRemoved.
std::variant<IdentityOutcome, SignatureNeeded>
beginRead(CardChannel& card, RandomSource& random, const IdentityRequest& request, ReadHooks hooks);

/// Hash that the terminal's key uses, by OpenSSL's name ("SHA2-256"), as the last certificate of
/// the chain says. Throws CertificateUnusable.
const char* signatureHash(ByteView terminalCertificate);

/// Tries to reach a card now: a channel, or NoCard, NoReader.
using CardFinder = std::function<std::variant<std::unique_ptr<CardChannel>, IdentityOutcome>()>;

/// The reader on a loop, for cards that answer at once (the simulated world). While no card is
/// there it looks again every 200 ms until `waitForCard` is over. `loop` and `random` must outlive
/// it.
std::unique_ptr<IdentityReader> makeLoopIdentityReader(EventLoop& loop, RandomSource& random,
                                                       CardFinder findCard);

} // namespace amt::eid
