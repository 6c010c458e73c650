// Events and log lines on their way to Python.
#pragma once

#include <duetime/event.h>
#include <duetime/scheduler.h>
#include <pybind11/pybind11.h>

namespace duetime::python {

namespace py = pybind11;

// A duetime_listener_fn; user_data is a Python callable that takes
// (code, alias, job_id, store, times, count, run_id, attempt, kind, error, traceback, result).
extern "C" void deliver_event(void* user_data, const duetime_event* event);

// A duetime_log_fn; user_data is a Python callable (level, logger, message).
extern "C" void deliver_log_line(void* user_data, int32_t level, const char* logger, const char* message);

void bind_events(py::module_& module);

}  // namespace duetime::python
