// SPDX-License-Identifier: EUPL-1.2
//
// What the destination is told of the card: a report that is true, tied to the data, and there
// whichever way the envelope was sealed.
#include "sync/envelope/envelope.h"
#include "sync/portal/identification_report.h"
#include "tests/node/ways.h"
#include "tests/support/test_keys.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

struct Sealed {
    portal::Metadata metadata;
    std::string dataHash;
    json::ObjectPtr report() const { return json::parseObject(metadata.dataSets.at(0).content); }
};

Sealed sealedCase(Town& town)
{
    const auto part = [&](const std::string& name) {
        HttpRequest request;
        request.method = "GET";
        request.path = "/sync/envelopes/" + town.text("SELECT id FROM envelope") + "/" + name;
        request.peer = "sync";
        return envelope::open(town.handle(Surface::Sync, request).body, rsaKey(1), "encryption-1")
            .plain;
    };
    return {portal::readMetadata(toText(part("metadata"))), toHex(envelope::sha512(part("data")))};
}

/// What `./amt run` emulates; nothing: it does not answer.
struct Emulated : node::Emulation {
    explicit Emulated(const std::vector<std::string>& names)
    {
        for (const auto& kind : names)
            kinds.push_back({kind, "", {}});
    }
    std::vector<Device> kinds;
    std::vector<Device> devices() override { return kinds; }
    void act(const std::string&, const std::string&) override {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_identification)

BOOST_AUTO_TEST_CASE(a_card_and_its_pin_are_reported_with_the_data_they_belong_to)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    const std::string read = toLocalIso(town.loop.utcNow());
    town.loop.advance(std::chrono::seconds(40));
    fillLastPage(kiosk);
    kiosk.post("/visit/review", {{"confirm", "yes"}});
    kiosk.post("/visit/pay", {{"action", "start"}});
    town.terminal.approve();

    const auto sealed = sealedCase(town);
    BOOST_REQUIRE(sealed.metadata.dataSets.size() == 1U);
    const auto& proof = sealed.metadata.dataSets[0];
    BOOST_TEST(proof.schemaUri == portal::identificationSchema);
    BOOST_TEST(proof.hash == toHex(envelope::sha512(view(proof.content))));
    const auto report = sealed.report();
    BOOST_TEST(json::text(*report, "levelOfAssurance") == "http://bsi.bund.de/eID/LoA/hoch");
    BOOST_TEST(json::text(*report, "identificationTime") == read);
    BOOST_TEST(json::text(*report, "reportTime") == toLocalIso(town.loop.utcNow()));
    const auto document = json::array(*report, "documentReferences")->getObject(0);
    BOOST_TEST(json::text(*document, "digest") == sealed.dataHash);
    BOOST_TEST(proof.content.find(town.text("SELECT reference FROM cases")) != std::string::npos);
    BOOST_TEST(proof.content.find("Mustermann") == std::string::npos); // that stands in the data
}

BOOST_AUTO_TEST_CASE(what_was_typed_is_reported_as_nothing)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk); // read, and then begun anew without the card
    kiosk.post("/services", {{"service", "99108001001000"}});
    kiosk.post("/visit/notice", {{"consent", "yes"}});
    kiosk.post("/visit/card/skip");
    typeFirstPages(kiosk);
    fillLastPage(kiosk);
    kiosk.post("/visit/review", {{"confirm", "yes"}});
    kiosk.post("/visit/pay", {{"action", "start"}});
    town.terminal.approve();
    BOOST_TEST(sealedCase(town).metadata.dataSets.empty());
}

BOOST_AUTO_TEST_CASE(an_emulated_card_proves_nobody)
{
    const auto levelBeside = [](const std::vector<std::string>& emulatedKinds) {
        Emulated emulated(emulatedKinds);
        Town town;
        town.emulation = &emulated;
        town.restart();
        Browser kiosk(town, Surface::Kiosk);
        walkToDone(town, kiosk);
        const auto report = sealedCase(town).report();
        const std::string level = json::text(*report, "levelOfAssurance");
        const bool says = json::text(*report, "idStatement").find("Testausweis") == 0;
        BOOST_TEST(says == (level == "unknown"));
        return level;
    };
    BOOST_TEST(levelBeside({"card", "printer"}) == "unknown");
    BOOST_TEST(levelBeside({}) == "unknown");
    BOOST_TEST(levelBeside({"desk-card", "printer"}) == "http://bsi.bund.de/eID/LoA/hoch");
}

