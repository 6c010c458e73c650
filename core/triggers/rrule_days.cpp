#include "core/triggers/rrule_days.h"

#include <algorithm>
#include <bit>

namespace duetime {
namespace {

constexpr uint32_t kAllDays = 0x7fff'ffff;

// 0 for January to December: how many months after `index` the next one of `months` is, or 12 - month if the
// year has none.
int months_until(uint32_t months, int index) {
  const int month = index % 12;
  const uint32_t later = months >> month;
  return later == 0 ? 12 - month : std::countr_zero(later);
}

}  // namespace

RRuleDays::RRuleDays(const RRuleExpression& rule, int32_t start) : week_start_(rule.week_start) {
  if (!rule.months.empty()) months_ = 0;
  for (const int month : rule.months) months_ |= uint32_t{1} << (month - 1);
  counts_in_month_ = rule.frequency == Frequency::kMonthly || !rule.months.empty();
  compile_month_days(rule.month_days);
  compile_year_days(rule.year_days);
  compile_weeks(rule.weeks);
  compile_weekdays(rule.weekdays);
  const CalendarMonth month = CalendarMonth::with(start);
  if (!limits_month_days_ && !limits_year_days_ && !limits_weeks_ && !limits_weekdays_) {
    take_from(rule, month, start);
  }
  compile_interval(rule, month, start);
}

void RRuleDays::compile_month_days(const std::vector<int>& days) {
  limits_month_days_ = !days.empty();
  for (const int day : days) {
    uint32_t& mask = day > 0 ? month_days_ : last_month_days_;
    mask |= uint32_t{1} << (day > 0 ? day - 1 : 31 + day);
  }
}

void RRuleDays::compile_year_days(const std::vector<int>& days) {
  limits_year_days_ = !days.empty();
  for (const int leap : {0, 1}) {
    for (const int day : days) {
      const int bit = day > 0 ? day - 1 : 365 + leap + day;
      if (bit < 0 || bit >= 365 + leap) continue;
      year_days_[static_cast<std::size_t>(leap)][static_cast<std::size_t>(bit / 64)] |= uint64_t{1}
                                                                                        << (bit % 64);
    }
  }
}

void RRuleDays::compile_weeks(const std::vector<int>& weeks) {
  limits_weeks_ = !weeks.empty();
  for (const int week : weeks) {
    (week > 0 ? weeks_ : last_weeks_) |= uint64_t{1} << std::abs(week);
    near_weeks_ |= week > 0 ? uint64_t{1} << week : uint64_t{3} << (53 + week);  // -1 is 52 or 53
  }
}

void RRuleDays::compile_weekdays(const std::vector<RRuleWeekday>& weekdays) {
  limits_weekdays_ = !weekdays.empty();
  for (const RRuleWeekday& day : weekdays) {
    if (day.nth != 0) {
      nth_weekdays_.push_back(day);
      continue;
    }
    for (int first = 0; first < 7; ++first) {
      constexpr uint32_t kEverySeventh = 0x1020'4081;
      weekday_days_[static_cast<std::size_t>(first)] |= kEverySeventh << (day.weekday - first + 7) % 7;
    }
  }
}

// What the rule does not say comes from DTSTART.
void RRuleDays::take_from(const RRuleExpression& rule, const CalendarMonth& month, int32_t start) {
  if (rule.frequency == Frequency::kWeekly) compile_weekdays({{0, start % 7}});
  if (rule.frequency > Frequency::kMonthly) return;
  compile_month_days({start - month.first_day + 1});
  if (rule.frequency == Frequency::kYearly && rule.months.empty()) months_ = uint32_t{1} << (month.month - 1);
}

void RRuleDays::compile_interval(const RRuleExpression& rule, const CalendarMonth& month, int32_t start) {
  first_month_ = month.index;
  if (rule.frequency == Frequency::kYearly) year_interval_ = rule.interval;
  if (rule.frequency == Frequency::kMonthly) month_interval_ = rule.interval;
  if (rule.interval == 1) return;
  if (rule.frequency == Frequency::kDaily) cycle_ = RRuleDayCycle::of_runs(start, rule.interval, 1);
  if (rule.frequency == Frequency::kWeekly) {
    const int32_t week = start - (start - week_start_ + 7) % 7;
    cycle_ = RRuleDayCycle::of_runs(week, int64_t{7} * rule.interval, 7);
  }
}

int32_t RRuleDays::next(int32_t from) const {
  if (from > kLastCalendarDay) return kNoDay;
  CalendarMonth month = CalendarMonth::with(from);
  const int day = from - month.first_day;
  uint32_t days = in_month(month) >> day << day;
  while (days == 0) {
    const int index = next_month(month.index + 1);
    if (index > CalendarMonth::last_index) return kNoDay;
    month = CalendarMonth::at(index);
    days = mask_of(month);
  }
  return month.first_day + std::countr_zero(days);
}

int32_t RRuleDays::nth(int32_t from, int64_t skipped) const {
  for (int32_t day = next(from); day != kNoDay;) {
    const CalendarMonth month = CalendarMonth::with(day);
    uint32_t days = in_month(month) >> (day - month.first_day) << (day - month.first_day);
    for (; days != 0; days &= days - 1) {
      if (skipped-- == 0) return month.first_day + std::countr_zero(days);
    }
    day = next(month.first_day + month.length);
  }
  return kNoDay;
}

// The first month at or after `index` that INTERVAL and BYMONTH both have; beyond the last one if there is
// none.
int RRuleDays::next_month(int index) const {
  while (index <= CalendarMonth::last_index) {
    const int next = on_interval(index);
    if (next > CalendarMonth::last_index) return next;
    const int wait = months_until(months_, next);
    if (wait == 0) return next;
    index = next + wait;
  }
  return index;
}

int RRuleDays::on_interval(int index) const {
  if (month_interval_ > 1) {
    const int64_t off = (index - first_month_) % month_interval_;
    if (off != 0)
      return static_cast<int>(
          std::min<int64_t>(index + month_interval_ - off, CalendarMonth::last_index + 1));
  }
  if (year_interval_ > 1) {
    const int64_t off = (index / 12 - first_month_ / 12) % year_interval_;
    if (off != 0)
      return static_cast<int>(
          std::min<int64_t>((index / 12 + year_interval_ - off) * 12, CalendarMonth::last_index + 1));
  }
  return index;
}

uint32_t RRuleDays::mask_of(const CalendarMonth& month) const {
  uint32_t days = kAllDays >> (31 - month.length) & cycle_.in_month(month.first_day);
  if (limits_month_days_) days &= days_of_month(month);
  if (limits_year_days_) days &= days_of_year(month);
  if (limits_weekdays_ && days != 0) days &= days_of_weekdays(month);
  if (limits_weeks_ && days != 0) days &= days_of_weeks(month);
  return days;
}

uint32_t RRuleDays::days_of_month(const CalendarMonth& month) const {
  return month_days_ | last_month_days_ >> (31 - month.length);
}

uint32_t RRuleDays::days_of_year(const CalendarMonth& month) const {
  const YearBits& bits = year_days_[is_leap_year(month.year) ? 1 : 0];
  const auto word = static_cast<std::size_t>(month.year_day / 64);
  const int shift = month.year_day % 64;
  const uint64_t high = shift == 0 ? 0 : bits[word + 1] << (64 - shift);
  return static_cast<uint32_t>(bits[word] >> shift | high);
}

uint32_t RRuleDays::days_of_weekdays(const CalendarMonth& month) const {
  uint32_t days = weekday_days_[static_cast<std::size_t>(month.first_weekday)];
  if (nth_weekdays_.empty()) return days;
  // The span in which weekdays are counted, seen from the first of the month.
  const int begin = counts_in_month_ ? 0 : -month.year_day;
  const int length = counts_in_month_ ? month.length : year_length(month.year);
  const int first = (month.first_day + begin) % 7;
  const int last = (month.first_day + begin + length - 1) % 7;
  for (const RRuleWeekday& day : nth_weekdays_) {
    const int in_span = day.nth > 0 ? (day.weekday - first + 7) % 7 + 7 * (day.nth - 1)
                                    : length - 1 - (last - day.weekday + 7) % 7 + 7 * (day.nth + 1);
    const int in_month = begin + in_span;
    if (in_span < 0 || in_span >= length || in_month < 0 || in_month >= month.length) continue;
    days |= uint32_t{1} << in_month;
  }
  return days;
}

// Week by week, from the one that has the first of the month.
uint32_t RRuleDays::days_of_weeks(const CalendarMonth& month) const {
  if (!may_have_weeks(month)) return 0;
  uint64_t days = 0;  // shifted left by a week, as the first one may begin in the month before
  for (int day = -((month.first_weekday - week_start_ + 7) % 7); day < month.length; day += 7) {
    if (has_week(month, day + 3)) days |= uint64_t{0x7f} << (day + 7);
  }
  return static_cast<uint32_t>(days >> 7);
}

// False if the rule's weeks are months away. February begins in week 5 or 6, and so on; around New Year
// numbers start anew.
bool RRuleDays::may_have_weeks(const CalendarMonth& month) const {
  if (month.month == 1 || month.month == 12) return true;
  return (near_weeks_ >> (month.year_day / 7) & 0x7f) != 0;
}

// A week belongs to the year that has its `middle`, the fourth day: with weeks from Monday, 2026-12-31 is a
// Thursday, and so 2027-01-01 to 03 are in week 53 of 2026, also its week -1.
bool RRuleDays::has_week(const CalendarMonth& month, int middle) const {
  int day = month.year_day + middle;
  int length = year_length(month.year);
  if (day < 0) {
    length = year_length(month.year - 1);
    day += length;
  } else if (day >= length) {
    day -= length;
    length = year_length(month.year + 1);
  }
  return (weeks_ >> (day / 7 + 1) & 1) != 0 || (last_weeks_ >> ((length - 1 - day) / 7 + 1) & 1) != 0;
}

}  // namespace duetime
