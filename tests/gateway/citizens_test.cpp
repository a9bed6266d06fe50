// SPDX-License-Identifier: EUPL-1.2
//
// Citizens at the portal: what is free is offered, what was reserved is theirs alone, nobody reads
// who comes; on SQLite and PostgreSQL.
#include "appliance/core/file_reference.h"
#include "appliance/office/calendar/booking_words.h"
#include "sync/gateway/citizens.h"
#include "tests/gateway/quota_node.h"
#include "tests/gateway/town.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using namespace std::chrono_literals;

namespace {

const std::string life = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f0a";
const std::string deskKid = "desk-key-1";
const std::string familyName = "Mustermann, Erika";
const std::string eight = "2026-11-22T07:00:00.000Z"; // 08:00 at the town hall
const std::string services = R"({"services":[{"service":"99008001012000","quantity":1}]})";

struct Answered {
    HttpResponse response;
    int status() const { return response.status; }
    json::ObjectPtr body() const { return json::parseObject(response.body); }
    std::string text(const char* key) const { return json::text(*body(), key); }
    std::int64_t version() const { return json::integer(*body(), "version"); }
    std::string problem() const { return GatewayTown::problemOf(response); }
};

/// A citizen's browser: an id and a capability that it made itself.
struct Citizen {
    std::string id, capability;
};

struct Portal {
    GatewayTown town;
    QuotaNode node{"town-a", life};
    std::string address = "203.0.113.7";

    explicit Portal(const office::OpeningRules& rules)
    {
        node.publicKey = json::write(*envelope::writeJwk({.kid = deskKid,
                                                          .use = envelope::KeyUse::Encrypt,
                                                          .key = publicRsaKey(3),
                                                          .chain = {}}));
        const auto put = [&](std::string_view path, const std::string& body) {
            return town.ask(Who::Sender, "PUT", std::string(path), "application/json", body).body;
        };
        const auto unknown = put(quota::registerPath, node.registration());
        put(quota::registerPath, node.registration(quota::readAnswer(unknown).challenge));
        node.rules(json::write(*office::toJson(rules)));
        put(quota::reportPath, node.report());
    }
    Portal() : Portal(office::openingRulesFromJson(*json::parseObject(hallRules()))) {}

