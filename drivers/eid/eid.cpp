// SPDX-License-Identifier: EUPL-1.2
//
// One read of one card, in the order of TR-03110-2 2.4.3, with as few commands as it takes.
#include "drivers/eid/eid.h"

#include "appliance/core/log.h"
#include "drivers/eid/authentication.h"
#include "drivers/eid/cv_certificate.h"
#include "drivers/eid/data_groups.h"
#include "drivers/eid/dialogue.h"
#include "drivers/eid/passive_authentication.h"
#include "drivers/eid/tlv.h"

#include <algorithm>
#include <array>

namespace amt::eid {
namespace {

constexpr std::uint8_t fileCardAccess = 0x1C, fileCardSecurity = 0x1D;
constexpr std::uint8_t passwordPin = 3;
constexpr int triesAtMost = 3;
constexpr std::size_t pinDigits = 6;

/// The ordinary ends of a read, thrown to where it began.
struct Ended {
    IdentityOutcome outcome;
};

[[noreturn]] void end(IdentityOutcome outcome)
{
    throw Ended{std::move(outcome)};
}

std::string hexStatus(std::uint16_t status)
{
    const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(status >> 8),
                                            static_cast<std::uint8_t>(status)};
    return toHex(bytes);
}

void expectOk(const AnswerApdu& answer, ErrorCode code, const char* step)
{
    if (answer.status != statusOk)
        throw Error(code, std::string(step) + ": status " + hexStatus(answer.status));
}

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

/// Dynamic authentication data of an answer to GENERAL AUTHENTICATE.
class DynamicData {
public:
    explicit DynamicData(const AnswerApdu& answer)
        : _bytes(answer.data), _objects(parseTlv(parseOne(_bytes, 0x7C).value))
    {}
    DynamicData(const DynamicData&) = delete; // the objects look into the bytes
    DynamicData& operator=(const DynamicData&) = delete;

    ByteView get(Tag tag) const { return only(_objects, tag).value; }
    std::optional<Bytes> maybe(Tag tag) const
    {
        const auto object = find(_objects, tag);
        if (!object)
            return std::nullopt;
        return Bytes(object->value.begin(), object->value.end());
    }

private:
    Bytes _bytes;
    std::vector<TlvObject> _objects;
};

/// What this read may ask, worked out before the card hears anything.
struct Plan {
    LocalDate today{};
    std::vector<CvCertificate> certificates;
    Rights rights;
    std::vector<DataGroup> groups; ///< date of expiry first: an expired document shows nothing else
    Bytes auxiliaryData; ///< asks the card for its validity where the date may not be read
};

Plan planFor(const IdentityRequest& request)
{
    const auto pin = request.pin.revealText();
    if (pin.size() != pinDigits || !std::all_of(pin.begin(), pin.end(), [](char digit) {
            return digit >= '0' && digit <= '9';
        }))
        throw Error(ErrorCode::InputMalformed, "a PIN has six digits");
    Plan plan;
    plan.today = localDate(request.now);
    for (const auto& encoded : request.certificates.chain)
        plan.certificates.push_back(parseCvCertificate(encoded));
    checkChain(plan.certificates, plan.today);
    plan.rights = Rights::toRead(request.groups);
    for (const auto& certificate : plan.certificates)
        plan.rights = plan.rights & certificate.rights;
    for (const auto group : request.groups) {
        if (plan.rights.mayRead(group))
            plan.groups.push_back(group);
    }
    if (plan.groups.empty())
        throw Error(ErrorCode::CertificateUnusable, "certificate allows nothing that is asked for");
    std::stable_partition(plan.groups.begin(), plan.groups.end(),
                          [](DataGroup group) { return group == DataGroup::DateOfExpiry; });
    if (plan.groups.front() != DataGroup::DateOfExpiry)
        plan.auxiliaryData = auxiliaryValidity(plan.today);
    return plan;
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
    return parseSecurityInfos(file.content);
}

/// The tries that are left, as the card says before a try is spent.
int triesLeft(const AnswerApdu& answer)
{
    if (answer.status == statusOk)
        return triesAtMost;
    if (isRetryCounter(answer.status))
        return answer.status & 0xF;
    switch (answer.status) {
    case statusPinOff:
    case statusReferenceUnusable:
        end(PinNotActivated{});
    case statusBlocked:
        end(PinBlocked{});
    case 0x6A80: // a document without PIN or without authorisations: a passport
    case 0x6A88:
        end(NotAnIdentityCard{});
    default:
        throw Error(ErrorCode::CardRefused, "MSE for PACE: status " + hexStatus(answer.status));
    }
}

/// The last step of PACE was refused.
[[noreturn]] void endWithoutPin(std::uint16_t status, int triesBefore)
{
    if (isRetryCounter(status))
        end(WrongPin{status & 0xF});
    switch (status) {
    case statusAuthenticationFailed:
        end(WrongPin{triesBefore - 1});
    case statusBlocked:
        end(PinBlocked{});
    case statusReferenceUnusable:
        end(PinNotActivated{});
    case statusConditions:
        end(PinSuspended{});
    default:
        throw Error(ErrorCode::CardRefused, "PACE: status " + hexStatus(status));
    }
}

} // namespace

