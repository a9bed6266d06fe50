// SPDX-License-Identifier: EUPL-1.2
//
// An identity card that keeps the card's rules: what may be read when, in which order keys are
// agreed, what a wrong PIN costs.
#include "tests/sim/card/card.h"

#include "appliance/core/error.h"
#include "drivers/eid/tlv.h"
#include "tests/sim/card/chip.h"
#include "tests/sim/card/pki.h"

#include <algorithm>
#include <array>
#include <optional>

namespace amt::sim {
namespace {

using eid::parseTlv;
using eid::Tag;
using eid::Tlv;
using eid::TlvObject;

constexpr std::uint8_t keyId = 0x41;
// Keys of restricted identification, and rights (TR-03110-4 2.2.3.2)
constexpr std::uint8_t pseudonymKey = 1, blockListKey = 2;
constexpr int verifyAge = 0, verifyPlace = 1, restrictedIdentification = 2, canAllowed = 4,
              pinManagement = 5;
constexpr std::size_t shortAnswerMax = 223; // of a protected file in a short answer

/// A command ends with this status word and no data.
struct Refusal {
    std::uint16_t status;
};

void need(bool condition, std::uint16_t status)
{
    if (!condition)
        throw Refusal{status};
}

Bytes copy(ByteView bytes)
{
    return Bytes(bytes.begin(), bytes.end());
}

Bytes statusBytes(std::uint16_t status)
{
    return {static_cast<std::uint8_t>(status >> 8), static_cast<std::uint8_t>(status)};
}

std::uint64_t number(const Bytes& bytes)
{
    std::uint64_t value = 0;
    for (const auto byte : bytes)
        value = value << 8 | byte;
    return value;
}

/// Value of the first object with this tag.
std::optional<Bytes> get(ByteView objects, Tag tag)
{
    const auto found = eid::find(parseTlv(objects), tag);
    if (!found)
        return std::nullopt;
    return copy(found->value);
}

Bytes must(ByteView objects, Tag tag, std::uint16_t status = 0x6A80)
{
    auto value = get(objects, tag);
    need(value.has_value(), status);
    return std::move(*value);
}

struct Command {
    std::uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
    Bytes data;
    std::size_t expected = 0; ///< 0: nothing asked for
    bool extended = false;

    explicit Command(ByteView raw)
    {
        need(raw.size() >= 4, 0x6700);
        cla = raw[0];
        ins = raw[1];
        p1 = raw[2];
        p2 = raw[3];
        const ByteView body = raw.subspan(4);
        if (body.empty())
            return;
        extended = body[0] == 0 && body.size() > 1;
        const std::size_t field = extended ? 2 : 1; // bytes of a length
        const ByteView rest = body.subspan(extended ? 1 : 0);
        const auto length = [&](ByteView at) {
            return field == 2 ? static_cast<std::size_t>(at[0]) << 8 | at[1]
                              : static_cast<std::size_t>(at[0]);
        };
        const std::size_t most = extended ? 65536 : 256;
        need(rest.size() >= field, 0x6700);
        if (rest.size() == field) {
            expected = length(rest) == 0 ? most : length(rest);
            return;
        }
        const std::size_t size = length(rest);
        need(rest.size() == field + size || rest.size() == 2 * field + size, 0x6700);
        data = copy(rest.subspan(field, size));
        if (rest.size() == 2 * field + size) {
            const std::size_t asked = length(rest.subspan(field + size));
            expected = asked == 0 ? most : asked;
        }
    }
};

struct Answer {
    Bytes data;
    std::uint16_t status = 0x9000;
};

enum class Level { Nothing, Pace, Terminal, Chip };

enum Password : int { noPassword = 0, withCan = 2, withPin = 3, withPuk = 4 };

struct RunningPace {
    int password = noPassword;
    std::optional<std::uint64_t> rights;
    int step = 0;
    int parameterId = 0, keyBytes = 0;
    Bytes oid;
    Bytes nonce, generator, ownPoint, theirPoint;
    ChipCipher cipher;
};

/// Whose signature the card believes.
struct Authority {
    std::string reference;
    SignatureKind kind;
    Bytes point;
};

/// Everything that a reset takes away.
struct Channel {
    Level level = Level::Nothing;
    std::optional<ChipCipher> cipher; ///< secure messaging
    std::uint64_t counter = 0;
    std::optional<RunningPace> pace;
    int password = noPassword;
    std::optional<std::uint64_t> rights; ///< none: no terminal may prove itself
    Bytes ownKey;                        ///< x of the chip's ephemeral key of PACE
    // terminal authentication
    std::vector<Authority> known; ///< whose key may verify the next certificate
    Authority trusted;            ///< whose key verified the last one, and now the chosen one
    bool keySelected = false;
    bool chainEnded = false;
    std::optional<Bytes> terminalKey; ///< compressed, from MSE:Set AT
    std::optional<Bytes> challenge;
    Bytes auxiliaryData;
    bool chipSelected = false;
    std::optional<int> sectorKey; ///< chosen for restricted identification
    bool eidSelected = false;
    std::optional<int> file;
    Bytes pieces; ///< of a chained command
};

constexpr int fileAccess = 0x1C, fileSecurity = 0x1D; // beyond the data groups' numbers

const Bytes& oidBase()
{
    static const Bytes base = fromHex("04007f0007");
    return base;
}

Bytes oid(std::initializer_list<std::uint8_t> rest)
{
    return concat(oidBase(), Bytes(rest));
}

Tlv sequence(std::initializer_list<Bytes> parts)
{
    Tlv content;
    for (const auto& part : parts)
        content.append(part);
    return Tlv().add(0x30, content);
}

Bytes object(Tag tag, const Bytes& value)
{
    return Tlv().add(tag, value).bytes();
}
Bytes small(int value)
{
    return object(0x02, Bytes{static_cast<std::uint8_t>(value)});
}

Bytes setOf(std::vector<Bytes> elements)
{
    std::sort(elements.begin(), elements.end());
    Tlv content;
    for (const auto& element : elements)
        content.append(element);
    return Tlv().add(0x31, content).bytes();
}

Bytes replaced(Bytes in, const Bytes& from, const Bytes& to)
{
    const auto at = std::search(in.begin(), in.end(), from.begin(), from.end());
    AMT_ASSERT(at != in.end());
    std::copy(to.begin(), to.end(), at);
    return in;
}

} // namespace

class SimulatedCard::Impl {
public:
    Impl(RandomSource& random, CardPki pki, CardProfile profile, LocalDate today)
        : _random(random), _pki(std::move(pki)), _today(today)
    {
        become(std::move(profile));
    }

