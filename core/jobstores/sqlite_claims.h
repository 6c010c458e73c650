// How claims come about in SQLite: due jobs are read, planned with nothing locked, and the plans carried out
// in one transaction, each only where its job's version is still the one that was read.
#pragma once

#include <string_view>
#include <vector>

#include "core/jobstores/sqlite_session.h"

namespace duetime {

struct DueJob {
  JobRecord record;
  int running_instances = 0;
  RunPlan plan;
};

struct DueBatch {
  std::vector<DueJob> jobs;
  std::vector<JobRecord> unreadable;
};

// Requires, as all but plan_due() do: the session's mutex is held.
DueBatch read_due(SqliteSession& session, const ClaimRequest& request);

// Requires: no lock is held; the planner may call back into the store.
void plan_due(DueBatch& batch, const ClaimRequest& request, const RunPlanner& planner);

// A job that somebody else has changed since it was read is left out; it will be read again if it is still
// due.
ClaimResult carry_out(SqliteSession& session, DueBatch&& batch, const ClaimRequest& request);

// See JobStore::claim_now().
ClaimResult claim_now(SqliteSession& session, std::string_view id, const ClaimRequest& request);

// See JobStore::reclaim_expired().
ClaimResult reclaim(SqliteSession& session, const ClaimRequest& request);

// The claims that an earlier call made under the same claim_id and that still hold.
std::vector<ClaimPtr> claims_of(SqliteSession& session, const ClaimRequest& request);

}  // namespace duetime
