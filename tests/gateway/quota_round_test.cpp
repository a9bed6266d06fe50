// SPDX-License-Identifier: EUPL-1.2
//
// Rounds of a real node with the real gateway, through its addresses, its access tokens and its
// signature; on SQLite and PostgreSQL.
#include "appliance/office/calendar/appointments.h"
#include "appliance/office/calendar/quota.h"
#include "sync/outbox/incarnation.h"
#include "tests/gateway/quota_node.h"
#include "tests/gateway/town.h"
#include "tests/support/scratch_database.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;

namespace {

/// What a node has, without its house.
struct RoundNode {
    RoundNode(std::string client, Who asker, GatewayTown& portal)
        : name(std::move(client)), who(asker), town(portal)
    {
        wire();
    }
    void wire()
    {
        journal.emplace(*database);
        rules.emplace(*database, *journal);
        ledger.emplace(*database, *rules, office::Selling::Owned);
        appointments.emplace(*database, *journal, *rules, *ledger, random);
        quota.emplace(*database, *journal, *rules, *ledger,
                      office::QuotaSettings{
                          .node = name, .publicKey = "key", .verify = [](const std::string& token) {
                              // The key that is pinned for the service's kid.
                              if (envelope::readJwsHeader(token).kid != "service-signature-1")
                                  throw Error(ErrorCode::SignatureInvalid, "another key");
                              return envelope::verify(token, publicRsaKey(0));
                          }});
        life = outbox::takeIncarnation(*database, *journal, random, town.loop.utcNow()).id;
        journal->started(town.loop.utcNow());
        quota->takeUp(town.loop.utcNow());
    }
    void restore()
    {
        quota.reset();
        appointments.reset();
        ledger.reset();
        rules.reset();
        journal.reset();
        database->execute(store::forgottenInCopies());
        database.reopen();
        wire();
    }
    /// Until there is nothing to say; how many messages.
    int round()
    {
        int count = 0;
        quota->begin();
        while (const auto message = quota->next()) {
            const auto response =
                town.ask(who, "PUT", std::string(message->path), "application/json", message->body);
            BOOST_REQUIRE(response.status == 200);
            quota->heard(response.body, town.loop.utcNow());
            BOOST_REQUIRE(++count < 50);
        }
        return count;
    }
    void wants()
    {
        const auto response = town.ask(who, "PUT", std::string(quota::wantPath), "application/json",
                                       quota->want(hallScope, 3, town.loop.utcNow()));
        BOOST_REQUIRE(response.status == 200);
        quota->heard(response.body, town.loop.utcNow());
    }
    std::vector<office::FreeTime> free() const
    {
        return ledger->freeTimes(
            {.scope = hallScope, .duration = std::chrono::minutes(15), .days = 15},
            town.loop.utcNow());
    }
    std::optional<office::Appointment> book()
    {
        const auto offered = free();
        if (offered.empty())
            return std::nullopt;
        const auto made = appointments->book({.id = randomUuid(random),
                                              .scope = hallScope,
                                              .day = offered[0].day,
                                              .cell = offered[0].cell,
                                              .services = {{"99008001012000", 1}},
                                              .duration = std::chrono::minutes(15)},
                                             {}, "", town.loop.utcNow());
        return std::get<office::Appointment>(made);
    }

    const std::string name;
    const Who who;
    GatewayTown& town;
    ScratchDatabase database;
    SystemRandom random;
    std::optional<outbox::Journal> journal;
    std::optional<office::RuleBook> rules;
    std::optional<office::Ledger> ledger;
    std::optional<office::Appointments> appointments;
    std::optional<office::Quota> quota;
    std::string life;
};

struct Region {
    GatewayTown town;
    RoundNode node{"town-a", Who::Sender, town};

