// Fires every so often on the UTC time line: 24 hours are 24 hours, also across a change of the clock (a wall
// time every day is calendar_interval's or cron's work).
//
// Each fire is the previous one plus the interval, so a late run causes no drift. Before the first, fires lie
// on the grid start + k * interval, at or after `now`; without a start, the first is one interval after
// `now`.
#pragma once

#include <optional>

#include "core/time/time_zone.h"
#include "core/triggers/trigger.h"

namespace duetime {

struct IntervalRule {
  Duration interval;  // at least 1 us
  std::optional<Instant> start;
  std::optional<Instant> end;  // inclusive
  Duration jitter{0};          // not negative
  TimeZone zone;               // for display only
};

// Throws kInvalidArgument naming the member at fault.
TriggerPtr make_interval_trigger(const IntervalRule& rule);
TriggerPtr make_interval_trigger(const Json& document);

// The rule of an interval trigger; nullopt for another.
std::optional<IntervalRule> interval_rule_of(const Trigger& trigger);

}  // namespace duetime
