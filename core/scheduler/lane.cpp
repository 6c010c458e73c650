#include "core/scheduler/lane.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/thread.h"
#include "core/scheduler/run_planner.h"

namespace duetime {
namespace {

constexpr std::size_t kClaimLimit = 1'000;
constexpr Duration kLongestSleep = std::chrono::seconds(60);
constexpr Duration kShortestReclaimPause = std::chrono::milliseconds(50);
constexpr int kClaimNowTries = 3;
constexpr Duration kPruneInterval = std::chrono::minutes(10);
constexpr Duration kFirstContentionPause = std::chrono::milliseconds(1);
constexpr Duration kLongestContentionPause = std::chrono::milliseconds(50);

RunState state_of(TaskOutcome::Kind kind) {
  switch (kind) {
    case TaskOutcome::Kind::kSucceeded:
      return RunState::kSucceeded;
    case TaskOutcome::Kind::kMissed:
      return RunState::kMissed;
    case TaskOutcome::Kind::kRefused:
      return RunState::kRefused;
    case TaskOutcome::Kind::kFailed:
    case TaskOutcome::Kind::kCannotRun:
      break;
  }
  return RunState::kFailed;
}

std::string error_of(const TaskOutcome& outcome) {
  if (outcome.kind == TaskOutcome::Kind::kSucceeded) return {};
  return outcome.error_kind + (outcome.error_kind.empty() ? "" : ": ") + outcome.error_message;
}

TaskOutcome cancelled_outcome() {
  TaskOutcome outcome;
  outcome.kind = TaskOutcome::Kind::kFailed;
  outcome.error_kind = "RunCancelledError";
  outcome.error_message = "the run was cancelled before it started";
  return outcome;
}

RunPlan leave() {
  RunPlan plan;
  plan.outcome = RunPlan::Outcome::kLeave;
  return plan;
}

Instant add(Instant t, Duration d) { return checked_add(t, d).value_or(kLatestInstant); }

}  // namespace

Lane::Lane(std::shared_ptr<const Node> node, std::string alias, OpenStorePtr store)
    : node_(std::move(node)),
      alias_(std::move(alias)),
      open_(std::move(store)),
      store_(**open_),
      events_(node_, alias_),
      leases_(std::make_shared<LeaseKeeper>(node_, open_)),
      alarm_(node_->clock->make_alarm()),
      failures_(node_->options.retry_interval_max),
      contention_(kLongestContentionPause, kFirstContentionPause),
      submissions_(node_->options.retry_interval_max) {
  if (const int fd = store_.change_fd(); fd >= 0) alarm_->watch(fd);
}

Lane::~Lane() { leases_->stop(); }

// --- thread
// -------------------------------------------------------------------------------------------------

void Lane::start_thread() {
  threaded_ = true;
  {
    const std::lock_guard lock(mutex_);
    alive_ = true;
  }
  leases_->start_thread();
  thread_ = duetime::start_thread([self = shared_from_this()] { self->run_thread(); });
}

void Lane::begin() {
  {
    const std::lock_guard lock(mutex_);
    begun_ = true;
  }
  begin_.notify_all();
}

void Lane::wait_for_begin() {
  std::unique_lock lock(mutex_);
  begin_.wait(lock, [&] { return begun_ || stopping_; });
}

void Lane::run_thread() {
  wait_for_begin();
  while (!stopping_) {
    arm(run());
    heed(alarm_->wait());
  }
  const std::lock_guard lock(mutex_);
  alive_ = false;
}

void Lane::arm(Instant next) { alarm_->arm(next); }

void Lane::poll() { heed(alarm_->poll()); }

void Lane::heed(const WakeReason& reason) {
  if (reason.watched) store_changed_ = true;
  if (reason.clock_changed) {
    events_.clock_changed();
    look_ = true;
  }
}

void Lane::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  begin_.notify_all();
  under_way_.cancel_all();
  alarm_->ring();
  if (thread_.joinable() && thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else if (thread_.joinable()) {
    thread_.join();
  }
  {
    const std::lock_guard lock(mutex_);
    drained_ = true;
  }
  flush();
}

void Lane::set_paused(bool paused) {
  paused_ = paused;
  wake();
}

void Lane::wake() {
  reclaim_ = true;
  look_ = true;
  ring();
}

void Lane::wake_for(std::optional<Instant> due) {
  if (!due || paused_ || *due >= next_due_.load()) return;  // resuming looks at the store anyway
  look_ = true;
  ring();
}

// One ring a pass is enough, and saves a system call for each job of a burst.
void Lane::ring() {
  if (!rung_.exchange(true)) alarm_->ring();
}

void Lane::wait_until_idle() {
  under_way_.wait_until_idle(executing_host() == this ? 1 : 0);  // a run that waits does not wait for itself
}

// --- a pass
// -------------------------------------------------------------------------------------------------

Instant Lane::run() {
  rung_ = false;
  Instant next = kLatestInstant;
  try {
    next = pass();
    note_success();
  } catch (...) {
    note_failure(current_error_text());
    next = retry_at_;
  }
  if (threaded_) next = std::min(next, add(now(), kLongestSleep));
  const std::lock_guard lock(mutex_);
  health_.last_pass = now();
  health_.next_wakeup = next;
  return next;
}

Instant Lane::pass() {
  flush_ends();
  flush_unstarted();
  if (!threaded_) leases_->renew_if_due();
  if (stopping_) return kLatestInstant;
  poll_if_due();
  if (store_changed_.exchange(false) && store_.drain_changes()) {
    look_ = true;
    reclaim_ = true;
  }
  if (starved_) look_ = true;
  if (!paused_) {
    reclaim_if_due();
    while (!stopping_ && (look_.exchange(false) || now() >= next_due_.load())) claim_all();
  }
  prune_if_due();
  return next_wakeup();
}

// Stores that cannot tell are asked.
void Lane::poll_if_due() {
  if (now() < poll_at_) return;
  poll_at_ = add(now(), store_.poll_interval());
  store_changed_ = true;
}

Instant Lane::next_wakeup() const {
  Instant next = paused_ ? kLatestInstant : std::min({next_due_.load(), reclaim_at_, poll_at_});
  if (!threaded_) next = std::min(next, leases_->next_renewal());
  return next;
}

void Lane::look_again(Instant horizon) {
  horizon_ = horizon;
  reclaim_ = true;
  look_ = true;
}

Instant Lane::next_work() const {
  if (failures_.failing()) return retry_at_;
  return paused_ ? kLatestInstant : std::min(next_due_.load(), reclaim_at_);
}

void Lane::note_failure(const std::string& error) {
  if (!failures_.failing()) events_.store_failed(error);
  retry_at_ = add(now(), failures_.next());
  look_ = true;
  reclaim_ = true;
  const std::lock_guard lock(mutex_);
  health_.error = error;
}

void Lane::note_success() {
  if (!failures_.failing()) return;
  failures_.reset();
  events_.store_recovered();
  const std::lock_guard lock(mutex_);
  health_.error.clear();
}

void Lane::prune_if_due() {
  if (now() < prune_at_) return;
  prune_at_ = add(now(), kPruneInterval);
  store_.prune_runs(store_.retention(node_->options.retention), now());
}

// --- claiming
// -----------------------------------------------------------------------------------------------

ClaimRequest Lane::make_request(const Uuid& claim_id, const CallTime& time, const Exclusions& exclusions,
                                std::size_t limit) const {
  return {.owner = node_->id,
          .claim_id = claim_id,
          .time = time,
          .boot_id = node_->clock->boot_id(),
          .lease = node_->options.lease,
          .limit = limit,
          .exclusions = &exclusions};
}

// A call that failed is repeated under its claim_id, whatever the error: some of it may have been done.
void Lane::reclaim_if_due() {
  if (!reclaim_.exchange(false) && now() < reclaim_at_) return;
  const Capacity capacity = measure_capacity();
  const Exclusions exclusions = parking_.exclusions();
  const bool repeated = !reclaim_id_.is_nil();
  if (!repeated) reclaim_id_ = make_uuid();
  const ClaimResult result =
      store_.reclaim_expired(make_request(reclaim_id_, node_->time(), exclusions, kClaimLimit));
  reclaim_id_ = {};
  // A repeated call answers with what the first one took over, and says nothing of other leases.
  const Instant next = repeated ? now() : result.next_expiry.value_or(kLatestInstant);
  reclaim_at_ = std::max(next, add(now(), kShortestReclaimPause));
  for (const AbandonedRun& run : result.abandoned) events_.abandoned(run);
  for (const ClaimPtr& claim : result.claims) events_.recovered(*claim);
  hand_over(result.claims, capacity.executors);
}

// Until nothing is due that this node may take. next_due_ stands at the latest instant meanwhile, so that
// whoever adds a job in between makes us look again.
void Lane::claim_all() {
  for (;;) {
    next_due_ = kLatestInstant;
    const Instant looked_at = now();
    const bool progress = claim_batch();
    if (progress) contention_.reset();
    flush_ends();
    flush_unstarted();
    if (stopping_ || paused_ || now() < next_due_.load()) return;
    if (progress || looked_at < next_due_.load()) continue;  // the second: it has become due meanwhile
    next_due_ = add(now(), contention_.next());              // other nodes hold what is due: let them
    return;
  }
}

// Whether anything came of it.
bool Lane::claim_batch() {
  const CallTime time = node_->time();
  if (time.now > horizon_.load()) return false;
  Capacity capacity = measure_capacity();
  if (capacity.total == 0) return true;
  Exclusions exclusions = parking_.exclusions();
  for (const auto& [alias, slots] : capacity.slots) {
    if (slots == 0) exclusions.executors.insert(alias);
  }
  Undecided undecided;
  if (claim_id_.is_nil()) claim_id_ = make_uuid();
  const ClaimResult result = claim(
      make_request(claim_id_, time, exclusions, std::min(kClaimLimit, capacity.total)), capacity, undecided);
  claim_id_ = {};
  next_due_ = result.next_due.value_or(kLatestInstant);
  if (store_.poll_interval() > Duration{0}) poll_at_ = add(now(), store_.poll_interval());
  report(result);
  hand_over(result.claims, capacity.executors);
  const bool decided = decide(undecided) || undecided.ends;
  return decided || !result.claims.empty() || !result.skipped.empty() || !result.unreadable.empty();
}

// The planner runs under the store's lock at times, so it only looks things up; names that were never asked
// for are decided afterwards, and the jobs claimed then.
ClaimResult Lane::claim(const ClaimRequest& request, Capacity& capacity, Undecided& undecided) {
  std::string known_task;  // jobs of one task tend to be due together
  auto slots = capacity.slots.end();
  const auto planner = [&](const Job& job, const JobPosition& position, Instant now, int running) {
    if (slots == capacity.slots.end() || slots->first != job.executor)
      slots = capacity.slots.find(job.executor);
    if (slots == capacity.slots.end()) {
      undecided.executors[job.executor].push_back(job.id);
      return leave();
    }
    if (known_task != job.task && node_->tasks->find(job.task)) known_task = job.task;
    if (known_task != job.task) {
      undecided.tasks[job.task].push_back(job.id);
      return leave();
    }
    if (slots->second == 0) {
      starved_ = true;
      return leave();
    }
    if (running >= job.max_instances && has_unrecorded_end(job.id)) {
      undecided.ends = true;
      return leave();
    }
    RunPlan plan = plan_runs(job, position, now, running);
    if (plan.outcome == RunPlan::Outcome::kRun) --slots->second;
    return plan;
  };
  return store_.claim_due(request, planner);
}

// Told to the store before the next look, it may make room under the job's max_instances.
bool Lane::has_unrecorded_end(const std::string& job_id) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(ends_.ends, [&](const RunEnd& end) { return end.claim->record.id == job_id; });
}

