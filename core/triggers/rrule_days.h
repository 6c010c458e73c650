// On which days a recurrence rule falls, whatever the time of day: BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY
// and BYDAY, and INTERVAL as far as it counts days or more.
//
// A search computes, month by month, the set of matching days as a mask, and takes the lowest bit, as cron's
// does; months off the rule's INTERVAL or BYMONTH are not looked at. The calendar ends with 9999, so that the
// longest search, of a rule that never matches, is 120,000 months, 1 ms.
//
// Immutable; next() and in_month() allocate nothing.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/triggers/rrule_day_cycle.h"
#include "core/triggers/rrule_expression.h"
#include "core/triggers/rrule_month.h"

namespace duetime {

class RRuleDays {
 public:
  static constexpr int32_t kNoDay = INT32_MAX;

  // `start` is the day of DTSTART, from which INTERVAL counts, and which stands in for days not given: a
  // yearly rule alone means DTSTART's month and day.
  RRuleDays(const RRuleExpression& rule, int32_t start);

  // For a rule whose interval counts hours or less: leaves only the days of the cycle.
  void limit_to(RRuleDayCycle cycle) { cycle_ = std::move(cycle); }

  // The first day at or after `from`, or kNoDay.
  // Requires: not before the period that has `start`.
  int32_t next(int32_t from) const;

  // The day that has `skipped` matching days before it, from `from` on, or kNoDay.
  int32_t nth(int32_t from, int64_t skipped) const;

  // Bit 0 is the first of the month.
  // Requires: like next().
  uint32_t in_month(const CalendarMonth& month) const {
    return next_month(month.index) == month.index ? mask_of(month) : 0;
  }

 private:
  using YearBits = std::array<uint64_t, 7>;  // bit 0 is 1 January

  void compile_month_days(const std::vector<int>& days);
  void compile_year_days(const std::vector<int>& days);
  void compile_weeks(const std::vector<int>& weeks);
  void compile_weekdays(const std::vector<RRuleWeekday>& weekdays);
  void take_from(const RRuleExpression& rule, const CalendarMonth& month, int32_t start);
  void compile_interval(const RRuleExpression& rule, const CalendarMonth& month, int32_t start);

  int next_month(int index) const;
  int on_interval(int index) const;
  uint32_t mask_of(const CalendarMonth& month) const;
  uint32_t days_of_month(const CalendarMonth& month) const;
  uint32_t days_of_year(const CalendarMonth& month) const;
  uint32_t days_of_weekdays(const CalendarMonth& month) const;
  uint32_t days_of_weeks(const CalendarMonth& month) const;
  bool may_have_weeks(const CalendarMonth& month) const;
  bool has_week(const CalendarMonth& month, int middle) const;

  // Months: every `month_interval_`th from `first_month_` on; of a yearly rule, those of every
  // `year_interval_`th year.
  int first_month_ = 0;
  int64_t month_interval_ = 1;
  int64_t year_interval_ = 1;
  RRuleDayCycle cycle_;

  uint32_t months_ = 0xfff;  // bit 0 is January
  bool limits_month_days_ = false;
  bool limits_year_days_ = false;
  bool limits_weekdays_ = false;
  bool limits_weeks_ = false;
  bool counts_in_month_ = false;         // `2MO` is the second of the month, not of the year
  uint32_t month_days_ = 0;              // bit 0 is the first
  uint32_t last_month_days_ = 0;         // in a month of 31 days
  std::array<YearBits, 2> year_days_{};  // of a common year and a leap year
  uint64_t weeks_ = 0;                   // bit n is week n
  uint64_t last_weeks_ = 0;              // bit n is week -n
  uint64_t near_weeks_ = 0;              // bit n: week n is wanted, or may be as one counted from the end
  int week_start_ = 0;
  std::array<uint32_t, 7> weekday_days_{};  // by the weekday of the month's first
  std::vector<RRuleWeekday> nth_weekdays_;
};

}  // namespace duetime