    Bytes transmit(ByteView raw)
    {
        if (!present)
            return {};
        ++commands;
        const auto fault = faults.find(commands);
        if (fault == faults.end())
            return answerTo(raw);
        const CardFault what = fault->second;
        faults.erase(fault);
        if (std::holds_alternative<PullCard>(what)) {
            present = false;
            reset();
            return {};
        }
        Bytes answer = answerTo(raw);
        if (std::holds_alternative<PullCardAfter>(what)) {
            present = false;
            reset();
        } else if (const auto* flip = std::get_if<FlipBit>(&what)) {
            answer[std::min(flip->byte, answer.size() - 1)] ^= 1;
        } else if (std::holds_alternative<CutAnswer>(what)) {
            answer.resize(answer.size() / 2);
        } else if (const auto* status = std::get_if<AnswerStatus>(&what)) {
            answer = statusBytes(status->status);
        }
        return answer;
    }

    void reset() { _now = Channel{}; }

    void become(CardProfile profile)
    {
        _profile = std::move(profile);
        _triesLeft = _profile.triesLeft;
        _pin = _profile.pin;
        _pukUses = _profile.pukUses;
        _curve.emplace(_profile.parameterId);
        _authorities = {
            {_pki.cvcaReference, {_pki.cvcaParameterId, _pki.cvcaHashSuffix}, _pki.cvcaPoint}};
        makeFiles();
        reset();
    }

    bool present = true;
    std::size_t commands = 0;
    std::size_t commandBytesMax = 65544;
    std::map<std::size_t, CardFault> faults;
    std::function<void(CardMemory)> changed;

    int tries() const { return _triesLeft; }
    void setTries(int tries) { _triesLeft = tries; }
    const std::string& pin() const { return _pin; }
    void setToday(LocalDate today) { _today = today; }

private:
    // --- files

