// SPDX-License-Identifier: EUPL-1.2
//
// How much memory a piece of work takes at its highest, whatever ran in this process before.
#pragma once

#include <malloc.h>
#include <sys/resource.h>

#include <fstream>

namespace amt::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memoryIsOurs = false; ///< the sanitizers keep what was given back
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool memoryIsOurs = false;
#else
constexpr bool memoryIsOurs = true;
#endif
#else
constexpr bool memoryIsOurs = true;
#endif

/// Forgotten: counted anew from here, where the kernel allows it.
enum class Before { Kept, Forgotten };
/// The peak so far, in KiB.
inline long peakKilobytes(Before before)
{
    if (before == Before::Forgotten) {
        ::malloc_trim(0); // what others gave back shall not be room for us
        std::ofstream("/proc/self/clear_refs") << "5";
    }
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

} // namespace amt::test
