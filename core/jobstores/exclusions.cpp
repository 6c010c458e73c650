#include "core/jobstores/job_store.h"

namespace duetime {

bool Exclusions::matches(const Job& job, int64_t revision) const {
  if (tasks.contains(job.task) || executors.contains(job.executor)) return true;
  const auto found = jobs.find(job.id);
  return found != jobs.end() && found->second == revision;
}

}  // namespace duetime
