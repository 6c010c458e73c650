// The fields of a cron rule of any dialect compiled to bit masks, and the search for the next civil time that
// matches them. It knows no zone: see cron.cpp for what a wall time means where the clock changes.
//
// A search computes, month by month, the set of matching days as a mask, and takes the lowest bit. Months
// without one are passed over at a few nanoseconds each. The calendar repeats after 400 years, so a rule that
// has no match in so many years has none at all; one that names its years is looked through up to 9999.
//
// Immutable; next_match() allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/triggers/cron_expression.h"

namespace duetime {

class CronSchedule {
 public:
  // A plain number instead of an optional: three nested optionals cost more than the search (measured
  // 2026-11-23: 19 ns of 50, the processor waits for each flag to reach memory and come back).
  static constexpr int64_t kNoMatch = INT64_MAX;

  // Requires: at most one of day and day_of_week has other kinds than ranges and kNthWeekday.
  explicit CronSchedule(const CronFields& fields);

  // The first match at or after `from`, or kNoMatch; both in seconds on the wall clock since 1970-01-01
  // 00:00.
  int64_t next_match(int64_t from) const;

  // True if `*` or `*/n` is among the hours or minutes.
  bool follows_the_clock() const { return follows_the_clock_; }

 private:
  struct Month {
    int year;
    unsigned month;     // 1-12
    int32_t first_day;  // days since 1970-01-01 of its first
    unsigned first_weekday;
    unsigned length;
  };

  void compile_days(const CronFields& fields);
  void compile_end(const std::vector<CronExpression>& expressions);
  void compile_years(const std::vector<CronExpression>& years);

  static Month month_with(int32_t day, unsigned& day_of_month);
  static Month month_of(int year, unsigned month);
  bool has_year(int year) const;
  bool advance(Month& month, int last_year) const;
  uint32_t days_in(const Month& month) const;
  uint32_t days_from_the_end(const Month& month) const;
  uint32_t nearest_workdays(const Month& month) const;
  uint32_t days_of_weeks(const Month& month) const;
  int32_t next_day(int32_t from) const;
  int next_time(unsigned from) const;

  // Bit n stands for the value n; days: bit 0 is the first of the month.
  uint64_t seconds_ = 0;
  uint64_t minutes_ = 0;
  uint64_t weeks_ = 0;
  uint32_t hours_ = 0;
  uint16_t months_ = 0;
  uint32_t two_weeks_ = 0;  // from Monday: the weekdays wanted, if nothing else limits the days
  bool every_week_ = false;
  bool counts_from_the_end_ = false;  // what is below has a day
  bool follows_the_clock_ = false;
  int first_time_ = 0;              // of a day, in seconds
  std::array<uint32_t, 7> days_{};  // by the weekday of the month's first, whatever the month's length
  std::vector<bool> years_;         // from 1970; empty: every year

  // Days that depend on the month's length, and which days of the month these may be.
  uint8_t last_weekdays_ = 0;
  uint32_t last_days_ = 0;      // bit 30 is the last day of the month, bit 29 the one before it
  uint32_t last_workdays_ = 0;  // the workday nearest to it, likewise
  uint32_t workdays_ = 0;       // the workday nearest to the day
  std::array<uint32_t, 7> days_if_from_the_end_{};
};

}  // namespace duetime
