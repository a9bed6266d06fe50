// SPDX-License-Identifier: EUPL-1.2
//
// One read of one card, in the order of TR-03110-2 2.4.3, with as few commands as it takes.
#include "drivers/eid/eid.h"

#include "appliance/core/log.h"
#include "drivers/eid/authentication.h"
#include "drivers/eid/data_groups.h"
#include "drivers/eid/dialogue.h"
#include "drivers/eid/outcome.h"
#include "drivers/eid/passive_authentication.h"
#include "drivers/eid/password.h"
#include "drivers/eid/plan.h"

#include <algorithm>

namespace amt::eid {
namespace {

constexpr std::uint8_t fileCardAccess = 0x1C, fileCardSecurity = 0x1D;

/// The door: what a phase throws becomes its outcome.
template <typename Phase>
auto outcomeOf(const Phase& phase) -> decltype(phase())
{
    try {
        return phase();
    } catch (Ended& ended) {
        return std::move(ended.outcome);
    } catch (const Cancelled&) {
        return IdentityOutcome(ReadCancelled{});
    } catch (const Error& error) {
        if (error.errorCode() == ErrorCode::CardGone)
            return IdentityOutcome(CardRemoved{});
        log::warning("eid.failed", {{"code", error.name()}, {"detail", error.message()}});
        switch (error.errorCode()) {
        case ErrorCode::CardForged:
            return IdentityOutcome(CardNotGenuine{});
        default: // every other code is the device's failure
            return IdentityOutcome(DeviceFailed{error.errorCode()});
        }
    }
}

SecurityInfos readCardAccess(Dialogue& dialogue)
{
    const auto file = dialogue.readWhole(fileCardAccess);
    switch (file.refused) {
    case 0:
        break;
    case 0x6A82: // no such file
    case 0x6A86:
    case 0x6B00:
    case 0x6D00: // no such command
    case 0x6E00:
    case 0x6981:
    case 0x6982:
    case 0x6986:
        end(NotAnIdentityCard{});
    default:
        throw Error(ErrorCode::CardRefused, "EF.CardAccess: status " + hexStatus(file.refused));
    }
    SecurityInfos infos = parseSecurityInfos(file.content);
    if (infos.pace.empty() || infos.chipAuthentication.empty() || infos.chipDomains.empty() ||
        !infos.terminalAuthentication2)
        end(NotAnIdentityCard{});
    return infos;
}

/// The card's answer to RESET RETRY COUNTER.
void expectManaged(const AnswerApdu& answer)
{
    switch (answer.status) {
    case statusReferenceUnusable:
        end(PinNotActivated{});
    case statusBlocked:
        end(PukUsedUp{});
    default:
        expectOk(answer, ErrorCode::CardRefused, "retry counter");
    }
}

} // namespace

class TerminalSession::Impl {
public:
    Impl(CardChannel& card, RandomSource& random, const IdentityRequest& request, ReadHooks hooks)
        : _random(random), _hooks(std::move(hooks)), _dialogue(card, _hooks.isCancelled),
          _plan(planFor(request)), _countrySigners(request.certificates.countrySigners),
          _now(request.now), _sectorKey(request.sectorKey), _revocationKey(request.revocationKey)
    {
        if (_plan.purpose == IdentityPurpose::SetPin)
            _newPin = request.newPin;
    }

    /// What is to be signed; ends where nothing is.
    Bytes begin(const IdentityRequest& request)
    {
        if (_plan.purpose == IdentityPurpose::LookAtReader)
            end(ReaderReady{_dialogue.readerRunsPace()});
        if (request.entry == PasswordEntry::AtReader && !_dialogue.readerRunsPace())
            throw Error(ErrorCode::ReaderFailed, "a reader without PACE");
        step(IdentityStep::CheckingPin);
        _access = readCardAccess(_dialogue);
        Doorkeeper door(_dialogue, _random, _access.pace,
                        {request.entry, request.certificates.description, request.triesTold,
                         [this] { step(IdentityStep::EnteringAtReader); }});
        if (!_plan.provesTerminal())
            end(withoutTerminal(door, request));
        const Bytes chat = _plan.rights.encode();
        const Opened opened = _plan.password == CardPassword::Can
                                  ? door.openWithCan(request.can, chat)
                                  : door.openWithPin(request.pin, request.can, chat);
        compareCardAccess(opened.cardAccess);
        _cardsCompressedKey = opened.cardsCompressedKey;
        step(IdentityStep::ProvingTerminal);
        return presentCertificates(opened.references);
    }