// Repeated with its claim_id while its outcome is unknown: what it may have claimed must not lie there until
// the lease ends.
ClaimResult Lane::claim_now(std::string_view id) {
  const Exclusions none;
  ClaimRequest request = make_request(make_uuid(), node_->time(), none, 1);
  for (int tries = kClaimNowTries;; --tries) {
    request.time = node_->time();
    try {
      return store_.claim_now(id, request);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kTimeout || tries == 1) throw;
    }
  }
}

Uuid Lane::run_now(std::string_view id) {
  if (stopping_) throw Error(ErrorCode::kNotRunning, "Scheduler is not running");
  flush_ends();  // what has ended here takes no room
  const ClaimResult result = claim_now(id);
  if (!result.unreadable.empty()) {
    throw Error(ErrorCode::kStoreCorrupt, "job " + in_quotes(id) + " cannot be read, so it cannot be run: " +
                                              result.unreadable.front().unreadable);
  }
  if (result.claims.empty()) {
    throw Error(ErrorCode::kMaxInstances,
                "job " + in_quotes(id) + " has as many runs under way as its max_instances allows");
  }
  const Uuid run = result.claims.front()->runs.front().id;
  under_way_.excuse(run);
  hand_over(result.claims, node_->executors->all());
  return run;
}

// The store knows what other nodes execute, and the memory store not even what is executed here.
std::vector<RunRecord> Lane::list_running() const {
  std::vector<RunRecord> runs = store_.list_runs({.state = RunState::kClaimed, .limit = SIZE_MAX});
  std::erase_if(runs, [&](const RunRecord& run) { return run.owner == node_->id; });
  const std::vector<RunRecord> own = under_way_.list();
  runs.insert(runs.end(), own.begin(), own.end());
  std::ranges::stable_sort(runs, {}, &RunRecord::claimed_at);
  return runs;
}

