// SPDX-License-Identifier: EUPL-1.2
//
// The PIN of a card at the desk: how it stands, unblocked, changed, set anew. What is typed goes to
// the card and nowhere else.
#include "appliance/node/desk.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

using page::DeskPinPage;
using Stage = DeskPinPage::Stage;

constexpr std::size_t pinDigits = 6, transportPinDigits = 5, canDigits = 6, pukDigits = 10;

struct Act {
    std::string_view name; ///< in the address
    IdentityPurpose purpose;
};
constexpr Act acts[] = {{"look", IdentityPurpose::Look},
                        {"change", IdentityPurpose::ChangePin},
                        {"resume", IdentityPurpose::ResumePin},
                        {"unblock", IdentityPurpose::UnblockPin},
                        {"set", IdentityPurpose::SetPin}};

std::string nameOf(IdentityPurpose purpose)
{
    for (const auto& act : acts) {
        if (act.purpose == purpose)
            return std::string(act.name);
    }
    return {};
}

HttpResponse pinPage(House& house, const Exchange& exchange, Stage stage,
                     const std::string& act = {}, const std::string& problem = {}, int status = 200)
{
    const DeskCard& card = exchange.clerk->card;
    DeskPinPage view;
    view.stage = stage;
    view.act = act;
    view.outcome = problem;
    view.hasCertificate = house.deskIdentity.hasCertificate();
    if (!house.deskIdentity.hasReader()) {
        view.stage = Stage::Unavailable;
        view.outcome = "NotSetUp";
    } else if (stage == Stage::Menu && card.caseId.empty()) {
        view.act = nameOf(card.purpose);
        view.outcome = problem.empty() ? card.outcome : problem;
        view.triesLeft = card.triesLeft;
        if (card.number != 0) {
            view.stage = Stage::Running;
            view.step = std::string(amt::name(card.step));
            view.cancelling = card.cancelling;
        }
    }
    return house.deskPage(exchange, view, status);
}

/// The card is asked, unless somebody's card is at the reader or a field is of another form.
Reply start(House& house, Exchange& exchange, IdentityRequest request, const std::string& problem)
{
    const std::string act = nameOf(request.purpose);
    const Stage stage = request.purpose == IdentityPurpose::Look ? Stage::Menu : Stage::Form;
    if (!house.deskIdentity.hasReader())
        throw Error(ErrorCode::NotFound, "no reader at the desk");
    if (!problem.empty())
        return pinPage(house, exchange, stage, act, problem, 400);
    if (house.deskIdentity.isBusy())
        return pinPage(house, exchange, stage, act, "ReaderBusy", 409);
    house.deskIdentity.manage(*exchange.clerk, std::move(request));
    return redirect("/desk/pin");
}

bool isPin(const Secret& typed)
{
    return isDigits(typed, pinDigits);
}

bool isPinOrTransportPin(const Secret& typed)
{
    return isPin(typed) || isDigits(typed, transportPinDigits);
}

Reply showForm(House& house, Exchange& exchange, IdentityPurpose purpose)
{
    return pinPage(house, exchange, Stage::Form, nameOf(purpose));
}

} // namespace

Reply showPin(House& house, Exchange& exchange)
{
    return pinPage(house, exchange, Stage::Menu);
}

Reply showChangePin(House& house, Exchange& exchange)
{
    return showForm(house, exchange, IdentityPurpose::ChangePin);
}

Reply showResumePin(House& house, Exchange& exchange)
{
    return showForm(house, exchange, IdentityPurpose::ResumePin);
}

Reply showUnblockPin(House& house, Exchange& exchange)
{
    return showForm(house, exchange, IdentityPurpose::UnblockPin);
}

Reply showSetPin(House& house, Exchange& exchange)
{
    return showForm(house, exchange, IdentityPurpose::SetPin);
}

Reply lookAtPin(House& house, Exchange& exchange)
{
    IdentityRequest request;
    request.purpose = IdentityPurpose::Look;
    return start(house, exchange, std::move(request), "");
}

Reply changePin(House& house, Exchange& exchange)
{
    IdentityRequest request;
    request.purpose = IdentityPurpose::ChangePin;
    request.pin = takeSecret(exchange, "pin");
    request.newPin = takeSecret(exchange, "newPin");
    const Secret again = takeSecret(exchange, "again");
    const std::string problem = !isPinOrTransportPin(request.pin) ? "PinIncomplete"
                                : !isPin(request.newPin)          ? "NewPinIncomplete"
                                : request.newPin == again         ? ""
                                                                  : "PinsDiffer";
    return start(house, exchange, std::move(request), problem);
}

Reply resumePin(House& house, Exchange& exchange)
{
    IdentityRequest request;
    request.purpose = IdentityPurpose::ResumePin;
    request.can = takeSecret(exchange, "can");
    request.pin = takeSecret(exchange, "pin");
    const std::string problem = !isDigits(request.can, canDigits)  ? "CanIncomplete"
                                : isPinOrTransportPin(request.pin) ? ""
                                                                   : "PinIncomplete";
    return start(house, exchange, std::move(request), problem);
}

Reply unblockPin(House& house, Exchange& exchange)
{
    IdentityRequest request;
    request.purpose = IdentityPurpose::UnblockPin;
    request.puk = takeSecret(exchange, "puk");
    const std::string problem = isDigits(request.puk, pukDigits) ? "" : "PukIncomplete";
    return start(house, exchange, std::move(request), problem);
}

Reply setPin(House& house, Exchange& exchange)
{
    IdentityRequest request;
    request.purpose = IdentityPurpose::SetPin;
    request.can = takeSecret(exchange, "can");
    request.newPin = takeSecret(exchange, "newPin");
    const Secret again = takeSecret(exchange, "again");
    const auto compared = exchange.fields.find("compared");
    const std::string problem = compared == exchange.fields.end() || compared->second != "yes"
                                    ? "NotCompared"
                                : !isDigits(request.can, canDigits) ? "CanIncomplete"
                                : !isPin(request.newPin)            ? "NewPinIncomplete"
                                : request.newPin == again           ? ""
                                                                    : "PinsDiffer";
    return start(house, exchange, std::move(request), problem);
}

Reply cancelPin(House& house, Exchange& exchange)
{
    if (exchange.clerk->card.caseId.empty())
        house.deskIdentity.cancel(*exchange.clerk);
    return redirect("/desk/pin");
}

} // namespace amt::node
