// The engine's scheduler for Python. It runs Python callables, and knows nothing of APScheduler: names, texts
// and defaults are the Python layer's.
//
// Every call that can block lets go of the interpreter's lock. Times are datetimes or microseconds, stores
// and executors are aliases, None for a store means all of them.
#pragma once

#include <duetime/scheduler.h>
#include <pybind11/pybind11.h>

#include <memory>

#include "bindings/python/tasks.h"

namespace duetime::python {

namespace py = pybind11;

class Scheduler {
 public:
  Scheduler(duetime_scheduler* handle, TaskHostPtr host) : handle_(handle), host_(std::move(host)) {}

  duetime_scheduler* get() const { return handle_.get(); }
  TaskHost& host() { return *host_; }
  const TaskHostPtr& shared_host() const { return host_; }

  // Replaces the listener; `mask` 0 removes it.
  void set_listener(py::object callback, uint64_t mask);

 private:
  // Joins the engine's threads, which may be waiting for the interpreter's lock.
  struct Destroy {
    void operator()(duetime_scheduler* handle) const;
  };

  std::unique_ptr<duetime_scheduler, Destroy> handle_;
  TaskHostPtr host_;
  uint64_t listener_ = 0;
};

void bind_scheduler(py::module_& module);

}  // namespace duetime::python
