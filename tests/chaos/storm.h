// A storm of calls: threads that add, pause, resume, move and remove jobs, each its own ones, while nodes run
// them. What a thread was told must be so when it looks, and is written down for the checker:
//
//   stopped <job> <boot time>    a pause or a removal was acknowledged
//   going <job> <boot time>      a call that makes it run again is about to be made
#pragma once

#include <cstdint>
#include <string>

#include "core/scheduler/scheduler.h"
#include "tests/chaos/run_log.h"

namespace duetime {

struct StormOptions {
  std::string name;  // begins the ids of its jobs
  std::string task;
  uint64_t seed = 0;
  int threads = 4;
  int jobs = 6;  // of each thread
  int calls = 200;
};

// Removes its jobs in the end. False if something was not as it was told; that is on standard error.
bool storm(Scheduler& scheduler, const RunLog& log, const StormOptions& options);

}  // namespace duetime
