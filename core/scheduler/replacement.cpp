#include "core/scheduler/replacement.h"

#include "core/jobs/job_document.h"
#include "core/scheduler/run_planner.h"

namespace duetime {

bool is_same_definition(const Job& a, const Job& b) {
  if (a.payload.live || b.payload.live) return false;
  return job_to_text(a) == job_to_text(b);
}

JobPosition position_after_replacement(const JobRecord& stored, const Job& replacement, Instant now) {
  JobPosition position = stored.position;
  if (stored.job->trigger->document() == replacement.trigger->document()) return position;
  const JobPosition first = first_position(replacement, now);
  position.status = first.status;
  position.next_run_time = first.next_run_time;
  position.fire_time = first.fire_time;
  return position;
}

}  // namespace duetime
