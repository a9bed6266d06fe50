// SPDX-License-Identifier: EUPL-1.2
//
// An operator before her pages: cookies are kept, forms are posted as a browser does, and long work
// is done at once, cheaply.
#pragma once

#include "appliance/core/error.h"
#include "appliance/office/people/second_factor.h"
#include "sync/gateway/operator_pages.h"
#include "tests/gateway/town.h"

#include <map>
#include <string>

namespace amt::test {

inline const std::string operatorPassword = "drei blaue Dampfer";

inline gateway::OperatorPagesSettings operatorPagesSettings()
{
    gateway::OperatorPagesSettings settings;
    settings.templates = AMT_SOURCE_DIR "/sync/gateway/page";
    settings.kiosk = AMT_SOURCE_DIR "/kiosk";
    settings.service = serviceUrl;
    settings.accounts.cost = {.memoryKib = 64, .passes = 1, .lanes = 1};
    return settings;
}

/// RFC 4648, for secrets as they are written on a page; blanks do not count.
inline Secret fromBase32(const std::string& text)
{
    const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    Bytes bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char each : text) {
        const auto value = letters.find(each);
        if (value == std::string::npos)
            continue;
        bits = (bits << 5U) | static_cast<std::uint32_t>(value);
        count += 5;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    return Secret(std::move(bytes));
}

/// What stands between `open` and `close`; empty: it does not.
inline std::string between(const std::string& text, const std::string& open,
                           const std::string& close)
{
    const auto begin = text.find(open);
    if (begin == std::string::npos)
        return {};
    const auto from = begin + open.size();
    return text.substr(from, text.find(close, from) - from);
}

class OperatorsBrowser {
public:
    OperatorsBrowser(GatewayTown& town, gateway::OperatorPages& pages) : _town(town), _pages(pages)
    {}

    HttpResponse get(const std::string& address)
    {
        HttpRequest request{.method = "GET",
                            .path = address.substr(0, address.find('?')),
                            .query = {},
                            .headers = {{"host", "operators.test"}},
                            .body = {},
                            .peer = "192.0.2.7"};
        if (const auto mark = address.find('?'); mark != std::string::npos)
            request.query = address.substr(mark + 1);
        return send(std::move(request));
    }
    HttpResponse post(const std::string& path, std::map<std::string, std::string> fields,
                      const std::string& origin = "https://operators.test")
    {
        HttpRequest request{.method = "POST",
                            .path = path,
                            .query = {},
                            .headers = {{"host", "operators.test"},
                                        {"content-type", "application/x-www-form-urlencoded"}},
                            .body = writeForm(fields),
                            .peer = "192.0.2.7"};
        if (!origin.empty())
            request.headers["origin"] = origin;
        return send(std::move(request));
    }
    /// With the key of the session's forms.
    HttpResponse press(const std::string& path, std::map<std::string, std::string> fields)
    {
        fields["key"] = formKey();
        return post(path, std::move(fields));
    }
    std::string formKey() { return between(get("/account").body, "name=\"key\" value=\"", "\""); }

    /// With the one-time code; keeps the second factor.
    HttpResponse setUp(const std::string& name, const std::string& code,
                       const std::string& password = operatorPassword)
    {
        const auto answer =
            post("/first",
                 {{"name", name}, {"code", code}, {"password", password}, {"again", password}});
        if (answer.status != 303)
            return answer;
        const std::string page = get("/first/factor").body;
        factor = fromBase32(between(page, "factor-secret\">", "</code>"));
        return post("/first/factor",
                    {{"key", between(page, "name=\"key\" value=\"", "\"")}, {"code", appCode()}});
    }
    HttpResponse signIn(const std::string& name, const std::string& password,
                        const std::string& code)
    {
        return post("/sign-in", {{"name", name}, {"password", password}, {"code", code}});
    }
    HttpResponse signIn(const std::string& name)
    {
        return signIn(name, operatorPassword, appCode());
    }
    /// What the app shows now.
    std::string appCode() const
    {
        return office::factorCode(factor, office::factorStep(_town.loop.utcNow()));
    }

