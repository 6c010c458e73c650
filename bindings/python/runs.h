// Runs and parked jobs as the engine lists them, as tuples that duetime/runs.py makes its own objects of.
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/python/scheduler.h"
#include "bindings/python/strings.h"

namespace duetime::python {

namespace py = pybind11;

// (id, job_id, task, scheduled_time, attempt, state, node, fence, claimed_at, started_at, ended_at, error,
// store) each; times are datetimes in UTC or None. state None, scheduled_from and scheduled_until None: any.
py::list list_runs(const Scheduler& scheduler, Text store, Text job_id, Text state,
                   const py::object& scheduled_from, const py::object& scheduled_until, uint64_t limit);
py::list list_running(const Scheduler& scheduler, Text store);

// (id, store, reason) each.
py::list list_parked(const Scheduler& scheduler);

}  // namespace duetime::python
