// Job stores written in Python: record storages behind the plugin struct.
#pragma once

#include <duetime/scheduler.h>
#include <pybind11/pybind11.h>

#include "bindings/python/strings.h"

namespace duetime::python {

// storage: with open(), close(), now(), draw(count), read(question), write(operations) and forked(), which
// take and answer texts and numbers; now() answers None where there is no clock, write() whether all guards
// held. What they raise has the C ABI's status as its `code`, or is told as the default of the call.
void add_python_storage(duetime_scheduler* scheduler, Text alias, Text name, uint32_t max_operations,
                        bool has_clock, pybind11::object storage);

}  // namespace duetime::python
