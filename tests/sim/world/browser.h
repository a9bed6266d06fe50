// SPDX-License-Identifier: EUPL-1.2
//
// A citizen's or clerk's browser in the world: cookies, forms, redirects. No script, as the pages
// promise.
#pragma once

#include "appliance/core/http.h"
#include "appliance/node/node.h"
#include "tests/sim/world/sim_loop.h"

#include <functional>
#include <map>
#include <string>

namespace amt::sim {

struct Page {
    int status = 0; ///< 0: no answer
    std::string path;
    std::string body;
    std::map<std::string, std::string> headers;
    bool has(const std::string& text) const { return body.find(text) != std::string::npos; }
};

class Browser {
public:
    /// `ask` hands a request to the node; it must answer 0 or 1 times. `run` lets the world go on
    /// for one event; false when nothing is left to happen.
    using Ask =
        std::function<void(node::Surface, const HttpRequest&, std::function<void(HttpResponse)>)>;
    Browser(node::Surface surface, std::string origin, Ask ask, std::function<bool()> run,
            SimLoop& loop)
        : _surface(surface), _origin(std::move(origin)), _ask(std::move(ask)), _run(std::move(run)),
          _loop(loop)
    {}

    /// Follows redirects, at most eight.
    const Page& get(const std::string& path);
    /// Posts to `path` with the form key of the page that is shown, and follows the redirect.
    const Page& post(const std::string& path, std::map<std::string, std::string> fields = {});
    /// The same bytes again: an impatient finger, or a browser that reloads.
    const Page& postAgain();
    /// Waits as a page with a Refresh header does, until the address changes or the time is over.
    const Page& waitWhile(const std::string& path, Milliseconds atMost);

    const Page& page() const { return _page; }
    void forgetCookies() { _cookies.clear(); }
    const std::map<std::string, std::string>& cookies() const { return _cookies; }

private:
    const Page& exchange(HttpRequest request);
    Page once(const HttpRequest& request);
    std::string formKey() const;

    node::Surface _surface;
    std::string _origin;
    Ask _ask;
    std::function<bool()> _run;
    SimLoop& _loop;
    std::map<std::string, std::string> _cookies;
    Page _page;
    HttpRequest _lastPost;
};

} // namespace amt::sim
