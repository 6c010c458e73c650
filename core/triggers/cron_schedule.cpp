#include "core/triggers/cron_schedule.h"

#include <algorithm>

#include "core/time/civil.h"

namespace duetime {
namespace {

constexpr unsigned kDaySeconds = 86'400;
constexpr int kCycleYears = 400;
constexpr uint32_t kAllDays = 0x7fff'ffff;
constexpr uint32_t kLastBit = 0x4000'0000;  // of last_days_ and last_workdays_
constexpr int32_t kLastDay = 2'932'896;     // 9999-12-31
constexpr int32_t kNoDay = INT32_MAX;
constexpr uint32_t kAllWeekdays = 0x7f;
constexpr uint32_t kTwice = 0x81;              // times a week is two of them
constexpr uint32_t kDaysBefore1970 = 719'468;  // from 0000-03-01

using Kind = CronExpression::Kind;

bool has_wildcard(const std::vector<CronExpression>& expressions) {
  return std::any_of(expressions.begin(), expressions.end(), [](const auto& e) { return e.wildcard; });
}

bool has_ranges_only(const std::vector<CronExpression>& expressions) {
  return std::all_of(expressions.begin(), expressions.end(),
                     [](const auto& e) { return e.kind == Kind::kRange; });
}

// The days (bit 0 is the first) that are one of `weekdays` in a month that begins on `first_weekday`.
uint32_t days_on(uint64_t weekdays, unsigned first_weekday) {
  uint32_t days = 0;
  for (unsigned day = 0; day < 31; ++day) {
    if (weekdays >> ((first_weekday + day) % 7) & 1) days |= uint32_t{1} << day;
  }
  return days;
}

uint32_t nth_days(const std::vector<CronExpression>& expressions, unsigned first_weekday) {
  uint32_t days = 0;
  for (const CronExpression& e : expressions) {
    if (e.kind != Kind::kNthWeekday) continue;
    const uint32_t week = uint32_t{0x7f} << (7 * (e.nth - 1));
    days |= days_on(uint64_t{1} << e.weekday, first_weekday) & week;
  }
  return days & kAllDays;
}

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// Days from 1970-01-01 to 1 January of a year after 0.
int32_t days_before_year(int year) {
  const int y = year - 1;
  return y * 365 + y / 4 - y / 100 + y / 400 - 719'162;
}

constexpr std::array<int16_t, 13> kDaysBefore = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
constexpr std::array<uint8_t, 13> kLength = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

unsigned length_of(int year, unsigned month) {
  return kLength[month] + (month == 2 && is_leap(year) ? 1U : 0U);
}

// Monday is 0; 1970-01-01 was a Thursday.
unsigned weekday_of_day(int32_t day) { return static_cast<unsigned>(day + 3) % 7; }

// Requires: mask != 0
unsigned lowest(uint64_t mask) { return static_cast<unsigned>(__builtin_ctzll(mask)); }

// Set above all values, so that lowest() has a bit to find.
constexpr uint64_t kGuard = uint64_t{1} << 63;

}  // namespace

CronSchedule::CronSchedule(const CronFields& fields)
    : seconds_(values_of(kSecond, fields.of[kSecond])),
      minutes_(values_of(kMinute, fields.of[kMinute])),
      weeks_(values_of(kWeek, fields.of[kWeek])),
      hours_(static_cast<uint32_t>(values_of(kHour, fields.of[kHour]))),
      months_(static_cast<uint16_t>(values_of(kMonth, fields.of[kMonth]))),
      follows_the_clock_(has_wildcard(fields.of[kHour]) || has_wildcard(fields.of[kMinute])) {
  constexpr uint64_t kAllWeeks = (uint64_t{1} << 54) - 2;
  every_week_ = weeks_ == kAllWeeks;
  compile_years(fields.of[kYear]);
  compile_days(fields);
  first_time_ = static_cast<int>(lowest(hours_) * 3600 + lowest(minutes_) * 60 + lowest(seconds_));
}

void CronSchedule::compile_days(const CronFields& fields) {
  const std::vector<CronExpression>& days = fields.of[kDay];
  const std::vector<CronExpression>& weekdays = fields.of[kDayOfWeek];
  const auto plain = static_cast<uint32_t>(values_of(kDay, days) >> 1);
  const uint64_t wanted = values_of(kDayOfWeek, weekdays);
  compile_end(days);
  const bool end_is_of_day = counts_from_the_end_;
  compile_end(weekdays);
  for (unsigned first = 0; first < 7; ++first) {
    const uint32_t by_day = plain | nth_days(days, first);
    const uint32_t by_weekday = days_on(wanted, first) | nth_days(weekdays, first);
    days_[first] = fields.either_day ? by_day | by_weekday : by_day & by_weekday;
    days_if_from_the_end_[first] = fields.either_day ? kAllDays : end_is_of_day ? by_weekday : by_day;
  }
  constexpr uint16_t kAllMonths = 0x1ffe;
  const bool weekdays_decide = plain == kAllDays && has_ranges_only(weekdays) && !counts_from_the_end_;
  if (weekdays_decide && months_ == kAllMonths && every_week_ && years_.empty()) {
    two_weeks_ = (fields.either_day ? kAllWeekdays : static_cast<uint32_t>(wanted)) * kTwice;
  }
}

void CronSchedule::compile_end(const std::vector<CronExpression>& expressions) {
  for (const CronExpression& e : expressions) {
    if (e.kind == Kind::kLastWeekday) last_weekdays_ |= static_cast<uint8_t>(1U << e.weekday);
    if (e.kind == Kind::kLastDay) last_days_ |= kLastBit >> e.before;
    if (e.kind == Kind::kLastWorkday) last_workdays_ |= kLastBit >> e.before;
    if (e.kind == Kind::kNearestWorkday) workdays_ |= uint32_t{1} << (e.day - 1);
  }
  counts_from_the_end_ = (last_weekdays_ | last_days_ | last_workdays_ | workdays_) != 0;
}

void CronSchedule::compile_years(const std::vector<CronExpression>& years) {
  std::vector<bool> set(kLastCronYear - kFirstCronYear + 1);
  for (const CronExpression& e : years) {
    for (int year = e.first; year <= e.last; year += e.step)
      set[static_cast<std::size_t>(year - kFirstCronYear)] = true;
  }
  if (std::find(set.begin(), set.end(), false) != set.end()) years_ = std::move(set);
}

bool CronSchedule::has_year(int year) const {
  return years_.empty() || years_[static_cast<std::size_t>(year - kFirstCronYear)];
}

// Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022):
// multiplications in place of most divisions save 4 ns. Years begin in March, so that 29 February is a last
// day.
CronSchedule::Month CronSchedule::month_with(int32_t day, unsigned& day_of_month) {
  const uint32_t centuries = 4 * (static_cast<uint32_t>(day) + kDaysBefore1970) + 3;
  const uint64_t years = uint64_t{2'939'745} * ((centuries % 146'097) | 3);
  const uint32_t day_of_year = static_cast<uint32_t>(years) / 2'939'745 / 4;
  const uint32_t months = 2'141 * day_of_year + 197'913;
  const bool is_next_year = day_of_year >= 306;
  const uint32_t begun_in = 100 * (centuries / 146'097) + static_cast<uint32_t>(years >> 32);
  const int year = static_cast<int>(begun_in) + (is_next_year ? 1 : 0);
  const unsigned month = (months >> 16) - (is_next_year ? 12 : 0);
  day_of_month = (months & 0xffff) / 2'141 + 1;
  const int32_t first_day = day - static_cast<int32_t>(day_of_month) + 1;
  return {year, month, first_day, weekday_of_day(first_day), length_of(year, month)};
}

CronSchedule::Month CronSchedule::month_of(int year, unsigned month) {
  const int32_t first_day =
      days_before_year(year) + kDaysBefore[month] + (month > 2 && is_leap(year) ? 1 : 0);
  return {year, month, first_day, weekday_of_day(first_day), length_of(year, month)};
}

// To the next month that the rule has. The one that follows at once, the usual case, is a few additions away.
bool CronSchedule::advance(Month& month, int last_year) const {
  const unsigned next = month.month + 1;
  if (months_ >> next & 1) {
    month.first_day += static_cast<int32_t>(month.length);
    month.first_weekday += month.length - 28;
    if (month.first_weekday >= 7) month.first_weekday -= 7;
    month.month = next;
    month.length = length_of(month.year, next);
    return true;
  }
  const uint32_t later = uint32_t{months_} >> next << next;
  if (later != 0) {
    month = month_of(month.year, lowest(later));
    return true;
  }
  int year = month.year + 1;
  while (year <= last_year && !has_year(year)) ++year;
  if (year > last_year) return false;
  month = month_of(year, lowest(months_));
  return true;
}

uint32_t CronSchedule::days_in(const Month& month) const {
  const uint32_t all = kAllDays >> (31 - month.length);
  uint32_t days = days_[month.first_weekday];
  if (counts_from_the_end_) [[unlikely]]
    days |= days_from_the_end(month);
  if (!every_week_) days &= days_of_weeks(month);
  return days & all;
}

[[gnu::noinline]] uint32_t CronSchedule::days_from_the_end(const Month& month) const {
  uint32_t days = last_days_ >> (31 - month.length);
  const uint32_t two_weeks = last_weekdays_ * 0x81U;
  const unsigned weekday = (month.first_weekday + month.length) % 7;  // of the last week's first day
  days |= (two_weeks >> weekday & 0x7f) << (month.length - 7);
  if ((workdays_ | last_workdays_) != 0) days |= nearest_workdays(month);
  return days & days_if_from_the_end_[month.first_weekday];
}

// From a Saturday back to Friday, from a Sunday on to Monday, but never out of the month. A month that does
// not have the day has no workday nearest to it. Kept out of the search, which it would slow down for others.
uint32_t CronSchedule::nearest_workdays(const Month& month) const {
  uint32_t wanted = (workdays_ & (kAllDays >> (31 - month.length))) | last_workdays_ >> (31 - month.length);
  uint32_t days = 0;
  for (; wanted != 0; wanted &= wanted - 1) {
    const unsigned day = lowest(wanted);
    const unsigned weekday = (month.first_weekday + day) % 7;
    unsigned nearest = day;
    if (weekday == 5) nearest = day == 0 ? 2 : day - 1;
    if (weekday == 6) nearest = day + 1 == month.length ? day - 2 : day + 1;
    days |= uint32_t{1} << nearest;
  }
  return days;
}

// Week by week, from the Monday on or before the first. Weeks are numbered anew only around the turn of the
// year.
uint32_t CronSchedule::days_of_weeks(const Month& month) const {
  uint64_t days = 0;  // shifted left by a week, so that the first Monday may lie in the month before
  const bool counts_on = month.month > 1 && month.month < 12;
  int week = 0;
  for (int day = -static_cast<int>(month.first_weekday); day < static_cast<int>(month.length); day += 7) {
    week = counts_on && week != 0 ? week + 1 : iso_week_of(CivilDay{date::days{month.first_day + day}});
    if (weeks_ >> week & 1) days |= uint64_t{0x7f} << (day + 7);
  }
  return static_cast<uint32_t>(days >> 7);
}

int32_t CronSchedule::next_day(int32_t from) const {
  if (from > kLastDay) return kNoDay;
  if (two_weeks_ != 0) {
    const int32_t day = from + static_cast<int32_t>(lowest(two_weeks_ >> weekday_of_day(from)));
    return day > kLastDay ? kNoDay : day;
  }
  unsigned day_of_month = 0;
  Month month = month_with(from, day_of_month);
  uint32_t days = 0;
  if ((months_ >> month.month & 1) != 0 && has_year(month.year)) {
    days = days_in(month) >> (day_of_month - 1) << (day_of_month - 1);
  }
  const int last_year = years_.empty() ? std::min(month.year + kCycleYears, kLastCronYear) : kLastCronYear;
  if (!has_year(month.year)) month.month = 12;  // nothing more in this year
  while (days == 0) {
    if (!advance(month, last_year)) return kNoDay;
    days = days_in(month);
  }
  return month.first_day + static_cast<int32_t>(lowest(days));
}

// The first matching time of day at or after `from`, in seconds; -1 if there is none. Written without
// branches but the last: where in the day a question falls cannot be predicted. A field that has nothing left
// carries one into the next.
int CronSchedule::next_time(unsigned from) const {
  unsigned hour = from / 3600;
  unsigned minute = from / 60 % 60;
  const unsigned second = from % 60;
  const uint64_t seconds = seconds_ >> second;
  minute += seconds == 0 ? 1 : 0;
  const uint64_t minutes = minutes_ >> minute;
  hour += minutes == 0 ? 1 : 0;
  const uint32_t hours = hours_ >> hour;
  const bool later_hour = (hours & 1) == 0 || minutes == 0;
  const bool later_minute = later_hour || (minutes & 1) == 0 || seconds == 0;
  const unsigned h = hour + lowest(hours | kGuard);
  const unsigned m = later_hour ? lowest(minutes_) : minute + lowest(minutes | kGuard);
  const unsigned s = later_minute ? lowest(seconds_) : second + lowest(seconds | kGuard);
  return hours == 0 ? -1 : static_cast<int>(h * 3600 + m * 60 + s);
}

int64_t CronSchedule::next_match(int64_t from) const {
  const auto moment = static_cast<uint64_t>(std::max<int64_t>(from, 0));  // the years begin with 1970
  const auto today = static_cast<int32_t>(moment / kDaySeconds);
  const int time = next_time(static_cast<unsigned>(moment % kDaySeconds));
  const int32_t day = next_day(time < 0 ? today + 1 : today);
  if (day == kNoDay) return kNoMatch;
  return int64_t{day} * kDaySeconds + (day == today ? time : first_time_);
}

}  // namespace duetime
