// Fires when the civil time of a zone matches a cron rule, written in one of three dialects: APScheduler's
// eight fields (cron_expression.h), which all must match, a crontab line (crontab_expression.h) or an
// expression of Quartz (quartz_expression.h). What a change of the clock does is the rule's policy
// (dst_policy.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/time/time_zone.h"
#include "core/triggers/dst_policy.h"
#include "core/triggers/trigger.h"

namespace duetime {

// Indexes of CronRule::fields, APScheduler's order.
enum CronFieldIndex { kYear, kMonth, kDay, kWeek, kDayOfWeek, kHour, kMinute, kSecond, kCronFieldCount };

extern const std::array<const char*, kCronFieldCount> kCronFieldNames;  // "year", ..., "second"

enum class CronDialect : uint8_t { kApscheduler, kCrontab, kQuartz };

// What documents say without a "dst": APScheduler's own policy for its fields, Vixie cron's for the others.
DstPolicy default_dst(CronDialect dialect);

struct CronRule {
  CronDialect dialect = CronDialect::kApscheduler;
  std::string expression;  // for the dialects of one line; blanks around it do not count
  // For kApscheduler. An empty optional takes APScheduler's default: below the least significant field given
  // the minimum, else `*`; week and day_of_week always `*`.
  std::array<std::optional<std::string>, kCronFieldCount> fields;
  TimeZone zone;
  std::optional<Instant> start;  // inclusive; nothing fires before it, whatever `previous` is
  std::optional<Instant> end;    // inclusive
  Duration jitter{0};
  DstPolicy dst = DstPolicy::kApscheduler;
};

// Throws kInvalidArgument, for APScheduler's fields with the text of 3.11 where it has one: "Error validating
// expression '*/60': the step value (60) is higher than the total range of the expression (59)".
TriggerPtr make_cron_trigger(const CronRule& rule);
TriggerPtr make_cron_trigger(const Json& document);

// The five fields of a crontab line "minute hour day month day_of_week" as APScheduler reads them (Monday is
// 0, day and day_of_week are ANDed). Throws kInvalidArgument: "Wrong number of fields; got 6, expected 5".
CronRule crontab_rule(const std::string& expression);

}  // namespace duetime
