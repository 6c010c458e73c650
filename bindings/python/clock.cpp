#include "bindings/python/clock.h"

#include <chrono>

#include "bindings/python/errors.h"
#include "bindings/python/times.h"

namespace duetime::python {

ManualClock::ManualClock(const py::object& now) {
  const duetime_time start = to_time(now);
  duetime_clock* handle = nullptr;
  call_quick([&] { return duetime_clock_create_manual(start, &handle); });
  handle_.reset(handle);
}

duetime_time ManualClock::now() const {
  duetime_time now = 0;
  call_quick([&] { return duetime_clock_now(get(), &now); });
  return now;
}

// Wakes lanes, which may want the interpreter's lock.
void ManualClock::advance(duetime_duration by) {
  call_unlocked([&] { return duetime_clock_advance(handle_.get(), by); });
}

void ManualClock::set(const py::object& now) {
  const duetime_time time = to_time(now);
  call_unlocked([&] { return duetime_clock_set(handle_.get(), time); });
}

namespace {

// Whatever a test makes Python believe.
duetime_time system_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace

void bind_clock(py::module_& module) {
  module.def("system_time", &system_time, "Microseconds by the system's clock.");
  py::class_<ManualClock>(module, "ManualClock", "A clock that moves only when told to.")
      .def(py::init<const py::object&>(), py::arg("now"))
      .def_property_readonly("microseconds", &ManualClock::now)
      .def("advance", &ManualClock::advance, py::arg("microseconds"))
      .def("set", &ManualClock::set, py::arg("now"));
}

}  // namespace duetime::python
