// SPDX-License-Identifier: EUPL-1.2
//
// Cases at the desk: the list, one case from its desk copy, release, receipt.
#include "appliance/node/desk_cases.h"

#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/field_views.h"
#include "appliance/node/house.h"
#include "appliance/node/routes.h"

namespace amt::node {
namespace {

constexpr std::size_t reasonCharactersMax = 300;

bool isPaid(const std::optional<office::Payment>& payment)
{
    return payment && payment->state == office::PaymentState::Approved;
}

std::string joined(const outbox::Details& details)
{
    std::string text;
    for (const auto& [key, value] : details)
        text += (text.empty() ? "" : ", ") + key + ": " + value;
    return text;
}

} // namespace

office::CaseRecord requiredCase(const House& house, const Exchange& exchange)
{
    const std::string& id = exchange.segments.at(0);
    auto found = isUuid(id) ? house.cases.find(id) : std::nullopt;
    if (!found)
        throw Error(ErrorCode::NotFound, "case");
    return *std::move(found);
}

std::vector<std::string> papers(const House& house, const office::CaseRecord& record)
{
    const auto* service = house.town.service(record.serviceKey);
    return service ? office::papersOf(*service, "de") : std::vector<std::string>();
}

bool lacksPapers(House& house, const office::CaseRecord& record)
{
    return record.standing == office::Standing::Held && !record.envelope &&
           !papers(house, record).empty() &&
           house.attachments.records().of(record.envelopeId).empty();
}

std::string heldReason(House& house, const office::CaseRecord& record)
{
    const bool lacks = lacksPapers(house, record);
    if (record.heldReason == office::papersMissing && !lacks)
        return "PapersScanned";
    if (record.heldReason == "FeeAtDesk" && lacks)
        return "FeeAndPapers";
    return record.heldReason;
}

std::string serviceName(const House& house, const office::CaseRecord& record)
{
    const auto* service = house.town.service(record.serviceKey);
    return service ? office::textIn(service->name, "de") : record.serviceKey;
}

std::string reasonOf(const Exchange& exchange)
{
    std::string reason = exchange.field("reason");
    const auto begin = reason.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos || reason.size() > reasonCharactersMax)
        throw Error(ErrorCode::RequestMalformed, "reason");
    return reason.substr(begin);
}

std::vector<page::HelpCall> callsFor(const House& house, const Exchange& exchange)
{
    std::vector<page::HelpCall> calls;
    if (!mayUse(exchange.clerk->roles, Method::Post, "/desk/help/done"))
        return calls;
    for (const char* caller : {office::forgedCard, office::askedAtKiosk}) {
        if (const auto since = house.helpCalls.open(caller))
            calls.push_back({caller, *since});
    }
    return calls;
}

namespace {

std::string wordFor(const outbox::ReplyRecord& reply)
{
    if (reply.state == outbox::ReplyState::Refused)
        return "refused";
    if (reply.isUnreadable)
        return "unreadable";
    if (reply.settledAt)
        return "settled";
    return reply.openedAt ? "read" : "new";
}

} // namespace

Reply showCases(House& house, Exchange& exchange)
{
    page::CasesPage view;
    const auto replies = house.replies.open();
    const auto repliesOf = [&](const std::string& envelopeId) {
        const auto found = replies.find(envelopeId);
        return found == replies.end() ? 0 : found->second;
    };
    for (const auto& [envelopeId, count] : replies)
        view.replies += count;
    view.strayReplies = repliesOf("");
    for (const auto& record : house.cases.newest()) {
        page::CasesPage::Row row;
        row.id = record.id;
        row.reference = record.reference;
        row.service = serviceName(house, record);
        row.state = std::string(office::name(record.standing));
        row.payment = record.payment ? (record.payment->online ? "online." : "") +
                                           std::string(office::name(record.payment->state))
                                     : std::string();
        row.createdAt = record.createdAt;
        row.heldReason = heldReason(house, record);
        row.replies = repliesOf(record.envelopeId);
        view.cases.push_back(std::move(row));
    }
    view.calls = callsFor(house, exchange);
    return house.deskPage(exchange, view);
}

