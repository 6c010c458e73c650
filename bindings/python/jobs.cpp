#include "bindings/python/jobs.h"

#include <utility>

#include "bindings/python/errors.h"
#include "bindings/python/gil.h"
#include "bindings/python/times.h"
#include "bindings/python/triggers.h"

namespace duetime::python {
namespace {

// duetime_time from None (paused), a datetime, or the integer FROM_TRIGGER.
duetime_time to_next_run_time(const py::object& value) {
  if (PyLong_Check(value.ptr())) return value.cast<duetime_time>();
  return to_time_or_none(value);
}

duetime_duration to_grace(const py::object& value) {
  return value.is_none() ? DUETIME_DURATION_UNLIMITED : value.cast<duetime_duration>();
}

void set_payload(duetime_job_options& options, const char* encoding, const py::object& payload) {
  if (encoding == nullptr) {
    options.live_payload = payload.inc_ref().ptr();
    options.release_live_payload = &release_python_object;
    return;
  }
  options.payload_encoding = encoding;
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(payload.ptr(), &data, &size) != 0) throw py::error_already_set();
  options.payload = data;
  options.payload_size = static_cast<std::size_t>(size);
}

py::object microseconds_or_none(int64_t value, int64_t none) {
  if (value == none) return py::none();
  return py::int_(value);
}

// (id, name, store, executor, coalesce, max_instances, recover, misfire_grace, next_run_time) in one go,
// because listings read them all.
py::tuple attributes(const Job& job) {
  const duetime_job* handle = job.get();
  return py::make_tuple(duetime_job_id(handle), duetime_job_name(handle), duetime_job_store(handle),
                        duetime_job_executor(handle), duetime_job_coalesce(handle) != 0,
                        duetime_job_max_instances(handle), duetime_job_recover(handle) != 0,
                        microseconds_or_none(duetime_job_misfire_grace(handle), DUETIME_DURATION_UNLIMITED),
                        time_or_none(duetime_job_next_run_time(handle)));
}

py::object live_payload(const Job& job) {
  void* object = duetime_job_live_payload(job.get());
  if (object == nullptr) return py::none();
  return py::reinterpret_borrow<py::object>(static_cast<PyObject*>(object));
}

py::bytes payload(const Job& job) {
  std::size_t size = 0;
  const void* data = duetime_job_payload(job.get(), &size);
  return py::bytes(static_cast<const char*>(data), size);
}

TriggerHandle trigger(const Job& job) {
  duetime_trigger* handle = nullptr;
  call_quick([&] { return duetime_job_trigger(job.get(), &handle); });
  return std::make_unique<Trigger>(handle);
}

template <auto Getter>
auto getter() {
  return [](const Job& job) { return Getter(job.get()); };
}

}  // namespace

py::object time_or_none(duetime_time time) { return microseconds_or_none(time, DUETIME_TIME_NONE); }

py::object to_job(duetime_job* handle) {
  if (handle == nullptr) return py::none();
  return py::cast(std::make_unique<Job>(handle));
}

duetime_job_options job_options(const char* store, const char* id, const char* name, const char* task,
                                const char* executor, bool coalesce, int max_instances, bool recover,
                                bool replace, const py::object& misfire_grace,
                                const py::object& next_run_time, const char* encoding,
                                const py::object& payload) {
  duetime_job_options options = DUETIME_JOB_OPTIONS_INIT;
  options.store = store;
  options.id = id;
  options.name = name;
  options.task = task;
  options.executor = executor;
  options.coalesce = coalesce ? 1 : 0;
  options.max_instances = max_instances;
  options.recover = recover ? 1 : 0;
  options.replace = replace ? 1 : 0;
  options.misfire_grace = to_grace(misfire_grace);
  options.next_run_time = to_next_run_time(next_run_time);
  set_payload(options, encoding, payload);  // last: from here on the options own a reference
  return options;
}

void bind_jobs(py::module_& module) {
  py::class_<Job>(module, "Job", "What a store said about a job at one moment.")
      .def_property_readonly("id", getter<&duetime_job_id>())
      .def_property_readonly("task", getter<&duetime_job_task>())
      .def_property_readonly("store", getter<&duetime_job_store>())
      .def_property_readonly("error", getter<&duetime_job_error>())
      .def_property_readonly("status", getter<&duetime_job_status>())
      .def_property_readonly("revision", getter<&duetime_job_revision>())
      .def_property_readonly(
          "next_run_time", [](const Job& job) { return time_or_none(duetime_job_next_run_time(job.get())); })
      .def_property_readonly("attributes", &attributes)
      .def_property_readonly("payload_encoding", getter<&duetime_job_payload_encoding>())
      .def_property_readonly("payload", &payload)
      .def_property_readonly("live_payload", &live_payload)
      .def_property_readonly("trigger", &trigger);
  module.attr("FROM_TRIGGER") = py::int_(DUETIME_TIME_FROM_TRIGGER);
  module.attr("JOB_UNREADABLE") = static_cast<int>(DUETIME_JOB_UNREADABLE);
  module.attr("JOB_FINISHING") = static_cast<int>(DUETIME_JOB_FINISHING);
  module.attr("JOB_NAME") = static_cast<int>(DUETIME_JOB_NAME);
  module.attr("JOB_TASK") = static_cast<int>(DUETIME_JOB_TASK);
  module.attr("JOB_EXECUTOR") = static_cast<int>(DUETIME_JOB_EXECUTOR);
  module.attr("JOB_COALESCE") = static_cast<int>(DUETIME_JOB_COALESCE);
  module.attr("JOB_MAX_INSTANCES") = static_cast<int>(DUETIME_JOB_MAX_INSTANCES);
  module.attr("JOB_RECOVER") = static_cast<int>(DUETIME_JOB_RECOVER);
  module.attr("JOB_MISFIRE_GRACE") = static_cast<int>(DUETIME_JOB_MISFIRE_GRACE);
  module.attr("JOB_NEXT_RUN_TIME") = static_cast<int>(DUETIME_JOB_NEXT_RUN_TIME);
  module.attr("JOB_PAYLOAD") = static_cast<int>(DUETIME_JOB_PAYLOAD);
}

}  // namespace duetime::python
