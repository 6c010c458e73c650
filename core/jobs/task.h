// A task is a callable known by name: what a job runs.
//
// Threads: tasks are called from executor threads, several at the same time, with no engine lock held. They
// may call back into the scheduler, shut it down, block, or throw.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/jobs/run.h"

namespace duetime {

// What a task reports. A failure's kind is the name of the error's class in the host language.
struct TaskOutcome {
  enum class Kind {
    kSucceeded,
    kFailed,
    kMissed,     // the executor found that it was too late to start it
    kRefused,    // the executor found that max_instances of the job were running
    kCannotRun,  // its arguments cannot be decoded here: the run is given back unstarted, the job parked
  };
  Kind kind = Kind::kSucceeded;
  std::string error_kind;
  std::string error_message;
  std::string traceback;
  std::shared_ptr<void> result;  // an object of the host language; handed on in the run's event
};

// Whether somebody wants a run to end early. Any thread.
class Cancellation {
 public:
  virtual ~Cancellation() = default;
  virtual bool is_cancelled(const Uuid& run) const noexcept = 0;
};

struct TaskCall {
  const Claim& claim;
  const ClaimedRun& run;
  const std::string& store;  // alias
  const Cancellation& cancellation;

  // The task decides what it makes of it, and when it looks.
  bool is_cancelled() const { return cancellation.is_cancelled(run.id); }
};

using TaskFunction = std::function<TaskOutcome(const TaskCall&)>;
using TaskPtr = std::shared_ptr<const TaskFunction>;

}  // namespace duetime
