#include "core/scheduler/scheduler.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "core/base/fork.h"
#include "core/base/text.h"
#include "core/scheduler/lane.h"
#include "core/scheduler/replacement.h"
#include "core/scheduler/run_planner.h"
#include "core/scheduler/wakeup_set.h"
#include "core/triggers/zone_renewal.h"

namespace duetime {
namespace {

constexpr Duration kShortestLease = std::chrono::milliseconds(100);

[[noreturn]] void throw_no_job(std::string_view id) {
  throw Error(ErrorCode::kNotFound, "No job by the id of " + std::string(id) + " was found");
}

bool is_finishing(const JobRecord& record) { return record.position.status == JobStatus::kFinishing; }

std::optional<Instant> earliest_run(const std::vector<NewJob>& jobs) {
  std::optional<Instant> earliest;
  for (const NewJob& job : jobs) {
    const std::optional<Instant>& due = job.position.next_run_time;
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

void check_source(const std::string& source) {
  constexpr std::size_t kMaxSourceBytes = 1024;
  if (!source.empty() && source.size() <= kMaxSourceBytes) return;
  throw Error(ErrorCode::kInvalidArgument, "source: " + std::to_string(source.size()) +
                                               " bytes, expected 1 to " + std::to_string(kMaxSourceBytes));
}

// A next run time that somebody set is the fire that the trigger goes on from.
void follow_next_run_time(JobPosition& position, const std::optional<Instant>& before) {
  if (position.next_run_time == before) return;
  position.fire_time = position.next_run_time;
  position.status = position.next_run_time ? JobStatus::kScheduled : JobStatus::kPaused;
}

// False: another node was faster.
bool add_unless_taken(JobStore& store, const NewJob& job, OnConflict on_conflict) {
  try {
    store.add({&job, 1}, on_conflict);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kConflict) throw;
    return false;
  }
}

// False: the job was changed, claimed or removed meanwhile.
bool update_if_there(JobStore& store, const JobRecord& record) {
  try {
    return store.update(record).has_value();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kNotFound) throw;
    return false;
  }
}

void check_options(const SchedulerOptions& options) {
  if (options.lease < kShortestLease) {
    throw Error(ErrorCode::kInvalidArgument,
                "lease " + std::to_string(options.lease.count()) + " us: expected at least 100 ms");
  }
  if (options.retry_interval_max < kShortestLease) {
    throw Error(ErrorCode::kInvalidArgument, "retry_interval_max " +
                                                 std::to_string(options.retry_interval_max.count()) +
                                                 " us: expected at least 100 ms");
  }
}

}  // namespace

class Scheduler::Impl {
 public:
  explicit Impl(SchedulerOptions options);
  ~Impl();

  void start(bool paused);
  void shutdown(bool wait);
  void set_paused(bool paused);
  SchedulerState state() const;
  Health health() const;
  Instant run_pending();
  int wakeup_fd() const;
  Instant run_due(Instant step);
  std::size_t executing() const;

  void add_store(const std::string& alias, JobStorePtr store);
  void remove_store(const std::string& alias, bool wait);
  void add_executor(const std::string& alias, ExecutorPtr executor);
  void remove_executor(const std::string& alias, bool wait);
  void register_task(const std::string& name, TaskFunction function);
  void set_task_resolver(TaskResolver resolver);
  EventBus& events() { return *events_; }

  std::optional<JobRecord> add_job(const std::string& store, JobRequest request, OnConflict on_conflict);
  void add_jobs(const std::string& store, std::vector<JobRequest> requests, OnConflict on_conflict);
  SqlStatements sql_to_add_jobs(const std::string& store, std::vector<JobRequest> requests,
                                OnConflict on_conflict) const;
  bool import_jobs(const std::string& store, const std::string& source, std::vector<JobRequest> requests);
  bool imported(const std::string& store, const std::string& source) const;
  StoredJob edit_job(std::string_view store, std::string_view id, const JobEdit& edit);
  std::optional<StoredJob> resume_job(std::string_view store, std::string_view id);
  void remove_job(std::string_view store, std::string_view id);
  void remove_all_jobs(std::string_view store);
  std::size_t reload_time_zones(bool move_next_runs);
  std::optional<StoredJob> find_job(std::string_view store, std::string_view id) const;
  std::vector<StoredJob> list_jobs(std::string_view store, const JobFilter& filter) const;
  std::vector<StoreRun> list_runs(std::string_view store, const RunFilter& filter) const;
  void set_retention(std::string_view store, const StoreRetention& retention) const;
  Uuid run_job_now(std::string_view store, std::string_view id);
  bool cancel_run(const Uuid& run) const;
  bool is_run_cancelled(const Uuid& run) const;
  std::vector<StoreRun> list_running(std::string_view store) const;
  std::vector<ParkedJob> list_parked() const;
  void release_parked(std::string_view store, std::string_view id);

