// How every store asks for the plan of a due job.
#pragma once

#include "core/jobs/run_plan.h"

namespace duetime {

// The planner's word, or kLeave where it throws: one planner's failure must not keep the other jobs of a
// batch waiting. Requires: record.job.
RunPlan plan_or_leave(const RunPlanner& planner, const JobRecord& record, Instant now, int running_instances);

}  // namespace duetime
