// SPDX-License-Identifier: EUPL-1.2
//
// Commands into requests, answers into lines.
#include "sync/gateway/operators.h"

#include "appliance/core/error.h"
#include "appliance/core/files.h"
#include "appliance/core/json.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/enrolment.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/StreamCopier.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <set>
#include <sstream>

namespace amt::gateway {
namespace {

constexpr std::array<std::string_view, 9> orders = {
    "list", "client", "node", "destination", "revoke", "callback", "code", "approve", "operator"};

std::string userName()
{
    return "user " + std::to_string(::getuid());
}

class Commands {
public:
    Commands(const Order& order, std::ostream& out) : _order(order), _out(out) {}

    Became carryOut()
    {
        if (_order.command == "list")
            return list();
        if (_order.command == "client")
            return enterClient();
        if (_order.command == "node")
            return enterNode();
        if (_order.command == "destination")
            return enterDestination();
        if (_order.command == "revoke")
            return revoke();
        if (_order.command == "code")
            return makeCode();
        if (_order.command == "approve")
            return approve();
        if (_order.command == "operator")
            return actOnOperator();
        return enterCallback();
    }

private:
    std::string option(const char* name) const
    {
        const auto found = _order.options.find(name);
        return found == _order.options.end() ? std::string() : found->second;
    }
    std::string needed(const char* name) const
    {
        if (!_order.options.contains(name))
            throw Error(ErrorCode::ConfigurationInvalid, std::string("--") + name + " is needed");
        return option(name);
    }

    static std::string cell(const std::string& text) { return text.empty() ? "-" : text; }

    HttpResponse ask(const std::string& method, const std::string& path,
                     const std::string& body = {}) const
    {
        return _order.ask(
            {.method = method, .path = path, .query = {}, .headers = {}, .body = body, .peer = {}});
    }
    /// The answer's body; null when it was refused, and then the reason is written.
    json::ObjectPtr said(const HttpResponse& response) const
    {
        if (response.status < 300)
            return response.body.empty() ? json::makeObject() : json::parseObject(response.body);
        const auto problem = json::parseObject(response.body);
        _out << "refused: " << json::text(*problem, "title") << " ("
             << json::text(*problem, "detail") << ")\n";
        return {};
    }
    json::ObjectPtr give(const char* path, json::ObjectPtr order) const
    {
        order->set("by", option("by").empty() ? userName() : option("by"));
        return said(ask("POST", path, json::write(*order)));
    }

    json::ObjectPtr newClient(const std::string& role) const
    {
        auto order = json::makeObject();
        order->set("name", needed("name"));
        order->set("tenantId", option("tenant"));
        order->set("role", role);
        return give("/clients", order);
    }

    Became enterClient()
    {
        const std::string role = needed("role");
        if (role != "sender" && role != "office")
            throw Error(ErrorCode::ConfigurationInvalid, "--role is sender or office");
        const auto made = newClient(role);
        if (!made)
            return Became::Refused;
        _out << "client " << json::text(*made, "clientId") << "\nsecret "
             << json::text(*made, "clientSecret") << '\n';
        return Became::Done;
    }

    Became enterNode()
    {
        const std::filesystem::path folder = needed("folder");
        std::set<std::string> wanted;
        std::istringstream further(option("destinations"));
        for (std::string id; std::getline(further, id, ',');)
            wanted.insert(id);
        const auto known = said(ask("GET", "/destinations"));
        if (!known)
            return Became::Refused;
        auto destinations = json::makeArray();
        for (const auto& each : *json::array(*known, "destinations")) {
            const auto entry = each.extract<json::ObjectPtr>();
            const std::string id = json::text(*json::object(*entry, "document"), "destinationId");
            const bool named = wanted.erase(id) > 0;
            const bool own = json::text(*entry, "tenantId") == option("tenant") &&
                             json::text(*entry, "state") == "active";
            if (!named && !own)
                continue;
            auto destination = json::makeObject();
            destination->set("document", json::object(*entry, "document"));
            destination->set("encryptionKey", json::object(*entry, "encryptionKey"));
            destination->set("signatureKeys", json::array(*entry, "signatureKeys"));
            destinations->add(destination);
        }
        if (!wanted.empty())
            throw Error(ErrorCode::ConfigurationInvalid, "no such destination: " + *wanted.begin());
        const auto made = newClient("node");
        if (!made)
            return Became::Refused;
        const ClientEntry node{.id = json::text(*made, "clientId"),
                               .secret = Secret(json::text(*made, "clientSecret")),
                               .scopes = {}};
        writeEnrolmentOfNode(_order.state, folder, node, destinations);
        _out << "node " << node.id << "\ndestinations " << destinations->size() << "\nfiles "
             << folder.string() << '\n';
        return Became::Done;
    }

