// SPDX-License-Identifier: EUPL-1.2
//
// Readers that open PACE themselves: the bytes of PC/SC part 10, and whole reads whose password
// nobody here has seen. Behind a real pcscd: ifd/ifd_test.cpp.
#include "drivers/eid/pace_reader.h"
#include "drivers/eid/tlv.h"
#include "tests/drivers/eid/ifd/reader.h"
#include "tests/drivers/eid/table.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using test::AtKeypad;
using test::CancelPressed;
using test::NobodyCame;
using test::request;
using test::Typed;

namespace {

/// A card in a reader with a keypad, at which somebody types this.
struct ReaderTable : test::Table {
    explicit ReaderTable(const std::string& profile = "erika", AtKeypad typed = Typed{"123456"},
                         const sim::CardPki& keys = test::pki())
        : Table(sim::cardProfile(profile), keys), reader(card, readerRandom), keypad(reader)
    {
        reader.keypad = [typed](std::uint8_t) { return typed; };
    }
    IdentityOutcome read(const IdentityRequest& wanted)
    {
        reader.power(true);
        steps.clear();
        return test::readIdentity(keypad, terminalRandom, wanted, ours.terminalKey.reveal(),
                                  &steps);
    }
    std::string readName(const IdentityRequest& wanted) { return test::nameOf(read(wanted)); }

    test::CountedRandom readerRandom{4};
    test::KeypadReader reader;
    test::KeypadChannel keypad;
};

IdentityRequest atReader(IdentityPurpose purpose = IdentityPurpose::Read)
{
    auto wanted = request();
    wanted.purpose = purpose;
    wanted.pin = Secret();
    wanted.entry = PasswordEntry::AtReader;
    return wanted;
}

struct Input {
    const char* what;
    eid::PacePassword password;
    const char* chat;
    std::string_view given;
    const char* description;
    const char* bytes;
};
std::ostream& operator<<(std::ostream& out, const Input& row)
{
    return out << row.what;
}
// Layout of amendment 1, 2.6.16; the CHAT is that of TR-03110-3 C.1.5.
const Input inputs[] = {
    {"PIN at the keypad", eid::PacePassword::Pin, "", "", "", "0205000300000000"},
    {"CAN handed over", eid::PacePassword::Can, "", "500540", "",
     "020b00020006353030353430"
     "0000"},
    {"PUK at the keypad", eid::PacePassword::Puk, "", "", "", "0205000400000000"},
    {"PIN with rights and description", eid::PacePassword::Pin,
     "7f4c12060904007f00070301020253050000000f0f", "", "3003020105",
     "021f0003157f4c12060904007f00070301020253050000000f0f0005003003020105"},
};

struct Result {
    const char* code; ///< lowest byte first
    const char* outcome;
};
std::ostream& operator<<(std::ostream& out, const Result& row)
{
    return out << row.code;
}
// TR-03119 D.1.2, after a card that said 9000 to MSE: three tries.
const Result results[] = {
    {"c26306f0", "WrongPin 2"},
    {"c16306f0", "WrongPin 1"},
    {"c06306f0", "WrongPin 0"},
    {"006306f0", "WrongPin 2"},
    {"836906f0", "PinBlocked"},
    {"856903f0", "DeviceFailed CardRefused"},
    {"846903f0", "PinNotActivated"},
    {"836202f0", "PinNotActivated"},
    {"836902f0", "PinBlocked"},
    {"806a02f0", "NotAnIdentityCard"},
    {"006f04f0", "DeviceFailed CardRefused"},
    {"826a00f0", "DeviceFailed CardRefused"},
    {"826901f0", "DeviceFailed CardRefused"},
    {"010020f0", "ReadCancelled"}, // cancelled at the keypad
    {"020020f0", "ReadCancelled"}, // nobody typed
    {"010010f0", "CardRemoved"},
    {"020010f0", "CardRemoved"},
    {"010000e0", "DeviceFailed CardAnswerMalformed"},
    {"060000e0", "DeviceFailed CardAnswerMalformed"},
    {"010000d0", "DeviceFailed ReaderFailed"},
    {"030000e0", "DeviceFailed ReaderFailed"},
    {"c26307f0", "DeviceFailed ReaderFailed"}, // no such step
    {"c20063f0", "DeviceFailed ReaderFailed"},
    {"f00663c2", "DeviceFailed ReaderFailed"}, // the wrong way round
    {"01000000", "DeviceFailed ReaderFailed"},
};

const std::string output = "9000" // MSE:Set AT
                           "0200" // EF.CardAccess
                           "3100"
                           "0e"
                           "4445435643416549443030313033" // DECVCAeID00103
                           "0e"
                           "4445435643416549443030313032"
                           "2000"
                           "24e41d62b8c848226b86fcc6c7657577dca47ad2bf21573617bae84807f85c6b";

Bytes wholeAnswer()
{
    return fromHex("000000004600" + output);
}

/// Is refused, with this code.
void isRefused(const Bytes& answer)
{
    BOOST_CHECK_EXCEPTION(eid::parseEstablishedPace(answer), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::CardAnswerMalformed;
    });
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_pace_reader)

