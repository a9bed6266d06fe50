// SPDX-License-Identifier: EUPL-1.2
//
// amtctl: asks the running node over its admin socket. `health` and `status` end with 0 only if the
// node answers, `backup` only if a new copy is on the second medium.
#include "appliance/core/error.h"
#include "appliance/core/json.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/StreamCopier.h>
#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/OptionSet.h>

#include <iostream>

namespace {

using namespace amt;

class CtlProgram : public Poco::Util::Application {
public:
    CtlProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Application::defineOptions(options);
        options.addOption(
            Poco::Util::Option("socket", "",
                               "admin socket of amt-node (default /run/amt/admin.sock)")
                .required(false)
                .repeatable(false)
                .argument("PATH")
                .binding("amt.socket"));
    }

    int main(const ArgVec& arguments) override
    {
        const auto* command = arguments.size() == 1 ? find(arguments[0]) : nullptr;
        if (!command) {
            Poco::Util::HelpFormatter help(options());
            help.setCommand("amtctl");
            help.setUsage("health|status|backup [--socket PATH]");
            help.format(std::cerr);
            return EXIT_USAGE;
        }
        try {
            Answer answer = ask(command->method, command->path);
            while (answer.status == Poco::Net::HTTPResponse::HTTP_ACCEPTED) // still at work
                answer = ask("GET", command->path);
            std::cout << answer.body << '\n';
            return answer.status == Poco::Net::HTTPResponse::HTTP_OK ? EXIT_OK : EXIT_UNAVAILABLE;
        } catch (const Poco::Exception& failure) { // the door of main
            std::cerr << "amtctl: " << failure.displayText() << '\n';
            return EXIT_UNAVAILABLE;
        }
    }

private:
    struct Answer {
        int status = 0;
        std::string body;
    };
    Answer ask(const std::string& method, const std::string& path)
    {
        Poco::Net::StreamSocket socket;
        socket.connect(
            Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL,
                                     config().getString("amt.socket", "/run/amt/admin.sock")));
        Poco::Net::HTTPClientSession session(socket);
        session.setTimeout(Poco::Timespan(20, 0));
        Poco::Net::HTTPRequest request(method, path, Poco::Net::HTTPMessage::HTTP_1_1);
        request.setHost("localhost");
        if (method == Poco::Net::HTTPRequest::HTTP_POST) {
            request.setContentType("application/json");
            request.setContentLength(2);
            session.sendRequest(request) << "{}";
        } else {
            session.sendRequest(request);
        }
        Poco::Net::HTTPResponse response;
        Answer answer;
        Poco::StreamCopier::copyToString(session.receiveResponse(response), answer.body);
        answer.status = response.getStatus();
        return answer;
    }

    struct Command {
        const char *name, *method, *path;
    };
    static const Command* find(const std::string& name)
    {
        static constexpr Command commands[] = {
            {"health", "GET", "/admin/health"},
            {"status", "GET", "/admin/status"},
            {"backup", "POST", "/admin/backup"},
        };
        for (const auto& command : commands) {
            if (name == command.name)
                return &command;
        }
        return nullptr;
    }
};

} // namespace

int main(int argc, char** argv)
{
    try {
        CtlProgram program;
        program.init(argc, argv);
        return program.run();
    } catch (const Poco::Exception& failure) {
        std::cerr << "amtctl: " << failure.displayText() << '\n';
        return 64;
    }
}