    void makeFiles()
    {
        _chipOid = oid({2, 2, 3, 2, suffixOf(_profile.keyBytes)});
        const Bytes domain =
            sequence({object(0x06, oid({1, 2})), small(_profile.parameterId)}).bytes();
        std::vector<Bytes> open{
            sequence({object(0x06, oid({2, 2, 2})), small(2)}).bytes(),
            sequence({object(0x06, _chipOid), small(2), small(keyId)}).bytes(),
            sequence({object(0x06, oid({2, 2, 3, 2})), domain, small(keyId)}).bytes(),
        };
        for (const auto& offer : paceOffers())
            open.push_back(
                sequence({object(0x06, paceOid(offer)), small(2), small(offer.parameterId)})
                    .bytes());
        _files[fileAccess] = setOf(open);

        const Bytes signedSecret = _profile.parameterId == 13 ? copy(_pki.chipSecret.reveal())
                                                              : _curve->newSecret(_random);
        const Bytes signedPoint = _curve->times(_curve->generator(), signedSecret);
        const bool own = _profile.forgery == Forgery::Clone || _profile.forgery == Forgery::Altered;
        _chipSecret = own ? _curve->newSecret(_random) : signedSecret;
        const Bytes chipPoint = _curve->times(_curve->generator(), _chipSecret);

        Tlv hashes;
        for (const auto& [group, content] : _profile.groups) {
            if (group < 17) // the address may change, so it is not signed
                hashes.append(
                    sequence({small(group), object(0x04, hash("SHA224", content))}).bytes());
        }
        if (_profile.forgery == Forgery::OtherName)
            _profile.groups[5] = fromHex("65070c05455249534e");
        if (_profile.forgery == Forgery::HiddenGroup)
            _profile.groups.erase(13);
        std::vector<Bytes> all = open;
        if (_profile.forgery == Forgery::OtherAccess)
            all.pop_back(); // the way PACE is opened with
        const Bytes zero{0};
        all.push_back(sequence({object(0x06, oid({2, 2, 1, 2})),
                                sequence({domain, object(0x03, concat(zero, signedPoint))}).bytes(),
                                small(keyId)})
                          .bytes());
        all.push_back(
            sequence({object(0x06, oid({2, 2, 7})),
                      sequence({sequence({object(0x06, fromHex("608648016503040204"))}).bytes(),
                                Tlv().add(0x30, hashes).bytes()})
                          .bytes()})
                .bytes());
        if (_profile.restrictedId) {
            for (const int key : {pseudonymKey, blockListKey}) {
                const Bytes authorisedOnly{
                    static_cast<std::uint8_t>(key == pseudonymKey ? 0xFF : 0x00)};
                all.push_back(
                    sequence(
                        {object(0x06, oid({2, 2, 5, 2, 3})),
                         sequence({small(1), small(key), object(0x01, authorisedOnly)}).bytes()})
                        .bytes());
            }
        }
        const UtcTime now{std::chrono::sys_days(_today)};
        const CardPki pki =
            _profile.forgery == Forgery::ForeignSigner ? withForeignSigner(_pki, _random, now)
            : _profile.forgery == Forgery::OddCurve    ? withOddCurve(_pki, _random, now)
                                                       : _pki;
        _files[fileSecurity] = signSecurityInfos(pki, setOf(all));
        if (_profile.forgery == Forgery::Altered)
            _files[fileSecurity] = replaced(_files[fileSecurity], signedPoint, chipPoint);
    }

    static std::uint8_t suffixOf(int keyBytes)
    {
        return static_cast<std::uint8_t>(keyBytes / 8); // 2, 3, 4
    }

    std::vector<CardProfile::PaceOffer> paceOffers() const
    {
        std::vector<CardProfile::PaceOffer> offers{{_profile.parameterId, _profile.keyBytes}};
        offers.insert(offers.end(), _profile.morePace.begin(), _profile.morePace.end());
        return offers;
    }

    static Bytes paceOid(const CardProfile::PaceOffer& offer)
    {
        return oid({2, 2, 4, 2, suffixOf(offer.keyBytes)});
    }

    bool may(int right) const
    {
        return _now.level == Level::Chip && (_now.rights.value_or(0) >> right & 1) != 0 &&
               (_now.password != withCan || (_now.rights.value_or(0) >> canAllowed & 1) != 0);
    }

    const Bytes& content(int file) const
    {
        if (file == fileAccess || file == fileSecurity)
            return _files.at(file);
        return _profile.groups.at(file);
    }

    bool mayRead(int file) const
    {
        if (file == fileAccess)
            return true;
        if (file == fileSecurity)
            return _now.level >= Level::Terminal;
        return may(7 + file);
    }

    // --- transport

    Bytes answerTo(ByteView raw)
    {
        try {
            need(raw.size() <= commandBytesMax, 0x6700);
            Command command(raw);
            need(!command.extended || commandBytesMax > 261, 0x6700);
            return (command.cla & 0x0C) == 0x0C ? protectedAnswer(command) : plainAnswer(command);
        } catch (const Refusal& refusal) {
            return statusBytes(refusal.status);
        }
    }

    Bytes plainAnswer(const Command& command)
    {
        if (_now.cipher) // a plain command ends the channel
            reset();
        const Answer answer = execute(command, 65536);
        if (_next) {
            _now = std::move(*_next);
            _next.reset();
        }
        return concat(answer.data, statusBytes(answer.status));
    }

