// SPDX-License-Identifier: EUPL-1.2
//
// The second factor at the desk: the code after the password, setting it up, giving it up.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/house.h"
#include "appliance/office/people/second_factor.h"

namespace amt::node {
namespace {

using office::Proof;

/// Whoever is not where this page belongs is led to where she stands.
bool standsAt(const Exchange& exchange, Proof proof)
{
    return exchange.clerk->proof == proof;
}

HttpResponse codePage(House& house, const Exchange& exchange, int status, bool refused = false,
                      std::chrono::seconds wait = std::chrono::seconds(0))
{
    page::CodePage view;
    view.refused = refused;
    view.wait = wait;
    HttpResponse response = house.deskPage(exchange, view, status);
    if (wait.count() > 0)
        response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return response;
}

HttpResponse factorPage(House& house, const Exchange& exchange, int status, bool refused = false,
                        std::chrono::seconds wait = std::chrono::seconds(0))
{
    DeskSession& session = *exchange.clerk;
    page::FactorPage view;
    view.isOn = session.secondFactor;
    view.required = session.proof == Proof::SetUpAsked;
    view.mayStart = view.required || session.deskKeyOpen;
    view.refused = refused;
    view.wait = wait;
    if (!view.isOn && view.mayStart) {
        // The same until it is set up: whoever loads the page anew has scanned the code before.
        if (session.offeredFactor.empty())
            session.offeredFactor = office::newFactorSecret(house.doors.random);
        view.written = office::writtenSecret(session.offeredFactor);
        view.address = office::authenticatorAddress("Amtsstube " + house.town.name,
                                                    session.clerk.name, session.offeredFactor);
    }
    HttpResponse response = house.deskPage(exchange, view, status);
    if (wait.count() > 0)
        response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return response;
}

} // namespace

Reply showCode(House& house, Exchange& exchange)
{
    if (!standsAt(exchange, Proof::CodeAsked))
        return redirect(house.placeOf(exchange));
    return codePage(house, exchange, 200);
}

Reply proveCode(House& house, Exchange& exchange)
{
    const Secret code = takeSecret(exchange, "code");
    if (!standsAt(exchange, Proof::CodeAsked))
        return redirect(house.placeOf(exchange));
    const auto result =
        house.people.proveFactor(exchange.clerk->token, code.revealText(), house.now());
    if (const auto* delayed = std::get_if<office::SignInDelayed>(&result))
        return codePage(house, exchange, 429, true, delayed->wait);
    if (std::holds_alternative<office::SignInRefused>(result)) {
        log::warning("desk.code-refused", {{"clerk", exchange.clerk->clerk.id}});
        return codePage(house, exchange, 403, true);
    }
    log::info("desk.code-right", {{"clerk", exchange.clerk->clerk.id}});
    return redirect("/");
}

Reply showFactor(House& house, Exchange& exchange)
{
    if (standsAt(exchange, Proof::CodeAsked))
        return redirect(house.placeOf(exchange));
    return factorPage(house, exchange, 200);
}

Reply setUpFactor(House& house, Exchange& exchange)
{
    const Secret code = takeSecret(exchange, "code");
    DeskSession& session = *exchange.clerk;
    if (standsAt(exchange, Proof::CodeAsked) || session.offeredFactor.empty())
        throw Error(ErrorCode::StepOutOfOrder, "no second factor was offered");
    const auto result = house.people.setUpFactor(session.token, session.offeredFactor,
                                                 code.revealText(), house.now());
    if (std::holds_alternative<office::SignInRefused>(result))
        return factorPage(house, exchange, 403, true);
    session.offeredFactor = Secret();
    log::info("desk.factor-set-up", {{"clerk", session.clerk.id}});
    return redirect("/desk/factor");
}

Reply giveUpFactor(House& house, Exchange& exchange)
{
    const Secret code = takeSecret(exchange, "code");
    const auto result =
        house.people.giveUpFactor(exchange.clerk->token, code.revealText(), house.now());
    if (const auto* delayed = std::get_if<office::SignInDelayed>(&result))
        return factorPage(house, exchange, 429, true, delayed->wait);
    if (std::holds_alternative<office::SignInRefused>(result))
        return factorPage(house, exchange, 403, true);
    log::info("desk.factor-given-up", {{"clerk", exchange.clerk->clerk.id}});
    return redirect("/desk/factor");
}

} // namespace amt::node
