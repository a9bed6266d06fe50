// SPDX-License-Identifier: EUPL-1.2
//
// What a card, a certificate or a data group may not look like, and what the odd ones that may look
// like become.
#include "drivers/eid/authentication.h"
#include "drivers/eid/chat.h"
#include "drivers/eid/cv_certificate.h"
#include "drivers/eid/data_groups.h"
#include "drivers/eid/dialogue.h"
#include "drivers/eid/secure_messaging.h"
#include "drivers/eid/security_infos.h"
#include "drivers/eid/tlv.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::eid;

namespace {

struct Refused {
    ErrorCode code;
    bool operator()(const Error& error) const { return error.errorCode() == code; }
};

const Refused malformedAnswer{ErrorCode::CardAnswerMalformed};
const Refused unusable{ErrorCode::CertificateUnusable};

Secret key(std::uint8_t byte)
{
    return Secret(Bytes(16, byte));
}

IdentityData decoded(DataGroup group, const std::string& hex)
{
    IdentityData data;
    decodeDataGroup(group, fromHex(hex), data);
    return data;
}

/// A card that gives its answers one after the other.
class ScriptedCard : public CardChannel {
public:
    explicit ScriptedCard(std::deque<std::string> answers, std::size_t commandMax = 65544)
        : _answers(std::move(answers)), _commandMax(commandMax)
    {}
    Bytes transmit(ByteView command) override
    {
        commands.push_back(toHex(command));
        if (_answers.empty())
            throw Error(ErrorCode::CardGone, "script ended");
        Bytes answer = fromHex(_answers.front());
        _answers.pop_front();
        return answer;
    }
    std::size_t commandBytesMax() const override { return _commandMax; }

    std::vector<std::string> commands;

private:
    std::deque<std::string> _answers;
    std::size_t _commandMax;
};

Bytes certificateWith(Tag tag, const Bytes& value)
{
    const auto pick = [&](Tag own, const std::string& hex) {
        return own == tag ? value : fromHex(hex);
    };
    const Tlv body = Tlv()
                         .add(0x5F29, pick(0x5F29, "00"))
                         .add(0x42, pick(0x42, "44454456303031"))
                         .add(0x7F49, pick(0x7F49, "060a04007f00070202020203"))
                         .add(0x5F20, pick(0x5F20, "44454154303031"))
                         .add(0x7F4C, pick(0x7F4C, "060904007f0007030102025305001fffff10"))
                         .add(0x5F25, pick(0x5F25, "020601010201"))
                         .add(0x5F24, pick(0x5F24, "020601020301"));
    return Tlv().add(0x7F21, Tlv().add(0x7F4E, body).add(0x5F37, pick(0x5F37, "0102"))).bytes();
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_tlv)

const std::vector<std::string> broken{
    "80",           // length missing
    "8001",         // value missing
    "80020a",       // value short
    "8080",         // indefinite length
    "808401000000", // length of four bytes
    "8081",         // length of one byte, missing
    "1f",           // tag goes on
    "1f8001ff",     // tag with a leading zero
    "1fffffff0100", // tag longer than three bytes
    "800100ff",     // a second object that does not end
};

BOOST_DATA_TEST_CASE(a_broken_object_is_refused_whole, data::make(broken), hex)
{
    BOOST_CHECK_EXCEPTION(parseTlv(fromHex(hex)), Error, malformedAnswer);
}

BOOST_AUTO_TEST_CASE(objects_are_built_as_they_are_read)
{
    for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65535U, 65536U}) {
        const Bytes value(size, 0x5A);
        const Bytes bytes = Tlv().add(0x7F4E, value).add(0x80, Bytes{}).bytes();
        const auto objects = parseTlv(bytes);
        BOOST_REQUIRE(objects.size() == 2U);
        BOOST_TEST(objects[0].tag == 0x7F4EU);
        BOOST_TEST(objects[0].value.size() == size);
        BOOST_TEST((sizeOfTlv(bytes) == objects[0].whole.size()));
    }
    BOOST_TEST((sizeOfTlv(fromHex("3082")) == std::nullopt));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(eid_secure_messaging)

BOOST_AUTO_TEST_CASE(an_answer_that_is_not_protected_ends_the_channel)
{
    SecureMessaging channel(*cipherSuite(2), key(1), key(2));
    channel.protect(getChallenge());
    BOOST_CHECK_EXCEPTION(channel.unprotect({{}, 0x6982}), Error, Refused{ErrorCode::CardRefused});
    BOOST_CHECK_EXCEPTION(channel.protect(getChallenge()), Error,
                          Refused{ErrorCode::StepOutOfOrder});
}

