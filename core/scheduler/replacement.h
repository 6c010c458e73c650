// Policy: what becomes of a stored job when somebody adds it again. Programs declare their jobs at every
// start, and several processes of one program do so one after the other. Pure functions.
#pragma once

#include "core/jobs/job_record.h"

namespace duetime {

// Whether nothing at all is new. A job with a live payload is always new: objects cannot be compared.
bool is_same_definition(const Job& a, const Job& b);

// Where the job stands once `replacement` has taken its place at `now`. The same rule goes on from where it
// was: a fire that has become due meanwhile, or while no process was there, is neither lost nor run twice,
// and a paused job stays paused. Another rule begins anew; kFinishing says that it never fires. Requires:
// stored.job.
JobPosition position_after_replacement(const JobRecord& stored, const Job& replacement, Instant now);

}  // namespace duetime
