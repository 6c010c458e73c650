#include "core/executors/foreman.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/error.h"

namespace duetime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A worker that is to leave is busy with its own end for that long at most, and with its beginning, which may
// import half a program, for that long.
constexpr auto kLeaveTime = seconds(10);
constexpr auto kStartTime = seconds(180);

// One that has closed its channel dies, or is killed after that.
constexpr auto kSilentTime = seconds(1);

// When there are workers, and no more can be started, that long no more is tried.
constexpr auto kHirePause = seconds(1);

// A worker's line is as long as keeps it busy for kAhead; when the first takes longer than kPatience, the
// others are taken back.
constexpr auto kAhead = milliseconds(5);
constexpr auto kPatience = milliseconds(20);
constexpr std::size_t kMaxLine = 64;

constexpr auto kNever = PoolClock::time_point::max();

thread_local const PoolQueue* working_on = nullptr;

WorkerOutcome failure(const char* kind, std::string message) {
  WorkerOutcome outcome;
  outcome.kind = TaskOutcome::Kind::kFailed;
  outcome.error_kind = kind;
  outcome.error_message = std::move(message);
  return outcome;
}

std::string text_of(const WorkerOutcome& error) {
  if (error.error_kind == kBrokenProcessPool) return error.error_message;
  return error.error_kind + ": " + error.error_message;
}

TaskOutcome without_result(WorkerOutcome outcome) {
  return {.kind = outcome.kind,
          .error_kind = std::move(outcome.error_kind),
          .error_message = std::move(outcome.error_message),
          .traceback = std::move(outcome.traceback),
          .result = nullptr};
}

std::string seconds_text(Duration duration) {
  std::string text = std::to_string(static_cast<double>(duration.count()) / 1e6);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " s";
}

std::string name_of(Worker& worker) { return "worker process " + std::to_string(worker.process().pid()); }

}  // namespace

Foreman::Foreman(std::shared_ptr<const ProcessPoolOptions> options, std::shared_ptr<PoolQueue> queue,
                 WorkerProgram program)
    : options_(std::move(options)),
      queue_(std::move(queue)),
      program_(std::move(program)),
      hello_(hello_frame(options_->setup)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1") {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, queue_->fd(), &event);
}

bool Foreman::is_here(const PoolQueue& queue) { return working_on == &queue; }

void Foreman::run() noexcept {
  working_on = queue_.get();
  call_hook(options_->hooks.thread.started);
  do {
    const std::vector<Ready> ready = wait();
    call_hook(options_->hooks.thread.busy);
    now_ = PoolClock::now();
    for (const Ready& one : ready) heed(one);
    fetch();
    for (auto& [id, worker] : workers_) look_after(*worker);
    dispatch();
    hire();
    dismiss_idle();
    flush();
    call_hook(options_->hooks.thread.idle);
  } while (!workers_.empty() || !waiting_.empty() || !queue_->may_leave());
  call_hook(options_->hooks.thread.stopping);
  working_on = nullptr;
}

// --- events
// -------------------------------------------------------------------------------------------------

std::vector<Foreman::Ready> Foreman::wait() {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 milliseconds_until_next_deadline());
  std::vector<Ready> ready;
  for (int i = 0; i < count; ++i) {
    const uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
    ready.push_back({key / 2, key % 2 == 1});
  }
  return ready;
}

