// SPDX-License-Identifier: EUPL-1.2
//
// A payment service (Bezahldienst) that speaks XBezahldienste 1.0.0, with nothing behind it but a
// map; it can be told to fail in many ways. It spells by itself what the standard says, so that a
// word that we spell otherwise is found.
#pragma once

#include "appliance/core/http.h"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amt::sim {

class PaymentService {
public:
    struct Transaction {
        std::string requestId, request; ///< as it was asked
        std::string status = "INITIAL";
        std::string method;
        int payments = 0; ///< how often somebody paid: never more than once
    };
    enum class Fault {
        RequestLost, ///< nobody hears it
        AnswerLost,  ///< done, and nobody hears of it
        ServerError, ///< 500
        Unavailable, ///< 503, with Retry-After
        Redirected   ///< 302 to somewhere else
    };

    /// Nothing: no answer.
    std::optional<HttpResponse> handle(const HttpRequest& request);

    // --- people at its page ---
    /// By the address that a QR code leads to. False when there is nothing to pay any more.
    bool payAt(const std::string& redirectUrl);
    void end(const std::string& status); ///< of the newest: FAILED, CANCELED
    const Transaction& newest() const { return transactions.at(_newest); }
    std::string newestId() const { return _newest; }
    /// How much money has come, in all.
    int payments() const;

    std::deque<Fault> faults; ///< of the next requests for transactions
    /// A request that is known is answered with its transaction; else with PAYMENT_EXISTS.
    bool answersAgain = true;
    std::string refusesWith; ///< functionalCode; empty: it does not
    /// The last word on each good answer's text.
    std::function<std::string(std::string)> forged;
    std::string payPage = "https://bezahlen.example/p/";

    std::map<std::string, Transaction> transactions; ///< by id
    std::vector<HttpRequest> asked;
    int tokensGiven = 0;
    bool refusesTokens = false;  ///< that it gave
    bool asksForToken = true;    ///< false: the certificate of the line is all, as at ePayBL
    bool refusesClients = false; ///< 401 for the client itself

private:
    HttpResponse tokenAnswer(const HttpRequest& request);
    HttpResponse transactionAnswer(const HttpRequest& request);
    HttpResponse begin(const HttpRequest& request);
    HttpResponse good(int status, const std::string& id);
    std::string _newest;
    int _count = 0;
};

} // namespace amt::sim
