// SPDX-License-Identifier: EUPL-1.2
//
// Log lines: level, process, event, fields. The journal of the system adds the time.
#include "appliance/core/log.h"

#include <unistd.h>

#include <atomic>

namespace amt::log {
namespace {

std::string& process()
{
    static std::string name = "amt";
    return name;
}

std::atomic<bool> enabled{true};

void appendValue(std::string& line, std::string_view value)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const bool quoted = value.empty() || value.find_first_of(" \"=") != std::string_view::npos;
    if (quoted)
        line += '"';
    for (const char letter : value) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20 || byte == 0x7f) {
            line += "\\x";
            line += digits[byte >> 4];
            line += digits[byte & 15];
        } else {
            if (letter == '"' || letter == '\\')
                line += '\\';
            line += letter;
        }
    }
    if (quoted)
        line += '"';
}

void write(std::string_view level, std::string_view event, Fields fields)
{
    if (!enabled)
        return;
    std::string line;
    line.append(level).append(" ").append(process()).append(" ").append(event);
    for (const auto& [key, value] : fields) {
        line.append(" ").append(key).append("=");
        appendValue(line, value);
    }
    line += '\n';
    // One write a line, so that lines of several threads do not mix. A lost log line must not stop
    // the work.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace

void info(std::string_view event, Fields fields)
{
    write("info", event, fields);
}

void warning(std::string_view event, Fields fields)
{
    write("warning", event, fields);
}

void error(std::string_view event, Fields fields)
{
    write("error", event, fields);
}

void setProcess(std::string name)
{
    process() = std::move(name);
}

void setEnabled(bool on)
{
    enabled = on;
}

} // namespace amt::log
