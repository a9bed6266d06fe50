// SPDX-License-Identifier: EUPL-1.2
//
// amtctl: asks the running node over its admin socket. `amtctl health` ends with 0 only if the node
// says that all is well.
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
        if (arguments.size() != 1 || arguments[0] != "health") {
            Poco::Util::HelpFormatter help(options());
            help.setCommand("amtctl");
            help.setUsage("health [--socket PATH]");
            help.format(std::cerr);
            return EXIT_USAGE;
        }
        try {
            Poco::Net::StreamSocket socket;
            socket.connect(
                Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL,
                                         config().getString("amt.socket", "/run/amt/admin.sock")));
            Poco::Net::HTTPClientSession session(socket);
            session.setTimeout(Poco::Timespan(10, 0));
            Poco::Net::HTTPRequest request("GET", "/admin/health",
                                           Poco::Net::HTTPMessage::HTTP_1_1);
            request.setHost("localhost");
            session.sendRequest(request);
            Poco::Net::HTTPResponse response;
            std::string body;
            Poco::StreamCopier::copyToString(session.receiveResponse(response), body);
            std::cout << body << '\n';
            return response.getStatus() == Poco::Net::HTTPResponse::HTTP_OK ? EXIT_OK
                                                                            : EXIT_UNAVAILABLE;
        } catch (const Poco::Exception& failure) { // the door of main
            std::cerr << "amtctl: " << failure.displayText() << '\n';
            return EXIT_UNAVAILABLE;
        }
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
