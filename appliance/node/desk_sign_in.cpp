// SPDX-License-Identifier: EUPL-1.2
//
// Signing in at the desk: password, first clerk, paper half. Argon2id runs beside the loop.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_accounts.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

using Kind = page::SignInPage::Kind;

HttpResponse signInPage(House& house, const Exchange& exchange, Kind kind, int status, bool refused,
                        std::chrono::seconds wait = std::chrono::seconds(0))
{
    page::SignInPage view;
    view.kind = kind;
    view.refused = refused;
    view.wait = wait;
    view.needsFirst = !house.people.hasClerk();
    view.provider = providerName(house);
    return house.deskPage(exchange, view, status);
}

HttpResponse delayedAnswer(House& house, const Exchange& exchange, Kind kind,
                           const office::SignInDelayed& delayed)
{
    HttpResponse response = signInPage(house, exchange, kind, 429, true, delayed.wait);
    response.headers.emplace_back("Retry-After", std::to_string(delayed.wait.count()));
    return response;
}

/// What is wrong with a new password before any work is done; nothing when it may be taken.
bool mayBecomePassword(const std::string& name, const Secret& password, const Secret& again)
{
    return password == again && !office::faultOf(name, password);
}

} // namespace

HttpResponse signedInAnswer(const DeskSession& session, const std::string& location)
{
    log::info("desk.signed-in", {{"clerk", session.clerk.id}});
    HttpResponse response = redirect(location);
    setCookie(response, deskCookie, std::string(session.token.revealText()), OverTls::Yes);
    return response;
}

HttpResponse signedInAnswer(House& house, const office::SignedIn& signedIn)
{
    const DeskSession& session = house.sessions.begin(signedIn, house.now());
    return signedInAnswer(session, House::beginningOf(session));
}

std::string providerName(const House& house)
{
    return house.providerSignIns ? house.providerSignIns->provider().name : std::string();
}

Reply leadToDesk(House& house, Exchange& exchange)
{
    return redirect(house.placeOf(exchange));
}

Reply showSignIn(House& house, Exchange& exchange)
{
    return signInPage(house, exchange, Kind::SignIn, 200, false);
}

Reply signIn(House& house, Exchange& exchange)
{
    const Secret password = takeSecret(exchange, "password");
    const std::string name = exchange.field("name");
    if (const auto delayed = house.people.delayFor(name, house.now()))
        return delayedAnswer(house, exchange, Kind::SignIn, *delayed);
    if (password.empty() || password.size() > 256 || name.size() > 256)
        return signInPage(house, exchange, Kind::SignIn, 403, true);
    return stretchThen(house, exchange, house.people.orderFor(name, password),
                       [&house, name](const Exchange& later, const office::Stretched& stretched) {
                           const auto result = house.people.signIn(name, stretched, house.now(),
                                                                   placeIn(later.request));
                           if (const auto* signedIn = std::get_if<office::SignedIn>(&result))
                               return signedInAnswer(house, *signedIn);
                           if (const auto* delayed = std::get_if<office::SignInDelayed>(&result))
                               return delayedAnswer(house, later, Kind::SignIn, *delayed);
                           log::warning("desk.sign-in-refused");
                           return signInPage(house, later, Kind::SignIn, 403, true);
                       });
}

Reply showFirst(House& house, Exchange& exchange)
{
    if (house.people.hasClerk())
        return redirect("/desk/sign-in");
    return signInPage(house, exchange, Kind::First, 200, false);
}

Reply signInFirst(House& house, Exchange& exchange)
{
    const Secret password = takeSecret(exchange, "password");
    const Secret again = takeSecret(exchange, "again");
    const Secret code = takeSecret(exchange, "code");
    const std::string name = exchange.field("name");
    if (house.people.hasClerk())
        throw Error(ErrorCode::NotAllowed, "there is a first clerk already");
    if (!office::clerkName(name) || !mayBecomePassword(name, password, again))
        return signInPage(house, exchange, Kind::First, 400, true);
    return stretchThen(
        house, exchange, house.people.orderForNew(password),
        [&house, name, code](const Exchange& later, const office::Stretched& stretched) {
            auto result = house.people.firstClerk(code.revealText(), name, stretched, house.now(),
                                                  placeIn(later.request));
            if (auto* first = std::get_if<office::FirstClerkIn>(&result)) {
                DeskSession& session = house.sessions.begin(first->signedIn, house.now());
                session.paperHalf = std::move(first->paperHalf);
                return signedInAnswer(session, "/desk/paper");
            }
            if (const auto* delayed = std::get_if<office::SignInDelayed>(&result))
                return delayedAnswer(house, later, Kind::First, *delayed);
            log::warning("desk.first-refused");
            return signInPage(house, later, Kind::First, 403, true);
        });
}

Reply showRecover(House& house, Exchange& exchange)
{
    return signInPage(house, exchange, Kind::Recover, 200, false);
}

Reply recover(House& house, Exchange& exchange)
{
    const Secret password = takeSecret(exchange, "password");
    const Secret again = takeSecret(exchange, "again");
    const Secret paperHalf = takeSecret(exchange, "recovery");
    const std::string name = exchange.field("name");
    if (const auto delayed = house.people.delayFor(name, house.now()))
        return delayedAnswer(house, exchange, Kind::Recover, *delayed);
    if (!office::clerkName(name) || !mayBecomePassword(name, password, again))
        return signInPage(house, exchange, Kind::Recover, 400, true);
    return stretchThen(
        house, exchange, house.people.orderForNew(password),
        [&house, name, paperHalf](const Exchange& later, const office::Stretched& stretched) {
            const auto result = house.people.recover(name, paperHalf.revealText(), stretched,
                                                     house.now(), placeIn(later.request));
            if (const auto* signedIn = std::get_if<office::SignedIn>(&result))
                return signedInAnswer(house, *signedIn);
            if (const auto* delayed = std::get_if<office::SignInDelayed>(&result))
                return delayedAnswer(house, later, Kind::Recover, *delayed);
            log::warning("desk.recovery-refused");
            return signInPage(house, later, Kind::Recover, 403, true);
        });
}

Reply showPaper(House& house, Exchange& exchange)
{
    if (exchange.clerk->paperHalf.empty())
        return redirect(house.placeOf(exchange));
    return house.deskPage(exchange,
                          page::PaperHalfPage{std::string(exchange.clerk->paperHalf.revealText())});
}

Reply keepPaper(House& house, Exchange& exchange)
{
    if (exchange.field("kept") != "yes")
        throw Error(ErrorCode::RequestMalformed, "kept");
    exchange.clerk->paperHalf = Secret();
    return redirect(house.placeOf(exchange));
}

Reply signOut(House& house, Exchange& exchange)
{
    house.deskIdentity.leave(*exchange.clerk);
    house.sessions.end(*exchange.clerk, house.now());
    exchange.clerk = nullptr;
    HttpResponse response = redirect("/desk/sign-in");
    clearCookie(response, deskCookie, OverTls::Yes);
    response.headers.emplace_back("Clear-Site-Data", "\"cache\", \"storage\"");
    return response;
}

} // namespace amt::node
