// Days and hours on which nothing shall run: holidays, weekends, maintenance windows. All in wall time, so a
// calendar knows no zone; the trigger that uses it has one.
//
// The days are those that are in `dates`, `yearly` or `weekdays`; a calendar that names none means every day.
// The hours are those of `windows`; a calendar without any means the whole day. What lies in the hours of one
// of the days is excluded. A window whose end is not after its beginning ends on the next day:
// {"weekdays": ["fri"], "windows": ["22:00/06:00"]} lasts until Saturday 06:00.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/time/civil.h"

namespace duetime {

class ExclusionCalendar {
 public:
  // {"dates": ["2026-12-25", "2026-12-27/2026-12-31"], "yearly": ["05-01"], "weekdays": ["sat", "sun"],
  //  "windows": ["12:00/13:30"]}, at least one member. Throws kInvalidArgument naming the value at fault,
  //  also
  // for a calendar that leaves no time at all.
  explicit ExclusionCalendar(const Json& document);

  Json document() const;

  // "Saturdays and Sundays", "2026-12-25 between 12:00 and 13:30"
  std::string explain() const;

  bool excludes(CivilTime time) const;

  // A later time up to which everything is excluded.
  // Requires: excludes(time).
  CivilTime end_of_exclusion(CivilTime time) const;

 private:
  struct Days {
    CivilDay first;
    CivilDay last;
  };
  struct Window {
    std::chrono::seconds begin;
    std::chrono::seconds end;  // may lie on the next day: later than 24 h
  };

  void read_dates(const Json& dates);
  void read_yearly(const Json& days);
  void read_weekdays(const Json& weekdays);
  void read_windows(const Json& windows);
  void check_that_time_is_left() const;

  bool has_day(CivilDay day) const;
  bool is_listed(CivilDay day) const;
  const Window* window_at(CivilTime time, CivilTime& midnight) const;

  std::vector<Days> dates_;            // sorted, apart
  std::array<uint32_t, 13> yearly_{};  // by month: bit n is day n
  uint8_t weekdays_ = 0;               // bit 0 is Monday
  std::vector<Window> windows_;        // as given
  bool any_day_ = false;
};

}  // namespace duetime
