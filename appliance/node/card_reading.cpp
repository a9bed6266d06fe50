// SPDX-License-Identifier: EUPL-1.2
//
// The eID step: request, signature, outcome.
#include "appliance/node/card_reading.h"

#include "appliance/core/log.h"
#include "appliance/core/overloaded.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

constexpr Milliseconds waitForCard = std::chrono::seconds(60);

} // namespace

bool canRetry(const std::string& cardProblem)
{
    return cardProblem == "CardRemoved" || cardProblem == "NoCard" ||
           cardProblem == "PinSuspended" || cardProblem == "TransportPin" ||
           cardProblem == "NotAnIdentityCard" || cardProblem == "DeviceFailed";
}

bool CardReading::impossible() const
{
    return _house.doors.signer == nullptr || !_house.doors.signer->isUsable();
}

void CardReading::start(Visit& visit, Secret pin, Secret can)
{
    if (_running == 0)
        return begin(visit, std::move(pin), std::move(can));
    _waiting = Waiting{visit.idHash, std::move(pin),
                       std::move(can)}; // a read of somebody who has left has to end first
    _house.doors.identityReader.cancel();
}

void CardReading::begin(Visit& visit, Secret pin, Secret can)
{
    const auto* service = _house.serviceOf(visit);
    AMT_ASSERT(service != nullptr);
    const std::uint64_t number = ++_lastNumber;
    const std::string hash = visit.idHash;
    IdentityRequest request;
    request.pin = std::move(pin);
    request.can = std::move(can);
    if (request.pin.empty())
        request.entry = PasswordEntry::AtReader;
    request.triesTold = visit.triesTold;
    request.groups = service->groups;
    request.now = _house.journal.newestTime(_house.now());
    try {
        request.certificates = _house.doors.signer->certificates();
        _house.blockList.ask(request);
    } catch (const Error& failure) { // said on its page, like any other outcome
        log::error("card.not-started", {{"detail", failure.message()}});
        visit.cardProblem = "DeviceFailed";
        _house.advance(visit, VisitEvent::CardFailed);
        return;
    }

    visit.readNumber = number;
    visit.signedOnce = false;
    visit.identityStep = IdentityStep::WaitingForCard;
    _running = number;

    IdentityReader::Callbacks callbacks;
    callbacks.step = _house.guardedCall([this, hash, number](IdentityStep step) {
        Visit* reading = _house.visits.byHash(hash);
        if (reading && reading->readNumber == number) {
            reading->identityStep = step;
            _house.publish(*reading);
        }
    });
    callbacks.sign = _house.guardedCall(
        [this, hash, number](const Bytes& toBeSigned, const SignatureGiven& given) {
            sign(hash, number, toBeSigned, given);
        });
    callbacks.done = _house.guardedCall(
        [this, hash, number](const IdentityOutcome& outcome) { finished(hash, number, outcome); });
    _house.doors.identityReader.read(std::move(request), waitForCard, std::move(callbacks));
}

void CardReading::lookAtReader()
{
    if (_running != 0 || impossible())
        return;
    const std::uint64_t number = ++_lastNumber;
    _running = number;
    IdentityRequest request;
    request.purpose = IdentityPurpose::LookAtReader;
    request.now = _house.now();
    IdentityReader::Callbacks callbacks;
    callbacks.step = [](IdentityStep) {};
    callbacks.sign = [](const Bytes&, const SignatureGiven& given) { given(std::nullopt); };
    callbacks.done = _house.guardedCall([this, number](const IdentityOutcome& outcome) {
        if (_running == number)
            _running = 0;
        const auto* ready = std::get_if<ReaderReady>(&outcome);
        if (ready || !std::holds_alternative<ReadCancelled>(outcome))
            _hasKeypad = ready && ready->takesPassword;
        beginWaiting();
    });
    _house.doors.identityReader.read(std::move(request), Milliseconds(0), std::move(callbacks));
}

void CardReading::cancel(const Visit& visit)
{
    if (visit.readNumber != 0 && visit.readNumber == _running)
        _house.doors.identityReader.cancel();
    if (_waiting && _waiting->visitHash == visit.idHash)
        _waiting.reset();
}