    std::map<std::string, std::string> cookies;
    Secret factor;

private:
    HttpResponse send(HttpRequest request)
    {
        std::string cookie;
        for (const auto& [name, value] : cookies)
            cookie += (cookie.empty() ? "" : "; ") + name + "=" + value;
        if (!cookie.empty())
            request.headers["cookie"] = cookie;
        auto reply = _pages.answer(request);
        if (auto* work = std::get_if<gateway::OperatorPages::LongWork>(&reply))
            reply = work->then(office::stretch(work->order));
        auto response = std::get<HttpResponse>(std::move(reply));
        for (const auto& [name, value] : response.headers) {
            if (name != "Set-Cookie")
                continue;
            const std::string given = value.substr(0, value.find(';'));
            const auto equals = given.find('=');
            if (equals + 1 == given.size())
                cookies.erase(given.substr(0, equals));
            else
                cookies[given.substr(0, equals)] = given.substr(equals + 1);
        }
        return response;
    }

    GatewayTown& _town;
    gateway::OperatorPages& _pages;
};

/// A town whose gateway has operators' pages.
struct OperatorsTown {
    explicit OperatorsTown(const gateway::OperatorPagesSettings& settings = operatorPagesSettings())
        : pages(settings, *town.books, town.loop, town.random,
                [this](const HttpRequest& request) { return town.gateway->operate(request); })
    {}

    HttpResponse order(const std::string& path, const std::string& body)
    {
        return town.gateway->operate(
            {.method = "POST", .path = path, .query = {}, .headers = {}, .body = body, .peer = {}});
    }
    /// As `amt-gateway operator add NAME` or `operator code NAME` says it.
    std::string codeFor(const std::string& name, const std::string& path = "/operators")
    {
        const auto answer = order(path, R"({"by":"user 0","name":")" + name + "\"}");
        return answer.status == 201 ? json::text(*json::parseObject(answer.body), "code")
                                    : std::string();
    }
    OperatorsBrowser browser() { return {town, pages}; }
    /// Somebody who is in.
    OperatorsBrowser signedIn(const std::string& name = "Meier")
    {
        OperatorsBrowser in(town, pages);
        const auto answer = in.setUp(name, codeFor(name));
        AMT_ASSERT(answer.status == 303);
        return in;
    }
    /// "act by" of what was noted, oldest first.
    std::vector<std::string> acts()
    {
        std::vector<std::string> all;
        auto row = town.books->prepare("SELECT act, by_whom FROM operator_act ORDER BY number");
        while (row.step())
            all.push_back(row.text(0) + " " + row.text(1));
        return all;
    }
    std::string enterNode(const std::string& name, const std::string& tenantId = tenant)
    {
        const auto answer = order("/clients", R"({"name":")" + name +
                                                  R"(","by":"Meier","role":"node","tenantId":")" +
                                                  tenantId + "\"}");
        return json::text(*json::parseObject(answer.body), "clientId");
    }
    void hear(const std::string& clientId, const std::optional<portal::NodeReport>& report,
              const std::string& incarnation = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01")
    {
        const auto body = portal::writeHead({.incarnation = incarnation,
                                             .head = {7, std::string(64, 'a')},
                                             .known = {},
                                             .report = report});
        const auto answer = town.ask(
            {.method = "PUT",
             .path = "/v2/journal-head",
             .query = {},
             .headers = {{"content-type", "application/json"},
                         {"authorization", "Bearer " + town.gateway->actFor(clientId).accessToken}},
             .body = body,
             .peer = {}});
        AMT_ASSERT(answer.status == 204);
    }

    GatewayTown town;
    gateway::OperatorPages pages;
};

} // namespace amt::test
