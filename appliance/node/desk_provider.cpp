// SPDX-License-Identifier: EUPL-1.2
//
// Signing in by the town's identity provider, and opening the desk key with one's own password,
// which no provider can do.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_accounts.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

using Kind = page::ProviderPage::Kind;

constexpr auto arrivalAddress = "/desk/provider/arrival";
constexpr auto cookieHolds = std::chrono::minutes(5);

ProviderSignIns& signInsOf(House& house)
{
    if (!house.providerSignIns)
        throw Error(ErrorCode::NotFound, "no identity provider here");
    return *house.providerSignIns;
}

std::string cookieOf(const Exchange& exchange)
{
    const auto header = exchange.request.headers.find("cookie");
    return header == exchange.request.headers.end()
               ? std::string()
               : cookieValue(header->second, arrivalCookie).value_or("");
}

HttpResponse providerPage(House& house, const Exchange& exchange, Kind kind, int status,
                          bool refused = false, std::chrono::seconds wait = std::chrono::seconds(0))
{
    page::ProviderPage view;
    view.kind = kind;
    view.provider = providerName(house);
    view.refused = refused;
    view.wait = wait;
    HttpResponse response = house.deskPage(exchange, view, status);
    if (wait.count() > 0)
        response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    // Also the step from another site's answer to a page of ours, which alone gets the cookie of
    // a session (SameSite=Strict).
    if (kind == Kind::Checking)
        response.headers.emplace_back("Refresh", std::string("1; url=") + arrivalAddress);
    return response;
}

/// The last page of a sign-in that came to nothing.
HttpResponse endPage(House& house, const Exchange& exchange, Kind kind, int status)
{
    if (house.providerSignIns)
        house.providerSignIns->forget(cookieOf(exchange));
    HttpResponse response = providerPage(house, exchange, kind, status);
    clearArrivalCookie(response);
    return response;
}

HttpResponse endPage(House& house, const Exchange& exchange, ArrivalEnd why)
{
    switch (why) {
    case ArrivalEnd::Cancelled:
        return endPage(house, exchange, Kind::Cancelled, 403);
    case ArrivalEnd::NotReachable:
        return endPage(house, exchange, Kind::NotReachable, 503);
    case ArrivalEnd::ClockUnsure:
        return endPage(house, exchange, Kind::ClockUnsure, 503);
    case ArrivalEnd::Refused:
        break;
    }
    return endPage(house, exchange, Kind::Refused, 403);
}

bool clockUnsure(const House& house)
{
    return house.journal.timeQuality() == outbox::TimeQuality::Doubtful;
}

HttpResponse arrived(House& house, const Exchange& exchange, const office::SignedIn& signedIn)
{
    house.providerSignIns->forget(cookieOf(exchange));
    HttpResponse response = signedInAnswer(house, signedIn);
    clearArrivalCookie(response);
    return response;
}

HttpResponse keyPage(House& house, const Exchange& exchange, int status, bool refused = false,
                     std::chrono::seconds wait = std::chrono::seconds(0))
{
    page::OpenKeyPage view;
    view.required = exchange.clerk->proof == office::Proof::PasswordAsked;
    view.refused = refused;
    view.wait = wait;
    HttpResponse response = house.deskPage(exchange, view, status);
    if (wait.count() > 0)
        response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return response;
}

} // namespace

Reply goToProvider(House& house, Exchange& exchange)
{
    auto& signIns = signInsOf(house);
    if (exchange.clerk)
        return redirect(house.placeOf(exchange));
    if (clockUnsure(house))
        return endPage(house, exchange, Kind::ClockUnsure, 503);
    signIns.forget(cookieOf(exchange)); // one at a time in each browser
    const auto begun = signIns.begin();
    HttpResponse response = redirect(begun.address);
    setArrivalCookie(response, std::string(begun.cookie.revealText()), cookieHolds);
    return response;
}

