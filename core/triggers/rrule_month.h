// A month of the calendar with what a search through its days needs. Days are counted from 0001-01-01, which
// was a Monday, so that all are positive and the weekday is the remainder by 7 (Monday is 0).
#pragma once

#include <array>
#include <cstdint>

#include "core/time/civil.h"

namespace duetime {

inline constexpr int32_t kDaysTo1970 = 719'162;
inline constexpr int32_t kLastCalendarDay = 3'652'058;  // 9999-12-31

constexpr bool is_leap_year(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int year_length(int year) { return is_leap_year(year) ? 366 : 365; }

struct CalendarMonth {
  int index;  // year * 12 + month - 1
  int year;
  int month;          // 1-12
  int32_t first_day;  // since 0001-01-01
  int first_weekday;
  int length;
  int year_day;  // of its first; 1 January is 0

  static constexpr int last_index = 9999 * 12 + 11;

  // Requires: of the years 1 to 9999.
  static CalendarMonth at(int index) {
    constexpr std::array<int16_t, 12> kDaysBefore = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    constexpr std::array<int8_t, 12> kLength = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int year = index / 12;
    const auto month = static_cast<std::size_t>(index % 12);
    const int leap_day = is_leap_year(year) ? 1 : 0;
    const int year_day = kDaysBefore[month] + (month > 1 ? leap_day : 0);
    const int before = year - 1;
    const int32_t first_day = before * 365 + before / 4 - before / 100 + before / 400 + year_day;
    return {index,     year,          static_cast<int>(month) + 1,
            first_day, first_day % 7, kLength[month] + (month == 1 ? leap_day : 0),
            year_day};
  }

  static CalendarMonth with(int32_t day) {
    const date::year_month_day ymd{CivilDay{date::days{day - kDaysTo1970}}};
    return at(static_cast<int>(ymd.year()) * 12 + static_cast<int>(static_cast<unsigned>(ymd.month())) - 1);
  }
};

}  // namespace duetime
