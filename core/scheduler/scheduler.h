// What users hold: stores, executors, tasks and listeners under one roof, with one lane per store that claims
// what is due and hands it over.
//
// Threads: every function may be called from any thread at any time, also from tasks and listeners. No lock
// is held while foreign code (tasks, listeners, triggers, log sinks) runs.
//
// Stores are opened when they are first needed, start() at the latest, and closed by shutdown().
//
// Fork: a scheduler with open stores belongs to the process that opened them. In a forked child its calls
// throw kForked; the child destroys its copy, which touches neither threads, sockets nor files, and makes a
// new one. One that was never started or used is the child's as well.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"
#include "core/events/event_bus.h"
#include "core/executors/executor.h"
#include "core/jobs/task.h"
#include "core/jobstores/job_store.h"
#include "core/scheduler/run_statistics.h"
#include "core/time/clock.h"

namespace duetime {

enum class SchedulerState { kStopped = 0, kRunning = 1, kPaused = 2 };

enum class RunMode {
  kThreaded,  // a thread per lane and one for events
  kHosted,    // no threads: the host calls run_pending() when wakeup_fd() is readable
};

struct SchedulerOptions {
  RunMode mode = RunMode::kThreaded;
  std::shared_ptr<Clock> clock;                            // null: system_clock()
  std::shared_ptr<const Log> log;                          // null: standard error, warnings and above
  Duration lease = std::chrono::seconds(30);               // at least 100 ms; renewed at a third
  Duration retry_interval_max = std::chrono::seconds(10);  // back-off of a failing store
  RunRetention retention;
};

// Finds the task of that name, or null: the node does not know it. Called with no lock held, and again only
// after release_parked() or when the name is registered.
using TaskResolver = std::function<TaskPtr(std::string_view name)>;

// A job and the alias of the store that has it.
struct StoredJob {
  std::string store;
  JobRecord record;
};

// A run and the alias of the store of its job.
struct StoreRun {
  std::string store;
  RunRecord record;
};

// What to change. May be called several times, when the job changes meanwhile; the edited copy is validated.
// A new trigger alone leaves the position as it is.
using JobEdit = std::function<void(Job& job, JobPosition& position)>;

// A job to add and, if not at the trigger's first fire, where it stands.
struct JobRequest {
  Job job;
  std::optional<JobPosition> position;
};

struct ParkedJob {
  std::string store;
  std::string id;
  std::string reason;
};

struct LaneHealth {
  std::string store;
  bool alive = false;
  std::optional<Instant> last_pass;
  std::optional<Instant> next_wakeup;
  std::string error;  // of the store's last failure, empty once it answers again
  uint64_t claimed = 0;
  uint64_t ended = 0;
  std::size_t executing = 0;
  std::size_t parked = 0;
  RunCounts runs;
};

struct Health {
  SchedulerState state = SchedulerState::kStopped;
  Uuid node;
  uint64_t dropped_events = 0;
  std::vector<LaneHealth> lanes;
};

class Scheduler {
 public:
  explicit Scheduler(SchedulerOptions options = {});
  ~Scheduler();  // shutdown(wait = false)
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // --- life ---------------------------------------------------------------------------------------------
  // Throws kAlreadyRunning. A stopped scheduler may be started again, as a new node.
  void start(bool paused = false);

  // No new runs are claimed, and running ones are told to end (cancel_run()); with `wait`, returns when they
  // have ended and are recorded (a run that calls this does not wait for itself). Throws kNotRunning.
  void shutdown(bool wait = true);
  void pause();                  // Throws kNotRunning
  void resume();                 // Throws kNotRunning
  SchedulerState state() const;  // kRunning only while every lane is alive
  Health health() const;

  // --- hosted mode ----------------------------------------------------------------------------------------
  // Claims and hands over what is due and delivers events, in this thread. Answers when to call again at the
  // latest. Throws kNotRunning; kUnsupported in threaded mode.
  Instant run_pending();
  int wakeup_fd() const;  // readable when run_pending() has work; -1 in threaded mode

  // For play() (time_lapse.h): as run_pending(), but looks at every store again, claims nothing once the
  // clock is beyond `step`, and answers when there is work next of all that is known now; kLatestInstant for
  // never.
  Instant run_due(Instant step);
  std::size_t executing() const;  // claims that are under way on this node

  // --- parts ----------------------------------------------------------------------------------------------
  // Throws kConflict for a taken alias and, if the scheduler runs, what the store's open() throws.
  void add_store(const std::string& alias, JobStorePtr store);
  void remove_store(const std::string& alias,
                    bool wait = true);  // closes it; its jobs stay. Throws kNotFound
  void add_executor(const std::string& alias, ExecutorPtr executor);   // Throws kConflict
  void remove_executor(const std::string& alias, bool wait = true);    // Throws kNotFound
  void register_task(const std::string& name, TaskFunction function);  // replaces
  void set_task_resolver(TaskResolver resolver);
  ListenerId add_listener(uint64_t mask, Listener listener);
  bool remove_listener(ListenerId id);

