// SPDX-License-Identifier: EUPL-1.2
//
// Payments with the citizen's own phone, between kiosk, till and the payment service that amt-sync
// reaches: intent, evidence, outcome, and watching until it is known (sync.md 12).
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/office/till/online.h"
#include "sync/portal/payments.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::node {

class House;
struct Visit;

/// payment.json of the municipality's folder (config/municipality/README.md).
struct OnlinePaymentPlan {
    std::string service; ///< as amt-sync's payment-service.json calls it
    std::string originatorId, endPointId;
    std::set<std::string> services;     ///< keys of those whose fee may be paid so
    std::string redirectUrl;            ///< where the phone is led afterwards
    std::set<std::string> payPages;     ///< hosts that a code on the screen may lead to
    std::chrono::minutes stays{10};     ///< of the page at the kiosk
    std::chrono::hours watched{7 * 24}; ///< a late word of the service counts so long
    std::map<std::string, std::string> bookingData;
};
/// Nothing where there is no such file, or it says that it is off. Throws ConfigurationInvalid.
std::optional<OnlinePaymentPlan> readOnlinePaymentPlan(const std::string& folder);

class OnlineCashier {
public:
    explicit OnlineCashier(House& house);
    ~OnlineCashier();
    OnlineCashier(const OnlineCashier&) = delete;
    OnlineCashier& operator=(const OnlineCashier&) = delete;

    /// The town lets this service's fee be paid so.
    bool offers(const std::string& serviceKey) const;
    /// And it can begin now: amt-sync asks for work, and the payment service was not silent just
    /// now.
    bool ready(const std::string& serviceKey) const;

    /// The visit is in step Pay. Intent on disk [tx]; amt-sync comes for it. The visit goes to
    /// Paying.
    void start(Visit& visit);
    /// The one that somebody may wait for at the kiosk, within its time.
    std::optional<office::OnlineOrder> running(const std::string& caseId) const;
    /// To be called before the code stands on the screen [tx].
    void show(const office::OnlineOrder& order);
    /// The citizen will not pay so, or will at the desk. What was shown stays open at the service,
    /// and the case is then held or waits for its word.
    void cancel(Visit& visit);
    void toDesk(Visit& visit);
    /// Part of the caller's commit: the visit ends.
    void letGo(const std::string& caseId);
    /// After a restart nobody came back for these [tx].
    void letGoAllBut();
    void takeUp();

    // --- amt-sync ---
    /// It asks for work: what is to be begun, and what to be looked at.
    std::vector<office::OnlineOrder> errands();
    /// [tx] before the service hears of it. Throws NotFound, StepOutOfOrder.
    office::OnlineOrder begin(const std::string& paymentId);
    /// What the service said of a transaction. Throws NotFound.
    office::PaymentState heard(const std::string& paymentId,
                               const portal::PaymentTransaction& said);
    /// The service refused to begin it.
    office::PaymentState heardRefusal(const std::string& paymentId, int status,
                                      portal::FunctionalCode code);

private:
    using Change = std::function<office::PaymentState()>;
    /// `problem`: what the page says where the citizen chooses anew; empty: nothing.
    office::PaymentState settle(const office::OnlineOrder& order, const Change& change,
                                const std::optional<office::TransactionNews>& news,
                                const std::string& problem);
    std::string faultOf(const office::OnlineOrder& order,
                        const portal::PaymentTransaction& said) const;
    std::string request(const office::Payment& payment, const std::string& cashReference) const;
    void watchSoon();
    void watch();

    House& _house;
    std::optional<OnlinePaymentPlan> _plan;
    std::optional<Milliseconds> _askedAt;  ///< by amt-sync, since boot
    std::optional<Milliseconds> _silentAt; ///< the payment service did not begin in time
    TimerId _timer = 0;
};

} // namespace amt::node
