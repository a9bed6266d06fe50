// SPDX-License-Identifier: EUPL-1.2
//
// Sealing for the destination: data and metadata, each one JWE, padded before (sync.md 1).
#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/node/metadata.h"

namespace amt::node {

namespace {

/// The citizen's word on digital notices; nothing where the form does not ask.
std::optional<bool> digitalNotice(const office::Answers& answers)
{
    const auto found = answers.find("digitalNotice");
    if (found == answers.end() || found->second.value.empty())
        return std::nullopt;
    return found->second.value == "yes";
}

} // namespace

outbox::NewEnvelope House::sealForDestination(const office::OpenedCase& opened,
                                              const std::optional<office::Payment>& payment)
{
    const auto* service = town.service(opened.serviceKey);
    if (!service)
        throw Error(ErrorCode::KeyUnusable, "service is no longer offered");
    const auto key = destinations.sealingKey(destinations.destinationFor(service->key), now());
    std::string data =
        envelope::padded(office::dataJson(*service, opened.answers, opened.captureDay));

    MetadataFacts facts;
    facts.dataSha512 = toHex(envelope::sha512(view(data)));
    facts.schemaUri = service->schemaUri;
    facts.reference = opened.reference;
    facts.cashReference = opened.cashReference;
    facts.captureDay = opened.captureDay;
    facts.digitalNotice = digitalNotice(opened.answers);
    facts.author = town.name;
    facts.payment = payment;
    std::string metadata = envelope::padded(metadataJson(facts));

    outbox::NewEnvelope sealed;
    sealed.id = opened.envelopeId;
    sealed.destinationId = key.destinationId;
    sealed.serviceKey = service->key;
    sealed.serviceName = office::textIn(service->name, "de");
    sealed.regionKey = town.regionKey;
    sealed.kid = key.jwk.kid;
    sealed.keyFingerprint = key.fingerprint;
    sealed.captureDay = opened.captureDay;
    sealed.data =
        envelope::seal(view(data), key.jwk.key, key.jwk.kid, "application/json", doors.random);
    sealed.metadata =
        envelope::seal(view(metadata), key.jwk.key, key.jwk.kid, "application/json", doors.random);
    wipe(data);
    wipe(metadata);
    return sealed;
}

std::optional<outbox::NewEnvelope> House::trySealing(const Visit& visit,
                                                     const std::optional<office::Payment>& payment)
{
    const auto recorded = cases.find(visit.caseId);
    if (!recorded)
        throw Error(ErrorCode::NotFound, "case of a visit");
    office::OpenedCase opened;
    opened.id = recorded->id;
    opened.envelopeId = recorded->envelopeId;
    opened.reference = recorded->reference;
    opened.cashReference = recorded->cashReference;
    opened.serviceKey = recorded->serviceKey;
    opened.captureDay = recorded->captureDay;
    opened.fee = recorded->fee;
    opened.answers = visit.answers;
    try {
        return sealForDestination(opened, payment);
    } catch (const Error& failure) { // the payment's outcome must be committed all the same; the
                                     // case is held then
        if (failure.errorCode() != ErrorCode::KeyUnusable)
            throw;
        log::error("case.no-key", {{"case", visit.caseId}, {"detail", failure.message()}});
        return std::nullopt;
    }
}

} // namespace amt::node
