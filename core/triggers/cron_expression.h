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
#pragma once

#include <string_view>
#include <vector>

#include "core/triggers/cron.h"

namespace duetime {

inline constexpr int kFirstCronYear = 1970;
inline constexpr int kLastCronYear = 9999;

struct CronExpression {
  enum class Kind { kRange, kNthWeekday, kLastWeekday, kLastDay };
  Kind kind = Kind::kRange;
  bool wildcard = false;  // `*` or `*/a`
  int first = 0;          // kRange: first, first + step, ... up to last
  int last = 0;
  int step = 1;
  int nth = 0;      // kNthWeekday: 1-5
  int weekday = 0;  // kNthWeekday, kLastWeekday: 0-6, Monday is 0
};

// Throws kInvalidArgument.
std::vector<CronExpression> parse_cron_field(CronFieldIndex field, std::string_view text);

}  // namespace duetime
