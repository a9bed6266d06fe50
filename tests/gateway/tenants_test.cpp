// SPDX-License-Identifier: EUPL-1.2
//
// Who may reach what, for every address: what a client neither sent nor owns the destination of
// does not exist for it, in its own municipality or in another. The table has a row for each
// address that the gateway answers, and a test that it has.
#include "appliance/office/calendar/booking_words.h"
#include "tests/gateway/quota_node.h"
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

const std::string nobodysAppointment = "3d1c6f0e-4a52-4d3e-9b0a-0d6f3f5f7a11";

const std::string attachmentId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f55";
const std::string plainJson = "application/json";
const std::string jose = "application/jose";

/// Who sends to the office of the first municipality, and with which scopes everybody asks.
struct Setting {
    const char* name;
    Who sender;
    enum class Scopes { Own, Every } scopes;
};
const Setting settings[] = {
    {"at home", Who::Sender, Setting::Scopes::Own},
    {"across", Who::OtherSender, Setting::Scopes::Own},
    {"at home, every scope", Who::Sender, Setting::Scopes::Every},
    {"across, every scope", Who::OtherSender, Setting::Scopes::Every},
};
std::ostream& operator<<(std::ostream& out, const Setting& setting)
{
    return out << setting.name;
}

const Who everyClient[] = {Who::Sender,          Who::OtherSender, Who::Subscriber,
                           Who::OtherSubscriber, Who::Colleague,   Who::OtherColleague};

/// A case that was announced and one that waits for its office, from one sender to one office.
struct Sending {
    explicit Sending(const Setting& setting = settings[0])
        : node(town.clientIds.at(setting.sender), "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f10")
    {
        if (setting.scopes == Setting::Scopes::Every)
            town.books->prepare("UPDATE client SET scopes = $1")
                .bind(std::string(portal::sendScope) + " " + std::string(portal::subscribeScope) +
                      " " + std::string(portal::manageScope))
                .run();
        town.sender = setting.sender;
        announced = GatewayTown::idsOf(
            town.announce(randomUuid(town.random), town.announcement({attachmentId})));
        sent = town.send({{attachmentId, "%PDF-1.7"}});
        giveReply();
        town.ask(town.sender, "PUT", "/v2/journal-head", plainJson, head("1", 7));
        node.rules();
        const auto put = [&](const char* path, const std::string& body) {
            return town.ask(town.sender, "PUT", path, plainJson, body).body;
        };
        const auto unknown = put("/v2/quota/register", node.registration());
        put("/v2/quota/register", node.registration(quota::readAnswer(unknown).challenge));
        put("/v2/quota/report", node.report());
    }

    /// One reply with an attachment that waits for its receiver, and one that was announced.
    void giveReply()
    {
        const auto asOffice = [&](const char* method, const std::string& path,
                                  const std::string& type, const std::string& body) {
            return town.ask(Who::Subscriber, method, path, type, body);
        };
        const auto opened = [&] {
            return portal::readReplyIds(
                       asOffice("POST", "/v2/replies", plainJson,
                                portal::writeReplyAnnounce({sent.ids.opened, {attachmentId}}))
                           .body)
                .replyId;
        };
        replyOpen = opened();
        replyGiven = opened();
        const std::string attachment = town.sealed("%PDF-1.7", "application/pdf");
        const std::string metadata = town.sealed("{}");
        const std::string data = town.sealed("{}");
        asOffice("PUT", portal::replyAttachmentPath(replyGiven, attachmentId), jose, attachment);
        replyParts = GatewayTown::submitBody(metadata, data);
        asOffice("PUT", portal::replyPath(replyGiven), plainJson, replyParts);
        replyTags = {envelope::tagOf(metadata),
                     envelope::tagOf(data),
                     {{attachmentId, envelope::tagOf(attachment)}}};
    }

