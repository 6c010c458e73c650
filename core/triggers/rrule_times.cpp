#include "core/triggers/rrule_times.h"

#include <algorithm>
#include <bit>

namespace duetime {
namespace {

uint64_t mask_of(const std::vector<int>& values, bool all_if_empty, int range, int otherwise) {
  if (values.empty()) return all_if_empty ? (uint64_t{1} << range) - 1 : uint64_t{1} << otherwise;
  uint64_t mask = 0;
  for (const int value : values) mask |= uint64_t{1} << value;
  return mask;
}

// `value` and what lies whole intervals away from it.
uint64_t every(int interval, int value) {
  uint64_t mask = 0;
  for (int bit = value % interval; bit < 64; bit += interval) mask |= uint64_t{1} << bit;
  return mask;
}

// Requires: mask has more than `rank` bits.
int bit_at_rank(uint64_t mask, int rank) {
  while (rank-- > 0) mask &= mask - 1;
  return std::countr_zero(mask);
}

int bits_below(uint64_t mask, int bit) { return std::popcount(mask & ((uint64_t{1} << bit) - 1)); }

bool has(uint64_t mask, int bit) { return (mask >> bit & 1) != 0; }

// The first bit at or after `from`, or 64.
int bit_from(uint64_t mask, int from) { return std::countr_zero(mask >> from << from); }

}  // namespace

RRuleTimes::RRuleTimes(const RRuleExpression& rule, int start)
    : hours_(mask_of(rule.hours, rule.frequency >= Frequency::kHourly, 24, start / 3600)),
      minutes_(mask_of(rule.minutes, rule.frequency >= Frequency::kMinutely, 60, start / 60 % 60)),
      seconds_(mask_of(rule.seconds, rule.frequency >= Frequency::kSecondly, 60, start % 60)) {
  if (!counts_interval(rule)) thin_out(rule, start);
}

// What the interval of a frequency must divide so that every day is alike; 0 for days and longer.
int RRuleTimes::divisor(const RRuleExpression& rule) {
  if (rule.frequency < Frequency::kHourly) return 0;
  return rule.frequency == Frequency::kHourly ? 24 : 60;
}

void RRuleTimes::thin_out(const RRuleExpression& rule, int start) {
  if (rule.frequency == Frequency::kHourly) hours_ &= every(rule.interval, start / 3600);
  if (rule.frequency == Frequency::kMinutely) minutes_ &= every(rule.interval, start / 60 % 60);
  if (rule.frequency == Frequency::kSecondly) seconds_ &= every(rule.interval, start % 60);
}

int RRuleTimes::count() const {
  if (!picked_.empty()) return static_cast<int>(picked_.size());
  return std::popcount(hours_) * std::popcount(minutes_) * std::popcount(seconds_);
}

int RRuleTimes::rank(int time) const {
  if (!picked_.empty()) {
    return static_cast<int>(std::lower_bound(picked_.begin(), picked_.end(), time) - picked_.begin());
  }
  const int hour = time / 3600;
  const int minute = time / 60 % 60;
  const int per_minute = std::popcount(seconds_);
  const int per_hour = per_minute * std::popcount(minutes_);
  const int hours_before = bits_below(hours_, hour) * per_hour;
  if (!has(hours_, hour)) return hours_before;
  const int minutes_before = bits_below(minutes_, minute) * per_minute;
  return hours_before + minutes_before + (has(minutes_, minute) ? bits_below(seconds_, time % 60) : 0);
}

int RRuleTimes::at_rank(int rank) const {
  if (!picked_.empty()) return picked_[static_cast<std::size_t>(rank)];
  const int per_minute = std::popcount(seconds_);
  const int per_hour = per_minute * std::popcount(minutes_);
  return bit_at_rank(hours_, rank / per_hour) * 3600 +
         bit_at_rank(minutes_, rank % per_hour / per_minute) * 60 + bit_at_rank(seconds_, rank % per_minute);
}

int RRuleTimes::next(int from) const {
  if (!picked_.empty()) {
    const auto found = std::lower_bound(picked_.begin(), picked_.end(), from);
    return found == picked_.end() ? -1 : *found;
  }
  int hour = from / 3600;
  int minute = from / 60 % 60;
  int second = bit_from(seconds_, from % 60);
  if (second == 64) ++minute;
  const int next_minute = bit_from(minutes_, minute);
  if (next_minute == 64) ++hour;
  const int next_hour = bit_from(hours_, hour);
  if (next_hour == 64) return -1;
  const bool later_hour = next_hour != from / 3600;
  const bool later_minute = later_hour || next_minute != from / 60 % 60;
  if (later_minute) second = std::countr_zero(seconds_);
  minute = later_hour ? std::countr_zero(minutes_) : next_minute;
  return next_hour * 3600 + minute * 60 + second;
}

void RRuleTimes::pick(const RRulePositions& positions, Frequency frequency) {
  if (none()) return;
  if (frequency == Frequency::kDaily) pick_of_day(positions);
  if (frequency == Frequency::kHourly) pick_of_hour(positions);
  if (frequency == Frequency::kMinutely) pick_of_minute(positions);
  if (frequency == Frequency::kSecondly && positions.first_from(0, 1) != 0) seconds_ = 0;
}

void RRuleTimes::pick_of_day(const RRulePositions& positions) {
  const int size = count();
  std::vector<int32_t> times;
  for (int64_t place = positions.first_from(0, size); place < size;
       place = positions.first_from(place + 1, size)) {
    times.push_back(at_rank(static_cast<int>(place)));
  }
  if (times.empty()) seconds_ = 0;
  picked_ = std::move(times);
}

void RRuleTimes::pick_of_hour(const RRulePositions& positions) {
  RRuleTimes first_hour = *this;
  first_hour.hours_ = 1;
  first_hour.pick_of_day(positions);
  if (first_hour.none()) seconds_ = 0;
  std::vector<int32_t> times;
  for (int hour = bit_from(hours_, 0); hour < 24; hour = bit_from(hours_, hour + 1)) {
    for (const int32_t time : first_hour.picked_) times.push_back(hour * 3600 + time);
  }
  picked_ = std::move(times);
}

void RRuleTimes::pick_of_minute(const RRulePositions& positions) {
  const int size = std::popcount(seconds_);
  uint64_t kept = 0;
  for (int64_t place = positions.first_from(0, size); place < size;
       place = positions.first_from(place + 1, size)) {
    kept |= uint64_t{1} << bit_at_rank(seconds_, static_cast<int>(place));
  }
  seconds_ = kept;
}

}  // namespace duetime
