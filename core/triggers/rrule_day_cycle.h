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
  // The longest cycle of which every day may be chosen: 250 KB.
  static constexpr int64_t kMaxBits = 2'000'000;

  // Every day.
  RRuleDayCycle() = default;

  // No day yet, of a cycle that begins anywhere.
  // Requires: 1 <= length <= kMaxBits.
  explicit RRuleDayCycle(int64_t length)
      : length_(length), bits_(static_cast<std::size_t>(length / 64 + 2), 0) {}

  // `run` days from `first` on, and again every `length` days. Long cycles are not kept as bits.
  // Requires: 1 <= run <= length, run <= 7.
  static RRuleDayCycle of_runs(int32_t first, int64_t length, int run) {
    RRuleDayCycle cycle;
    if (length <= kMaxRunBits) {
      cycle = RRuleDayCycle(length);
      for (int day = 0; day < run; ++day) cycle.add(first + day);
    } else {
      cycle.length_ = length;
      cycle.first_ = first;
      cycle.run_ = run;
    }
    return cycle;
  }

  // This day and those whole cycles away. Bits go on for a word after the end of the cycle, so that a month
  // is cut out in one piece wherever it begins.
  // Requires: kept as bits.
  void add(int64_t day) {
    for (int64_t bit = day % length_; bit < length_ + 64; bit += length_) {
      bits_[static_cast<std::size_t>(bit / 64)] |= uint64_t{1} << (bit % 64);
    }
  }

  // Bit n stands for the day `first_day + n`; bits from 31 on are not meant.
  uint32_t in_month(int32_t first_day) const {
    if (length_ == 0) return UINT32_MAX;
    return bits_.empty() ? runs(first_day) : cut(static_cast<uint64_t>(first_day % length_));
  }

 private:
  static constexpr int64_t kMaxRunBits = 4096;

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
  std::vector<uint64_t> bits_;  // bit n is the day n, n + length_ and so on since day 0
};

}  // namespace duetime