class TerminalSession::Impl {
public:
    Impl(CardChannel& card, RandomSource& random, const IdentityRequest& request, ReadHooks hooks)
        : _random(random), _hooks(std::move(hooks)), _dialogue(card, _hooks.isCancelled),
          _plan(planFor(request)), _countrySigners(request.certificates.countrySigners),
          _now(request.now)
    {}

    /// What is to be signed.
    Bytes begin(const Secret& pin)
    {
        step(IdentityStep::CheckingPin);
        _access = readCardAccess(_dialogue);
        if (_access.pace.empty() || _access.chipAuthentication.empty() ||
            _access.chipDomains.empty() || !_access.terminalAuthentication2)
            end(NotAnIdentityCard{});
        const auto references = openChannel(pin);
        step(IdentityStep::ProvingTerminal);
        return presentCertificates(references);
    }

    IdentityRead finish(ByteView signature)
    {
        if (_finished)
            throw Error(ErrorCode::StepOutOfOrder, "second signature for one read");
        _finished = true;
        expectOk(_dialogue.send(externalAuthenticate(signature)), ErrorCode::CertificateUnusable,
                 "terminal authentication");
        step(IdentityStep::CheckingCard);
        authenticateCard();
        step(IdentityStep::Reading);
        return readGroups();
    }

private:
    void step(IdentityStep step) const
    {
        if (_hooks.step)
            _hooks.step(step);
    }

    AnswerApdu authenticate(Tag tag, ByteView value, Chain chain)
    {
        return _dialogue.send(generalAuthenticate(Tlv().add(tag, value).bytes(), chain));
    }

    /// PACE. Returns the authority references that the card trusts (87, and 88 while it changes its
    /// CVCA).
    std::vector<Bytes> openChannel(const Secret& pin)
    {
        // The strongest that the card offers (the suffix grows with the key), the card's first
        // among equals.
        const auto& info =
            *std::max_element(_access.pace.begin(), _access.pace.end(),
                              [](const PaceInfo& left, const PaceInfo& right) {
                                  return left.suite->keyBytes < right.suite->keyBytes;
                              });
        const auto sameProtocol =
            std::count_if(_access.pace.begin(), _access.pace.end(),
                          [&](const PaceInfo& other) { return other.oid == info.oid; });
        const int tries = triesLeft(_dialogue.send(
            selectPace(info.oid, passwordPin,
                       sameProtocol > 1 ? std::optional(static_cast<std::uint8_t>(info.parameterId))
                                        : std::nullopt,
                       _plan.rights.encode())));
        if (tries == 0)
            end(PinBlocked{});
        if (tries == 1)
            end(PinSuspended{});

        Pace pace(info, pin);
        const auto next = [&](const CommandApdu& command) {
            const AnswerApdu answer = _dialogue.send(command);
            if (answer.status != statusOk)
                endWithoutPin(answer.status, tries);
            return DynamicData(answer);
        };
        pace.takeNonce(next(generalAuthenticate({}, Chain::GoesOn)).get(0x80));
        const auto send = [&](Tag tag, ByteView value, Chain chain) {
            return next(generalAuthenticate(Tlv().add(tag, value).bytes(), chain));
        };
        const Bytes mapping = pace.mappingKey(pace.curve().randomScalar(_random));
        pace.takeMappingKey(send(0x81, mapping, Chain::GoesOn).get(0x82));
        const Bytes ephemeral = pace.ephemeralKey(pace.curve().randomScalar(_random));
        pace.takeEphemeralKey(send(0x83, ephemeral, Chain::GoesOn).get(0x84));
        const auto confirmed = send(0x85, pace.token(), Chain::Ends);
        if (!pace.isTokenOfCard(confirmed.get(0x86)))
            throw Error(ErrorCode::CardAnswerMalformed, "token of PACE");

        _dialogue.protectWith(SecureMessaging(pace.suite(), pace.encryptionKey(), pace.macKey()));
        _cardsCompressedKey = pace.curve().compressed(pace.cardsEphemeralKey());
        std::vector<Bytes> references;
        for (const Tag tag : {Tag{0x87}, Tag{0x88}}) {
            if (auto reference = confirmed.maybe(tag))
                references.push_back(std::move(*reference));
        }
        return references;
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
        const auto infos =
            parseSecurityInfos(verifiedSecurityInfos(file.content, _countrySigners, _now));
        if (!contains(infos, _access))
            throw Error(ErrorCode::CardForged, "EF.CardAccess says what is not signed");
        const auto key = std::find_if(infos.chipKeys.begin(), infos.chipKeys.end(),
                                      [&](const ChipPublicKey& known) {
                                          return known.keyId == _chipInfo->keyId &&
                                                 known.parameterId == _chipDomain->parameterId;
                                      });
        if (key == infos.chipKeys.end())
            throw Error(ErrorCode::CardForged, "no signed key for chip authentication");
        _groupHashes = infos.groupHashes;

        expectOk(_dialogue.send(selectChipAuthentication(_chipInfo->oid, _chipInfo->keyId)),
                 ErrorCode::CardRefused, "MSE for chip authentication");
        const AnswerApdu answer = authenticate(0x80, _own.point, Chain::Ends);
        expectOk(answer, ErrorCode::CardRefused, "chip authentication");
        const DynamicData data(answer);
        ChipKeys keys = agreeWithChip(*_chipInfo->suite, *_chipCurve, _chipInfo->oid, _own,
                                      key->point, data.get(0x81), data.get(0x82));
        _dialogue.protectWith(
            SecureMessaging(*_chipInfo->suite, std::move(keys.encryption), std::move(keys.mac)));
        if (!_plan.auxiliaryData.empty())
            askForValidity();
    }

