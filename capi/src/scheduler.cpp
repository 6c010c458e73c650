#include <duetime/scheduler.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "capi/src/callbacks.h"
#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/job_options.h"
#include "capi/src/metrics.h"
#include "capi/src/owned.h"
#include "capi/src/reports.h"
#include "capi/src/run.h"
#include "capi/src/scheduler_options.h"
#include "capi/src/struct_size.h"
#include "core/base/text.h"
#include "core/executors/inline.h"
#include "core/executors/thread_pool.h"
#include "core/jobstores/memory.h"
#include "core/jobstores/registry.h"
#include "core/scheduler/time_lapse.h"

using namespace duetime;
using namespace duetime::capi;

namespace duetime::capi {

LogSink to_log_sink(duetime_log_fn fn, Owned user_data) {
  return [fn, user_data = std::move(user_data)](LogLevel level, std::string_view logger,
                                                std::string_view message) {
    fn(user_data.get(), static_cast<int32_t>(level), std::string(logger).c_str(),
       std::string(message).c_str());
  };
}

ThreadHooks to_thread_hooks(const duetime_thread_hooks& hooks, const Owned& user_data) {
  const auto to_hook = [&](void (*fn)(void*)) -> std::function<void()> {
    if (fn == nullptr) return {};
    return [fn, user_data] { fn(user_data.get()); };
  };
  return ThreadHooks{.started = to_hook(hooks.started),
                     .stopping = to_hook(hooks.stopping),
                     .busy = to_hook(hooks.busy),
                     .idle = to_hook(hooks.idle)};
}

}  // namespace duetime::capi

namespace {

constexpr const char* kHooksName = "duetime_thread_hooks";

// Adds a part under the name "default", unless there is one already.
template <class Add>
void add_default(Add&& add) {
  try {
    add();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kConflict) throw;
  }
}

void add_default_parts(Scheduler& scheduler) {
  add_default([&] { scheduler.add_store("default", make_memory_job_store()); });
  add_default([&] { scheduler.add_executor("default", make_thread_pool()); });
}

// For outputs that the caller may not want.
void give_job(duetime_job** out_job, std::optional<StoredJob> job) {
  if (out_job == nullptr) return;
  *out_job = job ? make_handle<duetime_job>(*std::move(job)) : nullptr;
}

// What list_jobs promises: by next run time, jobs without one last, then by id.
bool runs_earlier(const StoredJob& a, const StoredJob& b) {
  const auto rank = [](const StoredJob& stored) {
    const std::optional<Instant>& next = stored.record.position.next_run_time;
    return std::tuple(!next, next.value_or(Instant()), std::string_view(stored.record.id));
  };
  return rank(a) < rank(b);
}

void require_alike(const JobOptions& options, const JobOptions& first, size_t index) {
  const std::string name = "options[" + std::to_string(index) + "]";
  if (store_of(options) != store_of(first)) refuse(name + ".store differs from that of the first");
  if (options.given.replace != first.given.replace) refuse(name + ".replace differs from that of the first");
}

std::vector<JobRequest> to_requests(const std::vector<JobOptions>& options,
                                    const duetime_trigger* const* triggers) {
  std::vector<JobRequest> requests;
  if (options.empty()) return requests;
  input(triggers, "triggers");
  requests.reserve(options.size());
  for (size_t i = 0; i < options.size(); ++i) {
    Job job = to_job(options[i], Use<duetime_trigger>(triggers[i])->trigger);
    requests.push_back(JobRequest{std::move(job), position_of(options[i])});
  }
  return requests;
}

// Hosted schedulers on one manual clock. Throws kInvalidArgument if they are not.
class Troupe {
 public:
  Troupe(duetime_scheduler* const* schedulers, size_t count) {
    if (count == 0) refuse("count is 0; expected at least 1");
    const std::span given(&input(schedulers, "schedulers"), count);
    for (duetime_scheduler* scheduler : given) add(scheduler);
  }

  std::span<Scheduler* const> schedulers() const { return schedulers_; }
  ManualClock& clock() const { return *clock_; }

 private:
  void add(duetime_scheduler* handle) {
    const auto& use = uses_.emplace_back(std::make_unique<Use<duetime_scheduler>>(handle));
    const std::string name = "schedulers[" + std::to_string(uses_.size() - 1) + "]";
    auto* const clock = dynamic_cast<ManualClock*>((*use)->clock.get());
    if (clock == nullptr) refuse(name + " is not on a manual clock");
    if ((*use)->scheduler.wakeup_fd() < 0) refuse(name + " is not hosted");
    if (clock_ != nullptr && clock != clock_) refuse(name + " is on another clock than the first");
    clock_ = clock;
    schedulers_.push_back(&(*use)->scheduler);
  }

