// Claims that are held over a record storage, and the runs that have ended. See JobStore, function by
// function.
//
// Threads: any.
#pragma once

#include <span>
#include <vector>

#include "core/jobstores/record_session.h"

namespace duetime {

std::vector<CompletionResult> complete_runs(RecordSession& session, std::span<const RunEnd> ends,
                                            const CallTime& time);
std::vector<bool> renew_claims(RecordSession& session, std::span<const ClaimPtr> claims, const CallTime& time,
                               Duration lease);
void release_claims(RecordSession& session, std::span<const ClaimPtr> claims, const CallTime& time);
std::vector<RunRecord> list_runs(RecordSession& session, const RunFilter& filter);
std::size_t prune_runs(RecordSession& session, const RunRetention& retention, Instant now);

// Notes that nobody needs any more.
void prune_notes(RecordSession& session, Instant now);

}  // namespace duetime
