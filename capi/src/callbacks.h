// The caller's function pointers as the engine's callables. Each keeps its user data until its last copy is
// gone.
#pragma once

#include <duetime/event.h>
#include <duetime/scheduler.h>
#include <duetime/task.h>

#include "capi/src/owned.h"
#include "core/base/log.h"
#include "core/events/event_bus.h"
#include "core/executors/thread_pool.h"
#include "core/jobs/task.h"
#include "core/scheduler/scheduler.h"

namespace duetime::capi {

TaskFunction to_task(duetime_task_fn fn, Owned user_data);
TaskResolver to_task_resolver(duetime_task_resolver_fn fn, Owned user_data);
Listener to_listener(duetime_listener_fn fn, Owned user_data);
LogSink to_log_sink(duetime_log_fn fn, Owned user_data);
ThreadHooks to_thread_hooks(const duetime_thread_hooks& hooks, const Owned& user_data);

}  // namespace duetime::capi