  std::vector<std::unique_ptr<Use<duetime_scheduler>>> uses_;
  std::vector<Scheduler*> schedulers_;
  ManualClock* clock_ = nullptr;
};

TriggerPtr optional_trigger(const duetime_trigger* trigger) {
  return trigger == nullptr ? nullptr : Use<duetime_trigger>(trigger)->trigger;
}

// A modification of nothing but the trigger needs no options.
JobOptions optional_job_options(const duetime_job_options* options) {
  return options == nullptr ? JobOptions{DUETIME_JOB_OPTIONS_INIT, nullptr} : read_job_options(options);
}

}  // namespace

duetime_status duetime_scheduler_play(duetime_scheduler* const* schedulers, size_t count, duetime_time until,
                                      duetime_duration timeout) {
  return guard([&] {
    const Troupe troupe(schedulers, count);
    const Instant end = required_instant(until, "until");
    if (timeout < 0) refuse("timeout is " + std::to_string(timeout) + " microseconds; expected 0 or more");
    if (play(troupe.schedulers(), troupe.clock(), end, Duration{timeout})) return;
    throw Error(ErrorCode::kTimeout, "tasks that are due at " + to_string(troupe.clock().now()) +
                                         " have not ended within the timeout");
  });
}

duetime_status duetime_scheduler_create(const duetime_scheduler_options* options,
                                        duetime_scheduler** out_scheduler) {
  return guard([&] {
    GivenOptions given = read_scheduler_options(options);
    duetime_scheduler*& out = output(out_scheduler, "out_scheduler");
    out = make_handle<duetime_scheduler>(to_options(std::move(given)));
  });
}

// Stops it here rather than when the last call that another thread has under way returns.
void duetime_scheduler_destroy(duetime_scheduler* scheduler) {
  HandleObject* const object = acquire_handle(scheduler);
  if (object == nullptr) return;
  close_handle(scheduler);
  guard([&] { static_cast<SchedulerObject*>(object)->scheduler.shutdown(false); });
  handle_table().release(key_of(scheduler));
}

// --- life ---

duetime_status duetime_scheduler_start(duetime_scheduler* scheduler, int32_t paused) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    const bool start_paused = to_flag(paused, "paused");
    if (use->scheduler.state() == SchedulerState::kStopped) add_default_parts(use->scheduler);
    use->scheduler.start(start_paused);
  });
}

duetime_status duetime_scheduler_shutdown(duetime_scheduler* scheduler, int32_t wait) {
  return guard([&] { Use<duetime_scheduler>(scheduler)->scheduler.shutdown(to_flag(wait, "wait")); });
}

duetime_status duetime_scheduler_pause(duetime_scheduler* scheduler) {
  return guard([&] { Use<duetime_scheduler>(scheduler)->scheduler.pause(); });
}

duetime_status duetime_scheduler_resume(duetime_scheduler* scheduler) {
  return guard([&] { Use<duetime_scheduler>(scheduler)->scheduler.resume(); });
}

duetime_status duetime_scheduler_state(const duetime_scheduler* scheduler, int32_t* out_state) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    output(out_state, "out_state") = static_cast<int32_t>(use->scheduler.state());
  });
}

duetime_status duetime_scheduler_health(const duetime_scheduler* scheduler, char** out_json) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    char*& out = output(out_json, "out_json");
    out = to_c_text(to_text(health_report(use->scheduler.health(), use->clock->now())));
  });
}

duetime_status duetime_scheduler_statistics(const duetime_scheduler* scheduler, char** out_json) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    char*& out = output(out_json, "out_json");
    out = to_c_text(to_text(statistics_report(use->scheduler.health())));
  });
}

duetime_status duetime_scheduler_metrics(const duetime_scheduler* scheduler, char** out_text) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    char*& out = output(out_text, "out_text");
    out = to_c_text(metrics_text(use->scheduler.health(), use->clock->now()));
  });
}

// --- hosted mode ---

duetime_status duetime_scheduler_run_pending(duetime_scheduler* scheduler, duetime_time* out_next) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    duetime_time& out = output(out_next, "out_next");
    out = to_micros(use->scheduler.run_pending());
  });
}

