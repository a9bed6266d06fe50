// SPDX-License-Identifier: EUPL-1.2
//
// A specialist procedure replies by a folder: sealed once, sent until it is known how it ended.
#include "appliance/core/files.h"
#include "sync/gateway/reply_folder.h"
#include "sync/gateway/subscriber.h"
#include "sync/portal/metadata.h"
#include "sync/portal/reply_message.h"
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

constexpr auto deskKid = "desk-key-1";

std::string metadataWith(const std::string& standard)
{
    portal::Metadata metadata;
    metadata.data = {std::string(128, 'a'), "urn:example:a:1.0", "application/json"};
    metadata.replyChannel =
        portal::ReplyChannel{{standard},
                             json::write(*envelope::writeJwk(
                                 {deskKid, envelope::KeyUse::Encrypt, publicRsaKey(3), {}}))};
    return portal::writeMetadata(metadata);
}

/// The subscriber's folder with one case, at a gateway that has it.
struct Office {
    Office()
        : line(town),
          subscriber({.clientId = town.clientIds.at(Who::Subscriber),
                      .clientSecret = Secret(std::string_view(town.secretOf(Who::Subscriber))),
                      .serviceUrl = serviceUrl,
                      .destinationId = destinationId,
                      .openingKeys = {{"destination-encryption-1", rsaKey(1)}},
                      .signatureKid = "destination-signature-1",
                      .signatureKey = rsaKey(2)},
                     line, town.loop, town.random, [](const gateway::ReceivedCase&) {})
    {
        opened = town.send().ids.opened;
        folder = town.folder.path() / "inbox" / opened / "replies" / "1";
        std::filesystem::create_directories(folder / "attachments");
        writeDurably(folder.parent_path().parent_path() / "metadata.json",
                     view(metadataWith(portal::replySchema)));
        writeDurably(folder / "attachments" / "Bescheid.pdf", view(std::string("%PDF-1.7")));
        write(R"({"subject":"Nachforderung","text":"Bitte bringen Sie den Ausweis."})");
    }

    class Line : public HttpExchange {
    public:
        explicit Line(GatewayTown& town) : _town(town) {}
        void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
        {
            HttpResponse answer = _town.gateway->handle(request);
            if (asked++ == lost)
                return done(NoAnswer{});
            done(std::move(answer));
        }
        int asked = 0, lost = -1;

    private:
        GatewayTown& _town;
    };

    void write(const std::string& text) { writeDurably(folder / "reply.json", view(text)); }
    gateway::Subscriber::Replied send()
    {
        gateway::Subscriber::Replied result;
        subscriber.reply(gateway::sealedReplyIn(folder, "Ordnungsamt", town.random),
                         [&](const auto& replied) { result = replied; });
        return result;
    }
    std::vector<std::filesystem::path> toSend()
    {
        return gateway::repliesToSend(town.folder.path() / "inbox");
    }
    int replies()
    {
        auto row = town.books->prepare("SELECT count(*) FROM reply WHERE state = 'submitted'");
        row.step();
        return static_cast<int>(row.integer(0));
    }

    GatewayTown town;
    Line line;
    gateway::Subscriber subscriber;
    std::string opened;
    std::filesystem::path folder;
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_reply_folder)

BOOST_DATA_TEST_CASE(a_reply_from_a_folder_arrives_once_whatever_answer_is_lost,
                     data::xrange(-1, 4), lost)
{
    Office office;
    BOOST_TEST(office.toSend().size() == 1U);
    office.line.lost = lost;
    gateway::Subscriber::Replied replied;
    for (int attempt = 0; attempt < 2 && replied.replyId.empty(); ++attempt)
        replied = office.send();
    BOOST_TEST(!replied.replyId.empty());
    BOOST_TEST(office.replies() == 1);
    gateway::closeReply(office.folder, "sent", replied.replyId);
    BOOST_TEST(office.toSend().empty());
    BOOST_TEST(!std::filesystem::exists(office.folder / "sealed.json"));

    const auto got = portal::readReply(
        office.town.ask(Who::Sender, "GET", portal::replyPath(replied.replyId)).body, 1'000'000);
    const auto message =
        portal::readReplyMessage(toText(envelope::open(got.parts.data, rsaKey(3), deskKid).plain));
    BOOST_TEST(message.caseId == office.opened);
    BOOST_TEST(message.subject == "Nachforderung");
    const auto opened = envelope::open(got.parts.metadata, rsaKey(3), deskKid);
    const auto metadata = portal::readMetadata(toText(opened.plain));
    BOOST_TEST(metadata.data.schemaUri == portal::replySchema);
    BOOST_REQUIRE_EQUAL(metadata.attachments.size(), 1);
    BOOST_TEST(metadata.attachments[0].filename == "Bescheid.pdf");
    BOOST_TEST(metadata.attachments[0].mimeType == "application/pdf");
    BOOST_TEST(opened.plain.size() == 4096U); // padded
}

BOOST_AUTO_TEST_CASE(what_the_service_refuses_for_good_is_told_so)
{
    Office office;
    const auto away = office.folder.parent_path().parent_path().parent_path() /
                      "99999999-8888-4777-8666-555555555555";
    std::filesystem::rename(office.folder.parent_path().parent_path(), away);
    office.folder = away / "replies" / "1";
    const auto replied = office.send();
    BOOST_TEST(replied.replyId.empty());
    BOOST_TEST(replied.refused == 404);
    BOOST_TEST(office.toSend().size() == 1U);
    gateway::closeReply(office.folder, "refused", "404");
    BOOST_TEST(office.toSend().empty());
}

BOOST_AUTO_TEST_CASE(a_case_that_offers_nothing_that_we_can_write_gets_no_reply)
{
    Office office;
    const auto metadata = office.folder.parent_path().parent_path() / "metadata.json";
    writeDurably(metadata, view(metadataWith("urn:example:other:1.0")));
    BOOST_CHECK_THROW(office.send(), Error);
    writeDurably(metadata, view(GatewayTown::metadataFor("{}")));
    BOOST_CHECK_THROW(office.send(), Error);
    writeDurably(metadata, view(metadataWith(portal::replySchema)));
    for (const char* wrong :
         {"", "{}", R"({"subject":"","text":"b"})", R"({"subject":"a","text":"b","html":"c"})"}) {
        office.write(wrong);
        BOOST_CHECK_THROW(office.send(), Error);
    }
    BOOST_TEST(office.replies() == 0);
    BOOST_TEST(!std::filesystem::exists(office.folder / "sealed.json"));
}

BOOST_AUTO_TEST_SUITE_END()
