#include "core/scheduler/run_planner.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "core/base/error.h"

namespace duetime {
namespace {

// Spreads bits well enough that jitter of neighbouring fires looks independent (splitmix64's finaliser).
uint64_t mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9ull;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// FNV-1a: every node and language must get the same jitter, so std::hash will not do.
uint64_t hash_of(std::string_view id) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return hash;
}

Backlog due_fires(const Job& job, Instant first, Instant now) {
  Backlog due;
  due.next = next_fire_checked(*job.trigger, first, now);
  if (!due.next || run_time_of(job, *due.next) > now) {
    due.fires = {first};
    return due;
  }
  due = job.trigger->backlog(first, now, job.coalesce ? 1 : kMaxCatchUpRuns);
  if (due.fires.empty() || (due.next && *due.next <= now)) {
    throw Error(ErrorCode::kCallback, "trigger answered different fire times for the same question");
  }
  return due;
}

void set_next(RunPlan& plan, const Job& job, std::optional<Instant> fire) {
  plan.next_fire_time = fire;
  if (fire) plan.next_run_time = run_time_of(job, *fire);
  plan.next_status = fire ? JobStatus::kScheduled : JobStatus::kFinishing;
}

void add_missed(RunPlan& plan, const PlannedRun& run) {
  plan.missed.push_back(run.scheduled_time);
  ++plan.missed_count;
}

// With coalescing, earlier fires were merged into the latest on purpose; they are not missed.
void count_dropped(RunPlan& plan, const Job& job, const Backlog& due) {
  if (job.coalesce) return;
  plan.missed_count = due.dropped;
  plan.missed_count_is_exact = due.dropped_is_exact;
}

// The first due fire carries the jitter or deferral it was scheduled with. A later one whose jitter would end
// only after `now` runs with the others instead of being overtaken.
Instant scheduled_time_of(const Job& job, const JobPosition& position, Instant fire, Instant now) {
  return fire == position.fire_time ? *position.next_run_time : std::min(run_time_of(job, fire), now);
}

void sort_out(RunPlan& plan, const Job& job, const JobPosition& position, const Backlog& due, Instant now) {
  for (const Instant fire : due.fires) {
    const PlannedRun run{scheduled_time_of(job, position, fire, now), fire};
    const bool late = job.misfire_grace && now - run.scheduled_time > *job.misfire_grace;
    if (late) {
      add_missed(plan, run);
    } else {
      plan.runs.push_back(run);
    }
  }
}

RunPlan broken(const std::string& error) {
  RunPlan plan;
  plan.outcome = RunPlan::Outcome::kBroken;
  plan.next_status = JobStatus::kPaused;
  plan.error = error;
  return plan;
}

RunPlan deferred(const JobPosition& position, Instant now) {
  RunPlan plan;
  plan.outcome = RunPlan::Outcome::kDeferred;
  plan.next_status = JobStatus::kScheduled;
  plan.next_run_time = now + kDeferral;
  plan.next_fire_time = position.fire_time;
  return plan;
}

RunPlan plan_due(const Job& job, const JobPosition& position, Instant now, int running_instances) {
  const Backlog due = due_fires(job, position.fire_time.value_or(*position.next_run_time), now);
  const bool refused = running_instances >= job.max_instances;
  if (refused && !due.next) return deferred(position, now);
  RunPlan plan;
  set_next(plan, job, due.next);
  count_dropped(plan, job, due);
  sort_out(plan, job, position, due, now);
  if (plan.runs.empty()) {
    plan.outcome = RunPlan::Outcome::kMissed;
  } else if (refused) {
    plan.outcome = RunPlan::Outcome::kRefused;
  }
  return plan;
}

}  // namespace

Instant run_time_of(const Job& job, Instant fire) {
  const Duration jitter = job.trigger->jitter(fire);
  if (jitter <= Duration{0}) return fire;
  const uint64_t random = mix(hash_of(job.id) ^ mix(static_cast<uint64_t>(to_micros(fire))));
  const Duration delay{static_cast<int64_t>(random % (static_cast<uint64_t>(jitter.count()) + 1))};
  return checked_add(fire, delay).value_or(fire);
}

JobPosition first_position(const Job& job, Instant now) {
  JobPosition position;
  position.fire_time = next_fire_checked(*job.trigger, std::nullopt, now);
  if (position.fire_time) position.next_run_time = run_time_of(job, *position.fire_time);
  position.status = position.fire_time ? JobStatus::kScheduled : JobStatus::kFinishing;
  return position;
}

RunPlan plan_runs(const Job& job, const JobPosition& position, Instant now, int running_instances) {
  try {
    return plan_due(job, position, now, running_instances);
  } catch (...) {
    return broken(current_error_text());
  }
}

}  // namespace duetime
