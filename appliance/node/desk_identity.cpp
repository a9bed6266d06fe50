// SPDX-License-Identifier: EUPL-1.2
//
// Request, signature, outcome at the desk's reader; each use of it stands in the journal by name.
#include "appliance/node/desk_identity.h"

#include "appliance/core/log.h"
#include "appliance/core/overloaded.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

constexpr Milliseconds waitForCard = std::chrono::seconds(60);
/// The person stands at the desk: what was compared and what was read hold that long.
constexpr Milliseconds personStays = std::chrono::minutes(5);

const char* nameOf(const IdentityOutcome& outcome)
{
    return std::visit(
        Overloaded{
            [](const IdentityRead&) { return "IdentityRead"; },
            [](const WrongPin&) { return "WrongPin"; },
            [](const PinSuspended&) { return "PinSuspended"; },
            [](const PinBlocked&) { return "PinBlocked"; },
            [](const PinNotActivated&) { return "PinNotActivated"; },
            [](const CardRemoved&) { return "CardRemoved"; },
            [](const NoCard&) { return "NoCard"; },
            [](const NoReader&) { return "NoReader"; },
            [](const NotAnIdentityCard&) { return "NotAnIdentityCard"; },
            [](const CardExpired&) { return "CardExpired"; },
            [](const CardNotGenuine&) { return "CardNotGenuine"; },
            [](const CardRevoked&) { return "CardRevoked"; },
            [](const ReadCancelled&) { return "ReadCancelled"; },
            [](const TransportPin&) { return "TransportPin"; },
            [](const PinReady&) { return "PinReady"; },
            [](const WrongCan&) { return "WrongCan"; },
            [](const WrongPuk&) { return "WrongPuk"; },
            [](const PukUsedUp&) { return "PukUsedUp"; },
            [](const PinManaged&) { return "PinManaged"; },
            [](const DeviceFailed& device) {
                return device.code == ErrorCode::CertificateUnusable ? "CertificateUnusable"
                                                                     : "DeviceFailed";
            },
            [](const auto&) { return "DeviceFailed"; }, // what the desk does not ask for
        },
        outcome);
}

/// The same person with the same card tries once more, without another look at the photo.
bool mayTryAgain(const std::string& outcome)
{
    return outcome == "WrongCan" || outcome == "NoCard" || outcome == "NoReader" ||
           outcome == "CardRemoved" || outcome == "ReadCancelled" || outcome == "DeviceFailed";
}

/// The terminal proves itself to the card in these, and in nothing else.
bool provesTerminal(IdentityPurpose purpose)
{
    return purpose == IdentityPurpose::Read || purpose == IdentityPurpose::SetPin;
}

const char* actOf(IdentityPurpose purpose)
{
    switch (purpose) {
    case IdentityPurpose::Read:
        return "read-card";
    case IdentityPurpose::Look:
        return "look-at-pin";
    case IdentityPurpose::ChangePin:
        return "change-pin";
    case IdentityPurpose::ResumePin:
        return "resume-pin";
    case IdentityPurpose::UnblockPin:
        return "unblock-pin";
    case IdentityPurpose::SetPin:
        return "set-pin";
    case IdentityPurpose::LookAtReader: // not at the desk: all is typed at the page
        break;
    }
    return "";
}

} // namespace

void DeskCard::forget()
{
    if (read) {
        for (auto& [field, answer] : *read)
            wipe(answer.value);
        read.reset();
    }
    readBy = 0;
    outcome.clear();
}

bool DeskIdentity::hasReader() const
{
    return _house.doors.deskReader != nullptr;
}

bool DeskIdentity::hasCertificate() const
{
    return _house.doors.deskSigner != nullptr && _house.doors.deskSigner->isUsable();
}

std::string DeskIdentity::topic(const DeskSession& session) const
{
    return "desk/" + session.idHash;
}

void DeskIdentity::publish(const DeskSession& session)
{
    const DeskCard& card = session.card;
    auto state = json::makeObject();
    state->set("at",
               card.caseId.empty() ? "/desk/pin" : "/desk/cases/" + card.caseId + "/identity");
    if (card.number != 0)
        state->set("reading", std::string(amt::name(card.step)));
    _house.doors.livePages.publish(topic(session), json::write(*state));
}

