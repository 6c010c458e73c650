// Fires at the recurrences of an RFC 5545 rule: DTSTART, RRULE, EXDATE and RDATE.
//
// All recurrences are wall times of the trigger's zone, also those of FREQ=HOURLY and below, so that hours
// are counted on the clock on the wall. A wall time that does not exist is read with the offset before the
// gap; one that comes twice is its first (RFC 5545, 3.3.5). In New York FREQ=DAILY;BYHOUR=2;BYMINUTE=30 fires
// at 03:30 EDT on 2026-03-08, and FREQ=HOURLY not for the second time at 01:00 on 2026-11-01.
//
// DTSTART fires only if it matches the rule. COUNT counts what the rule gives from DTSTART on, also what
// EXDATE then takes away. UNTIL is inclusive: an instant if written in UTC, else a wall time of the zone, or
// a whole day. RDATE adds fires, also after UNTIL and COUNT; EXDATE takes away both kinds.
//
// Known differences from dateutil.rrule are listed, with the paragraphs that decide, in
// tests/parity/test_rrule.py.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/time_zone.h"
#include "core/triggers/rrule_wall_time.h"
#include "core/triggers/trigger.h"

namespace duetime {

struct RRuleExclusion {
  WallSecond time;
  bool whole_day = false;  // `time` is its midnight
};

struct RRuleRule {
  std::string rrule;   // "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10": rrule_expression.h
  WallSecond dtstart;  // in `zone`, as the others
  TimeZone zone;
  std::vector<RRuleExclusion> exdates;
  std::vector<WallSecond> rdates;
  std::optional<Instant> start;  // inclusive; nothing fires before it, but COUNT counts
  std::optional<Instant> end;    // inclusive
  Duration jitter{0};
};

// Throws kInvalidArgument.
TriggerPtr make_rrule_trigger(const RRuleRule& rule);
TriggerPtr make_rrule_trigger(const Json& document);

// Reads lines of iCalendar, one RRULE, one DTSTART, and any number of EXDATE and RDATE:
//   DTSTART;TZID=America/New_York:19970902T090000
//   RRULE:FREQ=DAILY;COUNT=10
//   EXDATE;TZID=America/New_York:19970904T090000,19970905T090000
// Long lines may be folded; lines end with CRLF or LF. The zone is DTSTART's: that of its TZID, UTC for a
// `Z`, and `default_zone` if it has neither. EXDATE and RDATE of other zones are converted; with VALUE=DATE
// an EXDATE takes away the whole day, and an RDATE is its midnight. Throws kInvalidArgument, naming the
// property and its place, and kNotFound for an unknown zone.
RRuleRule parse_recurrence(std::string_view text, const TimeZone& default_zone);

}  // namespace duetime