    static std::string place() { return "/citizens/scopes/" + tenant + "/" + hallScope; }
    Citizen citizen()
    {
        return {randomUuid(town.random), toBase64Url(randomBytes(town.random, 32))};
    }
    Answered ask(const std::string& method, const std::string& path, const std::string& body = {},
                 const std::string& capability = {})
    {
        HttpRequest request{
            .method = method,
            .path = path.substr(0, path.find('?')),
            .query = path.find('?') == std::string::npos ? "" : path.substr(path.find('?') + 1),
            .headers = {},
            .body = body,
            .peer = address};
        if (!body.empty())
            request.headers["content-type"] = "application/json";
        if (!capability.empty())
            request.headers["authorization"] = "Bearer " + capability;
        return {town.ask(std::move(request))};
    }
    std::vector<std::string> times(const std::string& query = "minutes=15&days=2&limit=100")
    {
        std::vector<std::string> starts;
        const auto found = ask("GET", place() + "/times?" + query);
        BOOST_REQUIRE(found.status() == 200);
        const auto list = json::array(*found.body(), "times");
        for (const auto& each : *list)
            starts.push_back(json::text(*each.extract<json::ObjectPtr>(), "start"));
        return starts;
    }
    Answered reserve(const Citizen& who, const std::string& start, int minutes = 15)
    {
        return ask("POST", place() + "/appointments",
                   R"({"id":")" + who.id + R"(","start":")" + start + R"(","minutes":)" +
                       std::to_string(minutes) +
                       R"(,"services":[{"service":"99008001012000","quantity":1}]})",
                   who.capability);
    }
    Answered look(const Citizen& who)
    {
        return ask("GET", "/citizens/appointments/" + who.id, {}, who.capability);
    }
    std::string sealed(int key = 3, const std::string& kid = deskKid)
    {
        return envelope::seal(view(R"({"familyName":")" + familyName + "\"}"), publicRsaKey(key),
                              kid, "application/json", town.random)
            .compact;
    }
    Answered confirm(const Citizen& who, std::int64_t version, const std::string& contact)
    {
        return ask("PUT", "/citizens/appointments/" + who.id + "/confirmation",
                   R"({"version":)" + std::to_string(version) + R"(,"contact":")" + contact + "\"}",
                   who.capability);
    }
    Answered move(const Citizen& who, std::int64_t version, const std::string& start)
    {
        return ask("PUT", "/citizens/appointments/" + who.id + "/time",
                   R"({"version":)" + std::to_string(version) + R"(,"start":")" + start + "\"}",
                   who.capability);
    }
    Answered cancel(const Citizen& who, std::int64_t version)
    {
        return ask("POST", "/citizens/appointments/" + who.id + "/cancellation",
                   R"({"version":)" + std::to_string(version) + "}", who.capability);
    }
    // --- as the town's node asks
    HttpResponse byNode(std::string_view path, const std::string& body, Who who = Who::Sender)
    {
        return town.ask(who, "POST", std::string(path), "application/json", body);
    }
    /// Days that are not as `known`; each day that is not named there is known to be empty.
    quota::Bookings bookings(const std::map<std::string, std::vector<quota::PortalBooking>>& known)
    {
        quota::BookingsQuestion question{
            .scope = hallScope, .from = localDateFromIso("2026-11-21"), .digests = {}};
        for (int day = 0; day < 14; ++day) {
            const auto of = known.find(toIso(plusDays(question.from, day)));
            question.digests.push_back(toHex(envelope::sha256(view(quota::summaryOf(
                of == known.end() ? std::vector<quota::PortalBooking>{} : of->second)))));
        }
        return quota::readBookings(byNode(quota::bookingsPath, quota::write(question)).body);
    }
    quota::WishAnswer wish(const quota::Wish& wish)
    {
        const auto response = byNode(quota::wishPath, quota::write(wish));
        BOOST_REQUIRE_EQUAL(response.status, 200);
        return quota::readWishAnswer(response.body);
    }
    quota::Wish wishFor(quota::WishAct act, const std::string& id, const std::string& start = eight)
    {
        const bool makes = act == quota::WishAct::Reserve || act == quota::WishAct::Book;
        return {.act = act,
                .id = id,
                .scope = makes ? hallScope : "",
                .start = makes || act == quota::WishAct::Move ? std::optional(fromIso(start))
                                                              : std::nullopt,
                .minutes = makes ? 15 : 0,
                .services = makes ? services : "",
                .version = 0,
                .contact =
                    act == quota::WishAct::Book || act == quota::WishAct::Confirm ? sealed() : ""};
    }
    std::int64_t count(std::string_view sql)
    {
        auto row = town.books->prepare(sql);
        return row.step() ? row.integer(0) : -1;
    }
    bool isSound()
    {
        gateway::Quota quota(*town.books, {}, town.random);
        return quota.unsound().empty() && quota.conflicts() == 0;
    }
};

office::OpeningRules oneLane(std::chrono::minutes block)
{
    auto rules = office::openingRulesFromJson(*json::parseObject(hallRules()));
    rules.rules[0].hours.lanes = rules.rules[0].hours.publicLanes = 1;
    rules.blockAfterCancel = block;
    return rules;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_citizens)