void DeskIdentity::note(const std::string& about, const std::string& clerk, const std::string& act,
                        const std::string& outcome)
{
    outbox::Details details = {{"clerk", clerk}, {"act", act}};
    if (!outcome.empty())
        details["outcome"] = outcome;
    _house.doors.database.transact(
        [&] { _house.journal.append(outbox::RecordKind::Audit, about, details, _house.now()); });
}

void DeskIdentity::photoCompared(DeskSession& session, const office::CaseRecord& record)
{
    if (session.card.number != 0)
        throw Error(ErrorCode::StepOutOfOrder, "another card is at the reader");
    note(record.id, session.clerk.name, "compare-photo", "");
    session.card.forget();
    session.card.proof.reset();
    session.card.caseId = record.id;
    session.card.comparedAt = _house.doors.loop.sinceBoot();
    log::info("desk.photo-compared", {{"case", record.id}, {"clerk", session.clerk.id}});
}

bool DeskIdentity::wasCompared(const DeskSession& session, const std::string& caseId) const
{
    const DeskCard& card = session.card;
    return card.caseId == caseId && card.comparedAt &&
           _house.doors.loop.sinceBoot() - *card.comparedAt <= personStays;
}

void DeskIdentity::read(DeskSession& session, const office::CaseRecord& record, Secret can)
{
    if (!wasCompared(session, record.id))
        throw Error(ErrorCode::StepOutOfOrder, "the photo was not compared for this case");
    if (isBusy())
        throw Error(ErrorCode::StepOutOfOrder, "the reader is in use");
    const auto* service = _house.town.service(record.serviceKey);
    if (!service)
        throw Error(ErrorCode::NotFound, "service is not offered any more");
    IdentityRequest request;
    request.can = std::move(can);
    request.groups = service->groups;
    begin(session, std::move(request));
}

void DeskIdentity::manage(DeskSession& session, IdentityRequest request)
{
    if (isBusy() || session.card.number != 0)
        throw Error(ErrorCode::StepOutOfOrder, "the reader is in use");
    if (request.purpose == IdentityPurpose::SetPin)
        note(session.clerk.id, session.clerk.name, "compare-photo", "");
    session.card.forget();
    session.card.caseId.clear();
    session.card.comparedAt.reset();
    begin(session, std::move(request));
}

void DeskIdentity::begin(DeskSession& session, IdentityRequest request)
{
    AMT_ASSERT(_running == 0 && hasReader());
    DeskCard& card = session.card;
    card.forget();
    card.proof.reset();
    card.purpose = request.purpose;
    const Work work{card.caseId.empty() ? session.clerk.id : card.caseId, session.clerk.name,
                    actOf(request.purpose)};
    if (provesTerminal(request.purpose)) {
        try {
            if (!hasCertificate())
                throw Error(ErrorCode::CertificateUnusable, "none for the desk");
            request.certificates = _house.doors.deskSigner->certificates();
            if (request.purpose == IdentityPurpose::Read)
                _house.blockList.ask(request);
        } catch (const Error& failure) { // said on its page, like any other outcome
            log::error("desk.card-not-started", {{"detail", failure.message()}});
            card.outcome = "CertificateUnusable";
            return;
        }
    }
    request.now = _house.journal.newestTime(_house.now());
    note(work.about, work.clerk, work.act, "");

    const std::uint64_t number = ++_lastNumber;
    const std::string hash = session.idHash;
    _running = number;
    _work = work;
    card.number = number;
    card.signedOnce = card.cancelling = false;
    card.step = IdentityStep::WaitingForCard;
    card.outcome.clear();

    IdentityReader::Callbacks callbacks;
    callbacks.step = _house.guardedCall([this, hash, number](IdentityStep step) {
        DeskSession* working = _house.sessions.byHash(hash);
        if (working && working->card.number == number) {
            working->card.step = step;
            publish(*working);
        }
    });
    callbacks.sign = _house.guardedCall(
        [this, hash, number](const Bytes& toBeSigned, const SignatureGiven& given) {
            sign(hash, number, toBeSigned, given);
        });
    callbacks.done = _house.guardedCall(
        [this, hash, number](const IdentityOutcome& outcome) { finished(hash, number, outcome); });
    _house.doors.deskReader->read(std::move(request), waitForCard, std::move(callbacks));
}

