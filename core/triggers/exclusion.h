// `not` takes fires away from a trigger: those that fall into calendars of days and hours
// (exclusion_calendar.h), and those at which another trigger fires too. The next fire is then the trigger's
// first one that is left; fires are dropped, never moved.
#pragma once

#include <vector>

#include "core/triggers/exclusion_calendar.h"
#include "core/triggers/trigger.h"

namespace duetime {

struct ExclusionRule {
  TriggerPtr trigger;
  std::vector<ExclusionCalendar> calendars;
  std::vector<TriggerPtr> triggers;  // taken away; an interval among them must have a start
  std::optional<TimeZone> zone;      // of the calendars; that of `trigger` by default
};

// Throws kInvalidArgument, also when there is nothing to take away. next_fire_time() throws kUnsupported when
// kMaxSearchSteps fires in a row were taken away.
TriggerPtr make_exclusion_trigger(const ExclusionRule& rule);
TriggerPtr make_exclusion_trigger(const Json& document);

}  // namespace duetime
