// SPDX-License-Identifier: EUPL-1.2
//
// Filter, handler, and a gate whose address the filter lets through (x86-64; seccomp(2), "TRAP").
#include "tests/faults/trap.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
asm(R"(
.text
.globl amt_gate
amt_gate:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
.globl amt_gate_end
amt_gate_end:
    ret
)");
extern "C" long amt_gate(long number, long a, long b, long c, long d, long e, long f);
extern "C" char amt_gate_end[];
#endif

namespace amt::faults {
namespace {

std::atomic<bool> counting = false;
std::atomic<long> calls = 0, wanted = 0, hit = -1;
std::atomic<Fault> kind = Fault::None;

/// Those in whose place nothing can go wrong, or whose loss is a lost lock or clock rather than a
/// refused wish.
bool isLeftAlone(long number)
{
    switch (number) {
    case SYS_rt_sigaction:
    case SYS_getpid:
    case SYS_gettid:
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_close: // Linux closes whatever it says
    case SYS_futex: // fails by a defect only
    case SYS_munmap:
    case SYS_madvise:
#if defined(__SANITIZE_ADDRESS__) // its own memory, which it does not bear to be refused
    case SYS_mmap:
    case SYS_mprotect:
    case SYS_mremap:
    case SYS_brk:
    case SYS_pipe2: // with which it probes addresses
#endif
        return true;
    default:
        return false;
    }
}

bool writes(long number)
{
    return number == SYS_write || number == SYS_pwrite64;
}

bool reads(long number)
{
    return number == SYS_read || number == SYS_pread64 || number == SYS_getrandom;
}

bool mayWait(long number)
{
    return reads(number) || writes(number) || number == SYS_openat || number == SYS_open ||
           number == SYS_ftruncate || number == SYS_fallocate || number == SYS_fcntl ||
           number == SYS_poll;
}

#if defined(__x86_64__)
long carryOut(const greg_t* at, long length)
{
    return amt_gate(at[REG_RAX], at[REG_RDI], at[REG_RSI], length, at[REG_R10], at[REG_R8],
                    at[REG_R9]);
}

/// "H NUMBER", in case nobody lives to say it.
void tell(long number)
{
    char line[] = "H 000\n";
    line[2] = static_cast<char>('0' + number / 100 % 10);
    line[3] = static_cast<char>('0' + number / 10 % 10);
    line[4] = static_cast<char>('0' + number % 10);
    amt_gate(SYS_write, answers, reinterpret_cast<long>(line), 6, 0, 0, 0);
}

/// A sanitizer asks whether an address can be read by writing from it into a pipe of its own.
bool isProbe([[maybe_unused]] long number, [[maybe_unused]] long file)
{
#if defined(__SANITIZE_ADDRESS__)
    struct stat about {};
    return number == SYS_write &&
           amt_gate(SYS_fstat, file, reinterpret_cast<long>(&about), 0, 0, 0, 0) == 0 &&
           S_ISFIFO(about.st_mode);
#else
    return false;
#endif
}

void handle(int, siginfo_t* info, void* context)
{
    auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const long number = info->si_syscall;
    registers[REG_RAX] = number;
    const long length = registers[REG_RDX];
    if (counting && !isLeftAlone(number) && !isProbe(number, registers[REG_RDI]) &&
        ++calls == wanted) {
        hit = number;
        tell(number);
        const auto refuse = [&](int error) { registers[REG_RAX] = -error; };
        if (number == SYS_brk) { // says where the end is, and never an error
            registers[REG_RAX] = amt_gate(SYS_brk, 0, 0, 0, 0, 0, 0);
            return;
        }
        if (number == SYS_mmap || number == SYS_mremap || number == SYS_mprotect)
            return refuse(ENOMEM);
        switch (kind.load()) {
        case Fault::None:
            break;
        case Fault::IoError:
            return refuse(EIO);
        case Fault::DiskFull:
            return refuse(writes(number) || !reads(number) ? ENOSPC : EIO);
        case Fault::Interrupted:
            return refuse(mayWait(number) ? EINTR : EIO);
        case Fault::NoMemory:
            return refuse(ENOMEM);
        case Fault::Short:
            if ((reads(number) || writes(number)) && number != SYS_getrandom && length > 1) {
                registers[REG_RAX] = carryOut(registers, length / 2);
                return;
            }
            return refuse(EIO);
        }
    }
    registers[REG_RAX] = carryOut(registers, length);
}
#endif

} // namespace

bool trapSystemCalls()
{
#if defined(__x86_64__)
    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(SIGSYS, &action, nullptr);
    const auto gate = reinterpret_cast<std::uintptr_t>(amt_gate_end);
    const auto low = static_cast<std::uint32_t>(gate);
    const auto high = static_cast<std::uint32_t>(gate >> 32);
    sock_filter program[] = {
        // A call from the gate goes through.
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        // So does what makes and ends threads, and the way back from a handler.
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 7, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{sizeof program / sizeof program[0], program};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
#else
    return false;
#endif
}

void arm(long number, Fault fault)
{
    calls = 0;
    hit = -1;
    wanted = number;
    kind = fault;
    counting = true;
}

Seen disarm()
{
    counting = false;
    return {calls, hit >= 0};
}

void say(const std::string& line)
{
#if defined(__x86_64__)
    amt_gate(SYS_write, answers, reinterpret_cast<long>(line.data()),
             static_cast<long>(line.size()), 0, 0, 0);
#else
    static_cast<void>(line);
#endif
}

} // namespace amt::faults
