// SPDX-License-Identifier: EUPL-1.2
//
// Certificates, the destination's document and the enrolment, from the test keys.
#include "tests/sim/world/papers.h"

#include "appliance/core/json.h"
#include "tests/support/test_keys.h"

namespace amt::sim {

const UtcTime dayBegins = fromIso("2026-11-23T07:00:00Z");
const std::string serviceUrl = "https://portal.example";
const std::string destinationId = "6f1c2b3a-5d4e-4f60-8a7b-9c0d1e2f3a4b";
const std::string serviceKey = "99108001001000";

Papers::Papers(const std::string& source)
    : desk(test::readRsaKey(source, 0)), service(test::readRsaKey(source, 1)),
      opening(test::readRsaKey(source, 2)), signing(test::readRsaKey(source, 3)),
      rootKey(test::readRsaKey(source, 4)), random(20261123), card(makeCardPki(random, dayBegins)),
      pages(source + "/kiosk")
{
    using namespace envelope;
    const UtcTime from = dayBegins - std::chrono::hours(24);
    const UtcTime until = dayBegins + std::chrono::hours(24 * 300);
    const Certificate root = makeRootCertificate(rootKey, "Simulated root", from, until);
    const auto jwk = [&](const RsaKey& key, KeyUse use, const std::string& kid) {
        return PublicJwk{
            kid,
            use,
            RsaKey::fromPublicDer(key.publicDer()),
            {makeLeafCertificate(key, use, kid, rootKey, root, from, until).der, root.der}};
    };
    const PublicJwk encryption = jwk(opening, KeyUse::Encrypt, "encryption-1");
    const PublicJwk signature = jwk(signing, KeyUse::Verify, "signature-1");
    const PublicJwk serviceJwk{
        "service-1", KeyUse::Verify, RsaKey::fromPublicDer(service.publicDer()), {}};

    auto document = json::makeObject();
    document->set("destinationId", destinationId);
    document->set("name", "Ordnungsamt");
    document->set("status", "active");
    document->set("encryptionKid", encryption.kid);
    auto versions = json::makeArray();
    versions->add("2.1.0");
    document->set("metadataVersions", versions);
    auto schema = json::makeObject();
    schema->set("schemaUri", "urn:example:amtsstube:bewohnerparkausweis:1.0");
    schema->set("mimeType", "application/json");
    auto schemas = json::makeArray();
    schemas->add(schema);
    auto offered = json::makeObject();
    offered->set("identifier", "urn:de:fim:leika:leistung:" + serviceKey);
    offered->set("submissionSchemas", schemas);
    auto regions = json::makeArray();
    regions->add("DE");
    offered->set("regions", regions);
    auto services = json::makeArray();
    services->add(offered);
    document->set("publicServices", services);
    destination = {destinationId, "subscriber", json::write(*document), {encryption, signature}};

    auto serviceKeys = json::makeArray();
    serviceKeys->add(writeJwk(serviceJwk));
    auto keySet = json::makeObject();
    keySet->set("keys", serviceKeys);
    auto issuer = json::makeObject();
    issuer->set("issuer", serviceUrl);
    issuer->set("keys", keySet);
    auto roots = json::makeArray();
    roots->add(toBase64(root.der));
    auto signatureKeys = json::makeArray();
    signatureKeys->add(writeJwk(signature));
    auto entry = json::makeObject();
    entry->set("document", document);
    entry->set("encryptionKey", writeJwk(encryption));
    entry->set("signatureKeys", signatureKeys);
    auto destinations = json::makeArray();
    destinations->add(entry);
    auto whole = json::makeObject();
    whole->set("format", 1);
    whole->set("service", issuer);
    whole->set("roots", roots);
    whole->set("destinations", destinations);
    enrolment = json::write(*whole);
}

} // namespace amt::sim