    Bytes protectedAnswer(Command& command)
    {
        try {
            need(_now.cipher.has_value(), 0x6982);
            unprotect(command);
        } catch (const Refusal&) {
            reset();
            throw;
        } catch (const Error&) {
            reset();
            throw Refusal{0x6988};
        }
        const Answer answer = execute(command, command.extended ? 65000 : shortAnswerMax);
        const std::uint64_t counter = ++_now.counter;
        Tlv out;
        if (!answer.data.empty()) {
            const Bytes indicator{1};
            out.add(0x87, concat(indicator, _now.cipher->encrypt(counter, pad(answer.data))));
        }
        out.add(0x99, statusBytes(answer.status));
        out.add(0x8E, _now.cipher->mac(concat(counterBlock(counter), pad(out.bytes()))));
        if (_next) { // a password inside a channel: the answer still under the old keys
            _now = std::move(*_next);
            _next.reset();
        } else if (_nextCipher) { // chip authentication, likewise
            _now.cipher = std::move(_nextCipher);
            _now.counter = 0;
            _nextCipher.reset();
        }
        return concat(out.bytes(), statusBytes(answer.status));
    }

    void unprotect(Command& command)
    {
        const std::uint64_t counter = ++_now.counter;
        std::optional<Bytes> code;
        Bytes covered;
        Bytes clear;
        std::size_t expected = 0;
        for (const auto& part : parseTlv(command.data)) {
            if (part.tag == 0x8E) {
                code = copy(part.value);
                continue;
            }
            need(!code, 0x6988);
            append(covered, part.whole);
            if (part.tag == 0x87) {
                need(part.value.size() > 1 && part.value[0] == 1 && part.value.size() % 16 == 1,
                     0x6988);
                clear = copy(part.value.subspan(1));
            } else if (part.tag == 0x97) {
                const std::uint64_t asked = number(copy(part.value));
                expected = asked != 0 ? asked : part.value.size() == 1 ? 256 : 65536;
            } else {
                throw Refusal{0x6988};
            }
        }
        need(code.has_value(), 0x6987);
        Bytes input =
            concat(counterBlock(counter), pad({command.cla, command.ins, command.p1, command.p2}));
        if (!covered.empty())
            append(input, pad(covered));
        need(_now.cipher->mac(input) == *code, 0x6988);
        if (!clear.empty()) {
            clear = _now.cipher->decrypt(counter, clear);
            while (!clear.empty() && clear.back() == 0)
                clear.pop_back();
            need(!clear.empty() && clear.back() == 0x80, 0x6988);
            clear.pop_back();
        }
        command.data = std::move(clear);
        command.expected = expected;
        command.cla = static_cast<std::uint8_t>(command.cla & ~0x0C);
    }

    Answer execute(const Command& command, std::size_t answerMax)
    {
        try {
            return dispatch(command, answerMax);
        } catch (const Refusal& refusal) {
            return {{}, refusal.status};
        } catch (const Error&) {
            return {{}, 0x6A80}; // data objects missing or broken
        }
    }

    Answer dispatch(const Command& command, std::size_t answerMax)
    {
        if (command.cla == 0x80 && command.ins == 0x20)
            return verifyAuxiliary(command);
        need(command.cla == 0x00 || command.cla == 0x10, 0x6E00);
        need(command.cla == 0x00 || command.ins == 0x86 || command.ins == 0x2A, 0x6884);
        switch (command.ins) {
        case 0xA4:
            return select(command);
        case 0xB0:
            return read(command, answerMax);
        case 0x22:
            return manage(command);
        case 0x86:
            return authenticate(command);
        case 0x2A:
            return verifyCertificate(command);
        case 0x84:
            return challenge();
        case 0x82:
            return externalAuthenticate(command);
        case 0x2C:
            return resetRetryCounter(command);
        default:
            return {{}, 0x6D00};
        }
    }

    Answer select(const Command& command)
    {
        if (command.p1 == 0x04) {
            need(command.data == fromHex("e80704007f00070302"), 0x6A82);
            _now.eidSelected = true;
            _now.file.reset();
            return {};
        }
        need(command.p1 == 0x00 && (command.data.empty() || command.data == Bytes{0x3F, 0x00}),
             0x6A82);
        _now.eidSelected = false;
        _now.file.reset();
        return {};
    }