BOOST_DATA_TEST_CASE(a_reader_is_asked_for_pace_in_these_bytes, data::make(inputs), row)
{
    BOOST_TEST(toHex(eid::establishPace(row.password, fromHex(row.chat), Secret(row.given),
                                        fromHex(row.description))) == row.bytes);
}

BOOST_AUTO_TEST_CASE(a_description_that_fits_no_length_is_not_sent)
{
    BOOST_CHECK_THROW(eid::establishPace(eid::PacePassword::Pin, {}, {}, Bytes(0x10000)), Error);
}

BOOST_AUTO_TEST_CASE(a_reader_says_that_it_opens_pace_for_identity_cards)
{
    BOOST_TEST(toHex(eid::askPaceCapabilities()) == "010000");
    const auto says = [](const char* answer) {
        return eid::runsPaceForIdentityCards(fromHex(answer));
    };
    BOOST_TEST(says("00000000010060"));
    BOOST_TEST(says("000000000100f0"));
    BOOST_TEST(says("0000000002000170")); // with its own length, as the amendment has it
    for (const char* no :
         {"", "00", "00000000010040", "00000000010020", "01000000010060", "00000000020060",
          "0000000001006000", "0000000002000270", "000000000000"})
        BOOST_TEST(!says(no), no);
}

BOOST_AUTO_TEST_CASE(what_a_reader_says_of_its_pace_is_taken_apart)
{
    const auto pace = eid::parseEstablishedPace(wholeAnswer());
    const auto* opened = std::get_if<eid::ReaderPaceOpened>(&pace);
    BOOST_REQUIRE(opened != nullptr);
    BOOST_TEST(opened->chosen == 0x9000);
    BOOST_TEST(toHex(opened->cardAccess) == "3100");
    BOOST_REQUIRE(opened->references.size() == 2U);
    BOOST_TEST(toText(opened->references[0]) == "DECVCAeID00103");
    BOOST_TEST(toText(opened->references[1]) == "DECVCAeID00102");
    BOOST_TEST(opened->cardId.size() == 32U);
    const auto alone = eid::parseEstablishedPace(fromHex("00000000060063c202003100"));
    BOOST_TEST(std::get<eid::ReaderPaceOpened>(alone).chosen == 0x63C2);
    BOOST_TEST(std::get<eid::ReaderPaceOpened>(alone).cardId.empty());
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_not_whole_is_refused_whole)
{
    const Bytes whole = wholeAnswer();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        isRefused(cut);
        if (size < 6)
            continue;
        cut[4] = static_cast<std::uint8_t>(size - 6); // and says so, too
        if (size != 12)                               // right behind EF.CardAccess it may end
            isRefused(cut);
    }
    Bytes longer = whole;
    longer.push_back(0);
    isRefused(longer);
    longer[4] = static_cast<std::uint8_t>(longer[4] + 1);
    isRefused(longer);
    isRefused(fromHex("c26306f00100")); // a refusal, too, is as long as it says
    isRefused(fromHex("c26306f0000000"));
}

