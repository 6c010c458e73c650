// Days that come again every so many days: every third day, the days of every second week, or those on which
// an interval of 7 hours meets 09:00. One bit per day of the cycle; a month's days are cut out at once.
//
// Immutable; in_month() allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

namespace duetime {

class RRuleDayCycle {
 public:
  // Longer cycles are kept as one run of days, not as bits.
  static constexpr int64_t kMaxBits = 100'000;

  // Every day.
  RRuleDayCycle() = default;

  // `run` days from `first` on, and again every `length` days.
  // Requires: 1 <= run <= length, run <= 7.
  RRuleDayCycle(int32_t first, int64_t length, int run) : length_(length), first_(first), run_(run) {
    if (length <= kMaxBits) fill(first, [run](int64_t day) { return day < run; });
  }

  // The days for which `has(day)`, a day from `first` to `first + length - 1`, and those whole cycles away.
  // Requires: length <= kMaxBits.
  template <typename Has>
  static RRuleDayCycle of(int32_t first, int64_t length, Has has) {
    RRuleDayCycle cycle;
    cycle.length_ = length;
    cycle.fill(first, [&](int64_t day) { return has(static_cast<int32_t>(first + day)); });
    return cycle;
  }

  // Bit n stands for the day `first_day + n`; bits from 31 on are not meant.
  uint32_t in_month(int32_t first_day) const {
    if (length_ == 0) return UINT32_MAX;
    return bits_.empty() ? runs(first_day) : cut(static_cast<uint64_t>(first_day % length_));
  }

 private:
  // Bit n is the day n, n + length_ and so on since day 0. A word is added that goes on from the beginning.
  template <typename Has>
  void fill(int32_t first, Has has) {
    bits_.assign(static_cast<std::size_t>(length_ / 64 + 2), 0);
    for (int64_t day = 0; day < length_; ++day) {
      if (!has(day)) continue;
      for (int64_t bit = (first + day) % length_; bit < length_ + 64; bit += length_) {
        bits_[static_cast<std::size_t>(bit / 64)] |= uint64_t{1} << (bit % 64);
      }
    }
  }

  uint32_t cut(uint64_t offset) const {
    const uint64_t low = bits_[offset / 64] >> (offset % 64);
    const uint64_t high = offset % 64 == 0 ? 0 : bits_[offset / 64 + 1] << (64 - offset % 64);
    return static_cast<uint32_t>(low | high);
  }

  // The run that began last, and the next one.
  uint32_t runs(int32_t first_day) const {
    const int64_t since = ((first_day - first_) % length_ + length_) % length_;
    const uint64_t run = (uint64_t{1} << run_) - 1;
    uint64_t days = since < run_ ? run >> since : 0;
    if (length_ - since < 32) days |= run << (length_ - since);
    return static_cast<uint32_t>(days);
  }

  int64_t length_ = 0;  // 0: every day
  int64_t first_ = 0;
  int run_ = 0;
  std::vector<uint64_t> bits_;
};

}  // namespace duetime
