#include <algorithm>

#include "core/jobstores/job_store.h"

namespace duetime {

bool JobFilter::matches(const JobRecord& record) const {
  if (after_id && record.id <= *after_id) return false;
  if (!include_finishing && record.position.status == JobStatus::kFinishing) return false;
  if (!record.job) return !tag && !task && !executor;
  return (!tag || std::ranges::find(record.job->tags, *tag) != record.job->tags.end()) &&
         (!task || record.job->task == *task) && (!executor || record.job->executor == *executor);
}

}  // namespace duetime