    Region()
    {
        const auto opening = office::openingRulesFromJson(*json::parseObject(hallRules()));
        const UtcTime now = town.loop.utcNow();
        node.rules->save(hallScope, opening,
                         office::seen(node.rules->preview(hallScope, opening, now)), "Lead", "test",
                         now);
    }
    std::string stateOf(const std::string& booking)
    {
        auto row =
            town.books->prepare("SELECT state FROM quota_booking WHERE id = $1").bind(booking);
        return row.step() ? row.text(0) : "";
    }
    std::int64_t count(std::string_view sql)
    {
        auto row = town.books->prepare(sql);
        return row.step() ? row.integer(0) : -1;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_quota_round)

BOOST_AUTO_TEST_CASE(a_node_registers_is_leased_to_books_offline_and_reports)
{
    Region region;
    RoundNode& node = region.node;
    BOOST_TEST(node.round() == 3); // register, once more with the challenge, report
    BOOST_TEST(node.free().empty());
    node.wants();
    BOOST_TEST(node.round() == 2); // register, grants
    const auto offered = node.free();
    BOOST_TEST(!offered.empty());
    const auto booked = node.book(); // offline
    BOOST_REQUIRE(booked.has_value());
    BOOST_TEST(region.stateOf(booked->bookingId) == "");
    node.round();
    BOOST_TEST(region.stateOf(booked->bookingId) == "BOOKED");
    const auto moved = std::get<office::Appointment>(node.appointments->move(
        booked->id, booked->version, node.free()[0].day, node.free()[0].cell,
        office::Booker::Public, office::GivenBack::AtOnce, "", region.town.loop.utcNow()));
    node.appointments->cancel(booked->id, moved.version, office::GivenBack::AtOnce, "", "",
                              region.town.loop.utcNow());
    node.round();
    BOOST_TEST(region.stateOf(booked->bookingId) == "CANCELLED");
    BOOST_TEST(region.count("SELECT count(*) FROM quota_cell WHERE state = 'SOLD'") == 0);
    BOOST_TEST(region.count("SELECT count(*) FROM quota_booking WHERE state = 'CONFLICT'") == 0);
}

BOOST_AUTO_TEST_CASE(what_another_key_has_signed_is_no_lease)
{
    Region region;
    RoundNode& node = region.node;
    node.round();
    node.wants();
    region.town.books->ask("UPDATE quota_grant SET token = $1",
                           {envelope::sign("{}", rsaKey(2), "service-signature-1", "lease+jws")});
    node.quota->begin();
    BOOST_CHECK_EXCEPTION(node.round(), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::SignatureInvalid;
    });
    BOOST_TEST(node.free().empty());
}

BOOST_AUTO_TEST_CASE(a_restored_node_begins_anew_and_its_tickets_keep_their_place)
{
    Region region;
    RoundNode& node = region.node;
    node.round();
    node.wants();
    node.round();
    const auto booked = node.book();
    BOOST_REQUIRE(booked.has_value());
    const std::string before = node.life;
    node.restore();
    BOOST_TEST(node.free().empty());
    node.round();
    BOOST_TEST(node.life != before);
    BOOST_TEST(region.stateOf(booked->bookingId) == "");
    BOOST_TEST(region.count("SELECT count(*) FROM quota_cell WHERE state = 'LEASED'") == 0);
    BOOST_TEST(region.count("SELECT count(*) FROM quota_cell WHERE state = 'QUARANTINE'") > 3);
}

BOOST_AUTO_TEST_CASE(a_life_that_is_not_registered_is_told_so)
{
    Region region;
    const auto refused = region.town.ask(Who::Sender, "PUT", std::string(quota::grantsPath),
                                         "application/json", region.node.quota->grantsQuestion());
    BOOST_TEST(refused.status == 409);
    BOOST_TEST(GatewayTown::problemOf(refused) == "quota-not-registered");
    const auto bent = region.town.ask(Who::Sender, "PUT", std::string(quota::registerPath),
                                      "application/json", "{}");
    BOOST_TEST(bent.status == 400);
    const auto foreign = region.town.ask(Who::OtherSender, "PUT", std::string(quota::registerPath),
                                         "application/json", region.node.quota->registration());
    BOOST_TEST(foreign.status == 400); // another node's name
    const auto reader = region.town.ask(Who::Subscriber, "PUT", std::string(quota::registerPath),
                                        "application/json", region.node.quota->registration());
    BOOST_TEST(reader.status == 403);
}

BOOST_AUTO_TEST_SUITE_END()
