// SPDX-License-Identifier: EUPL-1.2
//
// The desk with the real driver and a card that keeps the card's rules: CAN, certificates on site,
// each kind of card, and the PIN service.
#include "tests/node/ways.h"
#include "tests/sim/card/card.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;
namespace data = boost::unit_test::data;

namespace {

class PkiSigner : public node::TerminalSigner {
public:
    explicit PkiSigner(const sim::CardPki& pki) : _pki(pki) {}
    Bytes sign(ByteView toBeSigned) override { return sim::signAsTerminal(_pki, toBeSigned); }
    TerminalCertificates certificates() const override { return _pki.certificates(); }

private:
    const sim::CardPki& _pki;
};

struct Desk {
    explicit Desk(const std::string& profile = "erika", const sim::PkiShape& shape = {})
        : pki(sim::makeCardPki(town.random, town.loop.utcNow(), shape)),
          card(town.random, pki, sim::cardProfile(profile), localDate(town.loop.utcNow())),
          signer(pki),
          reader(eid::makeLoopIdentityReader(town.loop, town.random, sim::findSimulatedCard(card)))
    {
        card.lay();
        town.otherDeskReader = reader.get();
        town.otherDeskSigner = &signer;
        town.restart();
        walkToDone(town, kiosk);
        signInFirst(town, clerk);
        identity = "/desk/cases/" + onlyCase(town) + "/identity";
    }

