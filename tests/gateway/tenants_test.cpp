// SPDX-License-Identifier: EUPL-1.2
//
// Tenants: whatever the address, what is another municipality's does not exist. The table has a row
// for each address that the gateway answers, and a test that it has.
#include "tests/gateway/quota_node.h"
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

const std::string attachmentId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f55";
const std::string plainJson = "application/json";
const std::string jose = "application/jose";

/// A municipality with a case that was announced and one that waits for its office.
struct Owner {
    Owner()
    {
        announced = GatewayTown::idsOf(
            town.announce(randomUuid(town.random), town.announcement({attachmentId})));
        sent = town.send({{attachmentId, "%PDF-1.7"}});
        town.ask(Who::Sender, "PUT", "/v2/journal-head", plainJson, head("1", 7));
        node.rules();
        const auto put = [&](const char* path, const std::string& body) {
            return town.ask(Who::Sender, "PUT", path, plainJson, body).body;
        };
        const auto unknown = put("/v2/quota/register", node.registration());
        put("/v2/quota/register", node.registration(quota::readAnswer(unknown).challenge));
        put("/v2/quota/report", node.report());
        town.gateway->enter(gateway::ClientEntry{"all-b",
                                                 Secret(std::string_view("secret-b")),
                                                 {std::string(portal::sendScope),
                                                  std::string(portal::subscribeScope),
                                                  std::string(portal::manageScope)},
                                                 otherTenant});
        const auto granted =
            town.ask(Who::Nobody, "POST", "/token", "application/x-www-form-urlencoded",
                     writeForm({{"grant_type", "client_credentials"},
                                {"client_id", "all-b"},
                                {"client_secret", "secret-b"}}));
        allOfB = json::text(*json::parseObject(granted.body), "access_token");
    }

    std::string quotaRegister() const { return node.registration(); }
    std::string quotaReport() const { return node.report(); }
    std::string quotaGrants() const { return quota::write(quota::GrantsQuestion{node.life, 0}); }
    std::string quotaLeases() const
    {
        return quota::write(quota::Leases{node.life, {1, node.life}, 1, 0, {}});
    }
    std::string quotaWant() const { return quota::write(quota::Want{node.life, {}}); }
    static std::string quotaCalendar()
    {
        return quota::write(quota::CalendarQuestion{hallScope, localDateFromIso("2026-11-24"), 7});
    }

    static std::string head(const std::string& life, int record)
    {
        return portal::writeHead({.incarnation = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f0" + life,
                                  .head = {record, std::string(64, 'a')},
                                  .known = std::nullopt});
    }

    /// By a client of the other municipality that has every scope.
    HttpResponse askAsB(const std::string& method, const std::string& path, const std::string& type,
                        const std::string& body)
    {
        HttpRequest request{
            .method = method,
            .path = path.substr(0, path.find('?')),
            .query = path.find('?') == std::string::npos ? "" : path.substr(path.find('?') + 1),
            .headers = {{"authorization", "Bearer " + allOfB}},
            .body = body,
            .peer = {}};
        if (!type.empty())
            request.headers["content-type"] = type;
        return town.ask(std::move(request));
    }

    /// Everything that a request could have changed, as text.
    std::string state()
    {
        std::string all;
        for (const char* sql :
             {"SELECT id, state, coalesce(digest, '') FROM submission ORDER BY id",
              "SELECT submission_id, id, coalesce(digest, '') FROM attachment ORDER BY"
              " submission_id, id",
              "SELECT id, client_id, destination_id FROM case_file ORDER BY id",
              "SELECT jti, kind, case_id FROM event ORDER BY jti",
              "SELECT id, status, owner_id FROM destination ORDER BY id",
              "SELECT client_id, incarnation, hash FROM journal_head ORDER BY client_id",
              "SELECT client_id, incarnation, hash FROM quota_stream ORDER BY client_id",
              "SELECT scope, home, rules FROM quota_scope ORDER BY scope"}) {
            auto row = town.books->prepare(sql);
            while (row.step())
                all += row.text(0) + " " + row.text(1) + " " + row.text(2) + "\n";
        }
        return all;
    }

    GatewayTown town;
    QuotaNode node{"town-a", "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f10"};
    GatewayTown::Ids announced;
    GatewayTown::Sent sent;
    std::string allOfB;
};

/// One request about what is the owner's, which succeeds for `right`. `path`: as asked, by ids of
/// the owner; DESTINATION, CASE, SENT, ANNOUNCED, ATTACHMENT are filled in.
struct Reach {
    std::string method, pattern, path, type;
    std::string (*body)(Owner&);
    Who right;
    int foreign; ///< status for the other municipality
};
std::ostream& operator<<(std::ostream& out, const Reach& reach)
{
    return out << reach.method << " " << reach.pattern;
}