    Answer read(const Command& command, std::size_t answerMax)
    {
        need(command.expected != 0, 0x6700);
        std::size_t offset = command.p2;
        if ((command.p1 & 0x80) != 0) {
            const int file = command.p1 & 0x1F;
            const bool exists = _now.eidSelected ? _profile.groups.count(file) != 0
                                                 : file == fileAccess || file == fileSecurity;
            need(exists, 0x6A82);
            _now.file = file;
        } else {
            need(_now.file.has_value(), 0x6986);
            offset |= static_cast<std::size_t>(command.p1) << 8;
        }
        need(mayRead(*_now.file), 0x6982);
        const Bytes& whole = content(*_now.file);
        need(offset < whole.size() || offset == 0, 0x6B00);
        const std::size_t size = std::min({whole.size() - offset, command.expected, answerMax});
        const bool atEnd = size < command.expected && size < answerMax && command.expected != 256 &&
                           command.expected != 65536;
        return {copy(ByteView(whole).subspan(offset, size)),
                atEnd ? std::uint16_t{0x6282} : std::uint16_t{0x9000}};
    }

    Answer manage(const Command& command)
    {
        const int what = command.p1 << 8 | command.p2;
        switch (what) {
        case 0xC1A4:
            return selectPace(command);
        case 0x81B6:
            need(_now.level == Level::Pace && _now.rights && !_now.chainEnded, 0x6982);
            return selectAuthority(toText(must(command.data, 0x83)));
        case 0x81A4:
            return selectTerminal(command);
        case 0x41A4:
            if (_now.level == Level::Chip)
                return selectSectorKey(command);
            need(_now.level == Level::Terminal, 0x6982);
            need(must(command.data, 0x80) == _chipOid, 0x6A80);
            need(get(command.data, 0x84).value_or(Bytes{keyId}) == Bytes{keyId}, 0x6A88);
            _now.chipSelected = true;
            return {};
        default:
            return {{}, 0x6A86};
        }
    }

    // --- PACE

    Answer selectAuthority(const std::string& reference)
    {
        const auto found =
            std::find_if(_now.known.begin(), _now.known.end(),
                         [&](const Authority& known) { return known.reference == reference; });
        need(found != _now.known.end(), 0x6A88);
        _now.trusted = *found;
        _now.keySelected = true;
        return {};
    }

    Answer selectPace(const Command& command)
    {
        need(_now.level <= Level::Pace, 0x6985);
        RunningPace pace;
        const Bytes protocol = must(command.data, 0x80);
        const auto parameter = get(command.data, 0x84);
        int fitting = 0;
        for (const auto& offer : paceOffers()) {
            const Bytes own{static_cast<std::uint8_t>(offer.parameterId)};
            if (paceOid(offer) != protocol || parameter.value_or(own) != own)
                continue;
            ++fitting;
            pace.oid = protocol;
            pace.parameterId = offer.parameterId;
            pace.keyBytes = offer.keyBytes;
        }
        need(fitting == 1, 0x6A80); // several, and none named
        const Bytes password = must(command.data, 0x83);
        need(password == Bytes{withCan} || password == Bytes{withPin} || password == Bytes{withPuk},
             0x6A88);
        pace.password = password[0];
        if (const auto chat = get(command.data, 0x7F4C)) {
            need(must(*chat, 0x06) == oid({3, 1, 2, 2}), 0x6A80);
            const Bytes bits = must(*chat, 0x53);
            need(bits.size() == 5 && pace.password != withPuk, 0x6A80);
            pace.rights = number(bits);
            need(pace.password != withCan || (*pace.rights >> canAllowed & 1) != 0, 0x6A80);
        }
        _now.pace = std::move(pace);
        if (password[0] != withPin)
            return {};
        if (!_profile.pinActive)
            return {{}, 0x6283};
        if (_triesLeft < 3)
            return {{}, static_cast<std::uint16_t>(0x63C0 | _triesLeft)};
        return {};
    }

    Answer authenticate(const Command& command)
    {
        const Bytes data = must(command.data, 0x7C);
        if (_now.chipSelected)
            return authenticateChip(data);
        if (_now.sectorKey)
            return identify(data);
        need(_now.pace.has_value(), 0x6985);
        const int step = _now.pace->step++;
        try {
            need((command.cla == 0x10) == (step < 3), 0x6985);
            switch (step) {
            case 0:
                return paceNonce();
            case 1:
                return paceMapping(data);
            case 2:
                return paceAgreement(data);
            default:
                return paceToken(data);
            }
        } catch (const Refusal&) {
            _now.pace.reset();
            throw;
        }
    }

    static Answer dynamic(Tlv inner) { return {Tlv().add(0x7C, inner).bytes()}; }

    const std::string& secretOf(int password) const
    {
        return password == withPin ? _pin : password == withCan ? _profile.can : _profile.puk;
    }

    Answer paceNonce()
    {
        auto& pace = *_now.pace;
        pace.nonce = randomBytes(_random, pace.keyBytes == 16 ? 16 : 32);
        return dynamic(Tlv().add(
            0x80,
            encryptNonce(kdf(pace.keyBytes, toBytes(secretOf(pace.password)), {}, 3), pace.nonce)));
    }

