// SPDX-License-Identifier: EUPL-1.2
//
// Who takes part: clients (nodes, online services, offices) with their municipality, and the
// offices' destinations; entered, listed and revoked by whoever runs the gateway.
#pragma once

#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "sync/gateway/access.h"
#include "sync/gateway/books.h"
#include "sync/gateway/callbacks.h"
#include "sync/gateway/devices.h"
#include "sync/gateway/ledger.h"
#include "sync/gateway/operator_accounts.h"
#include "sync/gateway/quota.h"

namespace amt::gateway {

/// The operators' addresses, JSON in and out. They have a Unix socket of their own that only the
/// gateway's user may open; nothing of them is on the network.
///
// clang-format off
/// | | takes | answers |
/// |---|---|---|
/// | GET /clients | | `clients` |
/// | POST /clients | `name`, `tenantId`, `role` (node, sender, office), `by` | `clientId`, `clientSecret` |
/// | POST /clients/revoke | `clientId`, `by`, `reason` | 204; what it asks from now on is a 401 |
/// | GET /destinations | | `destinations`, as in a node's enrolment, with `ownerId` and `state` |
/// | POST /destinations | `ownerId`, `destination` (as in an enrolment), `by` | `destinationId` |
/// | POST /destinations/revoke | `destinationId`, `by`, `reason` | 204; it takes nothing any more |
/// | POST /callbacks | `clientId`, `url`, `authority`, `by` | `secret` |
/// | GET /devices | | `devices` |
/// | POST /devices/code | `clientId`, `by` | `code`, for a day and for one key |
/// | POST /devices/approve | `clientId`, `fingerprint`, `by` | `expiresAt` |
/// | POST /devices/revoke | `clientId`, `fingerprint`, `by`, `reason` | 204 |
/// | GET /operators | | `operators` |
/// | POST /operators | `name`, `by` | `operatorId`, `code` (operator_accounts.h) |
/// | POST /operators/code | `name`, `by` | `code`; what the account had before is worthless |
/// | POST /operators/end | `name`, `by`, `reason` | 204 |
// clang-format on
///
/// Every change is noted with its author in the commit that makes it (table operator_act).
class Registry {
public:
    /// What is passed by reference must outlive it.
    Registry(Books& books, Access& access, Ledger& ledger, Quota& quota, Callbacks& callbacks,
             Devices& devices, RandomSource& random)
        : _books(books), _access(access), _ledger(ledger), _quota(quota), _callbacks(callbacks),
          _devices(devices), _random(random), _operators(books, random)
    {}

    /// On the loop. Throws JsonMalformed, InputMalformed, KeyUnusable, and what Books throws.
    HttpResponse answer(const HttpRequest& request, UtcTime now);

private:
    HttpResponse clients();
    HttpResponse destinations();
    HttpResponse enterClient(const json::Object& order, UtcTime now);
    HttpResponse revokeClient(const json::Object& order, UtcTime now);
    HttpResponse enterDestination(const json::Object& order, UtcTime now);
    HttpResponse revokeDestination(const json::Object& order, UtcTime now);
    HttpResponse enterCallback(const json::Object& order, UtcTime now);
    HttpResponse makeCode(const json::Object& order, UtcTime now);
    HttpResponse approveDevice(const json::Object& order, UtcTime now);
    HttpResponse revokeDevice(const json::Object& order, UtcTime now);
    HttpResponse enterOperator(const json::Object& order, UtcTime now);
    HttpResponse giveOperatorCode(const json::Object& order, UtcTime now);
    HttpResponse endOperator(const json::Object& order, UtcTime now);
    /// Entered here and not revoked.
    bool isActive(const std::string& clientId);
    void note(const char* act, const std::string& subject, const json::Object& order, UtcTime now);

    Books& _books;
    Access& _access;
    Ledger& _ledger;
    Quota& _quota;
    Callbacks& _callbacks;
    Devices& _devices;
    RandomSource& _random;
    OperatorAccounts _operators;
};

} // namespace amt::gateway
