// SPDX-License-Identifier: EUPL-1.2
//
// A card is read in a case: photo, access number, reading, what it says beside what the case holds.
#include "appliance/node/desk.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/desk_work.h"
#include "appliance/node/field_views.h"
#include "appliance/node/house.h"
#include "appliance/office/form/text_rules.h"

#include <algorithm>

namespace amt::node {
namespace {

using page::DeskIdentityPage;
using Stage = DeskIdentityPage::Stage;
using Agreement = DeskIdentityPage::Agreement;

std::vector<const office::Field*> fieldsOnCard(const office::Service& service)
{
    std::vector<const office::Field*> fields;
    for (const auto& field : service.fields) {
        if (field.card)
            fields.push_back(&field);
    }
    return fields;
}

Agreement agreementOf(const std::string& ofCase, const std::string& ofCard)
{
    if (ofCase == ofCard)
        return Agreement::Same;
    if (ofCase.empty())
        return Agreement::CaseLacks;
    if (ofCard.empty())
        return Agreement::CardLacks;
    return office::sameLetters(ofCase, ofCard) ? Agreement::SameLetters : Agreement::Differs;
}

/// The case's own answers where the desk key is open and the copy is still there.
std::optional<office::Answers> answersOf(House& house, const Exchange& exchange,
                                         const office::CaseRecord& record)
{
    const auto deskKey = house.people.openDeskKey(exchange.clerk->token, house.now());
    if (!deskKey || !record.hasDeskCopy)
        return std::nullopt;
    return house.cases.open(record.id, *deskKey, exchange.clerk->clerk.name, house.now()).answers;
}

void compare(House& house, const Exchange& exchange, const office::CaseRecord& record,
             const office::Service& service, DeskIdentityPage& view)
{
    const office::Answers& ofCard = *exchange.clerk->card.read;
    const auto ofCase = answersOf(house, exchange, record);
    view.caseIsReadable = ofCase.has_value();
    const auto fields = fieldsOnCard(service);
    const auto onCard = fieldViews(fields, ofCard, {}, "de");
    const auto inCase = fieldViews(fields, ofCase.value_or(office::Answers()), {}, "de");
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto agreement =
            ofCase ? agreementOf(inCase[i].value, onCard[i].value) : Agreement::Unknown;
        view.rows.push_back({inCase[i], onCard[i], agreement});
    }
}

/// Each field of the card stands in the case, too.
bool agrees(const DeskIdentityPage& view)
{
    return view.caseIsReadable &&
           std::all_of(view.rows.begin(), view.rows.end(), [](const DeskIdentityPage::Row& row) {
               return row.agreement == Agreement::Same || row.agreement == Agreement::SameLetters;
           });
}

HttpResponse identityPage(House& house, const Exchange& exchange, const office::CaseRecord& record,
                          const std::string& problem = {}, int status = 200)
{
    const DeskCard& card = exchange.clerk->card;
    const bool here = card.caseId == record.id;
    const auto* service = house.town.service(record.serviceKey);
    DeskIdentityPage view;
    view.id = record.id;
    view.reference = record.reference;
    view.serviceName = serviceName(house, record);
    if (service)
        view.fields = fieldViews(fieldsOnCard(*service), {}, {}, "de");
    if (here)
        view.problem = card.outcome;
    if (!problem.empty())
        view.problem = problem;
    if (here && card.number != 0) {
        view.stage = Stage::Reading;
        view.step = std::string(amt::name(card.step));
        view.cancelling = card.cancelling;
    } else if (here && card.read && service) {
        view.stage = Stage::Shown;
        view.problem.clear();
        view.emulated = card.emulated;
        compare(house, exchange, record, *service, view);
        view.goesAlong = agrees(view) && actsOn(record).sealsAnew;
    } else if (!house.deskIdentity.hasReader() || !house.deskIdentity.hasCertificate() ||
               !service) {
        view.stage = Stage::Unavailable;
        view.problem = !house.deskIdentity.hasReader()        ? "NotSetUp"
                       : !house.deskIdentity.hasCertificate() ? "NoCertificate"
                                                              : "NoService";
    } else {
        view.stage = house.deskIdentity.wasCompared(*exchange.clerk, record.id)
                         ? Stage::AccessNumber
                         : Stage::Photo;
    }
    return house.deskPage(exchange, view, status);
}

std::string addressOf(const office::CaseRecord& record)
{
    return "/desk/cases/" + record.id + "/identity";
}

} // namespace

Reply showIdentity(House& house, Exchange& exchange)
{
    return identityPage(house, exchange, requiredCase(house, exchange));
}

Reply comparePhoto(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    for (const char* promise : {"compared", "consent"}) {
        const auto given = exchange.fields.find(promise);
        if (given == exchange.fields.end() || given->second != "yes")
            return identityPage(house, exchange, record, "NotCompared", 400);
    }
    house.deskIdentity.photoCompared(*exchange.clerk, record);
    return redirect(addressOf(record));
}

Reply readIdentity(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    const Secret can = takeSecret(exchange, "can");
    if (!house.deskIdentity.hasReader())
        throw Error(ErrorCode::NotFound, "no reader at the desk");
    if (!house.deskIdentity.wasCompared(*exchange.clerk, record.id))
        return identityPage(house, exchange, record, "NotCompared", 409);
    if (!isDigits(can, 6)) // never shown to the card
        return identityPage(house, exchange, record, "CanIncomplete", 400);
    if (house.deskIdentity.isBusy() && exchange.clerk->card.number == 0)
        return identityPage(house, exchange, record, "ReaderBusy", 409);
    house.deskIdentity.read(*exchange.clerk, record, can);
    return redirect(addressOf(record));
}

Reply cancelIdentity(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    if (exchange.clerk->card.caseId == record.id)
        house.deskIdentity.cancel(*exchange.clerk);
    return redirect(addressOf(record));
}

Reply endIdentity(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    DeskCard& card = exchange.clerk->card;
    if (card.caseId == record.id && card.number == 0) {
        const auto* service = house.town.service(record.serviceKey);
        DeskIdentityPage view;
        if (card.read && service) {
            compare(house, exchange, record, *service, view);
            if (agrees(view))
                house.deskIdentity.agreed(*exchange.clerk);
        }
        card.forget();
    }
    return redirect("/desk/cases/" + record.id);
}

Reply followIdentity(House& house, Exchange& exchange)
{
    house.deskIdentity.publish(*exchange.clerk); // whoever joins sees the newest state
    return followingAnswer(house.deskIdentity.topic(*exchange.clerk));
}

} // namespace amt::node