  // --- jobs -----------------------------------------------------------------------------------------------
  // An empty `store` means every store, searched in the order they were added; "default" is only a name. A
  // job that is only waiting for its last run to end is not found any more. Throws kNotFound for an unknown
  // store or job, kConflict for a taken id, kInvalidArgument.

  // An empty id is replaced by a new random one. Without `position` the first run is the trigger's; kReplace
  // then leaves a stored job with the same trigger where it stands, paused or due, and one that is wholly the
  // same untouched (replacement.h says why). Answers the job as it went to the store (revision, version and
  // fence, which the store draws, are 0), or nullopt if the trigger never fires: nothing was added.
  std::optional<JobRecord> add_job(const std::string& store, Job job,
                                   OnConflict on_conflict = OnConflict::kFail,
                                   std::optional<JobPosition> position = std::nullopt);
  // All or none; those whose trigger never fires are left out. kReplace begins all of them anew.
  void add_jobs(const std::string& store, std::vector<JobRequest> jobs,
                OnConflict on_conflict = OnConflict::kFail);

  // What adds the jobs if it is run, in this order, in a transaction of anybody's own connection to the
  // store's database (JobStore::sql_to_add). kReplace begins them anew; those whose trigger never fires are
  // left out. Throws kUnsupported for a store without SQL.
  SqlStatements sql_to_add_jobs(const std::string& store, std::vector<JobRequest> jobs,
                                OnConflict on_conflict = OnConflict::kFail) const;

  // Copies jobs in from elsewhere, once: those whose id is free, in one atomic step with the note that
  // `source` (1 to 1024 bytes) was imported. False if it was before: nothing changes. Jobs whose trigger
  // never fires are left out. `store` is not empty.
  bool import_jobs(const std::string& store, const std::string& source, std::vector<JobRequest> jobs);
  bool imported(const std::string& store, const std::string& source) const;

  StoredJob edit_job(std::string_view store, std::string_view id, const JobEdit& edit);
  StoredJob pause_job(std::string_view store, std::string_view id);
  // Due at the trigger's first fire from now. Answers nullopt if there is none: the job was removed.
  std::optional<StoredJob> resume_job(std::string_view store, std::string_view id);
  void remove_job(std::string_view store, std::string_view id);
  void remove_all_jobs(std::string_view store);

  // Reads the tz database again and gives the jobs whose zone has changed triggers with the new data; answers
  // how many. Their next run times stay as they are unless `move_next_runs`: then each is what the trigger
  // says from now on. Other nodes that share a store do this for themselves, or plan with what they have.
  std::size_t reload_time_zones(bool move_next_runs);

  std::optional<StoredJob> find_job(std::string_view store, std::string_view id) const;
  std::vector<StoredJob> list_jobs(std::string_view store, const JobFilter& filter = {}) const;
  // Latest first, of all the stores asked together.
  std::vector<StoreRun> list_runs(std::string_view store, const RunFilter& filter) const;

  // Keeps the ended runs of this store, or of all, otherwise than SchedulerOptions::retention says.
  void set_retention(std::string_view store, const StoreRetention& retention);

  // --- runs -----------------------------------------------------------------------------------------------
  // Runs the job once on this node, beside its schedule, and answers the run's id: also a paused job, one
  // that is only waiting for its last run to end, and while the scheduler is paused. It waits for a worker
  // where its executor has none free, and is never too late. Throws kNotRunning, kNotFound, and kMaxInstances
  // if so many runs of the job are under way.
  Uuid run_job_now(std::string_view store, std::string_view id);

  // Tells a run that is under way on this node to end early: its task sees it (TaskCall::is_cancelled()) and
  // does what it likes, a run that waits for a worker does not start and ends as kFailed. False if it is not
  // under way here. shutdown() and remove_store() tell it all tasks that run.
  bool cancel_run(const Uuid& run);

  // What TaskCall::is_cancelled() says, for those who have not got the call. True once the scheduler is shut
  // down.
  bool is_run_cancelled(const Uuid& run) const;

  // The runs that are under way now, oldest claim first: of all nodes, where the store is shared. Only for
  // those of this node is it known when they started. Throws kNotRunning.
  std::vector<StoreRun> list_running(std::string_view store) const;

  // --- parked jobs (contract P9) --------------------------------------------------------------------------
  // Jobs that this node found it cannot read or run. Parking is this node's word: the store is not touched,
  // and other nodes may run them.
  std::vector<ParkedJob> list_parked() const;

  // Looks at it again: task, executor and document. A run that was due meanwhile is due now, not late. Throws
  // kNotFound if it is not parked.
  void release_parked(std::string_view store, std::string_view id);

 private:
  class Impl;
  // Calls hold it, so that one in another thread outlives the destructor. Throws kForked.
  std::shared_ptr<Impl> impl() const;
  std::shared_ptr<Impl> impl_;
};

}  // namespace duetime
