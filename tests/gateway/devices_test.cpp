// SPDX-License-Identifier: EUPL-1.2
//
// A node's transport key: let in by code and comparison, shown in TLS, renewed by itself, revoked.
// openssl(1) is the peer that makes requests, checks certificates and connects.
#include "appliance/core/error.h"
#include "appliance/core/files.h"
#include "appliance/core/real_event_loop.h"
#include "sync/carrier/renewal.h"
#include "sync/gateway/devices.h"
#include "sync/gateway/https_front.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/exchange.h"
#include "tests/gateway/town.h"

#include <Poco/Net/ServerSocket.h>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/wait.h>

#include <cstdio>
#include <thread>

namespace data = boost::unit_test::data;
namespace fs = std::filesystem;
using namespace amt;
using namespace amt::test;

namespace {

/// What a command of the shell prints; `status`: how it ended.
std::string shell(const std::string& command, int* status = nullptr)
{
    std::string text;
    FILE* out = ::popen((command + " 2>&1").c_str(), "r");
    BOOST_REQUIRE(out);
    char part[4096];
    for (std::size_t got; (got = std::fread(part, 1, sizeof part, out)) > 0;)
        text.append(part, got);
    const int ended = ::pclose(out);
    if (status)
        *status = WEXITSTATUS(ended);
    return text;
}

std::string lineOf(const std::string& text)
{
    return text.substr(0, text.find_first_of(" \n"));
}

/// Keys and requests by openssl(1).
class Box {
public:
    std::string request(const std::string& subject = "/CN=all-a",
                        const std::string& key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256")
    {
        shell("openssl req -new -nodes " + key + " -subj '" + subject + "' -utf8 -keyout " +
              path("key.pem") + " -out " + path("request.pem"));
        return toText(readSmallFile(path("request.pem")));
    }
    std::string fingerprint() const
    {
        return lineOf(
            shell("openssl pkey -in " + path("key.pem") + " -pubout -outform der | sha256sum"));
    }
    /// Of the certificate that was taken.
    std::string digest() const
    {
        return lineOf(
            shell("openssl x509 -in " + path("certificate.pem") + " -outform der | sha256sum"));
    }
    void take(const std::string& certificate)
    {
        writeDurably(path("certificate.pem"), view(certificate));
    }
    std::string path(const std::string& name) const { return (folder.path() / name).string(); }

    TemporaryFolder folder;
};

/// A town whose gateway lets nodes in.
struct Gate {
    Gate()
    {
        town.devices = std::make_shared<const gateway::DeviceAuthority>(
            gateway::makeDeviceAuthority(town.loop.utcNow() - std::chrono::hours(1),
                                         town.loop.utcNow() + std::chrono::hours(24 * 3650)));
        town.restart();
        me = town.clientIds.at(Who::Sender);
    }