std::string nothing(Owner&)
{
    return {};
}

const Reach reaches[] = {
    {"GET", "/v2/destinations/:", "/v2/destinations/DESTINATION", "", nothing, Who::Sender, 404},
    {"PATCH", "/v2/destinations/:", "/v2/destinations/DESTINATION", plainJson,
     [](Owner&) { return std::string(R"({"status":"inactive"})"); }, Who::Subscriber, 404},
    {"GET", "/v2/destinations/:/keys/:",
     "/v2/destinations/DESTINATION/keys/destination-encryption-1", "", nothing, Who::Sender, 404},
    {"POST", "/v2/submissions", "/v2/submissions", plainJson,
     [](Owner& owner) { return owner.town.announcement(); }, Who::Sender, 404},
    {"GET", "/v2/submissions", "/v2/submissions?destinationId=DESTINATION", "", nothing,
     Who::Subscriber, 404},
    {"PUT", "/v2/submissions/:", "/v2/submissions/SENT", plainJson,
     [](Owner& owner) { return owner.town.submitted; }, Who::Sender, 404},
    {"GET", "/v2/submissions/:", "/v2/submissions/SENT", "", nothing, Who::Subscriber, 404},
    {"PUT", "/v2/submissions/:/attachments/:", "/v2/submissions/ANNOUNCED/attachments/ATTACHMENT",
     jose, [](Owner& owner) { return owner.town.sealed("a", "application/pdf"); }, Who::Sender,
     404},
    {"GET", "/v2/submissions/:/attachments/:", "/v2/submissions/SENT/attachments/ATTACHMENT", "",
     nothing, Who::Subscriber, 404},
    {"GET", "/v2/submissions/:/events", "/v2/submissions/SENT/events", "", nothing, Who::Sender,
     404},
    {"GET", "/v2/cases/:/events", "/v2/cases/CASE/events", "", nothing, Who::Subscriber, 404},
    {"POST", "/v2/cases/:/events", "/v2/cases/CASE/events", jose,
     [](Owner& owner) {
         return envelope::signEvent(owner.town.acceptOf(owner.sent), rsaKey(2),
                                    "destination-signature-1");
     },
     Who::Subscriber, 404},
    // these name nothing: everybody has a journal of his own
    {"GET", "/v2/journal-head", "/v2/journal-head", "", nothing, Who::Sender, 404},
    {"PUT", "/v2/journal-head", "/v2/journal-head", plainJson,
     [](Owner&) { return Owner::head("1", 7); }, Who::Sender, 204},
    // a node speaks for itself; the calendar of a scope is found by its name in one's own town only
    {"PUT", "/v2/quota/register", "/v2/quota/register", plainJson,
     [](Owner& owner) { return owner.quotaRegister(); }, Who::Sender, 400},
    {"PUT", "/v2/quota/report", "/v2/quota/report", plainJson,
     [](Owner& owner) { return owner.quotaReport(); }, Who::Sender, 409},
    {"PUT", "/v2/quota/grants", "/v2/quota/grants", plainJson,
     [](Owner& owner) { return owner.quotaGrants(); }, Who::Sender, 409},
    {"PUT", "/v2/quota/leases", "/v2/quota/leases", plainJson,
     [](Owner& owner) { return owner.quotaLeases(); }, Who::Sender, 409},
    {"PUT", "/v2/quota/want", "/v2/quota/want", plainJson,
     [](Owner& owner) { return owner.quotaWant(); }, Who::Sender, 409},
    {"POST", "/v2/quota/calendar", "/v2/quota/calendar", plainJson,
     [](Owner& owner) { return owner.quotaCalendar(); }, Who::Sender, 404},
};

std::string filledIn(std::string path, const Owner& owner)
{
    for (const auto& [word, value] : {std::pair(std::string("DESTINATION"), destinationId),
                                      {"CASE", owner.sent.ids.opened},
                                      {"SENT", owner.sent.ids.submission},
                                      {"ANNOUNCED", owner.announced.submission},
                                      {"ATTACHMENT", attachmentId}}) {
        if (const auto at = path.find(word); at != std::string::npos)
            path.replace(at, word.size(), value);
    }
    return path;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_tenants)

