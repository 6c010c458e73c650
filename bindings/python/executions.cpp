#include "bindings/python/executions.h"

#include <duetime/plugin.h>

#include <memory>

#include "bindings/python/errors.h"
#include "bindings/python/gil.h"
#include "bindings/python/jobs.h"
#include "bindings/python/strings.h"

namespace duetime::python {
namespace {

class Execution {
 public:
  explicit Execution(duetime_execution* handle) : handle_(handle) {}
  ~Execution() {
    const GilPause pause;
    duetime_execution_destroy(handle_);
  }
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  duetime_execution* get() const { return handle_; }
  void disown() { handle_ = nullptr; }

 private:
  duetime_execution* handle_;
};

py::object job(const Execution& execution) {
  duetime_job* handle = nullptr;
  call_quick([&] { return duetime_execution_job(execution.get(), &handle); });
  return to_job(handle);
}

// (run id, microseconds of the scheduled time, attempt, fence) of each.
py::list runs(const Execution& execution) {
  const duetime_execution* const handle = execution.get();
  py::list runs;
  for (std::size_t i = 0; i < duetime_execution_run_count(handle); ++i) {
    runs.append(py::make_tuple(duetime_execution_run_id(handle, i),
                               duetime_execution_scheduled_time(handle, i),
                               duetime_execution_attempt(handle, i), duetime_execution_fence(handle)));
  }
  return runs;
}

bool may_start(const Execution& execution, std::size_t run) {
  int32_t may = 0;
  call_unlocked([&] { return duetime_execution_may_start(execution.get(), run, &may); });
  return may != 0;
}

bool is_cancelled(const Execution& execution, std::size_t run) {
  return duetime_execution_is_cancelled(execution.get(), run) != 0;
}

void finish(const Execution& execution, std::size_t run, int32_t status, Text kind, Text message,
            Text traceback, py::object result) {
  duetime_run_outcome outcome = DUETIME_RUN_OUTCOME_INIT;
  outcome.status = status;
  outcome.error_kind = kind;
  outcome.error_message = message;
  outcome.traceback = traceback;
  if (!result.is_none()) {
    outcome.result = result.release().ptr();
    outcome.release_result = &release_python_object;
  }
  call_unlocked([&] { return duetime_execution_finish(execution.get(), run, &outcome); });
}

void give_back(const Execution& execution, Text reason) {
  call_unlocked([&] { return duetime_execution_give_back(execution.get(), reason); });
}

struct PythonExecutor {
  PyObject* submit;
  PyObject* shutdown;
};

void release_executor(void* user_data) {
  const std::unique_ptr<PythonExecutor> executor(static_cast<PythonExecutor*>(user_data));
  release_python_object(executor->submit);
  release_python_object(executor->shutdown);
}

int32_t refuse_closing() {
  duetime_plugin_set_error("the Python interpreter is exiting");
  return 1;
}

int32_t submit_to_python(void* user_data, duetime_execution* handle) {
  const GilHold hold;
  if (!hold) return refuse_closing();
  auto owned = std::make_unique<Execution>(handle);
  Execution* const execution = owned.get();
  const py::object given = py::cast(std::move(owned));
  try {
    py::handle(static_cast<PythonExecutor*>(user_data)->submit)(given);
    return 0;
  } catch (py::error_already_set& error) {
    execution->disown();
    duetime_plugin_set_error(error.what());
    return 1;
  }
}

void shut_down_python(void* user_data, int32_t wait) {
  const GilHold hold;
  if (!hold) return;
  try {
    py::handle(static_cast<PythonExecutor*>(user_data)->shutdown)(wait != 0);
  } catch (py::error_already_set& error) {
    discard_callback_error(error, "duetime: shutting down an executor");
  }
}

}  // namespace

void add_python_executor(duetime_scheduler* scheduler, const char* alias, uint32_t capacity,
                         py::object submit, py::object shutdown) {
  duetime_executor_plugin plugin = {};
  plugin.struct_size = sizeof(plugin);
  plugin.capacity = capacity;
  plugin.user_data = new PythonExecutor{submit.release().ptr(), shutdown.release().ptr()};
  plugin.release = &release_executor;
  plugin.submit = &submit_to_python;
  plugin.shutdown = &shut_down_python;
  call_unlocked([&] { return duetime_scheduler_add_executor(scheduler, alias, &plugin); });
}

void bind_executions(py::module_& module) {
  py::class_<Execution>(module, "Execution", "The runs of one claim, for an executor written in Python.")
      .def_property_readonly("job", &job)
      .def_property_readonly("runs", &runs)
      .def("may_start", &may_start, py::arg("run"))
      .def("is_cancelled", &is_cancelled, py::arg("run"))
      .def("finish", &finish, py::arg("run"), py::arg("status"), py::arg("kind") = py::none(),
           py::arg("message") = py::none(), py::arg("traceback") = py::none(), py::arg("result") = py::none())
      .def("give_back", &give_back, py::arg("reason"));
  module.attr("TASK_SUCCEEDED") = static_cast<int>(DUETIME_TASK_SUCCEEDED);
  module.attr("TASK_FAILED") = static_cast<int>(DUETIME_TASK_FAILED);
  module.attr("TASK_CANNOT_RUN") = static_cast<int>(DUETIME_TASK_CANNOT_RUN);
  module.attr("TASK_MISSED") = static_cast<int>(DUETIME_TASK_MISSED);
  module.attr("TASK_REFUSED") = static_cast<int>(DUETIME_TASK_REFUSED);
}

}  // namespace duetime::python
