// SPDX-License-Identifier: EUPL-1.2
//
// What is committed before amt-sync goes, what is believed of the service's words, and what follows
// for the visit and the case.
#include "appliance/node/online_cashier.h"

#include "appliance/core/files.h"
#include "appliance/core/log.h"
#include "appliance/node/house.h"

#include <algorithm>
#include <filesystem>

namespace amt::node {
namespace {

constexpr auto planFile = "payment.json";
/// amt-sync asks every two seconds.
constexpr Milliseconds syncIsThere = std::chrono::seconds(15);
/// The service has this long to begin; nobody can have paid before.
constexpr auto beginsWithin = std::chrono::seconds(60);
constexpr Milliseconds restAfterSilence = std::chrono::seconds(60);
constexpr Milliseconds watchEvery = std::chrono::seconds(5);
/// The citizen's word on it is enough; the service behind the town's page says more.
constexpr auto description = "Gebühr";

[[noreturn]] void invalid(const std::string& what)
{
    throw Error(ErrorCode::ConfigurationInvalid, std::string(planFile) + ": " + what);
}

int within(const json::Object& object, const std::string& key, int least, int most, int otherwise)
{
    if (!object.has(key))
        return otherwise;
    const auto value = json::integer(object, key);
    if (value < least || value > most)
        invalid(key + " is out of range");
    return static_cast<int>(value);
}

std::optional<OnlinePaymentPlan> readPlan(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object,
                   {"format", "offered", "service", "originatorId", "endPointId", "services",
                    "redirectUrl", "payPages", "minutes", "watchedDays", "bookingData"});
    if (json::integer(*object, "format") != 1)
        invalid("another format");
    OnlinePaymentPlan plan;
    plan.service = json::text(*object, "service");
    plan.originatorId = json::text(*object, "originatorId");
    plan.endPointId = json::text(*object, "endPointId");
    plan.redirectUrl = json::text(*object, "redirectUrl");
    for (const auto& key : json::texts(*object, "services"))
        plan.services.insert(key);
    for (const auto& host : json::texts(*object, "payPages")) {
        if (!portal::isHttpsUrl("https://" + host, 255) ||
            portal::authorityOf("https://" + host) != host)
            invalid("payPages are hosts in lower case, with a port unless it is 443");
        plan.payPages.insert(host);
    }
    plan.stays = std::chrono::minutes(within(*object, "minutes", 2, 30, 10));
    plan.watched = std::chrono::hours(24 * within(*object, "watchedDays", 1, 60, 7));
    if (const auto booking = json::optionalObject(*object, "bookingData")) {
        for (const auto& key : booking->getNames())
            plan.bookingData[key] = json::text(*booking, key);
    }
    if (plan.service.empty() || plan.service.size() > 64 || plan.services.empty() ||
        plan.payPages.empty())
        invalid("service, services or payPages are empty");
    if (!portal::isPaymentId(plan.originatorId) || !portal::isPaymentId(plan.endPointId))
        invalid("originatorId and endPointId are 1 to 36 letters, digits, '_', '-'");
    if (!portal::isHttpsUrl(plan.redirectUrl, 2082))
        invalid("redirectUrl is no https address");
    if (!json::boolean(*object, "offered"))
        return std::nullopt;
    return plan;
}

std::string_view wordFor(portal::PaymentMethod method)
{
    switch (method) {
    case portal::PaymentMethod::Giropay:
        return "GIROPAY";
    case portal::PaymentMethod::Paydirect:
        return "PAYDIRECT";
    case portal::PaymentMethod::CreditCard:
        return "CREDITCARD";
    case portal::PaymentMethod::PayPal:
        return "PAYPAL";
    case portal::PaymentMethod::Invoice:
        return "INVOICE";
    case portal::PaymentMethod::Other:
        return "OTHER";
    }
    AMT_ASSERT(false && "a payment method without a word");
}

office::TransactionNews newsOf(const portal::PaymentTransaction& said)
{
    using Standing = office::TransactionNews::Standing;
    office::TransactionNews news;
    switch (said.status) {
    case portal::TransactionStatus::Initial:
        news.standing = Standing::Open;
        break;
    case portal::TransactionStatus::Payed:
        news.standing = Standing::Paid;
        break;
    case portal::TransactionStatus::Failed:
    case portal::TransactionStatus::Canceled:
        news.standing = Standing::Failed;
        break;
    }
    news.transaction = {said.transactionId, said.transactionReference,
                        said.method ? std::string(wordFor(*said.method)) : std::string(),
                        said.methodDetail};
    news.redirectUrl = said.redirectUrl;
    news.said = portal::writePaymentTransaction(said);
    return news;
}

/// Where the visit goes on.
void move(Visit& visit, office::PaymentState state, const std::string& problem)
{
    VisitEvent event = VisitEvent::PaymentUnclear;
    switch (state) {
    case office::PaymentState::Approved:
        event = VisitEvent::PaymentApproved;
        break;
    case office::PaymentState::Declined:
    case office::PaymentState::NotStarted:
    case office::PaymentState::Reversed:
        event = VisitEvent::PaymentDeclined;
        break;
    case office::PaymentState::Ordered:
    case office::PaymentState::Authorising:
        return;
    case office::PaymentState::Unresolved:
        break;
    }
    if (!visit.allows(event))
        return;
    visit.apply(event);
    visit.onlineProblem = event == VisitEvent::PaymentDeclined ? problem : "";
}

bool waits(office::PaymentState state)
{
    return state == office::PaymentState::Ordered || state == office::PaymentState::Authorising;
}

} // namespace