void DeskIdentity::agreed(DeskSession& session)
{
    DeskCard& card = session.card;
    AMT_ASSERT(card.read.has_value());
    note(card.caseId, session.clerk.name, "compare-card", "Agrees");
    card.proof = {card.readAt, card.emulated, office::Identification::Way::OnSite};
}

void DeskIdentity::cancel(DeskSession& session)
{
    if (session.card.number == 0 || session.card.number != _running)
        return;
    session.card.cancelling = true;
    _house.doors.deskReader->cancel();
    publish(session);
}

void DeskIdentity::leave(DeskSession& session)
{
    cancel(session);
    session.card.number = 0; // whatever that work still says is no longer for anybody
    session.card.forget();
    _house.doors.livePages.close(topic(session));
}

/// One signature in one read that a clerk began, for nothing else.
void DeskIdentity::sign(const std::string& sessionHash, std::uint64_t number,
                        const Bytes& toBeSigned, const SignatureGiven& given)
{
    DeskSession* session = _house.sessions.byHash(sessionHash);
    if (!session || session->card.number != number || session->card.signedOnce ||
        session->card.cancelling || !provesTerminal(session->card.purpose) || !hasCertificate()) {
        log::warning("desk.signature-refused");
        given(std::nullopt);
        return;
    }
    session->card.signedOnce = true;
    std::optional<Bytes> signature;
    try {
        signature = _house.doors.deskSigner->sign(toBeSigned);
    } catch (const Error& failure) { // the question is refused, and the read ends with its outcome
        log::error("desk.signature-failed", {{"detail", failure.message()}});
    }
    given(std::move(signature));
}

void DeskIdentity::finished(const std::string& sessionHash, std::uint64_t number,
                            const IdentityOutcome& said)
{
    const IdentityOutcome outcome = _house.blockList.judged(said);
    const std::string word = nameOf(outcome);
    note(_work.about, _work.clerk, _work.act, word); // before anybody sees anything
    if (_running == number)
        _running = 0;
    log::info("desk.card-outcome", {{"act", _work.act}, {"outcome", word}});
    if (const auto* device = std::get_if<DeviceFailed>(&outcome))
        log::warning("desk.device-failed", {{"code", std::string(amt::name(device->code))}});
    DeskSession* session = _house.sessions.byHash(sessionHash);
    if (!session || session->card.number != number)
        return;
    DeskCard& card = session->card;
    card.number = 0;
    card.cancelling = false;
    card.outcome = "DeviceFailed"; // until the rest is well, too
    if (const auto* wrong = std::get_if<WrongPin>(&outcome))
        card.triesLeft = wrong->triesLeft;
    if (const auto* ready = std::get_if<PinReady>(&outcome))
        card.triesLeft = ready->triesLeft;
    if (!mayTryAgain(word))
        card.comparedAt.reset();
    if (const auto* read = std::get_if<IdentityRead>(&outcome)) {
        const auto record = _house.cases.find(card.caseId);
        const auto* service = record ? _house.town.service(record->serviceKey) : nullptr;
        if (service) {
            card.read.emplace(office::answersFromCard(*service, read->data.reveal()));
            card.readBy = number;
            card.readAt = _house.now();
            card.emulated = _house.isEmulated("desk-card");
            forgetLater(sessionHash, number);
        }
    }
    card.outcome = word;
    publish(*session);
}

void DeskIdentity::forgetLater(const std::string& sessionHash, std::uint64_t number)
{
    _house.doors.loop.after(personStays, _house.guarded([this, sessionHash, number] {
        DeskSession* session = _house.sessions.byHash(sessionHash);
        if (session && session->card.readBy == number)
            session->card.forget();
    }));
}

} // namespace amt::node
