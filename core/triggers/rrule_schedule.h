// A recurrence rule (rrule_expression.h) from its DTSTART on, compiled, and the search for its next wall
// time. It knows no zone: wall_fires.h says what a wall time means where the clock changes.
//
// A match is a day of the rule (rrule_days.h) with a time of the rule (rrule_times.h). Three cases add to
// this:
// - an interval of hours, minutes or seconds that does not fit into the day, such as 7 hours
//   (rrule_interval.h): the search goes to and fro between day, time and interval, each of which answers its
//   next by arithmetic, until the three agree. Days on which they cannot are known by their cycle;
// - BYSETPOS with a year, month or week: the period's days and times are counted, not listed;
// - COUNT: the last match is looked for once, here. EXDATE does not change it.
//
// DTSTART is a match only if it matches the rule, as in dateutil (the RFC leaves the other case undefined).
//
// Immutable; next_match() allocates nothing. Rules that never match are proved so when they are made, in 1 to
// 4 ms at worst: 120,000 months, or 86,400 meetings of an interval with a time of day. After that they cost
// nothing.
#pragma once

#include <cstdint>

#include "core/triggers/rrule_days.h"
#include "core/triggers/rrule_exclusions.h"
#include "core/triggers/rrule_expression.h"
#include "core/triggers/rrule_interval.h"
#include "core/triggers/rrule_positions.h"
#include "core/triggers/rrule_times.h"

namespace duetime {

class RRuleSchedule {
 public:
  static constexpr int64_t kNoMatch = INT64_MAX;

  // `excluded` in seconds since 1970-01-01 00:00 on the wall clock, as all times here.
  RRuleSchedule(const RRuleExpression& rule, WallSecond start, RRuleExclusions excluded);

  // The first match at or after `from`, or kNoMatch.
  int64_t next_match(int64_t from) const;

  // Wall times that come twice are recurrences once, whatever the frequency (RFC 5545, 3.3.5).
  bool follows_the_clock() const { return false; }

 private:
  // In the functions below times are seconds since 0001-01-01 00:00, and so never negative.
  void limit_days_to_interval(const RRuleExpression& rule);
  int64_t last_of(int count) const;
  int64_t last_by_steps(int count) const;
  int64_t following(int64_t match) const;
  int64_t next_in_rule(int64_t from) const;
  int64_t next_in_days(int64_t from) const;
  int64_t next_in_day(int64_t day, int64_t from) const;
  int64_t next_by_position(int64_t from) const;
  int64_t next_in_period(int32_t begin, int32_t end, int64_t from) const;
  int32_t period_begin(int32_t day) const;
  int32_t period_end(int32_t begin) const;
  bool chooses_days() const { return positions_.any() && frequency_ <= Frequency::kWeekly; }

  Frequency frequency_;
  int week_start_;
  int64_t first_;
  int64_t last_;
  RRuleDays days_;
  RRuleTimes times_;
  RRuleInterval interval_;
  RRulePositions positions_;
  RRuleExclusions excluded_;
};

}  // namespace duetime
