// SPDX-License-Identifier: EUPL-1.2
//
// Sealing for the destination: data and metadata, each one JWE, padded before (sync.md 1). A card
// payment at the terminal is told as facts/portal.md 3.2 says, one with a phone as the payment
// service told it.
#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "sync/portal/identification_report.h"
#include "sync/portal/metadata.h"
#include "sync/portal/reply_message.h"

#include <algorithm>

namespace amt::node {

namespace {

/// Lower-case ASCII letters and digits of a text.
std::string plainWord(const std::string& text)
{
    std::string word;
    for (const char letter : text) {
        if ((letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z'))
            word += letter;
        if (letter >= 'A' && letter <= 'Z')
            word += static_cast<char>(letter - 'A' + 'a');
    }
    return word;
}

/// Card types (facts/payment-usb.md 1.5) that are credit or debit schemes; girocard and the rest
/// are OTHER.
bool isScheme(int cardType)
{
    constexpr int schemes[] = {6, 8, 10, 11, 12, 13, 14, 46, 198, 232};
    return std::find(std::begin(schemes), std::end(schemes), cardType) != std::end(schemes);
}

portal::PaymentMethod methodFromWord(const std::string& word)
{
    using Method = portal::PaymentMethod;
    const std::pair<std::string_view, Method> methods[] = {{"GIROPAY", Method::Giropay},
                                                           {"PAYDIRECT", Method::Paydirect},
                                                           {"CREDITCARD", Method::CreditCard},
                                                           {"PAYPAL", Method::PayPal}};
    for (const auto& [known, method] : methods) {
        if (known == word)
            return method;
    }
    return Method::Other; // also where a person found out that it is paid
}

/// As the payment service told it; what is PAYED there is BOOKED here.
portal::PaymentInformation onlineInformation(const office::Payment& payment,
                                             const std::string& cashReference)
{
    const auto& transaction = *payment.online;
    portal::PaymentInformation information;
    information.transactionReference =
        transaction.reference.empty() ? cashReference : transaction.reference;
    information.transactionId = transaction.id.empty() ? payment.id : transaction.id;
    information.method = methodFromWord(transaction.method);
    information.methodDetail = transaction.methodDetail;
    information.status = portal::PaymentStatus::Booked;
    information.transactionTimestamp = toLocalIso(payment.changedAt);
    information.grossAmount = payment.amount;
    return information;
}

portal::PaymentInformation paymentInformation(const office::Payment& payment,
                                              const std::string& cashReference)
{
    if (payment.online)
        return onlineInformation(payment, cashReference);
    const TerminalRecord record = payment.record.value_or(TerminalRecord{});
    std::string day = toIso(localDate(payment.orderedAt));
    std::erase(day, '-');
    std::string trace = std::to_string(record.trace);
    trace.insert(0, trace.size() < 6 ? 6 - trace.size() : 0, '0');
    portal::PaymentInformation information;
    information.transactionReference = cashReference;
    information.transactionId = "POS-" + plainWord(record.terminalId) + "-" + trace + "-" + day;
    if (!payment.record || information.transactionId.size() > 36)
        information.transactionId = payment.id; // 36 characters: our own reference
    information.method = isScheme(record.cardType) ? portal::PaymentMethod::CreditCard
                                                   : portal::PaymentMethod::Other;
    const std::string card = plainWord(record.cardName).substr(0, 32);
    information.methodDetail = card.empty() ? "POS" : card + "-POS";
    information.status = portal::PaymentStatus::Booked;
    information.transactionTimestamp = toLocalIso(payment.changedAt);
    information.grossAmount = payment.amount;
    return information;
}

/// The citizen's word on digital notices; nothing where the form does not ask.
std::optional<bool> digitalNotice(const office::Answers& answers)
{
    const auto found = answers.find("digitalNotice");
    if (found == answers.end() || found->second.value.empty())
        return std::nullopt;
    return found->second.value == "yes";
}

/// How the card proved the applicant, tied to the data by its hash.
portal::DataSet identificationProof(const House& house, const office::Service& service,
                                    const office::OpenedCase& opened, const std::string& dataHash)
{
    const auto& identification = *opened.identification;
    portal::IdentificationReport report;
    report.id = randomUuid(house.doors.random);
    report.serverIdentity = house.town.name + ", Amtsstube";
    report.reportTime = toLocalIso(house.now());
    report.identificationTime = toLocalIso(identification.at);
    // TR-03107-1 has levels for the citizen's own PIN; for what a clerk saw it has none.
    if (identification.testCard) {
        report.statement = "Testausweis an einem emulierten Leser: kein Nachweis einer Identität";
    } else if (identification.way == office::Identification::Way::OnSite) {
        report.statement = "Vor-Ort-Auslesen mit Zugangsnummer nach Vergleich des Lichtbilds durch "
                           "die Behörde (§ 18a PAuswG)";
    } else {
        report.level = portal::LevelOfAssurance::High;
        report.statement = "Online-Ausweisfunktion mit PIN am Terminal der Behörde";
    }
    report.context = {office::textIn(service.name, "de") + " " + service.key, opened.reference};
    report.dataHash = dataHash;
    portal::DataSet proof;
    proof.id = randomUuid(house.doors.random);
    proof.schemaUri = portal::identificationSchema;
    proof.mimeType = "application/json";
    proof.content = portal::writeIdentificationReport(report);
    proof.hash = toHex(envelope::sha512(view(proof.content)));
    proof.description = "Identitätsnachweis";
    return proof;
}

} // namespace

outbox::NewEnvelope House::sealForDestination(const office::OpenedCase& opened,
                                              const std::optional<office::Payment>& payment,
                                              const std::vector<DescribedAttachment>& attached)
{
    const auto* service = town.service(opened.serviceKey);
    if (!service)
        throw Error(ErrorCode::KeyUnusable, "service is no longer offered");
    const auto key = destinations.sealingKey(destinations.destinationFor(service->key), now());
    for (const auto& each : attached) { // sealed as it came: who else could open it?
        if (each.record.destinationId != key.destinationId)
            throw Error(ErrorCode::StepOutOfOrder, "an attachment is sealed for another office");
    }
    std::string data =
        envelope::padded(office::dataJson(*service, opened.answers, opened.captureDay));

    portal::Metadata description;
    description.data.hash = toHex(envelope::sha512(view(data)));
    description.data.schemaUri = service->schemaUri;
    description.attachments = describedForDestination(attached);
    if (payment)
        description.payment = paymentInformation(*payment, opened.cashReference);
    description.reference = portal::ReferenceInformation{opened.reference, opened.captureDay,
                                                         digitalNotice(opened.answers)};
    if (opened.identification)
        description.dataSets = {
            identificationProof(*this, *service, opened, description.data.hash)};
    const auto desk = people.deskSeal();
    description.replyChannel = portal::ReplyChannel{
        {portal::replySchema},
        json::write(*envelope::writeJwk(
            {.kid = desk.kid, .use = envelope::KeyUse::Encrypt, .key = desk.key, .chain = {}}))};
    description.author = portal::Author{town.name, "Amtsstube", AMT_VERSION, "Amtsstube"};
    std::string metadata = envelope::padded(portal::writeMetadata(description));

    outbox::NewEnvelope sealed;
    sealed.id = opened.envelopeId;
    sealed.destinationId = key.destinationId;
    sealed.serviceKey = service->key;
    sealed.serviceName = office::textIn(service->name, "de");
    sealed.regionKey = town.regionKey;
    sealed.kid = key.jwk.kid;
    sealed.keyFingerprint = key.fingerprint;
    sealed.captureDay = opened.captureDay;
    for (const auto& each : attached)
        sealed.kept.push_back(each.record.id);
    sealed.data =
        envelope::seal(view(data), key.jwk.key, key.jwk.kid, "application/json", doors.random);
    sealed.metadata =
        envelope::seal(view(metadata), key.jwk.key, key.jwk.kid, "application/json", doors.random);
    wipe(data);
    wipe(metadata);
    return sealed;
}

House::WayOut House::wayOut(const Visit& visit, const std::optional<office::Payment>& payment)
{
    const auto recorded = cases.find(visit.caseId);
    if (!recorded)
        throw Error(ErrorCode::NotFound, "case of a visit");
    const auto* service = town.service(recorded->serviceKey);
    if (service && !service->papers.empty())
        return {std::nullopt, office::papersMissing};
    office::OpenedCase opened;
    opened.id = recorded->id;
    opened.envelopeId = recorded->envelopeId;
    opened.reference = recorded->reference;
    opened.cashReference = recorded->cashReference;
    opened.serviceKey = recorded->serviceKey;
    opened.captureDay = recorded->captureDay;
    opened.fee = recorded->fee;
    opened.answers = visit.answers;
    opened.identification = visit.identification;
    try {
        return {sealForDestination(opened, payment)};
    } catch (const Error& failure) { // a payment's outcome is committed all the same; the case is
                                     // held then
        if (failure.errorCode() == ErrorCode::StoreFailed)
            throw;
        log::error("case.not-sealed", {{"case", visit.caseId},
                                       {"code", std::string(amt::name(failure.errorCode()))},
                                       {"detail", failure.message()}});
        return {std::nullopt, "KeyUnusable"};
    }
}

void House::take(const std::string& caseId, const WayOut& way, office::Settlement settlement)
{
    if (way.sealed)
        cases.seal(caseId, *way.sealed, settlement, now());
    else
        cases.hold(caseId, way.held, now());
}

} // namespace amt::node