Lane::Capacity Lane::measure_capacity() {
  Capacity capacity;
  capacity.executors = node_->executors->all();
  bool starved = false;
  for (const auto& [alias, executor] : capacity.executors) {
    const std::size_t slots = std::min(executor->free_slots(), kClaimLimit);
    capacity.slots[alias] = slots;
    capacity.total += slots;
    starved = starved || slots == 0;
  }
  // A store whose jobs name an executor that does not exist must still be looked at, to say so.
  if (capacity.executors.empty()) capacity.total = 1;
  starved_ = starved;
  return capacity;
}

// Asks for the names the planner met; jobs of those that are unknown are parked. True if anything was
// decided.
bool Lane::decide(const Undecided& undecided) {
  bool decided = false;
  for (const auto& [task, ids] : undecided.tasks) {
    std::string reason;
    if (node_->tasks->resolve(task, reason)) {
      decided = true;
      continue;
    }
    if (!parking_.park_task(task, reason)) continue;
    for (const std::string& id : ids) events_.parked(id, reason);
    decided = true;
  }
  for (const auto& [alias, ids] : undecided.executors) {
    const std::string reason = "no executor by the alias of " + in_quotes(alias);
    if (!parking_.park_executor(alias, reason)) continue;
    for (const std::string& id : ids) events_.parked(id, reason);
    decided = true;
  }
  if (decided) look_ = true;
  return decided;
}

