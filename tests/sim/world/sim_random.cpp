// SPDX-License-Identifier: EUPL-1.2
//
// OpenSSL's and SQLite's random numbers from a seed. The simple way is deprecated in OpenSSL 3, and
// a provider would be the other one; tests may use it.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/sim/world/sim_random.h"

#include "appliance/core/error.h"

#include <openssl/rand.h>
#include <sqlite3.h>

namespace amt::sim {
namespace {

RandomSource* source = nullptr;

int giveBytes(unsigned char* bytes, int count)
{
    source->fill({bytes, static_cast<std::size_t>(count)});
    return 1;
}

int status()
{
    return 1;
}

const RAND_METHOD method = {nullptr, &giveBytes, nullptr, nullptr, &giveBytes, &status};

} // namespace

FeedOpenSsl::FeedOpenSsl(RandomSource& random)
{
    AMT_ASSERT(source == nullptr);
    source = &random;
    ::RAND_set_rand_method(&method);
}

FeedOpenSsl::~FeedOpenSsl()
{
    ::RAND_set_rand_method(nullptr);
    source = nullptr;
}

void seedSqlite(unsigned seed)
{
    // Counting its memory costs a lock for each allocation. Refused, and no harm, once SQLite runs.
    ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    ::sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed | 1U), nullptr);
    ::sqlite3_randomness(0, nullptr); // drawn anew from there
}

} // namespace amt::sim
