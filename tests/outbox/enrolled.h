// SPDX-License-Identifier: EUPL-1.2
//
// A node that was enrolled: one destination, its keys under a test root, a service that signs
// events.
#pragma once

#include "appliance/core/log.h"
#include "sync/outbox/outbox.h"
#include "tests/support/scratch_database.h"
#include "tests/support/seeded_random.h"
#include "tests/support/test_keys.h"

#include <string>
#include <vector>

namespace amt::test {

inline const UtcTime enrolledAt = fromIso("2026-11-21T09:41:00Z");
inline const std::string destinationId = "6f1c9a40-5b0e-4a86-9d0f-3f3f7f1c2a10";
inline const std::string serviceIssuer = "https://gateway.example";
inline const std::string serviceKey = "99108001001000";
inline const std::string serviceKid = "service-key-1";
inline const std::string signatureKid = "signature-1";
inline const std::string encryptionKid = "encryption-1";

// rsaKey(0) root, 1 encryption, 2 signature of the destination, 3 service, 4 a stranger (or the
// desk)
inline envelope::PublicJwk chainedJwk(int key, envelope::KeyUse use, const std::string& kid,
                                      int root = 0,
                                      UtcTime until = enrolledAt + std::chrono::hours(24 * 365))
{
    const UtcTime from = enrolledAt - std::chrono::hours(24);
    const auto certificate = envelope::makeRootCertificate(
        rsaKey(root), "Test root", from, enrolledAt + std::chrono::hours(24 * 3650));
    return {.kid = kid,
            .use = use,
            .key = publicRsaKey(key),
            .chain = {envelope::makeLeafCertificate(publicRsaKey(key), use, kid, rsaKey(root),
                                                    certificate, from, until)
                          .der,
                      certificate.der}};
}

inline std::string documentOf(const std::string& kid, const std::string& status = "active",
                              const std::string& id = destinationId)
{
    return R"({"destinationId":")" + id + R"(","name":"Ordnungsamt","status":")" + status +
           R"(","encryptionKid":")" + kid +
           R"(","metadataVersions":["2.1.0"],"publicServices":[{"identifier":"urn:de:fim:leika:leistung:)" +
           serviceKey + R"(","submissionSchemas":[],"regions":["DE"]}]})";
}

inline std::string textOf(const envelope::PublicJwk& jwk)
{
    return json::write(*envelope::writeJwk(jwk));
}

inline outbox::Enrolment testEnrolment()
{
    auto service = chainedJwk(3, envelope::KeyUse::Verify, serviceKid);
    service.chain.clear();
    const auto encryption = chainedJwk(1, envelope::KeyUse::Encrypt, encryptionKid);
    return {.serviceIssuer = serviceIssuer,
            .serviceKeys = {service},
            .roots = {encryption.chain.back()},
            .destinations = {
                {.id = destinationId,
                 .document = documentOf(encryptionKid),
                 .key = textOf(encryption),
                 .signatureKeys = {chainedJwk(2, envelope::KeyUse::Verify, signatureKid)}}}};
}

/// Rooms on a database of their own; `restart` is what a new process sees.
struct EnrolledNode {
    ScratchDatabase database;
    SameRandom random;
    std::optional<outbox::Journal> journal;
    std::optional<outbox::Destinations> destinations;
    std::optional<outbox::Outbox> box;

    EnrolledNode()
    {
        log::setEnabled(false);
        wire();
        static const outbox::Enrolment enrolment = testEnrolment();
        destinations->enrol(enrolment, enrolledAt);
    }
    void wire()
    {
        journal.emplace(*database);
        destinations.emplace(*database, *journal);
        box.emplace(*database, *journal, *destinations);
    }

    outbox::NewEnvelope sealed(const std::string& id)
    {
        const auto key = destinations->sealingKey(destinationId, enrolledAt);
        const auto part = [&](const std::string& text) {
            return envelope::seal(view(text), key.jwk.key, key.jwk.kid, "application/json", random);
        };
        return {.id = id,
                .destinationId = destinationId,
                .serviceKey = serviceKey,
                .serviceName = "Bewohnerparkausweis",
                .regionKey = "059990999999",
                .kid = key.jwk.kid,
                .keyFingerprint = key.fingerprint,
                .captureDay = localDate(enrolledAt),
                .metadata = part("{}"),
                .data = part("[]"),
                .attachments = {}};
    }
};

} // namespace amt::test
