#include "core/triggers/cron_schedule.h"

#include <algorithm>
#include <bit>

#include "core/time/civil.h"

namespace duetime {
namespace {

constexpr int kDaySeconds = 86'400;
constexpr int kCycleYears = 400;
constexpr uint32_t kAllDays = 0x7fff'ffff;
constexpr int32_t kLastDay = 2'932'896;  // 9999-12-31

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

struct Date {
  int year;
  unsigned month;
  unsigned day;
};

Date date_of(int32_t day) {
  const date::year_month_day ymd{CivilDay{date::days{day}}};
  return {static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day())};
}

unsigned lowest(uint64_t mask) { return static_cast<unsigned>(std::countr_zero(mask)); }

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

CronSchedule::Month CronSchedule::month_of(int year, unsigned month) {
  const bool leap = is_leap(year);
  const int32_t first = days_before_year(year) + kDaysBefore[month] + (leap && month > 2 ? 1 : 0);
  const auto first_weekday = static_cast<unsigned>(first + 3) % 7;  // 1970-01-01 was a Thursday
  return {year, month, first, first_weekday, kLength[month] + (leap && month == 2 ? 1U : 0U)};
}

std::optional<CronSchedule::Month> CronSchedule::first_month(int year, unsigned month, int last_year) const {
  uint32_t months = uint32_t{months_} >> month << month;
  while (months == 0 || !has_year(year)) {
    if (++year > last_year) return std::nullopt;
    months = months_;
  }
  return month_of(year, lowest(months));
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

// Week by week, from the Monday on or before the first.
uint32_t CronSchedule::days_of_weeks(const Month& month) const {
  uint64_t days = 0;  // shifted left by a week, so that the first Monday may lie in the month before
  for (int day = -static_cast<int>(month.first_weekday); day < static_cast<int>(month.length); day += 7) {
    const int week = iso_week_of(CivilDay{date::days{month.first_day + day}});
    if (weeks_ >> week & 1) days |= uint64_t{0x7f} << (day + 7);
  }
  return static_cast<uint32_t>(days >> 7);
}

std::optional<int32_t> CronSchedule::next_day(int32_t from) const {
  if (from > kLastDay) return std::nullopt;
  if (every_day_) return from;
  const Date start = date_of(from);
  const int last_year = years_.empty() ? std::min(start.year + kCycleYears, kLastCronYear) : kLastCronYear;
  auto month = first_month(start.year, start.month, last_year);
  while (month) {
    uint32_t days = days_in(*month);
    if (month->first_day < from) days = days >> (start.day - 1) << (start.day - 1);
    if (days != 0) return month->first_day + static_cast<int32_t>(lowest(days));
    month = first_month(month->year, month->month + 1, last_year);
  }
  return std::nullopt;
}

// The first matching time of day at or after `from`, in seconds; -1 if there is none.
int CronSchedule::next_time(int from) const {
  const auto hour = static_cast<unsigned>(from) / 3600;
  const auto minute = static_cast<unsigned>(from) / 60 % 60;
  const auto second = static_cast<unsigned>(from) % 60;
  const uint32_t hours = hours_ >> hour << hour;
  if (hours == 0) return -1;
  if ((hours >> hour & 1) != 0) {
    const uint64_t minutes = minutes_ >> minute << minute;
    if ((minutes >> minute & 1) != 0) {
      const uint64_t seconds = seconds_ >> second << second;
      if (seconds != 0) return static_cast<int>(hour * 3600 + minute * 60 + lowest(seconds));
    }
    const uint64_t later = minutes_ >> minute >> 1 << 1 << minute;
    if (later != 0) return static_cast<int>(hour * 3600 + lowest(later) * 60 + lowest(seconds_));
  }
  const uint32_t later = hours_ >> hour >> 1 << 1 << hour;
  if (later == 0) return -1;
  return static_cast<int>(lowest(later) * 3600 + lowest(minutes_) * 60 + lowest(seconds_));
}

std::optional<int64_t> CronSchedule::next_match(int64_t from) const {
  from = std::max<int64_t>(from, 0);  // the years begin with 1970
  const auto today = static_cast<int32_t>(from / kDaySeconds);
  const int now = static_cast<int>(from % kDaySeconds);
  auto day = next_day(today);
  if (!day) return std::nullopt;
  if (*day == today) {
    const int time = next_time(now);
    if (time >= 0) return int64_t{today} * kDaySeconds + time;
    day = next_day(today + 1);
    if (!day) return std::nullopt;
  }
  return int64_t{*day} * kDaySeconds + first_time_;
}

}  // namespace duetime
