// duetime._native: the C ABI as Python sees it. python/duetime/_native.pyi describes the module; programs use
// the package `duetime` above it.
#include <duetime/common.h>
#include <pybind11/pybind11.h>

#include "bindings/python/clock.h"
#include "bindings/python/errors.h"
#include "bindings/python/events.h"
#include "bindings/python/executions.h"
#include "bindings/python/ids.h"
#include "bindings/python/jobs.h"
#include "bindings/python/scheduler.h"
#include "bindings/python/tasks.h"
#include "bindings/python/times.h"
#include "bindings/python/triggers.h"

PYBIND11_MODULE(_native, module) {
  module.doc() = "The duetime engine.";
  module.attr("__version__") = duetime_version_string();
  duetime::python::bind_errors(module);
  duetime::python::bind_times(module);
  duetime::python::bind_ids(module);
  duetime::python::bind_triggers(module);
  duetime::python::bind_clock(module);
  duetime::python::bind_jobs(module);
  duetime::python::bind_tasks(module);
  duetime::python::bind_executions(module);
  duetime::python::bind_events(module);
  duetime::python::bind_scheduler(module);
}