BOOST_AUTO_TEST_CASE(a_citizen_searches_reserves_confirms_moves_and_cancels)
{
    Portal portal;
    const auto scope = portal.ask("GET", Portal::place());
    BOOST_TEST(scope.status() == 200);
    BOOST_TEST(json::text(*json::object(*scope.body(), "deskKey"), "kid") == deskKid);
    // 22 starts from 08:00 to 09:45, tomorrow; today's are over
    const auto offered = portal.times("minutes=15&days=2&limit=100");
    BOOST_TEST(offered.size() == 22U);
    BOOST_TEST(offered.front() == eight);

    const Citizen erika = portal.citizen();
    const auto reserved = portal.reserve(erika, eight);
    BOOST_TEST(reserved.status() == 201);
    BOOST_TEST(reserved.text("state") == "RESERVED");
    BOOST_TEST(reserved.text("startLocal") == "2026-11-22T08:00:00+01:00");
    const auto confirmed = portal.confirm(erika, reserved.version(), portal.sealed());
    BOOST_TEST(confirmed.status() == 200);
    BOOST_TEST(confirmed.text("state") == "CONFIRMED");
    BOOST_TEST(portal.look(erika).response.body == confirmed.response.body);

    const auto moved = portal.move(erika, confirmed.version(), "2026-11-23T08:30:00.000Z");
    BOOST_TEST(moved.status() == 200);
    BOOST_TEST(moved.text("start") == "2026-11-23T08:30:00.000Z");
    BOOST_TEST(portal.count("SELECT count(*) FROM quota_cell WHERE state = 'SOLD'") == 3);
    BOOST_TEST(portal.cancel(erika, confirmed.version()).status() == 409); // an older version
    const auto cancelled = portal.cancel(erika, moved.version());
    BOOST_TEST(cancelled.text("state") == "CANCELLED");
    BOOST_TEST(portal.cancel(erika, moved.version()).status() == 200); // the answer was lost
    BOOST_TEST(portal.count("SELECT count(*) FROM quota_cell") == 0);
    BOOST_TEST(portal.count("SELECT count(*) FROM citizen_booking WHERE sealed <> ''") == 0);
    BOOST_TEST(portal.isSound());
}

BOOST_AUTO_TEST_CASE(one_place_is_for_one_of_them)
{
    Portal portal(oneLane(0min));
    const Citizen first = portal.citizen(), second = portal.citizen();
    BOOST_TEST(portal.reserve(first, eight).status() == 201);
    const auto late = portal.reserve(second, "2026-11-22T07:10:00.000Z");
    BOOST_TEST(late.status() == 409);
    BOOST_TEST(late.problem() == "time-taken");
    BOOST_TEST(portal.times().front() == "2026-11-22T07:15:00.000Z");
    const auto other = portal.reserve(second, "2026-11-22T07:15:00.000Z");
    BOOST_TEST(other.status() == 201);
    BOOST_TEST(portal.move(second, other.version(), eight).problem() == "time-taken");
    // beside its own cells it may be moved
    BOOST_TEST(portal.move(second, other.version(), "2026-11-22T07:30:00.000Z").status() == 200);
    BOOST_TEST(portal.isSound());
}

BOOST_AUTO_TEST_CASE(what_is_leased_to_a_node_is_not_offered)
{
    Portal portal(oneLane(0min));
    const auto granted =
        portal.town.ask(Who::Sender, "PUT", std::string(quota::wantPath), "application/json",
                        quota::write(quota::Want{
                            life, {{.scope = hallScope, .runCells = 24, .left = {}, .used = {}}}}));
    BOOST_TEST(granted.status == 200);
    BOOST_TEST(portal.count("SELECT count(*) FROM quota_cell WHERE state = 'LEASED' AND day ="
                            " '2026-11-22'") == 24);
    BOOST_TEST(portal.times("minutes=15&days=2").empty());
    BOOST_TEST(portal.reserve(portal.citizen(), eight).problem() == "time-taken");
}

