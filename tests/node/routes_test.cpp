// SPDX-License-Identifier: EUPL-1.2
//
// The routing table, walked: each route has a rule, few are public, and nobody without proof gets
// past one.
#include "appliance/node/routes.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace amt;
using namespace amt::test;
using node::Method;
using node::Route;
using node::Rule;
using node::Surface;

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
        BOOST_TEST(!name(route.rule).empty(), title(route));
        BOOST_TEST(seen.insert(title(route)).second, title(route));
        const auto found =
            node::findRoute(route.surface, std::string(name(route.method)), examplePath(route));
        BOOST_TEST(found.route == &route, title(route));
    }
}

BOOST_AUTO_TEST_CASE(at_most_thirteen_addresses_are_public_and_none_has_case_data)
{
    std::set<std::string_view> addresses;
    for (const Route& route : node::allRoutes()) {
        if (route.rule != Rule::Public)
            continue;
        addresses.insert(route.pattern);
        BOOST_TEST(route.pattern.find("cases") == std::string_view::npos, title(route));
        BOOST_TEST(isForPeople(route.surface), title(route));
    }
    BOOST_TEST(addresses.size() <= 13);
}

BOOST_AUTO_TEST_CASE(the_rule_fits_the_surface)
{
    for (const Route& route : node::allRoutes()) {
        switch (route.rule) {
        case Rule::Public:
            break;
        case Rule::Visit:
            BOOST_TEST((route.surface == Surface::Kiosk), title(route));
            break;
        case Rule::Clerk:
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
        if (route.rule == Rule::Public || route.rule == Rule::SyncPeer ||
            route.rule == Rule::AdminPeer)
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