void Lane::report(const ClaimResult& result) {
  for (const SkippedJob& job : result.skipped) events_.skipped(job);
  for (const JobRecord& record : result.unreadable) {
    if (parking_.park_job(record.id, record.position.revision, record.unreadable)) {
      events_.parked(record.id, record.unreadable);
    }
  }
  if (!result.unreadable.empty()) look_ = true;
}

void Lane::hand_over(const std::vector<ClaimPtr>& claims,
                     const std::map<std::string, ExecutorPtr>& executors) {
  if (claims.empty()) return;
  leases_->hold(claims);
  under_way_.add(claims);
  {
    const std::lock_guard lock(mutex_);
    health_.claimed += claims.size();
  }
  std::map<ExecutorPtr, std::vector<Execution>> work;
  auto executor = executors.end();
  std::string task_name;  // jobs of one task, and of one executor, tend to be due together
  TaskPtr task;
  for (const ClaimPtr& claim : claims) {
    const Job& job = *claim->record.job;
    std::string reason;
    if (executor == executors.end() || executor->first != job.executor)
      executor = executors.find(job.executor);
    if (!task || task_name != job.task) task = node_->tasks->resolve(task_name = job.task, reason);
    if (executor != executors.end() && task) {
      if (!executor->second->declines()) events_.submitted(*claim);
      work[executor->second].push_back({claim, task, shared_from_this()});
    } else {
      park_claim(claim, task ? "no executor by the alias of " + in_quotes(job.executor) : reason);
      settle(claim);
    }
  }
  for (auto& [taker, executions] : work) taker->submit(std::move(executions));
}

// --- runs
// ---------------------------------------------------------------------------------------------------

bool Lane::may_start(const ClaimPtr& claim, std::size_t run_index) noexcept {
  const bool given_back = run_index > 0 && is_given_back(claim);
  if (!given_back && starts(claim, run_index)) return true;
  if (run_index + 1 == claim->runs.size()) settle(claim);
  return false;
}

