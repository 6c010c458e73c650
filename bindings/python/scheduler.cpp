#include "bindings/python/scheduler.h"

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python/clock.h"
#include "bindings/python/errors.h"
#include "bindings/python/events.h"
#include "bindings/python/executions.h"
#include "bindings/python/gil.h"
#include "bindings/python/jobs.h"
#include "bindings/python/process_pool.h"
#include "bindings/python/runs.h"
#include "bindings/python/storages.h"
#include "bindings/python/strings.h"
#include "bindings/python/triggers.h"

namespace duetime::python {
namespace {

using SchedulerHandle = std::unique_ptr<Scheduler>;

SchedulerHandle make_scheduler(py::object callbacks, py::object log, int log_level, const ManualClock* clock,
                               duetime_duration lease, duetime_duration retry_interval_max,
                               duetime_duration history_max_age, uint64_t history_max_count, bool hosted) {
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.hosted = hosted ? 1 : 0;
  options.clock = clock != nullptr ? clock->get() : nullptr;
  options.lease = lease;
  options.retry_interval_max = retry_interval_max;
  options.history_max_age = history_max_age;
  options.history_max_count = history_max_count;
  options.log = &deliver_log_line;
  options.log_user_data = log.release().ptr();
  options.release_log_user_data = &release_python_object;
  options.log_level = log_level;
  duetime_scheduler* handle = nullptr;
  call_unlocked([&] { return duetime_scheduler_create(&options, &handle); });
  const auto host = std::make_shared<TaskHost>(std::move(callbacks));
  auto scheduler = std::make_unique<Scheduler>(handle, host);
  register_tasks(handle, host);
  return scheduler;
}

// --- life ----------------------------------------------------------------------------------------

void start(Scheduler& scheduler, bool paused) {
  call_unlocked([&] { return duetime_scheduler_start(scheduler.get(), paused ? 1 : 0); });
}

void shutdown(Scheduler& scheduler, bool wait) {
  call_unlocked([&] { return duetime_scheduler_shutdown(scheduler.get(), wait ? 1 : 0); });
}

template <auto Function>
void plain_call(Scheduler& scheduler) {
  call_unlocked([&] { return Function(scheduler.get()); });
}

int32_t state(const Scheduler& scheduler) {
  int32_t answer = 0;
  call_unlocked([&] { return duetime_scheduler_state(scheduler.get(), &answer); });
  return answer;
}

template <auto Function>
std::string json_call(const Scheduler& scheduler) {
  char* json = nullptr;
  call_unlocked([&] { return Function(scheduler.get(), &json); });
  return take_text(json);
}

// When to call again, in microseconds, or None.
py::object run_pending(Scheduler& scheduler) {
  duetime_time next = 0;
  call_unlocked([&] { return duetime_scheduler_run_pending(scheduler.get(), &next); });
  if (next == DUETIME_TIME_LATEST) return py::none();
  return py::int_(next);
}

int32_t wakeup_fd(const Scheduler& scheduler) {
  int32_t descriptor = -1;
  call_unlocked([&] { return duetime_scheduler_wakeup_fd(scheduler.get(), &descriptor); });
  return descriptor;
}

// --- parts ---------------------------------------------------------------------------------------

void add_store(Scheduler& scheduler, Text alias, Text configuration) {
  call_unlocked([&] { return duetime_scheduler_add_store(scheduler.get(), alias, configuration); });
}

void add_storage(Scheduler& scheduler, Text alias, Text name, uint32_t max_operations, bool has_clock,
                 py::object storage) {
  add_python_storage(scheduler.get(), alias, name, max_operations, has_clock, std::move(storage));
}

template <auto Function>
void remove_part(Scheduler& scheduler, Text alias, bool wait) {
  call_unlocked([&] { return Function(scheduler.get(), alias, wait ? 1 : 0); });
}

void add_inline_executor(Scheduler& scheduler, Text alias) {
  call_unlocked([&] { return duetime_scheduler_add_inline_executor(scheduler.get(), alias); });
}

// --- jobs ----------------------------------------------------------------------------------------

// When the job runs first: microseconds, None if it is paused, FROM_TRIGGER if its trigger never fires, so
// that it was not added.
py::object add_job(Scheduler& scheduler, const Trigger& trigger, Text store, Text id, Text name, Text task,
                   Text executor, bool coalesce, int max_instances, bool recover, bool replace,
                   const py::object& misfire_grace, const py::object& next_run_time, Text encoding,
                   const py::object& payload) {
  const duetime_job_options options =
      job_options(store, id, name, task, executor, coalesce, max_instances, recover, replace, misfire_grace,
                  next_run_time, encoding, payload);
  duetime_job* handle = nullptr;
  call_unlocked([&] { return duetime_scheduler_add_job(scheduler.get(), trigger.get(), &options, &handle); });
  if (handle == nullptr) return py::int_(DUETIME_TIME_FROM_TRIGGER);
  const Job job(handle);
  return time_or_none(duetime_job_next_run_time(handle));
}

// The rows of add_jobs(), kept alive while the library reads them.
class JobBatch {
 public:
  explicit JobBatch(const py::sequence& rows) {
    triggers_.reserve(rows.size());
    options_.reserve(rows.size());
    for (const py::handle row : rows) add(py::reinterpret_borrow<py::tuple>(row));
  }
  ~JobBatch() {
    if (handed_over_) return;
    for (const duetime_job_options& options : options_) {
      if (options.live_payload != nullptr) release_python_object(options.live_payload);
    }
  }
  JobBatch(const JobBatch&) = delete;
  JobBatch& operator=(const JobBatch&) = delete;

