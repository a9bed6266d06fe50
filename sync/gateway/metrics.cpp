// SPDX-License-Identifier: EUPL-1.2
//
// The exposition text. Its questions are cheap: they touch what is open, never what is over.
#include "sync/gateway/metrics.h"

#include "sync/gateway/fleet.h"
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

    /// Of nodes that were not revoked; what waits and is held there is by their own word.
    Queue atNodes;
    std::int64_t lateNodes = 0, neverHeard = 0, heldAtNodes = 0, waitingKeys = 0;
    struct Ending {
        std::int64_t in7Days = 0, in30Days = 0; ///< both with those that are over

        void add(const std::optional<UtcTime>& ends, UtcTime now)
        {
            const int left = ends ? daysLeft(*ends, now) : daysSoon + 1;
            in30Days += left <= daysSoon ? 1 : 0;
            in7Days += left <= daysNow ? 1 : 0;
        }
    };
    Ending certificates, destinationKeys;
};

void addFleet(Queues& queues, Books& books, UtcTime now)
{
    for (const auto& node : fleet(books, now)) {
        if (node.isRevoked)
            continue;
        for (const auto& each : node.found) {
            queues.lateNodes += each.trouble == Trouble::Late ? 1 : 0;
            queues.neverHeard += each.trouble == Trouble::NeverHeard ? 1 : 0;
        }
        queues.atNodes.count += node.waiting;
        queues.heldAtNodes += node.held;
        if (node.oldestWaiting)
            queues.atNodes.oldestSeconds = std::max<std::int64_t>(
                std::chrono::floor<std::chrono::seconds>(now - *node.oldestWaiting).count(),
                queues.atNodes.oldestSeconds);
        queues.certificates.add(node.certificateEnds, now);
        queues.destinationKeys.add(node.destinationKeyEnds, now);
    }
    queues.waitingKeys = static_cast<std::int64_t>(waitingKeys(books).size());
}

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
    Queues found{.announced = queue(books.prepare(sql::openAnnounced)),
                 .submitted = queue(books.prepare(sql::openSubmitted)),
                 .callbacks = queue(books.prepare(sql::openCallbacks)),
                 .held = number(books.prepare(sql::countHeld)),
                 .deafAddresses = number(books.prepare(sql::countDeafAddresses)),
                 .nodes = number(books.prepare(sql::countNodes)),
                 .silentNodes =
                     number(books.prepare(sql::countSilentNodes).bind(now - silentAfter)),
                 .conflicts = number(books.prepare(sql::quotaConflicts)),
                 .atNodes = {},
                 .certificates = {},
                 .destinationKeys = {}};
    addFleet(found, books, now);
    return found;
}

} // namespace

HttpResponse Operations::answer(const HttpRequest& request)
{
    const auto all = _books.wholeRegion();
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
    out.gauge("amt_gateway_nodes_late", queues->lateNodes,
              "Nodes of which nothing was heard for three quarters of an hour.");
    out.gauge("amt_gateway_nodes_never_heard", queues->neverHeard,
              "Nodes that were entered and never heard.");
    out.gauge("amt_gateway_node_cases_waiting", queues->atNodes.count,
              "Cases that have not left their nodes, by the nodes' own word.");
    out.gauge("amt_gateway_node_case_oldest_seconds", queues->atNodes.oldestSeconds,
              "Age of the oldest of them.");
    out.gauge("amt_gateway_node_cases_held", queues->heldAtNodes,
              "Cases at nodes that wait for a clerk's decision.");
    out.gauge("amt_gateway_keys_asking", queues->waitingKeys,
              "Transport keys that wait for an operator's approval.");
    const auto ending = [&](std::string_view name, const Queues::Ending& sum,
                            std::string_view help) {
        out.begin(name, "gauge", help);
        out.sample(sum.in7Days, "within=\"7d\"");
        out.sample(sum.in30Days, "within=\"30d\"");
    };
    ending("amt_gateway_node_certificates_ending", queues->certificates,
           "Nodes whose certificate ends so soon, or has ended.");
    ending("amt_gateway_destination_keys_ending", queues->destinationKeys,
           "Nodes of whose municipality a destination's key ends so soon, or has ended.");
    out.gauge("amt_gateway_calendar_conflicts", queues->conflicts,
              "Appointments that stand where another one does: a person moves one of them.");
    out.gauge("amt_gateway_calendar_unsound",
              static_cast<std::int64_t>(_counters.calendarUnsound.load()),
              "What the last nightly look at the calendar found not to fit together.");
    return std::move(out.text);
}

} // namespace amt::gateway
