#include "core/triggers/cron_schedule.h"

#include <algorithm>

#include "core/time/civil.h"

namespace duetime {
namespace {

constexpr unsigned kDaySeconds = 86'400;
constexpr int kCycleYears = 400;
constexpr uint32_t kAllDays = 0x7fff'ffff;
constexpr int32_t kLastDay = 2'932'896;  // 9999-12-31
constexpr int32_t kNoDay = INT32_MAX;

using Kind = CronExpression::Kind;

uint64_t mask_of(const std::vector<CronExpression>& expressions) {
  uint64_t mask = 0;
  for (const CronExpression& e : expressions) {
    if (e.kind != Kind::kRange) continue;
    for (int value = e.first; value <= e.last; value += e.step) mask |= uint64_t{1} << value;
  }
  return mask;
}

bool has_wildcard(const std::vector<CronExpression>& expressions) {
  return std::any_of(expressions.begin(), expressions.end(), [](const auto& e) { return e.wildcard; });
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

uint64_t last_weekdays(const std::vector<CronExpression>& expressions) {
  uint64_t weekdays = 0;
  for (const CronExpression& e : expressions) {
    if (e.kind == Kind::kLastWeekday) weekdays |= uint64_t{1} << e.weekday;
  }
  return weekdays;
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

CronSchedule::CronSchedule(const std::array<std::vector<CronExpression>, kCronFieldCount>& fields)
    : seconds_(mask_of(fields[kSecond])),
      minutes_(mask_of(fields[kMinute])),
      weeks_(mask_of(fields[kWeek])),
      hours_(static_cast<uint32_t>(mask_of(fields[kHour]))),
      months_(static_cast<uint16_t>(mask_of(fields[kMonth]))),
      follows_the_clock_(has_wildcard(fields[kHour]) || has_wildcard(fields[kMinute])) {
  constexpr uint64_t kAllWeeks = (uint64_t{1} << 54) - 2;
  every_week_ = weeks_ == kAllWeeks;
  compile_years(fields[kYear]);
  compile_days(fields[kDay], fields[kDayOfWeek]);
  first_time_ = static_cast<int>(lowest(hours_) * 3600 + lowest(minutes_) * 60 + lowest(seconds_));
}

void CronSchedule::compile_days(const std::vector<CronExpression>& days,
                                const std::vector<CronExpression>& weekdays) {
  const auto plain = static_cast<uint32_t>(mask_of(days) >> 1);
  const uint64_t wanted = mask_of(weekdays);
  const uint64_t last = last_weekdays(days);
  for (unsigned first = 0; first < 7; ++first) {
    weekday_days_[first] = days_on(wanted, first);
    days_[first] = (plain | nth_days(days, first)) & weekday_days_[first];
    last_weekday_days_[first] = days_on(last, first);
  }
  has_last_day_ =
      std::any_of(days.begin(), days.end(), [](const auto& e) { return e.kind == Kind::kLastDay; });
  counts_from_the_end_ = has_last_day_ || last != 0;
  constexpr uint16_t kAllMonths = 0x1ffe;
  every_day_ = plain == kAllDays && wanted == 0x7f && months_ == kAllMonths && every_week_ && years_.empty();
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

CronSchedule::Month CronSchedule::month_with(int32_t day, unsigned& day_of_month) {
  const date::year_month_day ymd{CivilDay{date::days{day}}};
  const int year = static_cast<int>(ymd.year());
  const auto month = static_cast<unsigned>(ymd.month());
  day_of_month = static_cast<unsigned>(ymd.day());
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
  if (counts_from_the_end_) {
    const uint32_t last_week = uint32_t{0x7f} << (month.length - 7);
    uint32_t from_end = last_weekday_days_[month.first_weekday] & last_week;
    if (has_last_day_) from_end |= uint32_t{1} << (month.length - 1);
    days |= from_end & weekday_days_[month.first_weekday];
  }
  if (!every_week_) days &= days_of_weeks(month);
  return days & all;
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
  if (every_day_) return from;
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
