// A Trigger decides when a job runs. It holds a rule, never a position: what has already happened comes in as
// an argument, so one trigger may serve many jobs and a test needs no clock.
//
// Fire times are undisturbed by jitter. A trigger only says how much jitter it wants; the planner adds it to
// the instant at which the job runs, so that jitter never accumulates.
//
// Threads: const calls may run at the same time. Triggers do not change after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/time/instant.h"

namespace duetime {

// What piled up while nobody looked. `fires` are the latest of them, oldest first; `dropped` counts the
// earlier ones that were not kept, exactly when `dropped_is_exact`, else as a lower bound.
struct Backlog {
  std::vector<Instant> fires;
  int64_t dropped = 0;
  bool dropped_is_exact = true;
  std::optional<Instant> next;  // the first fire after `until`
};

class Trigger {
 public:
  virtual ~Trigger() = default;

  // The first fire after `previous`, or nullopt when the rule is spent. `previous` is empty before the first
  // fire. `now` bounds a rule that has no start of its own; the answer may still lie before `now` (a missed
  // fire, which the planner judges).
  //
  // Ensures: a result is later than `previous`, unless calls_out(): foreign code may break this, and the
  // planner checks it.
  virtual std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const = 0;

  // The latest `keep` fires in [first, until], of which `first` is known to be one, and the first fire after.
  // Costs what is kept, not what was missed: a year of seconds with keep = 1 is a few steps. The default
  // steps through all fires and is bounded by kMaxBacklogSteps, after which it starts again from `until`.
  //
  // Requires: first <= until, keep >= 1.
  virtual Backlog backlog(Instant first, Instant until, std::size_t keep) const;

  // The run is delayed by up to this much; 0 for none.
  virtual Duration jitter() const { return Duration{0}; }

  // True if next_fire_time() runs code from outside the engine. Such a call may block, throw or call back
  // into the API, so stores plan these jobs with no lock held (job_store.h).
  virtual bool calls_out() const { return false; }

  // The name under which the registry makes this trigger from document().
  virtual std::string_view type() const = 0;

  // {"type": type(), ...}: make_trigger() turns it back into an equal trigger (docs/job_document.md).
  virtual Json document() const = 0;
};

using TriggerPtr = std::shared_ptr<const Trigger>;

inline constexpr int kMaxBacklogSteps = 10'000;

}  // namespace duetime
