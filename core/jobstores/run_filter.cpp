#include "core/jobstores/job_store.h"

namespace duetime {

bool RunFilter::matches(const RunRecord& run) const {
  return (!job_id || run.job_id == *job_id) && (!state || run.state == *state) &&
         (!scheduled_from || run.scheduled_time >= *scheduled_from) &&
         (!scheduled_until || run.scheduled_time <= *scheduled_until);
}

}  // namespace duetime
