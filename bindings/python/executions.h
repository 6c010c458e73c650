// Executors written in Python, and what they are given to execute.
#pragma once

#include <duetime/scheduler.h>
#include <pybind11/pybind11.h>

namespace duetime::python {

namespace py = pybind11;

// `submit` takes an Execution and must not block; `shutdown` takes whether to wait. What they raise is not
// lost: an execution that submit() raised for is tried again after a pause.
void add_python_executor(duetime_scheduler* scheduler, const char* alias, uint32_t capacity,
                         py::object submit, py::object shutdown);

void bind_executions(py::module_& module);

}  // namespace duetime::python
