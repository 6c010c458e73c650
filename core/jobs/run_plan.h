// What is to happen with one due job, decided by scheduler/run_planner from (job, position, now, running
// instances) alone and carried out by the store in one atomic step.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/jobs/job_record.h"

namespace duetime {

struct PlannedRun {
  Instant scheduled_time;
  Instant fire_time;
};

struct RunPlan {
  enum class Outcome {
    kRun,       // execute `runs`
    kMissed,    // everything due was too late
    kRefused,   // max_instances are running; the due fires are given up, the job moves on
    kDeferred,  // max_instances are running and this was the last fire: it stays due, a little later
    kBroken,    // the trigger failed; the job is paused, `error` says why
    kLeave,     // this node cannot run it, or cannot say yet: the store changes and reports nothing
  };
  Outcome outcome = Outcome::kRun;

  std::vector<PlannedRun> runs;  // for kRun, oldest first; for kRefused, what was given up

  // Fires that were too late. missed_count covers more than the listed ones when a backlog was cut short.
  std::vector<Instant> missed;
  int64_t missed_count = 0;
  bool missed_count_is_exact = true;

  JobStatus next_status = JobStatus::kScheduled;
  std::optional<Instant> next_run_time;
  std::optional<Instant> next_fire_time;

  std::string error;
};

// What becomes of a run that somebody asks for now (JobStore::claim_now): one run, or kRefused without any,
// and the job stays where it stands. Never late, and for any job, paused and finishing ones too.
RunPlan plan_now(const Job& job, const JobPosition& position, Instant now, int running_instances);

// `running_instances` counts the job's claims whose runs have not ended, on all nodes.
using RunPlanner =
    std::function<RunPlan(const Job& job, const JobPosition& position, Instant now, int running_instances)>;

}  // namespace duetime
