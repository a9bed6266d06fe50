// SPDX-License-Identifier: EUPL-1.2
//
// Who takes part: entered with a municipality, listed, revoked at once; orders as commands, over
// the socket and without.
#include "appliance/core/files.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/enrolment.h"
#include "sync/gateway/https_front.h"
#include "sync/gateway/operators.h"
#include "tests/gateway/quota_node.h"
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sstream>
#include <thread>

namespace data = boost::unit_test::data;
namespace fs = std::filesystem;
using namespace amt;
using namespace amt::test;

namespace {

const std::string newDestinationId = "6f1c2c5e-0a53-4d8e-9a52-5d1f5f2f7a03";
const std::string districtTenant = "059740000000";

struct RunTown {
    HttpResponse operate(const std::string& method, const std::string& path,
                         const std::string& body = {})
    {
        return town.gateway->operate(
            {.method = method, .path = path, .query = {}, .headers = {}, .body = body, .peer = {}});
    }
    json::ObjectPtr enter(const std::string& role, const std::string& tenantId = districtTenant)
    {
        const auto answer = operate("POST", "/clients",
                                    R"({"name":"Kreis","by":"Meier","role":")" + role +
                                        R"(","tenantId":")" + tenantId + R"("})");
        BOOST_REQUIRE_EQUAL(answer.status, 201);
        return json::parseObject(answer.body);
    }
    HttpResponse revoke(const std::string& kind, const std::string& id)
    {
        return operate("POST", "/" + kind + "s/revoke",
                       "{\"" + kind + "Id\":\"" + id + R"(","by":"Meier","reason":"gestohlen"})");
    }
    static std::string destination(const std::string& encryptionKid = "destination-encryption-9",
                                   int key = 1)
    {
        const auto document = json::parseObject(
            R"({"destinationId":")" + newDestinationId + R"(","name":"Kreisordnungsamt",)" +
            R"("status":"active","encryptionKid":")" + encryptionKid +
            R"(","metadataVersions":["2.1.0"],"publicServices":[{"identifier":")" + parkingService +
            R"(","submissionSchemas":[],"regions":["DE"]}]})");
        auto signatures = json::makeArray();
        signatures->add(envelope::writeJwk(
            {"destination-signature-9", envelope::KeyUse::Verify, publicRsaKey(2), {}}));
        auto entry = json::makeObject();
        entry->set("document", document);
        entry->set(
            "encryptionKey",
            envelope::writeJwk({encryptionKid, envelope::KeyUse::Encrypt, publicRsaKey(key), {}}));
        entry->set("signatureKeys", signatures);
        return json::write(*entry);
    }
    HttpResponse enterDestination(const std::string& owner,
                                  const std::string& entry = destination())
    {
        return operate("POST", "/destinations",
                       R"({"by":"Meier","ownerId":")" + owner + R"(","destination":)" + entry +
                           "}");
    }
    int tokenStatus(const json::Object& client)
    {
        const auto answer =
            town.ask(Who::Nobody, "POST", "/token", "application/x-www-form-urlencoded",
                     writeForm({{"grant_type", "client_credentials"},
                                {"client_id", json::text(client, "clientId")},
                                {"client_secret", json::text(client, "clientSecret")}}));
        if (answer.status == 200)
            token = json::text(*json::parseObject(answer.body), "access_token");
        return answer.status;
    }
    HttpResponse withToken(const std::string& method, const std::string& path,
                           const std::string& body = {})
    {
        HttpRequest request{.method = method,
                            .path = path,
                            .query = {},
                            .headers = {{"authorization", "Bearer " + token}},
                            .body = body,
                            .peer = {}};
        if (!body.empty())
            request.headers["content-type"] = "application/json";
        return town.ask(std::move(request));
    }
    std::vector<std::string> acts()
    {
        std::vector<std::string> all;
        auto row = town.books->prepare(
            "SELECT act, subject, by_whom, reason FROM operator_act ORDER BY number");
        while (row.step())
            all.push_back(row.text(0) + " " + row.text(1) + " " + row.text(2) + " " + row.text(3));
        return all;
    }

    GatewayTown town;
    std::string token;
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_registry)