  void abandon_after_fork() noexcept;
  bool is_foreign_process() const { return used_ && fork_generation_ != duetime::fork_generation(); }

 private:
  enum class Phase { kStopped, kStarting, kRunning, kStopping };

  struct Store {
    std::string alias;
    JobStorePtr store;
    OpenStorePtr open;           // guarded by mutex_
    std::shared_ptr<Lane> lane;  // guarded by mutex_; while the scheduler runs
  };
  using StorePtr = std::shared_ptr<Store>;

  struct Found {
    StorePtr store;
    OpenStorePtr open;
    JobRecord record;
  };

  std::vector<StorePtr> stores() const;
  std::vector<StorePtr> stores(std::string_view alias) const;
  std::vector<std::shared_ptr<Lane>> lanes() const;
  std::shared_ptr<Lane> lane_of(const StorePtr& store) const;
  Instant run_lanes(Instant (*next_of)(Lane& lane, Instant wakeup));
  OpenStorePtr open(const StorePtr& store) const;
  void start_lane(const StorePtr& store);
  void add_lane(const StorePtr& store);
  void start_lanes();
  std::shared_ptr<Lane> stop_lane(const StorePtr& store);
  void close_stores();
  std::optional<Found> find(std::string_view alias, std::string_view id) const;
  Found require(std::string_view alias, std::string_view id) const;
  NewJob prepare(JobRequest request, const OpenStorePtr& store) const;
  std::vector<NewJob> prepare(std::vector<JobRequest> requests, const OpenStorePtr& store) const;
  bool put_in_place(JobStore& store, NewJob& job) const;
  void wake(const StorePtr& store, std::optional<Instant> due) const;
  void wake_all(const std::function<bool(Parking&)>& released) const;
  void deliver(uint64_t code, const std::string& store, const std::string& job_id) const;
  void deliver_alias(uint64_t code, const std::string& alias) const;

  const SchedulerOptions options_;
  const std::shared_ptr<EventBus> events_;
  const std::shared_ptr<TaskRegistry> tasks_ = std::make_shared<TaskRegistry>();
  const std::shared_ptr<ExecutorRegistry> executors_ = std::make_shared<ExecutorRegistry>();
  std::shared_ptr<WakeupSet> wakeups_;  // hosted mode
  std::mutex pending_mutex_;            // one run_pending() at a time

  mutable std::mutex mutex_;
  mutable std::mutex opening_mutex_;  // one store is opened once
  Phase phase_ = Phase::kStopped;
  bool paused_ = false;
  std::vector<StorePtr> stores_;
  std::shared_ptr<const Node> node_;
  mutable std::atomic<bool> used_{false};
  mutable std::atomic<uint64_t> fork_generation_{0};
};

// --- life
// ---------------------------------------------------------------------------------------------------

Scheduler::Impl::Impl(SchedulerOptions options)
    : options_([&] {
        check_options(options);
        if (!options.clock) options.clock = system_clock();
        if (!options.log) options.log = std::make_shared<const Log>();
        return std::move(options);
      }()),
      events_(std::make_shared<EventBus>(options_.log)) {
  if (options_.mode != RunMode::kHosted) return;
  wakeups_ = std::make_shared<WakeupSet>(*options_.clock);
  events_->on_queued([wakeups = wakeups_] { wakeups->ring(); });
}

Scheduler::Impl::~Impl() {
  try {
    if (state() != SchedulerState::kStopped) shutdown(false);
  } catch (const Error&) {
    // Somebody else is shutting it down.
  }
  for (const auto& [alias, executor] : executors_->all()) executor->shutdown(false);
}

// In the child only memory is left: the parent's threads, connections and locks are not ours to touch.
void Scheduler::Impl::abandon_after_fork() noexcept {
  for (const StorePtr& store : stores_) {
    if (store->open) store->open->abandon_after_fork();
  }
}

void Scheduler::Impl::start(bool paused) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kStopped) throw Error(ErrorCode::kAlreadyRunning, "Scheduler is already running");
    phase_ = Phase::kStarting;
    paused_ = paused;
    node_ = std::make_shared<const Node>(
        Node{make_uuid(), options_.clock, options_.log, events_, tasks_, executors_, options_});
  }
  try {
    for (const auto& [alias, executor] : executors_->all()) executor->start();
    start_lanes();
  } catch (...) {
    for (const StorePtr& store : stores()) {
      if (const auto lane = stop_lane(store)) lane->close();
    }
    close_stores();
    events_->close();
    const std::lock_guard lock(mutex_);
    phase_ = Phase::kStopped;
    throw;
  }
  options_.log->write(LogLevel::kInfo, "scheduler", "Scheduler started");
  deliver_alias(kSchedulerStarted, "");
  for (const auto& lane : lanes())
    lane->begin();  // whatever the first run does, shutdown() too, finds us running
}