    json::ObjectPtr order(const std::string& path, std::map<std::string, std::string> fields,
                          int status)
    {
        fields.emplace("by", "Meier");
        auto body = json::makeObject();
        for (const auto& [name, value] : fields)
            body->set(name, value);
        const auto answer = town.gateway->operate({.method = "POST",
                                                   .path = path,
                                                   .query = {},
                                                   .headers = {},
                                                   .body = json::write(*body),
                                                   .peer = {}});
        BOOST_TEST(answer.status == status);
        return answer.body.empty() ? json::makeObject() : json::parseObject(answer.body);
    }
    std::string code(const std::string& client = "")
    {
        return json::text(
            *order("/devices/code", {{"clientId", client.empty() ? me : client}}, 201), "code");
    }
    HttpResponse ask(const std::string& code, const std::string& request)
    {
        auto body = json::makeObject();
        body->set("code", code);
        body->set("request", request);
        return town.ask(Who::Nobody, "POST", "/enrolment", "application/json", json::write(*body));
    }
    HttpResponse renew(const std::string& shown, const std::string& request)
    {
        auto body = json::makeObject();
        body->set("request", request);
        return town.ask(Who::Nobody, "POST", "/enrolment/renewal", "application/json",
                        json::write(*body), headers(shown));
    }
    void approve(const std::string& fingerprint, int status = 200)
    {
        order("/devices/approve", {{"clientId", me}, {"fingerprint", fingerprint}}, status);
    }
    /// What a new token is worth on a line that shows this.
    int sees(const std::string& shown, Who who = Who::Sender)
    {
        const auto granted =
            town.ask(Who::Nobody, "POST", "/token", "application/x-www-form-urlencoded",
                     writeForm({{"grant_type", "client_credentials"},
                                {"client_id", town.clientIds.at(who)},
                                {"client_secret", town.secretOf(who)}}));
        if (granted.status != 200)
            return granted.status;
        auto with = headers(shown);
        with["authorization"] =
            "Bearer " + json::text(*json::parseObject(granted.body), "access_token");
        return town.ask(Who::Nobody, "GET", "/v2/destinations/" + destinationId, {}, {}, with)
            .status;
    }
    /// A box that was let in.
    void letIn(Box& box)
    {
        const std::string one = code(), request = box.request("/CN=" + me);
        BOOST_TEST(ask(one, request).status == 202);
        approve(box.fingerprint());
        box.take(json::text(*json::parseObject(ask(one, request).body), "certificate"));
    }
    static std::map<std::string, std::string> headers(const std::string& shown)
    {
        if (shown.empty())
            return {};
        return {{gateway::shownCertificate, shown}};
    }

