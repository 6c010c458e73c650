// Random job ids.
#pragma once

#include <pybind11/pybind11.h>

namespace duetime::python {

namespace py = pybind11;

py::str new_id();

void bind_ids(py::module_& module);

}  // namespace duetime::python
