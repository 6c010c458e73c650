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
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/time/instant.h"
#include "core/time/time_zone.h"

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

  // The first fire at or after `from` of the rule by itself, as a set of instants, whatever else made the job
  // run: what `and`, `or` and `not` ask of their parts. A rule that has no place in time of its own, such as
  // an interval without a start, is counted from `anchor`. The default asks next_fire_time() for what
  // follows.
  virtual std::optional<Instant> first_from(Instant from, std::optional<Instant> anchor) const;

  // The run of this fire is delayed by up to this much; 0 for none.
  virtual Duration jitter(Instant fire) const;

  // In which the rule is written and its fires are shown. UTC unless it has another.
  virtual const TimeZone& zone() const;

  // An English sentence for people, without a full stop: "every 15 minutes from 2026-11-23 09:00 (UTC)".
  // It may change between releases.
  virtual std::string explain() const;

  // True if next_fire_time() runs code from outside the engine. Such a call may block, throw or call back
  // into the API, so stores plan these jobs with no lock held (job_store.h).
  virtual bool calls_out() const { return false; }

  // The name under which the registry makes this trigger from document().
  virtual std::string_view type() const = 0;

  // {"type": type(), ...}: make_trigger() turns it back into an equal trigger (docs/job_document.md).
  virtual Json document() const = 0;
};

using TriggerPtr = std::shared_ptr<const Trigger>;

// trigger.next_fire_time(), for triggers that may come from outside: throws kCallback for an answer that is
// not later than `previous`, which would make a job due for ever, or outside the years 1 to 9999.
std::optional<Instant> next_fire_checked(const Trigger& trigger, std::optional<Instant> previous,
                                         Instant now);

inline constexpr int kMaxBacklogSteps = 10'000;

}  // namespace duetime
