// SPDX-License-Identifier: EUPL-1.2
//
// Cards at the desk: no read before the photo was compared, one signature in it, and nothing of the
// card stays.
#include "tests/node/heard_log.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;
namespace data = boost::unit_test::data;

namespace {

constexpr auto can = "222222";

/// A case from the kiosk, and a clerk who is signed in.
struct Desk {
    explicit Desk(bool hasReader = true, bool hasCertificate = true)
    {
        town.hasDeskReader = hasReader;
        town.hasDeskCertificate = hasCertificate;
        town.restart();
        walkToDone(town, kiosk);
        signInFirst(town, clerk);
        identity = "/desk/cases/" + onlyCase(town) + "/identity";
    }

    void comparePhoto()
    {
        clerk.get(identity);
        clerk.post(identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
    }
    void typeCan(const std::string& typed = can)
    {
        clerk.post(identity + "/read", {{"can", typed}});
    }
    void begin()
    {
        comparePhoto();
        typeCan();
    }
    void end(const IdentityOutcome& outcome)
    {
        town.deskReader.finish(outcome);
        clerk.get(identity);
    }
    std::int64_t audits(const std::string& with)
    {
        return town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT' AND details LIKE '%" +
                          with + "%'");
    }
    bool shows(const std::string& key)
    {
        return clerk.shows(pages().text("de", "desk.card." + key));
    }

