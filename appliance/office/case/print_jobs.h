// SPDX-License-Identifier: EUPL-1.2
//
// Print jobs by their id: the same id is never printed twice by itself. The content is not kept, it
// is made anew from the case.
#pragma once

#include "appliance/store/store.h"
#include "drivers/port/printing.h"

#include <optional>
#include <string>

namespace amt::office {

/// "printing" and the names of the outcomes: "printed", "paperOut", "coverOpen", "noPrinter",
/// "interrupted", "failed".
std::string_view name(const PrintOutcome& outcome);

class PrintJobs {
public:
    explicit PrintJobs(store::Database& database) : _database(database) {}

    /// One commit, before the printer hears of it. Throws StepOutOfOrder for an id that is known.
    void begin(const std::string& jobId, const std::string& caseId, UtcTime now);
    /// One commit.
    void end(const std::string& jobId, const PrintOutcome& outcome, UtcTime now);
    /// At start, one commit: what was printing may be on paper in part: "interrupted".
    void takeUp(UtcTime now);
    /// State of the newest job of the case; nothing when none was begun.
    std::optional<std::string> newest(const std::string& caseId) const;
    /// How many were printed before, or may have been: the next one is a copy.
    int printed(const std::string& caseId) const;

private:
    store::Database& _database;
};

} // namespace amt::office
