// How long to wait before trying again: 0.1 s, doubled each time, with jitter so that nodes do not come back
// in step.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/uuid.h"
#include "core/time/instant.h"

namespace duetime {

class Backoff {
 public:
  explicit Backoff(Duration max, Duration first = std::chrono::milliseconds(100))
      : first_(first), max_(max) {}

  Duration next() {
    const Duration full = std::min(max_, first_ * (int64_t{1} << std::min(failures_, kMaxDoublings)));
    ++failures_;
    const auto half = static_cast<uint64_t>(full.count() / 2);
    return full - Duration{static_cast<int64_t>(make_uuid().low % (half + 1))};
  }

  void reset() { failures_ = 0; }
  bool failing() const { return failures_ > 0; }

 private:
  static constexpr int kMaxDoublings = 20;

  Duration first_;
  Duration max_;
  int failures_ = 0;
};

}  // namespace duetime
