// SPDX-License-Identifier: EUPL-1.2
//
// The virtual card of the shared rig behind a real pcscd: one at a time on a machine, started and
// stopped here.
#pragma once

#include "drivers/eid/eid.h"

#include <filesystem>
#include <memory>
#include <string>

namespace amt::test {

class Rig {
public:
    /// Waits for the machine's lock on pcscd, then starts the rig in a folder of its own. Null,
    /// with a reason, where it cannot run: no rig, not root, programs missing, another pcscd.
    enum class Card { Strict, Vicc }; ///< the rig's own, or vsmartcard's
    static std::unique_ptr<Rig> start(std::string& reason, Card card = Card::Strict);
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    /// cardctl STATE_DIR `command`; false when it refused.
    bool control(const std::string& command) const;
    /// The same without starting cardctl: for commands that need no wait for the reader.
    bool say(const std::string& command) const;
    /// Ends pcscd as a crash would, or brings it and the card back.
    bool crashPcscd() const;
    bool startAgain();
    /// A card of this profile without pending faults; laid anew only where it has to be.
    bool lay(const std::string& profile);
    /// One more fault is pending, or the card has changed: the next lay() is a real one.
    void spoil() { _laid.clear(); }
    /// The pending fault has come, and the card is as this profile says again.
    void keep(const std::string& profile) { _laid = profile; }
    /// A request with the PIN of the rig's cards and this terminal's certificates (`full`,
    /// `onsite`, ...).
    IdentityRequest request(const std::string& terminal = "onsite") const;
    Bytes terminalKey(const std::string& terminal = "onsite") const;
    /// APDUs that the card has logged since it was started.
    std::size_t loggedApdus() const;
    /// The log of pcscd, for a failing test.
    std::filesystem::path folder() const { return _folder; }

private:
    Rig(std::filesystem::path rig, std::filesystem::path folder, int lock);

    std::filesystem::path _rig;
    std::filesystem::path _folder;
    int _lock;
    std::string _laid; ///< profile of a card that is as its profile says
};

} // namespace amt::test