    IdentityOutcome finish(ByteView signature)
    {
        if (_finished)
            throw Error(ErrorCode::StepOutOfOrder, "second signature for one read");
        _finished = true;
        expectOk(_dialogue.send(externalAuthenticate(signature)), ErrorCode::CertificateUnusable,
                 "terminal authentication");
        step(IdentityStep::CheckingCard);
        authenticateCard();
        if (_plan.purpose == IdentityPurpose::SetPin) {
            expectManaged(_dialogue.send(setPin(_newPin)));
            return PinManaged{};
        }
        step(IdentityStep::Reading);
        return readCard();
    }

private:
    void step(IdentityStep step) const
    {
        if (_hooks.step)
            _hooks.step(step);
    }

    /// What the citizen may do with a card alone (TR-03110-2 2.3).
    IdentityOutcome withoutTerminal(Doorkeeper& door, const IdentityRequest& request)
    {
        switch (_plan.purpose) {
        case IdentityPurpose::Look:
            return PinReady{door.lookAtPin({})};
        case IdentityPurpose::ChangePin:
            door.openWithPin(request.pin, request.can, {});
            expectManaged(_dialogue.send(setPin(request.newPin)));
            return PinManaged{};
        case IdentityPurpose::ResumePin:
            door.openWithPin(request.pin, request.can, {});
            return PinManaged{};
        case IdentityPurpose::UnblockPin:
            door.openWithPuk(request.puk);
            expectManaged(_dialogue.send(unblockPin()));
            return PinManaged{};
        case IdentityPurpose::Read:
        case IdentityPurpose::SetPin:
        case IdentityPurpose::LookAtReader:
            break;
        }
        throw Error(ErrorCode::CertificateUnusable, "no terminal certificate");
    }

    /// A reader that opened PACE has read EF.CardAccess, too: of this card, then.
    void compareCardAccess(ByteView readers) const
    {
        if (readers.empty())
            return;
        const SecurityInfos infos = parseSecurityInfos(readers);
        if (!contains(infos, _access) || !contains(_access, infos))
            throw Error(ErrorCode::CardAnswerMalformed, "EF.CardAccess of the reader differs");
    }

    AnswerApdu authenticate(Tag tag, ByteView value, Chain chain)
    {
        return _dialogue.send(generalAuthenticate(Tlv().add(tag, value).bytes(), chain));
    }

    /// Terminal authentication up to the challenge.
    Bytes presentCertificates(const std::vector<Bytes>& references)
    {
        constexpr auto refused = ErrorCode::CertificateUnusable;
        const auto chain = chainFor(_plan.certificates, references);
        for (const auto& certificate : chain) {
            expectOk(_dialogue.send(selectVerificationKey(certificate.authorityReference)), refused,
                     "authority of a certificate");
            expectOk(_dialogue.send(verifyCertificate(certificate.content)), refused,
                     "certificate");
        }

        chooseChipAuthentication();
        _chipCurve.emplace(_chipDomain->parameterId);
        _own = keyPair(*_chipCurve, _chipCurve->generator(), _chipCurve->randomScalar(_random));
        const Bytes compressed = _chipCurve->compressed(_own.point);
        const auto& terminal = chain.back();
        expectOk(_dialogue.send(selectTerminalAuthentication(
                     terminal.keyOid, terminal.holderReference, _plan.auxiliaryData, compressed)),
                 refused, "MSE for terminal authentication");
        const AnswerApdu challenge = _dialogue.send(getChallenge());
        expectOk(challenge, ErrorCode::CardRefused, "challenge");
        if (challenge.data.size() != 8)
            throw Error(ErrorCode::CardAnswerMalformed, "length of the challenge");
        return terminalProof(_cardsCompressedKey, challenge.data, compressed, _plan.auxiliaryData);
    }