// Stores that are added while others are being opened get their lanes too, before anybody sees us running.
void Scheduler::Impl::start_lanes() {
  events_->open(options_.mode == RunMode::kThreaded);
  for (;;) {
    StorePtr next;
    {
      const std::lock_guard lock(mutex_);
      const auto waiting = std::ranges::find_if(stores_, [](const StorePtr& store) { return !store->lane; });
      if (waiting == stores_.end()) {
        phase_ = Phase::kRunning;
        return;
      }
      next = *waiting;
    }
    start_lane(next);
  }
}

void Scheduler::Impl::start_lane(const StorePtr& store) {
  auto lane = std::make_shared<Lane>(node_, store->alias, open(store));
  lane->set_paused(paused_);
  if (wakeups_) {
    wakeups_->add(lane->fd());
  } else {
    lane->start_thread();
  }
  const std::lock_guard lock(mutex_);
  store->lane = std::move(lane);
}

// The scheduler was found running when the store was added. It may have been shut down since, in another
// thread that did not see this lane.
void Scheduler::Impl::add_lane(const StorePtr& store) {
  start_lane(store);
  std::shared_ptr<Lane> lane;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kRunning) lane = store->lane;
  }
  if (lane) return lane->begin();
  if (const auto late = stop_lane(store)) late->close();
}

// Answers the lane, to be closed when its runs have ended; null if there was none.
std::shared_ptr<Lane> Scheduler::Impl::stop_lane(const StorePtr& store) {
  std::shared_ptr<Lane> lane;
  {
    const std::lock_guard lock(mutex_);
    lane = std::exchange(store->lane, nullptr);
  }
  if (!lane) return nullptr;
  if (wakeups_) wakeups_->remove(lane->fd());
  lane->stop();
  return lane;
}

void Scheduler::Impl::shutdown(bool wait) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kRunning) throw Error(ErrorCode::kNotRunning, "Scheduler is not running");
    phase_ = Phase::kStopping;
  }
  std::vector<std::shared_ptr<Lane>> stopped;
  for (const StorePtr& store : stores()) {
    if (auto lane = stop_lane(store)) stopped.push_back(std::move(lane));
  }
  for (const auto& [alias, executor] : executors_->all()) executor->shutdown(wait);
  for (const auto& lane : stopped) lane->close();
  stopped.clear();
  close_stores();
  options_.log->write(LogLevel::kInfo, "scheduler", "Scheduler has been shut down");
  events_->close();
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::kStopped;
  }
  deliver_alias(kSchedulerShutdown, "");
}

void Scheduler::Impl::close_stores() {
  std::vector<OpenStorePtr> closing;  // destroyed after the lock
  const std::lock_guard lock(mutex_);
  for (const StorePtr& store : stores_) closing.push_back(std::exchange(store->open, nullptr));
}

void Scheduler::Impl::set_paused(bool paused) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kRunning) throw Error(ErrorCode::kNotRunning, "Scheduler is not running");
    if (paused_ == paused) return;
    paused_ = paused;
  }
  for (const auto& lane : lanes()) lane->set_paused(paused);
  options_.log->write(LogLevel::kInfo, "scheduler",
                      paused ? "Paused scheduler job processing" : "Resumed scheduler job processing");
  deliver_alias(paused ? kSchedulerPaused : kSchedulerResumed, "");
}

SchedulerState Scheduler::Impl::state() const {
  if (is_foreign_process()) return SchedulerState::kStopped;
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kRunning) return SchedulerState::kStopped;
  return paused_ ? SchedulerState::kPaused : SchedulerState::kRunning;
}

Health Scheduler::Impl::health() const {
  Health health;
  health.state = state();
  for (const auto& lane : lanes()) health.lanes.push_back(lane->health());
  health.dropped_events = events_->dropped();
  const std::lock_guard lock(mutex_);
  if (node_) health.node = node_->id;
  return health;
}

// --- hosted mode
// --------------------------------------------------------------------------------------------

Instant Scheduler::Impl::run_pending() {
  return run_lanes([](Lane&, Instant wakeup) { return wakeup; });
}