    GatewayTown town;
    std::string me;
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_devices)

BOOST_AUTO_TEST_CASE(a_node_is_let_in_when_an_operator_has_compared_its_key)
{
    Gate gate;
    Box box;
    const std::string code = gate.code(), request = box.request("/CN=" + gate.me);
    auto answer = gate.ask(code, request);
    BOOST_TEST(answer.status == 202);
    const auto waiting = json::parseObject(answer.body);
    BOOST_TEST(json::text(*waiting, "fingerprint") == box.fingerprint());
    BOOST_TEST(!waiting->has("certificate"));
    BOOST_TEST(gate.sees("") == 200); // not before it has a certificate
    gate.approve(std::string(64, '0'), 404);
    gate.order("/devices/approve", {{"clientId", "somebody"}, {"fingerprint", box.fingerprint()}},
               404);
    gate.approve(box.fingerprint());
    gate.approve(box.fingerprint()); // said again

    answer = gate.ask(code, request);
    BOOST_TEST(answer.status == 200);
    box.take(json::text(*json::parseObject(answer.body), "certificate"));
    BOOST_TEST(gate.sees("") == 401);
    BOOST_TEST(gate.sees(box.digest()) == 200);
    BOOST_TEST(gate.sees(box.digest(), Who::OtherSender) == 401); // is not that client's
    BOOST_TEST(gate.sees("", Who::OtherSender) == 200);

    writeDurably(box.path("ca.pem"), view(gate.town.devices->certificate));
    const std::string at =
        std::to_string(toMilliseconds(gate.town.loop.utcNow() + std::chrono::hours(1)) / 1000);
    BOOST_TEST(shell("openssl verify -purpose sslclient -attime " + at + " -CAfile " +
                     box.path("ca.pem") + " " + box.path("certificate.pem"))
                   .ends_with(": OK\n"));
    BOOST_TEST(shell("openssl verify -purpose sslserver -attime " + at + " -CAfile " +
                     box.path("ca.pem") + " " + box.path("certificate.pem"))
                   .find("OK") == std::string::npos);
    BOOST_TEST(shell("openssl x509 -noout -subject -in " + box.path("certificate.pem")) ==
               "subject=CN = " + gate.me + "\n");
}

BOOST_AUTO_TEST_CASE(a_code_is_stored_hashed_and_the_newest_one_counts)
{
    Gate gate;
    Box box;
    const std::string first = gate.code(), second = gate.code();
    BOOST_TEST(first.size() == 32);
    auto row = gate.town.books->prepare("SELECT hash FROM device_code");
    BOOST_REQUIRE(row.step());
    BOOST_TEST(row.text(0) == toHex(envelope::sha256(view(second))));
    BOOST_TEST(!row.step());
    const std::string request = box.request("/CN=" + gate.me);
    BOOST_TEST(GatewayTown::problemOf(gate.ask(first, request)) == "enrolment-code-invalid");
    BOOST_TEST(gate.ask(second, request).status == 202);
    BOOST_TEST(gate.ask(gate.code(), request).status == 202); // it waits, and asks again
}

BOOST_AUTO_TEST_CASE(a_code_is_good_for_one_key_and_one_day)
{
    Gate gate;
    Box first, second;
    const std::string code = gate.code(), mine = first.request("/CN=" + gate.me);
    BOOST_TEST(GatewayTown::problemOf(gate.ask(std::string(32, '0'), mine)) ==
               "enrolment-code-invalid"); // forged
    BOOST_TEST(gate.ask(code, mine).status == 202);
    const auto stolen = gate.ask(code, second.request("/CN=" + gate.me));
    BOOST_TEST(GatewayTown::problemOf(stolen) == "enrolment-code-invalid"); // used
    const std::string late = gate.code();
    gate.town.passTime(std::chrono::hours(25));
    BOOST_TEST(GatewayTown::problemOf(gate.ask(late, second.request("/CN=" + gate.me))) ==
               "enrolment-code-invalid");
    gate.order("/devices/code", {{"clientId", "nobody"}}, 404);
}

struct Foreign {
    const char* name;
    std::string (*request)(Box& box, const std::string& me);
    const char* problem;
};
std::ostream& operator<<(std::ostream& out, const Foreign& foreign)
{
    return out << foreign.name;
}
const Foreign foreigns[] = {
    {"for another client", [](Box& box, const std::string&) { return box.request("/CN=other"); },
     "request-foreign"},
    {"with more in its subject",
     [](Box& box, const std::string& me) { return box.request("/O=Amt/CN=" + me); },
     "malformed-request"},
    {"with an RSA key",
     [](Box& box, const std::string& me) { return box.request("/CN=" + me, "-newkey rsa:2048"); },
     "malformed-request"},
    {"on another curve",
     [](Box& box, const std::string& me) {
         return box.request("/CN=" + me, "-newkey ec -pkeyopt ec_paramgen_curve:P-384");
     },
     "malformed-request"},
    {"whose signature is another key's",
     [](Box& box, const std::string& me) {
         box.request("/CN=" + me);
         shell("openssl req -in " + box.path("request.pem") + " -outform der -out " +
               box.path("request.der"));
         Bytes der = readSmallFile(box.path("request.der"));
         der.back() ^= 1;
         writeDurably(box.path("request.der"), der);
         return shell("openssl req -inform der -in " + box.path("request.der"));
     },
     "malformed-request"},
    {"that is a certificate",
     [](Box& box, const std::string& me) {
         return box.request("/CN=" + me, "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256");
     },
     "malformed-request"},
    {"that is nothing", [](Box&, const std::string&) { return std::string("hello"); },
     "malformed-request"},
};

BOOST_DATA_TEST_CASE(a_request_that_is_not_its_own_uses_no_code, data::make(foreigns), foreign)
{
    Gate gate;
    Box box, honest;
    const std::string code = gate.code();
    BOOST_TEST(GatewayTown::problemOf(gate.ask(code, foreign.request(box, gate.me))) ==
               foreign.problem);
    BOOST_TEST(gate.ask(code, honest.request("/CN=" + gate.me)).status == 202);
}

BOOST_AUTO_TEST_CASE(a_certificate_ends_when_it_is_revoked_or_too_old_or_its_box_replaced)
{
    {
        Gate gate;
        Box box;
        gate.letIn(box);
        gate.order("/devices/revoke",
                   {{"clientId", gate.me}, {"fingerprint", box.fingerprint()}, {"reason", "weg"}},
                   204);
        BOOST_TEST(gate.sees(box.digest()) == 401); // with the next call
        BOOST_TEST(gate.sees("") == 401);
        BOOST_TEST(gate.renew(box.digest(), Box().request("/CN=" + gate.me)).status == 401);
        Box next;
        gate.letIn(next);
        BOOST_TEST(gate.sees(next.digest()) == 200);
    }
    {
        Gate gate;
        Box box;
        gate.letIn(box);
        gate.town.passTime(gateway::deviceCertificateLife + std::chrono::hours(1));
        BOOST_TEST(gate.sees(box.digest()) == 401);
    }
    {
        Gate gate;
        Box old, next;
        gate.letIn(old);
        gate.letIn(next);
        BOOST_TEST(gate.sees(old.digest()) == 401);
        BOOST_TEST(gate.sees(next.digest()) == 200);
    }
    {
        Gate gate;
        Box box;
        gate.letIn(box);
        gate.order("/clients/revoke", {{"clientId", gate.me}, {"reason", "gestohlen"}}, 204);
        BOOST_TEST(gate.sees(box.digest()) == 401);
        BOOST_TEST(gate.renew(box.digest(), Box().request("/CN=" + gate.me)).status == 401);
        gate.order("/devices/code", {{"clientId", gate.me}}, 404);
    }
}

BOOST_AUTO_TEST_CASE(a_certificate_renews_itself_and_the_old_one_goes_on_for_a_week)
{
    Gate gate;
    Box old, next, other;
    gate.letIn(old);
    const std::string request = next.request("/CN=" + gate.me);
    BOOST_TEST(gate.renew("", request).status == 401);
    BOOST_TEST(gate.renew(std::string(64, '0'), request).status == 401);
    BOOST_TEST(GatewayTown::problemOf(gate.renew(old.digest(), other.request("/CN=other"))) ==
               "request-foreign");
    const auto renewed = gate.renew(old.digest(), request);
    BOOST_TEST(renewed.status == 200);
    BOOST_TEST(gate.renew(old.digest(), request).body == renewed.body); // its answer was lost
    next.take(json::text(*json::parseObject(renewed.body), "certificate"));
    BOOST_TEST(gate.sees(next.digest()) == 200);
    gate.town.passTime(gateway::deviceOverlap - std::chrono::hours(1));
    BOOST_TEST(gate.sees(old.digest()) == 200);
    gate.town.passTime(std::chrono::hours(2));
    BOOST_TEST(gate.sees(old.digest()) == 401);
    BOOST_TEST(gate.sees(next.digest()) == 200);
}

BOOST_AUTO_TEST_CASE(where_nodes_need_certificates_offices_do_not)
{
    Gate gate;
    gate.town.nodesNeedCertificates = true;
    gate.town.restart();
    BOOST_TEST(gate.sees("", Who::Sender) == 401);
    BOOST_TEST(gate.sees("", Who::Subscriber) == 200);
    Box box;
    gate.letIn(box);
    BOOST_TEST(gate.sees(box.digest()) == 200);
}

BOOST_AUTO_TEST_CASE(the_carrier_asks_and_renews_before_the_end)
{
    Gate gate;
    TemporaryFolder folder;
    carrier::TransportKey key(folder.path() / "identity");
    /// Straight to the gateway; shows what TLS would.
    struct Line : HttpExchange {
        void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
        {
            ++calls;
            if (fs::exists(key.file()))
                request.headers[gateway::shownCertificate] = lineOf(
                    shell("openssl x509 -in " + key.file().string() + " -outform der | sha256sum"));
            done(gate.town.ask(std::move(request)));
        }
        Line(Gate& of, carrier::TransportKey& with) : gate(of), key(with) {}
        Gate& gate;
        carrier::TransportKey& key;
        int calls = 0;
    } line(gate, key);
    const std::string code = gate.code();
    std::optional<carrier::Enrolled> became;
    const auto ask = [&](const std::string& with) {
        carrier::askForCertificate(line, key, gate.me, with,
                                   [&](carrier::Enrolled now) { became = now; });
        return *became;
    };
    BOOST_TEST((ask(std::string(32, '0')) == carrier::Enrolled::Refused));
    BOOST_TEST((ask(code) == carrier::Enrolled::Waits));
    const std::string fingerprint = key.fingerprint();
    gate.approve(fingerprint);
    BOOST_TEST((ask(code) == carrier::Enrolled::Yes));
    const Bytes first = readSmallFile(key.file());
    const auto validity = key.validity();
    BOOST_REQUIRE(validity.has_value());
    BOOST_TEST((validity->until == std::chrono::floor<std::chrono::seconds>(
                                       gate.town.loop.utcNow() + gateway::deviceCertificateLife)));

    carrier::Renewal renewal(line, key, gate.me, gate.town.loop);
    renewal.start();
    const int before = line.calls;
    gate.town.passTime(std::chrono::hours(24 * 240));
    BOOST_TEST(line.calls == before);
    BOOST_TEST((readSmallFile(key.file()) == first));
    gate.town.passTime(std::chrono::hours(24 * 10));
    BOOST_TEST(line.calls == before + 1);
    BOOST_TEST((readSmallFile(key.file()) != first));
    BOOST_TEST((key.validity()->until > validity->until));
    gate.town.passTime(std::chrono::hours(24 * 100)); // beyond the first one's end
    const std::string shown =
        lineOf(shell("openssl x509 -in " + key.file().string() + " -outform der | sha256sum"));
    BOOST_TEST(gate.sees(shown) == 200);
    const auto mode = fs::status(key.file()).permissions();
    BOOST_TEST(((mode & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_key_is_not_taken)
{
    Gate gate;
    Box box;
    gate.letIn(box);
    TemporaryFolder folder;
    carrier::TransportKey key(folder.path());
    key.request(gate.me);
    BOOST_CHECK_EXCEPTION(
        key.take(toText(readSmallFile(box.path("certificate.pem")))), Error,
        [](const Error& refused) { return refused.errorCode() == ErrorCode::KeyUnusable; });
    BOOST_TEST(!fs::exists(key.file()));
}

// --- in TLS

namespace {

/// A front that says which certificate it was shown.
struct TlsDoor {
    TlsDoor()
        : authority(gateway::makeDeviceAuthority(loop.utcNow() - std::chrono::hours(48),
                                                 loop.utcNow() + std::chrono::hours(48))),
          tls(gateway::makeTlsIdentity({"127.0.0.1"}, loop.utcNow() - std::chrono::hours(1),
                                       loop.utcNow() + std::chrono::hours(1)))
    {
        gateway::FrontSettings settings;
        const Poco::Net::ServerSocket probe(Poco::Net::SocketAddress("127.0.0.1", 0));
        port = settings.port = probe.address().port();
        settings.threads = 2;
        settings.certificateFile = box.path("server.pem");
        settings.privateKeyFile = box.path("server-key.pem");
        settings.clientAuthorityFile = box.path("devices-ca.pem");
        writeDurably(settings.certificateFile, view(tls.certificate));
        writeDurably(settings.privateKeyFile, view(tls.privateKey));
        writeDurably(settings.clientAuthorityFile, view(authority.certificate));
        front.emplace(settings, loop, [](const HttpRequest& request) {
            const auto shown = request.headers.find(gateway::shownCertificate);
            return HttpResponse{.status = 200,
                                .headers = {},
                                .body = shown == request.headers.end() ? "nothing" : shown->second,
                                .eventTopic = {}};
        });
        running = std::thread([this] { loop.run(); });
    }
    ~TlsDoor()
    {
        front.reset();
        loop.stop();
        running.join();
    }
    TlsDoor(const TlsDoor&) = delete;
    TlsDoor& operator=(const TlsDoor&) = delete;

    /// By openssl s_client; everything that it says.
    std::string connect(const std::string& options) const
    {
        return shell(R"(printf 'GET / HTTP/1.1\r\nHost: x\r\nShown-Certificate: forged\r\n)"
                     R"(Connection: close\r\n\r\n' | timeout 20 openssl s_client -ign_eof )"
                     "-connect 127.0.0.1:" +
                     std::to_string(port) + " " + options);
    }
    std::string withCertificate() const
    {
        return connect("-cert " + box.path("certificate.pem") + " -key " + box.path("key.pem"));
    }

    RealEventLoop loop;
    Box box;
    gateway::DeviceAuthority authority;
    gateway::TlsIdentity tls;
    std::optional<gateway::HttpsFront> front;
    std::thread running;
    std::uint16_t port = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(the_front_says_what_was_shown_and_nobody_can_write_it)
{
    TlsDoor door;
    const auto now = door.loop.utcNow();
    door.box.take(gateway::certify(door.authority, door.box.request(), now - std::chrono::hours(1),
                                   now + std::chrono::hours(1))
                      .pem);
    const std::string answer = door.withCertificate();
    BOOST_TEST(answer.find("\r\n\r\n" + door.box.digest()) != std::string::npos, answer);
    const std::string without = door.connect("");
    BOOST_TEST(without.find("\r\n\r\nnothing") != std::string::npos, without);
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_authority_or_another_time_opens_nothing)
{
    const auto hours = [](int count) { return std::chrono::hours(count); };
    TlsDoor door;
    const auto now = door.loop.utcNow();
    const auto other = gateway::makeDeviceAuthority(now - hours(1), now + hours(1));
    const std::string request = door.box.request();
    const std::string refused[] = {
        gateway::certify(other, request, now - hours(1), now + hours(1)).pem,
        gateway::certify(door.authority, request, now - hours(2), now - hours(1)).pem,
        gateway::certify(door.authority, request, now + hours(1), now + hours(2)).pem,
    };
    for (const auto& certificate : refused) {
        door.box.take(certificate);
        const std::string answer = door.withCertificate();
        BOOST_TEST(answer.find("HTTP/1.1") == std::string::npos, answer);
        BOOST_TEST(answer.find("alert") != std::string::npos, answer);
    }
    shell("openssl req -x509 -key " + door.box.path("key.pem") + " -subj /CN=all-a -out " +
          door.box.path("certificate.pem")); // its own
    BOOST_TEST(door.withCertificate().find("HTTP/1.1") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_carriers_line_shows_the_newest_certificate)
{
    TlsDoor door;
    TemporaryFolder folder;
    carrier::TransportKey key(folder.path());
    const auto now = door.loop.utcNow();
    for (int i = 0; i < 2; ++i) {
        RealEventLoop loop;
        const auto made =
            gateway::certify(door.authority, key.request("all-a"), now - std::chrono::hours(1),
                             now + std::chrono::hours(1));
        key.take(made.pem);
        const auto line = portal::makeTlsExchange("https://127.0.0.1:" + std::to_string(door.port),
                                                  door.tls.authority, loop, {}, key.file());
        std::string seen;
        line->send(
            {.method = "GET", .path = "/", .query = {}, .headers = {}, .body = {}, .peer = {}},
            [&](const HttpAnswer& answer) {
                if (const auto* response = std::get_if<HttpResponse>(&answer))
                    seen = response->body;
                loop.stop();
            });
        loop.run();
        BOOST_TEST(seen == made.digest);
    }
}

BOOST_AUTO_TEST_SUITE_END()
