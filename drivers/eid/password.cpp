// SPDX-License-Identifier: EUPL-1.2
//
// PACE with a card's passwords and the states of its PIN.
#include "drivers/eid/password.h"

#include "drivers/eid/pace.h"

#include <algorithm>

namespace amt::eid {
namespace {

constexpr int triesAtMost = 3;

/// The strongest key, then the largest curve, then the card's own order.
bool isWeaker(const PaceInfo& left, const PaceInfo& right)
{
    if (left.suite->keyBytes != right.suite->keyBytes)
        return left.suite->keyBytes < right.suite->keyBytes;
    return Curve(left.parameterId).bits() < Curve(right.parameterId).bits();
}

/// The last step of PACE with the PIN was refused.
[[noreturn]] void endWithoutPin(std::uint16_t status, int triesBefore)
{
    if (isRetryCounter(status))
        end(WrongPin{std::min(status & 0xF, triesAtMost)});
    switch (status) {
    case statusAuthenticationFailed:
        end(WrongPin{triesBefore - 1});
    case statusBlocked:
        end(PinBlocked{});
    case statusReferenceUnusable:
        end(PinNotActivated{});
    case statusConditions: // with tries left it is a card that lost its state, and no suspended PIN
        if (triesBefore <= 1)
            end(PinSuspended{});
        [[fallthrough]];
    default:
        throw Error(ErrorCode::CardRefused, "PACE: status " + hexStatus(status));
    }
}

template <typename Wrong>
[[noreturn]] void endWithout(std::uint16_t status)
{
    if (status == statusAuthenticationFailed || isRetryCounter(status))
        end(Wrong{});
    throw Error(ErrorCode::CardRefused, "PACE: status " + hexStatus(status));
}

[[noreturn]] void endWithoutChannel(PacePassword password, std::uint16_t status, int triesBefore)
{
    switch (password) {
    case PacePassword::Pin:
        endWithoutPin(status, triesBefore);
    case PacePassword::Can:
        endWithout<WrongCan>(status);
    case PacePassword::Puk:
        if (status == statusBlocked)
            end(PukUsedUp{});
        endWithout<WrongPuk>(status);
    }
    AMT_ASSERT(false);
}

} // namespace

Doorkeeper::Doorkeeper(Dialogue& dialogue, RandomSource& random,
                       const std::vector<PaceInfo>& offered, Entry entry)
    : _dialogue(dialogue), _random(random), _offered(offered), _entry(std::move(entry)),
      _info(*std::max_element(offered.begin(), offered.end(), &isWeaker)),
      _isAmbiguous(std::count_if(offered.begin(), offered.end(),
                                 [&](const PaceInfo& other) { return other.oid == _info.oid; }) > 1)
{}

AnswerApdu Doorkeeper::choose(PacePassword password, ByteView chat)
{
    return _dialogue.send(selectPace(
        _info.oid, static_cast<std::uint8_t>(password),
        _isAmbiguous ? std::optional(static_cast<std::uint8_t>(_info.parameterId)) : std::nullopt,
        chat));
}

/// 3 to 0, as the card says before a try is spent.
int Doorkeeper::triesOf(const AnswerApdu& answer) const
{
    if (answer.status == statusOk)
        return triesAtMost;
    if (isRetryCounter(answer.status))
        return std::min(answer.status & 0xF, triesAtMost);
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

int Doorkeeper::lookAtPin(ByteView chat)
{
    const int tries = triesOf(choose(PacePassword::Pin, chat));
    if (tries == 0)
        end(PinBlocked{});
    if (tries == 1)
        end(PinSuspended{});
    return tries;
}

Opened Doorkeeper::openWithPin(const Secret& pin, const Secret& can, ByteView chat)
{
    int tries = triesOf(choose(PacePassword::Pin, chat));
    if (tries == 0)
        end(PinBlocked{});
    if (tries == 1) {
        if (can.empty())
            end(PinSuspended{});
        openWithCan(can, {});
        tries = triesOf(choose(PacePassword::Pin, chat)); // inside the channel of the CAN
        if (tries == 0)
            end(PinBlocked{});
    } else if (tries < _entry.triesTold) {
        end(PinReady{tries});
    }
    return open(PacePassword::Pin, pin, chat, tries);
}

Opened Doorkeeper::openWithCan(const Secret& can, ByteView chat)
{
    const AnswerApdu chosen = choose(PacePassword::Can, chat);
    if (!isRetryCounter(chosen.status)) // some cards count, and let the terminal wait
        expectOk(chosen, ErrorCode::CardRefused, "MSE for PACE with the CAN");
    return open(PacePassword::Can, can, chat, 0);
}

Opened Doorkeeper::openWithPuk(const Secret& puk)
{
    const AnswerApdu chosen = choose(PacePassword::Puk, {});
    if (chosen.status == statusBlocked || chosen.status == 0x63C0)
        end(PukUsedUp{});
    if (!isRetryCounter(chosen.status))
        expectOk(chosen, ErrorCode::CardRefused, "MSE for PACE with the PUK");
    return open(PacePassword::Puk, puk, {}, 0);
}

Opened Doorkeeper::open(PacePassword password, const Secret& secret, ByteView chat, int tries)
{
    return _entry.where == PasswordEntry::AtReader ? openAtReader(password, secret, chat, tries)
                                                   : openHere(password, secret, tries);
}

Opened Doorkeeper::openHere(PacePassword password, const Secret& secret, int tries)
{
    Pace pace(_info, secret);
    const auto send = [&](ByteView dynamicData, Chain chain) {
        return _dialogue.send(generalAuthenticate(dynamicData, chain));
    };
    const auto next = [&](Tag tag, ByteView value) {
        const AnswerApdu answer = send(Tlv().add(tag, value).bytes(), Chain::GoesOn);
        expectOk(answer, ErrorCode::CardRefused, "PACE");
        return DynamicData(answer);
    };
    const AnswerApdu nonce = send({}, Chain::GoesOn);
    if (password == PacePassword::Pin &&
        (nonce.status == statusBlocked || nonce.status == statusReferenceUnusable ||
         nonce.status == statusConditions))
        endWithoutPin(nonce.status, tries); // some cards say it here
    expectOk(nonce, ErrorCode::CardRefused, "PACE");
    pace.takeNonce(DynamicData(nonce).get(0x80));
    const Bytes mapping = pace.mappingKey(pace.curve().randomScalar(_random));
    pace.takeMappingKey(next(0x81, mapping).get(0x82));
    const Bytes ephemeral = pace.ephemeralKey(pace.curve().randomScalar(_random));
    pace.takeEphemeralKey(next(0x83, ephemeral).get(0x84));

    const AnswerApdu last = send(Tlv().add(0x85, pace.token()).bytes(), Chain::Ends);
    if (last.status != statusOk)
        endWithoutChannel(password, last.status, tries);
    const DynamicData confirmed(last);
    if (!pace.isTokenOfCard(confirmed.get(0x86)))
        throw Error(ErrorCode::CardAnswerMalformed, "token of PACE");

    _dialogue.protectWith(SecureMessaging(pace.suite(), pace.encryptionKey(), pace.macKey()));
    Opened opened{pace.curve().compressed(pace.cardsEphemeralKey()), {}};
    for (const Tag tag : {Tag{0x87}, Tag{0x88}}) {
        if (auto reference = confirmed.maybe(tag))
            opened.references.push_back(std::move(*reference));
    }
    return opened;
}

/// The reader chooses among the protocols itself, and says which key of the chip came out.
Opened Doorkeeper::openAtReader(PacePassword password, const Secret& secret, ByteView chat,
                                int tries)
{
    if (secret.empty() && _entry.tell)
        _entry.tell();
    auto pace = _dialogue.executePace(password, chat, secret, _entry.description);
    if (std::holds_alternative<ReaderPaceCancelled>(pace))
        end(ReadCancelled{});
    if (const auto* refused = std::get_if<ReaderPaceRefused>(&pace)) {
        switch (refused->step) {
        case ReaderPaceRefused::Step::CardAccess:
            throw Error(ErrorCode::CardRefused,
                        "EF.CardAccess: status " + hexStatus(refused->status));
        case ReaderPaceRefused::Step::Choose:
            if (password == PacePassword::Pin)
                triesOf({{}, refused->status}); // ends, unless it is a number of tries
            endWithoutChannel(password, refused->status, tries);
        case ReaderPaceRefused::Step::Authenticate:
            endWithoutChannel(password, refused->status, tries);
        }
    }
    auto& opened = std::get<ReaderPaceOpened>(pace);
    const bool fits = std::any_of(_offered.begin(), _offered.end(), [&](const PaceInfo& info) {
        return Curve(info.parameterId).fieldBytes() == opened.cardId.size();
    });
    if (!chat.empty() && (!fits || opened.references.empty()))
        throw Error(ErrorCode::CardAnswerMalformed, "PACE of the reader: no key or no authority");
    return {std::move(opened.cardId), std::move(opened.references), std::move(opened.cardAccess)};
}

} // namespace amt::eid