int Foreman::milliseconds_until_next_deadline() const {
  auto next = waiting_.empty() || hire_again_at_ <= now_ ? kNever : hire_again_at_;
  for (const auto& [id, worker] : workers_) next = std::min(next, deadline_of(*worker));
  if (next == kNever) return -1;
  const auto left = std::chrono::ceil<milliseconds>(next - PoolClock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

// When somebody has to look after it, though it says nothing.
PoolClock::time_point Foreman::deadline_of(const Worker& worker) const {
  if (worker.verdict()) return kNever;  // it is dying
  switch (worker.state()) {
    case Worker::State::kStarting:
      return worker.in_state_since() + kStartTime;
    case Worker::State::kReady:
      return std::min(patience_ends(worker), timeout_of(worker));
    case Worker::State::kLeaving:
      return worker.in_state_since() + kLeaveTime;
    case Worker::State::kSilent:
      return worker.in_state_since() + kSilentTime;
  }
  return kNever;
}

PoolClock::time_point Foreman::patience_ends(const Worker& worker) const {
  return worker.line().size() > 1 ? worker.first_since() + kPatience : kNever;
}

PoolClock::time_point Foreman::timeout_of(const Worker& worker) const {
  const bool timed = options_->timeout.count() > 0 && !worker.line().empty();
  return timed ? worker.first_since() + options_->timeout : kNever;
}

void Foreman::watch(Worker& worker) {
  epoll_event death{.events = EPOLLIN, .data = {.u64 = worker.id() * 2 + 1}};
  epoll_event channel{.events = EPOLLIN, .data = {.u64 = worker.id() * 2}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, worker.process().death_fd(), &death);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, worker.process().channel_fd(), &channel);
}

void Foreman::unwatch(Worker& worker) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, worker.process().channel_fd(), nullptr);
}

void Foreman::heed(const Ready& ready) {
  const auto found = workers_.find(ready.worker);
  if (found == workers_.end()) return;  // the queue, or a worker that was buried this round
  if (ready.death) return bury(ready.worker);
  listen_to(*found->second);
}

void Foreman::fetch() {
  PoolQueue::Order order = queue_->fetch();
  for (Execution& execution : order.arrived) waiting_.push_back({.execution = std::move(execution)});
  closing_ = order.closing;
  if (closing_ && order.discard && !std::exchange(discarding_, true)) {
    for (auto& [id, worker] : workers_) reclaim_line(*worker);
  }
  if (!closing_) discarding_ = false;
  if (discarding_) discard_waiting();
}

// A claim of which something was run stays: its runs are not given back one by one.
void Foreman::discard_waiting() {
  const auto begun = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [](const PoolRun& run) { return run.index > 0; });
  for (auto run = begun; run != waiting_.end(); ++run) {
    queue_->make_room();
    run->execution.host->unstarted(run->execution.claim);
  }
  waiting_.erase(begun, waiting_.end());
}

// --- workers
// ------------------------------------------------------------------------------------------------

bool Foreman::has_room(const Worker& worker) const {
  if (worker.state() != Worker::State::kReady || worker.verdict()) return false;
  const uint64_t limit = options_->max_tasks_per_child;
  if (limit > 0 && worker.given() >= limit) return false;
  if (worker.line().empty()) return true;
  if (now_ - worker.first_since() > kPatience) return false;
  const auto each = std::max<int64_t>(1, queue_->mean_run().count());
  const auto ahead = static_cast<std::size_t>(Duration(kAhead).count() / each);
  return worker.line().size() < std::min(kMaxLine, 1 + ahead);
}

// The worker that had the claim's earlier runs, if it can; else the one with the shortest line.
Worker* Foreman::room_for(const PoolRun& run) {
  const auto former = workers_.find(run.worker_id);
  if (former != workers_.end() && run.index > 0 && has_room(*former->second)) return former->second.get();
  Worker* best = nullptr;
  for (auto& [id, worker] : workers_) {
    if (!has_room(*worker)) continue;
    if (best == nullptr || worker->line().size() < best->line().size()) best = worker.get();
  }
  return best;
}

// One for each run that waits and that no worker will take, those that are starting included. Workers that
// leave no longer count.
void Foreman::hire() {
  const auto count = [&](auto&&... states) {
    return static_cast<std::size_t>(std::ranges::count_if(
        workers_, [&](const auto& entry) { return ((entry.second->state() == states) || ...); }));
  };
  while (now_ >= hire_again_at_ && count(Worker::State::kStarting) < waiting_.size() &&
         count(Worker::State::kStarting, Worker::State::kReady) < options_->workers) {
    start_worker();
  }
}