Instant Scheduler::Impl::run_due(Instant step) {
  for (const auto& lane : lanes()) lane->look_again(step);
  const Instant next = run_lanes([](Lane& lane, Instant) { return lane.next_work(); });
  for (const auto& lane : lanes()) lane->look_again(kLatestInstant);
  return next;
}

// Answers the earliest of what `next_of` says about each lane.
Instant Scheduler::Impl::run_lanes(Instant (*next_of)(Lane& lane, Instant wakeup)) {
  if (!wakeups_) throw Error(ErrorCode::kUnsupported, "run_pending() needs a scheduler in hosted mode");
  if (state() == SchedulerState::kStopped) throw Error(ErrorCode::kNotRunning, "Scheduler is not running");
  const std::unique_lock only(pending_mutex_, std::try_to_lock);
  if (!only) return options_.clock->now();  // called from a task or listener of run_pending()
  wakeups_->poll();
  Instant next = kLatestInstant;
  for (const auto& lane : lanes()) {
    lane->poll();
    const Instant wakeup = lane->run();
    lane->arm(wakeup);
    next = std::min(next, next_of(*lane, wakeup));
  }
  events_->drain();
  return next;
}

std::size_t Scheduler::Impl::executing() const {
  std::size_t executing = 0;
  for (const auto& lane : lanes()) executing += lane->executing();
  return executing;
}

int Scheduler::Impl::wakeup_fd() const { return wakeups_ ? wakeups_->fd() : -1; }

// --- parts
// --------------------------------------------------------------------------------------------------

std::vector<Scheduler::Impl::StorePtr> Scheduler::Impl::stores() const {
  const std::lock_guard lock(mutex_);
  return stores_;
}

std::vector<Scheduler::Impl::StorePtr> Scheduler::Impl::stores(std::string_view alias) const {
  if (alias.empty()) return stores();
  const std::lock_guard lock(mutex_);
  for (const StorePtr& store : stores_) {
    if (store->alias == alias) return {store};
  }
  throw Error(ErrorCode::kNotFound, "No such job store: " + std::string(alias));
}

std::vector<std::shared_ptr<Lane>> Scheduler::Impl::lanes() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Lane>> lanes;
  for (const StorePtr& store : stores_) {
    if (store->lane) lanes.push_back(store->lane);
  }
  return lanes;
}

OpenStorePtr Scheduler::Impl::open(const StorePtr& store) const {
  {
    const std::lock_guard lock(mutex_);
    if (store->open) return store->open;
  }
  const std::lock_guard opening(opening_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (store->open) return store->open;
  }
  fork_generation_ = duetime::fork_generation();
  used_ = true;
  auto opened = std::make_shared<OpenStore>(store->store);
  const std::lock_guard lock(mutex_);
  return store->open = std::move(opened);
}

void Scheduler::Impl::add_store(const std::string& alias, JobStorePtr store) {
  auto entry = std::make_shared<Store>(Store{alias, std::move(store), nullptr, nullptr});
  bool running = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(stores_, alias, &Store::alias) != stores_.end()) {
      throw Error(ErrorCode::kConflict,
                  "This scheduler already has a job store by the alias of \"" + alias + "\"");
    }
    running = phase_ == Phase::kRunning;
    stores_.push_back(entry);
  }
  try {
    if (running) add_lane(entry);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    std::erase(stores_, entry);
    throw;
  }
  deliver_alias(kJobStoreAdded, alias);
}

void Scheduler::Impl::remove_store(const std::string& alias, bool wait) {
  const StorePtr store = stores(alias).front();
  {
    const std::lock_guard lock(mutex_);
    std::erase(stores_, store);
  }
  if (const auto lane = stop_lane(store)) {
    if (wait) lane->wait_until_idle();
    lane->close();
  }
  OpenStorePtr closing;
  {
    const std::lock_guard lock(mutex_);
    closing = std::exchange(store->open, nullptr);
  }
  closing.reset();
  deliver_alias(kJobStoreRemoved, alias);
}

void Scheduler::Impl::add_executor(const std::string& alias, ExecutorPtr executor) {
  executor->start();
  executors_->add(alias, std::move(executor));
  wake_all([&](Parking& parking) { return parking.release_executor(alias); });
  deliver_alias(kExecutorAdded, alias);
}

void Scheduler::Impl::remove_executor(const std::string& alias, bool wait) {
  executors_->remove(alias)->shutdown(wait);
  deliver_alias(kExecutorRemoved, alias);
}

void Scheduler::Impl::register_task(const std::string& name, TaskFunction function) {
  tasks_->add(name, std::move(function));
  wake_all([&](Parking& parking) { return parking.release_task(name); });
}

