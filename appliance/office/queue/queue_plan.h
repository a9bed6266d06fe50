// SPDX-License-Identifier: EUPL-1.2
//
// The plan of the queue: service groups with their letters and limits, desks with their skills, and
// the rules of calling; with its history, and as JSON.
#pragma once

#include "appliance/core/json.h"
#include "appliance/office/catalogue/catalogue.h"
#include "sync/outbox/journal.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::office {

/// Who hands out numbers. ReceptionOnly: staff issue them (reception mode).
enum class Issuing { Everywhere, ReceptionOnly };

/// What people choose between when they draw a number (Anliegengruppe).
struct ServiceGroup {
    std::string key;   ///< a-z, 0-9 and hyphen, at most 32
    char letter = 'A'; ///< its band of numbers; no two groups share one
    Texts name;
    std::vector<std::string> services = {}; ///< service keys; no two groups share one
    std::chrono::minutes planned{10};       ///< how long one takes, until enough were measured
    int dailyLimit = 0;                     ///< walk-in numbers a day; 0: as many as there are
    Issuing issuing = Issuing::Everywhere;

    bool operator==(const ServiceGroup&) const = default;
};

/// Which way people go, as an arrow shows it; floors are floors, whether by stairs or lift.
enum class Way { Unsaid, Left, Right, Straight, Up, Down };
std::string_view name(Way way); ///< the enumerator's name

/// A counter (Schalter).
struct PlannedDesk {
    std::string id;                  ///< as on its sign, "3"; letters, digits, hyphen, at most 16
    std::string name;                ///< "Schalter 3"
    std::vector<std::string> skills; ///< keys of the groups that can be served there
    std::string nameEnglish = {};    ///< "counter 3", for spoken calls; may be empty
    Way way = Way::Unsaid;           ///< from the board of the waiting hall

    bool operator==(const PlannedDesk&) const = default;
};

struct CallingRules {
    std::chrono::minutes dueBefore{2};       ///< an appointment is due so long before its start
    std::chrono::minutes lateAfter{10};      ///< whoever checks in later waits like a walk-in
    std::chrono::minutes tooLateAfter{0};    ///< ... and later than this asks staff; 0: never
    std::chrono::minutes checkInBefore{120}; ///< no check-in earlier than this before the start
    std::chrono::minutes confirmWithin{10};  ///< a number not printed or noted by then expires
    int callsMax = 3;                        ///< one more recall makes a no-show

    bool operator==(const CallingRules&) const = default;
};

struct QueuePlan {
    std::vector<ServiceGroup> groups;
    std::vector<PlannedDesk> desks;
    CallingRules rules;
    Way wayToWaiting = Way::Unsaid; ///< from the kiosk to the waiting hall

    const ServiceGroup* group(const std::string& key) const;                 ///< null when unknown
    const ServiceGroup* groupOfService(const std::string& serviceKey) const; ///< null when none
    const PlannedDesk* desk(const std::string& id) const;                    ///< null when unknown

    bool operator==(const QueuePlan&) const = default;
};

/// Refuses what cannot be meant. Throws InputMalformed.
void check(const QueuePlan& plan);
json::ObjectPtr toJson(const QueuePlan& plan);
/// Strict, and checked. Throws JsonMalformed, InputMalformed.
QueuePlan queuePlanFromJson(const json::Object& object);

struct QueuePlanVersion {
    int version = 0; ///< 0: nothing was saved yet, and the plan is empty
    QueuePlan plan;
    UtcTime savedAt;
    std::string savedBy, reason;
};

class QueuePlans {
public:
    QueuePlans(store::Database& database, outbox::Journal& journal);

    std::shared_ptr<const QueuePlanVersion> current() const;
    /// Newest first.
    std::vector<QueuePlanVersion> history(int limit = 50) const;
    /// One commit with AUDIT. Numbers that were drawn keep their letter. Throws VersionConflict
    /// when others saved after `basedOn`, InputMalformed.
    QueuePlanVersion save(const QueuePlan& plan, int basedOn, const std::string& by,
                          const std::string& reason, UtcTime now);

private:
    store::Database& _database;
    outbox::Journal& _journal;
    /// Committed only. Shared with whoever still reads one while a newer is saved.
    mutable std::shared_ptr<const QueuePlanVersion> _current;
};

} // namespace amt::office