BOOST_AUTO_TEST_CASE(a_pin_that_is_typed_at_the_reader_reads_the_card)
{
    ReaderTable table;
    const auto outcome = table.read(atReader());
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    const auto& read = std::get<IdentityRead>(outcome);
    BOOST_TEST(read.data.reveal().familyNames == "MUSTERMANN");
    BOOST_TEST((read.password == CardPassword::Pin));
    // EF.CardAccess, MSE for the tries; then all but the reader's own PACE.
    BOOST_TEST(table.reader.commands.size() == 25U);
    BOOST_REQUIRE(table.reader.controls.size() == 1U);
    const std::string asked = toHex(table.reader.controls.front());
    BOOST_TEST(asked.substr(6, 8) == "03157f4c");           // the PIN, with rights ...
    BOOST_TEST(asked.substr(asked.size() - 6) == "000000"); // ... and without digits
    BOOST_TEST((table.steps ==
                std::vector<IdentityStep>{IdentityStep::CheckingPin, IdentityStep::EnteringAtReader,
                                          IdentityStep::ProvingTerminal, IdentityStep::CheckingCard,
                                          IdentityStep::Reading}));
}

BOOST_AUTO_TEST_CASE(the_reader_protects_until_the_chips_own_keys_do)
{
    ReaderTable table;
    BOOST_TEST(table.readName(atReader()) == "IdentityRead");
    std::size_t plain = 0;
    while (plain < table.reader.commands.size() && (table.reader.commands[plain][0] & 0x0C) == 0)
        ++plain;
    BOOST_TEST(plain == 12U); // to GENERAL AUTHENTICATE of chip authentication
    for (std::size_t i = plain; i < table.reader.commands.size(); ++i)
        BOOST_TEST((table.reader.commands[i][0] & 0x0C) == 0x0C);
}

BOOST_AUTO_TEST_CASE(the_pin_may_still_come_from_the_kiosk)
{
    ReaderTable table;
    BOOST_TEST(table.readName(request()) == "IdentityRead");
    BOOST_TEST(table.reader.controls.empty());
    BOOST_TEST(table.reader.commands.size() == 29U);
    auto onSite = request();
    onSite.pin = Secret();
    onSite.can = Secret(std::string_view("222222"));
    BOOST_TEST(table.readName(onSite) == "IdentityRead");
    BOOST_TEST(table.reader.controls.empty());
}

BOOST_AUTO_TEST_CASE(a_wrong_pin_at_the_reader_costs_a_try_and_the_last_is_kept)
{
    ReaderTable table("erika", Typed{"654321"});
    BOOST_TEST(table.readName(atReader()) == "WrongPin 2");
    BOOST_TEST(table.readName(atReader()) == "WrongPin 1");
    table.reader.controls.clear();
    BOOST_TEST(table.readName(atReader()) == "PinSuspended"); // before anybody is asked to type
    BOOST_TEST(table.reader.controls.empty());
    BOOST_TEST(table.card.memory().triesLeft == 1);
}

