// SPDX-License-Identifier: EUPL-1.2
//
// Each act names who and why; both stand in the audit rows of the commit.
#include "sync/gateway/quota_commands.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "appliance/office/calendar/rules.h"
#include "sync/gateway/problem.h"

#include <charconv>
#include <sstream>

namespace amt::gateway {
namespace {

std::string given(const QuotaOptions& options, const std::string& name)
{
    const auto found = options.find(name);
    return found == options.end() ? std::string() : found->second;
}

std::string needed(const QuotaOptions& options, const std::string& name)
{
    std::string value = given(options, name);
    if (value.empty())
        throw Error(ErrorCode::ConfigurationInvalid, "--" + name + " is needed");
    return value;
}

/// Lanes are counted from 0, as everywhere in the protocol.
office::quota::Run runOf(const QuotaOptions& options)
{
    const std::string lane = needed(options, "lane");
    office::quota::Run run;
    run.scope = needed(options, "scope");
    const auto [end, failure] = std::from_chars(lane.data(), lane.data() + lane.size(), run.lane);
    if (failure != std::errc() || end != lane.data() + lane.size() || run.lane < 0 ||
        run.lane >= office::lanesMax)
        throw Error(ErrorCode::ConfigurationInvalid, "--lane is a number from 0");
    try {
        run.day = localDateFromIso(needed(options, "day"));
        const office::DayCells cells(run.day);
        run.first = cells.cellAt(office::wallTimeFromText(needed(options, "from")));
        run.count = cells.cellAt(office::wallTimeFromText(needed(options, "until"))) - run.first;
    } catch (const Error& malformed) { // with the names of the options
        if (malformed.errorCode() == ErrorCode::ConfigurationInvalid)
            throw;
        throw Error(ErrorCode::ConfigurationInvalid,
                    "--day is YYYY-MM-DD, --from and --until are HH:MM");
    }
    if (run.count <= 0)
        throw Error(ErrorCode::ConfigurationInvalid, "--until is after --from");
    return run;
}

/// The time at which a cell of this day begins, "08:30".
std::string clockAt(LocalDate day, int cell)
{
    const office::DayCells cells(day);
    return cell == cells.count() ? "24:00" : localTime(cells.startOf(cell));
}

void show(Quota& quota, std::ostream& out)
{
    for (const auto& node : quota.nodes()) {
        out << "node " << node.client << " tenant " << (node.tenant.empty() ? "-" : node.tenant)
            << ' ' << node.state;
        if (!node.incarnation.empty())
            out << " life " << node.incarnation << ' '
                << (node.closedWhy.empty() ? "open" : "closed (" + node.closedWhy + ")") << " next "
                << node.next << " grants " << node.grants << " leased " << node.leased
                << " quarantined " << node.quarantined;
        out << '\n';
    }
    for (const auto& [tenant, client, run] : quota.quarantined())
        out << "quarantined --tenant " << tenant << " --scope " << run.scope << " --day "
            << toIso(run.day) << " --lane " << run.lane << " --from " << clockAt(run.day, run.first)
            << " --until " << clockAt(run.day, run.first + run.count) << " (of " << client << ")\n";
    for (const auto& each : quota.unsound())
        out << "unsound " << each << '\n';
    out << "conflicts " << quota.conflicts() << '\n';
}

} // namespace

std::string quotaCommand(const std::string& command, const QuotaOptions& options, Quota& quota,
                         UtcTime now)
{
    std::ostringstream out;
    if (command == "show") {
        show(quota, out);
        return out.str();
    }
    if (command != "release" && command != "reconcile")
        throw Error(ErrorCode::ConfigurationInvalid, "quota show, revoke, release or reconcile");
    const std::string by = needed(options, "by");
    const std::string reason = needed(options, "reason");
    if (command == "release") {
        const auto run = runOf(options);
        const int cells = quota.release(given(options, "tenant"), run, by, reason, now);
        log::warning("quota.released", {{"day", toIso(run.day)}, {"cells", std::to_string(cells)}});
        out << "released " << cells << " cells\n";
    } else {
        quota.beginReconcile(by, now, reason);
        out << "a new life has begun; each town sells and leases again when its nodes have shown"
               " what they hold, or are revoked\n";
    }
    return out.str();
}

HttpResponse answerQuotaOrder(const HttpRequest& request, Quota& quota, UtcTime now)
{
    if (request.method != "POST")
        return problem(405, "method-not-allowed", "only POST");
    const auto body = json::parseObject(request.body);
    json::onlyKeys(*body, {"command", "options"});
    const auto said = json::object(*body, "options");
    QuotaOptions options;
    for (const auto& name : said->getNames())
        options[name] = json::text(*said, name);
    auto answer = json::makeObject();
    answer->set("text", quotaCommand(json::text(*body, "command"), options, quota, now));
    return jsonResponse(200, json::write(*answer));
}

Became askQuota(const std::string& command, const QuotaOptions& options, const AskRegistry& ask,
                std::ostream& out)
{
    auto said = json::makeObject();
    for (const auto& [name, value] : options)
        said->set(name, value);
    auto order = json::makeObject();
    order->set("command", command);
    order->set("options", said);
    const auto response = ask({.method = "POST",
                               .path = quotaOrderPath,
                               .query = {},
                               .headers = {},
                               .body = json::write(*order),
                               .peer = {}});
    const auto body = json::parseObject(response.body);
    if (response.status != 200) {
        out << "refused: " << json::text(*body, "detail") << '\n';
        return Became::Refused;
    }
    out << json::text(*body, "text");
    return Became::Done;
}

} // namespace amt::gateway
