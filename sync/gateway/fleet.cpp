// SPDX-License-Identifier: EUPL-1.2
//
// The fleet from a handful of questions over all tenants, and what is wrong with each node.
#include "sync/gateway/fleet.h"

#include "appliance/core/json.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/fleet_statements.h"
#include "sync/gateway/tls_identity.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace amt::gateway {
namespace {

constexpr std::size_t eventsMax = 30;

std::optional<UtcTime> timeAt(const Books::Question& row, std::size_t column)
{
    return row.isNull(column) ? std::nullopt : std::optional(row.time(column));
}

int numberAt(const Books::Question& row, std::size_t column)
{
    return row.isNull(column) ? 0 : static_cast<int>(row.integer(column));
}

/// When the key that a destination names may no longer be used; nothing where it has no chain.
std::optional<UtcTime> endOfKey(const std::string& document, const std::string& jwk)
{
    const auto object = json::parseObject(jwk);
    if (json::optionalText(*json::parseObject(document), "encryptionKid") !=
        json::optionalText(*object, "kid"))
        return std::nullopt; // an old one
    const auto key = envelope::parseJwk(*object, envelope::KeyUse::Encrypt);
    return key.chain.empty() ? std::nullopt : std::optional(certificateEnd(key.chain.front()));
}

/// By municipality: the first that ends.
std::map<std::string, UtcTime> destinationKeyEnds(Books& books)
{
    std::map<std::string, UtcTime> ends;
    auto row = books.prepare(sql::encryptionKeys);
    while (row.step()) {
        const auto end = endOfKey(row.text(2), row.text(3));
        if (!end)
            continue;
        const auto entry = ends.try_emplace(row.text(0), *end).first;
        entry->second = std::min(entry->second, *end);
    }
    return ends;
}

std::optional<Urgency> urgencyOf(const std::optional<UtcTime>& ends, UtcTime now)
{
    if (!ends || daysLeft(*ends, now) > daysSoon)
        return std::nullopt;
    return daysLeft(*ends, now) > daysNow ? Urgency::Soon : Urgency::Now;
}

void judge(NodeStanding& node, UtcTime now, const FleetSettings& settings)
{
    const auto add = [&](Trouble trouble, Urgency urgency) {
        node.found.push_back({trouble, urgency});
    };
    if (node.isRevoked)
        return;
    if (!node.heardAt)
        add(Trouble::NeverHeard, Urgency::Soon);
    else if (now - *node.heardAt > lateAfter)
        add(Trouble::Late, Urgency::Now);
    if (node.oldestWaiting && now - *node.oldestWaiting > queueOldAfter)
        add(Trouble::QueueOld,
            now - *node.oldestWaiting > queueTooOldAfter ? Urgency::Now : Urgency::Soon);
    if (node.held > 0)
        add(Trouble::Held, Urgency::Soon);
    if (node.unfetchedLong > 0)
        add(Trouble::Unfetched, Urgency::Soon);
    if (!node.certificateEnds && settings.nodesNeedCertificates)
        add(Trouble::NoCertificate, Urgency::Now);
    if (const auto urgency = urgencyOf(node.certificateEnds, now))
        add(Trouble::CertificateEnds, *urgency);
    if (const auto urgency = urgencyOf(node.destinationKeyEnds, now))
        add(Trouble::DestinationKeyEnds, *urgency);
}

} // namespace

Urgency NodeStanding::urgency() const
{
    Urgency worst = Urgency::Fine;
    for (const auto& each : found)
        worst = std::max(worst, each.urgency);
    return worst;
}

int daysLeft(UtcTime ends, UtcTime now)
{
    return static_cast<int>(std::chrono::floor<std::chrono::days>(ends - now).count());
}

void sortByUrgency(std::vector<NodeStanding>& nodes)
{
    const auto place = [](const NodeStanding& node) {
        const auto urgent =
            std::count_if(node.found.begin(), node.found.end(),
                          [](const auto& each) { return each.urgency == Urgency::Now; });
        return std::tuple(-static_cast<int>(node.urgency()), -urgent,
                          -static_cast<std::ptrdiff_t>(node.found.size()), node.isRevoked,
                          std::cref(node.tenantId).get(), std::cref(node.name).get());
    };
    std::stable_sort(nodes.begin(), nodes.end(),
                     [&](const auto& one, const auto& other) { return place(one) < place(other); });
}

std::vector<NodeStanding> fleet(Books& books, UtcTime now, FleetSettings settings)
{
    std::vector<NodeStanding> nodes;
    std::map<std::string, std::size_t> byId;
    auto row = books.prepare(sql::everyNode);
    while (row.step()) {
        byId[row.text(0)] = nodes.size();
        nodes.push_back({.clientId = row.text(0),
                         .tenantId = row.text(1),
                         .name = row.text(2),
                         .isRevoked = row.integer(3) != 0,
                         .incarnation = row.text(11),
                         .heardAt = timeAt(row, 4),
                         .version = row.text(6),
                         .reportedAt = timeAt(row, 5),
                         .waiting = numberAt(row, 7),
                         .held = numberAt(row, 8),
                         .oldestWaiting = timeAt(row, 9),
                         .unfetched = 0,
                         .unfetchedLong = 0,
                         .oldestUnfetched = {},
                         .certificateEnds = timeAt(row, 10),
                         .destinationKeyEnds = {},
                         .found = {}});
    }
    auto lying = books.prepare(sql::unfetchedBySender);
    while (lying.step()) {
        const auto sender = byId.find(lying.text(0));
        if (sender == byId.end()) // an online service
            continue;
        auto& node = nodes[sender->second];
        node.unfetched = numberAt(lying, 1);
        node.oldestUnfetched = timeAt(lying, 2);
        node.unfetchedLong = numberAt(lying, 3);
    }
    const auto ends = destinationKeyEnds(books);
    for (auto& node : nodes) {
        if (const auto end = ends.find(node.tenantId); end != ends.end())
            node.destinationKeyEnds = end->second;
        judge(node, now, settings);
    }
    sortByUrgency(nodes);
    return nodes;
}

std::vector<WaitingKey> waitingKeys(Books& books)
{
    std::vector<WaitingKey> keys;
    auto row = books.prepare(sql::askedDevices);
    while (row.step())
        keys.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.time(4)});
    return keys;
}

NodeHistory historyOf(Books& books, const std::string& clientId)
{
    NodeHistory history;
    auto key = books.prepare(sql::devicesOfClient).bind(clientId);
    while (key.step())
        history.keys.push_back({.fingerprint = key.text(0),
                                .state = key.text(1),
                                .askedAt = key.time(2),
                                .ends = key.text(1) == "issued" ? timeAt(key, 3) : std::nullopt});
    auto& events = history.events;
    auto act = books.prepare(sql::actsAbout).bind(clientId);
    while (act.step())
        events.push_back({act.time(0), "act", act.text(1), act.text(2), act.text(3)});
    auto life = books.prepare(sql::livesOfNode).bind(clientId);
    while (life.step()) {
        events.push_back({life.time(2), "life", life.text(0), {}, {}});
        if (!life.isNull(3))
            events.push_back({life.time(3), "life-closed", life.text(0), {}, {}});
    }
    auto sent = books.prepare(sql::submissionsOfNode).bind(clientId);
    while (sent.step())
        events.push_back(
            {sent.isNull(2) ? sent.time(0) : sent.time(2), "submission", sent.text(1), {}, {}});
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& one, const auto& other) { return one.at > other.at; });
    if (events.size() > eventsMax)
        events.resize(eventsMax);
    return history;
}

} // namespace amt::gateway