std::optional<OnlinePaymentPlan> readOnlinePaymentPlan(const std::string& folder)
{
    const auto file = std::filesystem::path(folder) / planFile;
    if (!std::filesystem::exists(file))
        return std::nullopt;
    try {
        return readPlan(toText(readSmallFile(file)));
    } catch (const Error& failure) { // says which file, as the town's other files do
        if (failure.errorCode() == ErrorCode::ConfigurationInvalid)
            throw;
        invalid(failure.message());
    }
}

OnlineCashier::OnlineCashier(House& house)
    : _house(house), _plan(readOnlinePaymentPlan(house.settings.municipalityFolder))
{}

OnlineCashier::~OnlineCashier()
{
    _house.doors.loop.cancel(_timer);
}

bool OnlineCashier::offers(const std::string& serviceKey) const
{
    return _plan && _plan->services.contains(serviceKey);
}

bool OnlineCashier::ready(const std::string& serviceKey) const
{
    const auto now = _house.doors.loop.sinceBoot();
    return offers(serviceKey) && _askedAt && now - *_askedAt < syncIsThere &&
           (!_silentAt || now - *_silentAt >= restAfterSilence);
}

std::string OnlineCashier::request(const office::Payment& payment,
                                   const std::string& cashReference) const
{
    portal::PaymentItem item{.id = "1",
                             .reference = cashReference,
                             .description = description,
                             .quantity = 1,
                             .single = payment.amount,
                             .bookingData = _plan->bookingData};
    return portal::writePaymentRequest({.requestId = payment.id,
                                        .requestTimestamp = toLocalIso(payment.orderedAt),
                                        .grosAmount = payment.amount,
                                        .purpose = cashReference,
                                        .description = description,
                                        .redirectUrl = _plan->redirectUrl,
                                        .items = {std::move(item)}});
}

void OnlineCashier::start(Visit& visit)
{
    const auto opened = _house.cases.find(visit.caseId);
    if (!opened)
        throw Error(ErrorCode::NotFound, "case of a visit");
    if (!ready(opened->serviceKey))
        return;
    const UtcTime now = _house.now();
    const office::OnlineTerms terms{_plan->service, _plan->originatorId, _plan->endPointId,
                                    now + _plan->stays, now + _plan->watched};
    const auto ordered = _house.commit(visit, [&] {
        auto result = _house.onlinePayments.order(
            visit.caseId, opened->fee, terms,
            [&](const office::Payment& payment) { return request(payment, opened->cashReference); },
            now);
        if (std::holds_alternative<office::Payment>(result))
            visit.apply(VisitEvent::PaymentStarted);
        return result;
    });
    if (std::holds_alternative<office::CaseHasPayment>(ordered))
        return _house.reconcile(visit);
    visit.declinedCode.reset();
    visit.onlineProblem.clear();
    visit.aborting = false;
    _house.publish(visit);
    watchSoon();
}

