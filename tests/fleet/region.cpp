// SPDX-License-Identifier: EUPL-1.2
//
// The region written down.
#include "tests/fleet/region.h"

#include "appliance/core/files.h"
#include "appliance/core/json.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/access.h"
#include "sync/gateway/books.h"
#include "sync/gateway/enrolment.h"
#include "sync/gateway/ledger.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/words.h"
#include "tests/support/test_keys.h"

namespace amt::fleet {
namespace {

constexpr const char* serviceKid = "service-signature-1";

} // namespace

std::string nodeClient(int node)
{
    return "node-" + std::to_string(node);
}

std::string officeClient(int town)
{
    return "office-" + std::to_string(town);
}

std::string secretOf(const std::string& client)
{
    return "secret-of-" + client;
}

std::string destinationOf(int town)
{
    const auto digits = toHex(envelope::sha256(view("destination" + std::to_string(town))));
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(13, 3) + "-8" +
           digits.substr(17, 3) + "-" + digits.substr(20, 12);
}

void writeState(const std::filesystem::path& state)
{
    const RealEventLoop clock;
    const auto tls = gateway::makeTlsIdentity({"127.0.0.1"}, clock.utcNow() - std::chrono::hours(1),
                                              clock.utcNow() + std::chrono::hours(48));
    std::filesystem::create_directories(state / "tls");
    std::filesystem::create_directories(state / "keys");
    writeDurably(state / "tls" / "ca.pem", view(tls.authority));
    writeDurably(gateway::serverCertificateFile(state), view(tls.certificate));
    writeDurably(gateway::serverKeyFile(state), view(tls.privateKey));
    writeDurably(state / "keys" / "service.der", test::rsaKey(0).privateDer().reveal());
    auto own = json::makeObject();
    own->set("format", 1);
    own->set("url", std::string("https://") + regionHost);
    own->set("signingKid", serviceKid);
    writeDurably(state / "gateway.json", view(json::write(*own)));
}

std::string authorityOf(const std::filesystem::path& state)
{
    return toText(readSmallFile(state / "tls" / "ca.pem"));
}

void fillBooks(const std::string& database, const Region& region)
{
    const RealEventLoop clock;
    SystemRandom random;
    const auto books = gateway::makePostgresBooks(database, clock);
    books->migrate();
    const auto all = books->wholeRegion();
    books->transact([&] {
        gateway::Access access(*books, random, std::chrono::seconds(1800));
        gateway::Ledger ledger(*books);
        for (int town = 0; town < region.towns; ++town) {
            const std::string office = officeClient(town), id = destinationOf(town);
            access.enter({.id = office,
                          .secret = Secret(secretOf(office)),
                          .scopes = {std::string(portal::subscribeScope)},
                          .tenantId = std::to_string(town)});
            const std::string document =
                R"({"destinationId":")" + id + R"(","name":"Ordnungsamt","encryptionKid":")" +
                sealingKid + R"(","metadataVersions":["2.1.0"],"publicServices":[{"identifier":")" +
                std::string(portal::servicePrefix) + service +
                R"(","submissionSchemas":[],"regions":["DE"]}]})";
            ledger.enter(
                {.id = id,
                 .ownerId = office,
                 .document = document,
                 .keys = {{sealingKid, envelope::KeyUse::Encrypt, test::publicRsaKey(1), {}},
                          {signingKid, envelope::KeyUse::Verify, test::publicRsaKey(2), {}}}});
        }
        for (int node = 0; node < region.nodes; ++node)
            access.enter({.id = nodeClient(node),
                          .secret = Secret(secretOf(nodeClient(node))),
                          .scopes = {std::string(portal::sendScope)},
                          .tenantId = std::to_string(region.townOf(node))});
    });
    books->ask("ANALYZE", {});
}

const envelope::RsaKey& destinationSealingKey()
{
    static const auto key = test::publicRsaKey(1);
    return key;
}

const envelope::RsaKey& destinationSigningKey()
{
    return test::rsaKey(2);
}

const envelope::IssuerKeys& serviceKeys()
{
    static const envelope::IssuerKeys keys{
        std::string("https://") + regionHost,
        {{serviceKid, envelope::KeyUse::Verify, test::publicRsaKey(0), {}}}};
    return keys;
}

envelope::IssuerKeys destinationKeys(int town)
{
    return {destinationOf(town),
            {{signingKid, envelope::KeyUse::Verify, test::publicRsaKey(2), {}}}};
}

} // namespace amt::fleet
