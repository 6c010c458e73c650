// A worker as its foreman sees it: a process, what is on its way to and from it, and the line of runs that it
// was given. The first of the line is under way; the others wait so that the worker need not.
//
// Threads: the foreman's.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/executors/executor.h"
#include "core/executors/frames.h"
#include "core/executors/worker_messages.h"
#include "core/executors/worker_process.h"

namespace duetime {

// For how long workers may take. A clock that is set must kill nobody, and that of the scheduler may stand
// still, while processes are as slow as they are; so it is the machine's own.
using PoolClock = std::chrono::steady_clock;

// A claim on its way through a pool, one run after the other.
struct PoolRun {
  bool is_last() const { return index + 1 == execution.claim->runs.size(); }
  bool is_over() const { return index == execution.claim->runs.size(); }
  const ClaimedRun& run() const { return execution.claim->runs[index]; }
  TaskCall call() const { return {*execution.claim, run(), execution.host->store_alias(), *execution.host}; }

  Execution execution;
  std::size_t index = 0;   // the run that is next or under way
  bool admitted = false;   // the host lets it start, and it was announced
  uint64_t worker_id = 0;  // that had the claim's earlier runs
  WorkerPayload encoded;   // of a live payload, once admitted
};

class Worker {
 public:
  enum class State { kStarting, kReady, kLeaving, kSilent };

  Worker(uint64_t id, const WorkerProgram& program, std::string hello);

  uint64_t id() const { return id_; }
  WorkerProcess& process() { return process_; }
  State state() const { return state_; }
  void set_ready();
  void note_silence(PoolClock::time_point now);  // it has closed its channel
  bool failed_to_start() const { return !was_ready_ && state_ != State::kLeaving; }
  PoolClock::time_point in_state_since() const { return since_; }

  // --- the channel ---
  bool has_output() const { return sent_ < outgoing_.size(); }
  void flush();    // as much as goes
  bool receive();  // false: the worker says no more
  std::optional<Frame> next_frame() { return incoming_.next(); }

  // --- the line ---
  const std::deque<PoolRun>& line() const { return line_; }
  uint64_t given() const { return given_; }  // runs so far
  void give(PoolRun run, PoolClock::time_point now);

  // The run that an outcome is about. Throws kInvalidArgument if that is not the first of the line.
  PoolRun end_first(uint64_t number, PoolClock::time_point now);
  PoolClock::time_point first_since() const { return first_since_; }
  Instant first_started_at() const { return first_started_at_; }

  // What it has not begun, oldest first; what it has stays in line.
  std::vector<PoolRun> take_back();
  std::deque<PoolRun> take_line() { return std::exchange(line_, {}); }

  // Ends in good order, or at once if it was not even ready. Idempotent. Requires: an empty line.
  void dismiss(PoolClock::time_point now);

  // Why its run failed, if not for the way in which the process ended. The first word stands.
  void condemn(WorkerOutcome verdict);
  const std::optional<WorkerOutcome>& verdict() const { return verdict_; }

 private:
  void begin_first(PoolClock::time_point now);

  const uint64_t id_;
  WorkerProcess process_;
  State state_ = State::kStarting;
  bool was_ready_ = false;
  PoolClock::time_point since_ = PoolClock::now();
  std::string outgoing_;
  std::size_t sent_ = 0;
  FrameBuffer incoming_;
  std::deque<PoolRun> line_;
  std::deque<uint64_t> numbers_;  // of the runs in line
  std::size_t unturned_ = 0;      // the last of them, whose turns are still to be given
  uint64_t given_ = 0;
  uint64_t last_number_ = 0;
  PoolClock::time_point first_since_;
  Instant first_started_at_;
  std::optional<WorkerOutcome> verdict_;
};

}  // namespace duetime
