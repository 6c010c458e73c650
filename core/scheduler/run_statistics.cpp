#include "core/scheduler/run_statistics.h"

#include <algorithm>

namespace duetime {

void DurationHistogram::add(Duration duration) {
  const Duration counted = std::max(duration, Duration::zero());  // the clock may have been set back
  const auto bound = std::ranges::lower_bound(kBoundsUs, counted.count());
  ++counts[static_cast<std::size_t>(bound - kBoundsUs.begin())];
  ++count;
  sum += counted;
  max = std::max(max, counted);
}

RunCounts RunStatistics::read() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void RunStatistics::ran(bool succeeded, Duration lateness, Duration duration) {
  const std::lock_guard lock(mutex_);
  ++(succeeded ? counts_.succeeded : counts_.failed);
  counts_.lateness.add(lateness);
  counts_.durations.add(duration);
}

void RunStatistics::add(uint64_t RunCounts::*number, uint64_t count) {
  const std::lock_guard lock(mutex_);
  counts_.*number += count;
}

}  // namespace duetime
