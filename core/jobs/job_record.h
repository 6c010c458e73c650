// A job as its store keeps it: the definition, and where it stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/jobs/job.h"

namespace duetime {

enum class JobStatus : uint8_t {
  kScheduled,  // has a next run time
  kPaused,     // has none until somebody resumes it
  kFinishing,  // its trigger is spent; leaves the store when its last run has ended
};

struct JobPosition {
  JobStatus status = JobStatus::kPaused;

  // When it is due; set exactly when kScheduled. Jitter and deferral are in it.
  std::optional<Instant> next_run_time;

  // The trigger's own instant for that run: what next_fire_time() gets as `previous` afterwards. Differs from
  // next_run_time by jitter or deferral only.
  std::optional<Instant> fire_time;

  // All three are drawn by the store from one counter of its own that only grows, so that an id that was
  // removed and added again is never mistaken for its predecessor.
  int64_t revision = 0;  // changes whenever somebody changes the job; part of a fire's identity (contract P1)
  int64_t version = 0;   // changes at every write, claims included; what compare-and-set compares
  int64_t fence = 0;     // changes with each claim (contract P2)
};

struct JobRecord {
  std::string id;
  JobPtr job;              // null if the stored document cannot be read here
  std::string unreadable;  // then the reason
  JobPosition position;
};

}  // namespace duetime
