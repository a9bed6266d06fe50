// SPDX-License-Identifier: EUPL-1.2
//
// The operators' pages: how the nodes of a region stand, what waits for an operator, and who is
// signed in. Plain HTML that works without script; a listener of its own, never the nodes' one.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "kiosk/page/assets.h"
#include "kiosk/page/templates.h"
#include "sync/gateway/books.h"
#include "sync/gateway/fleet.h"
#include "sync/gateway/operator_accounts.h"
#include "sync/gateway/operators.h"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <variant>

namespace amt::gateway {

struct OperatorPagesSettings {
    std::filesystem::path templates; ///< page/ of this folder, or where it was installed
    std::filesystem::path kiosk;     ///< icon/ and assets/ are in it
    std::string service;             ///< address of the gateway, as it is shown
    FleetSettings fleet;
    OperatorSettings accounts;
};

class OperatorPages {
public:
    /// `ask`: where orders go (registry.h), which know what may be done and note it. What is passed
    /// by reference must outlive it. Throws ConfigurationInvalid for a missing template.
    OperatorPages(OperatorPagesSettings settings, Books& books, const Clock& clock,
                  RandomSource& random, AskRegistry ask);

    /// Work that must not stop the loop, and what comes after it, on the loop.
    struct LongWork {
        office::StretchOrder order;
        std::function<HttpResponse(const office::Stretched&)> then;
    };
    using Reply = std::variant<HttpResponse, LongWork>;
    /// On the loop. Every refusal is a page; only StoreFailed is thrown.
    Reply answer(const HttpRequest& request);

    struct Exchange;

private:
    struct Route;
    static const std::vector<Route>& routes();
    template <typename Work>
    Reply guarded(const HttpRequest& request, Work&& work);
    Reply routed(const HttpRequest& request);
    template <typename Then>
    LongWork stretchThen(office::StretchOrder order, Exchange exchange, Then then);

    Reply showFleet(Exchange& exchange);
    Reply showNode(Exchange& exchange);
    Reply showRequests(Exchange& exchange);
    Reply showConfirm(Exchange& exchange);
    Reply act(Exchange& exchange);
    Reply showAccount(Exchange& exchange);
    Reply endSession(Exchange& exchange);
    Reply showSignIn(Exchange& exchange);
    Reply signIn(Exchange& exchange);
    Reply signOut(Exchange& exchange);
    Reply showFirst(Exchange& exchange);
    Reply first(Exchange& exchange);
    Reply showFactor(Exchange& exchange);
    Reply factor(Exchange& exchange);

    HttpResponse signInPage(const Exchange& exchange, int status, const std::string& problem,
                            const OperatorAccounts::Delayed* delayed = nullptr);
    HttpResponse firstPage(const Exchange& exchange, int status, const std::string& problem,
                           const OperatorAccounts::Delayed* delayed = nullptr);
    HttpResponse factorPage(const Exchange& exchange, const OperatorAccounts::Offer& offer,
                            int status, const std::string& problem);
    HttpResponse confirmPage(const Exchange& exchange, int status, const std::string& problem);
    HttpResponse problemPage(const Exchange& exchange, int status, const std::string& title,
                             const std::string& text);
    HttpResponse page(const Exchange& exchange, const std::string& name, const std::string& title,
                      page::Data data, int status = 200);
    HttpResponse asset(const HttpRequest& request) const;

    const OperatorPagesSettings _settings;
    Books& _books;
    const Clock& _clock;
    const AskRegistry _ask;
    OperatorAccounts _accounts;
    page::Templates _templates;
    const std::map<std::string, page::Asset> _assets;
};

} // namespace amt::gateway