BOOST_AUTO_TEST_CASE(an_office_and_its_destination_are_entered_and_a_town_sends_there)
{
    RunTown run;
    const auto office = run.enter("office");
    const std::string id = json::text(*office, "clientId");
    BOOST_TEST(run.enterDestination(id).status == 201);
    const auto node = run.enter("node", tenant);
    BOOST_TEST(run.tokenStatus(*node) == 200);
    BOOST_TEST(run.withToken("GET", "/v2/destinations/" + newDestinationId).status == 200);
    BOOST_TEST(run.withToken("POST", "/v2/submissions", run.town.announcement({}, newDestinationId))
                   .status == 201);
    BOOST_TEST(run.withToken("GET", "/v2/submissions").status == 403); // a node receives nothing
    BOOST_TEST(run.tokenStatus(*office) == 200);
    BOOST_TEST(run.withToken("POST", "/v2/submissions", run.town.announcement({}, newDestinationId))
                   .status == 403);
    const auto listed = run.operate("GET", "/destinations").body;
    BOOST_TEST(listed.find(R"("ownerId":")" + id) != std::string::npos);
    BOOST_TEST(listed.find(R"("tenantId":")" + districtTenant) != std::string::npos);
    const std::vector<std::string> acts = {
        "enter-client " + id + " Meier ", "enter-destination " + newDestinationId + " Meier ",
        "enter-client " + json::text(*node, "clientId") + " Meier "};
    BOOST_TEST(run.acts() == acts, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_is_revoked_is_out_with_the_next_call)
{
    RunTown run;
    const auto node = run.enter("node");
    const std::string id = json::text(*node, "clientId");
    BOOST_TEST(run.tokenStatus(*node) == 200);
    BOOST_TEST(run.withToken("GET", "/v2/destinations/" + destinationId).status == 200);
    BOOST_TEST(run.revoke("client", id).status == 204);
    BOOST_TEST(run.withToken("GET", "/v2/destinations/" + destinationId).status == 401);
    BOOST_TEST(run.tokenStatus(*node) == 401);
    run.town.restart();
    BOOST_TEST(run.tokenStatus(*node) == 401);
    try {
        run.town.gateway->actFor(id);
        BOOST_TEST(false);
    } catch (const Error& refused) {
        BOOST_TEST((refused.errorCode() == ErrorCode::NotFound));
    }
    BOOST_TEST(run.acts().back() == "revoke-client " + id + " Meier gestohlen");
    BOOST_TEST(run.revoke("client", id).status == 204); // said again
    const auto listed = run.operate("GET", "/clients").body;
    BOOST_TEST(listed.find(R"("state":"revoked")") != std::string::npos);
    BOOST_TEST(listed.find(json::text(*node, "clientSecret")) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_revoked_node_may_have_sold_stays_kept_free)
{
    RunTown run;
    GatewayTown& town = run.town;
    QuotaNode node("town-a", "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f10");
    const auto put = [&](const std::string& body) {
        return town.ask(Who::Sender, "PUT", "/v2/quota/register", "application/json", body);
    };
    const auto unknown = put(node.registration());
    BOOST_TEST(put(node.registration(quota::readAnswer(unknown.body).challenge)).status == 200);
    BOOST_TEST(run.revoke("client", "town-a").status == 204);
    auto row = town.books->prepare("SELECT state FROM quota_node WHERE client_id = 'town-a'");
    BOOST_REQUIRE(row.step());
    BOOST_TEST(row.text(0) == "revoked");
    BOOST_TEST(put(node.registration()).status == 401);
}

BOOST_AUTO_TEST_CASE(a_revoked_destination_takes_nothing_and_keeps_what_it_took)
{
    for (const bool byOwner : {false, true}) {
        RunTown run;
        GatewayTown& town = run.town;
        const auto sent = town.send();
        town.tokenOf(Who::Subscriber);
        BOOST_TEST(
            (byOwner ? run.revoke("client", "office-a") : run.revoke("destination", destinationId))
                .status == 204);
        const auto refused = town.announce(randomUuid(town.random), town.announcement());
        BOOST_TEST(refused.status == 422);
        BOOST_TEST(GatewayTown::problemOf(refused) == "destination-state-invalid");
        const auto shown = town.ask(Who::Sender, "GET", "/v2/destinations/" + destinationId);
        BOOST_TEST(json::text(*json::parseObject(shown.body), "status") == "inactive");
        const auto waiting =
            town.ask(Who::Subscriber, "GET", "/v2/submissions/" + sent.ids.submission);
        BOOST_TEST(waiting.status == (byOwner ? 401 : 200));
        if (byOwner)
            continue;
        const auto opened = town.ask(Who::Subscriber, "PATCH", "/v2/destinations/" + destinationId,
                                     "application/json", R"({"status":"active"})");
        BOOST_TEST(opened.status == 409);
        BOOST_TEST(GatewayTown::problemOf(opened) == "destination-revoked");
        BOOST_TEST(town.post(town.acceptOf(sent)).status == 204);
    }
}

struct Refusal {
    const char* name;
    const char* path;
    std::string body;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal)
{
    return out << refusal.name;
}
const Refusal refusals[] = {
    {"no such role", "/clients", R"({"name":"N","by":"M","role":"king","tenantId":""})", 400},
    {"no name", "/clients", R"({"name":"","by":"M","role":"node","tenantId":""})", 400},
    {"a name of two lines", "/clients", R"({"name":"a\nb","by":"M","role":"node","tenantId":""})",
     400},
    {"half a municipality", "/clients", R"({"name":"N","by":"M","role":"node","tenantId":"0596"})",
     400},
    {"no author", "/clients", R"({"name":"N","role":"node","tenantId":""})", 400},
    {"more than asked", "/clients",
     R"({"name":"N","by":"M","role":"node","tenantId":"","clientId":"mine"})", 400},
    {"no reason", "/clients/revoke", R"({"clientId":"town-a","by":"M","reason":""})", 400},
    {"nobody's client", "/clients/revoke", R"({"clientId":"nobody","by":"M","reason":"r"})", 404},
    {"nobody's destination", "/destinations/revoke",
     R"({"destinationId":"nothing","by":"M","reason":"r"})", 404},
    {"a sender as office", "/destinations",
     R"({"ownerId":"town-a","by":"M","destination":)" + RunTown::destination() + "}", 404},
    {"a key that it does not name", "/destinations",
     R"({"ownerId":"office-a","by":"M","destination":{"document":{"destinationId":"x"}}})", 400},
    {"a callback without TLS", "/callbacks",
     R"({"clientId":"town-a","url":"http://town.example/","authority":"CA","by":"M"})", 400},
    {"a callback for nobody", "/callbacks",
     R"({"clientId":"nobody","url":"https://town.example/","authority":"CA","by":"M"})", 404},
    {"no such order", "/kings", "{}", 404},
};

BOOST_DATA_TEST_CASE(what_is_not_right_changes_nothing, data::make(refusals), refusal)
{
    RunTown run;
    const auto before = run.operate("GET", "/clients").body;
    BOOST_TEST(run.operate("POST", refusal.path, refusal.body).status == refusal.status);
    BOOST_TEST(run.operate("GET", "/clients").body == before);
    BOOST_TEST(run.acts().empty());
}

BOOST_AUTO_TEST_CASE(a_destination_stays_its_owners_and_a_kid_its_key)
{
    RunTown run;
    BOOST_TEST(run.enterDestination("office-a").status == 201);
    BOOST_TEST(run.enterDestination("office-a").status == 201); // said again
    const auto taken = run.enterDestination("office-b");
    BOOST_TEST(GatewayTown::problemOf(taken) == "destination-taken");
    const auto other =
        run.enterDestination("office-a", RunTown::destination("destination-encryption-9", 2));
    BOOST_TEST(GatewayTown::problemOf(other) == "key-differs");
    BOOST_TEST(
        run.enterDestination("office-a", RunTown::destination("destination-encryption-a")).status ==
        201); // a new one beside it
    BOOST_TEST(run.town
                   .ask(Who::Sender, "GET",
                        "/v2/destinations/" + newDestinationId + "/keys/destination-encryption-9")
                   .status == 200);
    run.revoke("destination", newDestinationId);
    BOOST_TEST(GatewayTown::problemOf(run.enterDestination("office-a")) == "destination-taken");
}

BOOST_AUTO_TEST_CASE(nothing_of_it_is_on_the_network)
{
    RunTown run;
    for (const char* path : {"/clients", "/clients/revoke", "/destinations", "/callbacks",
                             "/devices", "/devices/code", "/devices/approve", "/devices/revoke"}) {
        BOOST_TEST(run.town.ask(Who::Colleague, "POST", path, "application/json", "{}").status ==
                   404);
        BOOST_TEST(run.town.ask(Who::Colleague, "GET", path).status == 404);
    }
}

// --- as commands, on a gateway that was set up in a folder

namespace {

struct SetUpGateway {
    SetUpGateway()
    {
        gateway::setUp(state, "https://127.0.0.1:18443", loop.utcNow(), random);
        store::DatabaseSettings file;
        file.path = (state / "gateway.db").string();
        books = gateway::makeSqliteBooks(std::move(file));
        gateway =
            std::make_unique<gateway::Gateway>(gateway::loadGateway(state), *books, loop, random);
    }
    /// What became of it, and what was written.
    std::pair<gateway::Became, std::string> give(const std::string& command,
                                                 const std::map<std::string, std::string>& options,
                                                 const gateway::AskRegistry& ask)
    {
        std::ostringstream out;
        auto all = options;
        all.emplace("by", "Meier");
        const auto became = gateway::carryOut({command, all, state, ask}, out);
        return {became, out.str()};
    }

    TemporaryFolder folder;
    const fs::path state = folder.path() / "gateway";
    RealEventLoop loop;
    SystemRandom random;
    std::unique_ptr<gateway::Books> books;
    std::unique_ptr<gateway::Gateway> gateway;
};

std::string setUpDestination(const fs::path& state)
{
    return json::text(*json::parseObject(toText(readSmallFile(state / "subscriber.json"))),
                      "destinationId");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_node_gets_its_two_files_and_is_revoked_over_the_socket)
{
    SetUpGateway set;
    BOOST_TEST(!gateway::askOverSocket(gateway::operatorsSocket(set.state)).has_value());
    gateway::FrontSettings house;
    house.socketFile = gateway::operatorsSocket(set.state);
    const gateway::HttpsFront front(
        house, set.loop, [&](const HttpRequest& request) { return set.gateway->operate(request); });
    const auto mode = fs::status(house.socketFile).permissions();
    BOOST_TEST(((mode & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none));

    std::thread serving([&] { set.loop.run(); });
    const auto ask = gateway::askOverSocket(house.socketFile);
    BOOST_REQUIRE(ask.has_value());
    const fs::path node = set.folder.path() / "node";
    const auto made = set.give("node",
                               {{"name", "Rathaus"},
                                {"tenant", tenant},
                                {"folder", node.string()},
                                {"destinations", setUpDestination(set.state)}},
                               *ask);
    BOOST_TEST((made.first == gateway::Became::Done));
    const auto forNode = json::parseObject(toText(readSmallFile(node / "node-enrolment.json")));
    const auto first = json::parseObject(toText(readSmallFile(set.state / "node-enrolment.json")));
    BOOST_TEST(json::write(*json::object(*forNode, "service")) ==
               json::write(*json::object(*first, "service")));
    BOOST_TEST(json::write(*json::array(*forNode, "destinations")) ==
               json::write(*json::array(*first, "destinations")));
    const auto forSync = json::parseObject(toText(readSmallFile(node / "sync-enrolment.json")));
    const std::string id = json::text(*forSync, "clientId");
    BOOST_TEST(made.second.find(json::text(*forSync, "clientSecret")) == std::string::npos);

    const auto listed = set.give("list", {}, *ask);
    BOOST_TEST(listed.second.find("node\t" + id + "\t" + tenant + "\tactive\t") !=
               std::string::npos);
    const auto revoked = set.give("revoke", {{"client", id}, {"reason", "gestohlen"}}, *ask);
    BOOST_TEST((revoked.first == gateway::Became::Done));
    BOOST_TEST(set.give("list", {}, *ask).second.find(id + "\t" + tenant + "\trevoked\t") !=
               std::string::npos);
    const auto unknown = set.give("revoke", {{"client", "nobody"}, {"reason", "r"}}, *ask);
    BOOST_TEST((unknown.first == gateway::Became::Refused));
    BOOST_TEST(unknown.second.starts_with("refused: Client not found"));
    set.loop.stop();
    serving.join();
}

BOOST_AUTO_TEST_CASE(a_destination_of_another_authority_is_not_entered)
{
    SetUpGateway set;
    const auto direct = [&](const HttpRequest& request) { return set.gateway->operate(request); };
    const auto first = json::parseObject(toText(readSmallFile(set.state / "node-enrolment.json")));
    const auto known = json::array(*first, "destinations")->getObject(0);
    const fs::path file = set.folder.path() / "destination.json";
    const std::string office =
        set.give("client", {{"role", "office"}, {"name", "Amt"}}, direct).second.substr(7, 36);
    // a true chain under another id
    auto document = json::object(*known, "document");
    document->set("destinationId", newDestinationId);
    writeDurably(file, view(json::write(*known)));
    const auto entered =
        set.give("destination", {{"client", office}, {"file", file.string()}}, direct);
    BOOST_TEST((entered.first == gateway::Became::Done));
    BOOST_TEST(entered.second == "destination " + newDestinationId + "\n");

    writeDurably(file, view(RunTown::destination())); // keys without a chain
    try {
        set.give("destination", {{"client", office}, {"file", file.string()}}, direct);
        BOOST_TEST(false);
    } catch (const Error& refused) {
        BOOST_TEST((refused.errorCode() == ErrorCode::KeyUnusable));
    }
}

BOOST_AUTO_TEST_SUITE_END()