Reply comeBackFromProvider(House& house, Exchange& exchange)
{
    if (!signInsOf(house).cameBack(cookieOf(exchange), exchange.query)) {
        log::warning("provider.state-unknown");
        return endPage(house, exchange, Kind::Lost, 403);
    }
    return providerPage(house, exchange, Kind::Checking, 200);
}

Reply arriveByProvider(House& house, Exchange& exchange)
{
    const auto standing = signInsOf(house).standing(cookieOf(exchange));
    if (!standing || standing->state == ArrivalState::Sent)
        return endPage(house, exchange, Kind::Lost, 403);
    switch (standing->state) {
    case ArrivalState::Sent:
    case ArrivalState::Waiting:
    case ArrivalState::Carried:
        return providerPage(house, exchange, Kind::Checking, 200);
    case ArrivalState::Ended:
        return endPage(house, exchange, standing->end);
    case ArrivalState::Known:
        break;
    }
    if (clockUnsure(house))
        return endPage(house, exchange, Kind::ClockUnsure, 503);
    const auto result = house.people.signInBy(standing->who, standing->factor, house.now(),
                                              placeIn(exchange.request));
    if (std::holds_alternative<office::NotBound>(result))
        return providerPage(house, exchange, Kind::Bind, 200);
    if (std::holds_alternative<office::AccountClosed>(result))
        return endPage(house, exchange, Kind::Closed, 403);
    return arrived(house, exchange, std::get<office::SignedIn>(result));
}

Reply bindIdentity(House& house, Exchange& exchange)
{
    const Secret code = takeSecret(exchange, "code");
    Secret password = takeSecret(exchange, "password");
    const auto standing = signInsOf(house).standing(cookieOf(exchange));
    if (!standing || standing->state != ArrivalState::Known)
        return endPage(house, exchange, Kind::Lost, 403);
    if (password.empty() || password.size() > 256 || code.size() > 256)
        return providerPage(house, exchange, Kind::Bind, 403, true);
    return stretchThen(
        house, exchange,
        house.people.orderForBinding(code.revealText(), std::move(password), house.now()),
        [&house, code](const Exchange& later, const office::Stretched& stretched) {
            const auto now = house.providerSignIns->standing(cookieOf(later));
            if (!now || now->state != ArrivalState::Known)
                return endPage(house, later, Kind::Lost, 403);
            const auto result = house.people.bind(now->who, now->factor, code.revealText(),
                                                  stretched, house.now(), placeIn(later.request));
            if (const auto* signedIn = std::get_if<office::SignedIn>(&result))
                return arrived(house, later, *signedIn);
            if (const auto* delayed = std::get_if<office::SignInDelayed>(&result))
                return providerPage(house, later, Kind::Bind, 429, true, delayed->wait);
            log::warning("provider.binding-refused");
            return providerPage(house, later, Kind::Bind, 403, true);
        });
}

Reply showOpenKey(House& house, Exchange& exchange)
{
    const bool asked = exchange.clerk->proof == office::Proof::PasswordAsked;
    const bool closed =
        exchange.clerk->proof == office::Proof::Complete && !exchange.clerk->deskKeyOpen;
    return asked || closed ? Reply(keyPage(house, exchange, 200))
                           : redirect(house.placeOf(exchange));
}

Reply openKey(House& house, Exchange& exchange)
{
    Secret password = takeSecret(exchange, "password");
    if (password.empty() || password.size() > 256)
        return keyPage(house, exchange, 403, true);
    return stretchThen(
        house, exchange, house.people.orderFor(exchange.clerk->clerk.name, std::move(password)),
        [&house](const Exchange& later, const office::Stretched& stretched) {
            const auto result = house.people.openKey(later.clerk->token, stretched, house.now());
            if (const auto* delayed = std::get_if<office::SignInDelayed>(&result))
                return keyPage(house, later, 429, true, delayed->wait);
            if (std::holds_alternative<office::SignInRefused>(result))
                return keyPage(house, later, 403, true);
            return redirect("/");
        });
}

} // namespace amt::node
