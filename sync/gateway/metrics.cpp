// SPDX-License-Identifier: EUPL-1.2
//
// The exposition text. Its questions are cheap: they touch what is open, never what is over.
#include "sync/gateway/metrics.h"

#include "sync/gateway/ledger.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/quota_statements.h"
#include "sync/gateway/statements.h"

namespace amt::gateway {
namespace {

constexpr auto silentAfter = std::chrono::hours(24);

class Exposition {
public:
    void begin(std::string_view name, std::string_view type, std::string_view help)
    {
        _name = name;
        text.append("# HELP ").append(name).append(" ").append(help).append("\n");
        text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    }
    /// `labels`: as they stand between the braces.
    void sample(std::int64_t value, std::string_view labels = {})
    {
        text.append(_name);
        if (!labels.empty())
            text.append("{").append(labels).append("}");
        text.append(" ").append(std::to_string(value)).append("\n");
    }
    void counter(std::string_view name, const Counters::Counter& value, std::string_view help)
    {
        begin(name, "counter", help);
        sample(static_cast<std::int64_t>(value.load()));
    }
    void gauge(std::string_view name, std::int64_t value, std::string_view help)
    {
        begin(name, "gauge", help);
        sample(value);
    }

    std::string text;

private:
    std::string_view _name;
};

/// What the database says at one time.
struct Queues {
    struct Queue {
        std::int64_t count = 0;
        std::int64_t oldestSeconds = 0;
    };
    Queue announced, submitted, callbacks;
    std::int64_t held = 0, deafAddresses = 0, nodes = 0, silentNodes = 0, conflicts = 0;
};

Queues queuesOf(Books& books, UtcTime now)
{
    const auto queue = [&](Books::Question row) {
        Queues::Queue found;
        if (row.step() && !row.isNull(1)) {
            found.count = row.integer(0);
            found.oldestSeconds = std::max<std::int64_t>(
                std::chrono::floor<std::chrono::seconds>(now - row.time(1)).count(), 0);
        }
        return found;
    };
    const auto number = [&](Books::Question row) { return row.step() ? row.integer(0) : 0; };
    return {.announced = queue(books.prepare(sql::openAnnounced)),
            .submitted = queue(books.prepare(sql::openSubmitted)),
            .callbacks = queue(books.prepare(sql::openCallbacks)),
            .held = number(books.prepare(sql::countHeld)),
            .deafAddresses = number(books.prepare(sql::countDeafAddresses)),
            .nodes = number(books.prepare(sql::countNodes)),
            .silentNodes = number(books.prepare(sql::countSilentNodes).bind(now - silentAfter)),
            .conflicts = number(books.prepare(sql::quotaConflicts))};
}

} // namespace

HttpResponse Operations::answer(const HttpRequest& request)
{
    if (request.method != "GET")
        return problem(405, "method-not-allowed", "only GET");
    if (request.path == "/health") {
        try { // whether it works is the question
            _books.prepare("SELECT 1").step();
        } catch (const Error&) {
            return jsonResponse(503, R"({"status":"down"})");
        }
        return jsonResponse(200, R"({"status":"up"})");
    }
    if (request.path != "/metrics")
        return problem(404, "address-not-found", "there is nothing at this address");
    auto response = jsonResponse(200, metrics());
    response.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    return response;
}

std::string Operations::metrics()
{
    Exposition out;
    out.begin("amt_gateway_answers_total", "counter", "Answers by the class of their status.");
    for (std::size_t digit = 2; digit <= 5; ++digit)
        out.sample(static_cast<std::int64_t>(_counters.answers[digit].load()),
                   "class=\"" + std::to_string(digit) + "xx\"");
    out.counter("amt_gateway_over_allowance_total", _counters.overAllowance,
                "Calls refused with 429.");
    out.begin("amt_gateway_events_total", "counter", "Events of submissions, by kind.");
    for (std::size_t kind = 0; kind < Counters::eventKinds; ++kind)
        out.sample(static_cast<std::int64_t>(_counters.events[kind].load()),
                   "kind=\"" + std::string(nameOf(static_cast<envelope::EventKind>(kind))) + "\"");
    out.counter("amt_gateway_database_errors_total", _counters.databaseErrors,
                "Calls that failed because of the database.");
    out.counter("amt_gateway_callbacks_answered_total", _counters.callbacksAnswered,
                "Callbacks that were answered.");
    out.counter("amt_gateway_callbacks_unanswered_total", _counters.callbacksUnanswered,
                "Callbacks that will be repeated.");

    std::optional<Queues> queues;
    try { // without the database the counters are what there is to say
        queues = queuesOf(_books, _clock.utcNow());
    } catch (const Error& failure) {
        if (failure.errorCode() == ErrorCode::StoreFailed)
            throw;
    }
    out.gauge("amt_gateway_database_up", queues ? 1 : 0, "Whether the database answered just now.");
    if (!queues)
        return std::move(out.text);
    out.begin("amt_gateway_submissions", "gauge", "Open submissions by state.");
    out.sample(queues->announced.count, "state=\"announced\"");
    out.sample(queues->submitted.count, "state=\"submitted\"");
    out.begin("amt_gateway_submission_oldest_seconds", "gauge",
              "Age of the oldest open submission by state.");
    out.sample(queues->announced.oldestSeconds, "state=\"announced\"");
    out.sample(queues->submitted.oldestSeconds, "state=\"submitted\"");
    out.gauge("amt_gateway_submissions_held", queues->held,
              "Submissions that no office has fetched for three days.");
    out.gauge("amt_gateway_callbacks_waiting", queues->callbacks.count,
              "News that a client has still to be told.");
    out.gauge("amt_gateway_callback_oldest_seconds", queues->callbacks.oldestSeconds,
              "Age of the oldest of them.");
    out.gauge("amt_gateway_callback_addresses_deaf", queues->deafAddresses,
              "Addresses whose last callback was not answered.");
    out.gauge("amt_gateway_nodes", queues->nodes, "Nodes that told the head of their journal.");
    out.gauge("amt_gateway_nodes_silent", queues->silentNodes,
              "Nodes of which nothing was heard for a day.");
    out.gauge("amt_gateway_calendar_conflicts", queues->conflicts,
              "Appointments that stand where another one does: a person moves one of them.");
    out.gauge("amt_gateway_calendar_unsound",
              static_cast<std::int64_t>(_counters.calendarUnsound.load()),
              "What the last nightly look at the calendar found not to fit together.");
    return std::move(out.text);
}

} // namespace amt::gateway
