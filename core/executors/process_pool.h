// Workers that are processes: programs of any language that speak docs/worker_protocol.md. They start when
// they are first needed and stay until shutdown.
//
// A worker that dies takes with it the run it was executing and nothing else: that run fails, what waited for
// the worker goes to others, and a new one takes its place. A worker that cannot get ready fails the run that
// it was started for, so that a broken program gives errors instead of silence.
//
// One thread, the foreman, speaks with all workers; it calls the hooks. The workers end with the process,
// whatever ends it; in a forked child the pool does nothing.
#pragma once

#include <functional>

#include "core/executors/executor.h"
#include "core/executors/thread_hooks.h"
#include "core/executors/worker_messages.h"

namespace duetime {

// What the host language does on its side. Called by the foreman, no lock held; any may be empty. What they
// throw makes the run fail.
struct ProcessPoolHooks {
  ThreadHooks thread;

  // The bytes of a live payload. False: the run fails with `error`. Without it, jobs that have one fail.
  std::function<bool(const TaskCall&, WorkerPayload& payload, WorkerOutcome& error)> encode;

  // The run goes to a worker.
  std::function<void(const TaskCall&)> starting;

  // What came of it, also when its worker died. Empty: as the worker says, without a result.
  std::function<TaskOutcome(const TaskCall&, WorkerOutcome)> ended;
};

struct ProcessPoolOptions {
  std::vector<std::string> argv;     // the worker program and its arguments; argv[0] is looked up in PATH
  std::string setup;                 // what each worker is told first
  std::size_t workers = 10;          // 1 to 1,000
  uint64_t max_tasks_per_child = 0;  // a worker is replaced after so many runs; 0: never
  Duration timeout{0};               // of a run, whose worker is killed; 0: none
  ProcessPoolHooks hooks;
};

// Throws kInvalidArgument.
ExecutorPtr make_process_pool(ProcessPoolOptions options);

// The kinds of the errors that are the pool's own.
inline constexpr const char* kBrokenProcessPool = "BrokenProcessPool";  // the worker died, or never got ready
inline constexpr const char* kTimeoutError = "TimeoutError";
inline constexpr const char* kPayloadError = "PayloadError";  // the job's arguments cannot leave this process

}  // namespace duetime
