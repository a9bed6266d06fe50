// SPDX-License-Identifier: EUPL-1.2
//
// Colleagues: who has an account, with which roles; new ones, and those who forgot the password.
#include "appliance/node/desk.h"
#include "appliance/node/desk_accounts.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/house.h"
#include "appliance/node/routes.h"

namespace amt::node {
namespace {

using office::Role;
using office::Roles;

constexpr auto clerksAddress = "/desk/clerks";

/// Boxes that were ticked. Throws RequestMalformed.
Roles tickedRoles(const Exchange& exchange)
{
    Roles roles;
    for (const Role role : office::allRoles) {
        const auto found = exchange.fields.find(std::string(office::name(role)));
        if (found == exchange.fields.end())
            continue;
        if (found->second != "yes")
            throw Error(ErrorCode::RequestMalformed, "role");
        roles.add(role);
    }
    return roles;
}

std::vector<page::RoleBox> boxes(Roles has, Roles reach)
{
    std::vector<page::RoleBox> made;
    for (const Role role : office::allRoles) {
        if (reach.has(role))
            made.push_back({std::string(office::name(role)), has.has(role)});
    }
    return made;
}

/// Of the address, when the one who asks may look after it. Throws NotFound, NotAllowed.
office::Account accountInReach(const House& house, const Exchange& exchange)
{
    const std::string& id = exchange.segments.at(0);
    if (!isUuid(id))
        throw Error(ErrorCode::NotFound, "account");
    auto account = house.people.account(id);
    if (!account.roles.within(office::reachOf(exchange.clerk->roles)))
        throw Error(ErrorCode::NotAllowed, "an account out of reach");
    return account;
}

std::string addressOf(const office::Account& account)
{
    return std::string(clerksAddress) + "/" + account.clerk.id;
}

/// From the safe, where it stands for a second person; empty when the form has none.
Secret paperHalfOf(Exchange& exchange)
{
    return exchange.fields.contains("recovery") ? takeSecret(exchange, "recovery") : Secret();
}

/// Message key of what came of an act; `done` when it was carried out.
std::string messageOf(office::AccountChange change, const std::string& done)
{
    switch (change) {
    case office::AccountChange::Changed:
        return done;
    case office::AccountChange::LastIt:
        return "clerks.lastIt";
    case office::AccountChange::Waits:
        return "clerks.waits";
    case office::AccountChange::PaperAsked:
        return "clerks.paperAsked";
    case office::AccountChange::PaperWrong:
        return "clerks.paperWrong";
    }
    AMT_ASSERT(false);
}

/// Nobody else here looks after accounts, so the paper half is asked for.
bool isAlone(const House& house, const Exchange& exchange)
{
    for (const auto& account : house.people.accounts()) {
        if (account.clerk.id != exchange.clerk->clerk.id &&
            account.roles.meets(office::secondPersonFor))
            return false;
    }
    return true;
}

std::vector<page::ClerksPage::Request> requestRows(House& house, const Exchange& exchange)
{
    std::vector<page::ClerksPage::Request> rows;
    for (const auto& request : house.people.requests(exchange.clerk->token, house.now())) {
        page::ClerksPage::Request row{.id = request.id,
                                      .act = std::string(office::name(request.act)),
                                      .about = request.about.name,
                                      .askedBy = request.askedBy.name,
                                      .askedAt = request.askedAt,
                                      .until = request.until,
                                      .mayConfirm = request.mayConfirm,
                                      .mayRefuse = request.mayRefuse};
        for (const Role role : office::allRoles) {
            if (request.roles.has(role))
                row.roles.emplace_back(office::name(role));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

bool isAboutPaper(const std::string& message)
{
    return message == "clerks.paperAsked" || message == "clerks.paperWrong";
}

} // namespace

Reply answerAccountRequest(House& house, Exchange& exchange)
{
    const std::string& id = exchange.field("request");
    const std::string& answer = exchange.field("answer");
    if (!isUuid(id) || (answer != "confirm" && answer != "refuse"))
        throw Error(ErrorCode::RequestMalformed, "request or answer");
    if (answer == "refuse") {
        house.people.refuseRequest(exchange.clerk->token, id, house.now());
        return withMessage(house, exchange, clerksAddress, "clerks.requestRefused");
    }
    const auto change = house.people.confirmRequest(exchange.clerk->token, id, house.now());
    return withMessage(house, exchange, clerksAddress,
                       messageOf(change, "clerks.requestConfirmed"));
}

Reply showClerks(House& house, Exchange& exchange)
{
    const Roles reach = office::reachOf(exchange.clerk->roles);
    page::ClerksPage view;
    for (const auto& account : house.people.accounts()) {
        page::ClerksPage::Row row;
        row.id = account.clerk.id;
        row.name = account.clerk.name;
        for (const Role role : office::allRoles) {
            if (account.roles.has(role))
                row.roles.emplace_back(office::name(role));
        }
        row.secondFactor = account.secondFactor;
        row.mayChange = account.roles.within(reach);
        view.rows.push_back(std::move(row));
    }
    view.roles = boxes({Role::Clerk}, reach);
    view.message = std::exchange(exchange.clerk->message, {});
    view.requests = requestRows(house, exchange);
    view.asksPaper = isAlone(house, exchange) || isAboutPaper(view.message);
    return house.deskPage(exchange, view);
}

Reply addClerk(House& house, Exchange& exchange)
{
    const Secret password = takeSecret(exchange, "password");
    const Secret again = takeSecret(exchange, "again");
    const Secret paper = paperHalfOf(exchange);
    const std::string name = exchange.field("name");
    const Roles roles = tickedRoles(exchange);
    if (!roles.within(office::reachOf(exchange.clerk->roles)))
        throw Error(ErrorCode::NotAllowed, "a role out of reach");
    if (roles.empty())
        return withMessage(house, exchange, clerksAddress, "clerks.noRole");
    if (const auto fault = faultIn(name, password, again); !fault.empty())
        return withMessage(house, exchange, clerksAddress, fault);
    return stretchThen(
        house, exchange, house.people.orderForNew(password),
        [&house, name, roles, paper](const Exchange& later, const office::Stretched& stretched) {
            const auto result = house.people.addClerk(later.clerk->token, name, roles, stretched,
                                                      house.now(), paper.revealText());
            const auto message = [&]() -> std::string {
                if (std::holds_alternative<office::NameTaken>(result))
                    return "clerks.nameTaken";
                if (const auto* needed = std::get_if<office::PaperNeeded>(&result))
                    return needed->wrong ? "clerks.paperWrong" : "clerks.paperAsked";
                const auto made = house.people.account(std::get<office::Clerk>(result).id);
                return made.roles == roles ? "clerks.added" : "clerks.addedWaits";
            };
            return withMessage(house, later, clerksAddress, message());
        });
}

Reply showClerk(House& house, Exchange& exchange)
{
    const auto account = accountInReach(house, exchange);
    page::ClerkPage view;
    view.id = account.clerk.id;
    view.name = account.clerk.name;
    view.closed = account.roles.empty();
    view.own = account.clerk.id == exchange.clerk->clerk.id;
    view.roles = boxes(account.roles, office::reachOf(exchange.clerk->roles));
    view.mayResetFactor = account.secondFactor && !view.own;
    view.secondFactor = account.secondFactor;
    view.mayEndSessions =
        mayUse(exchange.clerk->roles, Method::Post, addressOf(account) + "/sessions/end");
    if (view.mayEndSessions)
        view.sessions = sessionRows(house, exchange, account.clerk.id);
    if (house.providerSignIns) {
        view.provider = house.providerSignIns->provider().name;
        view.boundAt = house.people.boundAt(account.clerk.id);
        if (exchange.clerk->bindingCodeOf == account.clerk.id)
            view.bindingCode =
                std::string(std::exchange(exchange.clerk->bindingCode, Secret()).revealText());
    }
    view.message = std::exchange(exchange.clerk->message, {});
    view.asksPaper = isAlone(house, exchange) || isAboutPaper(view.message);
    return house.deskPage(exchange, view);
}

Reply makeBindingCode(House& house, Exchange& exchange)
{
    const auto account = accountInReach(house, exchange);
    if (!house.providerSignIns)
        throw Error(ErrorCode::NotFound, "no identity provider here");
    exchange.clerk->bindingCode =
        house.people.makeBindingCode(exchange.clerk->token, account.clerk.id, house.now());
    exchange.clerk->bindingCodeOf = account.clerk.id;
    return redirect(addressOf(account));
}

Reply unbindIdentity(House& house, Exchange& exchange)
{
    const auto account = accountInReach(house, exchange);
    house.people.unbind(exchange.clerk->token, account.clerk.id, house.now());
    return withMessage(house, exchange, addressOf(account), "clerks.unbound");
}

Reply changeRoles(House& house, Exchange& exchange)
{
    const auto account = accountInReach(house, exchange);
    const Secret paper = paperHalfOf(exchange);
    const auto change =
        house.people.setRoles(exchange.clerk->token, account.clerk.id, tickedRoles(exchange),
                              house.now(), paper.revealText());
    // One's own roles may have gone, and with them the page that shows this.
    return change == office::AccountChange::Changed && account.clerk.id == exchange.clerk->clerk.id
               ? redirect("/")
               : withMessage(house, exchange, addressOf(account),
                             messageOf(change, "clerks.rolesChanged"));
}

Reply resetClerk(House& house, Exchange& exchange)
{
    const auto account = accountInReach(house, exchange);
    const Secret password = takeSecret(exchange, "password");
    const Secret again = takeSecret(exchange, "again");
    const Secret paper = paperHalfOf(exchange);
    if (const auto fault = faultIn(account.clerk.name, password, again); !fault.empty())
        return withMessage(house, exchange, addressOf(account), fault);
    return stretchThen(
        house, exchange, house.people.orderForNew(password),
        [&house, account, paper](const Exchange& later, const office::Stretched& stretched) {
            const auto change = house.people.resetPassword(
                later.clerk->token, account.clerk.id, stretched, house.now(), paper.revealText());
            return withMessage(house, later, addressOf(account), messageOf(change, "clerks.reset"));
        });
}

Reply resetFactor(House& house, Exchange& exchange)
{
    using enum office::FactorLoss;
    const auto account = accountInReach(house, exchange);
    const Secret paper = paperHalfOf(exchange);
    const std::string& reason = exchange.field("reason");
    for (const auto loss : {Lost, Replaced, Broken, Stolen}) {
        if (office::name(loss) != reason)
            continue;
        const auto change = house.people.resetFactor(exchange.clerk->token, account.clerk.id, loss,
                                                     house.now(), paper.revealText());
        return withMessage(house, exchange, addressOf(account),
                           messageOf(change, "clerks.factorGone"));
    }
    throw Error(ErrorCode::RequestMalformed, "reason");
}

Reply endClerksSession(House& house, Exchange& exchange)
{
    const auto account = accountInReach(house, exchange);
    endNamedSession(house, exchange);
    if (!house.sessions.byHash(exchange.clerk->idHash)) // it was her own
        return redirect("/");
    return withMessage(house, exchange, addressOf(account), "account.sessionEnded");
}

} // namespace amt::node