    Became enterDestination()
    {
        const auto destination = json::parseObject(toText(readSmallFile(needed("file"))));
        const auto roots = loadRoots(_order.state);
        const UtcTime now = RealEventLoop().utcNow();
        const auto check = [&](const json::Object& key, envelope::KeyUse use) {
            envelope::checkChain(envelope::parseJwk(key, use), roots, now);
        };
        check(*json::object(*destination, "encryptionKey"), envelope::KeyUse::Encrypt);
        for (const auto& each : *json::array(*destination, "signatureKeys")) {
            if (each.type() != typeid(json::ObjectPtr))
                throw Error(ErrorCode::JsonMalformed, "signatureKeys");
            check(*each.extract<json::ObjectPtr>(), envelope::KeyUse::Verify);
        }
        auto order = json::makeObject();
        order->set("ownerId", needed("client"));
        order->set("destination", destination);
        const auto made = give("/destinations", order);
        if (!made)
            return Became::Refused;
        _out << "destination " << json::text(*made, "destinationId") << '\n';
        return Became::Done;
    }

    Became makeCode()
    {
        auto order = json::makeObject();
        order->set("clientId", needed("client"));
        const auto made = give("/devices/code", order);
        if (!made)
            return Became::Refused;
        _out << json::text(*made, "code") << '\n';
        return Became::Done;
    }

    /// As the node shows it; blanks between the groups are not part of it.
    std::string fingerprint() const
    {
        std::string digits = needed("fingerprint");
        std::erase(digits, ' ');
        return digits;
    }

    Became approve()
    {
        auto order = json::makeObject();
        order->set("clientId", needed("client"));
        order->set("fingerprint", fingerprint());
        const auto made = give("/devices/approve", order);
        if (!made)
            return Became::Refused;
        _out << "valid until " << json::text(*made, "expiresAt") << '\n';
        return Became::Done;
    }

    Became revokeKey()
    {
        auto order = json::makeObject();
        order->set("clientId", needed("client"));
        order->set("fingerprint", fingerprint());
        order->set("reason", needed("reason"));
        if (!give("/devices/revoke", order))
            return Became::Refused;
        _out << "revoked\n";
        return Became::Done;
    }

    Became revoke()
    {
        if (_order.options.contains("fingerprint"))
            return revokeKey();
        const bool client = _order.options.contains("client");
        auto order = json::makeObject();
        order->set(client ? "clientId" : "destinationId",
                   client ? option("client") : needed("destination"));
        order->set("reason", needed("reason"));
        if (!give(client ? "/clients/revoke" : "/destinations/revoke", order))
            return Became::Refused;
        _out << "revoked\n";
        return Became::Done;
    }

    /// The code is written once; with it the operator sets password and second factor.
    Became actOnOperator()
    {
        const std::string act = needed("operator");
        if (act == "list")
            return listOperators();
        auto order = json::makeObject();
        order->set("name", needed("name"));
        if (act == "end") {
            order->set("reason", needed("reason"));
            if (!give("/operators/end", order))
                return Became::Refused;
            _out << "ended\n";
            return Became::Done;
        }
        const auto made = give(act == "add" ? "/operators" : "/operators/code", order);
        if (!made)
            return Became::Refused;
        _out << json::text(*made, "code") << '\n';
        return Became::Done;
    }