void Scheduler::Impl::set_task_resolver(TaskResolver resolver) { tasks_->set_resolver(std::move(resolver)); }

void Scheduler::Impl::wake_all(const std::function<bool(Parking&)>& released) const {
  for (const auto& lane : lanes()) {
    if (released(lane->parking())) lane->wake();
  }
}

void Scheduler::Impl::deliver(uint64_t code, const std::string& store, const std::string& job_id) const {
  if (!events_->wants(code)) return;
  Event event;
  event.code = code;
  event.store = store;
  event.job_id = job_id;
  events_->deliver(event);
}

void Scheduler::Impl::deliver_alias(uint64_t code, const std::string& alias) const {
  if (!events_->wants(code)) return;
  Event event;
  event.code = code;
  event.alias = alias;
  events_->deliver(event);
}

// --- jobs
// ---------------------------------------------------------------------------------------------------

std::shared_ptr<Lane> Scheduler::Impl::lane_of(const StorePtr& store) const {
  const std::lock_guard lock(mutex_);
  return store->lane;
}

void Scheduler::Impl::wake(const StorePtr& store, std::optional<Instant> due) const {
  if (const auto lane = lane_of(store)) lane->wake_for(due);
}

// Checks the job and finds its first run. Its status is kFinishing if there is none.
NewJob Scheduler::Impl::prepare(JobRequest request, const OpenStorePtr& store) const {
  Job& job = request.job;
  if (job.id.empty()) job.id = to_string(make_uuid());
  validate(job);
  if (job.payload.live && !(*store)->traits().keeps_live_payloads) {
    throw Error(ErrorCode::kUnsupported, "job " + in_quotes(job.id) + ": a " + (*store)->description() +
                                             " store cannot keep live objects as arguments");
  }
  const JobPosition position =
      request.position ? *request.position : first_position(job, options_.clock->now());
  return {std::make_shared<const Job>(std::move(job)), position};
}

// Without those that never fire.
std::vector<NewJob> Scheduler::Impl::prepare(std::vector<JobRequest> requests,
                                             const OpenStorePtr& store) const {
  std::vector<NewJob> jobs;
  jobs.reserve(requests.size());
  for (JobRequest& request : requests) {
    NewJob job = prepare(std::move(request), store);
    if (job.position.status != JobStatus::kFinishing) jobs.push_back(std::move(job));
  }
  return jobs;
}

std::optional<JobRecord> Scheduler::Impl::add_job(const std::string& alias, JobRequest request,
                                                  OnConflict on_conflict) {
  const StorePtr store = stores(alias).front();
  const OpenStorePtr opened = open(store);
  const bool declares = on_conflict == OnConflict::kReplace && !request.position;
  NewJob job = prepare(std::move(request), opened);
  if (declares) {
    if (!put_in_place(**opened, job)) return std::nullopt;
  } else {
    if (job.position.status == JobStatus::kFinishing) return std::nullopt;
    (*opened)->add({&job, 1}, on_conflict);
  }
  deliver(kJobAdded, alias, job.job->id);  // before the lane is woken, so that it comes before the job's runs
  wake(store, job.position.next_run_time);
  return JobRecord{job.job->id, job.job, {}, job.position};
}

// Adds the job, or brings the stored one in line with it and sets job.position to where that stands; false if
// it never fires. Every write is conditional on what was read: other nodes may do the same, or claim the job.
bool Scheduler::Impl::put_in_place(JobStore& store, NewJob& job) const {
  for (;;) {
    std::optional<JobRecord> stored = store.get(job.job->id);
    const bool taken = stored && !is_finishing(*stored);
    job.position = taken && stored->job ? position_after_replacement(*stored, *job.job, options_.clock->now())
                                        : first_position(*job.job, options_.clock->now());
    if (job.position.status == JobStatus::kFinishing) return false;
    if (!taken || !stored->job) {
      if (add_unless_taken(store, job, taken ? OnConflict::kReplace : OnConflict::kFail)) return true;
      continue;
    }
    if (is_same_definition(*stored->job, *job.job)) return true;
    stored->job = job.job;
    stored->position = job.position;
    if (update_if_there(store, *stored)) return true;
  }
}

void Scheduler::Impl::add_jobs(const std::string& alias, std::vector<JobRequest> requests,
                               OnConflict on_conflict) {
  const StorePtr store = stores(alias).front();
  const OpenStorePtr opened = open(store);
  const std::vector<NewJob> jobs = prepare(std::move(requests), opened);
  (*opened)->add(jobs, on_conflict);
  if (events_->wants(kJobAdded)) {
    for (const NewJob& job : jobs) deliver(kJobAdded, alias, job.job->id);
  }
  wake(store, earliest_run(jobs));
}

