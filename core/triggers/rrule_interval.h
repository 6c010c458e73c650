// Every nth hour, minute or second since a first one: the moments that lie in one of them. Moments are
// seconds on the wall clock since 0001-01-01 00:00.
#pragma once

#include <cstdint>

namespace duetime {

class RRuleInterval {
 public:
  // All moments.
  RRuleInterval() = default;

  // `unit` is 3600, 60 or 1, in seconds; `start` lies in the first.
  RRuleInterval(int64_t unit, int64_t interval, int64_t start)
      : unit_(unit), interval_(interval), first_(start - start % unit) {}

  bool is_every() const { return interval_ == 1; }

  // The first moment at or after `from`.
  // Requires: `from` is not before the first unit.
  int64_t next(int64_t from) const {
    if (interval_ == 1) return from;
    const int64_t index = (from - first_) / unit_;
    const int64_t off = index % interval_;
    return off == 0 ? from : first_ + (index + interval_ - off) * unit_;
  }

 private:
  int64_t unit_ = 1;
  int64_t interval_ = 1;
  int64_t first_ = 0;
};

}  // namespace duetime
