// SPDX-License-Identifier: EUPL-1.2
//
// Rows of the table, clocks, and the database that is measured: shared by the benches of one
// process.
#pragma once

#include "appliance/core/json.h"
#include "appliance/store/store.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace amt::bench {

inline double seconds(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// A row of the table (README of tests/bench): ratio is value / peer; goal is for the ratio, or for
/// the value without a peer.
inline void row(const std::string& name, double value, const std::string& unit,
                const std::string& peer, std::optional<double> peerValue,
                std::optional<double> goal, bool higherIsBetter)
{
    std::optional<double> ratio;
    if (peerValue && *peerValue != 0)
        ratio = value / *peerValue;
    const double judged = ratio.value_or(value);
    auto object = json::makeObject();
    const auto put = [&](const char* key, std::optional<double> number) {
        if (number)
            object->set(key, *number);
        else
            object->set(key, Poco::Dynamic::Var());
    };
    object->set("name", name);
    put("value", value);
    object->set("unit", unit);
    object->set("peer", peer.empty() ? Poco::Dynamic::Var() : Poco::Dynamic::Var(peer));
    put("peer_value", peerValue);
    put("ratio", ratio);
    put("goal", goal);
    if (goal)
        object->set("met", higherIsBetter ? judged >= *goal : judged <= *goal);
    else
        object->set("met", Poco::Dynamic::Var());
    std::printf("%s\n", json::write(*object).c_str());
    std::fflush(stdout);
}

/// Calls a second of CPU time, the best of five rounds of a third of a second each.
template <typename Work>
double rate(Work&& work)
{
    double best = 0;
    for (int round = 0; round < 5; ++round) {
        const double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
        double now = begin;
        int count = 0;
        for (; now - begin < 0.3; now = seconds(CLOCK_PROCESS_CPUTIME_ID), ++count)
            work();
        best = std::max(best, count / (now - begin));
    }
    return best;
}

inline store::DatabaseSettings at(const std::string& path)
{
    store::DatabaseSettings settings;
    settings.path = path;
    settings.pagesMax = 32768; // as amt-node opens its own
    settings.grow = true;
    return settings;
}

/// The peer of every commit: 64 blocks of a plain file, one written and synced at a time.
class RawFile {
public:
    static constexpr std::size_t blockBytes = 4096;

    RawFile(const std::string& path, const Bytes& block)
        : _file(::open(path.c_str(), O_RDWR | O_CREAT, 0600))
    {
        for (int i = 0; i < blocks; ++i)
            write(i, block);
    }
    ~RawFile() { ::close(_file); }
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;

    void write(int number, const Bytes& block) const
    {
        const auto at = static_cast<off_t>(number % blocks) * static_cast<off_t>(block.size());
        if (::pwrite(_file, block.data(), block.size(), at) != static_cast<ssize_t>(block.size()) ||
            ::fdatasync(_file) != 0)
            throw Error(ErrorCode::SystemFailed, "a raw write that did not happen");
    }

private:
    static constexpr int blocks = 64;
    int _file;
};

/// Bytes that this process has handed to the kernel to write so far (/proc/self/io).
inline double bytesWritten()
{
    std::ifstream io("/proc/self/io");
    std::string word;
    double bytes = 0;
    while (io >> word) {
        if (word == "wchar:")
            io >> bytes;
    }
    return bytes;
}

inline double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values.at(values.size() / 2);
}

/// calendar.cpp
void calendar();
/// queue.cpp
void queue();

} // namespace amt::bench