SqlStatements Scheduler::Impl::sql_to_add_jobs(const std::string& alias, std::vector<JobRequest> requests,
                                               OnConflict on_conflict) const {
  const OpenStorePtr opened = open(stores(alias).front());
  SqlStatements statements;
  for (const NewJob& job : prepare(std::move(requests), opened)) {
    SqlStatements each = (*opened)->sql_to_add(job, on_conflict);
    std::ranges::move(each, std::back_inserter(statements));
  }
  return statements;
}

bool Scheduler::Impl::import_jobs(const std::string& alias, const std::string& source,
                                  std::vector<JobRequest> requests) {
  check_source(source);
  const StorePtr store = stores(alias).front();
  const OpenStorePtr opened = open(store);
  const std::vector<NewJob> jobs = prepare(std::move(requests), opened);
  if (!(*opened)->import_once(source, jobs)) return false;
  wake(store, earliest_run(jobs));
  return true;
}

bool Scheduler::Impl::imported(const std::string& alias, const std::string& source) const {
  check_source(source);
  return (*open(stores(alias).front()))->imported(source);
}

std::optional<Scheduler::Impl::Found> Scheduler::Impl::find(std::string_view alias,
                                                            std::string_view id) const {
  for (const StorePtr& store : stores(alias)) {
    OpenStorePtr opened = open(store);
    std::optional<JobRecord> record = (*opened)->get(id);
    if (record && !is_finishing(*record)) return Found{store, std::move(opened), std::move(*record)};
  }
  return std::nullopt;
}

Scheduler::Impl::Found Scheduler::Impl::require(std::string_view alias, std::string_view id) const {
  std::optional<Found> found = find(alias, id);
  if (!found) throw_no_job(id);
  return std::move(*found);
}

StoredJob Scheduler::Impl::edit_job(std::string_view alias, std::string_view id, const JobEdit& edit) {
  for (;;) {
    Found found = require(alias, id);
    if (!found.record.job) {
      throw Error(
          ErrorCode::kStoreCorrupt,
          "job " + in_quotes(id) + " cannot be read, so it cannot be changed: " + found.record.unreadable);
    }
    Job job = *found.record.job;
    const std::optional<Instant> before = found.record.position.next_run_time;
    edit(job, found.record.position);
    if (job.id != id) throw Error(ErrorCode::kInvalidArgument, "The job ID may not be changed");
    validate(job);
    follow_next_run_time(found.record.position, before);
    found.record.job = std::make_shared<const Job>(std::move(job));
    std::optional<JobRecord> stored = (*found.open)->update(found.record);
    if (!stored) continue;  // a claim or another node came between
    wake(found.store, stored->position.next_run_time);
    deliver(kJobModified, found.store->alias, stored->id);
    return {found.store->alias, std::move(*stored)};
  }
}

std::optional<StoredJob> Scheduler::Impl::resume_job(std::string_view alias, std::string_view id) {
  bool spent = false;
  const auto resume = [&](Job& job, JobPosition& position) {
    const JobPosition first = first_position(job, options_.clock->now());
    spent = !first.next_run_time;
    if (!spent) position.next_run_time = first.next_run_time;
  };
  StoredJob stored = edit_job(alias, id, resume);
  if (!spent) {
    wake_all([](Parking&) { return true; });  // a run given back before the pause may go on
    return stored;
  }
  remove_job(stored.store, id);
  return std::nullopt;
}

void Scheduler::Impl::remove_job(std::string_view alias, std::string_view id) {
  const Found found = require(alias, id);
  if (!(*found.open)->remove(id)) throw_no_job(id);
  deliver(kJobRemoved, found.store->alias, found.record.id);
}

void Scheduler::Impl::remove_all_jobs(std::string_view alias) {
  for (const StorePtr& store : stores(alias)) (*open(store))->remove_all();
  deliver_alias(kAllJobsRemoved, std::string(alias));
}

// The jobs are listed first: some stores read their triggers from documents, which then still get the old
// data.
std::size_t Scheduler::Impl::reload_time_zones(bool move_next_runs) {
  const std::vector<StoredJob> jobs = list_jobs("", {});
  duetime::reload_time_zones();
  std::size_t renewed = 0;
  for (const StoredJob& stored : jobs) {
    const JobPtr& job = stored.record.job;
    if (!job || with_current_zones(job->trigger) == job->trigger) continue;
    edit_job(stored.store, stored.record.id, [&](Job& edited, JobPosition& position) {
      edited.trigger = with_current_zones(edited.trigger);
      if (!move_next_runs || !position.next_run_time) return;
      const JobPosition first = first_position(edited, options_.clock->now());
      if (first.next_run_time) position.next_run_time = first.next_run_time;
    });
    ++renewed;
  }
  return renewed;
}

