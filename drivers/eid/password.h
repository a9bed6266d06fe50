// SPDX-License-Identifier: EUPL-1.2
//
// PACE with a card's passwords and the states of its PIN (TR-03110-2 2.3, 3.3; TR-03110-3 B.1).
#pragma once

#include "appliance/core/random.h"
#include "drivers/eid/dialogue.h"
#include "drivers/eid/outcome.h"
#include "drivers/eid/pace_reader.h"
#include "drivers/eid/security_infos.h"

#include <functional>
#include <vector>

namespace amt::eid {

/// What PACE leaves behind beside the channel.
struct Opened {
    Bytes cardsCompressedKey;      ///< x of the chip's ephemeral key
    std::vector<Bytes> references; ///< of authorities that the card trusts: 87, and 88 while it
                                   ///< changes its CVCA
    Bytes cardAccess = {};         ///< as a reader that opened the channel says that it is
};

/// Who types. `tell` is called before the reader waits for somebody.
struct Entry {
    PasswordEntry where = PasswordEntry::Given;
    Bytes description; ///< of the certificate, for the reader's display; may be empty
    int triesTold = 0; ///< the PIN is not spent while the card has fewer tries than these
    std::function<void()> tell;
};

/// Opens channels to one card, here or in the reader (Entry). The parameters must outlive it.
class Doorkeeper {
public:
    /// Takes the strongest protocol and curve of `offered`; there is one at least.
    Doorkeeper(Dialogue& dialogue, RandomSource& random, const std::vector<PaceInfo>& offered,
               Entry entry);

    /// The PIN's tries, as the card says before one is spent: 3 or 2. `chat`: DO 7F4C or nothing.
    /// Ends with PinSuspended (one), PinBlocked (none) or PinNotActivated.
    int lookAtPin(ByteView chat);
    /// With the PIN; a suspended one is resumed inside a channel of the CAN where there is a `can`.
    /// Ends as lookAtPin, or with WrongPin, WrongCan, or with PinReady where the citizen does not
    /// know how few tries are left.
    Opened openWithPin(const Secret& pin, const Secret& can, ByteView chat);
    /// Ends with WrongCan.
    Opened openWithCan(const Secret& can, ByteView chat);
    /// Ends with WrongPuk or PukUsedUp.
    Opened openWithPuk(const Secret& puk);

private:
    AnswerApdu choose(PacePassword password, ByteView chat);
    int triesOf(const AnswerApdu& answer) const;
    Opened open(PacePassword password, const Secret& secret, ByteView chat, int tries);
    Opened openHere(PacePassword password, const Secret& secret, int tries);
    Opened openAtReader(PacePassword password, const Secret& secret, ByteView chat, int tries);

    Dialogue& _dialogue;
    RandomSource& _random;
    const std::vector<PaceInfo>& _offered;
    Entry _entry;
    PaceInfo _info;
    bool _isAmbiguous; ///< several domain parameters for one protocol: the card must be told which
};

} // namespace amt::eid
