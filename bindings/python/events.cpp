#include "bindings/python/events.h"

#include "bindings/python/errors.h"
#include "bindings/python/gil.h"

namespace duetime::python {
namespace {

py::tuple times_of(const duetime_event& event) {
  py::tuple times(event.scheduled_time_count);
  for (std::size_t i = 0; i < event.scheduled_time_count; ++i) times[i] = event.scheduled_times[i];
  return times;
}

py::object result_of(const duetime_event& event) {
  if (event.result == nullptr) return py::none();
  return py::reinterpret_borrow<py::object>(static_cast<PyObject*>(event.result));
}

}  // namespace

void deliver_event(void* user_data, const duetime_event* event) {
  const GilHold hold;
  if (!hold) return;
  try {
    py::handle(static_cast<PyObject*>(user_data))(
        event->code, event->alias, event->job_id, event->store, times_of(*event), event->count, event->run_id,
        event->attempt, event->error_kind, event->error, event->traceback, result_of(*event));
  } catch (py::error_already_set& error) {
    discard_callback_error(error, "duetime: delivering an event");
  }
}

void deliver_log_line(void* user_data, int32_t level, const char* logger, const char* message) {
  const GilHold hold;
  if (!hold) return;
  try {
    py::handle(static_cast<PyObject*>(user_data))(level, logger, message);
  } catch (py::error_already_set& error) {
    discard_callback_error(error, "duetime: writing a log line");
  }
}

void bind_events(py::module_& module) {
  module.attr("EVENT_JOB_REMOVED") = DUETIME_EVENT_JOB_REMOVED;
  module.attr("EVENT_JOB_EXECUTED") = DUETIME_EVENT_JOB_EXECUTED;
}

}  // namespace duetime::python
