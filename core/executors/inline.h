// Executes in the thread that hands over: the lane, or the caller of run_pending(). For tests, simulations
// and programs whose tasks are short.
#pragma once

#include "core/executors/executor.h"

namespace duetime {

ExecutorPtr make_inline_executor();

}  // namespace duetime