std::optional<office::OnlineOrder> OnlineCashier::running(const std::string& caseId) const
{
    auto order = _house.onlinePayments.ofCase(caseId);
    if (!order || !waits(order->state) || order->terms.deadline <= _house.now())
        return std::nullopt;
    return order;
}

void OnlineCashier::show(const office::OnlineOrder& order)
{
    if (!order.shown)
        _house.onlinePayments.shown(order.paymentId, _house.now());
}

void OnlineCashier::cancel(Visit& visit)
{
    if (const auto order = running(visit.caseId))
        settle(
            *order, [&] { return _house.onlinePayments.letGo(order->paymentId, _house.now()); },
            std::nullopt, "");
}

void OnlineCashier::toDesk(Visit& visit)
{
    const auto order = _house.onlinePayments.ofCase(visit.caseId);
    if (!order || !visit.allows(VisitEvent::DeskChosen))
        throw Error(ErrorCode::StepOutOfOrder, "no payment that can go to the desk");
    _house.commit(visit, [&] {
        const auto state = _house.onlinePayments.letGo(order->paymentId, _house.now());
        _house.cases.hold(visit.caseId,
                          state == office::PaymentState::Unresolved ? "DeskAfterOnline"
                                                                    : "FeeAtDesk",
                          _house.now());
        visit.apply(VisitEvent::DeskChosen);
    });
    _house.receipts.print(visit.caseId);
    _house.publish(visit);
}

void OnlineCashier::letGo(const std::string& caseId)
{
    const auto order = _house.onlinePayments.ofCase(caseId);
    if (order)
        _house.onlinePayments.letGo(order->paymentId, _house.now());
}

void OnlineCashier::letGoAllBut()
{
    for (const auto& order : _house.onlinePayments.open()) {
        if (!_house.visits.byCase(order.caseId))
            _house.onlinePayments.letGo(order.paymentId, _house.now());
    }
}

void OnlineCashier::takeUp()
{
    watchSoon();
}

std::vector<office::OnlineOrder> OnlineCashier::errands()
{
    _askedAt = _house.doors.loop.sinceBoot();
    auto errands = _house.onlinePayments.toBegin();
    for (auto& order : _house.onlinePayments.toWatch(_house.now()))
        errands.push_back(std::move(order));
    return errands;
}

office::OnlineOrder OnlineCashier::begin(const std::string& paymentId)
{
    return _house.onlinePayments.begun(paymentId, _house.now());
}

std::string OnlineCashier::faultOf(const office::OnlineOrder& order,
                                   const portal::PaymentTransaction& said) const
{
    if (const char* field = portal::differenceOf(said, portal::readPaymentRequest(order.request)))
        return field;
    if (_house.onlinePayments.isOthers(said.transactionId, order.paymentId))
        return "transactionId";
    if (!order.transactionId.empty())
        return order.transactionId == said.transactionId ? "" : "transactionId";
    if (said.status != portal::TransactionStatus::Initial)
        return {};
    // What a code on our screen leads to is known to the town beforehand.
    const bool known = _plan && !said.redirectUrl.empty() &&
                       _plan->payPages.contains(portal::authorityOf(said.redirectUrl));
    return known ? "" : "transactionRedirectUrl";
}

