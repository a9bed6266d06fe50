// SPDX-License-Identifier: EUPL-1.2
//
// The PIN service at the desk: what is typed reaches the card and nothing else, and each use stands
// in the journal by name.
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

using Typed = std::map<std::string, std::string>;

struct Desk {
    explicit Desk(bool hasReader = true, bool hasCertificate = true)
    {
        town.hasDeskReader = hasReader;
        town.hasDeskCertificate = hasCertificate;
        town.restart();
        signInFirst(town, clerk);
    }

    void post(const std::string& act, const Typed& typed)
    {
        clerk.get("/desk/pin/" + act);
        clerk.post("/desk/pin/" + act, typed);
    }
    void look()
    {
        clerk.get("/desk/pin");
        clerk.post("/desk/pin/look");
    }
    void end(const IdentityOutcome& outcome)
    {
        town.deskReader.finish(outcome);
        clerk.get("/desk/pin");
    }
    std::int64_t audits(const std::string& with)
    {
        return town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT' AND details LIKE '%" +
                          with + "%'");
    }
    bool shows(const std::string& key)
    {
        return clerk.shows(pages().text("de", "desk.pin." + key));
    }
    const IdentityRequest& request() const { return town.deskReader.lastRequest; }

    Town town;
    Browser clerk{town, Surface::Desk};
};

const Typed change = {{"pin", "123456"}, {"newPin", "778899"}, {"again", "778899"}};
const Typed resume = {{"can", "222222"}, {"pin", "123456"}};
const Typed unblock = {{"puk", "9876543210"}};
const Typed anew = {
    {"compared", "yes"}, {"can", "222222"}, {"newPin", "778899"}, {"again", "778899"}};

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk_pin)

BOOST_AUTO_TEST_CASE(a_look_tells_the_tries_without_a_number_being_typed)
{
    Desk desk;
    desk.look();
    BOOST_TEST(desk.clerk.location == "/desk/pin");
    BOOST_TEST((desk.request().purpose == IdentityPurpose::Look));
    BOOST_TEST(desk.clerk.shows("http-equiv=\"refresh\""));
    BOOST_TEST(desk.shows("running"));
    desk.end(PinReady{3});
    BOOST_TEST(desk.clerk.shows("Die PIN hat noch 3 Versuche"));
    desk.look();
    desk.end(PinSuspended{});
    BOOST_TEST(desk.shows("PinSuspended"));
    desk.look();
    desk.end(PinBlocked{});
    BOOST_TEST(desk.shows("PinBlocked"));
    BOOST_TEST(desk.audits("look-at-pin") == 6); // before and after each
    BOOST_TEST(desk.audits("Erika Amt") >= 6);
}

BOOST_AUTO_TEST_CASE(a_pin_is_changed_with_the_one_before)
{
    Desk desk;
    desk.post("change", change);
    BOOST_TEST((desk.request().purpose == IdentityPurpose::ChangePin));
    BOOST_TEST(desk.request().pin.revealText() == "123456");
    BOOST_TEST(desk.request().newPin.revealText() == "778899");
    BOOST_TEST(desk.request().certificates.chain.empty());
    desk.end(PinManaged{});
    BOOST_TEST(desk.shows("done.change"));
    desk.post("change", {{"pin", "12345"}, {"newPin", "778899"}, {"again", "778899"}});
    BOOST_TEST(desk.request().pin.revealText() == "12345"); // of the letter
    desk.end(WrongPin{2});
    BOOST_TEST(desk.clerk.shows("Es bleiben 2 Versuche"));
    desk.post("change", change);
    desk.end(WrongPin{0});
    BOOST_TEST(desk.shows("PinBlocked"));
}

BOOST_AUTO_TEST_CASE(a_suspended_pin_is_freed_and_a_blocked_one_unblocked)
{
    Desk desk;
    desk.post("resume", resume);
    BOOST_TEST((desk.request().purpose == IdentityPurpose::ResumePin));
    BOOST_TEST(desk.request().can.revealText() == "222222");
    desk.end(PinManaged{});
    BOOST_TEST(desk.shows("done.resume"));
    desk.post("unblock", unblock);
    BOOST_TEST((desk.request().purpose == IdentityPurpose::UnblockPin));
    BOOST_TEST(desk.request().puk.revealText() == "9876543210");
    desk.end(WrongPuk{});
    BOOST_TEST(desk.shows("WrongPuk"));
    desk.post("unblock", unblock);
    desk.end(PukUsedUp{});
    BOOST_TEST(desk.shows("PukUsedUp"));
    desk.post("unblock", unblock);
    desk.end(PinManaged{});
    BOOST_TEST(desk.shows("done.unblock"));
    BOOST_TEST(desk.audits("unblock-pin") == 6);
}

BOOST_AUTO_TEST_CASE(a_new_pin_without_the_old_one_wants_the_photo_and_the_right)
{
    Desk desk;
    auto without = anew;
    without.erase("compared");
    desk.post("set", without);
    BOOST_TEST(desk.clerk.page.status == 400);
    BOOST_TEST(desk.town.deskReader.reads == 0);
    BOOST_TEST(desk.audits("compare-photo") == 0);
    desk.post("set", anew);
    BOOST_TEST(desk.audits("compare-photo") == 1);
    BOOST_TEST((desk.request().purpose == IdentityPurpose::SetPin));
    bool given = false;
    desk.town.deskReader.running->sign({1},
                                       [&](const auto& signature) { given = bool(signature); });
    BOOST_TEST(given);
    desk.end(DeviceFailed{ErrorCode::CertificateUnusable});
    BOOST_TEST(desk.shows("CertificateUnusable"));
    desk.post("set", anew);
    desk.end(PinManaged{});
    BOOST_TEST(desk.shows("done.set"));

    Desk poor(true, false);
    poor.clerk.get("/desk/pin/set");
    BOOST_TEST(poor.shows("noCertificate"));
    BOOST_TEST(!poor.clerk.shows("name=\"newPin\""));
    auto typed = anew;
    typed["key"] = poor.clerk.formKey();
    poor.clerk.send("POST", "/desk/pin/set", typed);
    BOOST_TEST(poor.town.deskReader.reads == 0);
    poor.post("unblock", unblock); // needs no certificate
    BOOST_TEST(poor.town.deskReader.reads == 1);
}