BOOST_AUTO_TEST_CASE(an_answer_with_a_wrong_code_ends_the_channel)
{
    const std::vector<std::string> answers{
        "990290008e080000000000000000",     // wrong code
        "99029000",                         // no code
        "8e080000000000000000",             // no status
        "990290008e0800000000000000009900", // something after the code
        "990290008e0100",                   // short code
    };
    for (const auto& answer : answers) {
        SecureMessaging channel(*cipherSuite(2), key(1), key(2));
        channel.protect(getChallenge());
        BOOST_CHECK_EXCEPTION(channel.unprotect({fromHex(answer), statusOk}), Error,
                              malformedAnswer);
        BOOST_CHECK_EXCEPTION(channel.protect(getChallenge()), Error,
                              Refused{ErrorCode::StepOutOfOrder});
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(eid_dialogue)

BOOST_AUTO_TEST_CASE(a_file_is_as_long_as_it_says)
{
    ScriptedCard card({"3003010203" + std::string("9000")});
    Dialogue dialogue(card, {});
    BOOST_TEST(toHex(dialogue.readWhole(0x1C).content) == "3003010203");
    BOOST_TEST((card.commands == std::vector<std::string>{"00b09c00000000"}));

    ScriptedCard padded({"300301020300009000"});
    BOOST_TEST(toHex(Dialogue(padded, {}).readWhole(0x1C).content) == "3003010203");
}

BOOST_AUTO_TEST_CASE(a_file_comes_in_pieces)
{
    ScriptedCard card({"3081049000", "01029000", "03046282"});
    Dialogue dialogue(card, {});
    BOOST_TEST(toHex(dialogue.readWhole(0x1C).content) == "30810401020304");
    BOOST_TEST((card.commands ==
                std::vector<std::string>{"00b09c00000000", "00b00003000000", "00b00005000000"}));
}

BOOST_AUTO_TEST_CASE(a_file_that_never_ends_is_refused)
{
    ScriptedCard nothing({"30059000", "9000"});
    BOOST_CHECK_EXCEPTION(Dialogue(nothing, {}).readWhole(0x1C), Error, malformedAnswer);
    ScriptedCard early({"30056282"});
    BOOST_CHECK_EXCEPTION(Dialogue(early, {}).readWhole(0x1C), Error, malformedAnswer);
    ScriptedCard huge({"30830fffff9000"});
    BOOST_CHECK_EXCEPTION(Dialogue(huge, {}).readWhole(0x1C), Error, malformedAnswer);
}

BOOST_AUTO_TEST_CASE(a_reader_without_extended_length_is_found_out)
{
    // The card is asked once (EF.ATR/INFO) how long it may be: says nothing; or says it, and it is
    // the reader that cannot.
    ScriptedCard silent({"6700", "6a82", "30009000"});
    BOOST_TEST(toHex(Dialogue(silent, {}).readWhole(0x1C).content) == "3000");
    BOOST_TEST((silent.commands ==
                std::vector<std::string>{"00b09c00000000", "00b0810000", "00b09c0000"}));
    ScriptedCard able({"6700", "7f660802020800020208009000", "6700", "30009000"});
    BOOST_TEST(toHex(Dialogue(able, {}).readWhole(0x1C).content) == "3000");
    BOOST_TEST(able.commands.back() == "00b09c0000");
}

BOOST_AUTO_TEST_CASE(a_card_with_a_small_buffer_is_asked_for_no_more)
{
    ScriptedCard card(
        {"6700", "43018047030080e07f660802020400020208009000", "30009000", "9000", "9000"});
    Dialogue dialogue(card, {});
    BOOST_TEST(toHex(dialogue.readWhole(0x1C).content) == "3000");
    BOOST_TEST(card.commands[2] == "00b09c000007f7"); // 2048 without what an APDU adds
    dialogue.send(verifyCertificate(Bytes(1200, 0xAB)));
    BOOST_TEST(card.commands[3].substr(0, 14) == "102a00be0003f7"); // 1024, likewise
    BOOST_TEST(card.commands[4].substr(0, 10) == "002a00beb9");
    ScriptedCard broken({"6700", "7f6604020204009000"});
    BOOST_CHECK_EXCEPTION(Dialogue(broken, {}).readWhole(0x1C), Error, malformedAnswer);
}

BOOST_AUTO_TEST_CASE(what_a_reader_says_holds_for_commands_and_answers)
{
    ScriptedCard card({"30009000", "9000", "9000"}, 512 + 9);
    Dialogue dialogue(card, {});
    dialogue.readWhole(0x1C);
    dialogue.send(verifyCertificate(Bytes(600, 0xAB)));
    BOOST_TEST(card.commands[0] == "00b09c00000200");
    BOOST_TEST(card.commands[1].substr(0, 14) == "102a00be000200");
    BOOST_TEST(card.commands[2].substr(0, 10) == "002a00be58");
}

BOOST_AUTO_TEST_CASE(long_data_is_chained_for_a_short_reader)
{
    ScriptedCard card({"9000", "9000"}, 261);
    CommandApdu command = verifyCertificate(Bytes(300, 0xAB));
    BOOST_TEST(Dialogue(card, {}).send(command).status == statusOk);
    BOOST_REQUIRE(card.commands.size() == 2U);
    BOOST_TEST(card.commands[0].substr(0, 10) == "102a00beff");
    BOOST_TEST(card.commands[1].substr(0, 10) == "002a00be2d");
}

BOOST_AUTO_TEST_CASE(an_answer_without_status_is_a_card_that_left)
{
    for (const std::string answer : {"", "90"}) {
        ScriptedCard card({answer});
        BOOST_CHECK_EXCEPTION(Dialogue(card, {}).send(getChallenge()), Error,
                              Refused{ErrorCode::CardGone});
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(eid_certificates)

BOOST_AUTO_TEST_CASE(a_certificate_is_read)
{
    const auto certificate = parseCvCertificate(certificateWith(0, {}));
    BOOST_TEST(toText(certificate.authorityReference) == "DEDV001");
    BOOST_TEST(toText(certificate.holderReference) == "DEAT001");
    BOOST_TEST(toIso(certificate.effective) == "2026-11-21");
    BOOST_TEST(toIso(certificate.expires) == "2026-12-31");
    BOOST_TEST(certificate.rights.mayRead(DataGroup::DateOfBirth));
}

struct WrongField {
    Tag tag;
    const char* value;
};
std::ostream& operator<<(std::ostream& out, const WrongField& row)
{
    return out << std::hex << row.tag << ' ' << row.value;
}
const std::vector<WrongField> wrongFields{
    {0x5F29, "01"},                                   // version
    {0x5F29, ""},                                     //
    {0x42, ""},                                       // reference
    {0x42, "4445445630303144454456303031ffffff"},     // longer than sixteen
    {0x7F49, "8101ff"},                               // no algorithm
    {0x7F4C, "060904007f0007030102015305001fffff10"}, // inspection system
    {0x7F4C, "060904007f00070301020253041fffff10"},   // four bytes
    {0x5F25, "020601010201ff"},                       // seven digits
    {0x5F25, "02060a010201"},                         // digit ten
    {0x5F24, "020601030301"},                         // 13th month
    {0x5F24, "020600020300"},                         // 30 February
};

BOOST_DATA_TEST_CASE(a_wrong_field_makes_a_certificate_unusable, data::make(wrongFields), row)
{
    BOOST_CHECK_EXCEPTION(parseCvCertificate(certificateWith(row.tag, fromHex(row.value))), Error,
                          unusable);
}

BOOST_AUTO_TEST_CASE(a_card_that_knows_the_new_authority_gets_no_link)
{
    CvCertificate link, dv, terminal;
    link.authorityReference = toBytes("OLD");
    link.holderReference = dv.authorityReference = toBytes("NEW");
    dv.holderReference = terminal.authorityReference = toBytes("DV");
    const std::vector<CvCertificate> chain{link, dv, terminal};
    BOOST_TEST(chainFor(chain, {toBytes("OLD")}).size() == 3U);
    BOOST_TEST(chainFor(chain, {toBytes("NEW")}).size() == 2U);
    BOOST_TEST(chainFor(chain, {toBytes("OLD"), toBytes("NEW")}).size() == 2U);
    BOOST_CHECK_EXCEPTION(chainFor(chain, {toBytes("OTHER")}), Error, unusable);
    BOOST_CHECK_EXCEPTION(chainFor(chain, {}), Error, unusable);
}

BOOST_AUTO_TEST_CASE(weak_and_foreign_algorithms_of_the_terminal_are_refused)
{
    const std::vector<std::string> refused{
        "04007f00070202020201",   // ECDSA with SHA-1
        "04007f00070202020202",   // with SHA-224
        "04007f00070202020101",   // RSA, PKCS#1 v1.5 with SHA-1
        "04007f00070202020106",   // RSA-PSS with SHA-512
        "04007f000702020202",     // no hash at all
        "04007f0007020202020301", // something behind it
    };
    CvCertificate certificate;
    for (const auto& oid : refused) {
        certificate.keyOid = fromHex(oid);
        BOOST_CHECK_EXCEPTION(hashOfKey(certificate), Error, unusable);
    }
    certificate.keyOid = fromHex("04007f00070202020204");
    BOOST_TEST(hashOfKey(certificate) == std::string("SHA2-384"));
}

BOOST_AUTO_TEST_CASE(rights_are_what_form_and_certificate_share)
{
    const auto form = Rights::toRead({DataGroup::FamilyNames, DataGroup::MunicipalityId});
    BOOST_TEST(toHex(form.encode()) == "7f4c12060904007f0007030102025305"
                                       "0002001000");
    const auto certificate = Rights::fromBytes(fromHex("c000001000")); // role bits are no rights
    BOOST_TEST(((form & certificate) == Rights::toRead({DataGroup::FamilyNames})));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(eid_security_infos)

const std::vector<std::string> wrongInfos{
    "3000",     // no SET
    "3100ff",   // something after it
    "31023000", // no protocol
    "3104300206"
    "00", // protocol alone
    "310c300a060804007f00070202"
    "07",                                   // eIDSecurityInfo without content
    "3110300e060804007f000702020730023000", // torn hash list
};

BOOST_DATA_TEST_CASE(a_broken_set_is_refused_whole, data::make(wrongInfos), hex)
{
    BOOST_CHECK_EXCEPTION(parseSecurityInfos(fromHex(hex)), Error, malformedAnswer);
}

BOOST_AUTO_TEST_CASE(unknown_and_weak_protocols_are_passed_over)
{
    // PACE with 3DES; PACE with DH groups; integrated mapping; something of another authority
    const auto infos = parseSecurityInfos(fromHex("3150"
                                                  "3012060a04007f0007020204020102010202010d"
                                                  "3012060a04007f00070202040202020102020102"
                                                  "3012060a04007f0007020204040202010202010d"
                                                  "3012060a04007f0108020204020202010202010d"));
    BOOST_TEST(infos.pace.empty());
    BOOST_TEST(infos.relied.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_for_privileged_terminals_is_not_ours)
{
    // PrivilegedTerminalInfo (TR-03110-3 A.1.1.9): a chip-individual key that a town may not use
    const std::string forAll = "3012060a04007f00070202030202020102020129";
    const std::string privileged =
        "3020060804007f000702020831143012060a04007f0007020203020202010202012d";
    const auto infos = parseSecurityInfos(fromHex("3136" + forAll + privileged));
    BOOST_TEST(infos.chipAuthentication.size() == 1U);
    BOOST_REQUIRE(infos.chipAuthentication.front().keyId.has_value());
    BOOST_TEST((*infos.chipAuthentication.front().keyId == Bytes{0x29}));
}

BOOST_AUTO_TEST_CASE(a_forged_card_access_is_not_contained)
{
    const std::string pace13 = "3012060a04007f0007020204020202010202010d";
    const std::string pace12 = "3012060a04007f0007020204020202010202010c";
    const auto whole = parseSecurityInfos(fromHex("3128" + pace13 + pace12));
    const auto part = parseSecurityInfos(fromHex("3114" + pace13));
    BOOST_TEST(contains(whole, part));
    BOOST_TEST(!contains(part, whole));
}

BOOST_AUTO_TEST_CASE(points_off_the_curve_are_refused)
{
    const Curve curve(13);
    const Secret one(Bytes{1});
    Bytes point = curve.generator();
    BOOST_CHECK_NO_THROW(curve.multiply(point, one));
    point.back() ^= 1;
    BOOST_CHECK_EXCEPTION(curve.multiply(point, one), Error, malformedAnswer);
    BOOST_CHECK_EXCEPTION(curve.multiply({}, one), Error, malformedAnswer);
    BOOST_CHECK_EXCEPTION(curve.multiply(Bytes{0}, one), Error, malformedAnswer); // infinity
    BOOST_CHECK_EXCEPTION(curve.multiply(Bytes(65, 4), one), Error, malformedAnswer);
    BOOST_CHECK_EXCEPTION(Curve(2), Error, Refused{ErrorCode::CardRefused});
}

BOOST_AUTO_TEST_CASE(our_own_key_that_comes_back_is_refused)
{
    // P_A = P_B would let a reflecting card know the token (TR-03110-3 A.3.4)
    const PaceInfo info{fromHex("04007f00070202040202"), cipherSuite(2), 13};
    Pace pace(info, Secret(std::string_view("123456")));
    pace.takeNonce(Bytes(16, 7));
    pace.mappingKey(Secret(Bytes{5}));
    pace.takeMappingKey(pace.curve().generator());
    const Bytes own = pace.ephemeralKey(Secret(Bytes{9}));
    BOOST_CHECK_EXCEPTION(pace.takeEphemeralKey(own), Error, malformedAnswer);
    BOOST_CHECK_EXCEPTION(pace.takeNonce(Bytes(15)), Error, malformedAnswer);
    BOOST_CHECK_EXCEPTION(pace.takeNonce({}), Error, malformedAnswer);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(eid_data_groups)

BOOST_AUTO_TEST_CASE(places_come_in_three_forms)
{
    const auto structured =
        decoded(DataGroup::PlaceOfResidence, "711e301caa070c0553545220"
                                             "31ab050c034bc3b6ad03130144ae051303353131");
    BOOST_TEST(structured.placeOfResidence.street == "STR 1");
    BOOST_TEST(structured.placeOfResidence.city == "Kö");
    BOOST_TEST(structured.placeOfResidence.country == "D");
    BOOST_TEST(structured.placeOfResidence.postalCode == "511");
    BOOST_TEST(decoded(DataGroup::PlaceOfBirth, "6906a1040c024243").placeOfBirth.freeText == "BC");
    BOOST_TEST(decoded(DataGroup::PlaceOfResidence, "7106a2040c02"
                                                    "6b65")
                   .placeOfResidence.noPlace == "ke");
    // several residences: the first is the main one
    BOOST_TEST(decoded(DataGroup::PlaceOfResidence, "710e310ca1040c024243a1040c024445")
                   .placeOfResidence.freeText == "BC");
}

BOOST_AUTO_TEST_CASE(numbers_and_dates_are_read)
{
    BOOST_TEST(decoded(DataGroup::DateOfBirth, "680a12083139393430392020").dateOfBirth ==
               "199409  ");
    BOOST_TEST(decoded(DataGroup::MunicipalityId, "7209040702760503150000").municipalityId ==
               "02760503150000");
    BOOST_TEST(decoded(DataGroup::MunicipalityId, "72020400").municipalityId.empty());
    BOOST_TEST(decoded(DataGroup::Nationality, "6a021300").nationality.empty());
    BOOST_TEST(hasExpired("20261120", localDateFromIso("2026-11-21")));
    BOOST_TEST(!hasExpired("20261121", localDateFromIso("2026-11-21")));
}

struct WrongGroup {
    DataGroup group;
    const char* hex;
};
std::ostream& operator<<(std::ostream& out, const WrongGroup& row)
{
    return out << row.hex;
}
const std::vector<WrongGroup> wrongGroups{
    {DataGroup::GivenNames, ""},
    {DataGroup::GivenNames, "65040c024141"},               // another group's content
    {DataGroup::GivenNames, "640413024141"},               // another type
    {DataGroup::GivenNames, "64040c02c328"},               // no UTF-8
    {DataGroup::GivenNames, "64040c02410a"},               // control character
    {DataGroup::GivenNames, "64080c0241410c024242"},       // two values
    {DataGroup::GivenNames, "64040c024141ff"},             // something after it
    {DataGroup::DateOfExpiry, "630a12083230323631312020"}, // blanks
    {DataGroup::DateOfBirth, "680912073139393430392020"},
    {DataGroup::DateOfBirth, "680a12083139393430394141"},
    {DataGroup::DocumentType, "610413024980"},                     // no ASCII
    {DataGroup::MunicipalityId, "72040402027a"},                   // no digit
    {DataGroup::PlaceOfBirth, "6906a5040c024243"},                 // unknown form
    {DataGroup::PlaceOfResidence, "71023100"},                     // an empty set
    {DataGroup::PlaceOfResidence, "710c300aab030c0141aa030c0142"}, // out of order
    {DataGroup::PlaceOfResidence, "7107"
                                  "3005af030c0141"}, // unknown part
    {DataGroup::ResidencePermit1, "7304a2020400"},   // compressed
};

BOOST_DATA_TEST_CASE(a_broken_group_is_refused_whole, data::make(wrongGroups), row)
{
    BOOST_CHECK_EXCEPTION(decoded(row.group, row.hex), Error, malformedAnswer);
}

BOOST_AUTO_TEST_CASE(auxiliary_data_asks_for_the_day)
{
    BOOST_TEST(toHex(auxiliaryData(auxiliaryTemplate(
                   Question::Validity, dateDigits(localDateFromIso("2026-11-21"))))) ==
               "67177315060904007f00070301040253083230323631313231");
}

BOOST_AUTO_TEST_SUITE_END()
