// Threads over one queue; they start when they are first needed and stay until shutdown. The queue welcomes
// as much as keeps the workers busy for some 20 ms, judged by the runs so far.
#pragma once

#include "core/executors/executor.h"
#include "core/executors/thread_hooks.h"

namespace duetime {

struct ThreadPoolOptions {
  std::size_t workers = 10;  // 1 to 10,000
  ThreadHooks hooks;
};

// Throws kInvalidArgument.
ExecutorPtr make_thread_pool(const ThreadPoolOptions& options = {});

}  // namespace duetime