duetime_status duetime_scheduler_wakeup_fd(const duetime_scheduler* scheduler, int32_t* out_fd) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    int32_t& out = output(out_fd, "out_fd");
    const int fd = use->scheduler.wakeup_fd();
    if (fd < 0)
      throw Error(ErrorCode::kUnsupported, "only a scheduler made with hosted = 1 has a descriptor");
    out = fd;
  });
}

// --- stores, executors, tasks, listeners ---

duetime_status duetime_scheduler_add_store(duetime_scheduler* scheduler, const char* alias,
                                           const char* configuration) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    const std::string name = required_text(alias, "alias");
    use->scheduler.add_store(name, store_from(required_text(configuration, "configuration")));
  });
}

duetime_status duetime_scheduler_remove_store(duetime_scheduler* scheduler, const char* alias, int32_t wait) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    use->scheduler.remove_store(required_text(alias, "alias"), to_flag(wait, "wait"));
  });
}

duetime_status duetime_scheduler_add_thread_pool(duetime_scheduler* scheduler, const char* alias,
                                                 uint32_t workers, const duetime_thread_hooks* hooks) {
  return guard([&] {
    duetime_thread_hooks given{};
    if (hooks != nullptr) given = read_known_members(*hooks, given, kHooksName);
    const Owned user_data = adopt(given.user_data, given.release);
    if (hooks != nullptr) refuse_unknown_members(*hooks, kHooksName);
    const Use<duetime_scheduler> use(scheduler);
    const ThreadPoolOptions options{.workers = workers, .hooks = to_thread_hooks(given, user_data)};
    use->scheduler.add_executor(required_text(alias, "alias"), make_thread_pool(options));
  });
}

duetime_status duetime_scheduler_add_inline_executor(duetime_scheduler* scheduler, const char* alias) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    use->scheduler.add_executor(required_text(alias, "alias"), make_inline_executor());
  });
}

duetime_status duetime_scheduler_remove_executor(duetime_scheduler* scheduler, const char* alias,
                                                 int32_t wait) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    use->scheduler.remove_executor(required_text(alias, "alias"), to_flag(wait, "wait"));
  });
}

duetime_status duetime_scheduler_register_task(duetime_scheduler* scheduler, const char* name,
                                               duetime_task_fn fn, void* user_data,
                                               duetime_release_fn release) {
  return guard([&] {
    Owned owned = adopt(user_data, release);
    const Use<duetime_scheduler> use(scheduler);
    if (fn == nullptr) refuse("fn is NULL; expected the task's function");
    use->scheduler.register_task(required_text(name, "name"), to_task(fn, std::move(owned)));
  });
}

duetime_status duetime_scheduler_set_task_resolver(duetime_scheduler* scheduler, duetime_task_resolver_fn fn,
                                                   void* user_data, duetime_release_fn release) {
  return guard([&] {
    Owned owned = adopt(user_data, release);
    const Use<duetime_scheduler> use(scheduler);
    use->scheduler.set_task_resolver(fn ? to_task_resolver(fn, std::move(owned)) : TaskResolver());
  });
}

duetime_status duetime_scheduler_add_listener(duetime_scheduler* scheduler, uint64_t mask,
                                              duetime_listener_fn fn, void* user_data,
                                              duetime_release_fn release, uint64_t* out_listener) {
  return guard([&] {
    Owned owned = adopt(user_data, release);
    const Use<duetime_scheduler> use(scheduler);
    uint64_t& out = output(out_listener, "out_listener");
    if (fn == nullptr) refuse("fn is NULL; expected the listener's function");
    out = use->scheduler.add_listener(mask, to_listener(fn, std::move(owned)));
  });
}

duetime_status duetime_scheduler_remove_listener(duetime_scheduler* scheduler, uint64_t listener) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    if (use->scheduler.remove_listener(listener)) return;
    throw Error(ErrorCode::kNotFound, "no listener " + std::to_string(listener));
  });
}

// --- jobs ---

duetime_status duetime_scheduler_add_job(duetime_scheduler* scheduler, const duetime_trigger* trigger,
                                         const duetime_job_options* options, duetime_job** out_job) {
  return guard([&] {
    const JobOptions given = read_job_options(options);
    const Use<duetime_scheduler> use(scheduler);
    const std::string store = store_of(given);
    Job job = to_job(given, Use<duetime_trigger>(trigger)->trigger);
    std::optional<JobRecord> record =
        use->scheduler.add_job(store, std::move(job), on_conflict_of(given), position_of(given));
    give_job(out_job, record ? std::optional(StoredJob{store, *std::move(record)}) : std::nullopt);
  });
}