/// One signature in one read that a citizen started, for nothing else (architecture, "Processes and
/// users").
void CardReading::sign(const std::string& visitHash, std::uint64_t number, const Bytes& toBeSigned,
                       const SignatureGiven& given)
{
    Visit* visit = _house.visits.byHash(visitHash);
    if (!visit || visit->readNumber != number || visit->step != Step::Reading ||
        visit->signedOnce) {
        log::warning("card.signature-refused");
        given(std::nullopt);
        return;
    }
    visit->signedOnce = true;
    std::optional<Bytes> signature;
    try {
        signature = _house.doors.signer->sign(toBeSigned);
    } catch (const Error&
                 failure) { // a broker's question is refused, and the read ends with its outcome
        log::error("card.signature-failed", {{"detail", failure.message()}});
    }
    given(std::move(signature));
}

void CardReading::finished(const std::string& visitHash, std::uint64_t number,
                           const IdentityOutcome& outcome)
{
    if (_running == number)
        _running = 0;
    Visit* visit = _house.visits.byHash(visitHash);
    if (visit && visit->readNumber == number && visit->step == Step::Reading) {
        visit->forgetCard();
        const auto failed = [&](const char* problem) {
            visit->cardProblem = problem;
            log::info("card.outcome", {{"outcome", problem}});
            _house.advance(*visit, VisitEvent::CardFailed);
        };
        std::visit(
            Overloaded{
                [&](const IdentityRead& read) {
                    if (visit->checksInByCard)
                        return _house.checkIn.byCard(*visit, read.data.reveal());
                    const auto* service = _house.serviceOf(*visit);
                    AMT_ASSERT(service != nullptr);
                    for (auto& [field, answer] :
                         office::answersFromCard(*service, read.data.reveal()))
                        visit->answers[field] = answer;
                    visit->identification = {_house.now(), _house.isEmulated("card")};
                    log::info("card.outcome", {{"outcome", "IdentityRead"}});
                    _house.advance(*visit, VisitEvent::CardRead);
                },
                [&](const WrongPin& wrong) {
                    if (wrong.triesLeft <= 0)
                        return failed("PinBlocked");
                    visit->needsCan = wrong.triesLeft == 1; // suspended from now on
                    if (visit->needsCan)
                        return failed("PinSuspended");
                    visit->wrongPinTriesLeft = visit->triesTold = wrong.triesLeft;
                    log::info("card.outcome", {{"outcome", "WrongPin"}});
                    _house.advance(*visit, VisitEvent::CardWanted);
                },
                [&](const PinReady&
                        ready) { // fewer than the citizen knew: said before one is spent
                    visit->fewTriesLeft = visit->triesTold = ready.triesLeft;
                    log::info("card.outcome", {{"outcome", "PinReady"}});
                    _house.advance(*visit, VisitEvent::CardWanted);
                },
                [&](const ReadCancelled&) { _house.advance(*visit, VisitEvent::CardWanted); },
                [&](const PinSuspended&) {
                    visit->needsCan = true;
                    failed("PinSuspended");
                },
                [&](const WrongCan&) {
                    visit->needsCan = visit->wrongCan = true;
                    log::info("card.outcome", {{"outcome", "WrongCan"}});
                    _house.advance(*visit, VisitEvent::CardWanted);
                },
                [&](const TransportPin&) { failed("TransportPin"); },
                [&](const CardRevoked&) { failed("CardRevoked"); },
                [&](const PinBlocked&) { failed("PinBlocked"); },
                [&](const PinNotActivated&) { failed("PinNotActivated"); },
                [&](const CardRemoved&) { failed("CardRemoved"); },
                [&](const NoCard&) { failed("NoCard"); },
                [&](const NoReader&) { failed("NoReader"); },
                [&](const NotAnIdentityCard&) { failed("NotAnIdentityCard"); },
                [&](const CardExpired&) { failed("CardExpired"); },
                [&](const CardNotGenuine&) {
                    // Its page is silent. First: a full disk repeats both.
                    _house.helpCalls.call(office::forgedCard, _house.now());
                    failed("CardNotGenuine");
                },
                [&](const DeviceFailed& device) {
                    log::warning("card.device-failed",
                                 {{"code", std::string(amt::name(device.code))}});
                    failed("DeviceFailed");
                },
                // What a visit does not ask for yet (drivers/port/identity.h).
                [&](const auto&) { failed("DeviceFailed"); },
            },
            _house.blockList.judged(outcome));
        visit->readNumber = 0; // now that it is kept
        _house.visits.touch(*visit);
    }
    beginWaiting();
}

void CardReading::beginWaiting()
{
    if (_waiting && _running == 0) {
        Waiting waiting = *std::move(_waiting);
        _waiting.reset();
        Visit* next = _house.visits.byHash(waiting.visitHash);
        if (next && next->step == Step::Reading)
            begin(*next, std::move(waiting.pin), std::move(waiting.can));
    }
}

} // namespace amt::node