BOOST_AUTO_TEST_CASE(without_the_terminals_part_nothing_is_signed)
{
    Desk desk;
    for (const auto& [act, typed] : {std::pair<std::string, Typed>{"change", change},
                                     {"resume", resume},
                                     {"unblock", unblock}}) {
        desk.post(act, typed);
        bool given = true;
        desk.town.deskReader.running->sign({1},
                                           [&](const auto& signature) { given = bool(signature); });
        BOOST_TEST(!given, act);
        desk.end(PinManaged{});
    }
    BOOST_TEST(desk.town.deskSigner.signatures == 0);
}

struct Wrong {
    const char* act;
    Typed typed;
    const char* key;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
{
    return out << wrong.act << " " << wrong.key;
}
const Wrong wrongs[] = {
    {"change", {{"pin", "1234"}, {"newPin", "778899"}, {"again", "778899"}}, "PinIncomplete"},
    {"change", {{"pin", "12345x"}, {"newPin", "778899"}, {"again", "778899"}}, "PinIncomplete"},
    {"change", {{"pin", "123456"}, {"newPin", "77889"}, {"again", "77889"}}, "NewPinIncomplete"},
    {"change", {{"pin", "123456"}, {"newPin", "778899"}, {"again", "778898"}}, "PinsDiffer"},
    {"resume", {{"can", "222222"}, {"pin", ""}}, "PinIncomplete"},
    {"unblock", {{"puk", "987654321"}}, "PukIncomplete"},
    {"unblock", {{"puk", "98765432100"}}, "PukIncomplete"},
    {"set",
     {{"compared", "yes"}, {"can", "222222"}, {"newPin", "778899"}, {"again", ""}},
     "PinsDiffer"},
};

BOOST_DATA_TEST_CASE(what_is_of_another_form_does_not_reach_the_card, data::make(wrongs), wrong)
{
    Desk desk;
    desk.post(wrong.act, wrong.typed);
    BOOST_TEST(desk.clerk.page.status == 400);
    BOOST_TEST(desk.shows(wrong.key));
    BOOST_TEST(desk.town.deskReader.reads == 0);
    for (const auto& [field, typed] : wrong.typed) {
        if (typed.size() >= 5)
            BOOST_TEST(!desk.clerk.shows("\"" + typed + "\""), field);
    }
}

BOOST_AUTO_TEST_CASE(one_card_at_a_time_and_no_case_in_between)
{
    Desk desk;
    Browser kiosk(desk.town, Surface::Kiosk);
    walkToDone(desk.town, kiosk);
    const std::string identity = "/desk/cases/" + onlyCase(desk.town) + "/identity";
    desk.post("unblock", unblock);
    desk.post("change", change);
    BOOST_TEST(desk.clerk.page.status == 409);
    desk.clerk.get(identity);
    desk.clerk.post(identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
    BOOST_TEST(desk.clerk.page.status == 409);
    BOOST_TEST(desk.town.deskReader.reads == 1);
    desk.clerk.get("/desk/pin");
    desk.clerk.post("/desk/pin/cancel");
    BOOST_TEST(desk.town.deskReader.cancels == 1);
    desk.end(ReadCancelled{});
    BOOST_TEST(desk.shows("ReadCancelled"));

    desk.clerk.get(identity); // a look at a PIN ends what was confirmed for a case
    desk.clerk.post(identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
    desk.look();
    desk.end(PinReady{3});
    desk.clerk.get(identity);
    BOOST_TEST(!desk.clerk.shows("name=\"can\""));
}

BOOST_AUTO_TEST_CASE(no_number_stands_in_log_or_journal)
{
    Desk desk;
    const HeardLog heard;
    for (const auto& [act, typed] : {std::pair<std::string, Typed>{"change", change},
                                     {"resume", resume},
                                     {"unblock", unblock},
                                     {"set", anew}}) {
        desk.post(act, typed);
        desk.end(PinManaged{});
        desk.post(act, typed);
        desk.end(DeviceFailed{ErrorCode::ReaderFailed});
    }
    const std::string log = heard.text();
    BOOST_TEST(log.find("desk.card-outcome") != std::string::npos);
    std::string journal;
    for (auto row = desk.town.database().prepare("SELECT details FROM journal"); row.step();)
        journal += row.text(0) + "\n";
    for (const char* number : {"123456", "778899", "222222", "9876543210"}) {
        BOOST_TEST(journal.find(number) == std::string::npos, number);
        BOOST_TEST(log.find(number) == std::string::npos, number);
    }
}

BOOST_AUTO_TEST_CASE(without_a_reader_the_pin_service_says_so)
{
    Desk desk(false);
    desk.clerk.get("/desk/pin");
    BOOST_TEST(desk.clerk.shows(pages().text("de", "desk.card.NotSetUp")));
    desk.look();
    BOOST_TEST(desk.clerk.page.status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
