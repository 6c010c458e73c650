// The matching days of one period of a recurrence rule, a year, a month or a week, in order: what BYSETPOS
// counts in. Lives on the stack of a search.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "core/triggers/rrule_days.h"

namespace duetime {

class RRulePeriod {
 public:
  // Requires: at most a year; from `begin` up to, but not with, `end`.
  RRulePeriod(const RRuleDays& days, int32_t begin, int32_t end) {
    for (int index = CalendarMonth::with(begin).index; index <= CalendarMonth::last_index; ++index) {
      const CalendarMonth month = CalendarMonth::at(index);
      if (month.first_day >= end) break;
      months_[size_++] = {month.first_day,
                          within(days.in_month(month), begin - month.first_day, end - month.first_day)};
    }
  }

  int count() const { return before(INT32_MAX); }

  int before(int32_t day) const {
    int count = 0;
    for (std::size_t i = 0; i < size_ && months_[i].first_day < day; ++i) {
      count += std::popcount(within(months_[i].days, 0, day - months_[i].first_day));
    }
    return count;
  }

  // Requires: rank < count().
  int32_t at_rank(int rank) const {
    std::size_t i = 0;
    for (; rank >= std::popcount(months_[i].days); ++i) rank -= std::popcount(months_[i].days);
    uint32_t days = months_[i].days;
    while (rank-- > 0) days &= days - 1;
    return months_[i].first_day + std::countr_zero(days);
  }

 private:
  struct Days {
    int32_t first_day;
    uint32_t days;
  };

  static uint32_t within(uint32_t days, int32_t begin, int32_t end) {
    if (begin > 0) days = days >> begin << begin;
    return end >= 32 ? days : days & ((uint32_t{1} << end) - 1);
  }

  std::array<Days, 12> months_;
  std::size_t size_ = 0;
};

}  // namespace duetime