    Answer paceMapping(const Bytes& data)
    {
        auto& pace = *_now.pace;
        const ChipCurve curve(pace.parameterId);
        const Bytes secret = curve.newSecret(_random);
        const Bytes point = curve.times(curve.generator(), secret);
        const Bytes shared = curve.times(must(data, 0x81), secret);
        need(!shared.empty(), 0x6300);
        pace.generator = curve.plus(curve.times(curve.generator(), pace.nonce), shared);
        need(!pace.generator.empty(), 0x6300);
        return dynamic(Tlv().add(0x82, point));
    }

    Answer paceAgreement(const Bytes& data)
    {
        auto& pace = *_now.pace;
        const ChipCurve curve(pace.parameterId);
        const Bytes secret = curve.newSecret(_random);
        pace.ownPoint = curve.times(pace.generator, secret);
        pace.theirPoint = must(data, 0x83);
        need(pace.theirPoint != pace.ownPoint, 0x6A80);
        const Bytes shared = curve.times(pace.theirPoint, secret);
        need(!shared.empty(), 0x6300);
        pace.cipher = ChipCipher::agree(pace.keyBytes, curve.x(shared), {});
        return dynamic(Tlv().add(0x84, pace.ownPoint));
    }

    static Bytes token(const ChipCipher& cipher, const Bytes& protocol, const Bytes& point)
    {
        return cipher.mac(Tlv().add(0x7F49, Tlv().add(0x06, protocol).add(0x86, point)).bytes());
    }

    void setMemory(int tries)
    {
        if (_triesLeft == tries)
            return;
        _triesLeft = tries;
        if (changed)
            changed({tries});
    }

    /// What the password costs, or gives back.
    void judgePassword(int password, bool right)
    {
        if (password == withPin) {
            const bool resumed = _triesLeft > 1 || (_now.cipher && _now.password == withCan);
            need(_profile.pinActive, 0x6984);
            need(_triesLeft > 0, 0x6983);
            need(resumed, 0x6985); // suspended: the CAN is needed first
            if (!right) {
                setMemory(_triesLeft - 1);
                throw Refusal{static_cast<std::uint16_t>(0x63C0 | _triesLeft)};
            }
            setMemory(3);
        }
        need(right, 0x6300);
        need(password != withPuk || _pukUses > 0, 0x6983);
    }

    Answer paceToken(const Bytes& data)
    {
        auto& pace = *_now.pace;
        judgePassword(pace.password,
                      must(data, 0x85) == token(pace.cipher, pace.oid, pace.ownPoint));
        Tlv answer;
        answer.add(0x86, token(pace.cipher, pace.oid, pace.theirPoint));
        if (pace.rights) {
            answer.add(0x87, view(_authorities.back().reference));
            if (_authorities.size() > 1)
                answer.add(0x88, view((_authorities.end() - 2)->reference));
        }

        Channel next;
        next.level = Level::Pace;
        next.password = pace.password;
        next.cipher = pace.cipher;
        next.rights = pace.rights;
        next.ownKey = ChipCurve(pace.parameterId).x(pace.ownPoint);
        next.known = _authorities;
        _next = std::move(next); // from the next command on
        return dynamic(answer);
    }

    Answer resetRetryCounter(const Command& command)
    {
        const int what = command.p1 << 8 | command.p2;
        need(_now.level >= Level::Pace && _now.cipher, 0x6982);
        if (what == 0x0203) {
            need(_now.password == withPin || may(pinManagement), 0x6982);
            need(command.data.size() == 6, 0x6A80);
            _pin = toText(command.data);
        } else {
            need(what == 0x0303, 0x6A86);
            need(_now.password == withPuk || may(pinManagement), 0x6982);
            if (_now.password == withPuk) {
                need(_pukUses > 0, 0x6983);
                --_pukUses;
            }
        }
        setMemory(3);
        return {};
    }

    // --- terminal authentication

