// SPDX-License-Identifier: EUPL-1.2
//
// Set-up and enrolment files.
#include "sync/gateway/enrolment.h"

#include "appliance/core/files.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/gateway/access.h"
#include "sync/gateway/ledger.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/words.h"

namespace amt::gateway {
namespace {

namespace fs = std::filesystem;
using envelope::KeyUse;
using envelope::PublicJwk;
using envelope::RsaKey;

constexpr auto certificateLife = std::chrono::hours(24 * 365 * 5);
constexpr auto deviceAuthorityLife = std::chrono::hours(24 * 365 * 10);
constexpr int formatNumber = 1;

fs::path gatewayFile(const fs::path& state)
{
    return state / "gateway.json";
}
fs::path deviceAuthorityKeyFile(const fs::path& state)
{
    return state / "tls" / "devices-ca-key.pem";
}
fs::path callbackKeyFile(const fs::path& state)
{
    return state / "keys" / "callbacks.key";
}
fs::path serviceKeyFile(const fs::path& state)
{
    return state / "keys" / "service.der";
}

void writeJson(const fs::path& file, const json::Object& object)
{
    writeDurably(file, view(json::write(object)));
}

json::ObjectPtr readJson(const fs::path& file)
{
    auto object = json::parseObject(toText(readSmallFile(file)));
    if (json::integer(*object, "format") != formatNumber)
        throw Error(ErrorCode::ConfigurationInvalid, "another format: " + file.filename().string());
    return object;
}

json::ObjectPtr withFormat()
{
    auto object = json::makeObject();
    object->set("format", formatNumber);
    return object;
}

/// "encryption-" and the first half of the key's fingerprint
std::string kidFor(const char* purpose, const RsaKey& key)
{
    return std::string(purpose) + "-" + key.fingerprint().substr(0, 32);
}

void writeKey(const fs::path& file, const RsaKey& key)
{
    writeDurably(file, key.privateDer().reveal());
}

RsaKey readKey(const fs::path& file)
{
    return RsaKey::fromPrivateDer(Secret(readSmallFile(file)));
}

json::ArrayPtr list(const json::ObjectPtr& only)
{
    auto array = json::makeArray();
    array->add(only);
    return array;
}

json::ArrayPtr list(const std::string& only)
{
    auto array = json::makeArray();
    array->add(only);
    return array;
}

json::ObjectPtr destinationDocument(const std::string& id, const std::string& encryptionKid)
{
    auto schema = json::makeObject();
    schema->set("schemaUri", "urn:example:amtsstube:bewohnerparkausweis:1.0");
    schema->set("mimeType", "application/json");
    auto service = json::makeObject();
    service->set("identifier", std::string(portal::servicePrefix) + "99108001001000");
    service->set("submissionSchemas", list(schema));
    service->set("regions", list("DE"));
    auto contact = json::makeObject();
    contact->set("legalName", "Ordnungsamt (Test)");
    contact->set("eMail", "ordnungsamt@example.org");
    contact->set("phone", "+49 000 000");
    contact->set("address", "Rathausplatz 1, 00000 Musterstadt");
    auto document = json::makeObject();
    document->set("destinationId", id);
    document->set("name", "Ordnungsamt, Bewohnerparken (Test)");
    document->set("status", "active");
    document->set("encryptionKid", encryptionKid);
    document->set("metadataVersions", list("2.1.0"));
    document->set("publicServices", list(service));
    document->set("contactInformation", contact);
    return document;
}

json::ObjectPtr connection(const std::string& url, const std::string& authority,
                           const ClientEntry& client)
{
    auto object = withFormat();
    object->set("url", url);
    object->set("caCertificate", authority);
    object->set("clientId", client.id);
    object->set("clientSecret", std::string(client.secret.revealText()));
    return object;
}

ClientEntry makeClient(RandomSource& random, std::vector<std::string> scopes)
{
    return {.id = randomUuid(random),
            .secret = Secret(toBase64Url(randomBytes(random, 32))),
            .scopes = std::move(scopes),
            .tenantId = {}};
}

} // namespace

fs::path databaseFile(const fs::path& state)
{
    return state / "gateway.db";
}
fs::path serverCertificateFile(const fs::path& state)
{
    return state / "tls" / "server.pem";
}
fs::path serverKeyFile(const fs::path& state)
{
    return state / "tls" / "server-key.pem";
}

fs::path deviceAuthorityFile(const fs::path& state)
{
    return state / "tls" / "devices-ca.pem";
}

void completeState(const fs::path& state, UtcTime now)
{
    if (!fs::exists(gatewayFile(state)))
        throw Error(ErrorCode::ConfigurationInvalid, "not set up: run amt-gateway init first");
    const FolderLock alone(state); // of several gateways that start at once one makes it
    // From the signing key, as the secrets that are there were sealed; then it stays, whatever
    // becomes of that.
    if (!fs::exists(callbackKeyFile(state)))
        writeDurably(callbackKeyFile(state),
                     callbackKeyFrom(readKey(serviceKeyFile(state))).reveal());
    if (fs::exists(deviceAuthorityFile(state)))
        return;
    const auto authority =
        makeDeviceAuthority(now - std::chrono::hours(1), now + deviceAuthorityLife);
    // the certificate last: without it this was cut short, and both are made anew
    writeDurably(deviceAuthorityKeyFile(state), authority.privateKey.reveal());
    writeDurably(deviceAuthorityFile(state), view(authority.certificate));
}

SetUp setUp(const fs::path& state, const std::string& url, UtcTime now, RandomSource& random,
            const std::function<std::unique_ptr<Books>()>& open, std::int64_t quotaPages)
{
    // gateway.json is written last: without it a set-up was cut short, and all is made anew
    if (fs::exists(gatewayFile(state))) {
        if (json::text(*readJson(gatewayFile(state)), "url") != url)
            throw Error(ErrorCode::ConfigurationInvalid,
                        "this folder was set up for another address");
        return SetUp::WasThere;
    }
    if (!url.starts_with("https://") || url.find('/', 8) != std::string::npos || url.size() <= 8)
        throw Error(ErrorCode::ConfigurationInvalid, "--url is https://HOST:PORT");
    makeFolder(state);
    makeFolder(state / "tls");
    makeFolder(state / "keys");
    for (const char* suffix : {"", "-wal", "-journal"})
        fs::remove(databaseFile(state).string() + suffix);

    const UtcTime from = now - std::chrono::hours(1);
    const UtcTime until = now + certificateLife;
    std::vector<std::string> hosts = {"127.0.0.1", "localhost"};
    const std::string host =
        url.substr(8, url.rfind(':') > 8 ? url.rfind(':') - 8 : std::string::npos);
    if (host != hosts[0] && host != hosts[1])
        hosts.insert(hosts.begin(), host);
    const TlsIdentity tls = makeTlsIdentity(hosts, from, until);

    const RsaKey serviceKey = RsaKey::generate();
    const RsaKey rootKey = RsaKey::generate();
    const RsaKey encryptionKey = RsaKey::generate();
    const RsaKey signatureKey = RsaKey::generate();
    const auto root = envelope::makeRootCertificate(rootKey, "Amtsstube Test-V-PKI", from, until);
    const auto certified = [&](const char* purpose, KeyUse use, const RsaKey& key) {
        const auto leaf = envelope::makeLeafCertificate(
            key, use, std::string("Ordnungsamt Test ") + purpose, rootKey, root, from, until);
        return PublicJwk{
            .kid = kidFor(purpose, key), .use = use, .key = key, .chain = {leaf.der, root.der}};
    };
    const PublicJwk encryption = certified("encryption", KeyUse::Encrypt, encryptionKey);
    const PublicJwk signature = certified("signature", KeyUse::Verify, signatureKey);
    const PublicJwk service{.kid = kidFor("service", serviceKey),
                            .use = KeyUse::Verify,
                            .key = serviceKey,
                            .chain = {}};
    const ClientEntry sender = makeClient(random, {std::string(portal::sendScope)});
    const ClientEntry subscriber =
        makeClient(random, {std::string(portal::subscribeScope), std::string(portal::manageScope)});
    const std::string destinationId = randomUuid(random);
    const auto document = destinationDocument(destinationId, encryption.kid);

    writeKey(serviceKeyFile(state), serviceKey);
    writeKey(state / "keys" / "destination-encryption.der", encryptionKey);
    writeKey(state / "keys" / "destination-signature.der", signatureKey);
    writeDurably(state / "tls" / "ca.pem", view(tls.authority));
    writeDurably(serverCertificateFile(state), view(tls.certificate));
    writeDurably(serverKeyFile(state), view(tls.privateKey));

    auto serviceKeys = json::makeObject();
    serviceKeys->set("keys", list(envelope::writeJwk(service)));
    auto serviceEntry = json::makeObject();
    serviceEntry->set("issuer", url);
    serviceEntry->set("keys", serviceKeys);
    auto destination = json::makeObject();
    destination->set("document", document);
    destination->set("encryptionKey", envelope::writeJwk(encryption));
    destination->set("signatureKeys", list(envelope::writeJwk(signature)));
    auto forNode = withFormat();
    forNode->set("service", serviceEntry);
    forNode->set("roots", list(toBase64(root.der)));
    forNode->set("destinations", list(destination));
    writeJson(state / "node-enrolment.json", *forNode);

    writeJson(state / "sync-enrolment.json", *connection(url, tls.authority, sender));

    auto opening = json::makeObject();
    opening->set("kid", encryption.kid);
    opening->set("file", "keys/destination-encryption.der");
    auto forSubscriber = connection(url, tls.authority, subscriber);
    forSubscriber->set("destinationId", destinationId);
    forSubscriber->set("encryptionKeys", list(opening));
    forSubscriber->set("signatureKid", signature.kid);
    forSubscriber->set("signatureKeyFile", "keys/destination-signature.der");
    writeJson(state / "subscriber.json", *forSubscriber);

    auto own = withFormat();
    own->set("url", url);
    own->set("signingKid", service.kid);
    if (quotaPages > 0)
        own->set("quotaPages", quotaPages);
    {
        store::DatabaseSettings file;
        file.path = databaseFile(state).string();
        const auto books = open ? open() : makeSqliteBooks(std::move(file));
        books->migrate();
        const auto all = books->wholeRegion();
        books->transact([&] {
            Access access(*books, random, std::chrono::seconds(0));
            access.enter(sender);
            access.enter(subscriber);
            Ledger(*books).enter({.id = destinationId,
                                  .ownerId = subscriber.id,
                                  .document = json::write(*document),
                                  .keys = {encryption, signature}});
        });
    }
    writeJson(gatewayFile(state), *own);
    completeState(state, now);
    return SetUp::Made;
}

std::int64_t databasePages(const fs::path& state)
{
    const auto own = readJson(gatewayFile(state));
    return own->has("quotaPages") ? json::integer(*own, "quotaPages") : 0;
}

fs::path operatorsSocket(const fs::path& state)
{
    return state / "operators.socket";
}

std::vector<Bytes> loadRoots(const fs::path& state)
{
    std::vector<Bytes> roots;
    for (const auto& root : json::texts(*readJson(state / "node-enrolment.json"), "roots"))
        roots.push_back(fromBase64(root));
    return roots;
}

void writeEnrolmentOfNode(const fs::path& state, const fs::path& folder, const ClientEntry& node,
                          const json::ArrayPtr& destinations)
{
    const GatewaySettings settings = loadGateway(state);
    auto keys = json::makeObject();
    keys->set("keys", list(envelope::writeJwk({.kid = settings.signingKid,
                                               .use = KeyUse::Verify,
                                               .key = settings.signingKey,
                                               .chain = {}})));
    auto service = json::makeObject();
    service->set("issuer", settings.url);
    service->set("keys", keys);
    auto roots = json::makeArray();
    for (const auto& root : loadRoots(state))
        roots->add(toBase64(root));
    auto forNode = withFormat();
    forNode->set("service", service);
    forNode->set("roots", roots);
    forNode->set("destinations", destinations);
    makeFolder(folder);
    writeJson(folder / "node-enrolment.json", *forNode);
    writeJson(folder / "sync-enrolment.json",
              *connection(settings.url, toText(readSmallFile(state / "tls" / "ca.pem")), node));
}

GatewaySettings loadGateway(const fs::path& state)
{
    if (!fs::exists(gatewayFile(state)))
        throw Error(ErrorCode::ConfigurationInvalid, "not set up: run amt-gateway init first");
    const auto own = readJson(gatewayFile(state));
    json::onlyKeys(*own, {"format", "url", "signingKid", "quotaPages"});
    GatewaySettings settings;
    settings.url = json::text(*own, "url");
    settings.signingKid = json::text(*own, "signingKid");
    settings.signingKey = readKey(serviceKeyFile(state));
    if (fs::exists(callbackKeyFile(state)))
        settings.callbackKey = Secret(readSmallFile(callbackKeyFile(state)));
    if (fs::exists(deviceAuthorityFile(state)))
        settings.devices = std::make_shared<const DeviceAuthority>(
            DeviceAuthority{.certificate = toText(readSmallFile(deviceAuthorityFile(state))),
                            .privateKey = Secret(readSmallFile(deviceAuthorityKeyFile(state)))});
    const std::size_t colon = settings.url.rfind(':');
    const std::string port = colon > 5 ? settings.url.substr(colon) : std::string();
    for (const char* name : {"127.0.0.1", "localhost"})
        settings.hosts.push_back(name + port);
    return settings;
}

SubscriberEnrolment loadSubscriber(const fs::path& file)
{
    const auto read = readJson(file);
    json::onlyKeys(*read, {"format", "url", "caCertificate", "clientId", "clientSecret",
                           "destinationId", "encryptionKeys", "signatureKid", "signatureKeyFile"});
    SubscriberEnrolment enrolment;
    enrolment.url = json::text(*read, "url");
    enrolment.caCertificate = json::text(*read, "caCertificate");
    SubscriberSettings& settings = enrolment.settings;
    settings.clientId = json::text(*read, "clientId");
    settings.clientSecret = Secret(json::text(*read, "clientSecret"));
    settings.serviceUrl = enrolment.url;
    settings.destinationId = json::text(*read, "destinationId");
    const fs::path folder = file.parent_path();
    for (const auto& entry : *json::array(*read, "encryptionKeys")) {
        if (entry.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "encryptionKeys");
        const auto key = entry.extract<json::ObjectPtr>();
        json::onlyKeys(*key, {"kid", "file"});
        settings.openingKeys.push_back(
            {.kid = json::text(*key, "kid"), .key = readKey(folder / json::text(*key, "file"))});
    }
    settings.signatureKid = json::text(*read, "signatureKid");
    settings.signatureKey = readKey(folder / json::text(*read, "signatureKeyFile"));
    return enrolment;
}

} // namespace amt::gateway
