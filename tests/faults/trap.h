// SPDX-License-Identifier: EUPL-1.2
//
// Every system call of this process passes through one function: a seccomp filter sends each as a
// signal to a handler, which counts it and carries it out, or makes it fail.
#pragma once

#include <string>

namespace amt::faults {

/// What the call that is meant does instead.
enum class Fault { None, IoError, DiskFull, Interrupted, NoMemory, Short };

/// From here on, for ever; once, while there is one thread. False where the kernel does not allow
/// it.
bool trapSystemCalls();
/// From now on the `number`th call (1, 2, ...) fails once; 0: none. What cannot fail in that way
/// (a file lengthened shortly, say) fails with EIO, and EINTR is for calls that may wait.
void arm(long number, Fault fault);
struct Seen {
    long calls = 0;
    bool hit = false;
};
/// Ends the counting.
Seen disarm();
/// Descriptor of the pipe that say() writes to, past the trap. A call that is hit writes "H
/// NUMBER".
inline constexpr int answers = 3;
void say(const std::string& line);

} // namespace amt::faults
