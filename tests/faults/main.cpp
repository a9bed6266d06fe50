// SPDX-License-Identifier: EUPL-1.2
//
// amt-faults [--all]: each system call of capture, send and purge
// fails once. Either what was wished is refused with an error and nothing is acknowledged, or it is
// done; and the next start goes on to the end.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "tests/faults/life.h"
#include "tests/faults/trap.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <sstream>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace amt::faults;

constexpr int refused = 70, stopped = 74, outOfMemory = 71, notAllowed = 77;
constexpr int patience = 5000; ///< ms

const std::map<std::string, Fault> faults = {{"io-error", Fault::IoError},
                                             {"disk-full", Fault::DiskFull},
                                             {"interrupted", Fault::Interrupted},
                                             {"no-memory", Fault::NoMemory},
                                             {"short", Fault::Short}};

/// amt-faults child FOLDER NUMBER FAULT
int child(const fs::path& folder, long number, Fault fault)
{
    if (!trapSystemCalls())
        return notAllowed;
    int status = 0;
    std::string words;
    warmUp();
    arm(number, fault);
    try {
        live(folder, [](int which, Rank rank, std::int64_t record, const std::string& hash) {
            say("A " + std::to_string(which) + " " + std::to_string(static_cast<int>(rank)) + " " +
                std::to_string(record) + " " + hash + "\n");
        });
    } catch (const amt::Error& failure) {
        status = refused;
        words = failure.name();
    } catch (const std::bad_alloc&) {
        status = outOfMemory;
        words = "bad_alloc";
    }
    const auto seen = disarm();
    say("N " + std::to_string(seen.calls) + " " + (words.empty() ? "-" : words) + "\n");
    ::_exit(status);
}

struct Outcome {
    int status = 0; ///< of waitpid
    bool late = false;
    long calls = 0;
    std::string hit, error;
    Acknowledged acknowledged;
};

Outcome run(const std::string& program, const fs::path& folder, long number,
            const std::string& fault)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        throw amt::Error(amt::ErrorCode::SystemFailed, "pipe");
    std::vector<std::string> words = {program, "child", folder.string(), std::to_string(number),
                                      fault};
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], answers);
    pid_t pid = 0;
    const int failed =
        ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failed != 0)
        throw amt::Error(amt::ErrorCode::SystemFailed, "cannot start " + program);
    Outcome outcome;
    std::string text;
    while (true) {
        pollfd waiting{ends[0], POLLIN, 0};
        if (::poll(&waiting, 1, patience) == 0) {
            outcome.late = true;
            ::kill(pid, SIGKILL);
            break;
        }
        std::array<char, 4096> piece{};
        const auto got = ::read(ends[0], piece.data(), piece.size());
        if (got <= 0)
            break;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    ::waitpid(pid, &outcome.status, 0);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string what;
        fields >> what;
        if (what == "A") {
            int which = 0, rank = 0;
            fields >> which >> rank >> outcome.acknowledged.record >> outcome.acknowledged.hash;
            outcome.acknowledged.cases[which] = static_cast<Rank>(rank);
        } else if (what == "H") {
            fields >> outcome.hit;
        } else {
            fields >> outcome.calls >> outcome.error;
        }
    }
    return outcome;
}

class Folder {
public:
    Folder()
    {
        const fs::path memory = "/dev/shm";
        std::string pattern =
            ((fs::is_directory(memory) ? memory : fs::temp_directory_path()) / "amt-faults-XXXXXX")
                .string();
        if (!::mkdtemp(pattern.data()))
            throw amt::Error(amt::ErrorCode::SystemFailed, "no folder");
        path = pattern;
    }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    fs::path path;
};

/// "done", "refused", ..., or what is wrong after "WRONG ".
std::string judged(const Outcome& outcome, const fs::path& folder)
{
    if (outcome.late)
        return "WRONG it hangs";
    if (WIFSIGNALED(outcome.status))
        return "WRONG it died of signal " + std::to_string(WTERMSIG(outcome.status));
    const int status = WEXITSTATUS(outcome.status);
    if (status != 0 && status != refused && status != stopped && status != outOfMemory)
        return "WRONG it ended with " + std::to_string(status);
    if (const auto wrong = judge(folder, outcome.acknowledged); !wrong.empty())
        return "WRONG " + wrong;
    if (status == 0 && !isOver(folder))
        return "WRONG it says it is done and is not";
    try { // the next start
        live(folder, [](int, Rank, std::int64_t, const std::string&) {});
    } catch (const amt::Error& failure) {
        return std::string("WRONG the next start ends with ") + failure.name();
    }
    if (!isOver(folder))
        return "WRONG the next start does not come to the end";
    return status == 0         ? "done"
           : status == stopped ? "stopped at once"
                               : "refused with " + outcome.error;
}

} // namespace

int main(int argc, char** argv)
{
    amt::log::setEnabled(false);
    if (argc == 5 && std::string(argv[1]) == "child")
        return child(argv[2], std::stol(argv[3]),
                     faults.contains(argv[4]) ? faults.at(argv[4]) : Fault::None);
    const bool isAll = argc == 2 && std::string(argv[1]) == "--all";
    try {
        const Folder folder;
        const fs::path before = folder.path / "before", now = folder.path / "now";
        fs::create_directory(before);
        setUp(before);
        const auto anew = [&] {
            fs::remove_all(now);
            fs::copy(before, now, fs::copy_options::recursive);
        };
        const std::string program = "/proc/self/exe"; // whatever has become of the file
        anew();
        const auto whole = run(program, now, 0, "none");
        if (WIFEXITED(whole.status) && WEXITSTATUS(whole.status) == notAllowed) {
            std::printf("SKIPPED: faults: seccomp filters are not allowed here\n");
            return notAllowed;
        }
        if (whole.status != 0 || !isOver(now)) {
            std::printf("without a fault it does not come to its end\n");
            return 1;
        }
        std::printf("%ld system calls from open to purge\n", whole.calls);
        // Each call once, the ways of failing in turns; or each call in each way.
        int wrong = 0;
        std::map<std::string, std::map<std::string, int>> counts;
        std::size_t running = faults.size();
        for (long number = 1; running > 0; ++number) {
            running = 0;
            std::size_t turn = 0;
            for (const auto& [name, fault] : faults) {
                if (!isAll && static_cast<std::size_t>(number) % faults.size() != turn++)
                    continue;
                anew();
                const auto outcome = run(program, now, number, name);
                if (WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == 0 &&
                    outcome.hit.empty())
                    continue; // ran to its end without one
                ++running;
                const auto verdict = judged(outcome, now);
                ++counts[name][verdict];
                if (verdict.starts_with("WRONG")) {
                    ++wrong;
                    std::fflush(stdout);
                    std::printf("%s, call %ld (number %s): %s\n", name.c_str(), number,
                                outcome.hit.c_str(), verdict.c_str());
                }
            }
        }
        for (const auto& [name, verdicts] : counts) {
            std::printf("%-12s", name.c_str());
            for (const auto& [verdict, times] : verdicts)
                std::printf("  %s %d", verdict.c_str(), times);
            std::printf("\n");
        }
        return wrong == 0 ? 0 : 1;
    } catch (const Poco::Exception& failure) {
        std::fprintf(stderr, "amt-faults: %s\n", failure.displayText().c_str());
        return 1;
    }
}
