// Where claimed runs are executed.
//
// The scheduler hands over Executions; the executor calls run_execution() for each, on a thread of its own
// choice. Everything else - the lateness check, calling the task, recording the end, events - happens in
// there and in the ExecutionHost, so an executor is only a way to get threads. One that cannot use it
// (coroutines, worker processes) calls may_start() and finished() itself, in order, once for each run, from
// whatever threads.
//
// Threads: submit() and free_slots() may be called from any thread, but not after shutdown() began.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/jobs/task.h"

namespace duetime {

// The scheduler's side of an execution. Called from executor threads; never throws.
class ExecutionHost : public Cancellation {
 public:
  // By executors that declines() says may decline: it took the claim.
  virtual void accepted(const ClaimPtr& claim) noexcept = 0;

  // Just before a run's task would start. False: it must not (too late, or the lease has run out); the host
  // has accounted for it.
  virtual bool may_start(const ClaimPtr& claim, std::size_t run_index) noexcept = 0;

  virtual void finished(const ClaimPtr& claim, std::size_t run_index, TaskOutcome outcome, Instant started_at,
                        Instant ended_at) noexcept = 0;

  // The claim was never started: the executor is shutting down.
  virtual void unstarted(const ClaimPtr& claim) noexcept = 0;

  // It was never started because the executor could not take it: it stays due and is tried again, after
  // pauses that grow.
  virtual void given_back(const ClaimPtr& claim, const std::string& reason) noexcept = 0;

  virtual Instant now() const noexcept = 0;
  virtual const std::string& store_alias() const noexcept = 0;
};

struct Execution {
  ClaimPtr claim;
  TaskPtr task;
  std::shared_ptr<ExecutionHost> host;
};

// Runs every run of the claim in turn. A task that throws makes its run fail, nothing else. Answers how long
// it took on the host's clock.
Duration run_execution(const Execution& execution) noexcept;

// Whose task this thread is calling, by run_execution(); null outside of one.
const ExecutionHost* executing_host() noexcept;

class Executor {
 public:
  virtual ~Executor() = default;

  // Called by the scheduler's start(), also after a shutdown().
  virtual void start() = 0;

  // Takes all of them; what cannot be executed any more goes to host->unstarted().
  virtual void submit(std::vector<Execution> executions) = 0;

  // How many more executions are welcome now; the jobs of an executor that wants none stay in their stores,
  // where other nodes may take them.
  virtual std::size_t free_slots() const = 0;

  // Whether it may decline what it is given; then it reports itself what it took.
  virtual bool declines() const { return false; }

  // With `wait`: returns when everything submitted has ended, except an execution that is itself the caller.
  // Without: what was not started goes to host->unstarted(), what is running ends on its own. Idempotent.
  virtual void shutdown(bool wait) noexcept = 0;
};

using ExecutorPtr = std::shared_ptr<Executor>;

}  // namespace duetime
