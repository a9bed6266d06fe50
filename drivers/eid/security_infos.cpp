// SPDX-License-Identifier: EUPL-1.2
//
// SecurityInfos: what a card says it can do, in EF.CardAccess and EF.CardSecurity.
#include "drivers/eid/security_infos.h"

#include "drivers/eid/curve.h"
#include "drivers/eid/tlv.h"

#include <algorithm>
#include <array>

namespace amt::eid {
namespace {

constexpr std::array<std::uint8_t, 5> bsi{0x04, 0x00, 0x7F, 0x00, 0x07};

/// True when `oid` is 0.4.0.127.0.7 and then exactly, or at least, these numbers.
bool isBsi(ByteView oid, std::initializer_list<std::uint8_t> numbers, std::size_t more = 0)
{
    if (oid.size() != bsi.size() + numbers.size() + more)
        return false;
    return std::equal(bsi.begin(), bsi.end(), oid.begin()) &&
           std::equal(numbers.begin(), numbers.end(), oid.begin() + bsi.size());
}

/// id-TA, id-CA and what stands below it, id-PACE and what stands below it.
bool isReliedOn(ByteView oid)
{
    if (oid.size() < bsi.size() + 3)
        return false;
    const std::uint8_t protocol = oid[bsi.size() + 2];
    return isBsi(oid.first(bsi.size() + 3), {2, 2, protocol}) && protocol >= 2 && protocol <= 4;
}

/// Content of an INTEGER that is not negative and fits an int; nothing otherwise.
std::optional<int> smallInteger(const TlvObject& object)
{
    if (object.tag != 0x02 || object.value.empty() || object.value.size() > 3 ||
        object.value[0] >= 0x80)
        return std::nullopt;
    int number = 0;
    for (const auto byte : object.value)
        number = number << 8 | byte;
    return number;
}

Bytes copy(ByteView bytes)
{
    return Bytes(bytes.begin(), bytes.end());
}

std::optional<Bytes> keyIdAt(const std::vector<TlvObject>& fields, std::size_t index)
{
    if (fields.size() <= index || fields[index].tag != 0x02)
        return std::nullopt;
    return copy(fields[index].value);
}

/// AlgorithmIdentifier of standardised domain parameters (0.4.0.127.0.7.1.2); nothing for explicit
/// ones.
std::optional<int> standardParameters(const TlvObject& algorithm)
{
    if (algorithm.tag != 0x30)
        return std::nullopt;
    const auto fields = parseTlv(algorithm.value);
    if (fields.size() != 2 || fields[0].tag != 0x06 || !isBsi(fields[0].value, {1, 2}))
        return std::nullopt;
    return smallInteger(fields[1]);
}

/// SubjectPublicKeyInfo with standardised domain parameters; nothing for others.
std::optional<ChipPublicKey> publicKey(const TlvObject& info)
{
    if (info.tag != 0x30)
        return std::nullopt;
    const auto fields = parseTlv(info.value);
    if (fields.size() != 2 || fields[1].tag != 0x03)
        return std::nullopt;
    const auto parameterId = standardParameters(fields[0]);
    if (!parameterId || !Curve::isKnown(*parameterId))
        return std::nullopt;
    if (fields[1].value.empty() || fields[1].value[0] != 0)
        throw Error(ErrorCode::CardAnswerMalformed, "chip key that is not whole bytes");
    return ChipPublicKey{*parameterId, copy(fields[1].value.subspan(1)), {}};
}

const char* hashOf(ByteView oid)
{
    constexpr std::array<std::uint8_t, 8> nist{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
    if (oid.size() != 9 || !std::equal(nist.begin(), nist.end(), oid.begin()))
        return nullptr;
    switch (oid[8]) {
    case 1:
        return "SHA2-256";
    case 2:
        return "SHA2-384";
    case 3:
        return "SHA2-512";
    case 4:
        return "SHA2-224";
    default:
        return nullptr;
    }
}

GroupHashes groupHashes(const TlvObject& object)
{
    constexpr auto malformed = ErrorCode::CardAnswerMalformed;
    const auto fields = parseTlv(object.value);
    if (object.tag != 0x30 || fields.size() < 2 || fields[0].tag != 0x30 || fields[1].tag != 0x30)
        throw Error(malformed, "eIDSecurityInfo");
    GroupHashes hashes;
    hashes.hash = hashOf(only(parseTlv(fields[0].value), 0x06).value);
    if (hashes.hash == nullptr)
        throw Error(malformed, "hash of eIDSecurityInfo");
    for (const auto& row : parseTlv(fields[1].value)) {
        const auto parts = parseTlv(row.value);
        if (row.tag != 0x30 || parts.size() != 2 || parts[1].tag != 0x04)
            throw Error(malformed, "row of eIDSecurityInfo");
        const auto number = smallInteger(parts[0]);
        if (!number || !hashes.values.emplace(*number, copy(parts[1].value)).second)
            throw Error(malformed, "group of eIDSecurityInfo");
    }
    return hashes;
}

/// SHA-224 and above; SHA-1 is out of use.
std::size_t bytesOfMark(std::uint8_t oidSuffix)
{
    switch (oidSuffix) {
    case 2:
        return 28;
    case 3:
        return 32;
    case 4:
        return 48;
    case 5:
        return 64;
    default:
        return 0;
    }
}

/// Params of id-RI-ECDH-SHA-*: version, key, whether only for terminals with the right.
std::optional<RestrictedIdInfo> restrictedId(ByteView protocol, const TlvObject& parameters)
{
    if (parameters.tag != 0x30)
        return std::nullopt;
    const auto fields = parseTlv(parameters.value);
    const std::size_t size = bytesOfMark(protocol.back());
    if (size == 0 || fields.size() != 3 || smallInteger(fields[0]) != 1 || fields[1].tag != 0x02 ||
        fields[2].tag != 0x01 || fields[2].value.size() != 1)
        return std::nullopt;
    return RestrictedIdInfo{copy(protocol), copy(fields[1].value), size, fields[2].value[0] != 0};
}

} // namespace

SecurityInfos parseSecurityInfos(ByteView set)
{
    SecurityInfos infos;
    for (const auto& element : parseTlv(parseOne(set, 0x31).value)) {
        const auto fields = parseTlv(element.value);
        if (element.tag != 0x30 || fields.size() < 2 || fields[0].tag != 0x06)
            throw Error(ErrorCode::CardAnswerMalformed, "SecurityInfo");
        const ByteView oid = fields[0].value;
        if (isReliedOn(oid))
            infos.relied.push_back(copy(element.whole));

        if (isBsi(oid, {2, 2, 4, 2}, 1)) { // id-PACE-ECDH-GM-*
            const auto* suite = cipherSuite(oid.back());
            const int parameterId = fields.size() == 3 ? smallInteger(fields[2]).value_or(0) : 0;
            if (suite != nullptr && smallInteger(fields[1]) == 2 && Curve::isKnown(parameterId))
                infos.pace.push_back({copy(oid), suite, parameterId});
        } else if (isBsi(oid, {2, 2, 3, 2}, 1)) { // id-CA-ECDH-*
            const auto* suite = cipherSuite(oid.back());
            if (suite != nullptr && smallInteger(fields[1]) == 2)
                infos.chipAuthentication.push_back({copy(oid), suite, keyIdAt(fields, 2)});
        } else if (isBsi(oid, {2, 2, 3, 2})) { // id-CA-ECDH: domain parameters
            const int parameterId = standardParameters(fields[1]).value_or(0);
            if (Curve::isKnown(parameterId))
                infos.chipDomains.push_back({parameterId, keyIdAt(fields, 2)});
        } else if (isBsi(oid, {2, 2, 1, 2})) { // id-PK-ECDH
            if (auto key = publicKey(fields[1])) {
                key->keyId = keyIdAt(fields, 2);
                infos.chipKeys.push_back(std::move(*key));
            }
        } else if (isBsi(oid, {2, 2, 2})) { // id-TA
            if (smallInteger(fields[1]) == 2)
                infos.terminalAuthentication2 = true;
        } else if (isBsi(oid, {2, 2, 5, 2}, 1)) { // id-RI-ECDH-*
            if (auto info = restrictedId(oid, fields[1]))
                infos.restrictedId.push_back(std::move(*info));
        } else if (isBsi(oid, {2, 2, 7})) { // id-eIDSecurity
            if (infos.groupHashes)
                throw Error(ErrorCode::CardAnswerMalformed, "eIDSecurityInfo twice");
            infos.groupHashes = groupHashes(fields[1]);
        }
    }
    return infos;
}

bool contains(const SecurityInfos& outer, const SecurityInfos& inner)
{
    return std::all_of(inner.relied.begin(), inner.relied.end(), [&](const Bytes& element) {
        return std::find(outer.relied.begin(), outer.relied.end(), element) != outer.relied.end();
    });
}

} // namespace amt::eid
