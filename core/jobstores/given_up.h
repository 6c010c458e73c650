// The fires that a plan gives up: missed or refused. History keeps them as ended runs that nobody held.
#pragma once

#include <vector>

#include "core/jobstores/job_store.h"

namespace duetime {

// `record` is the job as it stands after the plan.
std::vector<RunRecord> given_up(const JobRecord& record, const RunPlan& plan, const ClaimRequest& request);

}  // namespace duetime
