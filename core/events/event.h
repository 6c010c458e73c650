// What happened, told to listeners by mask. The codes up to 2^16 are APScheduler 3's, with its values; those
// from 2^17 on are ours, so that a listener for APScheduler's EVENT_ALL (131071) sees no surprises.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/time/instant.h"

namespace duetime {

enum EventCode : uint64_t {
  kSchedulerStarted = 1u << 0,
  kSchedulerShutdown = 1u << 1,
  kSchedulerPaused = 1u << 2,
  kSchedulerResumed = 1u << 3,
  kExecutorAdded = 1u << 4,
  kExecutorRemoved = 1u << 5,
  kJobStoreAdded = 1u << 6,
  kJobStoreRemoved = 1u << 7,
  kAllJobsRemoved = 1u << 8,
  kJobAdded = 1u << 9,
  kJobRemoved = 1u << 10,
  kJobModified = 1u << 11,
  kJobExecuted = 1u << 12,
  kJobError = 1u << 13,
  kJobMissed = 1u << 14,
  kJobSubmitted = 1u << 15,
  kJobMaxInstances = 1u << 16,

  kJobAbandoned = 1u << 17,     // its node died, and the job does not ask to run again
  kJobRecovered = 1u << 18,     // its node died; this node runs it again
  kJobParked = 1u << 19,        // cannot be read or run here; left in its store (contract P9)
  kJobTriggerError = 1u << 20,  // its trigger failed; the job is paused
  kStoreError = 1u << 21,       // a store call failed; the lane backs off and tries again
  kStoreRecovered = 1u << 22,
  kClockChanged = 1u << 23,    // the wall clock was set
  kRunLost = 1u << 24,         // a run ended here, but its lease had passed to another node
  kJobSubmitError = 1u << 25,  // its executor could not take it; it stays due and is tried again
};

inline constexpr uint64_t kAllApschedulerEvents = (1u << 17) - 1;
inline constexpr uint64_t kAllEvents = ~uint64_t{0};

// Members that a code does not use are empty.
struct Event {
  uint64_t code = 0;
  std::string alias;  // of the executor or store, for the codes about them
  std::string job_id;
  std::string store;  // alias of the job's store
  std::vector<Instant> scheduled_times;
  int64_t count = 0;  // missed or refused fires, listed or not
  std::string run_id;
  int attempt = 0;
  std::string error_kind;  // class of the task's error
  std::string error;       // its text, or the reason of a parked job or a store error
  std::string traceback;
  std::shared_ptr<void> result;  // the host language's return value or exception
};

}  // namespace duetime