    Town town;
    Browser kiosk{town, Surface::Kiosk}, clerk{town, Surface::Desk};
    std::string identity;
};

IdentityRead readOf(const IdentityData& card)
{
    return {.data = Personal<IdentityData>(card), .password = CardPassword::Can};
}

/// As the card of Ada's sister who moved.
IdentityData anothersCard()
{
    IdentityData card = adasCard();
    card.givenNames = "BEATE";
    card.familyNames = "MUSTERMANN";
    card.placeOfResidence.street = "HEIDESTRAẞE 17";
    card.placeOfResidence.city = "Bonn";
    return card;
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk_identity)

BOOST_AUTO_TEST_CASE(a_card_is_read_by_can_after_the_photo_and_stands_beside_the_case)
{
    Desk desk;
    desk.clerk.get("/desk/cases/" + onlyCase(desk.town));
    BOOST_TEST(desk.clerk.shows(desk.identity));
    desk.clerk.get(desk.identity);
    BOOST_TEST(desk.shows("compared"));
    BOOST_TEST(!desk.clerk.shows("name=\"can\""));
    desk.clerk.post(desk.identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
    BOOST_TEST(desk.audits("compare-photo") == 1);
    BOOST_TEST(desk.audits("Erika Amt") >= 1);
    BOOST_TEST(desk.town.text("SELECT id FROM journal WHERE details LIKE '%compare-photo%'") ==
               onlyCase(desk.town));
    BOOST_TEST(desk.clerk.shows("name=\"can\" type=\"password\""));
    desk.typeCan();
    BOOST_TEST(desk.town.deskReader.reads == 1);
    BOOST_TEST(desk.town.reader.reads == 1); // the kiosk's, before
    BOOST_TEST(desk.shows("step.waitingForCard"));
    BOOST_TEST(desk.clerk.shows("http-equiv=\"refresh\""));

    const auto& request = desk.town.deskReader.lastRequest;
    BOOST_TEST((request.purpose == IdentityPurpose::Read));
    BOOST_TEST(request.can.revealText() == can);
    BOOST_TEST(request.pin.empty());
    const std::set<DataGroup> asked = {DataGroup::GivenNames, DataGroup::FamilyNames,
                                       DataGroup::AcademicTitle, DataGroup::DateOfBirth,
                                       DataGroup::PlaceOfResidence};
    BOOST_TEST((request.groups == asked));

    desk.town.deskReader.running->step(IdentityStep::CheckingCard);
    desk.clerk.get(desk.identity);
    BOOST_TEST(desk.clerk.shows("data-live-shows=\"checkingCard\""));
    BOOST_TEST(desk.clerk.shows("<li aria-current=\"step\"><span "
                                "class=\"reading-steps__mark\">4</span>"));
    std::optional<Bytes> signature;
    desk.town.deskReader.running->sign({1, 2, 3}, [&](auto given) { signature = given; });
    BOOST_TEST((signature == Bytes{1, 2, 3}));
    BOOST_TEST(desk.town.deskSigner.signatures == 1);
    BOOST_TEST(desk.town.signer.signatures == 0);

    desk.end(readOf(anothersCard()));
    BOOST_TEST(desk.audits("IdentityRead") == 1);
    BOOST_TEST(desk.clerk.shows("BEATE"));
    BOOST_TEST(desk.clerk.shows("Ada Erika"));
    BOOST_TEST(desk.clerk.shows("2 Angaben im Vorgang weichen vom Ausweis ab")); // name and city
    BOOST_TEST(desk.shows("differs"));
    BOOST_TEST(desk.shows("sameLetters")); // the surname, the street
    BOOST_TEST(desk.shows("same"));
    BOOST_TEST(desk.shows("valid"));
    BOOST_TEST(!desk.clerk.shows("http-equiv=\"refresh\""));

    desk.clerk.post(desk.identity + "/end");
    BOOST_TEST(!desk.clerk.shows("BEATE"));
    desk.clerk.get(desk.identity);
    BOOST_TEST(!desk.clerk.shows("BEATE"));
    BOOST_TEST(desk.shows("compared")); // the next one begins with the photo
}

BOOST_AUTO_TEST_CASE(the_same_card_agrees_with_the_case)
{
    Desk desk;
    desk.begin();
    desk.end(readOf(adasCard()));
    BOOST_TEST(desk.shows("agreeing"));
    BOOST_TEST(!desk.shows("differs"));
}

BOOST_AUTO_TEST_CASE(without_the_photo_no_card_is_read)
{
    Desk desk;
    desk.clerk.get(desk.identity);
    desk.clerk.post(desk.identity + "/read", {{"can", can}});
    BOOST_TEST(desk.clerk.page.status == 409);
    BOOST_TEST(desk.shows("NotCompared"));
    for (const std::map<std::string, std::string>& half :
         {std::map<std::string, std::string>{},
          {{"compared", "yes"}},
          {{"consent", "yes"}},
          {{"compared", "no"}, {"consent", "yes"}}}) {
        desk.clerk.get(desk.identity);
        desk.clerk.post(desk.identity + "/photo", half);
        BOOST_TEST(desk.clerk.page.status == 400);
        BOOST_TEST(!desk.clerk.shows("name=\"can\""));
    }
    desk.clerk.post(desk.identity + "/read", {{"can", can}});
    BOOST_TEST(desk.town.deskReader.reads == 0);
    BOOST_TEST(desk.audits("compare-photo") == 0);
}

BOOST_AUTO_TEST_CASE(the_photo_holds_for_one_case_one_clerk_one_card_and_five_minutes)
{
    Desk desk;
    desk.kiosk.post("/visit/end");
    walkToDone(desk.town, desk.kiosk);
    const std::string first = desk.identity.substr(12, 36);
    const auto other = "/desk/cases/" +
                       desk.town.text("SELECT id FROM cases WHERE id <> '" + first + "'") +
                       "/identity";
    desk.comparePhoto();
    desk.clerk.get(other);
    desk.clerk.post(other + "/read", {{"can", can}});
    BOOST_TEST(desk.clerk.page.status == 409);
    BOOST_TEST(desk.town.deskReader.reads == 0);

    desk.clerk.get("/desk/clerks");
    desk.clerk.post("/desk/clerks", {{"name", "Bruno Büro"},
                                     {"password", "noch ein Kennwort"},
                                     {"again", "noch ein Kennwort"},
                                     {"Clerk", "yes"}});
    Browser bruno(desk.town, Surface::Desk);
    bruno.get("/desk/sign-in");
    bruno.post("/desk/sign-in", {{"name", "Bruno Büro"}, {"password", "noch ein Kennwort"}});
    bruno.get(desk.identity);
    bruno.post(desk.identity + "/read", {{"can", can}});
    BOOST_TEST(bruno.page.status == 409);
    BOOST_TEST(desk.town.deskReader.reads == 0);

    desk.begin();
    BOOST_TEST(desk.town.deskReader.reads == 1);
    bruno.post(desk.identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
    bruno.post(desk.identity + "/read", {{"can", can}});
    BOOST_TEST(bruno.shows(pages().text("de", "desk.card.ReaderBusy")));
    BOOST_TEST(desk.town.deskReader.reads == 1);
    desk.end(readOf(adasCard()));
    bruno.get(desk.identity);
    BOOST_TEST(!bruno.shows("Ada Erika")); // what one clerk has read, another one does not see
    desk.clerk.post(desk.identity + "/read", {{"can", can}});
    BOOST_TEST(desk.clerk.page.status == 409);

    desk.comparePhoto();
    desk.town.loop.advance(std::chrono::minutes(5) + std::chrono::seconds(1));
    desk.clerk.get(desk.identity);
    BOOST_TEST(!desk.clerk.shows("name=\"can\""));
    desk.clerk.post(desk.identity + "/read", {{"can", can}});
    BOOST_TEST(desk.clerk.page.status == 409);
    BOOST_TEST(desk.town.deskReader.reads == 1);
}

BOOST_DATA_TEST_CASE(an_access_number_of_another_shape_is_not_tried,
                     data::make({"", "12345", "1234567", "12345a", "１２３４５６", " 22222"}),
                     typed)
{
    Desk desk;
    desk.comparePhoto();
    desk.typeCan(typed);
    BOOST_TEST(desk.clerk.page.status == 400);
    BOOST_TEST(desk.shows("CanIncomplete"));
    BOOST_TEST(desk.town.deskReader.reads == 0);
    desk.typeCan();
    BOOST_TEST(desk.town.deskReader.reads == 1);
}

BOOST_AUTO_TEST_CASE(only_a_clerk_and_only_a_case_that_there_is)
{
    Desk desk;
    desk.clerk.get(desk.identity);
    const std::string unknown = "/desk/cases/0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10/identity";
    BOOST_TEST(desk.clerk.send("GET", unknown).status == 404);
    BOOST_TEST(desk.clerk
                   .send("POST", unknown + "/photo",
                         {{"compared", "yes"}, {"consent", "yes"}, {"key", desk.clerk.formKey()}})
                   .status == 404);
    Browser nobody(desk.town, Surface::Desk);
    BOOST_TEST(nobody.send("GET", desk.identity).status == 403);
    nobody.cookies["amt_visit"] = desk.kiosk.cookies["amt_visit"];
    BOOST_TEST(nobody
                   .send("POST", desk.identity + "/photo",
                         {{"compared", "yes"}, {"consent", "yes"}, {"key", "0123456789abcdef"}})
                   .status == 403);
    BOOST_TEST(desk.kiosk.send("GET", desk.identity).status == 404);
    BOOST_TEST(desk.audits("compare-photo") == 0);
}

struct Ending {
    const char* key; ///< of the sentence, and in the journal
    IdentityOutcome outcome;
    bool triesAgain; ///< without another look at the photo
};
std::ostream& operator<<(std::ostream& out, const Ending& ending)
{
    return out << ending.key;
}
const Ending endings[] = {
    {"WrongCan", WrongCan{}, true},
    {"NoCard", NoCard{}, true},
    {"NoReader", NoReader{}, true},
    {"CardRemoved", CardRemoved{}, true},
    {"ReadCancelled", ReadCancelled{}, true},
    {"DeviceFailed", DeviceFailed{ErrorCode::BrokerGone}, true},
    {"CertificateUnusable", DeviceFailed{ErrorCode::CertificateUnusable}, false},
    {"NotAnIdentityCard", NotAnIdentityCard{}, false},
    {"CardExpired", CardExpired{}, false},
    {"CardRevoked", CardRevoked{}, false},
    {"CardNotGenuine", CardNotGenuine{}, false},
    {"PinNotActivated", PinNotActivated{}, false},
};

BOOST_DATA_TEST_CASE(each_outcome_has_a_sentence_for_the_clerk, data::make(endings), ending)
{
    Desk desk;
    desk.begin();
    desk.end(ending.outcome);
    BOOST_TEST(desk.shows(ending.key));
    BOOST_TEST(!desk.clerk.shows("class=\"kern-table"));
    BOOST_TEST(desk.audits(ending.key) == 1);
    BOOST_TEST(desk.clerk.shows("name=\"can\"") == ending.triesAgain);
    BOOST_TEST(desk.clerk.shows("name=\"compared\"") != ending.triesAgain);
}

BOOST_AUTO_TEST_CASE(the_terminal_signs_once_in_a_read_that_a_clerk_began)
{
    Desk desk;
    desk.begin();
    auto callbacks = *desk.town.deskReader.running;
    int refused = 0;
    const auto ask = [&] {
        callbacks.sign({1}, [&](const auto& given) { refused += given ? 0 : 1; });
    };
    ask();
    ask();
    BOOST_TEST(refused == 1);
    desk.end(CardRemoved{});
    ask();
    BOOST_TEST(refused == 2);
    desk.typeCan();
    callbacks = *desk.town.deskReader.running;
    desk.clerk.get(desk.identity);
    desk.clerk.post(desk.identity + "/cancel");
    BOOST_TEST(desk.shows("cancelling"));
    ask();
    BOOST_TEST(refused == 3);
    BOOST_TEST(desk.town.deskReader.cancels == 1);
    desk.end(ReadCancelled{});
    BOOST_TEST(desk.shows("ReadCancelled"));
    BOOST_TEST(desk.town.deskSigner.signatures == 1);
}

BOOST_AUTO_TEST_CASE(who_signs_out_ends_the_read_and_sees_nothing_of_it)
{
    Desk desk;
    desk.begin();
    desk.clerk.post("/desk/sign-out");
    BOOST_TEST(desk.town.deskReader.cancels == 1);
    desk.town.deskReader.finish(readOf(adasCard())); // it had crossed the cancel
    BOOST_TEST(desk.audits("IdentityRead") == 1);
    desk.clerk.get("/desk/sign-in");
    desk.clerk.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
    desk.clerk.get(desk.identity);
    BOOST_TEST(!desk.clerk.shows("Mustermann"));
    BOOST_TEST(!desk.clerk.shows("name=\"can\""));
}

BOOST_AUTO_TEST_CASE(what_was_read_is_gone_after_five_minutes)
{
    Desk desk;
    desk.begin();
    desk.end(readOf(anothersCard()));
    BOOST_TEST(desk.clerk.shows("BEATE"));
    desk.town.loop.advance(std::chrono::minutes(5) + std::chrono::seconds(1));
    desk.clerk.get(desk.identity);
    BOOST_TEST(!desk.clerk.shows("BEATE"));
}

BOOST_AUTO_TEST_CASE(a_photo_of_another_case_waits_until_the_read_is_over)
{
    Desk desk;
    desk.begin();
    desk.clerk.get(desk.identity);
    desk.clerk.post(desk.identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
    BOOST_TEST(desk.clerk.page.status == 409);
    desk.end(readOf(adasCard()));
    BOOST_TEST(desk.shows("agreeing"));
}

BOOST_AUTO_TEST_CASE(what_does_not_stand_in_the_journal_is_not_shown)
{
    Desk desk;
    desk.begin();
    desk.town.database().execute("CREATE TEMP TRIGGER full BEFORE INSERT ON main.journal BEGIN "
                                 "SELECT RAISE(ABORT, 'refused'); END");
    BOOST_CHECK_THROW(desk.town.deskReader.finish(readOf(anothersCard())), Error);
    desk.clerk.get(desk.identity);
    BOOST_TEST(!desk.clerk.shows("BEATE"));
}

BOOST_AUTO_TEST_CASE(without_a_reader_the_desk_says_so)
{
    Desk desk(false);
    desk.clerk.get(desk.identity);
    BOOST_TEST(desk.shows("NotSetUp"));
    BOOST_TEST(!desk.clerk.shows("name=\"compared\""));
    desk.comparePhoto();
    desk.clerk.post(desk.identity + "/read", {{"can", can}});
    BOOST_TEST(desk.clerk.page.status == 404);
    desk.clerk.get("/desk/devices");
    BOOST_TEST(desk.clerk.shows(pages().text("de", "desk.devices.notSetUp")));
}

BOOST_AUTO_TEST_CASE(without_the_on_site_certificate_no_card_is_read_by_can)
{
    Desk desk(true, false);
    desk.clerk.get(desk.identity);
    BOOST_TEST(desk.shows("NoCertificate"));
    desk.begin();
    BOOST_TEST(desk.town.deskReader.reads == 0);
    desk.clerk.get("/desk/devices");
    BOOST_TEST(desk.clerk.shows(pages().text("de", "desk.devices.noDeskCertificate")));
}

BOOST_AUTO_TEST_CASE(no_access_number_and_no_name_is_in_log_or_journal)
{
    Desk desk;
    const HeardLog heard;
    for (const auto& ending : endings) {
        desk.begin();
        desk.end(ending.outcome);
    }
    desk.comparePhoto();
    desk.typeCan("22222");
    desk.typeCan();
    desk.end(readOf(anothersCard()));
    const std::string log = heard.text();
    BOOST_TEST(log.find("desk.card-outcome") != std::string::npos);
    std::string journal;
    for (auto row = desk.town.database().prepare("SELECT details FROM journal"); row.step();)
        journal += row.text(0) + "\n";
    for (const char* told : {can, "BEATE", "Beate", "MUSTERMANN", "Bonn", "HEIDE", "19641121"}) {
        BOOST_TEST(log.find(told) == std::string::npos, told);
        BOOST_TEST(journal.find(told) == std::string::npos, told);
    }
}

BOOST_AUTO_TEST_SUITE_END()
