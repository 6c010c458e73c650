// Between Python's aware datetimes and the C ABI's microseconds.
#pragma once

#include <duetime/common.h>
#include <pybind11/pybind11.h>

namespace duetime::python {

namespace py = pybind11;

// Throws TypeError for anything but a datetime, ValueError for one without a time zone.
duetime_time to_time(py::handle datetime);

// None answers DUETIME_TIME_NONE.
duetime_time to_time_or_none(py::handle datetime);

// In the zone, `fold` set; None for DUETIME_TIME_NONE. OverflowError outside the years 1 to 9999 of the zone.
py::object to_datetime(duetime_time time, py::handle zone);

void bind_times(py::module_& module);

}  // namespace duetime::python
