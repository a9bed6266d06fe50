// SPDX-License-Identifier: EUPL-1.2
//
// Whole reads from the simulated card: the good day, every state of the PIN, forgeries, and a fault
// at each command in turn.
#include "tests/drivers/eid/table.h"
#include "tests/sim/card/counting_channel.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <deque>

namespace data = boost::unit_test::data;
using namespace amt;
using test::CountedRandom;
using test::now;
using test::pki;
using test::request;
using test::Table;

namespace {

constexpr std::size_t commandsOfARead = 29;

/// A loop that runs what is posted, and whose clock jumps to the next timer.
class JumpingLoop : public EventLoop {
public:
    UtcTime utcNow() const override { return now + _time; }
    Milliseconds sinceBoot() const override { return _time; }
    void post(Task task) override { _tasks.push_back(std::move(task)); }
    TimerId after(Milliseconds delay, Task task) override
    {
        _timers.emplace(_time + delay, std::pair(++_last, std::move(task)));
        return _last;
    }
    void cancel(TimerId timer) override
    {
        std::erase_if(_timers, [&](const auto& entry) { return entry.second.first == timer; });
    }
    void runToTheEnd()
    {
        while (!_tasks.empty() || !_timers.empty()) {
            if (_tasks.empty()) {
                _time = std::max(_time, _timers.begin()->first);
                _tasks.push_back(std::move(_timers.begin()->second.second));
                _timers.erase(_timers.begin());
            }
            const Task task = std::move(_tasks.front());
            _tasks.pop_front();
            task();
        }
    }

private:
    Milliseconds _time{0};
    TimerId _last = 0;
    std::deque<Task> _tasks;
    std::multimap<Milliseconds, std::pair<TimerId, Task>> _timers;
};

} // namespace

BOOST_AUTO_TEST_SUITE(eid_simulated_card)

BOOST_AUTO_TEST_CASE(twelve_groups_are_read_in_29_commands)
{
    Table table;
    sim::CountingChannel counting(table.channel);
    const auto outcome = test::readIdentity(counting, table.terminalRandom, request(),
                                            pki().terminalKey.reveal(), &table.steps);
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(outcome).data.reveal();
    BOOST_TEST(person.givenNames == "ERIKA");
    BOOST_TEST(person.familyNames == "MUSTERMANN");
    BOOST_TEST(person.placeOfResidence.city == "KÖLN");
    BOOST_TEST(person.municipalityId == "02760503150000");
    BOOST_TEST(counting.commands == commandsOfARead);
    BOOST_TEST(counting.bytesOut <= 1600U);
    BOOST_TEST(counting.bytesIn <= 2800U);
    const std::vector<IdentityStep> steps{IdentityStep::CheckingPin, IdentityStep::ProvingTerminal,
                                          IdentityStep::CheckingCard, IdentityStep::Reading};
    BOOST_TEST((table.steps == steps));
}