    /// The strongest chip authentication whose domain parameters the card names.
    void chooseChipAuthentication()
    {
        for (const auto& info : _access.chipAuthentication) {
            for (const auto& domain : _access.chipDomains) {
                if (domain.keyId == info.keyId &&
                    (!_chipInfo || _chipInfo->suite->keyBytes < info.suite->keyBytes)) {
                    _chipInfo = info;
                    _chipDomain = domain;
                }
            }
        }
        if (!_chipInfo)
            throw Error(ErrorCode::CardAnswerMalformed, "chip authentication without a curve");
    }

    /// Passive authentication, then chip authentication with the key that was signed.
    void authenticateCard()
    {
        const auto file = _dialogue.readWhole(fileCardSecurity);
        if (file.refused != 0)
            throw Error(ErrorCode::CardRefused,
                        "EF.CardSecurity: status " + hexStatus(file.refused));
        auto infos = parseSecurityInfos(verifiedSecurityInfos(file.content, _countrySigners, _now));
        if (!contains(infos, _access))
            throw Error(ErrorCode::CardForged, "EF.CardAccess says what is not signed");
        const auto key = std::find_if(infos.chipKeys.begin(), infos.chipKeys.end(),
                                      [&](const ChipPublicKey& known) {
                                          return known.keyId == _chipInfo->keyId &&
                                                 known.parameterId == _chipDomain->parameterId;
                                      });
        if (key == infos.chipKeys.end())
            throw Error(ErrorCode::CardForged, "no signed key for chip authentication");
        _groupHashes = std::move(infos.groupHashes);
        _restrictedId = std::move(infos.restrictedId);

        expectOk(_dialogue.send(selectChipAuthentication(_chipInfo->oid, _chipInfo->keyId)),
                 ErrorCode::CardRefused, "MSE for chip authentication");
        const AnswerApdu answer = authenticate(0x80, _own.point, Chain::Ends);
        expectOk(answer, ErrorCode::CardRefused, "chip authentication");
        const DynamicData data(answer);
        ChipKeys keys = agreeWithChip(*_chipInfo->suite, *_chipCurve, _chipInfo->oid, _own,
                                      key->point, data.get(0x81), data.get(0x82));
        _dialogue.protectWith(
            SecureMessaging(*_chipInfo->suite, std::move(keys.encryption), std::move(keys.mac)));
    }

    /// Yes or no by the card itself; everything else is a failure.
    bool isTrue(Question question)
    {
        const AnswerApdu answer = _dialogue.send(verifyAuxiliaryData(auxiliaryOid(question)));
        if (answer.status == statusAuthenticationFailed)
            return false;
        expectOk(answer, ErrorCode::CardRefused, "auxiliary data");
        return true;
    }

    IdentityRead readCard()
    {
        IdentityRead read;
        read.password = _plan.password;
        if (_plan.asksValidity && !isTrue(Question::Validity))
            end(CardExpired{});
        if (_plan.asksAge)
            read.oldEnough = isTrue(Question::Age);
        if (_plan.asksPlace)
            read.livesThere = isTrue(Question::Place);
        if (_plan.groups.empty() && _sectorKey.empty() && _revocationKey.empty())
            return read;

        const AnswerApdu selected = _dialogue.send(selectEid());
        if (selected.status == statusFileNotFound)
            end(NotAnIdentityCard{});
        expectOk(selected, ErrorCode::CardRefused, "eID application");
        read.data = Personal(readGroups());
        if (!_sectorKey.empty())
            read.pseudonym = Personal(identify(_sectorKey, KeyFor::Pseudonym));
        if (!_revocationKey.empty())
            read.revocationMark = Personal(identify(_revocationKey, KeyFor::BlockList));
        return read;
    }