    /// Until the card has answered.
    void wait(const std::string& address)
    {
        for (int seconds = 0; seconds < 70; ++seconds) {
            clerk.get(address);
            if (!clerk.shows("http-equiv=\"refresh\""))
                return;
            town.loop.advance(std::chrono::seconds(1));
        }
        BOOST_ERROR("the card is still being read");
    }
    void read(const std::string& can)
    {
        clerk.get(identity);
        if (clerk.shows("name=\"compared\""))
            clerk.post(identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
        clerk.post(identity + "/read", {{"can", can}});
        wait(identity);
    }
    void pin(const std::string& act, const std::map<std::string, std::string>& typed = {})
    {
        clerk.get("/desk/pin" + (act == "look" ? "" : "/" + act));
        clerk.post("/desk/pin/" + act, typed);
        wait("/desk/pin");
    }
    bool shows(const std::string& key) { return clerk.shows(pages().text("de", "desk." + key)); }

    Town town;
    sim::CardPki pki;
    sim::SimulatedCard card;
    PkiSigner signer;
    std::unique_ptr<IdentityReader> reader;
    Browser kiosk{town, Surface::Kiosk}, clerk{town, Surface::Desk};
    std::string identity;
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk_card)

BOOST_AUTO_TEST_CASE(a_genuine_card_is_read_by_its_can_and_keeps_its_tries)
{
    Desk desk;
    desk.read("111111");
    BOOST_TEST(desk.shows("card.WrongCan"));
    desk.read("222222");
    BOOST_TEST(desk.clerk.shows("ERIKA"));
    BOOST_TEST(desk.clerk.shows("MUSTERMANN"));
    BOOST_TEST(desk.clerk.shows("HEIDESTRAẞE 17"));
    BOOST_TEST(!desk.clerk.shows("GABLER")); // the birth name is not asked for
    BOOST_TEST(!desk.clerk.shows("BERLIN"));
    BOOST_TEST(desk.card.memory().triesLeft == 3);
}

struct Kind {
    const char* profile;
    const char* key;
};
std::ostream& operator<<(std::ostream& out, const Kind& kind)
{
    return out << kind.profile;
}
const Kind kinds[] = {
    {"expired", "card.CardExpired"},           {"altered", "card.CardNotGenuine"},
    {"foreign-signer", "card.CardNotGenuine"}, {"clone", "card.CardNotGenuine"},
    {"other-name", "card.CardNotGenuine"},     {"other-access", "card.CardNotGenuine"},
};

BOOST_DATA_TEST_CASE(a_card_that_is_not_good_is_not_shown, data::make(kinds), kind)
{
    Desk desk(kind.profile);
    desk.read("222222");
    BOOST_TEST(desk.shows(kind.key));
    BOOST_TEST(!desk.clerk.shows("ERIKA"));
}

BOOST_DATA_TEST_CASE(the_can_opens_a_card_whatever_stands_of_its_pin,
                     data::make({"pin-suspended", "pin-blocked"}), profile)
{
    Desk desk(profile);
    desk.read("222222");
    BOOST_TEST(desk.clerk.shows("ERIKA"));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_does_not_allow_the_can_reads_nothing)
{
    constexpr std::uint64_t canAllowed = 0x10; // TR-03110-4 2.2.3.2
    Desk desk("erika", {.rights = ~canAllowed});
    desk.read("222222");
    BOOST_TEST(desk.shows("card.CertificateUnusable"));
    BOOST_TEST(!desk.clerk.shows("ERIKA"));
}

BOOST_AUTO_TEST_CASE(a_card_that_is_not_there_or_leaves_gives_nothing)
{
    Desk desk;
    desk.card.pull();
    desk.read("222222");
    BOOST_TEST(desk.shows("card.NoCard"));
    desk.card.lay();
    desk.card.faultAt(12, sim::PullCard{});
    desk.read("222222");
    BOOST_TEST(desk.shows("card.CardRemoved"));
    BOOST_TEST(!desk.clerk.shows("ERIKA"));
}

BOOST_AUTO_TEST_CASE(a_blocked_pin_is_unblocked_changed_and_set_anew)
{
    Desk desk("pin-blocked");
    desk.pin("look");
    BOOST_TEST(desk.shows("pin.PinBlocked"));
    desk.pin("unblock", {{"puk", "0000000000"}});
    BOOST_TEST(desk.shows("pin.WrongPuk"));
    desk.pin("unblock", {{"puk", "9876543210"}});
    BOOST_TEST(desk.shows("pin.done.unblock"));
    BOOST_TEST(desk.card.memory().triesLeft == 3);
    desk.pin("change", {{"pin", "123456"}, {"newPin", "778899"}, {"again", "778899"}});
    BOOST_TEST(desk.shows("pin.done.change"));
    BOOST_TEST(desk.card.pin() == "778899");
    desk.pin("change", {{"pin", "123456"}, {"newPin", "112233"}, {"again", "112233"}});
    BOOST_TEST(desk.clerk.shows("Es bleiben 2 Versuche"));
    desk.pin("look");
    BOOST_TEST(desk.clerk.shows("Die PIN hat noch 2 Versuche"));
    desk.pin("change", {{"pin", "123456"}, {"newPin", "112233"}, {"again", "112233"}});
    desk.pin("look");
    BOOST_TEST(desk.shows("pin.PinSuspended"));
    desk.pin("resume", {{"can", "222222"}, {"pin", "778899"}});
    BOOST_TEST(desk.shows("pin.done.resume"));
    desk.pin("set",
             {{"compared", "yes"}, {"can", "222222"}, {"newPin", "445566"}, {"again", "445566"}});
    BOOST_TEST(desk.shows("pin.done.set"));
    BOOST_TEST(desk.card.pin() == "445566");
}

BOOST_AUTO_TEST_CASE(without_the_right_no_pin_is_set_and_the_clerk_is_told)
{
    constexpr std::uint64_t pinManagement = 0x20; // TR-03110-4 2.2.3.2
    Desk desk("erika", {.rights = ~pinManagement});
    desk.pin("set",
             {{"compared", "yes"}, {"can", "222222"}, {"newPin", "445566"}, {"again", "445566"}});
    BOOST_TEST(desk.shows("pin.CertificateUnusable"));
    BOOST_TEST(desk.card.pin() == "123456");
    desk.read("222222");
    BOOST_TEST(desk.clerk.shows("ERIKA"));
}

BOOST_AUTO_TEST_SUITE_END()
