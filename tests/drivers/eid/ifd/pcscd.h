// SPDX-License-Identifier: EUPL-1.2
//
// pcscd.h: a real pcscd with one reader, which is simulated. It has a mount namespace of its own,
// so that its socket lies in a folder of ours and the machine's pcscd never hears of it. Where none
// can be had (a changed root) it is the machine's one pcscd while this lives.
#pragma once

#include "tests/drivers/eid/ifd/reader.h"

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

namespace amt::test {

class OwnPcscd {
public:
    static constexpr const char* readerName = "Amtsstube Keypad";

    /// Points PCSCLITE_CSOCK_NAME at it, so once in a process, before anything asks libpcsclite.
    /// Null, with a reason, where it cannot run: no pcscd, not root. `reader` must outlive it.
    static std::unique_ptr<OwnPcscd> start(KeypadReader& reader, std::string& reason);
    ~OwnPcscd();
    OwnPcscd(const OwnPcscd&) = delete;
    OwnPcscd& operator=(const OwnPcscd&) = delete;

    /// `act` with the reader, never during one of its calls.
    template <typename Act>
    auto with(const Act& act)
    {
        const std::lock_guard lock(_mutex);
        return act(_reader);
    }

    /// False when it does not come true within `patience`; looked at after each call of pcscd.
    bool until(const std::function<bool(const KeypadReader&)>& isTrue, Milliseconds patience);

    /// A card that was pulled has to be missed before another one lies there: pcscd looks every
    /// 0.4 s, and a card that is back before is mute to it.
    bool untilMissed();

private:
    OwnPcscd(KeypadReader& reader, std::filesystem::path folder);
    bool listen();
    enum class Place { OwnFolder, Machine };
    bool lockMachine();
    bool launch(Place place);
    void serve();
    Bytes answer(const Bytes& message);

    KeypadReader& _reader;
    std::filesystem::path _folder;
    int _listening = -1;
    pid_t _daemon = -1;
    int _lock = -1;
    std::atomic<bool> _stop{false};
    std::mutex _mutex;
    std::condition_variable _called;
    int _calls = 0;
    int _misses = 0; ///< pcscd's questions for a card that were answered with no, in a row
    std::thread _server;
};

} // namespace amt::test
