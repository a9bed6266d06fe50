// SPDX-License-Identifier: EUPL-1.2
//
// Citizens book at the portal what is free there (CITIZENS.md): search, reserve, confirm, move,
// cancel. Whoever made the capability of an appointment holds it; who comes is sealed for the
// town's desk, and is not read here.
#pragma once

#include "appliance/core/http.h"
#include "sync/gateway/books.h"
#include "sync/gateway/quota.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amt::gateway {

struct CitizenSettings {
    int minutesMax = 240;     ///< of one appointment
    int reservationsMax = 60; ///< unconfirmed at a time, of one scope: nobody reserves a town
    std::size_t sealedMax = 16 * 1024; ///< JWE of name and contact
    // Calls of one address on the network: a bucket of tokens. To look costs 1, to reserve 12.
    int tokensAtOnce = 120, tokensPerSecond = 2;
    std::size_t addressesMax = 50'000; ///< remembered; beyond that the quiet ones are forgotten
};

class Citizens {
public:
    /// What is passed by reference must outlive it. The schema is up to date.
    Citizens(Books& books, Quota& quota, CitizenSettings settings = {});

    enum class Act { Look, Reserve };
    /// One call by whoever stands at this address of the network. Nothing: go on; else the refusal
    /// (429). Counted in memory, and never written down.
    std::optional<HttpResponse> drawn(const std::string& peer, Act act, Milliseconds sinceBoot);

    // --- each an answer; refusals are problems. What changes anything is part of the running
    // commit. `town` is the municipality, "-" where there is one without a name.
    HttpResponse scope(const std::string& town, const std::string& scope, UtcTime now);
    HttpResponse times(const std::string& town, const std::string& scope,
                       const std::map<std::string, std::string>& query, UtcTime now);
    HttpResponse reserve(const std::string& town, const std::string& scope,
                         const std::string& capability, const std::string& body, UtcTime now);
    HttpResponse look(const std::string& id, const std::string& capability, UtcTime now);
    HttpResponse confirm(const std::string& id, const std::string& capability,
                         const std::string& body, UtcTime now);
    HttpResponse move(const std::string& id, const std::string& capability, const std::string& body,
                      UtcTime now);
    HttpResponse cancel(const std::string& id, const std::string& capability,
                        const std::string& body, UtcTime now);

    /// Often: reservations whose time is out lapse, cells that were kept from being handed on are
    /// free. One commit for each.
    void sweep(UtcTime now);
    /// Each night, one commit: names of days before `contactsBefore`, all of days before
    /// `allBefore`.
    void purge(LocalDate contactsBefore, LocalDate allBefore);

private:
    struct Scope;
    struct Row;
    struct Start {
        LocalDate day;
        int cell = 0;
    };

    std::optional<Scope> find(const std::string& town, const std::string& scope);
    std::optional<Row> row(const std::string& id);
    std::optional<Row> rowOf(const std::string& id, const std::string& capability);
    std::vector<office::quota::Run> free(const Scope& scope, LocalDate day, int count,
                                         std::optional<int> cell, UtcTime now);
    bool change(const Row& before, const std::string& state, LocalDate day,
                const std::optional<UtcTime>& due, const std::string& kid,
                const std::string& sealed, UtcTime now);
    HttpResponse shown(int status, const std::string& id);
    void settle(const std::string& id, UtcTime now);

    Books& _books;
    Quota& _quota;
    const CitizenSettings _settings;
    struct Bucket {
        double tokens = 0;
        Milliseconds at{0};
    };
    std::map<std::string, Bucket> _buckets; ///< by address
};

} // namespace amt::gateway
