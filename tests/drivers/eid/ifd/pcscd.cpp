// SPDX-License-Identifier: EUPL-1.2
//
// A real pcscd with one reader, which is simulated: started, served, ended.
#include "tests/drivers/eid/ifd/pcscd.h"

#include "tests/drivers/eid/ifd/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace amt::test {
namespace {

constexpr const char* program = "/usr/sbin/pcscd";
constexpr const char* systemFolder = "/run/pcscd"; // compiled into pcscd
constexpr const char* systemSocket = "/run/pcscd/pcscd.comm";
constexpr Milliseconds patienceMax{10000};
constexpr Milliseconds slice{20};
/// At the end of a read it is reset twice, each time with a question before: those are no look.
constexpr int missesOfAnEnd = 2;

bool receiveAll(int from, std::uint8_t* bytes, std::size_t size)
{
    while (size > 0) {
        const auto got = recv(from, bytes, size, 0);
        if (got <= 0)
            return false;
        bytes += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

/// In the new process: nothing that allocates. `run`: what /run/pcscd shall be, or null to leave
/// it.
[[noreturn]] void become(const char* run, const char* config, const char* log)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    // In a changed root the first mount cannot be kept from spreading, and without the right to
    // mount there is no namespace at all.
    if (run != nullptr && (unshare(CLONE_NEWNS) != 0 ||
                           mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                           mount(run, systemFolder, nullptr, MS_BIND, nullptr) != 0))
        _exit(1);
    execl(program, program, "--foreground", "--config", config, nullptr);
    _exit(1);
}

bool answers(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool listens =
        connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    return listens;
}

} // namespace

std::unique_ptr<OwnPcscd> OwnPcscd::start(KeypadReader& reader, std::string& reason)
{
    if (!std::filesystem::exists(program)) {
        reason = std::string(program) + " is missing";
        return nullptr;
    }
    if (geteuid() != 0) {
        reason = "pcscd wants root";
        return nullptr;
    }
    std::string pattern = (std::filesystem::temp_directory_path() / "amt-ifd-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
        reason = "no temporary folder";
        return nullptr;
    }
    std::unique_ptr<OwnPcscd> started(new OwnPcscd(reader, pattern));
    if (started->listen() &&
        (started->launch(Place::OwnFolder) ||
         (started->_daemon == -1 && started->lockMachine() && started->launch(Place::Machine))))
        return started;
    std::ifstream log(std::filesystem::path(pattern) / "log");
    std::getline(log, reason);
    reason = "pcscd did not start, or another one runs: " + reason;
    return nullptr;
}

OwnPcscd::OwnPcscd(KeypadReader& reader, std::filesystem::path folder)
    : _reader(reader), _folder(std::move(folder))
{}

OwnPcscd::~OwnPcscd()
{
    if (_daemon > 0) {
        kill(_daemon, SIGTERM);
        waitpid(_daemon, nullptr, 0);
    }
    _stop = true;
    if (_server.joinable())
        _server.join();
    if (_listening >= 0)
        close(_listening);
    if (_lock >= 0)
        close(_lock);
    std::error_code ignored;
    std::filesystem::remove_all(_folder, ignored);
}

bool OwnPcscd::listen()
{
    const std::string path = _folder / "reader";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return false;
    path.copy(address.sun_path, path.size());
    _listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(_listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(_listening, 1) != 0)
        return false;
    _server = std::thread([this] { serve(); });
    return true;
}

/// One pcscd at a time where it has no folder of its own.
bool OwnPcscd::lockMachine()
{
    _lock = open("/run/lock/amt-pcscd.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    return _lock >= 0 && flock(_lock, LOCK_EX) == 0 && !answers(systemSocket);
}

bool OwnPcscd::launch(Place place)
{
    const auto run = _folder / "run", config = _folder / "reader.conf.d";
    std::filesystem::create_directories(run);
    std::filesystem::create_directories(config);
    std::filesystem::create_directories(systemFolder);
    std::ofstream(config / "keypad") << "FRIENDLYNAME \"" << readerName << "\"\n"
                                     << "DEVICENAME   " << (_folder / "reader").string() << '\n'
                                     << "LIBPATH      " << AMT_IFD_HANDLER << '\n';
    const bool isOwn = place == Place::OwnFolder;
    const std::string log = _folder / "log", socket = isOwn ? run / "pcscd.comm" : systemSocket;
    _daemon = fork();
    if (_daemon == 0)
        become(isOwn ? run.c_str() : nullptr, config.c_str(), log.c_str());
    setenv("PCSCLITE_CSOCK_NAME", socket.c_str(), 1);
    for (auto patience = patienceMax; patience > Milliseconds(0); patience -= slice) {
        if (answers(socket))
            return true;
        if (waitpid(_daemon, nullptr, WNOHANG) == _daemon) {
            _daemon = -1;
            return false;
        }
        poll(nullptr, 0, static_cast<int>(slice.count()));
    }
    return false;
}

bool OwnPcscd::until(const std::function<bool(const KeypadReader&)>& isTrue, Milliseconds patience)
{
    std::unique_lock lock(_mutex);
    const int before = _calls;
    return _called.wait_for(lock, patience, [&] { return _calls > before && isTrue(_reader); });
}

bool OwnPcscd::untilMissed()
{
    std::unique_lock lock(_mutex);
    return _called.wait_for(
        lock, patienceMax, [&] { return _reader.card.isPresent() || _misses > missesOfAnEnd + 1; });
}

void OwnPcscd::serve()
{
    int line = -1;
    while (!_stop) {
        pollfd waiting{line < 0 ? _listening : line, POLLIN, 0};
        if (poll(&waiting, 1, 100) <= 0)
            continue;
        if (line < 0) {
            line = accept4(_listening, nullptr, nullptr, SOCK_CLOEXEC);
            continue;
        }
        Bytes length(ifd::lengthBytes);
        Bytes message;
        bool whole = receiveAll(line, length.data(), length.size());
        if (whole) {
            message.resize(ifd::sizeFrom(length.data()));
            whole = !message.empty() && receiveAll(line, message.data(), message.size());
        }
        if (!whole) { // pcscd has ended
            close(line);
            line = -1;
            continue;
        }
        const Bytes content = answer(message);
        const Bytes reply = concat(ifd::lengthOf(content.size()), content);
        send(line, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
    if (line >= 0)
        close(line);
}

Bytes OwnPcscd::answer(const Bytes& message)
{
    const std::lock_guard lock(_mutex);
    ++_calls;
    _called.notify_all();
    const ByteView content = ByteView(message).subspan(1);
    const Bytes yes{ifd::good}, no{ifd::refused};
    if (message[0] == static_cast<std::uint8_t>(ifd::Kind::Presence))
        _misses = _reader.card.isPresent() ? 0 : _misses + 1;
    if (!_reader.card.isPresent() && message[0] != static_cast<std::uint8_t>(ifd::Kind::Control))
        return no;
    switch (static_cast<ifd::Kind>(message[0])) {
    case ifd::Kind::Presence:
        return yes;
    case ifd::Kind::PowerUp:
        _reader.power(true);
        return concat(yes, fromHex(_reader.shape.atr));
    case ifd::Kind::PowerDown:
        _reader.power(false);
        return yes;
    case ifd::Kind::Transmit: {
        const Bytes got = _reader.transmit(content);
        return got.empty() ? no : concat(yes, got);
    }
    case ifd::Kind::Control: {
        const auto got =
            _reader.control(ifd::sizeFrom(content.data()), content.subspan(ifd::lengthBytes));
        return got ? concat(yes, *got) : no;
    }
    }
    return no;
}

} // namespace amt::test
