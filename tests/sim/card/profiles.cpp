// SPDX-License-Identifier: EUPL-1.2
//
// Cards to test with. All persons are invented; Erika Mustermann is the one whom Germany has agreed
// on.
#include "drivers/eid/tlv.h"
#include "tests/sim/card/card.h"

namespace amt::sim {
namespace {

using eid::Tlv;

constexpr eid::Tag utf8 = 0x0C, numeric = 0x12, printable = 0x13;

Bytes field(int group, eid::Tag type, const std::string& text)
{
    return Tlv().add(0x60 + static_cast<eid::Tag>(group), Tlv().add(type, view(text))).bytes();
}

Bytes address(const std::string& street, const std::string& city, const std::string& postalCode)
{
    Tlv place;
    if (!street.empty())
        place.add(0xAA, Tlv().add(utf8, view(street)));
    place.add(0xAB, Tlv().add(utf8, view(city)));
    place.add(0xAD, Tlv().add(printable, view("D")));
    place.add(0xAE, Tlv().add(printable, view(postalCode)));
    return Tlv().add(0x71, Tlv().add(0x30, place)).bytes();
}

Bytes choice(int group, eid::Tag kind, const std::string& text)
{
    return Tlv()
        .add(0x60 + static_cast<eid::Tag>(group), Tlv().add(kind, Tlv().add(utf8, view(text))))
        .bytes();
}

CardProfile erika()
{
    CardProfile profile;
    auto& groups = profile.groups;
    groups[1] = field(1, printable, "ID");
    groups[2] = field(2, printable, "D");
    groups[3] = field(3, numeric, "20350630");
    groups[4] = field(4, utf8, "ERIKA");
    groups[5] = field(5, utf8, "MUSTERMANN");
    groups[6] = field(6, utf8, "");
    groups[7] = field(7, utf8, "");
    groups[8] = field(8, numeric, "19840812");
    groups[9] = choice(9, 0xA1, "BERLIN");
    groups[10] = field(10, printable, "D");
    groups[11] = field(11, printable, "F");
    groups[13] = field(13, utf8, "GABLER");
    groups[15] = field(15, numeric, "20250701");
    groups[17] = address("HEIDESTRAẞE 17", "KÖLN", "51147");
    groups[18] = Tlv().add(0x72, Tlv().add(0x04, fromHex("02760503150000"))).bytes();
    return profile;
}

CardProfile shapes()
{
    CardProfile profile = erika();
    auto& groups = profile.groups;
    groups[4] = field(4, utf8, "---");
    groups[5] = field(5, utf8, "ÖZM\u0302EN");
    groups[7] = field(7, utf8, "DR.EH.DR.");
    groups[8] = field(8, numeric, "1989    ");
    groups[10] = field(10, printable, "");
    groups.erase(13);
    groups[17] = address("", "HALLE (SAALE)", "06108");
    groups[19] = choice(19, 0xA1, "AUFENTHALTSERLAUBNIS");
    return profile;
}

CardProfile homeless()
{
    CardProfile profile = erika();
    profile.groups[17] = choice(17, 0xA2, "keine Hauptwohnung in Deutschland");
    profile.groups[18] = Tlv().add(0x72, Tlv().add(0x04, Bytes{})).bytes();
    return profile;
}

CardProfile expired()
{
    CardProfile profile = erika();
    profile.groups[3] = field(3, numeric, "20240630");
    return profile;
}

CardProfile withTries(int tries)
{
    CardProfile profile = erika();
    profile.triesLeft = tries;
    return profile;
}

CardProfile pinOff()
{
    CardProfile profile = erika();
    profile.pinActive = false;
    return profile;
}

CardProfile forged(Forgery forgery)
{
    CardProfile profile = erika();
    profile.forgery = forgery;
    return profile;
}

const std::vector<std::pair<std::string, std::function<CardProfile()>>>& profiles()
{
    static const std::vector<std::pair<std::string, std::function<CardProfile()>>> known{
        {"erika", &erika},
        {"shapes", &shapes},
        {"homeless", &homeless},
        {"expired", &expired},
        {"pin-2", [] { return withTries(2); }},
        {"pin-suspended", [] { return withTries(1); }},
        {"pin-blocked", [] { return withTries(0); }},
        {"pin-off", &pinOff},
        {"foreign-signer", [] { return forged(Forgery::ForeignSigner); }},
        {"clone", [] { return forged(Forgery::Clone); }},
        {"altered", [] { return forged(Forgery::Altered); }},
        {"other-name", [] { return forged(Forgery::OtherName); }},
        {"hidden-group", [] { return forged(Forgery::HiddenGroup); }},
        {"other-access", [] { return forged(Forgery::OtherAccess); }},
        {"odd-curve", [] { return forged(Forgery::OddCurve); }},
    };
    return known;
}

} // namespace

CardProfile cardProfile(const std::string& name)
{
    for (const auto& [known, make] : profiles()) {
        if (known == name)
            return make();
    }
    throw Error(ErrorCode::NotFound, "card profile");
}

std::vector<std::string> cardProfileNames()
{
    std::vector<std::string> names;
    for (const auto& [name, make] : profiles())
        names.push_back(name);
    return names;
}

CardProfile cardOf(const std::string& givenNames, const std::string& familyName,
                   const std::string& dateOfBirth)
{
    CardProfile profile = erika();
    profile.groups[4] = field(4, utf8, givenNames);
    profile.groups[5] = field(5, utf8, familyName);
    profile.groups[8] = field(8, numeric, dateOfBirth);
    profile.groups[13] = field(13, utf8, "");
    return profile;
}

} // namespace amt::sim
