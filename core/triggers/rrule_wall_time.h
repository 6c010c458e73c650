// Wall times as text, to the second and without an offset, in two notations:
//   ISO 8601, as documents write them   2026-11-23T09:00:00   a day: 2026-11-23
//   iCalendar (RFC 5545, 3.3.4, 3.3.5)  20261123T090000       a day: 20261123   in UTC: 20261123T080000Z
//
// The second 60 is read as 59 (RFC 5545, 3.3.12): our time has no leap seconds.
#pragma once

#include <date/date.h>

#include <optional>
#include <string>
#include <string_view>

namespace duetime {

// Seconds on the wall clock of some zone since 1970-01-01 00:00 of the same clock.
using WallSecond = date::local_seconds;

struct WrittenTime {
  WallSecond time;
  bool is_day = false;  // then `time` is its midnight
  bool is_utc = false;
};

// nullopt if the text is not in the notation or names no real time of the years 1 to 9999.
std::optional<WrittenTime> read_wall_time(std::string_view text);
std::optional<WrittenTime> read_ical_time(std::string_view text);

std::string to_text(WallSecond time);      // 2026-11-23T09:00:00
std::string day_to_text(WallSecond time);  // 2026-11-23

}  // namespace duetime
