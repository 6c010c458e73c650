// Job snapshots, and what a job is made from.
#pragma once

#include <duetime/job.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <string>

namespace duetime::python {

namespace py = pybind11;

// What a store said about a job at one moment.
class Job {
 public:
  explicit Job(duetime_job* handle) : handle_(handle) {}

  const duetime_job* get() const { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(duetime_job* handle) const { duetime_job_destroy(handle); }
  };
  std::unique_ptr<duetime_job, Destroy> handle_;
};

// The job, or None where the library answered none.
py::object to_job(duetime_job* handle);

// Microseconds, or None for DUETIME_TIME_NONE.
py::object time_or_none(duetime_time time);

// The members of duetime_job_options that Python sends. Borrows from its arguments: it must not outlive them.
//
// `payload` is bytes with an encoding, or any object with the encoding None: that object itself travels
// (memory stores only), and the options own a reference that the library releases.
duetime_job_options job_options(const char* store, const char* id, const char* name, const char* task,
                                const char* executor, bool coalesce, int max_instances, bool recover,
                                bool replace, const py::object& misfire_grace,
                                const py::object& next_run_time, const char* encoding,
                                const py::object& payload);

void bind_jobs(py::module_& module);

}  // namespace duetime::python