    Answer verifyCertificate(const Command& command)
    {
        need(command.p1 == 0x00 && command.p2 == 0xBE, 0x6A86);
        need(_now.level == Level::Pace && _now.rights && !_now.chainEnded, 0x6982);
        append(_now.pieces, command.data);
        if (command.cla == 0x10)
            return {};
        const Bytes content = std::exchange(_now.pieces, {});
        need(std::exchange(_now.keySelected, false), 0x6985);
        const auto parts = parseTlv(content);
        need(parts.size() == 2 && parts[0].tag == 0x7F4E && parts[1].tag == 0x5F37, 0x6A80);
        const ByteView body = parts[0].value;
        const Authority by = _now.trusted;
        need(must(body, 0x42) == toBytes(by.reference), 0x6A88);
        need(verifies(by.kind, by.point, copy(parts[1].value), copy(parts[0].whole)), 0x6300);

        const std::uint64_t authorisation = number(must(must(body, 0x7F4C), 0x53));
        const bool isLink = authorisation >> 38 == 3;
        std::string expiry = "20";
        for (const auto digit : must(body, 0x5F24))
            expiry += static_cast<char>('0' + digit);
        std::string today = toIso(_today);
        std::erase(today, '-');
        need(expiry >= today, 0x6300);
        const Bytes key = must(body, 0x7F49);
        const Bytes algorithm = must(key, 0x06);
        const Bytes ecdsa = oid({2, 2, 2, 2});
        need(algorithm.size() == ecdsa.size() + 1 &&
                 std::equal(ecdsa.begin(), ecdsa.end(), algorithm.begin()) &&
                 algorithm.back() >= 3 && algorithm.back() <= 5,
             0x6A80);
        Authority holder{
            toText(must(body, 0x5F20)), {by.kind.parameterId, algorithm.back()}, must(key, 0x86)};
        if (isLink) {
            const auto objects = parseTlv(key);
            holder.kind.parameterId =
                ChipCurve::withParameters(ByteView(key).subspan(objects.front().whole.size()));
            need(holder.kind.parameterId != 0, 0x6A80);
            _authorities.push_back(holder); // for good
        }
        _now.known = {holder};
        _now.trusted = holder;
        _now.rights = *_now.rights & authorisation;
        _now.chainEnded = authorisation >> 38 == 0;
        return {};
    }

    Answer selectTerminal(const Command& command)
    {
        need(_now.level == Level::Pace && _now.chainEnded, 0x6982);
        need(must(command.data, 0x83) == toBytes(_now.trusted.reference), 0x6A88);
        need(must(command.data, 0x80) == oid({2, 2, 2, 2, _now.trusted.kind.hashSuffix}), 0x6A80);
        _now.terminalKey = must(command.data, 0x91);
        _now.auxiliaryData.clear();
        if (const auto data = get(command.data, 0x67))
            _now.auxiliaryData = object(0x67, *data);
        return {};
    }

    Answer challenge()
    {
        need(_now.level == Level::Pace && _now.terminalKey.has_value(), 0x6982);
        _now.challenge = randomBytes(_random, 8);
        return {*_now.challenge};
    }

    Answer externalAuthenticate(const Command& command)
    {
        need(_now.level == Level::Pace && _now.challenge.has_value(), 0x6982);
        const Bytes proof =
            concat(_now.ownKey, *_now.challenge, *_now.terminalKey, _now.auxiliaryData);
        _now.challenge.reset();
        need(verifies(_now.trusted.kind, _now.trusted.point, command.data, proof), 0x6300);
        _now.level = Level::Terminal;
        return {};
    }

    // --- chip authentication

    Answer authenticateChip(const Bytes& data)
    {
        _now.chipSelected = false;
        const Bytes point = must(data, 0x80);
        need(_curve->x(point) == *_now.terminalKey, 0x6300);
        const Bytes shared = _curve->times(point, _chipSecret);
        need(!shared.empty(), 0x6300);
        const Bytes nonce = randomBytes(_random, 8);
        const ChipCipher cipher = ChipCipher::agree(_profile.keyBytes, _curve->x(shared), nonce);
        _nextCipher = cipher;
        _now.level = Level::Chip;
        return dynamic(Tlv().add(0x81, nonce).add(0x82, token(cipher, _chipOid, point)));
    }

    Answer verifyAuxiliary(const Command& command)
    {
        need(command.p1 == 0x80 && command.p2 == 0x00, 0x6A86);
        need(_now.level == Level::Chip, 0x6982);
        const Bytes which = must(command.data, 0x06);
        need(!_now.auxiliaryData.empty(), 0x6A88);
        const Bytes asked = must(_now.auxiliaryData, 0x67);
        for (const auto& discretionary : parseTlv(asked)) {
            need(discretionary.tag == 0x73, 0x6A80);
            if (must(discretionary.value, 0x06) == which)
                return {{},
                        holds(which, must(discretionary.value, 0x53)) ? std::uint16_t{0x9000}
                                                                      : std::uint16_t{0x6300}};
        }
        return {{}, 0x6A88};
    }

