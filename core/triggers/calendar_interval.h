// Fires every so many years, months, weeks and days, always at the same time of day, as APScheduler 3.11's
// CalendarIntervalTrigger: from one date to the next, years and months are added first, again and again until
// the date exists (a month after 31 January is 31 March), then weeks and days. A date on which the zone skips
// the time of day is passed over; of a time that comes twice, the first is taken.
//
// Unlike 3.11.3, which answers its start even if that is years ago, the first fire is at or after `now`, as
// its documentation says.
#pragma once

#include <optional>

#include "core/time/time_zone.h"
#include "core/triggers/trigger.h"

namespace duetime {

struct CalendarIntervalRule {
  // None negative, at least one positive, each at most 119,988 (9,999 years in months) or so many days.
  int years = 0;
  int months = 0;
  int weeks = 0;
  int days = 0;
  std::chrono::seconds time_of_day{0};  // 0 to 86,399
  std::optional<CivilDay> start;        // the first date; without it, the one that `now` falls on
  std::optional<CivilDay> end;          // inclusive
  Duration jitter{0};                   // not negative
  TimeZone zone;
};

// Throws kInvalidArgument naming the member at fault; the texts of "interval must be at least 1 day long" and
// "end_date cannot be earlier than start_date" are 3.11.3's.
TriggerPtr make_calendar_interval_trigger(const CalendarIntervalRule& rule);
TriggerPtr make_calendar_interval_trigger(const Json& document);

}  // namespace duetime
