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
    static std::unique_ptr<Rig> start(std::string& reason);
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    /// cardctl STATE_DIR `command`; false when it refused.
    bool control(const std::string& command) const;
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
};

} // namespace amt::test
