// SPDX-License-Identifier: EUPL-1.2
//
// A scan from the desk to the office that decides: byte for byte, and then it is gone here.
#include "sync/gateway/subscriber.h"
#include "sync/portal/metadata.h"
#include "tests/node/scans.h"
#include "tests/node/whole_way.h"

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
    way.gateway.attachmentBytesMax = std::size_t{90} * 1024 * 1024; // as amt-gateway has it
    way.gateway.restart();
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

BOOST_AUTO_TEST_SUITE_END()