// If it does not, what became of it is told.
bool Lane::starts(const ClaimPtr& claim, std::size_t run_index) {
  const ClaimedRun& run = claim->runs[run_index];
  const Instant at = now();
  if (!leases_->may_start(claim)) {
    events_.lost(*claim, run);
  } else if (under_way_.is_singled_out(run.id)) {
    const TaskOutcome outcome = cancelled_outcome();
    push_end({claim, run_index, RunState::kFailed, std::nullopt, at, error_of(outcome)}, outcome);
  } else if (is_late(*claim, run, at)) {
    push_end({claim, run_index, RunState::kMissed, std::nullopt, at, {}}, {});
  } else {
    under_way_.note_start(claim, run_index, at);
    return true;
  }
  return false;
}

// A run taken over from a dead node is late by its nature: that is what `recover` asked for. So is one that
// waited for somebody to release its job, and one that somebody asked for.
bool Lane::is_late(const Claim& claim, const ClaimedRun& run, Instant started_at) {
  const auto& grace = claim.record.job->misfire_grace;
  if (run.attempt > 1 || !grace || started_at - run.scheduled_time <= *grace) return false;
  if (under_way_.is_excused(run.id)) return false;
  const std::lock_guard lock(mutex_);
  return excused_.erase(claim.record.id) == 0;
}

void Lane::finished(const ClaimPtr& claim, std::size_t run_index, TaskOutcome outcome, Instant started_at,
                    Instant ended_at) noexcept {
  const bool last = run_index + 1 == claim->runs.size();
  if (outcome.kind == TaskOutcome::Kind::kCannotRun && run_index == 0) {
    park_claim(claim, outcome.error_message);
  } else {
    const RunState state = state_of(outcome.kind);
    const bool ran = state == RunState::kSucceeded || state == RunState::kFailed;
    std::string error = truncate_utf8(error_of(outcome), kMaxErrorBytes);
    push_end(
        {claim, run_index, state, ran ? std::optional(started_at) : std::nullopt, ended_at, std::move(error)},
        std::move(outcome));
  }
  if (last) settle(claim);
}

void Lane::accepted(const ClaimPtr& claim) noexcept {
  events_.submitted(*claim);
  const std::lock_guard lock(mutex_);
  submissions_.reset();
}

void Lane::unstarted(const ClaimPtr& claim) noexcept {
  {
    const std::lock_guard lock(mutex_);
    unstarted_.push_back(claim);
  }
  settle(claim);
}

void Lane::given_back(const ClaimPtr& claim, const std::string& reason) noexcept {
  events_.not_submitted(*claim, reason);
  {
    const std::lock_guard lock(mutex_);
    unstarted_.push_back(claim);
    resubmit_at_ = add(now(), submissions_.next());
  }
  settle(claim);
}

// The claim goes back unstarted; other nodes may be able to run it.
void Lane::park_claim(const ClaimPtr& claim, const std::string& reason) {
  const JobRecord& record = claim->record;
  if (parking_.park_job(record.id, record.position.revision, reason)) events_.parked(record.id, reason);
  const std::lock_guard lock(mutex_);
  unstarted_.push_back(claim);
  if (claim->runs.size() > 1) given_back_.insert(claim);
}

bool Lane::is_given_back(const ClaimPtr& claim) const {
  const std::lock_guard lock(mutex_);
  return given_back_.contains(claim);
}

void Lane::push_end(RunEnd end, TaskOutcome outcome) {
  const bool last = end.run_index + 1 == end.claim->runs.size();
  if (!last) under_way_.note_end(end.claim, end.run_index);
  const std::lock_guard lock(mutex_);
  ends_.push(std::move(end), std::move(outcome));
}

// The claim is through: its slot is free, and what it left is to be recorded, by the next pass or, if no pass
// will come, here.
void Lane::settle(const ClaimPtr& claim) {
  leases_->drop(claim);
  bool drained = false;
  {
    const std::lock_guard lock(mutex_);
    given_back_.erase(claim);
    drained = drained_;
  }
  if (drained) {
    flush();
  } else {
    ring();
  }
  under_way_.remove(claim);
}

// --- recording
// ----------------------------------------------------------------------------------------------