void Foreman::start_worker() {
  try {
    auto worker = std::make_unique<Worker>(++last_worker_, program_, hello_);
    watch(*worker);
    workers_.emplace(worker->id(), std::move(worker));
  } catch (const Error& error) {
    fail_waiting(failure(kBrokenProcessPool, error.what()));
  }
}

void Foreman::listen_to(Worker& worker) {
  const bool open = worker.receive();
  read_frames(worker);
  if (open) return;
  unwatch(worker);  // it would be reported for ever
  worker.note_silence(now_);
}

void Foreman::read_frames(Worker& worker) {
  try {
    while (const auto frame = worker.next_frame()) heed(worker, *frame);
  } catch (const Error& error) {
    unwatch(worker);
    worker.condemn(failure(kBrokenProcessPool, name_of(worker) + " broke the protocol: " + error.what()));
  }
}

void Foreman::heed(Worker& worker, const Frame& frame) {
  const bool starting = worker.state() == Worker::State::kStarting;
  if (frame.type == FrameType::kReady && starting) {
    read_ready(frame);
    worker.set_ready();
  } else if (frame.type == FrameType::kRefused && starting) {
    worker.condemn(read_refusal(frame));
  } else if (frame.type == FrameType::kOutcome && !starting) {
    NumberedOutcome read = read_outcome(frame);
    const auto since = worker.first_since();
    const Instant started_at = worker.first_started_at();
    PoolRun run = worker.end_first(read.number, now_);
    queue_->note_duration(std::chrono::duration_cast<Duration>(now_ - since));
    conclude(std::move(run), std::move(read.outcome), started_at);
  } else {
    throw Error(ErrorCode::kInvalidArgument,
                "a frame of type " + std::to_string(static_cast<int>(frame.type)) + " that was not expected");
  }
}

void Foreman::look_after(Worker& worker) {
  if (now_ < deadline_of(worker)) return;
  switch (worker.state()) {
    case Worker::State::kStarting:
      return worker.condemn(failure(kBrokenProcessPool, name_of(worker) + " took too long"));
    case Worker::State::kReady:
      return check_first(worker);
    case Worker::State::kLeaving:
      return worker.condemn(failure(kBrokenProcessPool, name_of(worker) + " did not leave"));
    case Worker::State::kSilent:
      return worker.condemn(failure(kBrokenProcessPool, name_of(worker) + " closed its channel"));
  }
}

void Foreman::check_first(Worker& worker) {
  const bool timed_out = now_ >= timeout_of(worker);
  reclaim_line(worker);
  if (!timed_out) return;
  worker.condemn(failure(kTimeoutError, "the run took longer than " + seconds_text(options_->timeout) + "; " +
                                            name_of(worker) + " was killed"));
}

// What the worker has not begun waits for any worker again.
void Foreman::reclaim_line(Worker& worker) {
  std::vector<PoolRun> runs = worker.take_back();
  waiting_.insert(waiting_.begin(), std::make_move_iterator(runs.begin()),
                  std::make_move_iterator(runs.end()));
}

// What it said before it died counts.
void Foreman::bury(uint64_t id) {
  const auto node = workers_.extract(id);
  Worker& worker = *node.mapped();
  worker.receive();
  read_frames(worker);
  reclaim_line(worker);
  const std::string end = name_of(worker) + " " + worker.process().reap();
  WorkerOutcome outcome = worker.verdict().value_or(failure(kBrokenProcessPool, end));
  const Instant started_at = worker.first_started_at();
  for (PoolRun& run : worker.take_line()) conclude(std::move(run), outcome, started_at);
  if (worker.failed_to_start()) fail_waiting(std::move(outcome));
}

void Foreman::dismiss_idle() {
  const uint64_t limit = options_->max_tasks_per_child;
  for (auto& [id, worker] : workers_) {
    if (!worker->line().empty()) continue;
    const bool spent = limit > 0 && worker->given() >= limit;
    if (spent || (closing_ && waiting_.empty())) worker->dismiss(now_);
  }
}