  // Calls `take(count, triggers, options)`, which gets the payloads too.
  template <typename Take>
  void hand_over(Take take) {
    handed_over_ = true;
    call_unlocked([&] { return take(options_.size(), triggers_.data(), options_.data()); });
  }

 private:
  void add(const py::tuple& row) {
    const auto at = [&row](Py_ssize_t index) { return py::handle(PyTuple_GET_ITEM(row.ptr(), index)); };
    const duetime_trigger* trigger = at(0).cast<const Trigger&>().get();
    options_.push_back(
        job_options(Text::of(at(1)), Text::of(at(2)), Text::of(at(3)), Text::of(at(4)), Text::of(at(5)),
                    at(6).ptr() == Py_True, at(7).cast<int>(), at(8).ptr() == Py_True, at(9).ptr() == Py_True,
                    py::reinterpret_borrow<py::object>(at(10)), py::reinterpret_borrow<py::object>(at(11)),
                    Text::of(at(12)), py::reinterpret_borrow<py::object>(at(13))));
    triggers_.push_back(trigger);
  }

  std::vector<const duetime_trigger*> triggers_;
  std::vector<duetime_job_options> options_;
  bool handed_over_ = false;
};

void add_jobs(Scheduler& scheduler, const py::sequence& rows) {
  JobBatch(rows).hand_over(
      [&](auto... batch) { return duetime_scheduler_add_jobs(scheduler.get(), batch...); });
}

// The statements as JSON text.
std::string sql_to_add_jobs(Scheduler& scheduler, const py::sequence& rows) {
  char* text = nullptr;
  JobBatch(rows).hand_over(
      [&](auto... batch) { return duetime_scheduler_sql_to_add_jobs(scheduler.get(), batch..., &text); });
  return take_text(text);
}

bool import_jobs(Scheduler& scheduler, Text store, Text source, const py::sequence& rows) {
  int32_t imported = 0;
  JobBatch(rows).hand_over([&](auto... batch) {
    return duetime_scheduler_import_jobs(scheduler.get(), store, source, batch..., &imported);
  });
  return imported != 0;
}

bool imported(const Scheduler& scheduler, Text store, Text source) {
  int32_t answer = 0;
  call_unlocked([&] { return duetime_scheduler_imported(scheduler.get(), store, source, &answer); });
  return answer != 0;
}

py::object modify_job(Scheduler& scheduler, Text store, Text id, uint32_t fields, const Trigger* trigger,
                      Text name, Text task, Text executor, bool coalesce, int max_instances, bool recover,
                      const py::object& misfire_grace, const py::object& next_run_time, Text encoding,
                      const py::object& payload) {
  const duetime_job_options options =
      job_options(nullptr, nullptr, name, task, executor, coalesce, max_instances, recover, false,
                  misfire_grace, next_run_time, encoding, payload);
  duetime_job* job = nullptr;
  call_unlocked([&] {
    return duetime_scheduler_modify_job(scheduler.get(), store, id, fields, &options,
                                        trigger != nullptr ? trigger->get() : nullptr, &job);
  });
  return to_job(job);
}

template <auto Function>
py::object job_call(Scheduler& scheduler, Text store, Text id) {
  duetime_job* job = nullptr;
  call_unlocked([&] { return Function(scheduler.get(), store, id, &job); });
  return to_job(job);
}

void remove_job(Scheduler& scheduler, Text store, Text id) {
  call_unlocked([&] { return duetime_scheduler_remove_job(scheduler.get(), store, id); });
}

std::size_t reload_time_zones(const Scheduler& scheduler, bool move_next_runs) {
  std::size_t count = 0;
  call_unlocked(
      [&] { return duetime_scheduler_reload_time_zones(scheduler.get(), move_next_runs ? 1 : 0, &count); });
  return count;
}

void remove_all_jobs(Scheduler& scheduler, Text store) {
  call_unlocked([&] { return duetime_scheduler_remove_all_jobs(scheduler.get(), store); });
}

// Null if there is none.
duetime_job* find_job(const Scheduler& scheduler, Text store, Text id) {
  duetime_job* job = nullptr;
  call_unlocked([&] {
    const duetime_status status = duetime_scheduler_get_job(scheduler.get(), store, id, &job);
    return status == DUETIME_ERROR_NOT_FOUND ? DUETIME_OK : status;
  });
  return job;
}

py::object get_job(const Scheduler& scheduler, Text store, Text id) {
  return to_job(find_job(scheduler, store, id));
}

// When the job runs next: microseconds, None while it is paused, `otherwise` when it is finished or gone.
py::object next_run_time(const Scheduler& scheduler, Text store, Text id, py::object otherwise) {
  duetime_job* handle = find_job(scheduler, store, id);
  if (handle == nullptr) return otherwise;
  const Job job(handle);
  if (duetime_job_status(handle) == DUETIME_JOB_FINISHING) return otherwise;
  return time_or_none(duetime_job_next_run_time(handle));
}

py::list list_jobs(const Scheduler& scheduler, Text store) {
  duetime_job_list* handle = nullptr;
  call_unlocked([&] { return duetime_scheduler_list_jobs(scheduler.get(), store, &handle); });
  const std::unique_ptr<duetime_job_list, decltype(&duetime_job_list_destroy)> list(
      handle, &duetime_job_list_destroy);
  py::list jobs;
  for (std::size_t i = 0; i < duetime_job_list_size(list.get()); ++i) {
    duetime_job* job = nullptr;
    call_quick([&] { return duetime_job_list_at(list.get(), i, &job); });
    jobs.append(to_job(job));
  }
  return jobs;
}

std::string run_job(Scheduler& scheduler, Text store, Text id) {
  char* run_id = nullptr;
  call_unlocked([&] { return duetime_scheduler_run_job(scheduler.get(), store, id, &run_id); });
  return take_text(run_id);
}

// Whether it is under way here.
bool cancel_run(Scheduler& scheduler, Text run_id) {
  duetime_status status = DUETIME_OK;
  call_unlocked([&] {
    status = duetime_scheduler_cancel_run(scheduler.get(), run_id);
    return status == DUETIME_ERROR_NOT_FOUND ? DUETIME_OK : status;
  });
  return status == DUETIME_OK;
}

bool is_run_cancelled(const Scheduler& scheduler, Text run_id) {
  int32_t cancelled = 0;
  call_unlocked([&] { return duetime_scheduler_is_run_cancelled(scheduler.get(), run_id, &cancelled); });
  return cancelled != 0;
}

// False if what runs has not ended within the timeout.
bool play(const py::list& schedulers, duetime_time until, duetime_duration timeout) {
  std::vector<duetime_scheduler*> handles;
  for (const py::handle scheduler : schedulers) handles.push_back(scheduler.cast<const Scheduler&>().get());
  duetime_status status = DUETIME_OK;
  call_unlocked([&] {
    status = duetime_scheduler_play(handles.data(), handles.size(), until, timeout);
    return status == DUETIME_ERROR_TIMEOUT ? DUETIME_OK : status;
  });
  return status == DUETIME_OK;
}

void release_parked(Scheduler& scheduler, Text store, Text id) {
  call_unlocked([&] { return duetime_scheduler_release_parked(scheduler.get(), store, id); });
}

void add_python_process_pool(Scheduler& scheduler, Text alias, std::vector<std::string> argv,
                             const py::bytes& setup, uint32_t workers, uint64_t max_tasks_per_child,
                             duetime_duration timeout, py::object codec, py::object logger,
                             py::object on_start) {
  const ProcessPool pool{std::move(argv), setup, workers, max_tasks_per_child, timeout};
  add_process_pool(scheduler.get(), alias, pool, scheduler.shared_host(), std::move(codec), std::move(logger),
                   std::move(on_start));
}

}  // namespace

void Scheduler::Destroy::operator()(duetime_scheduler* handle) const {
  const GilPause pause;
  duetime_scheduler_destroy(handle);
}

void Scheduler::set_listener(py::object callback, uint64_t mask) {
  host_->wanted_events = mask;
  uint64_t added = 0;
  if (mask != 0) {
    call_unlocked([&, object = callback.release().ptr()] {
      return duetime_scheduler_add_listener(get(), mask, &deliver_event, object, &release_python_object,
                                            &added);
    });
  }
  const uint64_t removed = std::exchange(listener_, added);
  if (removed == 0) return;
  call_unlocked([&] { return duetime_scheduler_remove_listener(get(), removed); });
}

void bind_scheduler(py::module_& module) {
  py::class_<Scheduler>(module, "Scheduler", "The engine.")
      .def(py::init(&make_scheduler), py::arg("callbacks"), py::arg("log"), py::arg("log_level"),
           py::arg("clock").none(true), py::arg("lease"), py::arg("retry_interval_max"),
           py::arg("history_max_age"), py::arg("history_max_count"), py::arg("hosted") = false)
      .def("start", &start, py::arg("paused"))
      .def("shutdown", &shutdown, py::arg("wait"))
      .def("pause", &plain_call<&duetime_scheduler_pause>)
      .def("resume", &plain_call<&duetime_scheduler_resume>)
      .def_property_readonly("state", &state)
      .def("health", &json_call<&duetime_scheduler_health>)
      .def("run_pending", &run_pending)
      .def("wakeup_fd", &wakeup_fd)
      .def("add_store", &add_store, py::arg("alias"), py::arg("configuration"))
      .def("add_storage", &add_storage, py::arg("alias"), py::arg("name"), py::arg("max_operations"),
           py::arg("has_clock"), py::arg("storage"))
      .def("remove_store", &remove_part<&duetime_scheduler_remove_store>, py::arg("alias"), py::arg("wait"))
      .def(
          "add_thread_pool",
          [](Scheduler& scheduler, Text alias, uint32_t workers, py::object logger, py::object on_start) {
            add_thread_pool(scheduler.get(), alias, workers, std::move(logger), std::move(on_start));
          },
          py::arg("alias"), py::arg("workers"), py::arg("logger"), py::arg("on_start"))
      .def("add_process_pool", &add_python_process_pool, py::arg("alias"), py::arg("argv"), py::arg("setup"),
           py::arg("workers"), py::arg("max_tasks_per_child"), py::arg("timeout"), py::arg("codec"),
           py::arg("logger"), py::arg("on_start"))
      .def(
          "add_executor",
          [](Scheduler& scheduler, Text alias, uint32_t capacity, py::object submit, py::object shutdown) {
            add_python_executor(scheduler.get(), alias, capacity, std::move(submit), std::move(shutdown));
          },
          py::arg("alias"), py::arg("capacity"), py::arg("submit"), py::arg("shutdown"))
      .def("add_inline_executor", &add_inline_executor, py::arg("alias"))
      .def("remove_executor", &remove_part<&duetime_scheduler_remove_executor>, py::arg("alias"),
           py::arg("wait"))
      .def("set_listener", &Scheduler::set_listener, py::arg("callback"), py::arg("mask"))
      .def("add_job", &add_job, py::arg("trigger"), py::arg("store"), py::arg("id"), py::arg("name"),
           py::arg("task"), py::arg("executor"), py::arg("coalesce"), py::arg("max_instances"),
           py::arg("recover"), py::arg("replace"), py::arg("misfire_grace"), py::arg("next_run_time"),
           py::arg("encoding"), py::arg("payload"))
      .def("add_jobs", &add_jobs, py::arg("rows"))
      .def("sql_to_add_jobs", &sql_to_add_jobs, py::arg("rows"))
      .def("import_jobs", &import_jobs, py::arg("store"), py::arg("source"), py::arg("rows"))
      .def("imported", &imported, py::arg("store"), py::arg("source"))
      .def("modify_job", &modify_job, py::arg("store"), py::arg("id"), py::arg("fields"),
           py::arg("trigger").none(true), py::arg("name"), py::arg("task"), py::arg("executor"),
           py::arg("coalesce"), py::arg("max_instances"), py::arg("recover"), py::arg("misfire_grace"),
           py::arg("next_run_time"), py::arg("encoding"), py::arg("payload"))
      .def("pause_job", &job_call<&duetime_scheduler_pause_job>, py::arg("store"), py::arg("id"))
      .def("resume_job", &job_call<&duetime_scheduler_resume_job>, py::arg("store"), py::arg("id"))
      .def("remove_job", &remove_job, py::arg("store"), py::arg("id"))
      .def("remove_all_jobs", &remove_all_jobs, py::arg("store"))
      .def("reload_time_zones", &reload_time_zones, py::arg("move_next_runs"))
      .def("get_job", &get_job, py::arg("store"), py::arg("id"))
      .def("next_run_time", &next_run_time, py::arg("store"), py::arg("id"), py::arg("otherwise"))
      .def("list_jobs", &list_jobs, py::arg("store"))
      .def("list_runs", &list_runs, py::arg("store"), py::arg("job_id"), py::arg("state"),
           py::arg("scheduled_from"), py::arg("scheduled_until"), py::arg("limit"))
      .def("run_job", &run_job, py::arg("store"), py::arg("id"))
      .def("cancel_run", &cancel_run, py::arg("run_id"))
      .def("is_run_cancelled", &is_run_cancelled, py::arg("run_id"))
      .def("list_running", &list_running, py::arg("store"))
      .def("list_parked", &list_parked)
      .def("release_parked", &release_parked, py::arg("store"), py::arg("id"));
  module.def(
      "play", &play, py::arg("schedulers"), py::arg("until"), py::arg("timeout"),
      "Moves their clock and runs what is due on the way. False if runs take longer than the timeout.");
}

}  // namespace duetime::python
