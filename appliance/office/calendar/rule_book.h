// SPDX-License-Identifier: EUPL-1.2
//
// Opening rules of all scopes with their history: look at the conflicts, save, undo. No change ever
// deletes a booking.
#pragma once

#include "appliance/office/calendar/appointment.h"
#include "appliance/office/calendar/day_lanes.h"
#include "sync/outbox/journal.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace amt::office {

struct RuleVersion {
    int version = 0; ///< 1, 2, ... in each scope
    OpeningRules rules;
    std::optional<int> restores = {}; ///< an undo: the version whose rules came back
    UtcTime savedAt;
    std::string savedBy, reason;
};

/// A living appointment whose lane the rules would close, while another one is free at its time:
/// it goes there when the rules are saved, and nobody but the ledger notices.
struct LaneShift {
    std::string appointment; ///< id
    Place from;
    int lane = 0;
};

/// What a change would do, to be shown before it is saved.
struct RulePreview {
    int basedOn = 0; ///< the version that counts now; 0: the scope has no rules yet
    OpeningRules rules;
    /// Living appointments, not over yet, that the rules would leave without any lane, by time.
    /// They stay where they are: a person keeps, moves or cancels each.
    std::vector<Appointment> conflicts;
    std::vector<LaneShift> shifts; ///< in their order
};

/// What the person who saves has seen of a preview.
struct SeenPreview {
    int basedOn = 0;
    std::set<std::string> conflicts; ///< ids
};
SeenPreview seen(const RulePreview& preview);

class RuleBook {
public:
    RuleBook(store::Database& database, outbox::Journal& journal);

    /// The rules that count. Throws NotFound: no such scope.
    std::shared_ptr<const RuleVersion> current(const std::string& scope) const;
    std::vector<std::string> scopes() const;
    /// Newest first.
    std::vector<RuleVersion> history(const std::string& scope, int limit = 50) const;

    /// Throws InputMalformed.
    RulePreview preview(const std::string& scope, const OpeningRules& rules, UtcTime now) const;
    /// One commit with AUDIT, for rules and shifts. Throws VersionConflict when others saved
    /// meanwhile, or when there are conflicts that `seen` does not name: look again. Throws
    /// InputMalformed; StepOutOfOrder: edited elsewhere.
    RuleVersion save(const std::string& scope, const OpeningRules& rules, const SeenPreview& seen,
                     const std::string& clerk, const std::string& reason, UtcTime now);

    /// What the newest change, that was not undone yet, came upon. Throws StepOutOfOrder: nothing
    /// to undo; NotFound.
    RulePreview previewUndo(const std::string& scope, UtcTime now) const;
    /// One commit with AUDIT, as save(); undoing again goes one change further back.
    RuleVersion undo(const std::string& scope, const SeenPreview& seen, const std::string& clerk,
                     UtcTime now);

    /// Where a scope's rules are edited: at one node of the town, its home.
    enum class Home { Here, Elsewhere };
    /// What the portal tells. Of a home elsewhere its rules count here, too, whatever stood here;
    /// of this one, those that are newer: it was put back. One commit; shifts and refuses nothing.
    void adopt(const std::string& scope, int version, const OpeningRules& rules, Home home,
               UtcTime now);
    Home homeOf(const std::string& scope) const;
    /// The town has no portal (any more).
    void comeHome();

    /// Living appointments that the rules which count leave without their lane: those that were
    /// kept.
    std::vector<Appointment> conflicts(const std::string& scope, UtcTime now) const;

private:
    std::optional<RuleVersion> at(const std::string& scope, int version) const;
    std::optional<RuleVersion> newest(const std::string& scope) const;
    RuleVersion beforeNewestChange(const std::string& scope) const;
    void findConflicts(RulePreview& preview, const std::string& scope, UtcTime now) const;
    void shift(const std::string& scope, const LaneShift& shifted, const std::string& clerk,
               UtcTime now);
    RuleVersion add(const std::string& scope, const OpeningRules& rules, const SeenPreview& seen,
                    std::optional<int> restores, const std::string& clerk,
                    const std::string& reason, UtcTime now);

    store::Database& _database;
    outbox::Journal& _journal;
    /// Committed versions only. Shared with whoever is still reading one while a newer is saved.
    mutable std::map<std::string, std::shared_ptr<const RuleVersion>> _current;
};

} // namespace amt::office
