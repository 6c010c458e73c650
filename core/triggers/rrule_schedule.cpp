#include "core/triggers/rrule_schedule.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/triggers/rrule_period.h"

namespace duetime {
namespace {

constexpr int64_t kDay = 86'400;
constexpr int64_t kTo1970 = kDaysTo1970 * kDay;
constexpr int64_t kEndOfTime = (kLastCalendarDay + 1) * kDay - 1;

int64_t since_year_1(WallSecond time) { return time.time_since_epoch().count() + kTo1970; }

// After 400 years the calendar has had each of its states, and so has every period that the rule visits.
int periods_of_calendar(Frequency frequency) {
  if (frequency == Frequency::kYearly) return 400;
  return frequency == Frequency::kMonthly ? 4800 : 20'871;
}

int64_t seconds_of(Frequency frequency) {
  if (frequency == Frequency::kHourly) return 3600;
  return frequency == Frequency::kMinutely ? 60 : 1;
}

}  // namespace

RRuleSchedule::RRuleSchedule(const RRuleExpression& rule, WallSecond start, RRuleExclusions excluded)
    : frequency_(rule.frequency),
      week_start_(rule.week_start),
      first_(since_year_1(start)),
      last_(rule.until_wall ? std::min(since_year_1(*rule.until_wall), kEndOfTime) : kEndOfTime),
      days_(rule, static_cast<int32_t>(first_ / kDay)),
      times_(rule, static_cast<int>(first_ % kDay)),
      positions_(rule.positions),
      excluded_(std::move(excluded)) {
  if (positions_.any()) times_.pick(positions_, frequency_);
  if (!times_.none() && frequency_ > Frequency::kDaily && RRuleTimes::counts_interval(rule)) {
    limit_days_to_interval(rule);
  }
  const bool never = times_.none() || next_in_rule(first_) == kNoMatch;
  if (never) last_ = first_ - 1;
  if (!never && rule.count) last_ = last_of(*rule.count);
}

// 7 hours meet the same times of day again after 7 days.
void RRuleSchedule::limit_days_to_interval(const RRuleExpression& rule) {
  const int64_t unit = seconds_of(frequency_);
  interval_ = RRuleInterval(unit, rule.interval, first_);
  const int64_t length = unit * rule.interval / std::gcd(unit * rule.interval, kDay);
  if (length > RRuleDayCycle::kMaxBits) return;
  RRuleDayCycle cycle(length);
  const int64_t tomorrow = first_ / kDay + 1;  // the interval has begun
  for (int64_t from = tomorrow * kDay;;) {
    from = interval_.next(from);
    const int64_t day = from / kDay;
    if (day >= tomorrow + length) break;
    if (next_in_day(day, from) != kNoMatch) cycle.add(day);
    from = (day + 1) * kDay;
  }
  days_.limit_to(std::move(cycle));
}

int64_t RRuleSchedule::last_of(int count) const {
  if (chooses_days() || !interval_.is_every()) return last_by_steps(count);
  const int64_t first = next_in_rule(first_);
  const int64_t rank = times_.rank(static_cast<int>(first % kDay)) + int64_t{count} - 1;
  const int32_t day = days_.nth(static_cast<int32_t>(first / kDay), rank / times_.count());
  return day == RRuleDays::kNoDay ? kEndOfTime
                                  : day * kDay + times_.at_rank(static_cast<int>(rank % times_.count()));
}

int64_t RRuleSchedule::last_by_steps(int count) const {
  int64_t match = next_in_rule(first_);
  for (int i = 1; i < count && match != kNoMatch; ++i) match = following(match);
  return std::min(match, kEndOfTime);
}

// Most often on the same day.
int64_t RRuleSchedule::following(int64_t match) const {
  const int64_t same_day = chooses_days() ? kNoMatch : next_in_day(match / kDay, match + 1);
  return same_day == kNoMatch ? next_in_rule(match + 1) : same_day;
}

int64_t RRuleSchedule::next_match(int64_t from) const {
  int64_t time = std::max(from + kTo1970, first_);
  while (time <= last_) {
    const int64_t match = next_in_rule(time);
    if (match > last_) return kNoMatch;
    time = excluded_.next_allowed(match - kTo1970) + kTo1970;
    if (time == match) return match - kTo1970;
  }
  return kNoMatch;
}

int64_t RRuleSchedule::next_in_rule(int64_t from) const {
  return chooses_days() ? next_by_position(from) : next_in_days(from);
}

int64_t RRuleSchedule::next_in_days(int64_t from) const {
  while (true) {
    from = interval_.next(from);
    const int32_t day = from > kEndOfTime ? RRuleDays::kNoDay : days_.next(static_cast<int32_t>(from / kDay));
    if (day == RRuleDays::kNoDay) return kNoMatch;
    const int64_t match = next_in_day(day, std::max(from, day * kDay));
    if (match != kNoMatch) return match;
    from = std::max(from, day * kDay + kDay);
  }
}

// Requires: `from` lies within the day or is its end.
int64_t RRuleSchedule::next_in_day(int64_t day, int64_t from) const {
  const int64_t midnight = day * kDay;
  while (from < midnight + kDay) {
    const int time = times_.next(static_cast<int>(from - midnight));
    if (time < 0) return kNoMatch;
    from = interval_.next(midnight + time);
    if (from == midnight + time) return from;
  }
  return kNoMatch;
}

int64_t RRuleSchedule::next_by_position(int64_t from) const {
  int32_t begin = period_begin(static_cast<int32_t>(from / kDay));
  for (int i = periods_of_calendar(frequency_); i >= 0; --i) {
    const int32_t day = days_.next(std::max(begin, 0));
    if (day == RRuleDays::kNoDay) return kNoMatch;
    begin = period_begin(day);
    const int32_t end = period_end(begin);
    const int64_t match = next_in_period(std::max(begin, 0), end, from);
    if (match != kNoMatch) return match;
    begin = end;
  }
  return kNoMatch;
}

int64_t RRuleSchedule::next_in_period(int32_t begin, int32_t end, int64_t from) const {
  const RRulePeriod period(days_, begin, end);
  const auto day = static_cast<int32_t>(from / kDay);
  const int64_t per_day = times_.count();
  const int before = period.before(day);
  const bool has_day = period.before(day + 1) != before;
  const int64_t rank = before * per_day + (has_day ? times_.rank(static_cast<int>(from % kDay)) : 0);
  const int64_t size = period.count() * per_day;
  const int64_t place = positions_.first_from(rank, size);
  if (place == size) return kNoMatch;
  return period.at_rank(static_cast<int>(place / per_day)) * kDay +
         times_.at_rank(static_cast<int>(place % per_day));
}

// A week may begin before 0001-01-01.
int32_t RRuleSchedule::period_begin(int32_t day) const {
  if (frequency_ == Frequency::kWeekly) return day - (day - week_start_ + 7) % 7;
  const CalendarMonth month = CalendarMonth::with(day);
  return frequency_ == Frequency::kMonthly ? month.first_day : month.first_day - month.year_day;
}

int32_t RRuleSchedule::period_end(int32_t begin) const {
  if (frequency_ == Frequency::kWeekly) return begin + 7;
  const CalendarMonth month = CalendarMonth::with(begin);
  return begin + (frequency_ == Frequency::kMonthly ? month.length : year_length(month.year));
}

}  // namespace duetime
