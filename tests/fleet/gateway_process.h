// SPDX-License-Identifier: EUPL-1.2
//
// A real amt-gateway on a port of its own, to be ended, killed and started again.
#pragma once

#include "appliance/core/error.h"

#include <Poco/Net/ServerSocket.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace amt::fleet {

class GatewayProcess {
public:
    struct Settings {
        std::string program, database;
        std::filesystem::path state;
        int workers = 8;
        int callsPerSecond = 30;
    };
    GatewayProcess(Settings settings, int number)
        : _settings(std::move(settings)), _number(number), _port(freePort())
    {
        start();
    }
    ~GatewayProcess() { end(SIGTERM); }
    GatewayProcess(const GatewayProcess&) = delete;
    GatewayProcess& operator=(const GatewayProcess&) = delete;

    std::string url() const { return "https://127.0.0.1:" + std::to_string(_port); }

    void start()
    {
        if (_pid != 0)
            return;
        std::vector<std::string> words = {
            _settings.program, "serve",
            "--state",         _settings.state.string(),
            "--database",      _settings.database,
            "--port",          std::to_string(_port),
            "--workers",       std::to_string(_settings.workers),
            "--calls",         std::to_string(_settings.callsPerSecond)};
        std::vector<char*> arguments;
        for (auto& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const auto log = _settings.state / ("gateway-" + std::to_string(_number) + ".log");
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                           0600);
        const int failed = ::posix_spawn(&_pid, _settings.program.c_str(), &actions, nullptr,
                                         arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (failed != 0)
            throw Error(ErrorCode::SystemFailed, "cannot start " + _settings.program);
    }

    /// Nobody told it to.
    bool endedByItself()
    {
        siginfo_t ended{};
        return _pid != 0 &&
               ::waitid(P_PID, static_cast<id_t>(_pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               ended.si_pid != 0;
    }

    /// SIGTERM or SIGKILL; returns when it is gone.
    void end(int signal)
    {
        if (_pid == 0)
            return;
        const double used = cpuSeconds();
        ::kill(_pid, signal);
        ::waitpid(_pid, nullptr, 0);
        _cpuBefore = used;
        _pid = 0;
    }

    /// Of all its lives.
    double cpuSeconds() const
    {
        double ticks = 0;
        std::ifstream stat("/proc/" + std::to_string(_pid) + "/stat");
        std::string word;
        for (int field = 1; _pid != 0 && stat >> word; ++field) {
            if (field == 14 || field == 15)
                ticks += std::stod(word);
        }
        return _cpuBefore + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

private:
    static std::uint16_t freePort()
    {
        const Poco::Net::ServerSocket probe(Poco::Net::SocketAddress("127.0.0.1", 0));
        return probe.address().port();
    }

    const Settings _settings;
    const int _number;
    const std::uint16_t _port;
    pid_t _pid = 0;
    double _cpuBefore = 0;
};

} // namespace amt::fleet