BOOST_AUTO_TEST_CASE(asking_twice_books_once)
{
    Portal portal;
    const Citizen erika = portal.citizen();
    const auto once = portal.reserve(erika, eight);
    const auto twice = portal.reserve(erika, eight);
    BOOST_TEST(twice.status() == 200);
    BOOST_TEST(twice.response.body == once.response.body);
    BOOST_TEST(portal.reserve(erika, eight, 30).problem() == "appointment-differs");
    BOOST_TEST(portal.reserve(erika, "2026-11-22T07:30:00.000Z").problem() ==
               "appointment-differs");
    const std::string contact = portal.sealed();
    const auto confirmed = portal.confirm(erika, 1, contact);
    BOOST_TEST(portal.confirm(erika, 1, contact).response.body == confirmed.response.body);
    BOOST_TEST(portal.confirm(erika, 2, portal.sealed()).problem() == "appointment-state-invalid");
    BOOST_TEST(portal.count("SELECT count(*) FROM quota_cell") == 3);
}

BOOST_AUTO_TEST_CASE(only_the_holder_of_the_capability_finds_an_appointment)
{
    Portal portal;
    const Citizen erika = portal.citizen();
    portal.reserve(erika, eight);
    const std::string unknown = portal.look(portal.citizen()).response.body;
    for (const std::string& guess : {portal.citizen().capability, std::string("short"),
                                     std::string(), erika.capability + "A"}) {
        const Citizen thief{erika.id, guess};
        BOOST_TEST(portal.look(thief).status() == 404);
        BOOST_TEST(portal.look(thief).response.body == unknown);
        BOOST_TEST(portal.cancel(thief, 1).status() == 404);
        BOOST_TEST(portal.move(thief, 1, "2026-11-22T07:30:00.000Z").status() == 404);
        BOOST_TEST(portal.confirm(thief, 1, portal.sealed()).status() == 404);
    }
    BOOST_TEST(portal.reserve({portal.citizen().id, "short"}, eight).status() == 401);
    BOOST_TEST(portal.look(erika).text("state") == "RESERVED");
}

BOOST_AUTO_TEST_CASE(a_reservation_lapses_and_its_place_is_free_again)
{
    Portal portal(oneLane(30min));
    const Citizen slow = portal.citizen();
    const auto reserved = portal.reserve(slow, eight);
    portal.town.passTime(14min);
    BOOST_TEST(portal.times().front() != eight);
    portal.town.passTime(1min);
    BOOST_TEST(portal.confirm(slow, reserved.version(), portal.sealed()).problem() ==
               "reservation-lapsed");
    BOOST_TEST(portal.look(slow).text("state") == "LAPSED");
    BOOST_TEST(portal.times().front() == eight);
    const Citizen other = portal.citizen();
    BOOST_TEST(portal.reserve(other, eight).status() == 201);
    portal.town.passTime(16min); // nobody asks about it; whoever searches finds it
    BOOST_TEST(portal.times().front() == eight);
    BOOST_TEST(portal.isSound());
}

BOOST_AUTO_TEST_CASE(nobody_hands_a_place_to_a_friend)
{
    Portal portal(oneLane(30min));
    const Citizen seller = portal.citizen();
    const auto reserved = portal.reserve(seller, eight);
    const auto confirmed = portal.confirm(seller, reserved.version(), portal.sealed());
    BOOST_TEST(portal.cancel(seller, confirmed.version()).text("state") == "CANCELLED");
    BOOST_TEST(portal.reserve(portal.citizen(), eight).problem() == "time-taken");
    BOOST_TEST(portal.count("SELECT count(*) FROM citizen_booking WHERE sealed <> ''") == 0);
    portal.town.passTime(30min);
    BOOST_TEST(portal.times().front() == eight);
    BOOST_TEST(portal.isSound());
}

