#include "core/jobstores/given_up.h"

namespace duetime {
namespace {

RunRecord given_up(const JobRecord& job, Instant scheduled_time, RunState state,
                   const ClaimRequest& request) {
  RunRecord run;
  run.id = make_uuid();
  run.job_id = job.id;
  run.task = job.job->task;
  run.job_revision = job.position.revision;
  run.scheduled_time = scheduled_time;
  run.state = state;
  run.owner = request.owner;
  run.fence = job.position.fence;
  run.claimed_at = request.time.now;
  run.ended_at = request.time.now;
  return run;
}

}  // namespace

std::vector<RunRecord> given_up(const JobRecord& record, const RunPlan& plan, const ClaimRequest& request) {
  std::vector<RunRecord> runs;
  for (const Instant missed : plan.missed) {
    runs.push_back(given_up(record, missed, RunState::kMissed, request));
  }
  if (plan.outcome != RunPlan::Outcome::kRefused) return runs;
  for (const PlannedRun& refused : plan.runs) {
    runs.push_back(given_up(record, refused.scheduled_time, RunState::kRefused, request));
  }
  return runs;
}

}  // namespace duetime
