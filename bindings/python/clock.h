// ManualClock: time that waits for a test.
#pragma once

#include <duetime/clock.h>
#include <pybind11/pybind11.h>

#include <memory>

namespace duetime::python {

namespace py = pybind11;

class ManualClock {
 public:
  explicit ManualClock(const py::object& now);

  duetime_time now() const;
  void advance(duetime_duration by);
  void set(const py::object& now);
  const duetime_clock* get() const { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(duetime_clock* handle) const { duetime_clock_destroy(handle); }
  };
  std::unique_ptr<duetime_clock, Destroy> handle_;
};

void bind_clock(py::module_& module);

}  // namespace duetime::python
