// Pools of worker processes that run Python.
#pragma once

#include <duetime/process_pool.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bindings/python/tasks.h"

namespace duetime::python {

// How a process pool of Python is made. `codec` has
//   encode(payload) -> the bytes of a live payload
//   decode(bytes) -> a return value
//   decode_error(kind, message, traceback, bytes) -> an exception
struct ProcessPool {
  std::vector<std::string> argv;
  std::string setup;
  uint32_t workers;
  uint64_t max_tasks_per_child;
  duetime_duration timeout;
};

// Logs to `logger`; `on_start` is called on the thread that speaks with the workers.
void add_process_pool(duetime_scheduler* scheduler, const char* alias, const ProcessPool& pool,
                      const TaskHostPtr& host, py::object codec, py::object logger, py::object on_start);

}  // namespace duetime::python
