// What a trigger is going to do, with the changes of the clock that people ask about.
#pragma once

#include <optional>
#include <vector>

#include "core/time/time_zone.h"
#include "core/triggers/trigger.h"

namespace duetime {

// Whether the wall time of a fire comes once, or is the first or the second of two.
enum class WallTime { kUnique, kFirstOfTwo, kSecondOfTwo };

struct PreviewedFire {
  Instant time;
  std::chrono::seconds offset;  // of the trigger's zone, then
  WallTime wall_time;
  // The last change of the zone's offset after the fire before (the first: after `now`), up to this fire.
  std::optional<ZoneTransition> transition;
};

// The next `count` fires from `now` on, fewer if the rule is spent before. Throws kCallback for a trigger
// from outside that does not move on, and whatever the trigger throws.
std::vector<PreviewedFire> preview(const Trigger& trigger, Instant now, std::size_t count);

}  // namespace duetime
