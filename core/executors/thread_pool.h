// Threads over one queue; they start when they are first needed and stay until shutdown. The queue welcomes
// as much as keeps the workers busy for some 20 ms, judged by the runs so far.
#pragma once

#include <functional>

#include "core/executors/executor.h"

namespace duetime {

// What a host language needs around its threads. `started` and `stopping` run once per worker; `busy` before
// a worker takes its first task after a wait and `idle` before it waits again, so that Python takes its lock
// once per burst instead of once per task. All run on the worker, no lock held; any may be empty.
struct ThreadHooks {
  std::function<void()> started;
  std::function<void()> stopping;
  std::function<void()> busy;
  std::function<void()> idle;
};

struct ThreadPoolOptions {
  std::size_t workers = 10;  // 1 to 10,000
  ThreadHooks hooks;
};

// Throws kInvalidArgument.
ExecutorPtr make_thread_pool(const ThreadPoolOptions& options = {});

}  // namespace duetime