Reply showCase(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    const auto* service = house.town.service(record.serviceKey);
    page::CasePage view;
    view.id = record.id;
    view.reference = record.reference;
    view.serviceName = serviceName(house, record);
    view.papers = papers(house, record);
    view.state = std::string(office::name(record.standing));
    view.heldReason = heldReason(house, record);
    const auto may = [&](const std::string& act) {
        return mayUse(exchange.clerk->roles, Method::Post, "/desk/cases/" + record.id + act);
    };
    view.mayRead = may("/release"); // who works on the case; the treasurer sees what was paid
    const auto deskKey =
        view.mayRead ? house.people.openDeskKey(exchange.clerk->token, house.now()) : std::nullopt;
    view.readable = deskKey && record.hasDeskCopy && service;
    if (view.readable) {
        const auto opened =
            house.cases.open(record.id, *deskKey, exchange.clerk->clerk.name, house.now());
        view.fields = fieldViews(allFields(*service), opened.answers, {}, "de");
    }
    if (record.payment) {
        page::CasePage::PaymentView payment;
        payment.state = std::string(office::name(record.payment->state));
        payment.amount = record.payment->amount;
        payment.at = record.payment->changedAt;
        if (const auto& terminal = record.payment->record) {
            payment.terminalId = terminal->terminalId;
            payment.card = terminal->cardName +
                           (terminal->cardDigits.empty() ? "" : " …" + terminal->cardDigits);
            payment.trace = terminal->trace;
            payment.receipt = terminal->receipt;
        }
        if (record.payment->online) {
            payment.online = true;
            payment.requestId = record.payment->id;
            payment.transaction = record.payment->online->id;
            if (const auto order = house.onlinePayments.find(record.payment->id))
                payment.failure = order->failure;
        }
        view.payment = std::move(payment);
    }
    const auto late = house.onlinePayments.late();
    view.paidLate = std::any_of(late.begin(), late.end(), [&](const office::OnlineOrder& order) {
        return order.caseId == record.id;
    });
    if (view.mayRead) {
        for (const auto& reply : house.replies.ofEnvelope(record.envelopeId)) {
            view.replies.push_back({reply.id, reply.receivedAt, wordFor(reply),
                                    reply.problems.empty() ? "" : reply.problems.front().title});
            if (!reply.settledAt)
                ++view.openReplies;
        }
    }
    for (const auto& entry : house.cases.way(record.id))
        view.way.push_back({entry.time, entry.kind, joined(entry.details)});
    const auto acts = actsOn(record);
    view.mayDecide = may("/payment");
    view.canRelease = view.mayRead && (acts.sendsAgain || (acts.sealsAnew && view.readable));
    view.sendsAgain = acts.sendsAgain;
    view.takesAttachments = acts.sealsAnew && view.readable;
    if (view.mayRead)
        view.attachments =
            static_cast<int>(house.attachments.records().of(record.envelopeId).size());
    view.canPutOnPaper = acts.putsOnPaper && view.readable;
    view.canSettle = view.mayRead && acts.settles;
    if (record.envelope && view.mayRead) {
        for (const auto& problem : record.envelope->problems)
            view.problems.push_back(problem.title + ": " + problem.detail);
    }
    return house.deskPage(exchange, view);
}

Reply releaseCase(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    const std::string reason = reasonOf(exchange);
    const std::string& clerk = exchange.clerk->clerk.name;
    const auto acts = actsOn(record);
    if (acts.sealsAnew) {
        const auto deskKey = house.people.openDeskKey(exchange.clerk->token, house.now());
        if (!deskKey)
            throw Error(ErrorCode::NotAllowed, "desk key is not open");
        auto opened = house.cases.open(record.id, *deskKey, clerk, house.now());
        const auto& card = exchange.clerk->card;
        const bool proved = opened.identification && !opened.identification->testCard;
        if (card.proof && card.caseId == record.id && !proved)
            opened.identification = card.proof;
        const bool paid = isPaid(record.payment);
        const auto settlement = paid                        ? office::Settlement::Card
                                : record.fee.inCents() == 0 ? office::Settlement::NoFee
                                                            : office::Settlement::AtDesk;
        const auto sealed =
            house.sealForDestination(opened, paid ? record.payment : std::nullopt,
                                     attachmentsOf(house, record.envelopeId, *deskKey));
        house.cases.release(record.id, sealed, settlement, clerk, reason, house.now());
    } else if (acts.sendsAgain) {
        house.cases.release(record.id, clerk, reason, house.now());
    } else {
        throw Error(ErrorCode::StepOutOfOrder, "not held, or its payment is not known yet");
    }
    log::info("case.released", {{"case", record.id}, {"clerk", exchange.clerk->clerk.id}});
    return redirect("/desk/cases/" + record.id);
}

Reply decidePayment(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    const std::string& finding = exchange.field("finding");
    if (finding != "paid" && finding != "unpaid" && finding != "repaid")
        throw Error(ErrorCode::RequestMalformed, "finding");
    const std::string reason = reasonOf(exchange);
    if (finding == "repaid") {
        house.onlinePayments.settleLate(record.id, exchange.clerk->clerk.name, reason, house.now());
        return redirect("/desk/cases/" + record.id);
    }
    if (!record.payment || house.cashier.isRunning(record.id))
        throw Error(ErrorCode::StepOutOfOrder, "payment is not unclear, or is being asked for");
    house.till.decide(record.payment->id,
                      finding == "paid" ? office::Till::Finding::Paid
                                        : office::Till::Finding::Unpaid,
                      exchange.clerk->clerk.name, reason, house.now());
    log::info("payment.decided", {{"payment", record.payment->id}, {"finding", finding}});
    if (Visit* visit = house.visits.byCase(record.id)) {
        house.commit(*visit, [&] { house.reconcile(*visit); });
        house.publish(*visit);
    }
    return redirect("/desk/cases/" + record.id);
}

Reply reprintReceipt(House& house, Exchange& exchange)
{
    const auto record = requiredCase(house, exchange);
    house.receipts.print(record.id);
    return redirect("/desk/cases/" + record.id);
}

Reply answerHelp(House& house, Exchange& exchange)
{
    house.helpCalls.take(exchange.field("caller"), exchange.clerk->clerk.name, house.now());
    return redirect(house.placeOf(exchange));
}

} // namespace amt::node
