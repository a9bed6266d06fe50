// SPDX-License-Identifier: EUPL-1.2
//
// A node as the gateway sees one: registers, tells records in a chain, takes leases; by hand, so
// that each message can be bent.
#pragma once

#include "appliance/office/calendar/quota_words.h"
#include "appliance/office/calendar/rules.h"
#include "sync/envelope/chain.h"
#include "sync/envelope/envelope.h"

#include <map>
#include <string>
#include <vector>

namespace amt::test {

namespace quota = office::quota;

inline const std::string noHash(64, '0');
inline const std::string hallScope = "hall";

/// Each day from 08:00 to 10:00, three lanes for everybody.
inline std::string hallRules()
{
    using namespace std::chrono;
    office::OpeningRules rules;
    rules.rules = {{.id = "daily",
                    .weekdays = {Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday},
                    .first = localDateFromIso("2026-01-01"),
                    .hours = {hours(8), hours(10), 3, 3},
                    .onHolidays = office::OnHolidays::Open}};
    return json::write(*office::toJson(rules));
}

/// The journal of one life.
class QuotaNode {
public:
    explicit QuotaNode(std::string node, std::string incarnation)
        : name(std::move(node)), life(std::move(incarnation)), _hash(noHash)
    {}

    const std::string name, life;

    std::string registration(const std::string& challenge = {}, std::int64_t grants = 0) const
    {
        return quota::write(quota::Register{.node = name,
                                            .incarnation = life,
                                            .publicKey = publicKey,
                                            .from = {0, noHash},
                                            .head = {std::ssize(records), _hash},
                                            .grants = grants,
                                            .portal = portal,
                                            .challenge = challenge});
    }
    quota::Record& append(const std::string& kind, const std::string& id,
                          const std::map<std::string, std::string>& details)
    {
        auto object = json::makeObject();
        for (const auto& [key, value] : details)
            object->set(key, value);
        quota::Record& record = records.emplace_back();
        record.number = std::ssize(records);
        record.kind = kind;
        record.id = id;
        record.time = fromMilliseconds(1'800'000'000'000);
        record.timeQuality = "rtc";
        record.details = json::write(*object);
        record.hash = toHex(envelope::chainHash(fromHex(_hash), {.number = record.number,
                                                                 .kind = record.kind,
                                                                 .id = record.id,
                                                                 .time = record.time,
                                                                 .timeQuality = record.timeQuality,
                                                                 .details = record.details}));
        _hash = record.hash;
        return record;
    }
    void rules(const std::string& text = hallRules())
    {
        append("RULES", hallScope,
               {{"version", "1"}, {"sha256.rules", toHex(envelope::sha256(view(text)))}})
            .rules = text;
    }
    /// Returns the booking id.
    std::string book(const quota::Run& run, std::int64_t lease)
    {
        append("BOOK", "appointment", place(run, lease));
        return quota::bookingId(life, std::ssize(records));
    }
    void cancel(const std::string& booking, const quota::Run& run)
    {
        auto details = place(run, 0);
        details.erase("leases");
        details["booking"] = booking;
        append("CANCEL", "appointment", details);
    }
    void move(const std::string& booking, const quota::Run& from, const quota::Run& to,
              std::int64_t lease)
    {
        auto details = place(to, lease);
        details["booking"] = booking;
        details["fromDay"] = toIso(from.day);
        details["fromLane"] = std::to_string(from.lane);
        details["fromCell"] = std::to_string(from.first);
        append("MOVE", "appointment", details);
    }
    void giveBack(const quota::Run& run, std::int64_t lease)
    {
        append("RETURN", "quota", place(run, lease));
    }
    /// Records from `first` on.
    std::string report(std::int64_t first = 1) const
    {
        return quota::write(quota::Report{
            life, {records.begin() + static_cast<std::ptrdiff_t>(first - 1), records.end()}});
    }

    std::vector<quota::Record> records;
    quota::Life portal;
    std::string publicKey = "key";

private:
    static std::map<std::string, std::string> place(const quota::Run& run, std::int64_t lease)
    {
        return {{"scope", run.scope},
                {"day", toIso(run.day)},
                {"lane", std::to_string(run.lane)},
                {"cell", std::to_string(run.first)},
                {"cells", std::to_string(run.count)},
                {"leases", std::to_string(lease)}};
    }

    std::string _hash;
};

} // namespace amt::test
