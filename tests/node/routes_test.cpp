// SPDX-License-Identifier: EUPL-1.2
//
// The routing table, walked: each route has a rule, few are public, and nobody without proof gets
// past one.
#include "appliance/node/routes.h"
#include "appliance/office/people/roles.h"
#include "appliance/store/store.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

#include <map>
#include <regex>
#include <set>

using namespace amt;
using namespace amt::test;
using node::Method;
using node::Route;
using node::Rule;
using node::Surface;
using office::Role;
using office::Roles;

namespace {

/// A path that the pattern matches.
std::string examplePath(const Route& route)
{
    std::string path(route.pattern);
    for (auto at = path.find("{*}"); at != std::string::npos; at = path.find("{*}"))
        path.replace(at, 3, "kern.css");
    for (auto at = path.find("{}"); at != std::string::npos; at = path.find("{}"))
        path.replace(at, 2, "0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10");
    return path;
}

bool isForPeople(Surface surface)
{
    return surface == Surface::Kiosk || surface == Surface::Desk || surface == Surface::Display;
}

HttpRequest exampleRequest(const Route& route)
{
    HttpRequest request;
    request.method = std::string(name(route.method));
    request.path = examplePath(route);
    const std::string host = route.surface == Surface::Kiosk ? "localhost" : "desk.example";
    if (isForPeople(route.surface))
        request.headers["host"] = host;
    if (route.method == Method::Post && isForPeople(route.surface)) {
        request.headers["sec-fetch-site"] = "same-origin";
        if (route.body == node::BodyComes::InPieces) {
            request.headers["content-type"] = "multipart/form-data; boundary=x";
            return request;
        }
        request.headers["content-type"] = "application/x-www-form-urlencoded";
        std::map<std::string, std::string> fields = {{"key", "0123456789abcdef"}};
        std::string_view rest = route.fields;
        while (!rest.empty() && rest != "*") {
            const auto end = std::min(rest.find(' '), rest.size());
            fields[std::string(rest.substr(0, end))] = "x";
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        request.body = writeForm(fields);
    } else if (route.method == Method::Post) {
        request.headers["content-type"] = "application/json";
        request.body = "{}";
    }
    return request;
}

std::string title(const Route& route)
{
    return std::string(name(route.surface)) + " " + std::string(name(route.method)) + " " +
           std::string(route.pattern);
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_routes)

BOOST_AUTO_TEST_CASE(each_route_has_a_handler_and_stands_in_the_table_once)
{
    std::set<std::string> seen;
    for (const Route& route : node::allRoutes()) {
        BOOST_TEST(route.handler != nullptr, title(route));
        BOOST_TEST(!name(route.who.rule).empty(), title(route));
        BOOST_TEST(seen.insert(title(route)).second, title(route));
        const auto found =
            node::findRoute(route.surface, std::string(name(route.method)), examplePath(route));
        BOOST_TEST(found.route == &route, title(route));
    }
}

BOOST_AUTO_TEST_CASE(at_most_fifteen_addresses_are_public_and_none_has_case_data)
{
    std::set<std::string_view> addresses;
    for (const Route& route : node::allRoutes()) {
        if (route.who.rule != Rule::Public)
            continue;
        addresses.insert(route.pattern);
        BOOST_TEST(route.pattern.find("cases") == std::string_view::npos, title(route));
        BOOST_TEST(isForPeople(route.surface), title(route));
    }
    BOOST_TEST(addresses.size() <= 15);
}

BOOST_AUTO_TEST_CASE(one_address_takes_a_long_body_and_a_clerk_stands_before_it)
{
    int found = 0;
    for (const Route& route : node::allRoutes()) {
        if (route.body != node::BodyComes::InPieces)
            continue;
        ++found;
        BOOST_TEST((route.who.rule == Rule::Clerk && route.surface == Surface::Desk &&
                    route.method == Method::Post),
                   title(route));
        BOOST_TEST(node::comesInPieces(route.surface, "POST", examplePath(route)));
        BOOST_TEST(!node::comesInPieces(route.surface, "GET", examplePath(route)));
        BOOST_TEST(!node::comesInPieces(Surface::Kiosk, "POST", examplePath(route)));
    }
    BOOST_TEST(found == 1);
}

BOOST_AUTO_TEST_CASE(the_rule_fits_the_surface)
{
    for (const Route& route : node::allRoutes()) {
        switch (route.who.rule) {
        case Rule::Public:
            break;
        case Rule::Visit:
            BOOST_TEST((route.surface == Surface::Kiosk), title(route));
            break;
        case Rule::Clerk:
        case Rule::Arriving:
        case Rule::FeedSecret:
        case Rule::ByProvider:
            BOOST_TEST((route.surface == Surface::Desk), title(route));
            break;
        case Rule::DisplayToken:
            BOOST_TEST((route.surface == Surface::Display), title(route));
            break;
        case Rule::SyncPeer:
            BOOST_TEST((route.surface == Surface::Sync), title(route));
            break;
        case Rule::AdminPeer:
            BOOST_TEST((route.surface == Surface::Admin), title(route));
            break;
        }
    }
}

BOOST_AUTO_TEST_CASE(nobody_without_proof_gets_past_a_rule)
{
    Town town;
    for (const Route& route : node::allRoutes()) {
        if (route.who.rule == Rule::Public || route.who.rule == Rule::SyncPeer ||
            route.who.rule == Rule::AdminPeer)
            continue;
        const auto nobody = town.handle(route.surface, exampleRequest(route));
        BOOST_TEST(nobody.status == 403, title(route) << " without a cookie: " << nobody.status);
        for (const std::string guess :
             {"amt_visit=guess",
              "amt_visit=AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
              "amt_desk=guess", "amt_display=guess", "amt_visit=a.b; amt_visit=c.d"}) {
            auto request = exampleRequest(route);
            request.headers["cookie"] = guess;
            const auto refused = town.handle(route.surface, request);
            BOOST_TEST(refused.status == 403, title(route)
                                                  << " with " << guess << ": " << refused.status);
            BOOST_TEST(refused.header("Location").empty(), title(route));
        }
    }
    BOOST_TEST(town.count("SELECT count(*) FROM cases") == 0);
}

// --- each address with each role

namespace {

/// Who may come in, once more and by hand: the longest beginning of "METHOD address" counts.
const std::map<std::string, Roles> mayEnter = {
    {"GET /desk", {Role::Clerk, Role::Lead, Role::Treasurer}},
    {"GET /desk/cases/{}", {Role::Clerk, Role::Lead, Role::Treasurer}},
    {"POST /desk/cases/{}/receipt", {Role::Clerk, Role::Lead, Role::Treasurer}},
    {"POST /desk/cases/{}/payment", {Role::Lead, Role::Treasurer}},
    {"POST /desk/cases/{}/release", {Role::Clerk, Role::Lead}},
    {"POST /desk/cases/{}/settle", {Role::Clerk, Role::Lead}},
    {"GET /desk/cases/{}/attachments", {Role::Clerk, Role::Lead}},
    {"POST /desk/cases/{}/attachments", {Role::Clerk, Role::Lead}},
    {"GET /desk/cases/{}/identity", {Role::Clerk, Role::Lead}},
    {"POST /desk/cases/{}/identity", {Role::Clerk, Role::Lead}},
    {"GET /desk/cases/{}/replies", {Role::Clerk, Role::Lead}},
    {"POST /desk/cases/{}/replies", {Role::Clerk, Role::Lead}},
    {"GET /desk/held", {Role::Clerk, Role::Lead}},
    {"GET /desk/pin", {Role::Clerk, Role::Lead}},
    {"POST /desk/pin", {Role::Clerk, Role::Lead}},
    {"GET /desk/card/events", {Role::Clerk, Role::Lead}},
    {"GET /desk/place", {Role::Clerk, Role::Reception, Role::Lead}},
    {"POST /desk/place", {Role::Clerk, Role::Reception, Role::Lead}},
    {"GET /desk/queue", {Role::Clerk, Role::Reception, Role::Lead}},
    {"POST /desk/queue", {Role::Clerk, Role::Reception, Role::Lead}},
    {"POST /desk/queue/end", {Role::Lead}},
    {"GET /desk/appointments", {Role::Clerk, Role::Reception, Role::Lead}},
    {"POST /desk/appointments", {Role::Clerk, Role::Reception, Role::Lead}},
    {"GET /desk/hours", {Role::Clerk, Role::Reception, Role::Lead}},
    {"GET /desk/hours/change", {Role::Lead}},
    {"POST /desk/hours/change", {Role::Lead}},
    {"GET /desk/statistics", {Role::Lead}},
    {"POST /desk/help/done", {Role::Clerk, Role::Reception, Role::Lead}},
    {"GET /desk/calendar", {Role::Lead, Role::It}},
    {"POST /desk/calendar", {Role::Lead, Role::It}},
    {"GET /desk/calendar/appointments", {Role::Lead}},
    {"GET /desk/status", {Role::Lead, Role::It}},
    {"POST /desk/status", {Role::Lead, Role::It}},
    {"GET /desk/clock", {Role::Lead, Role::It}},
    {"POST /desk/clock", {Role::Lead, Role::It}},
    {"GET /desk/devices", {Role::Clerk, Role::Reception, Role::Lead, Role::It}},
    {"POST /desk/devices", {Role::Clerk, Role::Lead, Role::It}},
    {"GET /desk/clerks", {Role::Lead, Role::It}},
    {"POST /desk/clerks", {Role::Lead, Role::It}},
    {"POST /desk/clerks/{}/sessions/end", {Role::It}},
    {"POST /desk/factor/give-up", office::everyRole},
    {"GET /desk/account", office::everyRole},
    {"POST /desk/account", office::everyRole},
};

Roles expectedAt(const Route& route)
{
    const std::string address = std::string(name(route.method)) + " " + std::string(route.pattern);
    std::size_t longest = 0;
    Roles expected;
    for (const auto& [beginning, roles] : mayEnter) {
        const bool fits = address == beginning ||
                          (address.starts_with(beginning + "/") && beginning != "GET /desk");
        if (fits && beginning.size() > longest) {
            longest = beginning.size();
            expected = roles;
        }
    }
    BOOST_TEST(longest > 0, address << " stands in no row of this test");
    return expected;
}

/// The account that is signed in has these roles from now on, and no other.
void giveRoles(Town& town, Roles roles)
{
    town.database().execute("DELETE FROM clerk_role");
    for (const Role role : office::allRoles) {
        if (roles.has(role))
            town.database()
                .prepare("INSERT INTO clerk_role (clerk_id, role) SELECT id, ? FROM clerk")
                .bind(office::name(role))
                .run();
    }
}

std::vector<Roles> everySetOfRoles()
{
    std::vector<Roles> sets;
    for (unsigned bits = 0; bits < 1U << office::allRoles.size(); ++bits) {
        Roles roles;
        for (std::size_t i = 0; i < office::allRoles.size(); ++i) {
            if ((bits >> i & 1U) != 0)
                roles.add(office::allRoles[i]);
        }
        sets.push_back(roles);
    }
    return sets;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_address_of_the_desk_opens_to_its_roles_and_to_nobody_else)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string clerkId = town.text("SELECT id FROM clerk");
    int asked = 0;
    for (const Roles roles : everySetOfRoles()) {
        giveRoles(town, roles);
        int press = 0;
        for (const Route& route : node::allRoutes()) {
            if (route.who.rule != Rule::Clerk)
                continue;
            const bool may = expectedAt(route).meets(roles);
            BOOST_TEST(route.who.roles.meets(roles) == may, title(route));
            // Something that is there, and something that is not: both are refused alike.
            for (const std::string& id :
                 {onlyCase(town), std::string("0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10")}) {
                auto request = exampleRequest(route);
                if (const auto at = request.path.find("0f7f9a40"); at != std::string::npos)
                    request.path.replace(at, 36, id);
                request.headers["cookie"] = "amt_desk=" + desk.cookies["amt_desk"];
                if (const auto at = request.body.find("key="); at != std::string::npos)
                    request.body.replace(at, 20,
                                         "key=" + std::to_string(1'000'000'000'000'000 + asked));
                const auto answer = town.handle(route.surface, request);
                ++asked;
                ++press;
                BOOST_TEST((answer.status == 403) == !may, title(route)
                                                               << " as \"" << office::toText(roles)
                                                               << "\": " << answer.status);
                if (!may)
                    BOOST_TEST(answer.body.find("403 NotAllowed") != std::string::npos,
                               title(route));
            }
        }
        BOOST_TEST(press > 0);
        BOOST_TEST(town.count("SELECT count(*) FROM clerk_session") == 1);
    }
    BOOST_TEST(asked >= 2000);
    BOOST_TEST(town.text("SELECT id FROM clerk") == clerkId);
}

BOOST_AUTO_TEST_CASE(a_page_offers_only_what_the_roles_open)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string caseId = onlyCase(town);
    const std::string clerkId = town.text("SELECT id FROM clerk");
    const std::regex offered("(href|action)=\"(/desk[^\"]*)\"");
    for (const Roles roles : everySetOfRoles()) {
        giveRoles(town, roles);
        for (const std::string& address :
             {std::string("/desk"), std::string("/desk/held"), std::string("/desk/queue"),
              std::string("/desk/devices"), std::string("/desk/status"),
              std::string("/desk/clerks"), std::string("/desk/account"), "/desk/clerks/" + clerkId,
              "/desk/cases/" + caseId}) {
            const auto answer = desk.send("GET", address);
            for (std::sregex_iterator at(answer.body.begin(), answer.body.end(), offered), end;
                 at != end; ++at) {
                const std::string method = (*at)[1] == "href" ? "GET" : "POST";
                const auto match = node::findRoute(Surface::Desk, method, (*at)[2]);
                BOOST_TEST_REQUIRE(match.route != nullptr, (*at)[2]);
                BOOST_TEST(
                    (match.route->who.rule != Rule::Clerk || match.route->who.roles.meets(roles)),
                    (*at)[2] << " offered at " << address << " to " << office::toText(roles));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_treasurer_sees_what_was_paid_and_not_what_was_written)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.fallSilent();
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string address = "/desk/cases/" + onlyCase(town);
    desk.get(address);
    BOOST_TEST(desk.shows("Mustermann"));
    giveRoles(town, {Role::Treasurer});
    const auto read = town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT'");
    desk.get(address);
    BOOST_TEST(desk.page.status == 200);
    BOOST_TEST(!desk.shows("Mustermann"));
    BOOST_TEST(!desk.shows("KLE"));
    BOOST_TEST(!desk.shows(address + "/release"));
    BOOST_TEST(town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT'") == read);
    desk.post(address + "/payment", {{"finding", "paid"}, {"reason", "Beleg liegt vor"}});
    BOOST_TEST(town.text("SELECT state FROM payment") == "Approved");
}

BOOST_AUTO_TEST_CASE(each_role_begins_where_its_work_is)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::pair<Roles, std::string> beginnings[] = {
        {{Role::Clerk}, "/desk"},     {{Role::Lead}, "/desk"},
        {{Role::Treasurer}, "/desk"}, {{Role::Reception}, "/desk/queue"},
        {{Role::It}, "/desk/status"}, {{Role::It, Role::Lead}, "/desk"},
    };
    for (const auto& [roles, address] : beginnings) {
        giveRoles(town, roles);
        BOOST_TEST(desk.send("GET", "/").header("Location") == address);
    }
}

BOOST_AUTO_TEST_CASE(a_visit_opens_no_desk_and_a_desk_route_is_not_at_the_kiosk)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    for (const Route& route : node::allRoutes()) {
        for (const Surface other :
             {Surface::Kiosk, Surface::Desk, Surface::Display, Surface::Sync, Surface::Admin}) {
            if (other == route.surface || node::findRoute(other, "GET", examplePath(route)).route ||
                !node::findRoute(other, "GET", examplePath(route)).allow.empty())
                continue;
            auto request = exampleRequest(route);
            request.headers["cookie"] = "amt_visit=" + kiosk.cookies["amt_visit"];
            request.headers["host"] = other == Surface::Kiosk ? "localhost" : "desk.example";
            const auto answer = town.handle(other, request);
            BOOST_TEST(answer.status == 404, title(route)
                                                 << " at " << name(other) << ": " << answer.status);
        }
    }
}

// --- each route with each wrong thing

namespace {

struct Wrong {
    std::string what;
    int status;
    std::function<void(HttpRequest&)> spoil;
    bool postOnly;
};

const std::vector<Wrong> wrongThings = {
    {"a foreign host", 421, [](HttpRequest& request) { request.headers["host"] = "evil.example"; },
     false},
    {"our host as a prefix", 421,
     [](HttpRequest& request) { request.headers["host"] = "localhost.evil.example"; }, false},
    {"no host", 421, [](HttpRequest& request) { request.headers.erase("host"); }, false},
    {"a method nobody knows", 405, [](HttpRequest& request) { request.method = "BREW"; }, false},
    {"DELETE", 405, [](HttpRequest& request) { request.method = "DELETE"; }, false},
    {"an unknown query parameter", 400, [](HttpRequest& request) { request.query = "debug=1"; },
     false},
    {"a broken query", 400, [](HttpRequest& request) { request.query = "%zz=1"; }, false},
    {"a giant query", 413,
     [](HttpRequest& request) { request.query = "a=" + std::string(5000, 'a'); }, false},
    {"a body over the limit", 413,
     [](HttpRequest& request) { request.body += "&a=" + std::string(17000, 'a'); }, false},
    {"a foreign origin", 403,
     [](HttpRequest& request) { request.headers["origin"] = "https://evil.example"; }, true},
    {"origin null", 403, [](HttpRequest& request) { request.headers["origin"] = "null"; }, true},
    {"another site", 403,
     [](HttpRequest& request) { request.headers["sec-fetch-site"] = "cross-site"; }, true},
    {"a sibling site", 403,
     [](HttpRequest& request) { request.headers["sec-fetch-site"] = "same-site"; }, true},
    {"nothing that says where from", 403,
     [](HttpRequest& request) { request.headers.erase("sec-fetch-site"); }, true},
    {"JSON", 400,
     [](HttpRequest& request) { request.headers["content-type"] = "application/json"; }, true},
    {"multipart", 400,
     [](HttpRequest& request) { request.headers["content-type"] = "multipart/form-data"; }, true},
    {"no content type", 400, [](HttpRequest& request) { request.headers.erase("content-type"); },
     true},
    {"a doubled field", 400, [](HttpRequest& request) { request.body += "&key=0123456789abcdef"; },
     true},
    {"a body that is no form", 400, [](HttpRequest& request) { request.body = "{}"; }, true},
    {"a form without its key", 400, [](HttpRequest& request) { request.body.clear(); }, true},
    {"invalid UTF-8", 400, [](HttpRequest& request) { request.body += "&key2=%c3"; }, true},
    {"a NUL", 400, [](HttpRequest& request) { request.body += "&key2=%00"; }, true},
};

} // namespace

BOOST_AUTO_TEST_CASE(each_wrong_thing_is_refused_at_each_route_with_its_status_and_a_page)
{
    Town town;
    int asked = 0;
    for (const Route& route : node::allRoutes()) {
        if (!isForPeople(route.surface))
            continue;
        for (const Wrong& wrong : wrongThings) {
            if (wrong.postOnly && route.method != Method::Post)
                continue;
            if (route.query == "*" && std::string(wrong.what) == "an unknown query parameter")
                continue; // the identity provider may add what it likes (RFC 6749 4.1.2)
            if (route.body == node::BodyComes::InPieces &&
                (wrong.what == "multipart" || wrong.what == "a form without its key"))
                continue; // its body is asked for later, and only of a clerk
            auto request = exampleRequest(route);
            wrong.spoil(request);
            const auto answer = town.handle(route.surface, request);
            ++asked;
            BOOST_TEST(answer.status == wrong.status,
                       title(route) << " with " << wrong.what << ": " << answer.status);
            BOOST_TEST(!answer.body.empty(), title(route));
            BOOST_TEST(answer.header("Content-Security-Policy").find("default-src 'none'") !=
                       std::string::npos);
            BOOST_TEST(answer.header("Cache-Control") == "no-store");
            BOOST_TEST((answer.status == 405) == !answer.header("Allow").empty(), title(route));
            if (route.surface == Surface::Display)
                BOOST_TEST(answer.header("Content-Type") == "application/problem+json",
                           title(route));
            else
                BOOST_TEST(answer.header("Content-Type") == "text/html; charset=utf-8",
                           title(route));
        }
    }
    BOOST_TEST(asked > 400);
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 0);
}

BOOST_AUTO_TEST_CASE(an_unknown_field_is_refused_whole)
{
    Town town;
    for (const Route& route : node::allRoutes()) {
        if (!isForPeople(route.surface) || route.method != Method::Post || route.fields == "*")
            continue;
        auto request = exampleRequest(route);
        request.body += "&isAdmin=yes";
        BOOST_TEST(town.handle(route.surface, request).status == 400, title(route));
    }
}

BOOST_AUTO_TEST_CASE(machines_get_problems_and_no_pages)
{
    Town town;
    for (const Route& route : node::allRoutes()) {
        if (isForPeople(route.surface))
            continue;
        auto request = exampleRequest(route);
        request.method = "PUT";
        auto answer = town.handle(route.surface, request);
        BOOST_TEST(answer.status == 405, title(route));
        BOOST_TEST(answer.header("Content-Type") == "application/problem+json", title(route));
        if (route.method != Method::Post)
            continue;
        request = exampleRequest(route);
        request.headers["content-type"] = "text/plain";
        BOOST_TEST(town.handle(route.surface, request).status == 400, title(route));
        request = exampleRequest(route);
        request.body = "{\"surprise\":1}";
        BOOST_TEST(town.handle(route.surface, request).status == 400, title(route));
        request.body = std::string(1024 * 1024 + 1, ' ');
        BOOST_TEST(town.handle(route.surface, request).status == 413, title(route));
    }
}

BOOST_AUTO_TEST_CASE(a_probe_may_ask_by_head)
{
    Town town;
    HttpRequest request;
    request.method = "HEAD";
    request.path = "/health";
    request.headers["host"] = "localhost";
    BOOST_TEST(town.handle(Surface::Kiosk, request).status == 200);
    request.path = "/visit/form";
    BOOST_TEST(town.handle(Surface::Kiosk, request).status == 403);
}

BOOST_AUTO_TEST_CASE(every_page_tells_the_browser_to_keep_and_lend_nothing)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    for (const std::string path : {"/", "/services", "/help", "/ended"}) {
        kiosk.get(path);
        BOOST_TEST(kiosk.page.status == 200);
        BOOST_TEST(kiosk.page.header("Cache-Control") == "no-store");
        BOOST_TEST(kiosk.page.header("X-Content-Type-Options") == "nosniff");
        BOOST_TEST(kiosk.page.header("Referrer-Policy") == "same-origin");
        BOOST_TEST(kiosk.page.header("Cross-Origin-Opener-Policy") == "same-origin");
        BOOST_TEST(!kiosk.page.header("Permissions-Policy").empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