    Became listOperators()
    {
        const auto known = said(ask("GET", "/operators"));
        if (!known)
            return Became::Refused;
        for (const auto& each : *json::array(*known, "operators")) {
            const auto entry = each.extract<json::ObjectPtr>();
            _out << "operator";
            for (const char* key : {"operatorId", "state", "enteredAt", "codeUntil", "name"})
                _out << '\t' << cell(json::text(*entry, key));
            _out << '\n';
        }
        return Became::Done;
    }

    Became enterCallback()
    {
        auto order = json::makeObject();
        order->set("clientId", needed("client"));
        order->set("url", needed("callback"));
        order->set("authority", toText(readSmallFile(needed("authority"))));
        const auto made = give("/callbacks", order);
        if (!made)
            return Became::Refused;
        _out << json::text(*made, "secret") << '\n';
        return Became::Done;
    }

    /// Tabs between the columns.
    Became list()
    {
        const auto clients = said(ask("GET", "/clients"));
        const auto destinations = said(ask("GET", "/destinations"));
        const auto devices = said(ask("GET", "/devices"));
        if (!clients || !destinations || !devices)
            return Became::Refused;
        for (const auto& each : *json::array(*clients, "clients")) {
            const auto client = each.extract<json::ObjectPtr>();
            const std::string role = json::text(*client, "role");
            _out << (role.empty() ? "client" : role);
            for (const char* key :
                 {"clientId", "tenantId", "state", "enteredAt", "heardAt", "name"})
                _out << '\t' << cell(json::text(*client, key));
            _out << '\n';
        }
        for (const auto& each : *json::array(*destinations, "destinations")) {
            const auto entry = each.extract<json::ObjectPtr>();
            const auto document = json::object(*entry, "document");
            _out << "destination\t" << json::text(*document, "destinationId");
            for (const char* key : {"tenantId", "state", "ownerId"})
                _out << '\t' << cell(json::text(*entry, key));
            _out << "\t-\t" << json::text(*document, "name") << '\n';
        }
        for (const auto& each : *json::array(*devices, "devices")) {
            const auto device = each.extract<json::ObjectPtr>();
            _out << "key";
            for (const char* key : {"clientId", "state", "askedAt", "expiresAt", "fingerprint"})
                _out << '\t' << cell(json::text(*device, key));
            _out << '\n';
        }
        return Became::Done;
    }

    const Order& _order;
    std::ostream& _out;
};

} // namespace

bool isOrder(const std::string& command)
{
    return std::find(orders.begin(), orders.end(), command) != orders.end();
}

Became carryOut(const Order& order, std::ostream& out)
{
    return Commands(order, out).carryOut();
}

std::optional<AskRegistry> askOverSocket(const std::filesystem::path& path)
{
    if (path.string().size() > socketPathMax)
        return std::nullopt;
    const auto connected = [path] {
        Poco::Net::StreamSocket socket;
        socket.connect(
            Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path.string()));
        return socket;
    };
    try {
        connected();
    } catch (const Poco::Exception&) { // whether somebody is there is the question
        return std::nullopt;
    }
    return [connected](const HttpRequest& request) {
        Poco::Net::HTTPClientSession session(connected());
        session.setTimeout(Poco::Timespan(20, 0));
        Poco::Net::HTTPRequest head(request.method, request.path, Poco::Net::HTTPMessage::HTTP_1_1);
        head.setHost("localhost");
        if (request.method == "POST") {
            head.setContentType("application/json");
            head.setContentLength64(static_cast<Poco::Int64>(request.body.size()));
        }
        session.sendRequest(head) << request.body;
        Poco::Net::HTTPResponse answer;
        HttpResponse response;
        Poco::StreamCopier::copyToString(session.receiveResponse(answer), response.body);
        response.status = answer.getStatus();
        return response;
    };
}

} // namespace amt::gateway