    void askForValidity()
    {
        const AnswerApdu answer = _dialogue.send(verifyAuxiliaryData(auxiliaryValidityOid()));
        if (answer.status == statusAuthenticationFailed)
            end(CardExpired{});
        expectOk(answer, ErrorCode::CardRefused, "validity of the document");
    }

    IdentityRead readGroups()
    {
        const AnswerApdu selected = _dialogue.send(selectEid());
        if (selected.status == statusFileNotFound)
            end(NotAnIdentityCard{});
        expectOk(selected, ErrorCode::CardRefused, "eID application");
        IdentityData data;
        for (const auto group : _plan.groups) {
            const auto file = _dialogue.readWhole(static_cast<std::uint8_t>(group));
            if (file.refused != 0 && file.refused != statusFileNotFound)
                throw Error(ErrorCode::CardRefused,
                            "data group: status " + hexStatus(file.refused));
            compareHash(group, file);
            if (file.refused != 0)
                continue;
            decodeDataGroup(group, file.content, data);
            if (group == DataGroup::DateOfExpiry && hasExpired(data.dateOfExpiry, _plan.today))
                end(CardExpired{});
        }
        return {Personal(std::move(data))};
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

    RandomSource& _random;
    ReadHooks _hooks;
    Dialogue _dialogue;
    Plan _plan;
    std::vector<Bytes> _countrySigners;
    UtcTime _now;

    SecurityInfos _access;
    Bytes _cardsCompressedKey;
    std::optional<ChipAuthenticationInfo> _chipInfo;
    std::optional<ChipDomainInfo> _chipDomain;
    std::optional<Curve> _chipCurve;
    KeyPair _own;
    std::optional<GroupHashes> _groupHashes;
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
        Bytes toBeSigned = impl->begin(request.pin);
        return SignatureNeeded{std::move(toBeSigned), TerminalSession(std::move(impl))};
    });
}

const char* signatureHash(ByteView terminalCertificate)
{
    const Bytes oid = parseCvCertificate(terminalCertificate).keyOid;
    // id-TA-ECDSA-SHA-*: 0.4.0.127.0.7.2.2.2.2.n (TR-03110-3 A.1.3.3)
    const Bytes ecdsa = fromHex("04007f000702020202");
    if (oid.size() == ecdsa.size() + 1 && std::equal(ecdsa.begin(), ecdsa.end(), oid.begin())) {
        switch (oid.back()) {
        case 3:
            return "SHA2-256";
        case 4:
            return "SHA2-384";
        case 5:
            return "SHA2-512";
        default: // SHA-1 and SHA-224 are out of use
            break;
        }
    }
    throw Error(ErrorCode::CertificateUnusable, "signature algorithm of the terminal");
}

} // namespace amt::eid
