// SPDX-License-Identifier: EUPL-1.2
//
// How nodes stand: what they say of themselves is taken whole or refused, and what is wrong with
// one is found, with its urgency.
#include "sync/gateway/fleet.h"
#include "sync/gateway/metrics.h"
#include "sync/gateway/operator_words.h"
#include "sync/gateway/tls_identity.h"
#include "tests/gateway/operators_browser.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using namespace std::chrono_literals;
using gateway::Trouble;
using gateway::Urgency;

namespace {

struct Case {
    const char* name;
    std::optional<Milliseconds> heardAgo;
    std::optional<Milliseconds> oldestWaitingAgo;
    int held;
    std::optional<Milliseconds> certificateLeft;
    bool certificatesNeeded;
    std::vector<std::pair<Trouble, Urgency>> found;
};
const Case cases[] = {
    {"well", 44min, 59min, 0, 31 * 24h, true, {}},
    {"never heard", {}, {}, 0, {}, false, {{Trouble::NeverHeard, Urgency::Soon}}},
    {"on the line", 45min, {}, 0, {}, false, {}},
    {"late", 46min, {}, 0, {}, false, {{Trouble::Late, Urgency::Now}}},
    {"queue", 1min, 61min, 0, {}, false, {{Trouble::QueueOld, Urgency::Soon}}},
    {"old queue", 1min, 25h, 0, {}, false, {{Trouble::QueueOld, Urgency::Now}}},
    {"held", 1min, {}, 3, {}, false, {{Trouble::Held, Urgency::Soon}}},
    {"no certificate", 1min, {}, 0, {}, true, {{Trouble::NoCertificate, Urgency::Now}}},
    {"30 days", 1min, {}, 0, 31 * 24h - 1ms, false, {{Trouble::CertificateEnds, Urgency::Soon}}},
    {"8 days", 1min, {}, 0, 8 * 24h, false, {{Trouble::CertificateEnds, Urgency::Soon}}},
    {"7 days", 1min, {}, 0, 8 * 24h - 1ms, false, {{Trouble::CertificateEnds, Urgency::Now}}},
    {"over", 1min, {}, 0, -24h, false, {{Trouble::CertificateEnds, Urgency::Now}}},
    {"all",
     50min,
     48h,
     1,
     0ms,
     false,
     {{Trouble::Late, Urgency::Now},
      {Trouble::QueueOld, Urgency::Now},
      {Trouble::Held, Urgency::Soon},
      {Trouble::CertificateEnds, Urgency::Now}}},
};
std::ostream& operator<<(std::ostream& out, const Case& one)
{
    return out << one.name;
}

struct Report {
    const char* name;
    const char* node;
    bool taken;
};
const Report reports[] = {
    {"whole",
     R"({"version":"1.2.3-rc+4","waiting":2,"held":1,"oldestWaiting":"2026-11-21T08:00:00Z"})",
     true},
    {"empty queue", R"({"version":"0.1.0","waiting":0,"held":0})", true},
    {"no version", R"({"waiting":0,"held":0})", false},
    {"empty version", R"({"version":"","waiting":0,"held":0})", false},
    {"a blank in it", R"({"version":"1 0","waiting":0,"held":0})", false},
    {"markup in it", R"({"version":"<b>","waiting":0,"held":0})", false},
    {"33 letters", R"({"version":"123456789012345678901234567890123","waiting":0,"held":0})",
     false},
    {"below nothing", R"({"version":"1","waiting":-1,"held":0})", false},
    {"too many", R"({"version":"1","waiting":0,"held":1000001})", false},
    {"a text", R"({"version":"1","waiting":"2","held":0})", false},
    {"no time", R"({"version":"1","waiting":1,"held":0,"oldestWaiting":"yesterday"})", false},
    {"the oldest of none",
     R"({"version":"1","waiting":0,"held":0,"oldestWaiting":"2026-11-21T08:00:00Z"})", false},
    {"something personal", R"({"version":"1","waiting":0,"held":0,"clerk":"Meier"})", false},
};
std::ostream& operator<<(std::ostream& out, const Report& report)
{
    return out << report.name;
}

/// Since when a certificate that ends then has been there does not matter here.
void giveCertificate(GatewayTown& town, const std::string& clientId, UtcTime ends)
{
    town.books
        ->prepare(
            "INSERT INTO device_certificate (fingerprint, client_id, request, state, asked_at,"
            " certificate, digest, expires_at) VALUES ($1, $2, '', 'issued', 0, 'x', $1, $3)")
        .bind("f-" + clientId, clientId, ends)
        .run();
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_fleet)

BOOST_DATA_TEST_CASE(what_is_wrong_with_a_node_is_found, data::make(cases), one)
{
    OperatorsTown operated;
    const std::string id = operated.enterNode("Rathaus");
    auto& loop = operated.town.loop;
    const UtcTime now = loop.utcNow() + 30 * 24h;
    if (one.heardAgo) {
        operated.town.passTime(now - *one.heardAgo - loop.utcNow());
        std::optional<UtcTime> oldest;
        if (one.oldestWaitingAgo)
            oldest = now - *one.oldestWaitingAgo;
        operated.hear(id, portal::NodeReport{.version = "0.1.0",
                                             .waiting = oldest ? 2 : 0,
                                             .held = one.held,
                                             .oldestWaiting = oldest});
    }
    if (one.certificateLeft)
        giveCertificate(operated.town, id, now + *one.certificateLeft);
    for (const auto& node : gateway::fleet(*operated.town.books, now,
                                           {.nodesNeedCertificates = one.certificatesNeeded})) {
        if (node.clientId != id)
            continue;
        std::vector<std::pair<Trouble, Urgency>> found;
        for (const auto& each : node.found)
            found.emplace_back(each.trouble, each.urgency);
        BOOST_TEST((found == one.found));
    }
}

BOOST_DATA_TEST_CASE(what_a_node_says_of_itself_is_taken_whole_or_refused, data::make(reports),
                     report)
{
    GatewayTown town;
    const auto answer =
        town.ask(Who::Sender, "PUT", "/v2/journal-head", "application/json",
                 R"({"incarnation":"0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01","number":7,)"
                 R"("hash":")" +
                     std::string(64, 'a') + R"(","node":)" + report.node + "}");
    BOOST_TEST(answer.status == (report.taken ? 204 : 400));
    BOOST_TEST(town.books->prepare("SELECT 1 FROM node_report").step() == report.taken);
}

