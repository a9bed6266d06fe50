// SPDX-License-Identifier: EUPL-1.2
//
// Whole reads with everything that cards and certificates may choose: protocols, curves, hashes,
// chains, and the questions that a card answers itself.
#include "drivers/eid/curve.h"
#include "drivers/eid/tlv.h"
#include "tests/drivers/eid/table.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using test::CountedRandom;
using test::now;
using test::request;
using test::Table;

namespace {

sim::CardPki pkiWith(const sim::PkiShape& shape)
{
    CountedRandom random(22);
    return sim::makeCardPki(random, now, shape);
}

IdentityRequest requestWith(const sim::CardPki& keys)
{
    auto wanted = request();
    wanted.certificates = keys.certificates();
    return wanted;
}

/// Notes the commands.
class Listening : public CardChannel {
public:
    explicit Listening(CardChannel& card) : _card(card) {}
    Bytes transmit(ByteView command) override
    {
        commands.push_back(toHex(command));
        return _card.transmit(command);
    }
    std::size_t commandBytesMax() const override { return _card.commandBytesMax(); }
    std::vector<std::string> commands;

private:
    CardChannel& _card;
};

Bytes sectorKey(const std::string& scalar)
{
    const eid::Curve curve(13);
    return eid::Tlv()
        .add(0x06, fromHex("04007f00070202050203"))
        .add(0x86, curve.multiply(curve.generator(), Secret(fromHex(scalar))))
        .bytes();
}

struct Shape {
    int parameterId;
    std::uint8_t hashSuffix;
    int links;
};
std::ostream& operator<<(std::ostream& out, const Shape& row)
{
    return out << "curve " << row.parameterId << ", hash " << static_cast<int>(row.hashSuffix)
               << ", links " << row.links;
}
const std::vector<Shape> shapes{
    {12, 3, 0}, {13, 3, 1}, {13, 4, 3}, {14, 3, 0}, {15, 4, 0}, {16, 4, 1}, {17, 5, 0},
    {17, 5, 2}, {18, 5, 1}, {8, 3, 0},  {9, 3, 0},  {10, 3, 0}, {11, 3, 1},
};

struct Suite {
    int parameterId;
    int keyBytes;
};
std::ostream& operator<<(std::ostream& out, const Suite& suite)
{
    return out << "curve " << suite.parameterId << ", AES-" << suite.keyBytes * 8;
}
std::vector<Suite> everySuite()
{
    std::vector<Suite> all;
    for (int curve = 8; curve <= 18; ++curve) {
        for (const int keyBytes : {16, 24, 32})
            all.push_back({curve, keyBytes});
    }
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_terminal)

BOOST_DATA_TEST_CASE(every_curve_and_every_key_length_works, data::make(everySuite()), suite)
{
    auto profile = sim::cardProfile("erika");
    profile.parameterId = suite.parameterId;
    profile.keyBytes = suite.keyBytes;
    Table table(profile);
    BOOST_TEST(table.readName() == "IdentityRead");
    auto wanted = request();
    wanted.pin = Secret();
    wanted.can = Secret(std::string_view("222222"));
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(of_several_protocols_the_strongest_is_taken)
{
    auto profile = sim::cardProfile("erika"); // AES-128 on 13
    profile.morePace = {{12, 16}, {16, 32}, {13, 24}, {18, 32}, {17, 32}, {8, 16}};
    Table table(profile);
    Listening listening(table.channel);
    const auto outcome = test::readIdentity(listening, table.terminalRandom, request(),
                                            table.ours.terminalKey.reveal());
    BOOST_TEST(test::nameOf(outcome) == "IdentityRead");
    // id-PACE-ECDH-GM-AES-CBC-CMAC-256 on curve 18, which must be named among three
    BOOST_TEST(listening.commands[1].find("800a04007f00070202040204830103840112") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_single_protocol_needs_no_name_for_its_curve)
{
    Table table;
    Listening listening(table.channel);
    test::readIdentity(listening, table.terminalRandom, request(), table.ours.terminalKey.reveal());
    BOOST_TEST(listening.commands[1].find("800a04007f000702020402028301037f4c") !=
               std::string::npos);
}

BOOST_DATA_TEST_CASE(chains_of_every_length_curve_and_hash_prove_the_terminal, data::make(shapes),
                     row)
{
    const auto keys =
        pkiWith({.parameterId = row.parameterId, .hashSuffix = row.hashSuffix, .links = row.links});
    BOOST_TEST(keys.terminalChain.size() == static_cast<std::size_t>(row.links) + 2);
    Table table(sim::cardProfile("erika"), keys);
    const auto wanted = requestWith(keys);
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
    const auto first = table.card.commandsSoFar();
    BOOST_TEST(first == 29U + 2 * static_cast<std::size_t>(row.links));
    // The card knows the newest authority from now on, and is not shown the links again.
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
    BOOST_TEST(table.card.commandsSoFar() - first == 29U);
}

BOOST_AUTO_TEST_CASE(a_chain_that_begins_too_late_for_the_card_is_not_shown)
{
    const auto keys = pkiWith({.links = 2});
    Table table(sim::cardProfile("erika"), keys);
    auto wanted = requestWith(keys);
    wanted.certificates.chain.erase(wanted.certificates.chain.begin());
    BOOST_TEST(table.readName(wanted) == "DeviceFailed CertificateUnusable");
}

BOOST_AUTO_TEST_CASE(a_link_with_a_wrong_signature_ends_the_read)
{
    const auto keys = pkiWith({.links = 1});
    Table table(sim::cardProfile("erika"), keys);
    auto wanted = requestWith(keys);
    wanted.certificates.chain.front().back() ^= 1;
    BOOST_TEST(table.readName(wanted) == "DeviceFailed CertificateUnusable");
}

BOOST_AUTO_TEST_CASE(the_citizen_was_shown_the_description_of_this_certificate)
{
    const Bytes description = toBytes("Stadt Musterstadt, Bürgerbüro");
    for (const auto hash : {std::uint8_t{3}, std::uint8_t{4}, std::uint8_t{5}}) {
        const auto keys = pkiWith({.hashSuffix = hash, .description = description});
        Table table(sim::cardProfile("erika"), keys);
        auto wanted = requestWith(keys);
        wanted.certificates.description = description;
        BOOST_TEST(table.readName(wanted) == "IdentityRead");
        wanted.certificates.description.back() ^= 1;
        const auto commands = table.card.commandsSoFar();
        BOOST_TEST(table.readName(wanted) == "DeviceFailed CertificateUnusable");
        BOOST_TEST(table.card.commandsSoFar() == commands);
    }
    Table without;
    auto wanted = request();
    wanted.certificates.description = description;
    BOOST_TEST(without.readName(wanted) == "DeviceFailed CertificateUnusable");
}

struct Age {
    const char* born; ///< on the card
    const char* until;
    bool oldEnough;
};
std::ostream& operator<<(std::ostream& out, const Age& row)
{
    return out << row.born << ' ' << row.until;
}
const std::vector<Age> ages{
    {"20081121", "2008-11-21", true},  // eighteen today
    {"20081122", "2008-11-21", false}, // tomorrow
    {"1989    ", "1989-12-31", false}, // unknown day counts as later than all
    {"1989    ", "1990-01-01", true},
};

BOOST_DATA_TEST_CASE(the_card_says_whether_somebody_is_old_enough, data::make(ages), row)
{
    Table table(sim::cardOf("ADA", "MUSTER", row.born));
    auto wanted = request();
    wanted.groups = {DataGroup::DateOfExpiry};
    wanted.bornUntil = localDateFromIso(row.until);
    const auto outcome = table.read(wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    const auto& read = std::get<IdentityRead>(outcome);
    BOOST_TEST((read.oldEnough == row.oldEnough));
    BOOST_TEST(!read.livesThere.has_value());
    BOOST_TEST(read.data.reveal().dateOfBirth.empty());
}

BOOST_AUTO_TEST_CASE(the_card_says_whether_somebody_lives_there)
{
    const auto livesIn = [](const char* prefix) {
        Table table; // 02760503150000
        auto wanted = request();
        wanted.groups.clear();
        wanted.municipalityPrefix = prefix;
        const auto outcome = table.read(wanted);
        BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
        BOOST_TEST((std::get<IdentityRead>(outcome).livesThere.has_value()));
        BOOST_TEST((std::get<IdentityRead>(outcome).data.reveal() == IdentityData{}));
        return *std::get<IdentityRead>(outcome).livesThere;
    };
    BOOST_TEST(livesIn("0276"));
    BOOST_TEST(livesIn("02760503150000"));
    BOOST_TEST(!livesIn("0277"));
    Table table;
    auto wanted = request();
    wanted.municipalityPrefix = "027";
    BOOST_TEST(table.readName(wanted) == "DeviceFailed InputMalformed");
}

BOOST_AUTO_TEST_CASE(all_questions_are_asked_at_once_and_an_expired_card_answers_none)
{
    auto wanted = request();
    wanted.groups = {DataGroup::FamilyNames};
    wanted.bornUntil = localDateFromIso("2008-11-21");
    wanted.municipalityPrefix = "02";
    Table table;
    const auto outcome = table.read(wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    BOOST_TEST((std::get<IdentityRead>(outcome).oldEnough == true));
    BOOST_TEST((std::get<IdentityRead>(outcome).livesThere == true));
    BOOST_TEST(Table("expired").readName(wanted) == "CardExpired");
}

struct Missing {
    std::uint64_t bit;
    void (*ask)(IdentityRequest&);
};
const Missing missing[] = {
    {0x01, [](IdentityRequest& wanted) { wanted.bornUntil = localDateFromIso("2008-11-21"); }},
    {0x02, [](IdentityRequest& wanted) { wanted.municipalityPrefix = "02"; }},
    {0x04, [](IdentityRequest& wanted) { wanted.sectorKey = sectorKey("05"); }},
};

BOOST_AUTO_TEST_CASE(a_function_that_the_certificate_does_not_allow_is_not_asked_for)
{
    for (const auto& row : missing) {
        const auto keys = pkiWith({.rights = ~row.bit});
        Table table(sim::cardProfile("erika"), keys);
        auto wanted = requestWith(keys);
        BOOST_TEST(table.readName(wanted) == "IdentityRead");
        const auto commands = table.card.commandsSoFar();
        row.ask(wanted);
        BOOST_TEST(table.readName(wanted) == "DeviceFailed CertificateUnusable");
        BOOST_TEST(table.card.commandsSoFar() == commands);
    }
}

BOOST_AUTO_TEST_CASE(a_pseudonym_is_the_same_in_one_sector_and_another_in_the_next)
{
    Table table;
    const auto read = [&](const std::string& sector, const std::string& revocation) {
        auto wanted = request();
        wanted.groups = {DataGroup::DateOfExpiry};
        if (!sector.empty())
            wanted.sectorKey = sectorKey(sector);
        if (!revocation.empty())
            wanted.revocationKey = sectorKey(revocation);
        const auto outcome = table.read(wanted);
        BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
        return std::get<IdentityRead>(outcome);
    };
    const auto first = read("05", "");
    BOOST_TEST(first.pseudonym.reveal().size() == 32U);
    BOOST_TEST(first.revocationMark.reveal().empty());
    BOOST_TEST((read("05", "").pseudonym == first.pseudonym));
    BOOST_TEST((read("06", "").pseudonym != first.pseudonym));
    const auto both = read("05", "05"); // two keys of the card
    BOOST_TEST((both.pseudonym == first.pseudonym));
    BOOST_TEST((both.revocationMark != first.pseudonym));

    const auto list = BlockList::parse("# lost\n" + toHex(both.revocationMark.reveal()) + "\n");
    BOOST_TEST(test::nameOf(judge(read("", "05"), list)) == "CardRevoked");
    BOOST_TEST(test::nameOf(judge(read("", "07"), list)) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_card_without_restricted_identification_gives_no_mark)
{
    auto profile = sim::cardProfile("erika");
    profile.restrictedId = false;
    Table table(profile);
    auto wanted = request();
    wanted.revocationKey = sectorKey("05");
    BOOST_TEST(table.readName(wanted) == "DeviceFailed CardRefused");
}

BOOST_AUTO_TEST_CASE(all_groups_are_read_in_38_commands)
{
    Table table;
    auto wanted = request();
    wanted.groups.clear();
    for (int group = 1; group <= 22; ++group) {
        if (group != 16)
            wanted.groups.insert(static_cast<DataGroup>(group));
    }
    BOOST_TEST(wanted.groups.size() == 21U);
    const auto outcome = table.read(wanted);
    BOOST_TEST(test::nameOf(outcome) == "IdentityRead");
    BOOST_TEST(table.card.commandsSoFar() == 38U);
}

BOOST_AUTO_TEST_CASE(a_document_that_hides_its_end_is_not_read)
{
    auto profile = sim::cardProfile("erika");
    profile.groups.erase(3);
    Table table(profile);
    BOOST_TEST(table.readName() == "DeviceFailed CardAnswerMalformed");
}

BOOST_AUTO_TEST_SUITE_END()
