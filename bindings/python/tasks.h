// Running Python callables as tasks.
#pragma once

#include <duetime/scheduler.h>
#include <duetime/task.h>
#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>

namespace duetime::python {

namespace py = pybind11;

// What tasks need of the Python scheduler they run for; shared by its tasks, outlives them. `callbacks` has
//   resolve(name) -> callable, or None: unknown here
//   decode(encoding, data) -> (args, kwargs)
//   running(logger, store, id, name, scheduled), succeeded(the same)
//   failed(the same, exception) -> (kind, message, traceback)
//   failed_in_worker(the same, exception)
class TaskHost {
 public:
  explicit TaskHost(py::object object) : callbacks(object.release().ptr()) {}
  ~TaskHost();
  TaskHost(const TaskHost&) = delete;
  TaskHost& operator=(const TaskHost&) = delete;

  PyObject* const callbacks;
  std::atomic<uint64_t> wanted_events{0};  // results nobody listens for are not handed on
};

using TaskHostPtr = std::shared_ptr<TaskHost>;

// The name under which jobs run whose payload is the tuple (callable, args, kwargs or None) itself, or the
// callable alone.
inline constexpr const char* kLiveTask = "python:live";

// Registers kLiveTask and the resolver for all other names.
void register_tasks(duetime_scheduler* scheduler, const TaskHostPtr& host);

// For threads of pools that call Python: they keep its lock from task to task and log to `logger`. `on_start`
// is called first on each.
duetime_thread_hooks pool_thread_hooks(py::object logger, py::object on_start);

// Whether such a thread's pool logs runs. Requires: the lock is held, as for what follows.
bool is_logged();

// (logger, store, id, name, scheduled): what log lines are made from.
py::tuple description(const duetime_call* call);

// Whether anybody listens for such events, and their results. set_result() hands one on.
bool is_wanted(const TaskHost& host, uint64_t event);
void set_result(duetime_call* call, const py::object& result);

// A pool whose workers keep the interpreter's lock from task to task and log to `logger`. `on_start` is
// called on each new worker.
void add_thread_pool(duetime_scheduler* scheduler, const char* alias, uint32_t workers, py::object logger,
                     py::object on_start);

// Blocks until every worker of every pool has ended.
void wait_for_workers();

void bind_tasks(py::module_& module);

}  // namespace duetime::python