BOOST_AUTO_TEST_CASE(a_card_is_read_again_after_a_read)
{
    Table table;
    BOOST_TEST(table.readName() == "IdentityRead");
    BOOST_TEST(table.readName() == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(odd_real_values_arrive_as_the_card_has_them)
{
    Table table("shapes");
    auto wanted = request();
    wanted.groups.insert(DataGroup::ResidencePermit1);
    const auto outcome = table.read(wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(outcome).data.reveal();
    BOOST_TEST(person.givenNames == "---");
    BOOST_TEST(person.familyNames == "ÖZM\u0302EN");
    BOOST_TEST(person.dateOfBirth == "1989    ");
    BOOST_TEST(person.birthName.empty()); // the card has no such group
    BOOST_TEST(person.placeOfResidence.street.empty());
    BOOST_TEST(person.placeOfResidence.postalCode == "06108");
    BOOST_TEST(person.residencePermit1 == "AUFENTHALTSERLAUBNIS");
}

BOOST_AUTO_TEST_CASE(a_person_without_abode_is_read)
{
    Table table("homeless");
    const auto outcome = table.read();
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(outcome).data.reveal();
    BOOST_TEST(person.placeOfResidence.noPlace == "keine Hauptwohnung in Deutschland");
    BOOST_TEST(person.municipalityId.empty());
}

BOOST_AUTO_TEST_CASE(only_what_the_form_declares_is_read)
{
    Table table;
    auto wanted = request();
    wanted.groups = {DataGroup::FamilyNames, DataGroup::DateOfExpiry};
    const auto outcome = table.read(wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    IdentityData expected;
    expected.familyNames = "MUSTERMANN";
    expected.dateOfExpiry = "20350630";
    BOOST_TEST((std::get<IdentityRead>(outcome).data.reveal() == expected));
}

struct ExpectedEnd {
    const char* profile;
    const char* outcome;
    std::size_t commands; ///< at most
};
std::ostream& operator<<(std::ostream& out, const ExpectedEnd& row)
{
    return out << row.profile;
}
const std::vector<ExpectedEnd> ends{
    {"pin-2", "IdentityRead", 29},          {"pin-suspended", "PinSuspended", 2},
    {"pin-blocked", "PinBlocked", 2},       {"pin-off", "PinNotActivated", 2},
    {"expired", "CardExpired", 19},         {"foreign-signer", "CardNotGenuine", 15},
    {"altered", "CardNotGenuine", 15},      {"clone", "CardNotGenuine", 17},
    {"other-name", "CardNotGenuine", 22},   {"hidden-group", "CardNotGenuine", 27},
    {"other-access", "CardNotGenuine", 15}, {"odd-curve", "CardNotGenuine", 15},
};

BOOST_DATA_TEST_CASE(a_card_ends_as_it_should, data::make(ends), row)
{
    Table table(row.profile);
    const int tries = table.card.memory().triesLeft;
    BOOST_TEST(table.readName() == row.outcome);
    BOOST_TEST(table.card.commandsSoFar() <= row.commands);
    if (row.commands == 2)
        BOOST_TEST(table.card.memory().triesLeft == tries); // no try was spent
}

BOOST_AUTO_TEST_CASE(an_expired_card_is_told_without_its_date_being_read)
{
    Table table("expired");
    auto wanted = request();
    wanted.groups = {DataGroup::FamilyNames};
    BOOST_TEST(table.readName(wanted) == "CardExpired");

    Table good;
    BOOST_TEST(good.readName(wanted) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_card_is_valid_on_its_last_day)
{
    // Before the certificates' time the terminal is refused, so the card's date moves instead.
    auto profile = sim::cardProfile("erika");
    profile.groups[3] = fromHex("630a12083230323631313231");
    BOOST_TEST(Table(profile).readName() == "IdentityRead");
    profile.groups[3] = fromHex("630a12083230323631313230");
    BOOST_TEST(Table(profile).readName() == "CardExpired");
}

BOOST_AUTO_TEST_CASE(wrong_pins_cost_tries_and_the_last_is_kept)
{
    Table table;
    std::vector<int> noted;
    table.card.onMemory([&](sim::CardMemory memory) { noted.push_back(memory.triesLeft); });
    auto wrong = request();
    wrong.pin = Secret(std::string_view("654321"));
    BOOST_TEST(table.readName(wrong) == "WrongPin 2");
    BOOST_TEST(table.readName(wrong) == "WrongPin 1");
    BOOST_TEST(table.readName(wrong) == "PinSuspended");
    BOOST_TEST(table.readName() == "PinSuspended");
    BOOST_TEST((noted == std::vector<int>{2, 1}));
}

BOOST_AUTO_TEST_CASE(the_right_pin_gives_the_tries_back)
{
    Table table("pin-2");
    BOOST_TEST(table.readName() == "IdentityRead");
    BOOST_TEST(table.card.memory().triesLeft == 3);
}

BOOST_AUTO_TEST_CASE(a_pin_that_is_none_never_reaches_the_card)
{
    Table table;
    auto wrong = request();
    for (const std::string_view pin : {"1234", "1234567", "12345a", ""}) {
        wrong.pin = Secret(pin);
        BOOST_TEST(table.readName(wrong) == "DeviceFailed InputMalformed");
    }
    wrong.pin = Secret(std::string_view("12345")); // of the letter, not the citizen's own
    BOOST_TEST(table.readName(wrong) == "TransportPin");
    BOOST_TEST(table.card.commandsSoFar() == 0U);
}

BOOST_AUTO_TEST_CASE(certificates_out_of_date_never_reach_the_card)
{
    Table table;
    auto late = request();
    late.now = fromIso("2027-02-20T10:00:00Z"); // the terminal's certificate ends the day before
    BOOST_TEST(table.readName(late) == "DeviceFailed CertificateUnusable");
    auto none = request();
    none.certificates.chain.clear();
    BOOST_TEST(table.readName(none) == "DeviceFailed CertificateUnusable");
    auto torn = request();
    torn.certificates.chain.front().pop_back();
    BOOST_TEST(table.readName(torn) == "DeviceFailed CertificateUnusable");
    auto halved = request();
    halved.certificates.chain.erase(halved.certificates.chain.begin());
    BOOST_TEST(table.readName(halved) == "DeviceFailed CertificateUnusable");
    BOOST_TEST(table.card.memory().triesLeft == 3);
}

BOOST_AUTO_TEST_CASE(a_foreign_certificate_chain_ends_before_it_is_shown)
{
    CountedRandom random(7);
    const auto other = sim::makeCardPki(random, now);
    Table table;
    auto wanted = request();
    wanted.certificates.chain = other.terminalChain; // same names, other keys
    BOOST_TEST(table.readName(wanted) == "DeviceFailed CertificateUnusable");
}

BOOST_AUTO_TEST_CASE(a_card_of_an_unknown_country_is_not_genuine)
{
    CountedRandom random(8);
    Table table;
    auto wanted = request();
    wanted.certificates.countrySigners = {sim::makeCardPki(random, now).countrySigner};
    BOOST_TEST(table.readName(wanted) == "CardNotGenuine");
    wanted.certificates.countrySigners.clear();
    BOOST_TEST(table.readName(wanted) == "CardNotGenuine");
    wanted.certificates.countrySigners = {pki().countrySigner,
                                          sim::makeCardPki(random, now).countrySigner};
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_wrong_signature_reads_nothing)
{
    Table table;
    auto first = eid::beginRead(table.channel, table.terminalRandom, request(), {});
    auto& needed = std::get<eid::SignatureNeeded>(first);
    Bytes signature = sim::signAsTerminal(pki(), needed.toBeSigned);
    signature.back() ^= 1;
    BOOST_TEST(test::nameOf(needed.session.finish(signature)) ==
               "DeviceFailed CertificateUnusable");
    signature.back() ^= 1;
    BOOST_TEST(test::nameOf(needed.session.finish(signature)) == "DeviceFailed StepOutOfOrder");
}

BOOST_AUTO_TEST_CASE(a_reader_without_extended_length_reads_the_same)
{
    Table table;
    table.card.setCommandBytesMax(261); // known to the channel
    const auto whole = table.read();
    BOOST_REQUIRE_EQUAL(test::nameOf(whole), "IdentityRead");

    struct Silent : CardChannel { // found out by 6700
        explicit Silent(CardChannel& card) : inner(card) {}
        Bytes transmit(ByteView command) override { return inner.transmit(command); }
        std::size_t commandBytesMax() const override { return 65544; }
        CardChannel& inner;
    } silent(table.channel);
    table.card.reset();
    const auto again =
        test::readIdentity(silent, table.terminalRandom, request(), pki().terminalKey.reveal());
    BOOST_REQUIRE_EQUAL(test::nameOf(again), "IdentityRead");
    BOOST_TEST((std::get<IdentityRead>(again).data == std::get<IdentityRead>(whole).data));
}

BOOST_AUTO_TEST_CASE(a_long_group_is_read_in_pieces_by_a_short_reader)
{
    auto profile = sim::cardProfile("erika");
    Bytes name;
    for (int i = 0; i < 500; ++i)
        append(name, view("Ž"));
    profile.groups[5] = concat(fromHex("658203ec0c8203e8"), name);
    Table table(profile);
    table.card.setCommandBytesMax(261);
    const auto outcome = table.read();
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    BOOST_TEST(std::get<IdentityRead>(outcome).data.reveal().familyNames == toText(name));
}

BOOST_AUTO_TEST_CASE(a_read_ends_between_two_commands_when_it_is_cancelled)
{
    for (std::size_t commands = 0; commands < 12; ++commands) {
        Table table;
        eid::ReadHooks hooks;
        hooks.isCancelled = [&] { return table.card.commandsSoFar() == commands; };
        const auto first = eid::beginRead(table.channel, table.terminalRandom, request(), hooks);
        BOOST_REQUIRE(std::holds_alternative<IdentityOutcome>(first));
        BOOST_TEST(test::nameOf(std::get<IdentityOutcome>(first)) == "ReadCancelled");
        BOOST_TEST(table.card.commandsSoFar() == commands);
    }
}

BOOST_AUTO_TEST_CASE(no_password_and_no_name_is_in_the_log)
{
    const auto path = std::filesystem::temp_directory_path() /
                      ("amt-eid-log-" + randomUuid(*std::make_unique<SystemRandom>()));
    const int before = dup(STDERR_FILENO);
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    for (std::size_t command = 1; command <= commandsOfARead; ++command) {
        for (const sim::CardFault fault :
             {sim::CardFault(sim::AnswerStatus{0x6F00}), sim::CardFault(sim::CutAnswer{})}) {
            Table table("pin-suspended");
            log::setEnabled(true);
            auto wanted = request();
            wanted.can = Secret(std::string_view("222222"));
            table.card.faultAt(command, fault);
            table.read(wanted);
            log::setEnabled(false);
        }
    }
    dup2(before, STDERR_FILENO);
    close(before);
    close(file);
    const std::string written = toText(test::readFile(path));
    std::filesystem::remove(path);
    BOOST_TEST(written.find("eid.failed") != std::string::npos);
    for (const char* told : {"123456", "222222", "MUSTERMANN", "313233343536", "4d5553544552"})
        BOOST_TEST(written.find(told) == std::string::npos, told);
}

// --- a fault at each command in turn

const auto everyCommand = data::xrange(std::size_t{1}, commandsOfARead + 1);

BOOST_DATA_TEST_CASE(a_card_pulled_inside_a_command_is_removed, everyCommand, command)
{
    Table table;
    table.card.faultAt(command, sim::PullCard{});
    BOOST_TEST(table.readName() == "CardRemoved");
    BOOST_TEST(table.card.commandsSoFar() == command);
}

BOOST_DATA_TEST_CASE(a_card_pulled_after_an_answer_is_removed, everyCommand, command)
{
    Table table;
    table.card.faultAt(command, sim::PullCardAfter{});
    BOOST_TEST(table.readName() == (command == commandsOfARead ? "IdentityRead" : "CardRemoved"));
}

BOOST_DATA_TEST_CASE(a_card_that_answers_6F00_is_never_read, everyCommand, command)
{
    Table table;
    table.card.faultAt(command, sim::AnswerStatus{0x6F00});
    BOOST_TEST(table.readName() != "IdentityRead");
    BOOST_TEST(table.card.commandsSoFar() == command); // and it is left alone then
}

BOOST_DATA_TEST_CASE(half_an_answer_is_never_read, everyCommand, command)
{
    Table table;
    table.card.faultAt(command, sim::CutAnswer{});
    BOOST_TEST(table.readName() != "IdentityRead");
}

BOOST_DATA_TEST_CASE(a_wrong_bit_anywhere_is_never_read, everyCommand, command)
{
    // Bytes near the beginning, in the middle and at the end of the answer: tag, content, code,
    // status.
    for (const std::size_t byte : {0, 2, 7, 20, 40, 1000}) {
        Table table;
        table.card.faultAt(command, sim::FlipBit{byte});
        const auto outcome = table.readName();
        // EF.CardAccess is compared with the signed one, so even an unused element must be as
        // signed.
        BOOST_TEST(outcome != "IdentityRead", "byte " << byte << ": " << outcome);
    }
}

// --- on a loop

struct LoopTable : Table {
    explicit LoopTable(const std::string& profile = "erika")
        : Table(profile),
          reader(eid::makeLoopIdentityReader(loop, terminalRandom, sim::findSimulatedCard(card)))
    {}
    void start(Milliseconds wait = Milliseconds(10000))
    {
        IdentityReader::Callbacks callbacks;
        callbacks.step = [this](IdentityStep step) { steps.push_back(step); };
        callbacks.sign = [this](Bytes toBeSigned, SignatureGiven done) {
            ++signatures;
            if (refuses)
                done(std::nullopt);
            else
                done(sim::signAsTerminal(pki(), toBeSigned));
        };
        callbacks.done = [this](IdentityOutcome outcome) {
            outcomes.push_back(test::nameOf(outcome));
        };
        reader->read(request(), wait, std::move(callbacks));
    }

    JumpingLoop loop;
    std::unique_ptr<IdentityReader> reader;
    std::vector<std::string> outcomes;
    int signatures = 0;
    bool refuses = false;
};

using Names = std::vector<std::string>;

BOOST_AUTO_TEST_CASE(the_reader_on_a_loop_reads_once)
{
    LoopTable table;
    table.start();
    table.loop.runToTheEnd();
    BOOST_TEST((table.outcomes == Names{"IdentityRead"}));
    BOOST_TEST(table.signatures == 1);
    BOOST_TEST((table.steps.front() == IdentityStep::WaitingForCard));
    table.start();
    table.loop.runToTheEnd();
    BOOST_TEST(table.outcomes.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_reader_waits_for_a_card)
{
    LoopTable table;
    table.card.pull();
    table.start();
    table.loop.after(Milliseconds(5000), [&] { table.card.lay(); });
    table.loop.runToTheEnd();
    BOOST_TEST((table.outcomes == Names{"IdentityRead"}));

    LoopTable empty;
    empty.card.pull();
    empty.start();
    empty.loop.runToTheEnd();
    BOOST_TEST((empty.outcomes == Names{"NoCard"}));
    BOOST_TEST((empty.loop.sinceBoot() >= Milliseconds(10000)));
}

BOOST_AUTO_TEST_CASE(a_look_at_the_reader_waits_for_no_card)
{
    LoopTable table;
    table.card.pull();
    auto look = request();
    look.purpose = IdentityPurpose::LookAtReader;
    table.reader->read(look, Milliseconds(10000),
                       {.step = {}, .sign = {}, .done = [&](IdentityOutcome outcome) {
                            table.outcomes.push_back(test::nameOf(outcome));
                        }});
    table.loop.runToTheEnd();
    BOOST_TEST((table.outcomes == Names{"ReaderReady takes none"}));
    BOOST_TEST((table.loop.sinceBoot() < Milliseconds(200)));
    BOOST_TEST(table.card.commandsSoFar() == 0U);
}

BOOST_AUTO_TEST_CASE(a_second_read_is_turned_away)
{
    LoopTable table;
    table.start();
    table.start();
    table.loop.runToTheEnd();
    BOOST_TEST(table.outcomes.size() == 2U);
    BOOST_TEST(table.signatures == 1);
    BOOST_TEST((std::count(table.outcomes.begin(), table.outcomes.end(),
                           "DeviceFailed StepOutOfOrder") == 1));
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_ends_at_once)
{
    LoopTable table;
    table.card.pull();
    table.start();
    table.loop.after(Milliseconds(700), [&] { table.reader->cancel(); });
    table.loop.runToTheEnd();
    BOOST_TEST((table.outcomes == Names{"ReadCancelled"}));
    BOOST_TEST((table.loop.sinceBoot() < Milliseconds(1000)));
}

BOOST_AUTO_TEST_CASE(a_refused_signature_reads_nothing)
{
    LoopTable table;
    table.refuses = true;
    table.start();
    table.loop.runToTheEnd();
    BOOST_TEST((table.outcomes == Names{"DeviceFailed CertificateUnusable"}));
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_gone_calls_nobody)
{
    LoopTable table;
    table.card.pull();
    table.start();
    table.reader.reset();
    table.loop.runToTheEnd();
    BOOST_TEST(table.outcomes.empty());
}

BOOST_AUTO_TEST_CASE(the_pki_is_kept_in_a_folder)
{
    const auto folder = std::filesystem::temp_directory_path() /
                        ("amt-card-pki-" + randomUuid(*std::make_unique<SystemRandom>()));
    CountedRandom random(9);
    const auto made = sim::cardPkiIn(folder, random, now);
    const auto kept = sim::cardPkiIn(folder, random, now + std::chrono::hours(24));
    BOOST_TEST((made.terminalChain == kept.terminalChain));
    BOOST_TEST((made.chipSecret == kept.chipSecret));
    BOOST_TEST((made.signer == kept.signer));
    BOOST_TEST((test::readFile(folder / "terminal.pkcs8") ==
                Bytes(made.terminalKey.reveal().begin(), made.terminalKey.reveal().end())));
    const auto fresh = sim::cardPkiIn(folder, random, now + std::chrono::hours(24 * 85));
    BOOST_TEST((made.terminalChain != fresh.terminalChain));
    std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
