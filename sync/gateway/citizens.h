// SPDX-License-Identifier: EUPL-1.2
//
// Citizens book at the portal what is free there (CITIZENS.md): search, reserve, confirm, move,
// cancel. Whoever made the capability of an appointment holds it; who comes is sealed for the
// town's desk, and is not read here. The town's own nodes are told what stands, and ask for
// citizens who stand before them (booking_words.h).
#pragma once

#include "appliance/core/http.h"
#include "appliance/office/calendar/booking_words.h"
#include "appliance/office/calendar/rules.h"
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
    Citizens(Books& books, Quota& quota, RandomSource& random, CitizenSettings settings = {});

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

    // --- messages of a node of the town: answers as booking_words.h has them. Throw JsonMalformed,
    // InputMalformed (nothing is taken), StepOutOfOrder (no node of a portal's calendar, or one
    // that was revoked), NotFound (scope).
    std::string bookings(const QuotaClient& node, const std::string& body, UtcTime now);
    std::string contacts(const QuotaClient& node, const std::string& body, UtcTime now);
    /// Part of the running commit, as what citizens ask themselves.
    std::string wish(const QuotaClient& node, const std::string& body, UtcTime now);

    /// Often: reservations whose time is out lapse, cells that were kept from being handed on are
    /// free. One commit for each.
    void sweep(UtcTime now);
    /// Each night, one commit: names of days before `contactsBefore`, all of days before
    /// `allBefore`.
    void purge(LocalDate contactsBefore, LocalDate allBefore);

private:
    struct Scope {
        std::string tenant, name;
        office::OpeningRules rules;
        std::string deskKey; ///< JWK; empty: the town has told none
        std::string deskKid;
    };
    struct Row {
        std::string id, tenant, scope, tokenHash, booking, state, services;
        int minutes = 0;
        std::optional<UtcTime> due;
        std::string kid, sealed, code;
        std::int64_t version = 0;
        bool stands = false; ///< the calendar still has it at its place
        office::quota::Run run;
    };
    /// Whoever holds the capability of an appointment, or a node of the town whose it is.
    struct Asker {
        std::string capability;               ///< of a citizen
        std::optional<std::string> node = {}; ///< tenant of a node
        office::Booker booker = office::Booker::Public;
    };
    struct Place {
        UtcTime start;
        int minutes = 0;
        std::string services;
    };
    struct Version {
        std::int64_t seen = 0;
        bool any = false; ///< whatever it is now
    };

    std::optional<Scope> find(const std::string& town, const std::string& scope);
    std::optional<Row> row(const std::string& id);
    std::optional<Row> rowOf(const std::string& id, const Asker& asker);
    std::vector<office::quota::Run> free(const Scope& scope, office::Booker booker, LocalDate day,
                                         int count, std::optional<int> cell, UtcTime now);
    HttpResponse reserveFor(const Asker& asker, const std::string& town, const std::string& scope,
                            const std::string& id, const Place& place, UtcTime now);
    HttpResponse confirmFor(const Asker& asker, const std::string& id, Version version,
                            const std::string& contact, UtcTime now);
    HttpResponse moveFor(const Asker& asker, const std::string& id, Version version, UtcTime start,
                         UtcTime now);
    HttpResponse cancelFor(const Asker& asker, const std::string& id, Version version,
                           bool atOnceWanted, UtcTime now);
    bool change(const Row& before, const std::string& state, LocalDate day,
                const std::optional<UtcTime>& due, const std::string& kid,
                const std::string& sealed, UtcTime now);
    HttpResponse shown(int status, const std::string& id);
    void settle(const std::string& id, UtcTime now);
    void checkNode(const QuotaClient& node);
    static office::quota::PortalBooking told(const Row& row);

    Books& _books;
    Quota& _quota;
    RandomSource& _random;
    const CitizenSettings _settings;
    struct Bucket {
        double tokens = 0;
        Milliseconds at{0};
    };
    std::map<std::string, Bucket> _buckets; ///< by address
};

} // namespace amt::gateway