BOOST_AUTO_TEST_CASE(an_older_node_tells_no_figures_and_is_heard_all_the_same)
{
    OperatorsTown operated;
    const std::string id = operated.enterNode("Rathaus");
    operated.hear(id, std::nullopt);
    const auto nodes = gateway::fleet(*operated.town.books, operated.town.loop.utcNow());
    const auto node = std::find_if(nodes.begin(), nodes.end(),
                                   [&](const auto& each) { return each.clientId == id; });
    BOOST_REQUIRE(node != nodes.end());
    BOOST_TEST(node->heardAt.has_value());
    BOOST_TEST(!node->reportedAt.has_value());
}

BOOST_AUTO_TEST_CASE(figures_are_kept_though_the_head_is_refused)
{
    OperatorsTown operated;
    const std::string id = operated.enterNode("Rathaus");
    const portal::NodeReport report{.version = "2", .waiting = 1, .held = 0, .oldestWaiting = {}};
    operated.hear(id, portal::NodeReport{"1", 0, 0, {}});
    const auto body = portal::writeHead({.incarnation = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01",
                                         .head = {6, std::string(64, 'b')}, // rolled back
                                         .known = {},
                                         .report = report});
    const auto answer = operated.town.ask(
        {.method = "PUT",
         .path = "/v2/journal-head",
         .query = {},
         .headers = {{"content-type", "application/json"},
                     {"authorization", "Bearer " + operated.town.gateway->actFor(id).accessToken}},
         .body = body,
         .peer = {}});
    BOOST_TEST(answer.status == 409);
    auto row = operated.town.books->prepare("SELECT version FROM node_report WHERE client_id = $1")
                   .bind(id);
    BOOST_REQUIRE(row.step());
    BOOST_TEST(row.text(0) == "2");
}

BOOST_AUTO_TEST_CASE(what_lies_at_the_gateway_counts_for_its_sender)
{
    OperatorsTown operated;
    GatewayTown& town = operated.town;
    town.send();
    town.send();
    town.passTime(4 * 24h); // no office fetches
    const auto nodes = gateway::fleet(*town.books, town.loop.utcNow());
    for (const auto& node : nodes) {
        BOOST_TEST(node.unfetched == (node.clientId == "town-a" ? 2 : 0));
        BOOST_TEST(node.unfetchedLong == (node.clientId == "town-a" ? 2 : 0));
    }
}

