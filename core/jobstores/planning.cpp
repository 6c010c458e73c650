#include "core/jobstores/planning.h"

namespace duetime {

RunPlan plan_or_leave(const RunPlanner& planner, const JobRecord& record, Instant now,
                      int running_instances) {
  try {
    return planner(*record.job, record.position, now, running_instances);
  } catch (...) {
    RunPlan leave;
    leave.outcome = RunPlan::Outcome::kLeave;
    return leave;
  }
}

}  // namespace duetime