duetime_status duetime_scheduler_add_jobs(duetime_scheduler* scheduler, size_t count,
                                          const duetime_trigger* const* triggers,
                                          const duetime_job_options* options) {
  return guard([&] {
    const std::vector<JobOptions> given = read_job_options(options, count);
    const Use<duetime_scheduler> use(scheduler);
    if (count == 0) return;
    for (size_t i = 0; i < count; ++i) require_alike(given[i], given.front(), i);
    use->scheduler.add_jobs(store_of(given.front()), to_requests(given, triggers),
                            on_conflict_of(given.front()));
  });
}

duetime_status duetime_scheduler_sql_to_add_jobs(duetime_scheduler* scheduler, size_t count,
                                                 const duetime_trigger* const* triggers,
                                                 const duetime_job_options* options, char** out_json) {
  return guard([&] {
    const std::vector<JobOptions> given = read_job_options(options, count);
    const Use<duetime_scheduler> use(scheduler);
    char*& out = output(out_json, "out_json");
    if (count == 0) refuse("count is 0; expected at least one job");
    for (size_t i = 0; i < count; ++i) require_alike(given[i], given.front(), i);
    const SqlStatements statements = use->scheduler.sql_to_add_jobs(
        store_of(given.front()), to_requests(given, triggers), on_conflict_of(given.front()));
    out = to_c_text(to_text(sql_report(statements)));
  });
}

duetime_status duetime_scheduler_import_jobs(duetime_scheduler* scheduler, const char* store,
                                             const char* source, size_t count,
                                             const duetime_trigger* const* triggers,
                                             const duetime_job_options* options, int32_t* out_imported) {
  return guard([&] {
    const std::vector<JobOptions> given = read_job_options(options, count);
    const Use<duetime_scheduler> use(scheduler);
    const std::string alias = required_text(store, "store");
    const std::string name = required_text(source, "source");
    const bool imported = use->scheduler.import_jobs(alias, name, to_requests(given, triggers));
    if (out_imported != nullptr) *out_imported = imported ? 1 : 0;
  });
}

duetime_status duetime_scheduler_imported(const duetime_scheduler* scheduler, const char* store,
                                          const char* source, int32_t* out_imported) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    int32_t& out = output(out_imported, "out_imported");
    const std::string alias = required_text(store, "store");
    out = use->scheduler.imported(alias, required_text(source, "source")) ? 1 : 0;
  });
}

duetime_status duetime_scheduler_modify_job(duetime_scheduler* scheduler, const char* store, const char* id,
                                            uint32_t fields, const duetime_job_options* options,
                                            const duetime_trigger* trigger, duetime_job** out_job) {
  return guard([&] {
    const JobOptions given = optional_job_options(options);
    const Use<duetime_scheduler> use(scheduler);
    if (fields != 0) input(options, "options");
    const TriggerPtr changed = optional_trigger(trigger);
    const JobEdit edit = to_edit(fields, given, changed, *use->clock);
    give_job(out_job, use->scheduler.edit_job(optional_store(store), required_job_id(id), edit));
  });
}

duetime_status duetime_scheduler_pause_job(duetime_scheduler* scheduler, const char* store, const char* id,
                                           duetime_job** out_job) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    give_job(out_job, use->scheduler.pause_job(optional_store(store), required_job_id(id)));
  });
}

duetime_status duetime_scheduler_reload_time_zones(duetime_scheduler* scheduler, int32_t move_next_runs,
                                                   size_t* out_count) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    const std::size_t count = use->scheduler.reload_time_zones(to_flag(move_next_runs, "move_next_runs"));
    if (out_count != nullptr) *out_count = count;
  });
}

duetime_status duetime_scheduler_resume_job(duetime_scheduler* scheduler, const char* store, const char* id,
                                            duetime_job** out_job) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    give_job(out_job, use->scheduler.resume_job(optional_store(store), required_job_id(id)));
  });
}

duetime_status duetime_scheduler_remove_job(duetime_scheduler* scheduler, const char* store, const char* id) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    use->scheduler.remove_job(optional_store(store), required_job_id(id));
  });
}

