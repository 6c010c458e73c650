#include "core/jobs/run_plan.h"

namespace duetime {

RunPlan plan_now(const Job& job, const JobPosition& position, Instant now, int running_instances) {
  RunPlan plan;
  plan.next_status = position.status;
  plan.next_run_time = position.next_run_time;
  plan.next_fire_time = position.fire_time;
  if (running_instances >= job.max_instances) {
    plan.outcome = RunPlan::Outcome::kRefused;
  } else {
    plan.runs = {{now, now}};
  }
  return plan;
}

}  // namespace duetime
