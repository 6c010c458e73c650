// The footer of a TZif file: what the zone does after its last listed transition, in the notation of POSIX's
// TZ variable with RFC 8536's extensions (quoted names, hours from -167 to 167):
//   EST5EDT,M3.2.0,M11.1.0        New York
//   IST-1GMT0,M10.5.0,M3.5.0/1    Dublin, whose "daylight" time is winter, one hour behind
//   <-02>2<-01>,M3.5.0/-1,M10.5.0/0   Nuuk
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace duetime {

// A day of the year by rule, and a time of that day in seconds, which may be negative or beyond 24 hours.
struct PosixDate {
  enum class Kind { kJulian, kZeroBased, kMonthWeekDay };
  Kind kind = Kind::kMonthWeekDay;
  int day =
      0;  // kJulian: 1-365, 29 February never counted; kZeroBased: 0-365; kMonthWeekDay: 0-6, 0 is Sunday
  int month = 0;  // kMonthWeekDay: 1-12
  int week = 0;   // kMonthWeekDay: 1-5, 5 is the last
  int seconds = 7200;
};

struct PosixRule {
  struct Daylight {
    int offset;  // seconds east of UTC
    PosixDate begins;
    PosixDate ends;
  };
  int offset = 0;  // seconds east of UTC
  std::optional<Daylight> daylight;
};

// nullopt if the text is not such a rule.
std::optional<PosixRule> parse_posix_rule(std::string_view text);

// Seconds since 1970-01-01 00:00 on the wall clock at which `date` falls in `year`.
int64_t wall_seconds(const PosixDate& date, int year);

}  // namespace duetime
