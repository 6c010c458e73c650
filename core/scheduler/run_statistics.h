// What has become of a store's runs on this node since its start, in numbers. Counted where listeners are
// told (run_events.h), but never dropped.
//
// Threads: any thread may count and read.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <utility>

#include "core/time/instant.h"

namespace duetime {

// How durations are spread: each bucket counts those of at most its bound, beyond the bucket before.
struct DurationHistogram {
  static constexpr std::array<int64_t, 12> kBoundsUs{1'000,      5'000,      10'000,      50'000,
                                                     100'000,    500'000,    1'000'000,   5'000'000,
                                                     10'000'000, 60'000'000, 600'000'000, 3'600'000'000};

  std::array<uint64_t, kBoundsUs.size() + 1> counts{};  // the last: beyond every bound
  uint64_t count = 0;
  Duration sum{0};
  Duration max{0};

  void add(Duration duration);
};

struct RunCounts {
  uint64_t succeeded = 0;
  uint64_t failed = 0;
  uint64_t missed = 0;          // fires, listed or not
  uint64_t refused = 0;         // fires
  uint64_t abandoned = 0;       // of dead nodes, ended by this one
  uint64_t recovered = 0;       // of dead nodes, run again by this one
  uint64_t lost = 0;            // ended here after the lease had passed on
  DurationHistogram lateness;   // of those that ran: start - scheduled time
  DurationHistogram durations;  // of those that ran: end - start
};

// The plain numbers by name, as reports have them.
inline constexpr std::array kRunCountNames = {std::pair{"succeeded", &RunCounts::succeeded},
                                              std::pair{"failed", &RunCounts::failed},
                                              std::pair{"missed", &RunCounts::missed},
                                              std::pair{"refused", &RunCounts::refused},
                                              std::pair{"abandoned", &RunCounts::abandoned},
                                              std::pair{"recovered", &RunCounts::recovered},
                                              std::pair{"lost", &RunCounts::lost}};

class RunStatistics {
 public:
  RunCounts read() const;

  void ran(bool succeeded, Duration lateness, Duration duration);

  // To one of the plain numbers: add(&RunCounts::missed, 3).
  void add(uint64_t RunCounts::*number, uint64_t count = 1);

 private:
  mutable std::mutex mutex_;
  RunCounts counts_;
};

}  // namespace duetime