std::optional<StoredJob> Scheduler::Impl::find_job(std::string_view alias, std::string_view id) const {
  std::optional<Found> found = find(alias, id);
  if (!found) return std::nullopt;
  return StoredJob{found->store->alias, std::move(found->record)};
}

std::vector<StoredJob> Scheduler::Impl::list_jobs(std::string_view alias, const JobFilter& filter) const {
  std::vector<StoredJob> jobs;
  for (const StorePtr& store : stores(alias)) {
    for (JobRecord& record : (*open(store))->list(filter)) jobs.push_back({store->alias, std::move(record)});
  }
  return jobs;
}

void Scheduler::Impl::set_retention(std::string_view alias, const StoreRetention& retention) const {
  for (const StorePtr& store : stores(alias)) store->store->set_retention(retention);
}

std::vector<StoreRun> Scheduler::Impl::list_runs(std::string_view alias, const RunFilter& filter) const {
  std::vector<StoreRun> runs;
  for (const StorePtr& store : stores(alias)) {
    for (RunRecord& run : (*open(store))->list_runs(filter)) runs.push_back({store->alias, std::move(run)});
  }
  std::ranges::stable_sort(runs, std::greater(),
                           [](const StoreRun& run) { return run.record.scheduled_time; });
  if (runs.size() > filter.limit) runs.resize(filter.limit);
  return runs;
}

// --- runs
// ---------------------------------------------------------------------------------------------------

// A job that is only waiting for its last run to end can be run once more.
Uuid Scheduler::Impl::run_job_now(std::string_view alias, std::string_view id) {
  if (state() == SchedulerState::kStopped) throw Error(ErrorCode::kNotRunning, "Scheduler is not running");
  for (const StorePtr& store : stores(alias)) {
    const std::shared_ptr<Lane> lane = lane_of(store);
    if (lane && (*open(store))->get(id)) return lane->run_now(id);
  }
  throw_no_job(id);
}

bool Scheduler::Impl::cancel_run(const Uuid& run) const {
  return std::ranges::any_of(lanes(), [&](const auto& lane) { return lane->cancel(run); });
}

bool Scheduler::Impl::is_run_cancelled(const Uuid& run) const {
  const auto is_cancelled = [&](const auto& lane) { return lane->is_cancelled(run); };
  const auto running = lanes();
  return running.empty() || std::ranges::any_of(running, is_cancelled);
}

std::vector<StoreRun> Scheduler::Impl::list_running(std::string_view alias) const {
  if (state() == SchedulerState::kStopped) throw Error(ErrorCode::kNotRunning, "Scheduler is not running");
  std::vector<StoreRun> running;
  for (const StorePtr& store : stores(alias)) {
    const std::shared_ptr<Lane> lane = lane_of(store);
    if (!lane) continue;
    for (RunRecord& run : lane->list_running()) running.push_back({store->alias, std::move(run)});
  }
  return running;
}

// --- parked jobs
// --------------------------------------------------------------------------------------------

std::vector<ParkedJob> Scheduler::Impl::list_parked() const {
  std::vector<ParkedJob> parked;
  for (const auto& lane : lanes()) {
    for (ParkedJob& job : lane->parked_jobs()) parked.push_back(std::move(job));
  }
  return parked;
}

void Scheduler::Impl::release_parked(std::string_view alias, std::string_view id) {
  for (const auto& lane : lanes()) {
    if (!alias.empty() && lane->store_alias() != alias) continue;
    if (lane->release_parked(std::string(id))) return;
  }
  throw Error(ErrorCode::kNotFound, "job " + in_quotes(id) + " is not parked");
}

// --- Scheduler
// ----------------------------------------------------------------------------------------------

Scheduler::Scheduler(SchedulerOptions options) : impl_(std::make_shared<Impl>(std::move(options))) {}

Scheduler::~Scheduler() {
  if (!impl_->is_foreign_process()) return;
  impl_->abandon_after_fork();
  new std::shared_ptr<Impl>(
      std::move(impl_));  // never destroyed: its threads and locks stayed with the parent
}

std::shared_ptr<Scheduler::Impl> Scheduler::impl() const {
  if (impl_->is_foreign_process()) {
    throw Error(ErrorCode::kForked,
                "the scheduler belongs to the process that forked this one; make a new one");
  }
  return impl_;
}

