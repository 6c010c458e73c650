// The expressions of one cron field, in APScheduler 3.11's syntax:
//
//   *  */a  a  a-b  a-b/c  a/c     all fields; a/c runs on to the field's maximum
//   jan  mar-may                   month
//   mon  mon-fri                   day_of_week
//   2nd fri  last sun  last        day
//
// and comma-separated lists of them. What is accepted, and what is said about the rest, is as in 3.11.3. This
// includes its leniency: names are matched from the left and what follows is ignored, so that `mon-fri/2` is
// `mon-fri` and `lastly` is `last`. Programs have such schedules stored; refusing them would stop their jobs.
//
// The other dialects (crontab_expression.h, quartz_expression.h) are read into the same expressions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/triggers/cron.h"

namespace duetime {

inline constexpr int kFirstCronYear = 1970;
inline constexpr int kLastCronYear = 9999;

struct CronExpression {
  enum class Kind {
    kRange,
    kNthWeekday,      // 2nd fri
    kLastWeekday,     // last sun
    kLastDay,         // last; so many days before it
    kNearestWorkday,  // the Monday to Friday nearest to a day, within its month; on Saturday 1 it is Monday 3
    kLastWorkday,     // the Monday to Friday nearest to the last day, or to one so many days before it
  };
  Kind kind = Kind::kRange;
  bool wildcard = false;  // `*` or `*/a`
  int first = 0;          // kRange: first, first + step, ... up to last; past the field's maximum it goes on
  int last = 0;           //         at the minimum, so that Friday to Monday is 4 to 7
  int step = 1;
  int nth = 0;      // kNthWeekday: 1-5
  int weekday = 0;  // kNthWeekday, kLastWeekday: 0-6, Monday is 0
  int day = 0;      // kNearestWorkday: 1-31
  int before = 0;   // kLastDay, kLastWorkday: 0-30
};

// A rule as its dialect's parser leaves it.
struct CronFields {
  std::array<std::vector<CronExpression>, kCronFieldCount> of;
  bool either_day = false;  // a day need match only one of day and day_of_week
};

int minimum_of(CronFieldIndex field);
int maximum_of(CronFieldIndex field);

CronExpression every_value_of(CronFieldIndex field);  // `*`

// The values of all ranges; bit n stands for the value n.
// Requires: field != kYear
uint64_t values_of(CronFieldIndex field, const std::vector<CronExpression>& expressions);

// Throws kInvalidArgument.
std::vector<CronExpression> parse_cron_field(CronFieldIndex field, std::string_view text);

}  // namespace duetime
