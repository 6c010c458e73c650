// What the lanes of one scheduler share. A node is one start of a scheduler: its identity is random and new
// each time (contract P2).
#pragma once

#include <memory>

#include "core/base/log.h"
#include "core/base/uuid.h"
#include "core/events/event_bus.h"
#include "core/scheduler/executor_registry.h"
#include "core/scheduler/scheduler.h"
#include "core/scheduler/task_registry.h"
#include "core/time/clock.h"

namespace duetime {

struct Node {
  Uuid id;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<const Log> log;
  std::shared_ptr<EventBus> events;
  std::shared_ptr<TaskRegistry> tasks;
  std::shared_ptr<ExecutorRegistry> executors;
  SchedulerOptions options;

  CallTime time() const { return {clock->now(), clock->boot_time()}; }
};

}  // namespace duetime
