// The text of an RFC 5545 recurrence rule (3.3.10), "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10", as numbers.
//
// Read strictly: every part at most once, nothing unknown, letters in either case. Beyond the grammar these
// are refused, as they cannot be meant: COUNT with UNTIL, BYSETPOS without another BY part, and a numbered
// BYDAY (`2MO`) where weekdays cannot be counted (a FREQ below MONTHLY, or YEARLY with BYWEEKNO).
// BY parts that the RFC's table calls not applicable (BYMONTHDAY with WEEKLY; BYYEARDAY with DAILY, WEEKLY
// and MONTHLY; BYWEEKNO with all but YEARLY) limit the days, as in dateutil.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/time/instant.h"
#include "core/triggers/rrule_wall_time.h"

namespace duetime {

enum class Frequency { kYearly, kMonthly, kWeekly, kDaily, kHourly, kMinutely, kSecondly };

// A trigger is made by looking for its last fire, one by one.
inline constexpr int kMaxRRuleCount = 1'000'000;

struct RRuleWeekday {
  int nth;      // 2 is the second, -1 the last, 0 every one
  int weekday;  // Monday is 0

  auto operator<=>(const RRuleWeekday&) const = default;
};

struct RRuleExpression {
  Frequency frequency = Frequency::kYearly;
  int interval = 1;
  std::optional<int> count;
  std::optional<Instant> until;          // inclusive, like the next
  std::optional<WallSecond> until_wall;  // written without a zone; of a day, its last second
  int week_start = 0;                    // Monday is 0

  // Sorted, none twice; empty if there is no such part.
  std::vector<int> seconds, minutes, hours, month_days, year_days, weeks, months, positions;
  std::vector<RRuleWeekday> weekdays;
};

// Throws kInvalidArgument, naming the part, the place and what was expected:
//   rrule "FREQ=DAILY;INTERVAL=0": INTERVAL (column 21): got "0", expected 1 to 2147483647
RRuleExpression parse_rrule(std::string_view text);

}  // namespace duetime
