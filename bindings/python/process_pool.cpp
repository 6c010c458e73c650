#include "bindings/python/process_pool.h"

#include <duetime/event.h>

#include <memory>
#include <utility>

#include "bindings/python/errors.h"
#include "bindings/python/gil.h"

namespace duetime::python {
namespace {

struct Hooks {
  TaskHostPtr host;
  PyObject* codec;
};

const Hooks& hooks_of(void* user_data) { return *static_cast<const Hooks*>(user_data); }

void release_hooks(void* user_data) {
  const std::unique_ptr<Hooks> hooks(static_cast<Hooks*>(user_data));
  release_python_object(hooks->codec);
}

// Kind, text and traceback of what Python raised while it worked for the pool itself.
void set_error(duetime_call* call, const std::exception& error) {
  duetime_call_set_error(call, "RuntimeError", error.what(), nullptr);
}

void starting(void* user_data, duetime_call* call) {
  const GilHold hold;
  if (!hold || !is_logged()) return;
  try {
    py::handle(hooks_of(user_data).host->callbacks).attr("running")(*description(call));
  } catch (py::error_already_set& error) {
    discard_callback_error(error, "duetime: logging a run");
  }
}

int32_t encode(void* user_data, duetime_call* call) {
  const GilHold hold;
  if (!hold) return DUETIME_TASK_FAILED;
  try {
    const py::handle payload(static_cast<PyObject*>(duetime_call_live_payload(call)));
    const py::tuple encoded = py::handle(hooks_of(user_data).codec).attr("encode")(payload);
    if (encoded[0].is_none()) {
      duetime_call_set_error(call, encoded[1].cast<std::string>().c_str(),
                             encoded[2].cast<std::string>().c_str(), nullptr);
      return DUETIME_TASK_FAILED;
    }
    const std::string_view bytes = py::bytes(encoded[0]);
    duetime_call_set_payload(call, "pickle", bytes.data(), bytes.size());
    return DUETIME_TASK_SUCCEEDED;
  } catch (const std::exception& error) {
    set_error(call, error);
    return DUETIME_TASK_FAILED;
  }
}

py::bytes result_of(const duetime_worker_outcome* outcome) {
  return {static_cast<const char*>(outcome->result), outcome->result_size};
}

void succeed(const Hooks& hooks, duetime_call* call, const duetime_worker_outcome* outcome) {
  if (outcome->result_size > 0 && is_wanted(*hooks.host, DUETIME_EVENT_JOB_EXECUTED)) {
    set_result(call, py::handle(hooks.codec).attr("decode")(result_of(outcome)));
  }
  if (is_logged()) py::handle(hooks.host->callbacks).attr("succeeded")(*description(call));
}

void fail(const Hooks& hooks, duetime_call* call, const py::object& exception) {
  if (is_wanted(*hooks.host, DUETIME_EVENT_JOB_ERROR)) set_result(call, exception);
  py::handle(hooks.host->callbacks).attr("failed_in_worker")(*description(call), exception);
}

py::object exception_of(const Hooks& hooks, const duetime_worker_outcome* outcome) {
  return py::handle(hooks.codec)
      .attr("decode_error")(outcome->error_kind, outcome->error_message, outcome->traceback,
                            result_of(outcome));
}

// A value that cannot be made here makes the run fail.
int32_t end(const Hooks& hooks, duetime_call* call, const duetime_worker_outcome* outcome) {
  if (outcome->status == DUETIME_TASK_CANNOT_RUN) return outcome->status;
  if (outcome->status == DUETIME_TASK_FAILED) {
    fail(hooks, call, exception_of(hooks, outcome));
    return outcome->status;
  }
  try {
    succeed(hooks, call, outcome);
    return outcome->status;
  } catch (py::error_already_set& error) {
    duetime_call_set_error(call, Py_TYPE(error.value().ptr())->tp_name, error.what(), nullptr);
    fail(hooks, call, error.value());
    return DUETIME_TASK_FAILED;
  }
}

int32_t ended(void* user_data, duetime_call* call, const duetime_worker_outcome* outcome) {
  const GilHold hold;
  if (!hold) return outcome->status;
  int32_t status = DUETIME_TASK_FAILED;
  try {
    status = end(hooks_of(user_data), call, outcome);
  } catch (const std::exception& error) {
    set_error(call, error);
  }
  share_gil_in_burst();
  return status;
}

}  // namespace

void add_process_pool(duetime_scheduler* scheduler, const char* alias, const ProcessPool& pool,
                      const TaskHostPtr& host, py::object codec, py::object logger, py::object on_start) {
  std::vector<const char*> argv;
  for (const std::string& text : pool.argv) argv.push_back(text.c_str());
  argv.push_back(nullptr);
  const duetime_thread_hooks thread_hooks = pool_thread_hooks(std::move(logger), std::move(on_start));
  duetime_process_pool_options options = DUETIME_PROCESS_POOL_OPTIONS_INIT;
  options.workers = pool.workers;
  options.argv = argv.data();
  options.setup = pool.setup.data();
  options.setup_size = pool.setup.size();
  options.max_tasks_per_child = pool.max_tasks_per_child;
  options.timeout = pool.timeout;
  options.thread_hooks = &thread_hooks;
  options.user_data = new Hooks{host, codec.release().ptr()};
  options.release = &release_hooks;
  options.starting = &starting;
  options.encode = &encode;
  options.ended = &ended;
  call_unlocked([&] { return duetime_scheduler_add_process_pool(scheduler, alias, &options); });
}

}  // namespace duetime::python