    IdentityData readGroups()
    {
        IdentityData data;
        for (const auto group : _plan.groups) {
            const auto file = _dialogue.readWhole(static_cast<std::uint8_t>(group));
            if (file.refused != 0 && file.refused != statusFileNotFound)
                throw Error(ErrorCode::CardRefused,
                            "data group: status " + hexStatus(file.refused));
            compareHash(group, file);
            if (file.refused == 0)
                decodeDataGroup(group, file.content, data);
            if (group != DataGroup::DateOfExpiry)
                continue;
            if (data.dateOfExpiry.empty())
                throw Error(ErrorCode::CardAnswerMalformed, "document without a date of expiry");
            if (hasExpired(data.dateOfExpiry, _plan.today))
                end(CardExpired{});
        }
        return data;
    }

    /// Groups that were signed when the card was made are those that the card now shows, and none
    /// is held back.
    void compareHash(DataGroup group, const Dialogue::File& file) const
    {
        if (!_groupHashes)
            return;
        const auto known = _groupHashes->values.find(static_cast<int>(group));
        if (known == _groupHashes->values.end())
            return;
        if (file.refused != 0 || digest(_groupHashes->hash, file.content) != known->second)
            throw Error(ErrorCode::CardForged, "data group differs from its signed hash");
    }

    /// Restricted identification (TR-03110-2 3.5): what this card is called in one sector.
    enum class KeyFor { Pseudonym, BlockList };
    Bytes identify(ByteView sectorKey, KeyFor purpose)
    {
        const auto info = std::find_if(
            _restrictedId.begin(), _restrictedId.end(), [&](const RestrictedIdInfo& known) {
                return known.authorisedOnly == (purpose == KeyFor::Pseudonym);
            });
        if (info == _restrictedId.end())
            throw Error(ErrorCode::CardRefused, "no key for restricted identification");
        expectOk(_dialogue.send(selectRestrictedIdentification(info->oid, info->keyId)),
                 ErrorCode::CardRefused, "MSE for restricted identification");
        const AnswerApdu answer =
            _dialogue.send(generalAuthenticate(sectorQuestion(sectorKey), Chain::Ends));
        expectOk(answer, ErrorCode::CardRefused, "restricted identification");
        const auto mark = DynamicData(answer).maybe(0x81);
        if (!mark || mark->size() != info->markBytes)
            throw Error(ErrorCode::CardAnswerMalformed, "identifier of a sector");
        return *mark;
    }

    RandomSource& _random;
    ReadHooks _hooks;
    Dialogue _dialogue;
    Plan _plan;
    std::vector<Bytes> _countrySigners;
    UtcTime _now;
    Bytes _sectorKey, _revocationKey;
    Secret _newPin;

    SecurityInfos _access;
    Bytes _cardsCompressedKey;
    std::optional<ChipAuthenticationInfo> _chipInfo;
    std::optional<ChipDomainInfo> _chipDomain;
    std::optional<Curve> _chipCurve;
    KeyPair _own;
    std::optional<GroupHashes> _groupHashes;
    std::vector<RestrictedIdInfo> _restrictedId;
    bool _finished = false;
};

TerminalSession::TerminalSession(std::unique_ptr<Impl> impl) : _impl(std::move(impl)) {}
TerminalSession::~TerminalSession() = default;
TerminalSession::TerminalSession(TerminalSession&&) noexcept = default;
TerminalSession& TerminalSession::operator=(TerminalSession&&) noexcept = default;

IdentityOutcome TerminalSession::finish(ByteView signature)
{
    return outcomeOf([&]() -> IdentityOutcome { return _impl->finish(signature); });
}

std::variant<IdentityOutcome, SignatureNeeded>
beginRead(CardChannel& card, RandomSource& random, const IdentityRequest& request, ReadHooks hooks)
{
    return outcomeOf([&]() -> std::variant<IdentityOutcome, SignatureNeeded> {
        auto impl =
            std::make_unique<TerminalSession::Impl>(card, random, request, std::move(hooks));
        Bytes toBeSigned = impl->begin(request);
        return SignatureNeeded{std::move(toBeSigned), TerminalSession(std::move(impl))};
    });
}

const char* signatureHash(ByteView terminalCertificate)
{
    return hashOfKey(parseCvCertificate(terminalCertificate));
}

} // namespace amt::eid
