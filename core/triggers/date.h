// Fires once, at one instant.
#pragma once

#include "core/time/time_zone.h"
#include "core/triggers/trigger.h"

namespace duetime {

struct DateRule {
  Instant run_time;
  TimeZone zone;  // for display only
};

// Throws kInvalidArgument if run_time is outside the years 1 to 9999.
TriggerPtr make_date_trigger(const DateRule& rule);
TriggerPtr make_date_trigger(const Json& document);

}  // namespace duetime
