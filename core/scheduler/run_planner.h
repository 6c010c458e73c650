// Policy: which fires of a job become runs, which are missed or refused, and when it is due next. A pure
// function: it reads no clock, takes no lock, and the same arguments give the same plan on every node.
#pragma once

#include "core/jobs/run_plan.h"

namespace duetime {

inline constexpr std::size_t kMaxCatchUpRuns = 1'000;  // of one job in one pass; older fires count as missed
inline constexpr Duration kDeferral = std::chrono::seconds(1);

// Requires: position.status is kScheduled and position.next_run_time <= now.
RunPlan plan_runs(const Job& job, const JobPosition& position, Instant now, int running_instances);

// Where a job stands when it is added, resumed or rescheduled at `now`: scheduled at its first fire, or
// kFinishing when the trigger has none. Throws what a foreign trigger throws.
JobPosition first_position(const Job& job, Instant now);

// The instant at which a fire runs: fire plus the job's jitter, which depends on the job's id and the fire
// only.
Instant run_time_of(const Job& job, Instant fire);

}  // namespace duetime