    std::string quotaRegister() const { return node.registration(); }
    std::string quotaReport() const { return node.report(); }
    std::string quotaGrants() const { return quota::write(quota::GrantsQuestion{node.life, 0}); }
    std::string quotaLeases() const
    {
        return quota::write(quota::Leases{node.life, {1, node.life}, 1, 0, {}});
    }
    std::string quotaWant() const { return quota::write(quota::Want{node.life, {}}); }
    static std::string nodeBookings()
    {
        return quota::write(quota::BookingsQuestion{
            hallScope, localDateFromIso("2026-11-24"), {std::string(64, '0')}});
    }
    static std::string nodeContacts()
    {
        return quota::write(quota::ContactsQuestion{{nobodysAppointment}});
    }
    static std::string nodeWish()
    {
        return quota::write(quota::Wish{
            .act = quota::WishAct::Cancel, .id = nobodysAppointment, .start = std::nullopt});
    }
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

    /// Everything that a request could have changed, as text.
    std::string state()
    {
        std::string all;
        for (const char* sql :
             {"SELECT id, state, coalesce(digest, '') FROM submission ORDER BY id",
              "SELECT submission_id, id, coalesce(digest, '') FROM attachment ORDER BY"
              " submission_id, id",
              "SELECT id, client_id, destination_id FROM case_file ORDER BY id",
              "SELECT id, state, coalesce(data_digest, '') FROM reply ORDER BY id",
              "SELECT reply_id, id, coalesce(digest, '') FROM reply_attachment ORDER BY reply_id,"
              " id",
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
    QuotaNode node;
    GatewayTown::Ids announced;
    GatewayTown::Sent sent;
    std::string replyOpen, replyGiven, replyParts;
    portal::ReplyTags replyTags;
};

/// For whom an address does what it is for.
enum class Party {
    Sender,
    Office,
    Ends,   ///< both
    Town,   ///< the sender's municipality
    Anyone, ///< with the scope
};

/// One request about a sending, which succeeds for `right`. `path`: as asked; DESTINATION, CASE,
/// SENT, ANNOUNCED, ATTACHMENT are filled in. Scopes: S sends, R receives, M manages.
struct Reach {
    std::string method, pattern, path, type;
    std::string (*body)(Sending&);
    Party right;
    std::string scopes; ///< one of them is enough
    int foreign;        ///< status for everybody else
};
std::ostream& operator<<(std::ostream& out, const Reach& reach)
{
    return out << reach.method << " " << reach.pattern;
}

std::string nothing(Sending&)
{
    return {};
}

const Reach reaches[] = {
    // destinations are public, as in v2
    {"GET", "/v2/destinations/:", "/v2/destinations/DESTINATION", "", nothing, Party::Anyone, "SR",
     200},
    {"PATCH", "/v2/destinations/:", "/v2/destinations/DESTINATION", plainJson,
     [](Sending&) { return std::string(R"({"status":"inactive"})"); }, Party::Office, "M", 404},
    {"GET",
     "/v2/destinations/:/keys/:", "/v2/destinations/DESTINATION/keys/destination-encryption-1", "",
     nothing, Party::Anyone, "SR", 200},
    {"POST", "/v2/submissions", "/v2/submissions", plainJson,
     [](Sending& sending) { return sending.town.announcement(); }, Party::Anyone, "S", 201},
    {"GET", "/v2/submissions", "/v2/submissions?destinationId=DESTINATION", "", nothing,
     Party::Office, "R", 404},
    {"PUT", "/v2/submissions/:", "/v2/submissions/SENT", plainJson,
     [](Sending& sending) { return sending.town.submitted; }, Party::Sender, "S", 404},
    {"GET", "/v2/submissions/:", "/v2/submissions/SENT", "", nothing, Party::Office, "R", 404},
    {"PUT", "/v2/submissions/:/attachments/:", "/v2/submissions/ANNOUNCED/attachments/ATTACHMENT",
     jose, [](Sending& sending) { return sending.town.sealed("a", "application/pdf"); },
     Party::Sender, "S", 404},
    {"GET", "/v2/submissions/:/attachments/:", "/v2/submissions/SENT/attachments/ATTACHMENT", "",
     nothing, Party::Office, "R", 404},
    {"GET", "/v2/submissions/:/events", "/v2/submissions/SENT/events", "", nothing, Party::Ends,
     "SR", 404},
    {"GET", "/v2/cases/:/events", "/v2/cases/CASE/events", "", nothing, Party::Ends, "SR", 404},
    {"POST", "/v2/cases/:/events", "/v2/cases/CASE/events", jose,
     [](Sending& sending) {
         return envelope::signEvent(sending.town.acceptOf(sending.sent), rsaKey(2),
                                    "destination-signature-1");
     },
     Party::Office, "R", 404},
    // a reply is announced and given by the office, and taken by whoever sent the case
    {"POST", "/v2/replies", "/v2/replies", plainJson,
     [](Sending& sending) {
         return portal::writeReplyAnnounce({sending.sent.ids.opened, {}});
     },
     Party::Office, "R", 404},
    {"GET", "/v2/replies", "/v2/replies", "", nothing, Party::Anyone, "S", 200},
    {"PUT", "/v2/replies/:", "/v2/replies/REPLYGIVEN", plainJson,
     [](Sending& sending) { return sending.replyParts; }, Party::Office, "R", 404},
    {"GET", "/v2/replies/:", "/v2/replies/REPLYGIVEN", "", nothing, Party::Sender, "S", 404},
    {"PUT", "/v2/replies/:/attachments/:", "/v2/replies/REPLYOPEN/attachments/ATTACHMENT", jose,
     [](Sending& sending) { return sending.town.sealed("a", "application/pdf"); }, Party::Office,
     "R", 404},
    {"GET", "/v2/replies/:/attachments/:", "/v2/replies/REPLYGIVEN/attachments/ATTACHMENT", "",
     nothing, Party::Sender, "S", 404},
    {"GET", "/v2/replies/:/events", "/v2/replies/REPLYGIVEN/events", "", nothing, Party::Ends, "SR",
     404},
    {"PUT", "/v2/replies/:/accept", "/v2/replies/REPLYGIVEN/accept", plainJson,
     [](Sending& sending) { return portal::writeReplyAccept(sending.replyTags); }, Party::Sender,
     "S", 404},
    {"PUT", "/v2/replies/:/reject", "/v2/replies/REPLYGIVEN/reject", plainJson,
     [](Sending&) {
         return portal::writeReplyReject({{"encryption-issue", "", "", "data"}});
     },
     Party::Sender, "S", 404},
    // these name nothing: everybody has a journal of his own
    {"GET", "/v2/journal-head", "/v2/journal-head", "", nothing, Party::Sender, "S", 404},
    {"PUT", "/v2/journal-head", "/v2/journal-head", plainJson,
     [](Sending&) { return Sending::head("1", 7); }, Party::Sender, "S", 204},
    // a node speaks for itself; the calendar of a scope is found by its name in one's own town only
    {"PUT", "/v2/quota/register", "/v2/quota/register", plainJson,
     [](Sending& sending) { return sending.quotaRegister(); }, Party::Sender, "S", 400},
    {"PUT", "/v2/quota/report", "/v2/quota/report", plainJson,
     [](Sending& sending) { return sending.quotaReport(); }, Party::Sender, "S", 409},
    {"PUT", "/v2/quota/grants", "/v2/quota/grants", plainJson,
     [](Sending& sending) { return sending.quotaGrants(); }, Party::Sender, "S", 409},
    {"PUT", "/v2/quota/leases", "/v2/quota/leases", plainJson,
     [](Sending& sending) { return sending.quotaLeases(); }, Party::Sender, "S", 409},
    {"PUT", "/v2/quota/want", "/v2/quota/want", plainJson,
     [](Sending& sending) { return sending.quotaWant(); }, Party::Sender, "S", 409},
    {"POST", "/v2/quota/calendar", "/v2/quota/calendar", plainJson,
     [](Sending& sending) { return sending.quotaCalendar(); }, Party::Town, "S", 404},
    {"POST", "/v2/quota/bookings", "/v2/quota/bookings", plainJson,
     [](Sending&) { return Sending::nodeBookings(); }, Party::Sender, "S", 409},
    {"POST", "/v2/quota/contacts", "/v2/quota/contacts", plainJson,
     [](Sending&) { return Sending::nodeContacts(); }, Party::Sender, "S", 409},
    {"POST", "/v2/quota/wish", "/v2/quota/wish", plainJson,
     [](Sending&) { return Sending::nodeWish(); }, Party::Sender, "S", 409},
};

std::string filledIn(std::string path, const Sending& sending)
{
    for (const auto& [word, value] : {std::pair(std::string("DESTINATION"), destinationId),
                                      {"CASE", sending.sent.ids.opened},
                                      {"SENT", sending.sent.ids.submission},
                                      {"ANNOUNCED", sending.announced.submission},
                                      {"ATTACHMENT", attachmentId},
                                      {"REPLYGIVEN", sending.replyGiven},
                                      {"REPLYOPEN", sending.replyOpen}}) {
        if (const auto at = path.find(word); at != std::string::npos)
            path.replace(at, word.size(), value);
    }
    return path;
}

bool isParty(Who who, const Setting& setting, Party right)
{
    switch (right) {
    case Party::Sender:
        return who == setting.sender;
    case Party::Office:
        return who == Who::Subscriber;
    case Party::Ends:
        return who == setting.sender || who == Who::Subscriber;
    case Party::Town:
        return GatewayTown::tenantOf(who) == GatewayTown::tenantOf(setting.sender);
    case Party::Anyone:
        return true;
    }
    return false;
}

bool hasScope(Who who, const Setting& setting, const Reach& reach)
{
    if (setting.scopes == Setting::Scopes::Every || who == Who::Colleague ||
        who == Who::OtherColleague)
        return true;
    const bool sends = who == Who::Sender || who == Who::OtherSender;
    return reach.scopes.find_first_of(sends ? "S" : "RM") != std::string::npos;
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
    // with the capability of one appointment each, but for what is offered: citizens_test.cpp
    const std::set<std::string> known = {
        "GET /health", "POST /token",
        // with a one-time code or a certificate: devices_test.cpp
        "POST /enrolment", "POST /enrolment/renewal", "GET /.well-known/jwks.json",
        "GET /citizens/scopes/:/:", "GET /citizens/scopes/:/:/times",
        "POST /citizens/scopes/:/:/appointments",
        "GET /citizens/appointments/:", "PUT /citizens/appointments/:/confirmation",
        "PUT /citizens/appointments/:/time", "POST /citizens/appointments/:/cancellation"};
    BOOST_TEST(open == known, boost::test_tools::per_element());
}

/// Strangers first: what they asked for must be as it was when the right one asks.
BOOST_DATA_TEST_CASE(only_the_two_ends_of_a_sending_reach_it,
                     data::make(settings) * data::make(reaches), setting, reach)
{
    Sending sending(setting);
    GatewayTown& town = sending.town;
    const std::string path = filledIn(reach.path, sending);
    const std::string body = reach.body(sending);
    const std::string before = sending.state();

    BOOST_TEST(town.ask(Who::Nobody, reach.method, path, reach.type, body).status == 401);
    for (const Who who : everyClient) {
        if (isParty(who, setting, reach.right) && hasScope(who, setting, reach))
            continue;
        BOOST_TEST_CONTEXT("client " << town.clientIds.at(who))
        {
            const auto answer = town.ask(who, reach.method, path, reach.type, body);
            BOOST_TEST(answer.status == (hasScope(who, setting, reach) ? reach.foreign : 403));
            if (answer.status == 404)
                BOOST_TEST(GatewayTown::problemOf(answer).ends_with("-not-found"));
        }
    }
    if (reach.foreign == 404)
        BOOST_TEST(sending.state() == before);
    int right = 0;
    for (const Who who : everyClient) {
        if (!isParty(who, setting, reach.right) || !hasScope(who, setting, reach))
            continue;
        ++right;
        BOOST_TEST_CONTEXT("client " << town.clientIds.at(who))
        {
            const auto answer = town.ask(who, reach.method, path, reach.type, body);
            BOOST_TEST(answer.status >= 200);
            BOOST_TEST(answer.status <= 299);
        }
    }
    BOOST_TEST(right > 0);
}

BOOST_DATA_TEST_CASE(what_is_anothers_looks_like_what_never_was,
                     data::make(settings) * data::make(reaches), setting, reach)
{
    if (reach.foreign != 404)
        return;
    Sending sending(setting);
    const std::string body = reach.body(sending);
    const std::string path = filledIn(reach.path, sending);
    const std::string never = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1fff";
    std::string unknownPath = path;
    std::string unknownBody = body;
    for (const std::string& id :
         {destinationId, sending.sent.ids.opened, sending.sent.ids.submission,
          sending.announced.submission, sending.replyOpen, sending.replyGiven}) {
        for (std::string* text : {&unknownPath, &unknownBody}) {
            if (const auto at = text->find(id); at != std::string::npos)
                text->replace(at, id.size(), never);
        }
    }
    for (const Who who : {Who::Colleague, Who::OtherColleague}) {
        if (isParty(who, setting, reach.right))
            continue;
        const auto foreign = sending.town.ask(who, reach.method, path, reach.type, body);
        const auto unknown =
            sending.town.ask(who, reach.method, unknownPath, reach.type, unknownBody);
        BOOST_TEST(unknown.status == foreign.status);
        BOOST_TEST(unknown.body == foreign.body);
    }
}

BOOST_AUTO_TEST_CASE(a_case_goes_from_a_town_to_the_districts_office_and_is_accepted)
{
    Sending sending(settings[1]);
    GatewayTown& town = sending.town;
    const auto waiting =
        town.ask(Who::Subscriber, "GET", "/v2/submissions?destinationId=" + destinationId);
    BOOST_TEST(waiting.body.find(sending.sent.ids.submission) != std::string::npos);
    BOOST_TEST(town.post(town.acceptOf(sending.sent)).status == 204);
    const auto events = town.eventsOf(sending.sent.ids.opened, Who::OtherSender);
    BOOST_REQUIRE(events.size() == 6U); // three of them of replies
    BOOST_TEST((events[5].kind == envelope::EventKind::Accept));
    BOOST_TEST(!events[5].isAboutReply());
    BOOST_TEST((events[5].tags == sending.sent.tags));
}

BOOST_DATA_TEST_CASE(a_case_of_anothers_takes_no_submission,
                     data::make({destinationId, otherDestinationId}), destination)
{
    Sending sending(settings[2]);
    auto body = json::parseObject(sending.town.announcement({}, destination));
    body->set("caseId", sending.sent.ids.opened);
    for (const Who who : {Who::Colleague, Who::OtherColleague, Who::Subscriber}) {
        const auto answer =
            sending.town.ask(who, "POST", "/v2/submissions", plainJson, json::write(*body));
        BOOST_TEST(answer.status == 404);
        BOOST_TEST(GatewayTown::problemOf(answer) == "case-not-found");
    }
}

BOOST_AUTO_TEST_CASE(an_office_of_another_town_accepts_nothing_in_a_case_of_its_own)
{
    Sending sending;
    GatewayTown& town = sending.town;
    const auto own =
        GatewayTown::idsOf(town.ask(Who::OtherSender, "POST", "/v2/submissions", plainJson,
                                    town.announcement({}, otherDestinationId)));
    auto event = town.acceptOf(sending.sent);
    event.issuer = otherDestinationId;
    const auto before = town.eventsOf(sending.sent.ids.opened).size();
    for (const std::string& claimed : {sending.sent.ids.opened, own.opened}) {
        event.caseId = claimed;
        const auto answer =
            town.ask(Who::OtherSubscriber, "POST", "/v2/cases/" + own.opened + "/events", jose,
                     envelope::signEvent(event, rsaKey(2), "destination-signature-1"));
        BOOST_TEST(answer.status == 422);
    }
    BOOST_TEST(town.eventsOf(sending.sent.ids.opened).size() == before);
}

BOOST_AUTO_TEST_CASE(a_tenant_stays_what_it_was_entered_as)
{
    Sending sending;
    GatewayTown& town = sending.town;
    town.gateway->enter(gateway::ClientEntry{
        "all-b", Secret(std::string_view("secret-b")), {std::string(portal::sendScope)}, tenant});
    BOOST_TEST(town.ask(Who::OtherColleague, "POST", "/v2/quota/calendar", plainJson,
                        Sending::quotaCalendar())
                   .status == 404);
    BOOST_TEST(
        town.ask(Who::Colleague, "POST", "/v2/quota/calendar", plainJson, Sending::quotaCalendar())
            .status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
