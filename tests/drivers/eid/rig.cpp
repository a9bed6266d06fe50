// SPDX-License-Identifier: EUPL-1.2
//
// The virtual card of the shared rig behind a real pcscd.
#include "tests/drivers/eid/rig.h"

#include "appliance/core/real_event_loop.h"
#include "tests/drivers/eid/reading.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

namespace amt::test {
namespace {

std::filesystem::path sharedFolder()
{
    if (const char* set = std::getenv("AMT_SHARED"))
        return set;
    return std::filesystem::path(AMT_SOURCE_DIR) / ".." / "shared";
}

bool run(const std::string& command)
{
    const int status = std::system(command.c_str());
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string shellWord(const std::filesystem::path& path)
{
    return "'" + path.string() + "'";
}

} // namespace

std::unique_ptr<Rig> Rig::start(std::string& reason, Card card)
{
    const auto rig = sharedFolder() / "rigs" / "eid-card";
    if (!std::filesystem::exists(rig / "start")) {
        reason = "no rig beside the project";
        return nullptr;
    }
    if (geteuid() != 0) {
        reason = "pcscd wants root";
        return nullptr;
    }
    for (const char* needed : {"/usr/sbin/pcscd", "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
                               "/usr/bin/cvc-create", "/usr/bin/openssl", "/usr/bin/python3"}) {
        if (!std::filesystem::exists(needed)) {
            reason = std::string(needed) + " is missing";
            return nullptr;
        }
    }
    if (card == Card::Vicc && !std::filesystem::exists("/usr/bin/vicc")) {
        reason = "/usr/bin/vicc is missing";
        return nullptr;
    }
    const int lock = open("/run/lock/amt-pcscd.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        reason = "no lock on pcscd";
        return nullptr;
    }
    std::string pattern = (std::filesystem::temp_directory_path() / "amt-eid-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
        reason = "no temporary folder";
        close(lock);
        return nullptr;
    }
    std::unique_ptr<Rig> started(new Rig(rig, pattern, lock));
    if (!run(std::string(card == Card::Vicc ? "CARD=vicc " : "") + shellWord(rig / "start") + " " +
             shellWord(pattern) + " >" + shellWord(std::filesystem::path(pattern) / "start.log") +
             " 2>&1")) {
        std::ifstream log(std::filesystem::path(pattern) / "start.log");
        std::getline(log, reason);
        if (reason.empty())
            reason = "the rig did not start";
        return nullptr;
    }
    return started;
}

Rig::Rig(std::filesystem::path rig, std::filesystem::path folder, int lock)
    : _rig(std::move(rig)), _folder(std::move(folder)), _lock(lock)
{}

Rig::~Rig()
{
    run(shellWord(_rig / "stop") + " " + shellWord(_folder) + " >/dev/null 2>&1");
    std::error_code ignored;
    std::filesystem::remove_all(_folder, ignored);
    close(_lock);
}

bool Rig::control(const std::string& command) const
{
    return run(shellWord(_rig / "cardctl") + " " + shellWord(_folder) + " " + command +
               " >/dev/null");
}

bool Rig::say(const std::string& command) const
{
    const auto path = (_folder / "ctl").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const int talk = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::array<char, 256> reply{};
    bool done = false;
    if (path.size() < sizeof address.sun_path) {
        path.copy(address.sun_path, path.size());
        done =
            connect(talk, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
            write(talk, command.data(), command.size()) == static_cast<ssize_t>(command.size()) &&
            read(talk, reply.data(), reply.size()) > 0 &&
            std::string_view(reply.data()).substr(0, 5) != "error";
    }
    close(talk);
    return done;
}

bool Rig::crashPcscd() const
{
    std::ifstream file(_folder / "pcscd.pid");
    pid_t daemon = 0;
    if (!(file >> daemon) || kill(daemon, SIGKILL) != 0)
        return false;
    return run("while kill -0 " + std::to_string(daemon) +
               " 2>/dev/null && ! grep -q '^State:.Z' /proc/" + std::to_string(daemon) +
               "/status 2>/dev/null; do :; done");
}

bool Rig::startAgain()
{
    spoil();
    // Its crashed pcscd may still be a zombie, which the rig takes for another one.
    std::error_code ignored;
    std::filesystem::remove("/run/pcscd/pcscd.pid", ignored);
    std::filesystem::remove("/run/pcscd/pcscd.comm", ignored);
    return run(shellWord(_rig / "start") + " " + shellWord(_folder) + " >/dev/null 2>&1");
}

bool Rig::lay(const std::string& profile)
{
    if (_laid == profile)
        return true;
    _laid = control("profile " + profile) ? profile : "";
    return !_laid.empty();
}

IdentityRequest Rig::request(const std::string& terminal) const
{
    const auto certificates = _folder / "pki" / "cvc";
    IdentityRequest request;
    request.pin = Secret(std::string_view("123456"));
    request.groups = twelveGroups();
    request.certificates.chain = {readFile(certificates / "dv.cvcert"),
                                  readFile(certificates / (terminal + ".cvcert"))};
    request.certificates.countrySigners = {readFile(_folder / "pki" / "csca" / "csca.der")};
    request.now = RealEventLoop().utcNow(); // the rig's certificates begin today
    return request;
}

Bytes Rig::terminalKey(const std::string& terminal) const
{
    return readFile(_folder / "pki" / "cvc" / (terminal + ".pkcs8"));
}

std::size_t Rig::loggedApdus() const
{
    std::ifstream log(_folder / "apdu.log");
    std::size_t lines = 0;
    for (std::string line; std::getline(log, line);)
        ++lines;
    return lines;
}

} // namespace amt::test
