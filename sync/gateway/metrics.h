// SPDX-License-Identifier: EUPL-1.2
//
// What the operator sees: counters of this process and queues of the database as Prometheus reads
// them (text format 0.0.4), and whether the gateway can work. No ids, no names, no addresses.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/books.h"

#include <array>
#include <atomic>

namespace amt::gateway {

/// Since the process began; shared by its gateways, each on its own thread.
struct Counters {
    using Counter = std::atomic<std::uint64_t>;
    static constexpr std::size_t eventKinds = 6; ///< of envelope::EventKind, in its order

    std::array<Counter, 6> answers{};         ///< by the first digit of their status
    Counter overAllowance{0};                 ///< of these: 429
    std::array<Counter, eventKinds> events{}; ///< committed
    Counter databaseErrors{0};
    Counter callbacksAnswered{0}, callbacksUnanswered{0};
    Counter calendarUnsound{0}; ///< found by the last nightly look, of what does not fit together
};

/// The addresses of the operator's own port: GET /metrics, GET /health (200 when the database
/// answers, else 503). On the loop of `books`.
class Operations {
public:
    Operations(const Counters& counters, Books& books, const Clock& clock)
        : _counters(counters), _books(books), _clock(clock)
    {}
    HttpResponse answer(const HttpRequest& request);

private:
    std::string metrics();

    const Counters& _counters;
    Books& _books;
    const Clock& _clock;
};

} // namespace amt::gateway
