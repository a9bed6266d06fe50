// SPDX-License-Identifier: EUPL-1.2
//
// Enough of a browser to walk the pages.
#include "tests/sim/world/browser.h"

#include <algorithm>
#include <memory>
#include <regex>

namespace amt::sim {

const Page& Browser::get(const std::string& path)
{
    HttpRequest request;
    request.method = "GET";
    const auto mark = path.find('?');
    request.path = path.substr(0, mark);
    if (mark != std::string::npos)
        request.query = path.substr(mark + 1);
    return exchange(request);
}

const Page& Browser::post(const std::string& path, std::map<std::string, std::string> fields)
{
    if (const std::string key = formKey(); !key.empty())
        fields.emplace("key", key);
    HttpRequest request;
    request.method = "POST";
    request.path = path;
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    request.headers["origin"] = _origin;
    request.body = writeForm(fields);
    _lastPost = request;
    return exchange(request);
}

const Page& Browser::postAgain()
{
    return exchange(_lastPost);
}

const Page& Browser::waitWhile(const std::string& path, Milliseconds atMost)
{
    const Milliseconds until = _loop.sinceBoot() + atMost;
    while (_page.path == path && _page.status == 200 && _loop.sinceBoot() < until) {
        bool due = false;
        _loop.actAs(0, [&] { _loop.after(std::chrono::seconds(1), [&due] { due = true; }); });
        while (!due && _run()) {
        }
        get(path);
    }
    return _page;
}

const Page& Browser::exchange(HttpRequest request)
{
    for (int redirects = 0; redirects < 8; ++redirects) {
        _page = once(request);
        if (_page.status != 303)
            return _page;
        std::string target = _page.headers["Location"];
        request = HttpRequest();
        request.method = "GET";
        const auto mark = target.find('?');
        request.path = target.substr(0, mark);
        if (mark != std::string::npos)
            request.query = target.substr(mark + 1);
    }
    return _page;
}

Page Browser::once(const HttpRequest& plain)
{
    HttpRequest request = plain;
    request.peer = "loopback";
    request.headers["host"] = _origin.substr(_origin.find("//") + 2);
    std::string cookies;
    for (const auto& [name, value] : _cookies)
        cookies += (cookies.empty() ? "" : "; ") + name + "=" + value;
    if (!cookies.empty())
        request.headers["cookie"] = cookies;

    auto answer = std::make_shared<std::optional<HttpResponse>>(); // outlives a node that dies
                                                                   // before it answers
    _ask(_surface, request, [answer](HttpResponse response) { *answer = std::move(response); });
    const Milliseconds until = _loop.sinceBoot() + std::chrono::seconds(10);
    while (!*answer && _loop.sinceBoot() < until && _run()) {
    }
    Page page;
    page.path = request.path;
    if (!*answer)
        return page;
    page.status = (*answer)->status;
    page.body = (*answer)->body;
    for (const auto& [name, value] : (*answer)->headers) {
        page.headers[name] = value;
        if (name != "Set-Cookie")
            continue;
        const auto equals = value.find('=');
        const auto end = value.find(';');
        const std::string cookie = value.substr(0, equals);
        const std::string content = value.substr(equals + 1, end - equals - 1);
        if (content.empty() || value.find("Max-Age=0") != std::string::npos)
            _cookies.erase(cookie);
        else
            _cookies[cookie] = content;
    }
    return page;
}

std::string Browser::formKey() const
{
    static const std::regex pattern("name=\"key\"[^>]*value=\"([^\"]*)\"");
    std::smatch found;
    return std::regex_search(_page.body, found, pattern) ? found[1].str() : std::string();
}

} // namespace amt::sim