BOOST_AUTO_TEST_CASE(a_name_that_the_desk_cannot_open_is_not_taken)
{
    Portal portal;
    const Citizen erika = portal.citizen();
    portal.reserve(erika, eight);
    BOOST_TEST(portal.confirm(erika, 1, portal.sealed(1, "another-key")).problem() ==
               "encryption-key-unknown");
    BOOST_TEST(portal.confirm(erika, 1, "Mustermann").problem() == "invalid-jwe");
    BOOST_TEST(portal.confirm(erika, 1, std::string(17'000, 'a')).status() == 413);
    BOOST_TEST(portal.look(erika).text("state") == "RESERVED");
}

BOOST_AUTO_TEST_CASE(neither_names_nor_capabilities_stand_in_the_books)
{
    Portal portal;
    const Citizen erika = portal.citizen();
    const std::string contact = portal.sealed();
    portal.reserve(erika, eight);
    portal.confirm(erika, 1, contact);
    std::string all;
    for (const char* table : {"citizen_booking", "quota_booking", "quota_cell", "quota_audit"}) {
        auto rows = portal.town.books->ask("SELECT * FROM " + std::string(table), {});
        for (const auto& row : rows.rows) {
            for (const auto& cell : row)
                all += cell.value_or("") + "\n";
        }
    }
    BOOST_TEST(all.find(contact) != std::string::npos); // for the desk, as it came
    BOOST_TEST(all.find("Mustermann") == std::string::npos);
    BOOST_TEST(all.find(erika.capability) == std::string::npos);
    BOOST_TEST(toText(envelope::open(contact, rsaKey(3), deskKid).plain).find(familyName) !=
               std::string::npos);
    // and after its day not even sealed
    portal.town.passTime(std::chrono::hours(24 * 3));
    BOOST_TEST(portal.count("SELECT count(*) FROM citizen_booking WHERE sealed <> ''") == 0);
    BOOST_TEST(portal.count("SELECT count(*) FROM citizen_booking") == 1);
}

BOOST_AUTO_TEST_CASE(who_asks_too_often_waits_and_nobody_else_does)
{
    Portal portal;
    int reserved = 0;
    Answered last;
    for (;; ++reserved) {
        last = portal.reserve(portal.citizen(), "2026-11-22T07:00:00.000Z");
        if (last.status() == 429)
            break;
        BOOST_REQUIRE(reserved < 50);
    }
    BOOST_TEST(reserved == 10);
    BOOST_TEST(last.problem() == "rate-limit-exceeded");
    BOOST_TEST(std::stoi(last.response.header("Retry-After")) >= 1);
    portal.address = "203.0.113.8";
    BOOST_TEST(!portal.times().empty());
    portal.address = "203.0.113.7";
    portal.town.passTime(10s);
    BOOST_TEST(!portal.times().empty());
}

BOOST_AUTO_TEST_CASE(nobody_reserves_a_whole_town)
{
    Portal portal;
    std::string refused;
    for (int i = 0; i < 200 && refused.empty(); ++i) {
        portal.address = "198.51.100." + std::to_string(i);
        const auto offered = portal.times("minutes=5&days=7&limit=1");
        const auto answer = portal.reserve(portal.citizen(), offered.at(0), 5);
        if (answer.status() != 201)
            refused = answer.problem();
    }
    BOOST_TEST(refused == "reservations-exceeded");
    BOOST_TEST(portal.count("SELECT count(*) FROM citizen_booking") == 60);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused)
{
    Portal portal;
    const Citizen erika = portal.citizen();
    for (const char* query : {"", "minutes=0", "minutes=241", "minutes=15&days=32",
                              "minutes=15&limit=0", "minutes=15&from=tomorrow", "minutes=x"})
        BOOST_TEST(portal.ask("GET", Portal::place() + "/times?" + query).status() == 400, query);
    BOOST_TEST(portal.ask("GET", "/citizens/scopes/" + otherTenant + "/hall").status() == 404);
    BOOST_TEST(portal.ask("GET", "/citizens/scopes/" + tenant + "/attic").status() == 404);
    BOOST_TEST(portal.reserve(erika, "2026-11-22T07:02:00.000Z").problem() == "start-invalid");
    BOOST_TEST(portal.reserve(erika, "tomorrow").status() == 400);
    BOOST_TEST(portal.reserve(erika, "2026-11-22T19:00:00.000Z").problem() == "time-taken");
    BOOST_TEST(portal.reserve(erika, "2027-11-22T07:00:00.000Z").problem() == "time-taken");
    BOOST_TEST(portal.reserve(erika, "2026-11-20T07:00:00.000Z").problem() == "time-taken");
    BOOST_TEST(
        portal
            .ask("POST", Portal::place() + "/appointments", R"({"name":"Erika"})", erika.capability)
            .status() == 400);
}

BOOST_AUTO_TEST_CASE(books_that_were_put_back_offer_nothing_until_every_node_has_spoken)
{
    Portal portal;
    gateway::Quota(*portal.town.books, {}, portal.town.random)
        .beginReconcile("Operator", portal.town.loop.utcNow());
    BOOST_TEST(portal.times().empty());
    BOOST_TEST(portal.reserve(portal.citizen(), eight).problem() == "calendar-restored");
}

// --- the town's node

BOOST_AUTO_TEST_CASE(the_towns_node_hears_who_comes_and_only_what_is_new)
{
    Portal portal;
    BOOST_TEST(portal.bookings({}).days.empty());
    const Citizen erika = portal.citizen(), slow = portal.citizen();
    const auto reserved = portal.reserve(erika, eight);
    const std::string code = reserved.text("code");
    BOOST_TEST(code.substr(0, 8) == "TP-2026-");
    BOOST_TEST(readFileReference(code) == code);
    portal.reserve(slow, "2026-11-22T07:30:00.000Z");
    BOOST_TEST(portal.bookings({}).days.empty()); // nobody comes yet
    const std::string contact = portal.sealed();
    const auto confirmed = portal.confirm(erika, reserved.version(), contact);

    auto told = portal.bookings({});
    BOOST_REQUIRE(told.days.size() == 1U);
    BOOST_REQUIRE(told.days[0].bookings.size() == 1U);
    const auto booking = told.days[0].bookings[0];
    BOOST_TEST(booking.id == erika.id);
    BOOST_TEST(booking.code == code);
    BOOST_TEST(toIso(booking.run.day) == "2026-11-22");
    BOOST_TEST(booking.run.first == 96); // 08:00
    BOOST_TEST(booking.minutes == 15);
    BOOST_TEST(booking.services == services);
    BOOST_TEST(booking.version == confirmed.version());
    BOOST_TEST(booking.hasContact);
    BOOST_TEST(portal.bookings({{"2026-11-22", {booking}}}).days.empty());

    const auto contacts = quota::readContacts(
        portal
            .byNode(quota::contactsPath, quota::write(quota::ContactsQuestion{{erika.id, slow.id}}))
            .body);
    BOOST_REQUIRE(contacts.contacts.size() == 1U);
    BOOST_TEST(contacts.contacts[0].sealed == contact);
    BOOST_TEST(contacts.contacts[0].kid == deskKid);

    // moved: both days differ; cancelled: its day does
    const auto moved = portal.move(erika, confirmed.version(), "2026-11-23T08:30:00.000Z");
    told = portal.bookings({{"2026-11-22", {booking}}});
    BOOST_REQUIRE(told.days.size() == 2U);
    BOOST_TEST(told.days[0].bookings.empty());
    BOOST_TEST(told.days[1].bookings[0].version == moved.version());
    portal.cancel(erika, moved.version());
    BOOST_TEST(portal.bookings({}).days.empty());
}

BOOST_AUTO_TEST_CASE(a_node_asks_for_a_citizen_who_stands_before_it)
{
    using enum quota::WishAct;
    Portal portal(oneLane(0min));
    const std::string id = portal.citizen().id;
    const auto reserved = portal.wish(portal.wishFor(Reserve, id));
    BOOST_REQUIRE(reserved.booking);
    BOOST_TEST((reserved.booking->state == quota::PortalState::Reserved));
    BOOST_TEST(reserved.booking->reservedUntil.has_value());
    BOOST_TEST(portal.wish(portal.wishFor(Reserve, id)).booking->version ==
               reserved.booking->version); // the answer was lost
    const std::string late = portal.citizen().id;
    BOOST_TEST(portal.wish(portal.wishFor(Reserve, late)).refusal == "time-taken");
    BOOST_TEST(portal.wish(portal.wishFor(Book, late)).refusal == "time-taken");
    BOOST_TEST(portal.wish(portal.wishFor(Reserve, id, "2026-11-22T08:00:00.000Z")).refusal ==
               "appointment-differs");

    auto confirm = portal.wishFor(Confirm, id);
    confirm.version = reserved.booking->version;
    const auto confirmed = portal.wish(confirm);
    BOOST_REQUIRE(confirmed.booking);
    BOOST_TEST((confirmed.booking->state == quota::PortalState::Confirmed));
    BOOST_TEST(portal.wish(confirm).booking->version == confirmed.booking->version);
    // whatever the node has as its capability: nobody else holds one
    BOOST_TEST(portal.look({id, portal.citizen().capability}).status() == 404);

    auto move = portal.wishFor(Move, id, "2026-11-22T08:00:00.000Z");
    move.version = reserved.booking->version;
    BOOST_TEST(portal.wish(move).refusal == "appointment-changed");
    move.version = confirmed.booking->version;
    const auto moved = portal.wish(move);
    BOOST_REQUIRE(moved.booking);
    BOOST_TEST(moved.booking->run.first == 108);
    BOOST_TEST(portal.wish(portal.wishFor(Cancel, id)).booking.has_value());
    BOOST_TEST(portal.wish(portal.wishFor(Cancel, id)).booking.has_value());
    BOOST_TEST(portal.wish(portal.wishFor(Cancel, late)).refusal == "appointment-not-found");
    BOOST_TEST(portal.count("SELECT count(*) FROM quota_cell") == 0);
    BOOST_TEST(portal.isSound());
}

BOOST_AUTO_TEST_CASE(by_phone_it_is_booked_at_once_or_not_at_all)
{
    using enum quota::WishAct;
    Portal portal;
    const std::string id = portal.citizen().id;
    auto wrong = portal.wishFor(Book, id);
    wrong.contact = portal.sealed(1, "another-key");
    BOOST_TEST(portal.wish(wrong).refusal == "encryption-key-unknown");
    BOOST_TEST(portal.count("SELECT count(*) FROM quota_cell") == 0);
    const auto book = portal.wishFor(Book, portal.citizen().id);
    const auto booked = portal.wish(book);
    BOOST_REQUIRE(booked.booking);
    BOOST_TEST((booked.booking->state == quota::PortalState::Confirmed));
    BOOST_TEST(portal.wish(book).booking->version == booked.booking->version);
    BOOST_TEST(portal.count("SELECT count(*) FROM quota_cell") == 3);
    BOOST_TEST(portal.isSound());
}

BOOST_AUTO_TEST_CASE(a_citizens_own_appointment_is_changed_at_the_desk_too)
{
    using enum quota::WishAct;
    Portal portal;
    const Citizen erika = portal.citizen();
    portal.reserve(erika, eight);
    const auto confirmed = portal.confirm(erika, 1, portal.sealed());
    auto cancel = portal.wishFor(Cancel, erika.id);
    cancel.version = confirmed.version();
    cancel.atOnce = true;
    BOOST_TEST((portal.wish(cancel).booking->state == quota::PortalState::Cancelled));
    BOOST_TEST(portal.look(erika).text("state") == "CANCELLED");
    BOOST_TEST(portal.times().front() == eight);
}

BOOST_AUTO_TEST_CASE(whoever_is_no_node_of_the_town_is_told_nothing)
{
    Portal portal;
    const Citizen erika = portal.citizen();
    portal.reserve(erika, eight);
    portal.confirm(erika, 1, portal.sealed());
    const std::string contacts = quota::write(quota::ContactsQuestion{{erika.id}});
    const std::string cancel = quota::write(portal.wishFor(quota::WishAct::Cancel, erika.id));
    struct Case {
        std::string_view path;
        std::string body;
    };
    const std::vector<Case> asked{
        {quota::contactsPath, contacts},
        {quota::wishPath, cancel},
        {quota::bookingsPath,
         quota::write(quota::BookingsQuestion{
             hallScope, localDateFromIso("2026-11-22"), {std::string(64, '0')}})}};
    for (const auto& [path, body] : asked) {
        BOOST_TEST_CONTEXT(path)
        {
            BOOST_TEST(portal.byNode(path, body, Who::Subscriber).status == 403);
            BOOST_TEST(portal.byNode(path, body.substr(1)).status == 400);
            BOOST_TEST(portal.byNode(path, "{\"more\":1," + body.substr(1)).status == 400);
        }
    }
    portal.town.books->ask("UPDATE quota_node SET tenant_id = 'another'", {});
    for (const auto& [path, body] : asked)
        BOOST_TEST(portal.byNode(path, body).status == 409);
    portal.town.books->ask("UPDATE quota_node SET tenant_id = '" + tenant + "', state = 'revoked'",
                           {});
    for (const auto& [path, body] : asked)
        BOOST_TEST(portal.byNode(path, body).status == 409);
    BOOST_TEST(portal.look(erika).text("state") == "CONFIRMED");
}

BOOST_AUTO_TEST_CASE(a_clerk_books_through_the_portal_what_staff_may)
{
    auto rules = oneLane(0min);
    rules.rules[0].hours.lanes = 2;
    rules.forPublic.days = 5;
    rules.forStaff.days = 30;
    Portal portal(rules);
    const auto asks = [&](quota::WishAct act, const std::string& id, const std::string& start,
                          bool isOfStaff) {
        auto wish = portal.wishFor(act, id, start);
        wish.isOfStaff = isOfStaff;
        return portal.wish(wish);
    };
    const auto book = [&](const std::string& start, bool isOfStaff) {
        return asks(quota::WishAct::Book, randomUuid(portal.town.random), start, isOfStaff);
    };
    BOOST_TEST(book(eight, false).refusal.empty());
    // The public has one lane at eight, staff a second one, and nobody a third.
    BOOST_TEST(book(eight, false).refusal == "time-taken");
    const auto byStaff = book(eight, true);
    BOOST_REQUIRE(byStaff.refusal.empty());
    BOOST_TEST(byStaff.booking->run.lane == 1);
    BOOST_TEST(book(eight, true).refusal == "time-taken");
    // And further ahead.
    const std::string later = toIso(fromIso(eight) + std::chrono::hours(24 * 20)),
                      latest = toIso(fromIso(eight) + std::chrono::hours(24 * 60));
    BOOST_TEST(book(later, false).refusal == "time-taken");
    const auto ahead = book(later, true);
    BOOST_REQUIRE(ahead.refusal.empty());
    BOOST_TEST(book(latest, true).refusal == "time-taken");
    // A move asks the same way.
    BOOST_TEST(asks(quota::WishAct::Move, ahead.booking->id, eight, false).refusal == "time-taken");
    const std::string ten = toIso(fromIso(later) + std::chrono::hours(1));
    BOOST_TEST(asks(quota::WishAct::Move, ahead.booking->id, ten, false).refusal == "time-taken");
    BOOST_TEST(asks(quota::WishAct::Move, ahead.booking->id, ten, true).refusal.empty());
    // Citizens see nothing of it.
    for (const auto& start : portal.times("minutes=15&days=31&limit=100"))
        BOOST_TEST(start != eight);
    BOOST_TEST(portal.isSound());
}

BOOST_AUTO_TEST_SUITE_END()