BOOST_AUTO_TEST_CASE(a_suspended_pin_is_resumed_in_the_readers_channel)
{
    for (const auto purpose : {IdentityPurpose::Read, IdentityPurpose::ResumePin}) {
        ReaderTable table("pin-suspended");
        auto wanted = atReader(purpose);
        wanted.can = Secret(std::string_view("222223"));
        BOOST_TEST(table.readName(wanted) == "WrongCan");
        wanted.can = Secret(std::string_view("222222"));
        table.reader.controls.clear();
        BOOST_TEST(table.readName(wanted) ==
                   (purpose == IdentityPurpose::Read ? "IdentityRead" : "PinManaged"));
        BOOST_TEST(table.card.memory().triesLeft == 3);
        BOOST_REQUIRE(table.reader.controls.size() == 2U);
        // The CAN, which is printed on the card, is handed over; the PIN never is.
        BOOST_TEST(toHex(table.reader.controls[0]) == "020b00020006"
                                                      "323232323232"
                                                      "0000");
        BOOST_TEST(toHex(table.reader.controls[1]).find("313233343536") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_puk_that_is_typed_at_the_reader_unblocks_the_pin)
{
    ReaderTable table("pin-blocked", Typed{"9876543211"});
    BOOST_TEST(table.readName(atReader(IdentityPurpose::UnblockPin)) == "WrongPuk");
    table.reader.keypad = [](std::uint8_t password) {
        return Typed{password == 4 ? "9876543210" : ""};
    };
    BOOST_TEST(table.readName(atReader(IdentityPurpose::UnblockPin)) == "PinManaged");
    BOOST_TEST(table.card.memory().triesLeft == 3);
}

BOOST_AUTO_TEST_CASE(nobody_types_or_somebody_presses_cancel)
{
    BOOST_TEST(ReaderTable("erika", NobodyCame{}).readName(atReader()) == "ReadCancelled");
    ReaderTable cancelled("erika", CancelPressed{});
    BOOST_TEST(cancelled.readName(atReader()) == "ReadCancelled");
    BOOST_TEST(cancelled.card.memory().triesLeft == 3);
}

BOOST_DATA_TEST_CASE(what_the_reader_could_not_do_has_its_outcome, data::make(results), row)
{
    ReaderTable table;
    table.reader.bend = [&](Bytes& answer) { answer = fromHex(row.code + std::string("0000")); };
    BOOST_TEST(table.readName(atReader()) == row.outcome);
}

BOOST_AUTO_TEST_CASE(a_request_that_the_keypad_cannot_answer_never_reaches_the_card)
{
    ReaderTable table;
    auto withPin = atReader();
    withPin.pin = Secret(std::string_view("123456"));
    BOOST_TEST(table.readName(withPin) == "DeviceFailed InputMalformed");
    for (const auto purpose :
         {IdentityPurpose::ChangePin, IdentityPurpose::SetPin, IdentityPurpose::ResumePin}) {
        auto wanted = atReader(purpose);
        if (purpose != IdentityPurpose::ResumePin)
            wanted.can = Secret(std::string_view("222222"));
        if (purpose == IdentityPurpose::ChangePin)
            wanted.newPin = Secret(std::string_view("654321"));
        BOOST_TEST(table.readName(wanted) == "DeviceFailed InputMalformed");
    }
    BOOST_TEST(table.card.commandsSoFar() == 0U);
    BOOST_TEST(table.reader.controls.empty());
}

BOOST_AUTO_TEST_CASE(a_reader_without_pace_is_an_ordinary_one)
{
    ReaderTable table;
    table.reader.shape.executesPace = false;
    table.reader.shape.verifiesPin = true;
    BOOST_TEST(table.readName(atReader(IdentityPurpose::LookAtReader)) ==
               "DeviceFailed InputMalformed");
    auto look = request();
    look.purpose = IdentityPurpose::LookAtReader;
    BOOST_TEST(table.readName(look) == "ReaderReady takes none");
    BOOST_TEST(table.readName(atReader()) == "DeviceFailed ReaderFailed");
    BOOST_TEST(table.card.commandsSoFar() == 0U);
    BOOST_TEST(table.readName(request()) == "IdentityRead");
    table.reader.shape.executesPace = true;
    BOOST_TEST(table.readName(look) == "ReaderReady takes a password");
}

// --- a reader that lies

/// Fields of a whole answer of the simulated reader, with erika's card.
struct Lie {
    const char* what;
    void (*tell)(Bytes& answer);
    const char* outcome;
};
std::ostream& operator<<(std::ostream& out, const Lie& row)
{
    return out << row.what;
}
std::size_t accessSize(const Bytes& answer)
{
    return answer[8] | std::size_t{answer[9]} << 8;
}
const Lie lies[] = {
    {"the truth", [](Bytes&) {}, "IdentityRead"},
    {"another key of the chip", [](Bytes& answer) { answer.back() ^= 1; },
     "DeviceFailed CertificateUnusable"}, // the card refuses our proof
    {"a short key",
     [](Bytes& answer) {
         answer.pop_back();
         answer[answer.size() - 33] -= 1;
         answer[4] = static_cast<std::uint8_t>(answer.size() - 6);
         answer[5] = static_cast<std::uint8_t>((answer.size() - 6) >> 8);
     },
     "DeviceFailed CardAnswerMalformed"},
    {"another EF.CardAccess", [](Bytes& answer) { answer[10 + accessSize(answer) - 1] ^= 1; },
     "DeviceFailed CardAnswerMalformed"},
    {"no authority and no key",
     [](Bytes& answer) {
         answer.resize(10 + accessSize(answer));
         answer[4] = static_cast<std::uint8_t>(answer.size() - 6);
         answer[5] = static_cast<std::uint8_t>((answer.size() - 6) >> 8);
     },
     "DeviceFailed CardAnswerMalformed"},
    {"an authority that nobody knows",
     [](Bytes& answer) { answer[10 + accessSize(answer) + 1] ^= 1; },
     "DeviceFailed CertificateUnusable"},
    {"nothing at all", [](Bytes& answer) { answer.clear(); }, "DeviceFailed CardAnswerMalformed"},
};

BOOST_DATA_TEST_CASE(a_reader_that_lies_reads_nothing, data::make(lies), row)
{
    ReaderTable table;
    table.reader.bend = row.tell;
    BOOST_TEST(table.readName(atReader()) == row.outcome);
}

BOOST_AUTO_TEST_CASE(a_reader_that_only_says_that_it_opened_pace_reads_nothing)
{
    // An answer of yesterday, and the card stays closed.
    ReaderTable table;
    Bytes yesterday;
    table.reader.bend = [&](Bytes& answer) { yesterday = answer; };
    BOOST_TEST(table.readName(atReader()) == "IdentityRead");
    table.reader.keypad = [](std::uint8_t) { return CancelPressed{}; };
    table.reader.bend = [&](Bytes& answer) { answer = yesterday; };
    BOOST_TEST(table.readName(atReader()) != "IdentityRead");
}

const auto everyCommand = data::xrange(std::size_t{1}, std::size_t{32});

BOOST_DATA_TEST_CASE(a_card_pulled_from_the_reader_is_removed, everyCommand, command)
{
    ReaderTable table; // 25 of the host, 6 of the reader
    table.card.faultAt(command, sim::PullCard{});
    BOOST_TEST(table.readName(atReader()) == "CardRemoved");
    BOOST_TEST(table.card.commandsSoFar() == command);
}

BOOST_AUTO_TEST_CASE(a_reader_with_a_keypad_and_without_extended_length_reads_the_same)
{
    // Certificates on curve 17 are longer than what the reader can protect in one short command.
    test::CountedRandom random(23);
    const auto keys = sim::makeCardPki(random, test::now, {.parameterId = 17, .hashSuffix = 5});
    BOOST_TEST(keys.terminalChain.back().size() > 255U);
    ReaderTable table("erika", Typed{"123456"}, keys);
    table.card.setCommandBytesMax(261);
    auto wanted = atReader();
    wanted.certificates = keys.certificates();
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
    const auto security = std::find_if(
        table.reader.commands.begin(), table.reader.commands.end(),
        [](const Bytes& command) { return toHex(command).substr(0, 8) == "00b09d00"; });
    BOOST_REQUIRE(security != table.reader.commands.end());
    BOOST_TEST(toHex(*security) == "00b09d00df"); // 223 bytes, with room for the protection
    wanted = request();
    wanted.certificates = keys.certificates();
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
}

BOOST_AUTO_TEST_SUITE_END()
