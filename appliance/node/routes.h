// SPDX-License-Identifier: EUPL-1.2
//
// The routing table as data: every address of every surface, with the rule that says who may come
// in.
#pragma once

#include "appliance/node/exchange.h"
#include "appliance/office/people/roles.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amt::node {

class House;

/// Who may ask. A route cannot be made without one.
enum class Rule {
    Public, ///< anybody on this surface; a visit or a clerk is known to the handler when there is
            ///< one
    Visit,  ///< the cookie of a visit that runs
    Clerk,  ///< the cookie of a clerk who is signed in, all the way, with one of the route's roles
    Arriving,     ///< the cookie of a clerk whose password was right; the second factor may be
                  ///< missing
    ByProvider,   ///< the cookie of a sign-in by the identity provider that is under way
    DisplayToken, ///< a display that was let in once with its token
    FeedSecret,   ///< whoever has the address of a desk's calendar, whose last segment is secret
    SyncPeer,     ///< amt-sync on its socket
    AdminPeer     ///< amtctl on its socket
};

/// A rule, and for clerks the roles of which one is needed. `Rule::Clerk` without roles does not
/// compile.
struct Who {
    // NOLINTNEXTLINE(google-explicit-constructor): a row of the table reads better without a word
    consteval Who(Rule wanted) : rule(wanted)
    {
        if (wanted == Rule::Clerk)
            throw "which clerks?";
    }
    // NOLINTNEXTLINE(google-explicit-constructor): the same
    consteval Who(office::Roles wanted) : rule(Rule::Clerk), roles(wanted)
    {
        if (wanted.empty())
            throw "which clerks?";
    }
    Rule rule;
    office::Roles roles;
};

enum class Method { Get, Post };

/// How the body of a POST comes.
enum class BodyComes {
    Whole,   ///< as text fields
    InPieces ///< multipart/form-data; the handler asks for it and judges its fields
};

using Handler = Reply (*)(House& house, Exchange& exchange);

struct Route {
    Surface surface;
    Method method;
    /// Segments of the path; {} stands for one segment, {*} at the end for all that follow.
    std::string_view pattern;
    Who who;
    Handler handler;
    /// Form fields of a POST besides "key", separated by blanks; "*": the handler knows (it then
    /// checks itself).
    std::string_view fields = "";
    /// Query parameters of a GET, separated by blanks; "*": whatever another site adds to them
    /// (RFC 6749 4.1.2), the handler takes those that it knows.
    std::string_view query = "";
    BodyComes body = BodyComes::Whole;
};

std::span<const Route> allRoutes();

struct RouteMatch {
    const Route* route = nullptr; ///< null: no such address, or not with this method
    std::vector<std::string> segments;
    std::string allow; ///< methods of this address, for 405; empty: no such address
};
RouteMatch findRoute(Surface surface, const std::string& method, const std::string& path);

/// Whether the front leaves the body of such a request to the handler.
bool comesInPieces(Surface surface, const std::string& method, const std::string& path);

/// Whether one of these roles may ask this address of the desk: what a page may offer.
bool mayUse(office::Roles roles, Method method, const std::string& path);

/// Whether `list`, names separated by blanks, has `name`.
bool lists(std::string_view list, std::string_view name);

std::string_view name(Surface surface);
std::string_view name(Rule rule);
std::string_view name(Method method);

} // namespace amt::node
