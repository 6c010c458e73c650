#include "bindings/python/tasks.h"

#include <duetime/event.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "bindings/python/errors.h"
#include "bindings/python/gil.h"

namespace duetime::python {
namespace {

constexpr int kLoggingInfo = 20;

// --- workers -------------------------------------------------------------------------------------

class WorkerCount {
 public:
  void add(int change) {
    const std::lock_guard lock(mutex_);
    count_ += change;
    if (count_ == 0) none_.notify_all();
  }
  void wait_for_none() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

// Never destroyed: workers may outlive static objects. Replaced in a forked child, where no worker lives and
// the mutex may have been held by one.
WorkerCount* workers = new WorkerCount;

struct Pool {
  PyObject* logger;
  PyObject* on_start;
};

thread_local const Pool* current_pool = nullptr;
thread_local const duetime_call* current_call = nullptr;
thread_local PyObject* current_callbacks = nullptr;  // of the scheduler whose task that is

void worker_started(void* user_data) {
  workers->add(1);
  current_pool = static_cast<const Pool*>(user_data);
  const GilHold hold;
  if (!hold) return;
  const py::object done = py::reinterpret_steal<py::object>(PyObject_CallNoArgs(current_pool->on_start));
  if (!done) PyErr_WriteUnraisable(current_pool->on_start);
}

void worker_stopping(void*) {
  current_pool = nullptr;
  drop_thread_state();  // the pool counts this worker as gone once this returns, not once its thread has
                        // ended
  workers->add(-1);
}

void release_pool(void* user_data) {
  const std::unique_ptr<Pool> pool(static_cast<Pool*>(user_data));
  release_python_object(pool->logger);
  release_python_object(pool->on_start);
}

// --- one call ------------------------------------------------------------------------------------

struct Task {
  TaskHostPtr host;
  PyObject* callable;  // null: the payload brings it
};

void release_task(void* user_data) {
  const std::unique_ptr<Task> task(static_cast<Task*>(user_data));
  if (task->callable != nullptr) release_python_object(task->callable);
}

py::object stolen(PyObject* object) {
  if (object == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(object);
}

// What is to be called.
struct Invocation {
  py::object callable;
  py::object args;
  py::object kwargs;  // null: none
};

py::object item(const py::object& tuple, Py_ssize_t index) {
  return py::reinterpret_borrow<py::object>(PyTuple_GET_ITEM(tuple.ptr(), index));
}

py::object null_for_none(py::object object) { return object.is_none() ? py::object() : object; }

Invocation live_invocation(void* payload) {
  const auto tuple = py::reinterpret_borrow<py::object>(static_cast<PyObject*>(payload));
  if (!PyTuple_CheckExact(tuple.ptr())) return {tuple, py::tuple(), {}};
  const py::tuple args = item(tuple, 1);  // a list, where the program gave one
  return {item(tuple, 0), args, null_for_none(item(tuple, 2))};
}

Invocation stored_invocation(const Task& task, const duetime_call* call) {
  // The task of objects of Python, which no store keeps: whoever wrote this job meant something else.
  if (task.callable == nullptr)
    throw std::runtime_error("its arguments were to be an object of this process");
  std::size_t size = 0;
  const void* data = duetime_call_payload(call, &size);
  const py::object decoded = py::handle(task.host->callbacks)
                                 .attr("decode")(duetime_call_payload_encoding(call),
                                                 py::bytes(static_cast<const char*>(data), size));
  return {py::reinterpret_borrow<py::object>(task.callable), item(decoded, 0),
          null_for_none(item(decoded, 1))};
}

Invocation invocation_of(const Task& task, const duetime_call* call) {
  void* live = duetime_call_live_payload(call);
  return live != nullptr ? live_invocation(live) : stored_invocation(task, call);
}

void tell(const Task& task, const char* what, const duetime_call* call) {
  py::handle(task.host->callbacks).attr(what)(*description(call));
}

void run(const Task& task, duetime_call* call, const Invocation& invocation) {
  const bool logged = is_logged();
  if (logged) tell(task, "running", call);
  const py::object result =
      stolen(PyObject_Call(invocation.callable.ptr(), invocation.args.ptr(), invocation.kwargs.ptr()));
  if (is_wanted(*task.host, DUETIME_EVENT_JOB_EXECUTED)) set_result(call, result);
  if (logged) tell(task, "succeeded", call);
}

// The Python exception that `body` ended with; null if it did not.
template <class Body>
py::object exception_of(const Body& body) {
  try {
    body();
    return {};
  } catch (py::error_already_set& error) {
    if (error.trace()) PyException_SetTraceback(error.value().ptr(), error.trace().ptr());
    return error.value();
  } catch (const std::exception& error) {
    return py::reinterpret_borrow<py::object>(PyExc_RuntimeError)(error.what());
  }
}

int32_t report_unreadable(duetime_call* call, const py::object& exception) {
  const std::string message = py::str(exception);
  duetime_call_set_error(call, Py_TYPE(exception.ptr())->tp_name,
                         ("its arguments cannot be read here: " + message).c_str(), nullptr);
  return DUETIME_TASK_CANNOT_RUN;
}

int32_t report_failure(const Task& task, duetime_call* call, const py::object& exception) {
  const py::tuple words = py::handle(task.host->callbacks).attr("failed")(*description(call), exception);
  duetime_call_set_error(call, words[0].cast<std::string>().c_str(), words[1].cast<std::string>().c_str(),
                         words[2].cast<std::string>().c_str());
  if (is_wanted(*task.host, DUETIME_EVENT_JOB_ERROR)) set_result(call, exception);
  return DUETIME_TASK_FAILED;
}

int32_t run_reporting(const Task& task, duetime_call* call) {
  Invocation invocation;
  const py::object unreadable = exception_of([&] { invocation = invocation_of(task, call); });
  if (unreadable) return report_unreadable(call, unreadable);
  const py::object failure = exception_of([&] { run(task, call, invocation); });
  return failure ? report_failure(task, call, failure) : DUETIME_TASK_SUCCEEDED;
}

// Reporting itself may fail: an exception's __str__, a logging handler.
int32_t run_guarded(const Task& task, duetime_call* call) {
  try {
    return run_reporting(task, call);
  } catch (const std::exception& error) {
    duetime_call_set_error(call, "RuntimeError", error.what(), nullptr);
    return DUETIME_TASK_FAILED;
  }
}

extern "C" int32_t run_python_task(void* user_data, duetime_call* call) {
  const GilHold hold;
  if (!hold) {
    duetime_call_set_error(call, "RuntimeError", "the Python interpreter is exiting", nullptr);
    return DUETIME_TASK_FAILED;
  }
  const auto& task = *static_cast<const Task*>(user_data);
  const duetime_call* const outer_call = std::exchange(current_call, call);
  PyObject* const outer_callbacks = std::exchange(current_callbacks, task.host->callbacks);
  const int32_t outcome = run_guarded(task, call);
  current_call = outer_call;
  current_callbacks = outer_callbacks;
  share_gil_in_burst();
  return outcome;
}

// --- finding tasks -------------------------------------------------------------------------------

void release_host(void* user_data) { delete static_cast<TaskHostPtr*>(user_data); }

extern "C" int32_t resolve_task(void* user_data, const char* name, duetime_task_fn* out_fn,
                                void** out_user_data, duetime_release_fn* out_release) {
  const GilHold hold;
  if (!hold) return 0;
  const auto& host = *static_cast<const TaskHostPtr*>(user_data);
  try {
    py::object callable = py::handle(host->callbacks).attr("resolve")(name);
    if (callable.is_none()) return 0;
    *out_user_data = new Task{host, callable.release().ptr()};
    *out_fn = &run_python_task;
    *out_release = &release_task;
    return 1;
  } catch (py::error_already_set& error) {
    discard_callback_error(error, "duetime: resolving a task");
    return 0;
  }
}

// (id, job_id, store, scheduled time, attempt, fence, the scheduler's callbacks) of the run that this thread
// is executing, or None.
py::object describe_current_run() {
  const duetime_call* const call = current_call;
  if (call == nullptr) return py::none();
  return py::make_tuple(duetime_call_run_id(call), duetime_call_job_id(call), duetime_call_store(call),
                        duetime_call_scheduled_time(call), duetime_call_attempt(call),
                        duetime_call_fence(call), py::handle(current_callbacks));
}

// None if this thread is not executing that run.
py::object is_cancelled(const std::string& run_id) {
  const duetime_call* const call = current_call;
  if (call == nullptr || run_id != duetime_call_run_id(call)) return py::none();
  return py::bool_(duetime_call_is_cancelled(call) != 0);
}

}  // namespace

TaskHost::~TaskHost() { release_python_object(callbacks); }

void register_tasks(duetime_scheduler* scheduler, const TaskHostPtr& host) {
  call_unlocked([&] {
    return duetime_scheduler_register_task(scheduler, kLiveTask, &run_python_task, new Task{host, nullptr},
                                           &release_task);
  });
  call_unlocked([&] {
    return duetime_scheduler_set_task_resolver(scheduler, &resolve_task, new TaskHostPtr(host),
                                               &release_host);
  });
}

bool is_logged() {
  if (current_pool == nullptr) return false;
  static PyObject* const name = PyUnicode_InternFromString("isEnabledFor");
  static PyObject* const info = PyLong_FromLong(kLoggingInfo);
  return PyObject_IsTrue(stolen(PyObject_CallMethodOneArg(current_pool->logger, name, info)).ptr()) == 1;
}

py::tuple description(const duetime_call* call) {
  const py::object logger =
      current_pool != nullptr ? py::reinterpret_borrow<py::object>(current_pool->logger) : py::none();
  return py::make_tuple(logger, duetime_call_store(call), duetime_call_job_id(call),
                        duetime_call_job_name(call), duetime_call_scheduled_time(call));
}

bool is_wanted(const TaskHost& host, uint64_t event) {
  return (host.wanted_events.load(std::memory_order_relaxed) & event) != 0;
}

void set_result(duetime_call* call, const py::object& result) {
  if (!result.is_none()) duetime_call_set_result(call, result.inc_ref().ptr(), &release_python_object);
}

duetime_thread_hooks pool_thread_hooks(py::object logger, py::object on_start) {
  duetime_thread_hooks hooks = {};
  hooks.struct_size = sizeof(hooks);
  hooks.user_data = new Pool{logger.release().ptr(), on_start.release().ptr()};
  hooks.release = &release_pool;
  hooks.started = &worker_started;
  hooks.stopping = &worker_stopping;
  hooks.busy = [](void*) { take_gil_for_burst(); };
  hooks.idle = [](void*) { end_gil_burst(); };
  return hooks;
}

void add_thread_pool(duetime_scheduler* scheduler, const char* alias, uint32_t worker_count,
                     py::object logger, py::object on_start) {
  const duetime_thread_hooks hooks = pool_thread_hooks(std::move(logger), std::move(on_start));
  call_unlocked([&] { return duetime_scheduler_add_thread_pool(scheduler, alias, worker_count, &hooks); });
}

void wait_for_workers() {
  const GilPause pause;
  workers->wait_for_none();
}

void bind_tasks(py::module_& module) {
  module.attr("LIVE_TASK") = kLiveTask;
  module.def("current_run", &describe_current_run,
             "(id, job_id, store, microseconds of the scheduled time, attempt, fence, callbacks) of the run "
             "that the calling thread executes, or None.");
  module.def("is_cancelled", &is_cancelled, py::arg("run_id"),
             "Whether the run that the calling thread executes is cancelled; None if that is another run.");
  module.def("wait_for_workers", &wait_for_workers,
             "Blocks until every worker thread of every pool has ended.");
  module.def(
      "in_task", [] { return current_call != nullptr; }, "Whether this thread is running a task.");
  module.def("set_closing", &set_closing, py::arg("closing"),
             "Whether threads of the engine must leave the interpreter alone from now on.");
  module.def("after_fork_in_child", [] {
    workers = new WorkerCount;
    forget_holds_of_other_threads();
  });
}

}  // namespace duetime::python