office::PaymentState OnlineCashier::heard(const std::string& paymentId,
                                          const portal::PaymentTransaction& said)
{
    const auto order = _house.onlinePayments.find(paymentId);
    if (!order)
        throw Error(ErrorCode::NotFound, "no such payment");
    if (const std::string fault = faultOf(*order, said); !fault.empty()) {
        log::error("payment.answer-foreign", {{"payment", paymentId}, {"field", fault}});
        const std::string failure = "answer: " + fault;
        return settle(
            *order,
            [&] {
                return order->transactionId.empty()
                           ? _house.onlinePayments.refused(paymentId, failure, _house.now())
                           : _house.onlinePayments.unclear(paymentId, failure, _house.now());
            },
            std::nullopt, "notStarted");
    }
    const auto news = newsOf(said);
    const auto opened = _house.cases.find(order->caseId);
    const bool isOpen = opened && opened->state != office::CaseState::Sealed && !opened->settledAt;
    const auto state = settle(
        *order,
        [&] {
            return _house.onlinePayments.told(
                paymentId, news, isOpen ? office::CaseWay::Open : office::CaseWay::Gone,
                _house.now());
        },
        news, "failed");
    if (order->transactionId.empty() && waits(state)) { // there is something to show
        if (Visit* visit = _house.visits.byCase(order->caseId))
            _house.publish(*visit);
    }
    return state;
}

office::PaymentState OnlineCashier::heardRefusal(const std::string& paymentId, int status,
                                                 portal::FunctionalCode code)
{
    const auto order = _house.onlinePayments.find(paymentId);
    if (!order)
        throw Error(ErrorCode::NotFound, "no such payment");
    const std::string failure(portal::name(code));
    log::error(
        "payment.refused",
        {{"payment", paymentId}, {"status", std::to_string(status)}, {"functionalCode", failure}});
    // A transaction of this name is there, and the standard has no way to ask for it by our name:
    // a clerk finds it at the service. Whoever begins another could let somebody pay twice.
    const bool exists = code == portal::FunctionalCode::PaymentExists || status == 409;
    return settle(
        *order,
        [&] {
            return exists ? _house.onlinePayments.unclear(paymentId, failure, _house.now())
                          : _house.onlinePayments.refused(paymentId, failure, _house.now());
        },
        std::nullopt, "notStarted");
}

office::PaymentState OnlineCashier::settle(const office::OnlineOrder& order, const Change& change,
                                           const std::optional<office::TransactionNews>& news,
                                           const std::string& problem)
{
    Visit* visit = _house.visits.byCase(order.caseId);
    const auto opened = _house.cases.find(order.caseId);
    const bool sealsNow = visit && opened && opened->state == office::CaseState::Recorded && news &&
                          news->standing == office::TransactionNews::Standing::Paid;

    // Sealed before the commit, so that outcome and envelope are one.
    std::optional<House::WayOut> way;
    if (sealsNow) {
        auto paid = _house.till.find(order.paymentId);
        AMT_ASSERT(paid.has_value());
        paid->state = office::PaymentState::Approved;
        paid->online = news->transaction;
        way = _house.wayOut(*visit, paid);
    }
    office::PaymentState state = order.state;
    const auto work = [&] {
        state = change();
        if (state == office::PaymentState::Approved && state != order.state && way)
            _house.take(order.caseId, *way, office::Settlement::Card);
    };
    if (!visit) {
        _house.doors.database.transact(work);
        return state;
    }
    _house.commit(*visit, [&] {
        work();
        if (state != order.state)
            move(*visit, state, problem);
    });
    if (state != order.state) {
        _house.visits.touch(*visit);
        _house.publish(*visit);
        if (state == office::PaymentState::Approved && sealsNow)
            _house.keepTrying([this, caseId = order.caseId] { _house.receipts.print(caseId); });
    }
    return state;
}

void OnlineCashier::watchSoon()
{
    if (_timer == 0)
        _timer = _house.doors.loop.after(watchEvery, _house.guarded([this] {
            _timer = 0;
            watch();
        }));
}

/// Time is over: for the service to begin, or for somebody to pay.
void OnlineCashier::watch()
{
    const UtcTime now = _house.now();
    const auto open = _house.onlinePayments.open();
    for (const auto& order : open) {
        const bool silent = order.transactionId.empty() && now - order.orderedAt >= beginsWithin;
        if (!silent && order.terms.deadline > now)
            continue;
        if (silent) {
            _silentAt = _house.doors.loop.sinceBoot();
            log::warning("payment.service-silent", {{"payment", order.paymentId}});
        }
        settle(
            order, [&] { return _house.onlinePayments.letGo(order.paymentId, now); }, std::nullopt,
            "notStarted");
    }
    if (!open.empty())
        watchSoon();
}

} // namespace amt::node