void Foreman::flush() {
  for (auto& [id, worker] : workers_) {
    const bool was_full = worker->has_output();
    worker->flush();
    if (!was_full && !worker->has_output()) continue;
    const uint32_t events = worker->has_output() ? EPOLLIN | EPOLLOUT : EPOLLIN;
    epoll_event channel{.events = events, .data = {.u64 = id * 2}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, worker->process().channel_fd(), &channel);
  }
}

// --- runs
// ---------------------------------------------------------------------------------------------------

void Foreman::dispatch() {
  while (!waiting_.empty()) {
    Worker* const worker = room_for(waiting_.front());
    if (worker == nullptr) return;
    PoolRun run = std::move(waiting_.front());
    waiting_.pop_front();
    if (admit(run)) worker->give(std::move(run), now_);
  }
}

// False: none of the claim's runs is to be started any more.
bool Foreman::admit(PoolRun& run) {
  for (; !run.admitted && !run.is_over(); ++run.index) {
    if (may_start(run) && announce(run)) return run.admitted = true;
  }
  return run.admitted;
}

// The host itself ends a run that may not start.
bool Foreman::may_start(const PoolRun& run) {
  if (run.is_last()) queue_->make_room();
  const bool may = run.execution.host->may_start(run.execution.claim, run.index);
  if (may && run.is_last()) queue_->take_room();
  return may;
}

// Tells the host language, and has it encode what only it can. False: the run has failed.
bool Foreman::announce(PoolRun& run) {
  const Instant started_at = run.execution.host->now();
  WorkerOutcome error = failure(kPayloadError, "");
  try {
    if (options_->hooks.starting) options_->hooks.starting(run.call());
    if (encode(run, error)) return true;
  } catch (...) {
    error.error_message = current_error_text();
  }
  finish(run, std::move(error), started_at);
  return false;
}

bool Foreman::encode(PoolRun& run, WorkerOutcome& error) const {
  if (!run.execution.claim->record.job->payload.live) return true;
  if (!options_->hooks.encode) {
    error.error_message = "the job's arguments are an object of this process, and nothing here encodes them";
    return false;
  }
  if (!options_->hooks.encode(run.call(), run.encoded, error)) return false;
  if (run.encoded.data.size() <= kMaxFrameBytes / 2) return true;
  error.error_message = "the job's arguments take " + std::to_string(run.encoded.data.size()) +
                        " bytes, expected at most " + std::to_string(kMaxFrameBytes / 2);
  return false;
}

void Foreman::finish(const PoolRun& run, WorkerOutcome outcome, Instant started_at) {
  const Execution& execution = run.execution;
  TaskOutcome reported = to_task_outcome(run, std::move(outcome));
  if (run.is_last()) queue_->make_room();
  execution.host->finished(execution.claim, run.index, std::move(reported), started_at,
                           execution.host->now());
}

void Foreman::conclude(PoolRun run, WorkerOutcome outcome, Instant started_at) {
  finish(run, std::move(outcome), started_at);
  run.admitted = false;
  run.encoded = {};
  ++run.index;
  if (!run.is_over()) waiting_.push_front(std::move(run));
}

TaskOutcome Foreman::to_task_outcome(const PoolRun& run, WorkerOutcome outcome) const {
  if (!options_->hooks.ended) return without_result(std::move(outcome));
  try {
    return options_->hooks.ended(run.call(), std::move(outcome));
  } catch (...) {
    return without_result(failure(kBrokenProcessPool, current_error_text()));
  }
}

// A worker could not get ready. With others at work its run can wait for them; alone it must not wait for
// ever.
void Foreman::fail_waiting(WorkerOutcome why) {
  const bool others = std::ranges::any_of(
      workers_, [](const auto& entry) { return entry.second->state() == Worker::State::kReady; });
  if (others) {
    hire_again_at_ = now_ + kHirePause;
    return;
  }
  if (waiting_.empty()) return;
  PoolRun run = std::move(waiting_.front());
  waiting_.pop_front();
  if (!admit(run)) return;
  why.error_message = "a worker could not get ready: " + text_of(why);
  why.error_kind = kBrokenProcessPool;
  const Instant now = run.execution.host->now();
  conclude(std::move(run), std::move(why), now);
}

}  // namespace duetime
