// SPDX-License-Identifier: EUPL-1.2
//
// Data groups of the eID application: from the card's encodings into IdentityData.
#include "drivers/eid/data_groups.h"

#include "appliance/core/http.h"
#include "drivers/eid/tlv.h"

#include <algorithm>

namespace amt::eid {
namespace {

constexpr Tag utf8String = 0x0C, numericString = 0x12, printableString = 0x13, octetString = 0x04,
              ia5String = 0x16;

[[noreturn]] void malformed(const char* what)
{
    throw Error(ErrorCode::CardAnswerMalformed, what);
}

std::string utf8(const TlvObject& object)
{
    if (object.tag != utf8String)
        malformed("text of another type");
    std::string text = toText(object.value);
    const bool controls = std::any_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
    });
    if (controls || !isValidUtf8(text))
        malformed("text that is no UTF-8");
    return text;
}

std::string printable(const TlvObject& object)
{
    if (object.tag != printableString)
        malformed("code of another type");
    std::string text = toText(object.value);
    if (std::any_of(text.begin(), text.end(),
                    [](char letter) { return letter < 0x20 || letter > 0x7E; }))
        malformed("code with foreign letters");
    return text;
}

std::string ia5(const TlvObject& object)
{
    if (object.tag != ia5String)
        malformed("address of another type");
    std::string text = toText(object.value);
    if (std::any_of(text.begin(), text.end(),
                    [](char letter) { return letter < 0x20 || letter > 0x7E; }))
        malformed("address with foreign letters");
    return text;
}

Bytes octets(const TlvObject& object)
{
    if (object.tag != octetString)
        malformed("picture of another type");
    return Bytes(object.value.begin(), object.value.end());
}

/// YYYYMMDD; of a date of birth each part may be blanks (TR-03110-4 2.2.1, "Date").
enum class Blanks { Allowed, Refused };
std::string date(const TlvObject& object, Blanks blanks)
{
    if (object.tag != numericString)
        malformed("date of another type");
    std::string text = toText(object.value);
    const bool plain =
        text.size() == 8 && std::all_of(text.begin(), text.end(), [&](char letter) {
            return (letter >= '0' && letter <= '9') || (letter == ' ' && blanks == Blanks::Allowed);
        });
    if (!plain)
        malformed("date that is none");
    return text;
}

TlvObject inner(const TlvObject& object)
{
    const auto objects = parseTlv(object.value);
    if (objects.size() != 1)
        malformed("data group of several parts");
    return objects.front();
}

GeneralPlace place(const TlvObject& choice)
{
    GeneralPlace place;
    switch (choice.tag) {
    case 0xA1:
        place.freeText = utf8(inner(choice));
        return place;
    case 0xA2:
        place.noPlace = utf8(inner(choice));
        return place;
    case 0x30:
        break;
    default:
        malformed("place of an unknown form");
    }
    Tag last = 0;
    for (const auto& part : parseTlv(choice.value)) {
        if (part.tag <= last)
            malformed("parts of a place out of order");
        last = part.tag;
        switch (part.tag) {
        case 0xAA:
            place.street = utf8(inner(part));
            break;
        case 0xAB:
            place.city = utf8(inner(part));
            break;
        case 0xAC:
            place.state = utf8(inner(part));
            break;
        case 0xAD:
            place.country = printable(inner(part));
            break;
        case 0xAE:
            place.postalCode = printable(inner(part));
            break;
        default:
            malformed("unknown part of a place");
        }
    }
    return place;
}

/// One residence, or a set of several of which the first is the main one.
GeneralPlace residence(const TlvObject& object)
{
    if (object.tag != 0x31)
        return place(object);
    const auto several = parseTlv(object.value);
    if (several.empty())
        malformed("no residence in a set");
    return place(several.front());
}

/// Text of the residence permits: uncompressed; nobody has issued the compressed form.
std::string choiceText(const TlvObject& choice)
{
    if (choice.tag != 0xA1)
        malformed("text of an unknown form");
    return utf8(inner(choice));
}

/// Digits, two in a byte.
std::string packedDigits(const TlvObject& object)
{
    if (object.tag != octetString)
        malformed("municipality of another type");
    std::string digits = toHex(object.value);
    if (std::any_of(digits.begin(), digits.end(), [](char digit) { return digit > '9'; }))
        malformed("municipality that is no number");
    return digits;
}

} // namespace

void decodeDataGroup(DataGroup group, ByteView content, IdentityData& data)
{
    // [APPLICATION n] is 0x60 + n for all of these
    const auto object = inner(parseOne(content, 0x60 + static_cast<Tag>(group)));
    switch (group) {
    case DataGroup::DocumentType:
        data.documentType = printable(object);
        break;
    case DataGroup::IssuingState:
        data.issuingState = printable(object);
        break;
    case DataGroup::DateOfExpiry:
        data.dateOfExpiry = date(object, Blanks::Refused);
        break;
    case DataGroup::GivenNames:
        data.givenNames = utf8(object);
        break;
    case DataGroup::FamilyNames:
        data.familyNames = utf8(object);
        break;
    case DataGroup::ArtisticName:
        data.artisticName = utf8(object);
        break;
    case DataGroup::AcademicTitle:
        data.academicTitle = utf8(object);
        break;
    case DataGroup::DateOfBirth:
        data.dateOfBirth = date(object, Blanks::Allowed);
        break;
    case DataGroup::PlaceOfBirth:
        data.placeOfBirth = place(object);
        break;
    case DataGroup::Nationality:
        data.nationality = printable(object);
        break;
    case DataGroup::Sex:
        data.sex = printable(object);
        break;
    case DataGroup::OptionalData:
        data.optionalData = Bytes(object.whole.begin(), object.whole.end());
        break;
    case DataGroup::BirthName:
        data.birthName = utf8(object);
        break;
    case DataGroup::WrittenSignature:
        data.writtenSignature = octets(object);
        break;
    case DataGroup::DateOfIssuance:
        data.dateOfIssuance = date(object, Blanks::Refused);
        break;
    case DataGroup::PlaceOfResidence:
        data.placeOfResidence = residence(object);
        break;
    case DataGroup::MunicipalityId:
        data.municipalityId = packedDigits(object);
        break;
    case DataGroup::ResidencePermit1:
        data.residencePermit1 = choiceText(object);
        break;
    case DataGroup::ResidencePermit2:
        data.residencePermit2 = choiceText(object);
        break;
    case DataGroup::PhoneNumber:
        data.phoneNumber = printable(object);
        break;
    case DataGroup::EmailAddress:
        data.emailAddress = ia5(object);
        break;
    }
}

bool hasExpired(const std::string& dateOfExpiry, LocalDate today)
{
    std::string digits = toIso(today);
    std::erase(digits, '-');
    return dateOfExpiry < digits;
}

} // namespace amt::eid
