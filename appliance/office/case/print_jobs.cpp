// SPDX-License-Identifier: EUPL-1.2
//
// Begun on disk before the printer hears of it; what was printing at a cut may be on paper.
#include "appliance/office/case/print_jobs.h"

namespace amt::office {

std::string_view name(const PrintOutcome& outcome)
{
    struct Names {
        std::string_view operator()(const Printed&) const { return "printed"; }
        std::string_view operator()(const PaperOut&) const { return "paperOut"; }
        std::string_view operator()(const CoverOpen&) const { return "coverOpen"; }
        std::string_view operator()(const NoPrinter&) const { return "noPrinter"; }
        std::string_view operator()(const PrintInterrupted&) const { return "interrupted"; }
        std::string_view operator()(const DeviceFailed&) const { return "failed"; }
    };
    return std::visit(Names{}, outcome);
}

void PrintJobs::begin(const std::string& jobId, const std::string& caseId, UtcTime now)
{
    _database.transact([&] {
        auto known = _database.prepare("SELECT 1 FROM print_job WHERE id = ?");
        if (known.bind(jobId).step())
            throw Error(ErrorCode::StepOutOfOrder, "this job was begun before");
        _database
            .prepare("INSERT INTO print_job (id, number, case_id, state, begun_at)"
                     " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM print_job), ?, "
                     "'printing', ?)")
            .bind(jobId, caseId, now)
            .run();
    });
}

void PrintJobs::end(const std::string& jobId, const PrintOutcome& outcome, UtcTime now)
{
    _database.transact([&] {
        _database
            .prepare(
                "UPDATE print_job SET state = ?, ended_at = ? WHERE id = ? AND state = 'printing'")
            .bind(name(outcome), now, jobId)
            .run();
    });
}

void PrintJobs::takeUp(UtcTime now)
{
    _database.transact([&] {
        _database
            .prepare(
                "UPDATE print_job SET state = 'interrupted', ended_at = ? WHERE state = 'printing'")
            .bind(now)
            .run();
    });
}

std::optional<std::string> PrintJobs::newest(const std::string& caseId) const
{
    auto row = _database.prepare(
        "SELECT state FROM print_job WHERE case_id = ? ORDER BY number DESC LIMIT 1");
    if (!row.bind(caseId).step())
        return std::nullopt;
    return row.text(0);
}

int PrintJobs::printed(const std::string& caseId) const
{
    auto row = _database.prepare("SELECT count(*) FROM print_job WHERE case_id = ?"
                                 " AND state IN ('printed', 'interrupted')");
    row.bind(caseId).step();
    return static_cast<int>(row.integer(0));
}

} // namespace amt::office