void Lane::flush() {
  try {
    flush_ends();
    flush_unstarted();
  } catch (...) {
    node_->log->write(
        LogLevel::kError, "scheduler",
        "Job store '" + alias_ + "': the end of a run could not be recorded: " + current_error_text());
  }
}

void Lane::PendingEnds::push(RunEnd end, TaskOutcome outcome) {
  ends.push_back(std::move(end));
  outcomes.push_back(std::move(outcome));
}

void Lane::PendingEnds::put_back(PendingEnds earlier) {
  const auto put = [](auto& to, auto& from) {
    to.insert(to.begin(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  put(ends, earlier.ends);
  put(outcomes, earlier.outcomes);
}

void Lane::PendingEnds::clear() {
  ends.clear();
  outcomes.clear();
}

void Lane::flush_ends() {
  std::unique_lock lock(mutex_);
  if (ends_.ends.empty()) return;
  PendingEnds pending = std::exchange(ends_, std::exchange(spare_ends_, {}));
  lock.unlock();
  std::vector<CompletionResult> results;
  try {
    results = store_.complete(pending.ends, node_->time());
  } catch (...) {
    lock.lock();
    ends_.put_back(std::move(pending));
    throw;
  }
  tell_ends(pending, results);
  const std::size_t count = pending.ends.size();
  pending.clear();
  lock.lock();
  health_.ended += count;
  spare_ends_ = std::move(pending);
}

void Lane::tell_ends(const PendingEnds& ended, const std::vector<CompletionResult>& results) const {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const RunEnd& end = ended.ends[i];
    if (results[i].accepted) {
      events_.ended(end, ended.outcomes[i]);
    } else {
      events_.lost(*end.claim, end.claim->runs[end.run_index]);
    }
    if (results[i].job_removed) events_.removed(end.claim->record.id);
  }
}

void Lane::flush_unstarted() {
  std::unique_lock lock(mutex_);
  std::vector<ClaimPtr> claims = std::exchange(unstarted_, {});
  lock.unlock();
  if (claims.empty()) return;
  try {
    store_.release(claims, node_->time());
    reclaim_released();
  } catch (...) {
    lock.lock();
    unstarted_.insert(unstarted_.end(), claims.begin(), claims.end());
    throw;
  }
}

// At once, or after the pause that follows a failed submission.
void Lane::reclaim_released() {
  std::unique_lock lock(mutex_);
  const Instant resubmit_at = std::exchange(resubmit_at_, kEarliestInstant);
  lock.unlock();
  if (resubmit_at <= now()) {
    reclaim_ = true;
  } else {
    reclaim_at_ = std::min(reclaim_at_, resubmit_at);
  }
}

// --- parked jobs
// --------------------------------------------------------------------------------------------

bool Lane::release_parked(const std::string& id) {
  const std::optional<JobRecord> record = store_.get(id);
  if (!record) return false;
  std::vector<JobRecord> released;
  if (parking_.release_job(id)) released.push_back(*record);
  const auto release_with = [&](bool was_parked, const JobFilter& filter) {
    if (!was_parked) return;
    for (JobRecord& other : store_.list(filter)) released.push_back(std::move(other));
  };
  if (record->job) {
    release_with(parking_.release_task(record->job->task), {.task = record->job->task});
    release_with(parking_.release_executor(record->job->executor), {.executor = record->job->executor});
  }
  {
    const std::lock_guard lock(mutex_);
    for (const JobRecord& job : released) excused_.insert(job.id);
  }
  for (JobRecord& job : released) make_due_now(std::move(job));
  wake();
  return !released.empty();
}

// Where another node changes the job at the same moment, that node's word stands.
void Lane::make_due_now(JobRecord record) {
  std::optional<Instant>& due = record.position.next_run_time;
  if (!record.job || !due || *due >= now()) return;
  due = now();
  store_.update(record);
}

LaneHealth Lane::health() const {
  std::unique_lock lock(mutex_);
  LaneHealth health = health_;
  health.store = alias_;
  health.alive = alive_ || !threaded_;
  lock.unlock();
  health.executing = under_way_.claims();
  health.runs = events_.statistics();
  const Exclusions parked = parking_.exclusions();
  health.parked = parked.tasks.size() + parked.executors.size() + parked.jobs.size();
  return health;
}

}  // namespace duetime