BOOST_AUTO_TEST_CASE(the_key_of_a_destination_ends_for_every_node_of_its_municipality)
{
    OperatorsTown operated;
    GatewayTown& town = operated.town;
    const UtcTime now = town.loop.utcNow(), ends = now + 20 * 24h;
    const auto root =
        envelope::makeRootCertificate(rsaKey(0), "Wurzel", now - 24h, now + 3650 * 24h);
    const auto leaf =
        envelope::makeLeafCertificate(publicRsaKey(1), envelope::KeyUse::Encrypt, "Ordnungsamt",
                                      rsaKey(0), root, now - 24h, ends);
    const auto jwk = envelope::writeJwk({"destination-encryption-1",
                                         envelope::KeyUse::Encrypt,
                                         publicRsaKey(1),
                                         {leaf.der, root.der}});
    town.books
        ->prepare("UPDATE destination_key SET jwk = $1 WHERE destination_id = $2"
                  " AND purpose = 'encrypt'")
        .bind(json::write(*jwk), destinationId)
        .run();
    for (const auto& node : gateway::fleet(*town.books, now)) {
        if (node.tenantId == tenant)
            BOOST_TEST((node.destinationKeyEnds == ends));
        else
            BOOST_TEST(!node.destinationKeyEnds.has_value());
    }
}

BOOST_AUTO_TEST_CASE(the_most_urgent_comes_first_and_revoked_ones_last)
{
    OperatorsTown operated;
    const auto add = [&](const char* name, int held) {
        const std::string id = operated.enterNode(name);
        operated.hear(id, portal::NodeReport{"1", 0, held, {}});
        return id;
    };
    add("Gut", 0);
    const std::string gone = add("Gesperrt", 0);
    add("Wartet", 2);
    const std::string late = add("Schweigt", 0);
    operated.order("/clients/revoke",
                   R"({"clientId":")" + gone + R"(","by":"Meier","reason":"gestohlen"})");
    operated.town.books->prepare("UPDATE journal_head SET told_at = 0 WHERE client_id = $1")
        .bind(late)
        .run();
    std::vector<std::string> names;
    for (const auto& node : gateway::fleet(*operated.town.books, operated.town.loop.utcNow())) {
        if (!node.name.empty())
            names.push_back(node.name);
    }
    const std::vector<std::string> expected = {"Schweigt", "Wartet", "Gut", "Gesperrt"};
    BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(prometheus_gets_the_same_figures)
{
    OperatorsTown operated;
    GatewayTown& town = operated.town;
    const std::string id = operated.enterNode("Rathaus");
    operated.hear(id, portal::NodeReport{"1", 4, 2, town.loop.utcNow() - 90s});
    giveCertificate(town, id, town.loop.utcNow() + 20 * 24h);
    gateway::Operations operations(*town.counters, *town.books, town.loop);
    const auto text = operations
                          .answer({.method = "GET",
                                   .path = "/metrics",
                                   .query = {},
                                   .headers = {},
                                   .body = {},
                                   .peer = {}})
                          .body;
    for (const char* sample :
         {"\namt_gateway_node_cases_waiting 4\n", "\namt_gateway_node_cases_held 2\n",
          "\namt_gateway_node_case_oldest_seconds 90\n",
          "\namt_gateway_node_certificates_ending{within=\"7d\"} 0\n",
          "\namt_gateway_node_certificates_ending{within=\"30d\"} 1\n",
          "\namt_gateway_nodes_late 0\n", "\namt_gateway_keys_asking 0\n"})
        BOOST_TEST(text.find(sample) != std::string::npos, sample);
}

BOOST_AUTO_TEST_CASE(times_are_said_in_german)
{
    const UtcTime now = fromIso("2026-11-21T09:00:00Z");
    BOOST_TEST(gateway::agoInGerman(now, now) == "gerade eben");
    BOOST_TEST(gateway::agoInGerman(now + 5min, now) == "gerade eben");
    BOOST_TEST(gateway::agoInGerman(now - 61s, now) == "vor einer Minute");
    BOOST_TEST(gateway::agoInGerman(now - 119min, now) == "vor 119 Minuten");
    BOOST_TEST(gateway::agoInGerman(now - 47h, now) == "vor 47 Stunden");
    BOOST_TEST(gateway::agoInGerman(now - 50h, now) == "vor 2 Tagen");
    BOOST_TEST(gateway::durationInGerman(72h) == "3 Tage");
    BOOST_TEST(gateway::daysLeftInGerman(now + 25h, now) == "noch 1 Tag");
    BOOST_TEST(gateway::daysLeftInGerman(now + 23h, now) == "endet heute");
    BOOST_TEST(gateway::daysLeftInGerman(now - 1h, now) == "seit 1 Tag abgelaufen");
    BOOST_TEST(gateway::daysLeftInGerman(now - 47h, now) == "seit 2 Tagen abgelaufen");
}

BOOST_AUTO_TEST_SUITE_END()