duetime_status duetime_scheduler_remove_all_jobs(duetime_scheduler* scheduler, const char* store) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    use->scheduler.remove_all_jobs(optional_store(store));
  });
}

duetime_status duetime_scheduler_get_job(const duetime_scheduler* scheduler, const char* store,
                                         const char* id, duetime_job** out_job) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    output(out_job, "out_job");
    const std::string wanted = required_job_id(id);
    std::optional<StoredJob> found = use->scheduler.find_job(optional_store(store), wanted);
    if (!found) throw Error(ErrorCode::kNotFound, "no job " + in_quotes(wanted));
    give_job(out_job, std::move(found));
  });
}

duetime_status duetime_scheduler_list_jobs(const duetime_scheduler* scheduler, const char* store,
                                           duetime_job_list** out_list) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    duetime_job_list*& out = output(out_list, "out_list");
    std::vector<StoredJob> jobs = use->scheduler.list_jobs(optional_store(store));
    std::ranges::stable_sort(jobs, runs_earlier);
    out = make_handle<duetime_job_list>(std::move(jobs));
  });
}

duetime_status duetime_scheduler_find_jobs(const duetime_scheduler* scheduler, const char* store,
                                           const duetime_job_filter* filter, duetime_job_list** out_list) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    duetime_job_list*& out = output(out_list, "out_list");
    const JobFilter wanted = filter ? to_job_filter(*filter) : JobFilter();
    const std::string alias = optional_store(store);
    if (alias.empty() && (wanted.after_id || wanted.limit != SIZE_MAX)) {
      refuse("store is NULL; expected the alias of the one store whose jobs are read in pages");
    }
    out = make_handle<duetime_job_list>(use->scheduler.list_jobs(alias, wanted));
  });
}

duetime_status duetime_scheduler_set_history(duetime_scheduler* scheduler, const char* store,
                                             duetime_duration max_age, uint64_t max_count) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    const std::string alias = optional_store(store);
    require_max_age(max_age, "max_age");
    use->scheduler.set_retention(alias, {.max_age = Duration{max_age}, .max_count = max_count});
  });
}

duetime_status duetime_scheduler_list_runs(const duetime_scheduler* scheduler, const char* store,
                                           const duetime_run_filter* filter, duetime_run_list** out_list) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    duetime_run_list*& out = output(out_list, "out_list");
    const RunFilter wanted = filter ? to_run_filter(*filter) : RunFilter();
    out = make_handle<duetime_run_list>(use->scheduler.list_runs(optional_store(store), wanted));
  });
}

duetime_status duetime_scheduler_run_job(duetime_scheduler* scheduler, const char* store, const char* id,
                                         char** out_run_id) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    const Uuid run = use->scheduler.run_job_now(optional_store(store), required_job_id(id));
    if (out_run_id != nullptr) *out_run_id = to_c_text(to_string(run));
  });
}

duetime_status duetime_scheduler_cancel_run(duetime_scheduler* scheduler, const char* run_id) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    const Uuid run = required_run_id(run_id);
    if (use->scheduler.cancel_run(run)) return;
    throw Error(ErrorCode::kNotFound, "no run " + in_quotes(to_string(run)) + " is under way on this node");
  });
}

duetime_status duetime_scheduler_is_run_cancelled(const duetime_scheduler* scheduler, const char* run_id,
                                                  int32_t* out_cancelled) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    int32_t& out = output(out_cancelled, "out_cancelled");
    out = use->scheduler.is_run_cancelled(required_run_id(run_id)) ? 1 : 0;
  });
}

duetime_status duetime_scheduler_list_running(const duetime_scheduler* scheduler, const char* store,
                                              duetime_run_list** out_list) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    duetime_run_list*& out = output(out_list, "out_list");
    out = make_handle<duetime_run_list>(use->scheduler.list_running(optional_store(store)));
  });
}

duetime_status duetime_scheduler_list_parked(const duetime_scheduler* scheduler,
                                             duetime_parked_list** out_list) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    duetime_parked_list*& out = output(out_list, "out_list");
    out = make_handle<duetime_parked_list>(use->scheduler.list_parked());
  });
}

duetime_status duetime_scheduler_release_parked(duetime_scheduler* scheduler, const char* store,
                                                const char* id) {
  return guard([&] {
    const Use<duetime_scheduler> use(scheduler);
    use->scheduler.release_parked(optional_store(store), required_job_id(id));
  });
}