    bool holds(const Bytes& which, const Bytes& data) const
    {
        if (which == oid({3, 1, 4, 1})) {
            need(may(verifyAge), 0x6982);
            Bytes born = must(must(_profile.groups.at(8), 0x68), 0x12);
            std::replace(born.begin(), born.end(), std::uint8_t{' '}, std::uint8_t{'9'});
            return born <= data;
        }
        if (which == oid({3, 1, 4, 2}))
            return must(must(_profile.groups.at(3), 0x63), 0x12) >= data;
        need(which == oid({3, 1, 4, 3}), 0x6A88);
        need(may(verifyPlace), 0x6982);
        const Bytes home = must(must(_profile.groups.at(18), 0x72), 0x04);
        return home.size() >= data.size() && std::equal(data.begin(), data.end(), home.begin());
    }

    // --- restricted identification
    // ----------------------------------------------------------------------------------

    Answer selectSectorKey(const Command& command)
    {
        need(_now.eidSelected && _profile.restrictedId, 0x6A88);
        need(must(command.data, 0x80) == oid({2, 2, 5, 2, 3}), 0x6A80);
        const Bytes key = must(command.data, 0x84);
        need(key == Bytes{pseudonymKey} || key == Bytes{blockListKey}, 0x6A88);
        need(key[0] != pseudonymKey || may(restrictedIdentification), 0x6982);
        _now.sectorKey = key[0];
        return {};
    }

    Answer identify(const Bytes& data)
    {
        const Bytes number{static_cast<std::uint8_t>(*std::exchange(_now.sectorKey, std::nullopt))};
        const Bytes secret = hash("SHA256", concat(_pki.chipSecret.reveal(), number));
        const Bytes shared = _curve->times(must(must(data, 0xA0), 0x86), secret);
        need(!shared.empty(), 0x6300);
        return dynamic(Tlv().add(0x81, hash("SHA256", _curve->x(shared))));
    }

    RandomSource& _random;
    CardPki _pki;
    CardProfile _profile;
    LocalDate _today;
    int _triesLeft = 3;
    std::string _pin;
    int _pukUses = 0;
    std::vector<Authority> _authorities; ///< the newest last
    std::optional<ChipCurve> _curve;
    Bytes _chipOid;
    Bytes _chipSecret;
    std::map<int, Bytes> _files;
    Channel _now;
    std::optional<Channel> _next;
    std::optional<ChipCipher> _nextCipher;
};

SimulatedCard::SimulatedCard(RandomSource& random, CardPki pki, CardProfile profile,
                             LocalDate today)
    : _impl(std::make_unique<Impl>(random, std::move(pki), std::move(profile), today))
{}
SimulatedCard::~SimulatedCard() = default;
SimulatedCard::SimulatedCard(SimulatedCard&&) noexcept = default;

Bytes SimulatedCard::transmit(ByteView command)
{
    return _impl->transmit(command);
}
void SimulatedCard::reset()
{
    _impl->reset();
}
bool SimulatedCard::isPresent() const
{
    return _impl->present;
}
void SimulatedCard::lay()
{
    _impl->present = true;
}

void SimulatedCard::pull()
{
    _impl->present = false;
    _impl->reset();
}

void SimulatedCard::become(CardProfile profile)
{
    _impl->become(std::move(profile));
}
CardMemory SimulatedCard::memory() const
{
    return {_impl->tries()};
}
std::string SimulatedCard::pin() const
{
    return _impl->pin();
}
void SimulatedCard::setMemory(CardMemory memory)
{
    _impl->setTries(memory.triesLeft);
}

void SimulatedCard::onMemory(std::function<void(CardMemory)> changed)
{
    _impl->changed = std::move(changed);
}

void SimulatedCard::setToday(LocalDate today)
{
    _impl->setToday(today);
}
void SimulatedCard::setCommandBytesMax(std::size_t bytes)
{
    _impl->commandBytesMax = bytes;
}
std::size_t SimulatedCard::commandBytesMax() const
{
    return _impl->commandBytesMax;
}

void SimulatedCard::faultAt(std::size_t command, CardFault fault)
{
    _impl->faults[_impl->commands + command] = fault;
}

void SimulatedCard::clearFaults()
{
    _impl->faults.clear();
}
std::size_t SimulatedCard::commandsSoFar() const
{
    return _impl->commands;
}

Bytes SimulatedCardChannel::transmit(ByteView command)
{
    Bytes answer = _card.transmit(command);
    if (answer.size() < 2)
        throw Error(ErrorCode::CardGone, "simulated card left");
    return answer;
}

eid::CardFinder findSimulatedCard(SimulatedCard& card)
{
    return [&card]() -> std::variant<std::unique_ptr<CardChannel>, IdentityOutcome> {
        if (!card.isPresent())
            return IdentityOutcome(NoCard{});
        card.reset();
        return std::make_unique<SimulatedCardChannel>(card);
    };
}

} // namespace amt::sim
