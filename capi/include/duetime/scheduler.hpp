// The scheduler: stores, executors, tasks and listeners under one roof.
#ifndef DUETIME_SCHEDULER_HPP
#define DUETIME_SCHEDULER_HPP

#include <duetime/scheduler.h>
#include <duetime/clock.hpp>
#include <duetime/common.hpp>
#include <duetime/event.hpp>
#include <duetime/job.hpp>
#include <duetime/process_pool.hpp>
#include <duetime/run.hpp>
#include <duetime/task.hpp>
#include <duetime/trigger.hpp>

#include <functional>
#include <utility>
#include <vector>

namespace duetime {
inline namespace v0 {

enum class LogLevel : int32_t {
  kDebug = DUETIME_LOG_DEBUG,
  kInfo = DUETIME_LOG_INFO,
  kWarning = DUETIME_LOG_WARNING,
  kError = DUETIME_LOG_ERROR
};

// May be called from any thread. Must not throw: std::terminate() follows.
using LogSink = std::function<void(LogLevel level, const std::string &logger, const std::string &message)>;

struct SchedulerOptions {
  bool hosted = false;                                     // no threads; call run_pending()
  std::optional<ManualClock> clock;                        // none: the system's
  Duration lease = std::chrono::seconds(30);               // of claims in shared stores; at least 100 ms
  Duration retry_interval_max = std::chrono::seconds(10);  // longest wait between tries of a failing store
  Duration history_max_age = std::chrono::hours(24 * 7);   // ended runs are kept this long
  uint64_t history_max_count = 10000;                      // and at most this many per store
  LogSink log;                                             // none: warnings and errors go to standard error
  LogLevel log_level = LogLevel::kInfo;
};

enum class SchedulerState : int32_t {
  kStopped = DUETIME_STATE_STOPPED,
  kRunning = DUETIME_STATE_RUNNING,
  kPaused = DUETIME_STATE_PAUSED
};

struct NewJob {
  Trigger trigger;
  JobOptions options;
};

// Finds the task of a name that was not registered, or an empty function: jobs of that task are then parked
// on this node. Asked once for each name, from a thread of the scheduler's. Must not throw: std::terminate()
// follows.
using TaskResolver = std::function<Task(const std::string &name)>;

// Its destructor shuts down without waiting for tasks that run; they may outlive it. Every function may be
// called from any thread at any time, also from tasks and listeners. A moved-from scheduler can only be
// destroyed or assigned to: its functions throw kInvalidArgument.
//
// `store` is an alias; none means every store, searched in the order they were added. Functions throw Error;
// duetime/scheduler.h says which codes, kNotFound for a job, store or executor that is not there among them.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerOptions &options = {})
      : handle_(make(options, duetime_scheduler_create)) {}

  // From a JSON object of options, stores and executors (docs/configuration.md), which goes before `options`.
  // kInvalidArgument names the member that is unknown or wrong.
  static Scheduler from_json(const std::string &json, const SchedulerOptions &options = {}) {
    const char *text = detail::to_c(json);
    return Scheduler(make(options, [&](const duetime_scheduler_options *c, duetime_scheduler **out) {
      return duetime_scheduler_create_from_json(text, c, out);
    }));
  }

  // --- life

  // Adds a memory store and a thread pool named "default" where nothing of that name was added. `paused`:
  // claims nothing until resume().
  void start(bool paused = false) { detail::check(duetime_scheduler_start(handle(), paused)); }

  // Claims nothing more. `wait`: returns only when running tasks have ended and are recorded. It may be
  // started again.
  void shutdown(bool wait = true) { detail::check(duetime_scheduler_shutdown(handle(), wait)); }
  void pause() { detail::check(duetime_scheduler_pause(handle())); }
  void resume() { detail::check(duetime_scheduler_resume(handle())); }

  SchedulerState state() const {
    int32_t state = 0;
    detail::check(duetime_scheduler_state(handle(), &state));
    return static_cast<SchedulerState>(state);
  }

  // A JSON object (docs/health.md).
  std::string health() const {
    char *json = nullptr;
    detail::check(duetime_scheduler_health(handle(), &json));
    return detail::take_text(json);
  }

  // What has become of runs on this node since its start, in numbers: a JSON object (docs/health.md).
  std::string statistics() const {
    char *json = nullptr;
    detail::check(duetime_scheduler_statistics(handle(), &json));
    return detail::take_text(json);
  }

  // Health and statistics in the text format of Prometheus.
  std::string metrics() const {
    char *text = nullptr;
    detail::check(duetime_scheduler_metrics(handle(), &text));
    return detail::take_text(text);
  }

  // --- hosted mode

  // Claims and hands over what is due and delivers events, in this thread. Answers when to call again at the
  // latest, if wakeup_fd() does not become readable before; none if nothing is scheduled.
  std::optional<TimePoint> run_pending() {
    duetime_time next = DUETIME_TIME_LATEST;
    detail::check(duetime_scheduler_run_pending(handle(), &next));
    return next == DUETIME_TIME_LATEST ? std::nullopt : detail::to_optional(next);
  }

  // Readable when run_pending() has work; the scheduler's own.
  int wakeup_fd() const {
    int32_t descriptor = -1;
    detail::check(duetime_scheduler_wakeup_fd(handle(), &descriptor));
    return descriptor;
  }

  // --- stores and executors

  // `configuration`: a URL ("memory:", "sqlite:///jobs.db") or a JSON object (docs/job_stores.md).
  void add_store(const std::string &alias, const std::string &configuration) {
    detail::check(duetime_scheduler_add_store(handle(), detail::to_c(alias), detail::to_c(configuration)));
  }
  void remove_store(const std::string &alias, bool wait = true) {
    detail::check(duetime_scheduler_remove_store(handle(), detail::to_c(alias), wait));
  }

  // `workers`: 1 to 10,000 threads.
  void add_thread_pool(const std::string &alias, uint32_t workers) {
    detail::check(duetime_scheduler_add_thread_pool(handle(), detail::to_c(alias), workers, nullptr));
  }

  // Runs tasks in the thread that hands them over.
  void add_inline_executor(const std::string &alias) {
    detail::check(duetime_scheduler_add_inline_executor(handle(), detail::to_c(alias)));
  }
  void add_process_pool(const std::string &alias, const ProcessPoolOptions &options) {
    const detail::CProcessPoolOptions c(options);
    detail::check(duetime_scheduler_add_process_pool(handle(), detail::to_c(alias), &c.c()));
  }
  void remove_executor(const std::string &alias, bool wait = true) {
    detail::check(duetime_scheduler_remove_executor(handle(), detail::to_c(alias), wait));
  }

  // --- tasks and listeners

  // Replaces an earlier task of that name, which is destroyed when its last run has ended.
  void register_task(const std::string &name, Task task) {
    if (!task) throw Error(ErrorCode::kInvalidArgument, "the task \"" + name + "\" is an empty function");
    const char *c_name = detail::to_c(name);  // before the task is handed over: it may throw
    detail::check(duetime_scheduler_register_task(handle(), c_name, detail::run_task,
                                                  new Task(std::move(task)), detail::destroy_function<Task>));
  }

  // Replaces an earlier resolver; an empty one removes it.
  void set_task_resolver(TaskResolver resolver) {
    if (!resolver) {
      detail::check(duetime_scheduler_set_task_resolver(handle(), nullptr, nullptr, nullptr));
      return;
    }
    detail::check(duetime_scheduler_set_task_resolver(handle(), resolve_task,
                                                      new TaskResolver(std::move(resolver)),
                                                      detail::destroy_function<TaskResolver>));
  }

  // `mask`: some of DUETIME_EVENT_... (duetime/event.h). Answers the id that remove_listener() asks for.
  uint64_t add_listener(uint64_t mask, Listener listener) {
    if (!listener) throw Error(ErrorCode::kInvalidArgument, "the listener is an empty function");
    uint64_t id = 0;
    detail::check(duetime_scheduler_add_listener(handle(), mask, detail::tell_listener,
                                                 new Listener(std::move(listener)),
                                                 detail::destroy_function<Listener>, &id));
    return id;
  }

  // A delivery under way in another thread may still end afterwards.
  void remove_listener(uint64_t id) { detail::check(duetime_scheduler_remove_listener(handle(), id)); }

  // --- jobs

  // None if the trigger never fires: nothing is added then. Throws kConflict if the id is taken.
  std::optional<Job> add_job(const Trigger &trigger, const JobOptions &options) {
    const detail::CJobOptions c(options);
    return job([&](duetime_job **out) {
      return duetime_scheduler_add_job(handle(), trigger.handle(), &c.c(), out);
    });
  }

  // Adds all or none to one store, that of the first: one transaction for thousands of jobs.
  void add_jobs(const std::vector<NewJob> &jobs) {
    const CNewJobs c(jobs);
    detail::check(duetime_scheduler_add_jobs(handle(), jobs.size(), c.triggers.data(), c.options.data()));
  }

  // What adds the jobs if it is run in a transaction of the caller's own connection to the store's database:
  // a JSON array of statements (duetime_scheduler_sql_to_add_jobs()).
  std::string sql_to_add_jobs(const std::vector<NewJob> &jobs) {
    const CNewJobs c(jobs);
    char *json = nullptr;
    detail::check(
        duetime_scheduler_sql_to_add_jobs(handle(), jobs.size(), c.triggers.data(), c.options.data(), &json));
    return detail::take_text(json);
  }

  Job modify_job(const std::string &id, const JobChanges &changes,
                 const std::optional<std::string> &store = std::nullopt) {
    const detail::CJobOptions c(changes);
    const duetime_trigger *trigger = changes.trigger ? changes.trigger->handle() : nullptr;
    return *job([&](duetime_job **out) {
      return duetime_scheduler_modify_job(handle(), detail::to_c(store), detail::to_c(id), c.fields(), &c.c(),
                                          trigger, out);
    });
  }

  Job pause_job(const std::string &id, const std::optional<std::string> &store = std::nullopt) {
    return *job([&](duetime_job **out) {
      return duetime_scheduler_pause_job(handle(), detail::to_c(store), detail::to_c(id), out);
    });
  }

  // Due again at the trigger's first fire from now. If there is none the job is removed, and none is the
  // answer.
  std::optional<Job> resume_job(const std::string &id,
                                const std::optional<std::string> &store = std::nullopt) {
    return job([&](duetime_job **out) {
      return duetime_scheduler_resume_job(handle(), detail::to_c(store), detail::to_c(id), out);
    });
  }

  void remove_job(const std::string &id, const std::optional<std::string> &store = std::nullopt) {
    detail::check(duetime_scheduler_remove_job(handle(), detail::to_c(store), detail::to_c(id)));
  }
  void remove_all_jobs(const std::optional<std::string> &store = std::nullopt) {
    detail::check(duetime_scheduler_remove_all_jobs(handle(), detail::to_c(store)));
  }

  // None if there is no such job.
  std::optional<Job> get_job(const std::string &id,
                             const std::optional<std::string> &store = std::nullopt) const {
    duetime_job *found = nullptr;
    const duetime_status status =
        duetime_scheduler_get_job(handle(), detail::to_c(store), detail::to_c(id), &found);
    if (status == DUETIME_ERROR_NOT_FOUND) return std::nullopt;
    detail::check(status);
    return Job::adopt(found);
  }

  // By next run time, paused ones last, then by id.
  std::vector<Job> jobs(const std::optional<std::string> &store = std::nullopt) const {
    duetime_job_list *list = nullptr;
    detail::check(duetime_scheduler_list_jobs(handle(), detail::to_c(store), &list));
    return detail::take_jobs(list);
  }

  // By id. Pages are read from one store: `limit`, and the last id of the page before as `after_id`.
  std::vector<Job> find_jobs(const JobFilter &filter,
                             const std::optional<std::string> &store = std::nullopt) const {
    const duetime_job_filter c = detail::to_c(filter);
    duetime_job_list *list = nullptr;
    detail::check(duetime_scheduler_find_jobs(handle(), detail::to_c(store), &c, &list));
    return detail::take_jobs(list);
  }

  // --- runs

  // Latest first: of all nodes that share a store, and also of jobs that are gone.
  std::vector<Run> runs(const RunFilter &filter = {},
                        const std::optional<std::string> &store = std::nullopt) const {
    const duetime_run_filter c = detail::to_c(filter);
    duetime_run_list *list = nullptr;
    detail::check(duetime_scheduler_list_runs(handle(), detail::to_c(store), &c, &list));
    return detail::take_runs(list);
  }

  // The runs that are under way now, oldest first: of all nodes, where a store is shared.
  std::vector<Run> running(const std::optional<std::string> &store = std::nullopt) const {
    duetime_run_list *list = nullptr;
    detail::check(duetime_scheduler_list_running(handle(), detail::to_c(store), &list));
    return detail::take_runs(list);
  }

  // Keeps ended runs, of this store or of all, otherwise than the options and the store's configuration say.
  void set_history(Duration max_age, uint64_t max_count,
                   const std::optional<std::string> &store = std::nullopt) {
    detail::check(
        duetime_scheduler_set_history(handle(), detail::to_c(store), detail::to_c(max_age), max_count));
  }

  // Runs the job once on this node, beside its schedule, also a paused one. Answers the run's id.
  std::string run_job(const std::string &id, const std::optional<std::string> &store = std::nullopt) {
    char *run_id = nullptr;
    detail::check(duetime_scheduler_run_job(handle(), detail::to_c(store), detail::to_c(id), &run_id));
    return detail::take_text(run_id);
  }

  // Tells a run that is under way on this node to end early: Call::is_cancelled().
  void cancel_run(const std::string &run_id) {
    detail::check(duetime_scheduler_cancel_run(handle(), detail::to_c(run_id)));
  }

  // Jobs that this node cannot read or run.
  std::vector<ParkedJob> parked_jobs() const {
    duetime_parked_list *list = nullptr;
    detail::check(duetime_scheduler_list_parked(handle(), &list));
    return detail::take_parked(list);
  }

  // Looks at a parked job again.
  void release_parked(const std::string &id, const std::optional<std::string> &store = std::nullopt) {
    detail::check(duetime_scheduler_release_parked(handle(), detail::to_c(store), detail::to_c(id)));
  }

  // Reads the tz database again; answers how many jobs got triggers with new data. Next run times stay,
  // unless `move_next_runs`.
  std::size_t reload_time_zones(bool move_next_runs = false) {
    std::size_t count = 0;
    detail::check(duetime_scheduler_reload_time_zones(handle(), move_next_runs, &count));
    return count;
  }

  // For functions of the C ABI; lives as long as this scheduler.
  duetime_scheduler *handle() const noexcept { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(duetime_scheduler *handle) const { duetime_scheduler_destroy(handle); }
  };

  using Handle = std::unique_ptr<duetime_scheduler, Destroy>;
  explicit Scheduler(Handle handle) : handle_(std::move(handle)) {}

  template <class Create>
  static Handle make(const SchedulerOptions &options, const Create &create) {
    duetime_scheduler_options c = DUETIME_SCHEDULER_OPTIONS_INIT;
    c.hosted = options.hosted;
    c.clock = options.clock ? options.clock->handle() : nullptr;
    c.lease = detail::to_c(options.lease);
    c.retry_interval_max = detail::to_c(options.retry_interval_max);
    c.history_max_age = detail::to_c(options.history_max_age);
    c.history_max_count = options.history_max_count;
    c.log_level = static_cast<int32_t>(options.log_level);
    if (options.log) {
      c.log = write_log;
      c.log_user_data = new LogSink(options.log);
      c.release_log_user_data = detail::destroy_function<LogSink>;
    }
    duetime_scheduler *handle = nullptr;
    detail::check(create(&c, &handle));
    return Handle(handle);
  }

  // What the C ABI reads, for as long as the jobs live.
  struct CNewJobs {
    explicit CNewJobs(const std::vector<NewJob> &jobs) {
      made.reserve(jobs.size());
      for (const NewJob &job : jobs) {
        triggers.push_back(job.trigger.handle());
        made.emplace_back(job.options);
        options.push_back(made.back().c());
      }
    }
    std::vector<detail::CJobOptions> made;
    std::vector<const duetime_trigger *> triggers;
    std::vector<duetime_job_options> options;
  };

  template <class Get>
  static std::optional<Job> job(const Get &get) {
    duetime_job *job = nullptr;
    detail::check(get(&job));
    return job ? std::optional<Job>(Job::adopt(job)) : std::nullopt;
  }

  static void write_log(void *sink, int32_t level, const char *logger, const char *message) noexcept {
    (*static_cast<LogSink *>(sink))(static_cast<LogLevel>(level), logger, message);
  }

  static int32_t resolve_task(void *resolver, const char *name, duetime_task_fn *out_fn, void **out_user_data,
                              duetime_release_fn *out_release) noexcept {
    Task task = (*static_cast<TaskResolver *>(resolver))(name);
    if (!task) return 0;
    *out_fn = detail::run_task;
    *out_user_data = new Task(std::move(task));
    *out_release = detail::destroy_function<Task>;
    return 1;
  }

  Handle handle_;
};

// Plays time, for tests and simulations: the manual clock of these hosted schedulers moves to `until`, from
// one due instant to the next, and what is due at each has run to its end before time goes on. False if what
// runs has not ended within `timeout` of real time: the same call goes on from there.
inline bool play(const std::vector<Scheduler *> &schedulers, TimePoint until, Duration timeout = kUnlimited) {
  std::vector<duetime_scheduler *> handles;
  for (const Scheduler *scheduler : schedulers) handles.push_back(scheduler->handle());
  const duetime_status status =
      duetime_scheduler_play(handles.data(), handles.size(), detail::to_c(until), detail::to_c(timeout));
  if (status == DUETIME_ERROR_TIMEOUT) return false;
  detail::check(status);
  return true;
}

}  // namespace v0
}  // namespace duetime

#endif
