#include "bindings/python/runs.h"

#include <memory>
#include <string>

#include "bindings/python/errors.h"
#include "bindings/python/times.h"

namespace duetime::python {
namespace {

struct DestroyList {
  void operator()(duetime_run_list* list) const { duetime_run_list_destroy(list); }
  void operator()(duetime_parked_list* list) const { duetime_parked_list_destroy(list); }
};

py::object in_utc(duetime_time time) {
  static const py::handle utc =
      py::module_::import("datetime").attr("timezone").attr("utc").cast<py::object>().release();
  return to_datetime(time, utc);
}

py::tuple to_tuple(const duetime_run& run) {
  return py::make_tuple(run.id, run.job_id, run.task, in_utc(run.scheduled_time), run.attempt,
                        duetime_run_state_name(run.state), run.node, run.fence, in_utc(run.claimed_at),
                        in_utc(run.started_at), in_utc(run.ended_at), run.error, run.store);
}

py::tuple to_tuple(const duetime_parked_job& job) { return py::make_tuple(job.id, job.store, job.reason); }

// Takes the list over.
template <class Entry, class List>
py::list to_tuples(List* list, std::size_t size, duetime_status (*at)(const List*, std::size_t, Entry*)) {
  const std::unique_ptr<List, DestroyList> owner(list);
  py::list tuples;
  for (std::size_t i = 0; i < size; ++i) {
    Entry entry{};
    entry.struct_size = sizeof entry;
    call_quick([&] { return at(list, i, &entry); });
    tuples.append(to_tuple(entry));
  }
  return tuples;
}

py::list to_tuples(duetime_run_list* list) {
  return to_tuples(list, duetime_run_list_size(list), &duetime_run_list_at);
}

// 0 for None.
int32_t to_state(const char* name) {
  if (name == nullptr) return 0;
  std::string known;
  for (int32_t state = DUETIME_RUN_CLAIMED; state <= DUETIME_RUN_ABANDONED; ++state) {
    if (std::string(name) == duetime_run_state_name(state)) return state;
    known += std::string(known.empty() ? "" : ", ") + duetime_run_state_name(state);
  }
  throw py::value_error("state is \"" + std::string(name) + "\"; expected one of " + known);
}

}  // namespace

py::list list_runs(const Scheduler& scheduler, Text store, Text job_id, Text state,
                   const py::object& scheduled_from, const py::object& scheduled_until, uint64_t limit) {
  duetime_run_filter filter = DUETIME_RUN_FILTER_INIT;
  filter.job_id = job_id;
  filter.state = to_state(state);
  filter.scheduled_from = to_time_or_none(scheduled_from);
  filter.scheduled_until = to_time_or_none(scheduled_until);
  filter.limit = limit;
  duetime_run_list* list = nullptr;
  call_unlocked([&] { return duetime_scheduler_list_runs(scheduler.get(), store, &filter, &list); });
  return to_tuples(list);
}

py::list list_running(const Scheduler& scheduler, Text store) {
  duetime_run_list* list = nullptr;
  call_unlocked([&] { return duetime_scheduler_list_running(scheduler.get(), store, &list); });
  return to_tuples(list);
}

py::list list_parked(const Scheduler& scheduler) {
  duetime_parked_list* list = nullptr;
  call_unlocked([&] { return duetime_scheduler_list_parked(scheduler.get(), &list); });
  return to_tuples(list, duetime_parked_list_size(list), &duetime_parked_list_at);
}

}  // namespace duetime::python
