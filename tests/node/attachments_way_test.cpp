// SPDX-License-Identifier: EUPL-1.2
//
// A scan from the desk to the office that decides: byte for byte, and then it is gone here.
#include "sync/gateway/subscriber.h"
#include "sync/portal/metadata.h"
#include "tests/node/scans.h"
#include "tests/node/whole_way.h"
#include "tests/support/schema_judge.h"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;
using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

class ToGateway : public HttpExchange {
public:
    explicit ToGateway(GatewayTown& town) : _town(town) {}
    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        _town.loop.post([this, request = std::move(request), done = std::move(done)] {
            done(_town.gateway->handle(request));
        });
    }

private:
    GatewayTown& _town;
};

std::string readFile(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// As amt-gateway does.
void takeLarge(GatewayTown& gateway)
{
    gateway.attachmentBytesMax = std::size_t{90} * 1024 * 1024;
    gateway.restart();
}

/// The office fetches, checks, keeps and accepts.
void fetchAll(GatewayTown& town, const fs::path& inbox)
{
    gateway::SubscriberSettings settings;
    settings.clientId = "office-a";
    settings.clientSecret = Secret(town.secretOf(Who::Subscriber));
    settings.serviceUrl = serviceUrl;
    settings.destinationId = destinationId;
    settings.openingKeys = {{"destination-encryption-1", rsaKey(1)}};
    settings.signatureKid = "destination-signature-1";
    settings.signatureKey = rsaKey(2);
    ToGateway line(town);
    gateway::Subscriber subscriber(std::move(settings), line, town.loop, town.random,
                                   gateway::folderInbox(inbox));
    std::optional<gateway::RoundResult> result;
    subscriber.round([&](const gateway::RoundResult& done) { result = done; });
    for (int i = 0; i < 1000 && !result; ++i)
        town.passTime(Milliseconds(1));
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(result->accepted == 1);
    BOOST_TEST(result->rejected == 0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_attachments_way)

BOOST_AUTO_TEST_CASE(twenty_megabytes_arrive_byte_for_byte_and_leave_nothing_here)
{
    WholeWay way;
    takeLarge(way.gateway);
    Browser kiosk(way.town, Surface::Kiosk), desk(way.town, Surface::Desk);
    walkToDesk(way.town, kiosk, desk);
    const std::string large = pdfOf(way.town, 20'000'000);
    const std::string small("\x89PNG\r\n\x1A\n small", 14);
    BOOST_TEST(addScan(way.town, desk, "Mietvertrag.pdf", large).status == 303);
    BOOST_TEST(addScan(way.town, desk, "../Größe 1.png", small).status == 303);
    const std::string path = "/desk/cases/" + onlyCase(way.town);
    desk.get(path);
    desk.post(path + "/release", {{"reason", "bar bezahlt"}});
    BOOST_TEST(desk.page.status == 200);
    BOOST_TEST(way.town.text("SELECT state FROM envelope") == "SEALED");

    way.startCarrier();
    way.pass(std::chrono::minutes(1));
    BOOST_TEST(way.town.text("SELECT state FROM envelope") == "STORED");
    const TemporaryFolder folder;
    fetchAll(way.gateway, folder.path());
    way.pass(std::chrono::minutes(4));
    BOOST_TEST(way.town.text("SELECT state FROM envelope") == "PURGED");
    BOOST_TEST(way.town.count("SELECT count(*) FROM attachment_chunk") == 0);
    BOOST_TEST(way.town.count("SELECT count(*) FROM attachment") == 0);

    fs::path opened;
    for (const auto& entry : fs::directory_iterator(folder.path()))
        opened = entry.path();
    std::string text = readFile(opened / "metadata.json");
    const auto metadata = portal::readMetadata(text);
    BOOST_REQUIRE_EQUAL(metadata.attachments.size(), 2U);
    const auto& first = metadata.attachments[0];
    BOOST_TEST(first.filename == "Mietvertrag.pdf");
    BOOST_TEST(first.mimeType == "application/pdf");
    BOOST_TEST((first.purpose == portal::Purpose::Attachment));
    BOOST_TEST(first.hash == toHex(envelope::sha512(view(large))));
    BOOST_TEST(metadata.attachments[1].filename == "Größe 1.png");
    int files = 0;
    for (const auto& entry : fs::directory_iterator(opened / "attachments")) {
        ++files;
        const std::string bytes = readFile(entry.path());
        BOOST_CHECK(bytes == (entry.path().extension() == ".pdf" ? large : small));
    }
    BOOST_TEST(files == 2);
    way.checkOnce();
}

/// Scans one paper, releases, and what the office then has.
portal::Metadata scannedAndReleased(WholeWay& way, Browser& desk, const std::string& settlement)
{
    signInFirst(way.town, desk);
    desk.post("/desk/paper", {{"kept", "yes"}});
    desk.get("/desk/held");
    BOOST_TEST(desk.shows("Es fehlen noch Unterlagen."));
    const std::string path = "/desk/cases/" + onlyCase(way.town);
    desk.get(path);
    BOOST_TEST(desk.shows("Unterlagen zu diesem Antrag: Fahrzeugschein, Meldebescheinigung"));
    BOOST_TEST(desk.shows("Es ist noch keine Unterlage dabei."));
    BOOST_TEST(addScan(way.town, desk, "Fahrzeugschein.pdf", pdfOf(way.town, 300'000)).status ==
               303);
    desk.get(path);
    BOOST_TEST(!desk.shows("Es ist noch keine Unterlage dabei."));
    BOOST_TEST(desk.shows("Unterlagen sind eingescannt."));
    desk.post(path + "/release", {{"reason", "Unterlagen eingescannt"}});
    BOOST_TEST(desk.page.status == 200);
    BOOST_TEST(way.town.text("SELECT settlement FROM cases") == settlement);
    way.startCarrier();
    way.pass(std::chrono::minutes(1));
    const TemporaryFolder folder;
    fetchAll(way.gateway, folder.path());
    way.pass(std::chrono::minutes(4));
    BOOST_TEST(way.town.text("SELECT state FROM envelope") == "PURGED");
    fs::path arrived;
    for (const auto& entry : fs::directory_iterator(folder.path()))
        arrived = entry.path();
    std::string text = readFile(arrived / "metadata.json");
    if (!skipWithoutJudge())
        BOOST_TEST(judgedBySchema(text) == 0);
    way.checkOnce();
    return portal::readMetadata(text);
}

BOOST_AUTO_TEST_CASE(a_paid_case_that_needs_papers_waits_for_a_desk_and_keeps_its_payment)
{
    WholeWay way;
    takeLarge(way.gateway);
    askForPapers(way.town);
    way.town.restart();
    Browser kiosk(way.town, Surface::Kiosk), desk(way.town, Surface::Desk);
    kiosk.get("/services");
    BOOST_TEST(kiosk.shows("Am Schalter zu zeigen: Fahrzeugschein, Meldebescheinigung"));
    walkToDone(way.town, kiosk);
    kiosk.get("/visit/done");
    BOOST_TEST(kiosk.shows("Noch zu zeigen: Fahrzeugschein, Meldebescheinigung."));
    BOOST_TEST(kiosk.shows("sobald am Schalter alles erledigt ist"));
    const std::string paper = ScriptedPrinter::textOf(way.town.printer.jobs.back());
    BOOST_TEST(paper.find("Am Schalter zeigen") != std::string::npos);
    BOOST_TEST(paper.find("Meldebescheinigung") != std::string::npos);
    BOOST_TEST(way.town.count("SELECT count(*) FROM envelope") == 0);
    const auto metadata = scannedAndReleased(way, desk, "Card");
    BOOST_REQUIRE(metadata.payment.has_value());
    BOOST_TEST(metadata.payment->grossAmount.value_or(Money()).inCents() == 3070);
    BOOST_REQUIRE_EQUAL(metadata.attachments.size(), 1U);
    BOOST_TEST(metadata.attachments[0].filename == "Fahrzeugschein.pdf");
}

BOOST_AUTO_TEST_CASE(a_free_case_that_needs_papers_waits_for_a_desk_too)
{
    WholeWay way;
    takeLarge(way.gateway);
    askForPapers(way.town, true);
    way.town.restart();
    Browser kiosk(way.town, Surface::Kiosk), desk(way.town, Surface::Desk);
    walkToPay(way.town, kiosk);
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(kiosk.shows("Es ist nichts zu zahlen."));
    BOOST_TEST(kiosk.shows("Noch zu zeigen: Fahrzeugschein"));
    const std::string receipt = ScriptedPrinter::textOf(way.town.printer.jobs.back());
    const auto code = way.town.text("SELECT question_code FROM cases");
    BOOST_REQUIRE(!code.empty());
    BOOST_TEST(receipt.find(code) != std::string::npos);
    const auto reference = way.town.text("SELECT reference FROM cases");
    kiosk.post("/visit/end");
    kiosk.get("/");
    kiosk.post("/language", {{"language", "de"}, {"back", "/visit/state"}});
    kiosk.post("/visit/state", {{"reference", reference}, {"code", code}});
    BOOST_TEST(kiosk.shows("Es fehlen noch Unterlagen."));
    const auto metadata = scannedAndReleased(way, desk, "NoFee");
    BOOST_TEST(!metadata.payment.has_value());
    BOOST_REQUIRE_EQUAL(metadata.attachments.size(), 1U);
}

BOOST_AUTO_TEST_CASE(where_fee_and_papers_are_left_for_the_desk_both_are_said)
{
    Town town;
    askForPapers(town);
    town.restart();
    Browser kiosk(town, Surface::Kiosk), desk(town, Surface::Desk);
    walkToDesk(town, kiosk, desk);
    const auto ask = [&] {
        Browser later(town, Surface::Kiosk);
        later.get("/");
        later.post("/language", {{"language", "de"}, {"back", "/visit/state"}});
        later.post("/visit/state", {{"reference", town.text("SELECT reference FROM cases")},
                                    {"code", town.text("SELECT question_code FROM cases")}});
        return later.shows("Es fehlen noch Unterlagen.");
    };
    const std::string path = "/desk/cases/" + onlyCase(town);
    desk.get(path);
    BOOST_TEST(desk.shows("und es fehlen noch Unterlagen"));
    BOOST_TEST(ask());
    BOOST_TEST(addScan(town, desk, "a.pdf", "%PDF-1.7").status == 303);
    desk.get(path);
    BOOST_TEST(desk.shows("Die Gebühr wird am Schalter bezahlt. Ist sie bezahlt"));
    BOOST_TEST(!ask());
}

BOOST_AUTO_TEST_SUITE_END()
