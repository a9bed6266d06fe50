// SPDX-License-Identifier: EUPL-1.2
//
// One line a command, one line an answer.
#include "appliance/node/emulation_client.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

namespace amt::node {

std::string EmulationClient::ask(const std::string& line) const
{
    try {
        Poco::Net::StreamSocket socket;
        const Poco::Timespan patience(0, 500'000);
        socket.connect(
            Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, _controlSocket),
            patience);
        socket.setReceiveTimeout(patience);
        const std::string command = line + "\n";
        socket.sendBytes(command.data(), static_cast<int>(command.size()));
        std::string answer;
        while (!answer.ends_with('\n') && answer.size() < 64 * 1024) {
            char part[1024];
            const int count = socket.receiveBytes(part, sizeof part);
            if (count <= 0)
                break;
            answer.append(part, static_cast<std::size_t>(count));
        }
        return answer;
    } catch (const Poco::Exception&) {
        throw Error(ErrorCode::BrokerGone, "emulated devices do not answer");
    }
}

std::vector<Emulation::Device> EmulationClient::devices()
{
    std::vector<Device> devices;
    std::string answer;
    try {
        answer = ask("devices");
    } catch (const Error&) { // a page without emulated devices is an ordinary page
        return devices;
    }
    const auto parsed = json::parseObject(answer);
    const auto list = json::array(*parsed, "devices");
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto entry = list->getObject(static_cast<unsigned>(i));
        if (!entry)
            throw Error(ErrorCode::JsonMalformed, "emulated device");
        devices.push_back({json::text(*entry, "kind"), json::text(*entry, "detail"),
                           json::texts(*entry, "acts")});
    }
    return devices;
}

void EmulationClient::act(const std::string& kind, const std::string& act)
{
    for (const auto& device : devices()) {
        if (device.kind == kind &&
            std::find(device.acts.begin(), device.acts.end(), act) != device.acts.end()) {
            ask("act " + kind + " " + act);
            return;
        }
    }
    throw Error(ErrorCode::NotFound, "no such act");
}

} // namespace amt::node