BOOST_AUTO_TEST_CASE(every_address_has_a_row_in_the_table)
{
    GatewayTown town;
    std::set<std::string> answered, tried;
    for (const auto& address : town.gateway->addresses()) {
        if (!address.isOpen)
            answered.insert(address.method + " " + address.pattern);
    }
    for (const auto& reach : reaches)
        tried.insert(reach.method + " " + reach.pattern);
    BOOST_TEST(answered == tried, boost::test_tools::per_element());
    BOOST_TEST(answered.size() == std::size(reaches));
}

BOOST_AUTO_TEST_CASE(what_is_open_to_anyone_is_known)
{
    GatewayTown town;
    std::set<std::string> open;
    for (const auto& address : town.gateway->addresses()) {
        if (address.isOpen)
            open.insert(address.method + " " + address.pattern);
    }
    const std::set<std::string> known = {"GET /health", "POST /token",
                                         "GET /.well-known/jwks.json"};
    BOOST_TEST(open == known, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(what_is_anothers_does_not_exist, data::make(reaches), reach)
{
    Owner owner;
    const std::string path = filledIn(reach.path, owner);
    const std::string body = reach.body(owner);
    const std::string before = owner.state();

    const auto foreign = owner.askAsB(reach.method, path, reach.type, body);
    BOOST_TEST(foreign.status == reach.foreign);
    if (reach.foreign == 404) {
        BOOST_TEST(GatewayTown::problemOf(foreign).ends_with("-not-found"));
        BOOST_TEST(owner.state() == before);
    }
    for (const Who who : {Who::OtherSender, Who::OtherSubscriber}) {
        const auto status = owner.town.ask(who, reach.method, path, reach.type, body).status;
        BOOST_TEST((status == reach.foreign || status == 403));
    }
    // the very same request is right when the owner makes it
    const auto own = owner.town.ask(reach.right, reach.method, path, reach.type, body);
    BOOST_TEST(own.status >= 200);
    BOOST_TEST(own.status <= 299);
}

BOOST_DATA_TEST_CASE(what_is_anothers_looks_like_what_never_was, data::make(reaches), reach)
{
    if (reach.foreign != 404)
        return;
    Owner owner;
    const std::string body = reach.body(owner);
    const auto foreign = owner.askAsB(reach.method, filledIn(reach.path, owner), reach.type, body);
    const std::string never = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1fff";
    Owner nobody;
    nobody.sent.ids = {never, never};
    nobody.announced = {never, never};
    std::string path = filledIn(reach.path, nobody);
    std::string other = body;
    for (std::string* text : {&path, &other}) {
        if (const auto at = text->find(destinationId); at != std::string::npos)
            text->replace(at, destinationId.size(), never);
    }
    const auto unknown = owner.askAsB(reach.method, path, reach.type, other);
    BOOST_TEST(unknown.status == foreign.status);
    BOOST_TEST(unknown.body == foreign.body);
}

BOOST_AUTO_TEST_CASE(a_case_of_another_town_takes_no_submission)
{
    Owner owner;
    auto body = json::parseObject(owner.town.announcement({}, otherDestinationId));
    body->set("caseId", owner.sent.ids.opened);
    const auto answer = owner.askAsB("POST", "/v2/submissions", plainJson, json::write(*body));
    BOOST_TEST(answer.status == 404);
    BOOST_TEST(GatewayTown::problemOf(answer) == "case-not-found");
}

BOOST_AUTO_TEST_CASE(an_office_of_another_town_accepts_nothing_in_a_case_of_its_own)
{
    Owner owner;
    GatewayTown& town = owner.town;
    const auto own =
        GatewayTown::idsOf(town.ask(Who::OtherSender, "POST", "/v2/submissions", plainJson,
                                    town.announcement({}, otherDestinationId)));
    auto event = town.acceptOf(owner.sent);
    event.issuer = otherDestinationId;
    for (const std::string& claimed : {owner.sent.ids.opened, own.opened}) {
        event.caseId = claimed;
        const auto answer =
            town.ask(Who::OtherSubscriber, "POST", "/v2/cases/" + own.opened + "/events", jose,
                     envelope::signEvent(event, rsaKey(2), "destination-signature-1"));
        BOOST_TEST(answer.status == 422);
    }
    BOOST_TEST(town.eventsOf(owner.sent.ids.opened).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_tenant_stays_what_it_was_entered_as)
{
    Owner owner;
    owner.town.gateway->enter(gateway::ClientEntry{
        "all-b", Secret(std::string_view("secret-b")), {std::string(portal::sendScope)}, tenant});
    BOOST_TEST(owner.askAsB("GET", "/v2/destinations/" + destinationId, "", "").status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