void Scheduler::start(bool paused) { impl()->start(paused); }
void Scheduler::shutdown(bool wait) { impl()->shutdown(wait); }
void Scheduler::pause() { impl()->set_paused(true); }
void Scheduler::resume() { impl()->set_paused(false); }
SchedulerState Scheduler::state() const { return impl_->state(); }
Health Scheduler::health() const { return impl()->health(); }
Instant Scheduler::run_pending() { return impl()->run_pending(); }
int Scheduler::wakeup_fd() const { return impl()->wakeup_fd(); }
Instant Scheduler::run_due(Instant step) { return impl()->run_due(step); }
std::size_t Scheduler::executing() const { return impl()->executing(); }

void Scheduler::add_store(const std::string& alias, JobStorePtr store) {
  impl()->add_store(alias, std::move(store));
}
void Scheduler::remove_store(const std::string& alias, bool wait) { impl()->remove_store(alias, wait); }
void Scheduler::add_executor(const std::string& alias, ExecutorPtr executor) {
  impl()->add_executor(alias, std::move(executor));
}
void Scheduler::remove_executor(const std::string& alias, bool wait) { impl()->remove_executor(alias, wait); }
void Scheduler::register_task(const std::string& name, TaskFunction function) {
  impl()->register_task(name, std::move(function));
}
void Scheduler::set_task_resolver(TaskResolver resolver) { impl()->set_task_resolver(std::move(resolver)); }
ListenerId Scheduler::add_listener(uint64_t mask, Listener listener) {
  return impl()->events().add_listener(mask, std::move(listener));
}
bool Scheduler::remove_listener(ListenerId id) { return impl()->events().remove_listener(id); }

std::optional<JobRecord> Scheduler::add_job(const std::string& store, Job job, OnConflict on_conflict,
                                            std::optional<JobPosition> position) {
  return impl()->add_job(store, {std::move(job), position}, on_conflict);
}
void Scheduler::add_jobs(const std::string& store, std::vector<JobRequest> jobs, OnConflict on_conflict) {
  impl()->add_jobs(store, std::move(jobs), on_conflict);
}
SqlStatements Scheduler::sql_to_add_jobs(const std::string& store, std::vector<JobRequest> jobs,
                                         OnConflict on_conflict) const {
  return impl()->sql_to_add_jobs(store, std::move(jobs), on_conflict);
}
bool Scheduler::import_jobs(const std::string& store, const std::string& source,
                            std::vector<JobRequest> jobs) {
  return impl()->import_jobs(store, source, std::move(jobs));
}
bool Scheduler::imported(const std::string& store, const std::string& source) const {
  return impl()->imported(store, source);
}
std::size_t Scheduler::reload_time_zones(bool move_next_runs) {
  return impl()->reload_time_zones(move_next_runs);
}
StoredJob Scheduler::edit_job(std::string_view store, std::string_view id, const JobEdit& edit) {
  return impl()->edit_job(store, id, edit);
}
StoredJob Scheduler::pause_job(std::string_view store, std::string_view id) {
  return impl()->edit_job(store, id, [](Job&, JobPosition& position) { position.next_run_time.reset(); });
}
std::optional<StoredJob> Scheduler::resume_job(std::string_view store, std::string_view id) {
  return impl()->resume_job(store, id);
}
void Scheduler::remove_job(std::string_view store, std::string_view id) { impl()->remove_job(store, id); }
void Scheduler::remove_all_jobs(std::string_view store) { impl()->remove_all_jobs(store); }
std::optional<StoredJob> Scheduler::find_job(std::string_view store, std::string_view id) const {
  return impl()->find_job(store, id);
}
std::vector<StoredJob> Scheduler::list_jobs(std::string_view store, const JobFilter& filter) const {
  return impl()->list_jobs(store, filter);
}
std::vector<StoreRun> Scheduler::list_runs(std::string_view store, const RunFilter& filter) const {
  return impl()->list_runs(store, filter);
}
void Scheduler::set_retention(std::string_view store, const StoreRetention& retention) {
  impl()->set_retention(store, retention);
}
Uuid Scheduler::run_job_now(std::string_view store, std::string_view id) {
  return impl()->run_job_now(store, id);
}
bool Scheduler::cancel_run(const Uuid& run) { return impl()->cancel_run(run); }
bool Scheduler::is_run_cancelled(const Uuid& run) const { return impl()->is_run_cancelled(run); }
std::vector<StoreRun> Scheduler::list_running(std::string_view store) const {
  return impl()->list_running(store);
}
std::vector<ParkedJob> Scheduler::list_parked() const { return impl()->list_parked(); }
void Scheduler::release_parked(std::string_view store, std::string_view id) {
  impl()->release_parked(store, id);
}

}  // namespace duetime
