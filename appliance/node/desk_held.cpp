// SPDX-License-Identifier: EUPL-1.2
//
// What a person has to decide: the list of held and rejected cases, and how they end outside.
#include "appliance/node/desk.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/house.h"

namespace amt::node {

CaseActs actsOn(const office::CaseRecord& record)
{
    const bool unclear =
        record.payment && (record.payment->state == office::PaymentState::Unresolved ||
                           record.payment->state == office::PaymentState::Authorising ||
                           record.payment->state == office::PaymentState::Ordered);
    const bool held = record.standing == office::Standing::Held;
    return {.sendsAgain = held && record.envelope.has_value(),
            .sealsAnew = held && !record.envelope && !unclear,
            .putsOnPaper = held && !unclear,
            .settles = record.standing == office::Standing::Rejected};
}

Reply showHeld(House& house, Exchange& exchange)
{
    page::HeldPage view;
    for (const auto& record : house.cases.needingPerson()) {
        const auto acts = actsOn(record);
        page::HeldPage::Row row;
        row.id = record.id;
        row.reference = record.reference;
        row.service = serviceName(house, record);
        row.state = std::string(office::name(record.standing));
        row.reason = heldReason(house, record);
        row.createdAt = record.createdAt;
        row.days = static_cast<int>(
            std::max<std::int64_t>(0, (house.now() - record.createdAt) / std::chrono::hours(24)));
        row.canRetry = acts.sendsAgain || acts.sealsAnew;
        row.canPutOnPaper = acts.putsOnPaper;
        row.canSettle = acts.settles;
        view.rows.push_back(std::move(row));
    }
    for (const auto& order : house.onlinePayments.late()) {
        const auto record = house.cases.find(order.caseId);
        if (!record)
            continue;
        page::HeldPage::Row row;
        row.id = record->id;
        row.reference = record->reference;
        row.service = serviceName(house, *record);
        row.state = std::string(office::name(record->standing));
        row.reason = "PaidLate";
        row.createdAt = *order.lateAt;
        row.days = static_cast<int>(
            std::max<std::int64_t>(0, (house.now() - *order.lateAt) / std::chrono::hours(24)));
        view.rows.push_back(std::move(row));
    }
    return house.deskPage(exchange, view);
}

Reply settleCase(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    const std::string& how = exchange.field("how");
    if (how != "paper" && how != "dealt-with")
        throw Error(ErrorCode::RequestMalformed, "how");
    const std::string reason = reasonOf(exchange);
    house.cases.settle(record.id,
                       how == "paper" ? office::CaseBook::Settling::OnPaper
                                      : office::CaseBook::Settling::DealtWith,
                       exchange.clerk->clerk.name, reason, house.now());
    house.outbox.purge(house.now());
    return redirect("/desk/cases/" + record.id);
}

} // namespace amt::node