BOOST_AUTO_TEST_CASE(
    the_proof_outlives_a_restart_before_the_submission_and_a_release_from_the_desk_copy)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    const std::string read = toLocalIso(town.loop.utcNow());
    town.loop.advance(std::chrono::seconds(20));
    town.restart();
    kiosk.get("/visit/form");
    fillLastPage(kiosk);
    kiosk.post("/visit/review", {{"confirm", "yes"}});
    kiosk.post("/visit/pay", {{"action", "desk"}});
    kiosk.post("/visit/end");
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string address = "/desk/cases/" + onlyCase(town);
    desk.get(address);
    desk.post(address + "/release", {{"reason", "bar bezahlt"}});
    const auto report = sealedCase(town).report();
    BOOST_TEST(json::text(*report, "identificationTime") == read);
    BOOST_TEST(json::text(*report, "levelOfAssurance") == "http://bsi.bund.de/eID/LoA/hoch");
}

/// A case of typed data that waits for a release, and a clerk with a reader.
struct TypedCase {
    TypedCase()
    {
        walkToCard(kiosk);
        kiosk.post("/visit/card/skip");
        typeFirstPages(kiosk);
        fillLastPage(kiosk);
        kiosk.post("/visit/review", {{"confirm", "yes"}});
        kiosk.post("/visit/pay", {{"action", "desk"}});
        kiosk.post("/visit/end");
        signInFirst(town, clerk);
        address = "/desk/cases/" + onlyCase(town);
    }
    void readOnSite(const IdentityData& card)
    {
        clerk.get(address + "/identity");
        clerk.post(address + "/identity/photo", {{"compared", "yes"}, {"consent", "yes"}});
        clerk.post(address + "/identity/read", {{"can", "222222"}});
        town.deskReader.finish(IdentityRead{Personal<IdentityData>(card), CardPassword::Can});
        clerk.get(address + "/identity");
        clerk.post(address + "/identity/end");
    }
    void release()
    {
        clerk.get(address);
        clerk.post(address + "/release", {{"reason", "bar bezahlt"}});
    }

    Town town;
    Browser kiosk{town, Surface::Kiosk}, clerk{town, Surface::Desk};
    std::string address;
};

IdentityData zoesCard()
{
    IdentityData card = adasCard();
    card.givenNames = "ZOË";
    card.familyNames = "ŁUKASIEWICZ";
    card.dateOfBirth = "19840301";
    card.placeOfResidence.street = "LANGE STRASSE 4";
    card.placeOfResidence.postalCode = "47533";
    card.placeOfResidence.city = "Kleve";
    return card;
}

BOOST_AUTO_TEST_CASE(a_card_checked_on_site_is_reported_as_what_it_is)
{
    TypedCase typed;
    const std::string read = toLocalIso(typed.town.loop.utcNow());
    typed.readOnSite(zoesCard());
    typed.town.loop.advance(std::chrono::seconds(30));
    typed.release();
    const auto report = sealedCase(typed.town).report();
    BOOST_TEST(json::text(*report, "identificationTime") == read);
    BOOST_TEST(json::text(*report, "levelOfAssurance") == "unknown");
    BOOST_TEST(json::text(*report, "idStatement").find("§ 18a PAuswG") != std::string::npos);
    BOOST_TEST(typed.town.count("SELECT count(*) FROM journal WHERE details LIKE "
                                "'%compare-card%' AND details LIKE '%Agrees%'") == 1);
}

BOOST_AUTO_TEST_CASE(a_card_that_differs_from_its_case_proves_nothing)
{
    TypedCase typed;
    IdentityData other = zoesCard();
    other.familyNames = "LUKASCHEWSKI";
    typed.readOnSite(other);
    typed.release();
    BOOST_TEST(sealedCase(typed.town).metadata.dataSets.empty());
}

BOOST_AUTO_TEST_CASE(a_card_that_was_read_before_another_photo_proves_nothing_any_more)
{
    TypedCase typed;
    typed.readOnSite(zoesCard());
    typed.clerk.get(typed.address + "/identity");
    typed.clerk.post(typed.address + "/identity/photo", {{"compared", "yes"}, {"consent", "yes"}});
    typed.release();
    BOOST_TEST(sealedCase(typed.town).metadata.dataSets.empty());
}

BOOST_AUTO_TEST_SUITE_END()
